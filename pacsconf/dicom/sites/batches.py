"""A batch of targets as text, for a worker at another site: what it is asked, and what it answers.

Text in JSON, checked on both sides, and one function known by its name: nothing else of ours is carried there, so a
worker runs what is installed on its machine, or nothing. Names of files (`probe_tls`) are of the worker's machine;
three variables there say where else they are.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pacsconf import __version__
from pacsconf.core.errors import PacsconfError
from pacsconf.dicom.observation import Observation, Step
from pacsconf.dicom.probe.observer import observe
from pacsconf.dicom.probe.run import key_of, moment
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.stream import CalledOff
from pacsconf.dicom.wire import Identity, Wire

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LIMIT = 8 << 20
"""Characters of one answer: 200 targets with 128 contexts each fit several times."""

_WATCHED = 0.5
"""Seconds between two looks at whether an order still counts."""

IDENTITY = {
    "ca_file": "PACSCONF_PROBE_CA_FILE",
    "certificate": "PACSCONF_PROBE_CERTIFICATE",
    "key": "PACSCONF_PROBE_KEY",
}
"""Of `probe_tls`: the variable that says where the file is on a worker's machine."""


class NotAnswered(Exception):
    """A worker did not look; the text says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is asked: to look at `targets` by `wire`, `at_once` devices at a time, for `seconds`."""

    version: str
    targets: tuple[Target, ...]
    wire: Wire
    seconds: float
    at_once: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What it saw, each by its place among the targets; `refused` says why it did not look."""

    seen: tuple[tuple[int, Observation], ...] = ()
    refused: str = ""


def ordered(targets: Sequence[Target], wire: Wire, seconds: float, at_once: int = 64) -> str:
    """The text of an order by this version of pacsconf."""
    return _text(Order, Order(__version__, tuple(targets), wire, seconds, at_once))


def carried_out(text: str, wanted: Callable[[], bool] = lambda: True) -> str:
    """The answer to an order, on the machine that was asked.

    It hangs up and stops when the order's time has passed, and when it is not `wanted` any more.
    """
    version = json.loads(text).get("version")
    if version != __version__:  # before the rest is read: another version may spell it otherwise
        return _text(Answer, Answer(refused=unlike(version, __version__)))
    order: Order = _adapter(Order).validate_json(text)
    try:
        return _text(Answer, Answer(tuple(_seen(order, wanted))))
    except PacsconfError as exc:  # files for TLS that are not on this machine
        return _text(Answer, Answer(refused=f"on the worker's machine {exc.message}"))


def unlike(here: object, there: object) -> str:
    """That a worker runs another version, in words."""
    return f"the worker runs pacsconf {there}, this is {here}: install the same there"


def version() -> str:
    """What a worker answers to the question which pacsconf it runs."""
    return __version__


def answered(text: object, targets: Sequence[Target]) -> Iterator[Observation]:
    """What a worker's answer says of these targets, unknown where it says nothing.

    Raises: NotAnswered when it did not look, or its answer is none.
    """
    if not isinstance(text, str) or len(text) > LIMIT:
        raise NotAnswered("the worker's answer is not one of pacsconf's")
    try:
        answer: Answer = _adapter(Answer).validate_json(text)
    except ValueError as exc:
        raise NotAnswered("the worker's answer is not one of pacsconf's") from exc
    if answer.refused:
        raise NotAnswered(answer.refused)
    seen = dict(answer.seen)
    for at, target in enumerate(targets):
        found = seen.get(at)
        if found is None:
            yield unseen(target, "the worker's time was over before it came to it")
        else:
            yield replace(found, target=target, at=_no_later(found.at))  # whatever it says that it looked at


def _no_later(at: str) -> str:
    """The moment that a worker says, or now where its clock is ahead: it would count as the newest until then.

    Raises: NotAnswered when it is none.
    """
    now = datetime.now(UTC)
    try:
        return at if not at or moment(at) <= now else now.isoformat(timespec="seconds")
    except ValueError as exc:
        raise NotAnswered("the worker's answer is not one of pacsconf's") from exc


def unseen(target: Target, why: str) -> Observation:
    """A target that its site could not look at; one that nobody may call would not have been anyhow."""
    if target.level == "none":
        return Observation(target, "not probed", reason=target.why)
    text = f"site {target.site}: {why}"
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return Observation(target, "unknown", (Step("site", None, text, 0.0),), text, at)


def _seen(order: Order, wanted: Callable[[], bool]) -> Iterator[tuple[int, Observation]]:
    """What `observe` says, up to the time that is allowed, each with the place of its target."""
    until = time.monotonic() + order.seconds
    places = {target: at for at, target in enumerate(order.targets)}
    wire = replace(order.wire, tls=_identity(order.wire.tls))
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(_WATCHED):
            if time.monotonic() > until or not wanted():
                stop.set()

    threading.Thread(target=watch, name="order", daemon=True).start()
    try:
        for seen in observe(order.targets, wire, at_once=order.at_once, stop=stop):
            yield places[seen.target], seen
            if time.monotonic() > until:
                return
    except CalledOff:
        return
    finally:
        stop.set()


def _identity(sent: Identity) -> Identity:
    """The files on this machine: by its variables, else where they are on the machine that asked."""
    return Identity(
        **{name: os.environ.get(known) or getattr(sent, name) for name, known in IDENTITY.items()}
    )


@lru_cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _text(kind: Any, value: object) -> str:
    return str(_adapter(kind).dump_json(value).decode())


def in_batches(targets: Iterable[Target], size: int) -> Iterator[tuple[Target, ...]]:
    """The targets in batches of about `size`; those of one host, and of one device, stay together.

    So no host is called from two batches at once, and what is bounded for each host stays so.
    """
    batch: list[Target] = []
    for group in _together(targets):
        if batch and len(batch) + len(group) > size:
            yield tuple(batch)
            batch = []
        batch += group
    if batch:
        yield tuple(batch)


def _together(targets: Iterable[Target]) -> Iterator[list[Target]]:
    """Targets that share a host or a device, with all that they share these with in turn."""
    groups: dict[str, list[Target]] = {}
    for target in sorted(targets, key=key_of):
        met = list({id(groups[key]): groups[key] for key in _keys(target) if key in groups}.values())
        group = max(met, key=len, default=[])
        for other in met:
            if other is not group:
                group += other
                groups.update((key, group) for member in other for key in _keys(member))
        group.append(target)
        groups.update((key, group) for key in _keys(target))
    yield from {id(group): group for group in groups.values()}.values()


def _keys(target: Target) -> tuple[str, str]:
    return f"device {target.device}", f"host {target.host}"
