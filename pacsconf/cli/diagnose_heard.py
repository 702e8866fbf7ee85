"""What a diagnosis knows of the caller itself: who was heard by `pacsconf listen`, and in logs of whom it calls."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli.wire import prober_entity
from pacsconf.core.errors import PacsconfError
from pacsconf.report.words import counted

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.dicom.diagnose.evidence import Evidence
    from pacsconf.dicom.heard import Heard


def with_heard(work: Workspace, logs: Sequence[Path], evidence: Evidence) -> Evidence:
    """The evidence with what was heard of the caller: by `pacsconf listen` in this clone, and in logs.

    Raises: PacsconfError when a log cannot be read.
    """
    from pacsconf.dicom.diagnose.gather import heard_of, in_order
    from pacsconf.record.heard import HeardLog

    ours = _ours(work)
    remembered = HeardLog.open(work.root, work.environment).read()
    read = [_logged(file) for file in logs]
    looked = []
    for file, told in zip(logs, read, strict=True):
        its = len(heard_of(evidence.caller, told, work.inventory, ours))
        looked.append(
            f"{file.name}: {counted(len(told), 'different call')}, {its} by {evidence.caller.title}"
        )
    if evidence.caller.title == evidence.probed_as:
        return replace(evidence, looked=tuple(looked))  # what pacsconf itself sends need not be heard
    heard = heard_of(evidence.caller, in_order(remembered, *read), work.inventory, ours)
    return replace(evidence, heard=heard, looked=tuple(looked))


def _ours(work: Workspace) -> frozenset[str]:
    """Addresses from which pacsconf itself may have called; in a practice lab everybody is at one of them."""
    if work.practice:
        return frozenset()
    own = prober_entity(work)
    hosts = [connection.host for connection in own[0].connections.values()] if own else []
    return frozenset((*hosts, *this_machine()))


def this_machine() -> Iterator[str]:
    """Addresses of this machine, as far as they are told without asking anybody."""
    yield from ("127.0.0.1", "::1")
    for family, nobody in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                sock.connect((nobody, 9))  # a datagram socket sends nothing by that
                yield str(sock.getsockname()[0])
        except OSError:
            continue


def _logged(file: Path) -> tuple[Heard, ...]:
    """Who called, as a log tells it; equal calls are one, at the place of the last of them.

    Raises: PacsconfError.
    """
    from pacsconf.dicom.listen.logs.reading import read

    try:
        with file.open("rb") as stream:
            found = read(stream, file.name)
    except OSError as exc:
        raise PacsconfError(
            f"{file} cannot be read: {exc.strerror}", fix="Check the path and who may read it."
        ) from exc
    return found.in_order
