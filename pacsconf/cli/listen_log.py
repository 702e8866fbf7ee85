"""Who called, from the log of a server that was called."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pacsconf.cli.exits import Exit
from pacsconf.core.errors import PacsconfError
from pacsconf.report.words import counted

if TYPE_CHECKING:
    from pacsconf.cli.listen_desk import Desk
    from pacsconf.cli.screen import Screen


def read_log(desk: Desk, name: str) -> Exit:
    """Show who called by the log in a file, `-` for what is pasted."""
    from pacsconf.dicom.listen.logs.reading import read
    from pacsconf.report.wire import listen_text

    with _stream(desk.screen, name) as stream:
        log = read(stream, "standard input" if name == "-" else Path(name).name)
    if not log.associations:
        raise _nothing(log.name, log.lines, log.nameless)
    compared = [desk.compared(each.heard, listened=False) for each in log.associations]
    desk.remember(list(log.in_order), once=True)
    wrong = [at for at, beside in enumerate(compared) if beside.wrong]
    commands = [desk.next(log.associations[at].heard, compared[at].device) for at in wrong]
    total = listen_text.Sum(
        associations=sum(each.count for each in log.associations),
        callers=len({(each.heard.calling_title, each.heard.host) for each in log.associations}),
        wrong=sum(log.associations[at].count for at in wrong),
        forgotten=desk.memory.why,
        compared=desk.work is not None,
        command=next(filter(None, reversed(commands)), ""),
    )
    screen = desk.screen
    if desk.format == "json":
        screen.raw(listen_text.log_json(log, compared, total, desk.place))
    else:
        screen.show(listen_text.log_text(log, screen.width))
        for each, beside in zip(log.associations, compared, strict=True):
            screen.show(listen_text.logged_text(each, beside, desk.reading))
        screen.show(listen_text.sum_text(total, screen.width))
    return Exit.CHANGES if wrong else Exit.OK


@contextmanager
def _stream(screen: Screen, name: str) -> Iterator[BinaryIO]:
    if name == "-":
        if screen.is_interactive:
            from pacsconf.report.lines import line

            screen.note((line("Paste the log; end it with Ctrl-D on a line of its own."),))
        yield sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as file:
            yield file
    except OSError as exc:
        raise PacsconfError(
            f"{name} cannot be read: {exc.strerror}", fix="Check the path and who may read it."
        ) from exc


def _nothing(name: str, lines: int, nameless: int) -> PacsconfError:
    if nameless:
        return PacsconfError(
            f"{name} tells of {counted(nameless, 'association')}, but not who called",
            fix="Let the server say more: storescp -d, Orthanc --verbose, or dcm4chee with level INFO for "
            "org.dcm4che3.net. Or point the device at this machine: pacsconf listen",
        )
    return PacsconfError(
        f"{name} ({counted(lines, 'line')}) tells of no association",
        fix="Known are the logs of DCMTK (storescp -d, dcmqrscp -v), Orthanc (--verbose) and dcm4chee "
        "(server.log). Or point the device at this machine: pacsconf listen",
    )
