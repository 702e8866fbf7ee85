"""A run under way: what its steps share, and how they say what came of them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pacsconf.core.finding import Finding
from pacsconf.dicom.commission.calls import Calls, Untried
from pacsconf.dicom.commission.listening import Listening
from pacsconf.dicom.commission.run import AcceptanceRun, Item, Result, Stored, Ticked, summed
from pacsconf.dicom.commission.scope import Peer, Scope
from pacsconf.dicom.commission.specimens import Origin
from pacsconf.dicom.observation import Observation
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.wire import Wire
from pacsconf.inventory import uids


class People(Protocol):
    """Somebody at the modality's console, who can be asked."""

    def ask(self, question: str) -> str:
        """The answer, without spaces around it."""


@dataclass
class Trial:
    """What the steps of one run share.

    `findings` are those of the inventory that concern the device, and what reaching its peers lacks. `people` None:
    nobody can be asked; `port` None: nothing listens. `sent` is told of each object before its first byte leaves,
    and again when it was taken; `say` of what is going on. `wait` are seconds in which a commitment must come.
    """

    run: AcceptanceRun
    scope: Scope
    calls: Calls
    findings: Sequence[Finding] = ()
    may_store: bool = False
    negatives: bool = False
    people: People | None = None
    port: Listening | None = None
    wait: float = 60.0
    timezone: str | None = None
    """Of the modality's site."""
    clock: Callable[[], datetime] = datetime.now
    sent: Callable[[Stored], None] = lambda _stored: None
    say: Callable[[str], None] = lambda _text: None
    seen: dict[str, Observation] = field(default_factory=dict)
    """What a probe of each peer, and of the modality, said in this process, by `device/AE_TITLE`."""

    @property
    def wire(self) -> Wire:
        return self.calls.wire

    @property
    def stop(self) -> threading.Event:
        return self.calls.stop

    @property
    def origin(self) -> Origin:
        return origin(self.run, self.scope)

    def stored_at(self, peer: Peer) -> tuple[Stored, ...]:
        """The objects of this run that a peer said it has."""
        objects = (one for one in self.run.stored if one.sop_class != uids.MPPS)
        return tuple(one for one in objects if one.peer == peer.name and one.taken)

    def each(self, peers: Iterable[Peer], what: Callable[[Peer], Iterable[Item]]) -> tuple[Item, ...]:
        """What came of each peer; one that may not be called, or is faulty, is an item after the others."""
        items: list[Item] = []
        for peer in peers:
            self.say(peer.name)
            try:
                items.extend(what(peer))  # of what is broken off, what came before stays
            except Untried as exc:
                items.append(Item(peer.name, exc.result, str(exc)))
            except PeerFault as fault:
                items.append(self.calls.failed(peer, fault))
        return tuple(items)


def origin(run: AcceptanceRun, scope: Scope) -> Origin:
    """What the objects of a run say of themselves."""
    device = scope.device
    code = next(iter(device.modality), "")
    return Origin(
        UUID(run.root),
        run.id,
        datetime.fromisoformat(run.began).strftime("%Y%m%d%H%M%S"),
        device.name,
        fitting(device.manufacturer),
        fitting(device.model),
        fitting(device.station_name, 16),
        fitting(device.serial_number),
        tuple(filter(None, map(fitting, device.software_versions))),
        code if _CODE.fullmatch(code) else "OT",
        fitting(str(device.patient_id_issuer or "").partition("&")[0]),
    )


_CODE = re.compile(r"[A-Z0-9_]{1,16}")


def fitting(text: str | None, longest: int = 64) -> str:
    """Text of the inventory as a value of an object: no longer, and without what would divide or end it."""
    shown = "".join(char if char.isprintable() and char != "\\" else " " for char in text or "")
    return shown.strip()[:longest].strip()


def ticked(name: str, items: Sequence[Item], none: str = "", result: Result = "skipped") -> Ticked:
    """A step by its items; where there are none, this result and why."""
    if not items:
        return Ticked(name, result, none)
    text = items[0].text if len(items) == 1 else _counted(items)
    return Ticked(name, summed(items), text, items=tuple(items))


def _counted(items: Sequence[Item]) -> str:
    """How many passed, and how many did not apply."""
    skipped = sum(item.result == "skipped" for item in items)
    tried = len(items) - skipped
    passed = sum(item.result == "passed" for item in items)
    noted = sum(item.look for item in items)
    parts = (
        f"{passed} of {tried}" if tried else "",
        f"{noted} to be looked at" if noted else "",
        f"{skipped} left out" if skipped else "",
    )
    return ", ".join(filter(None, parts))


def label(stored: Stored) -> str:
    """An object as people are told of it."""
    return f"{uids.label(stored.sop_class)}, {uids.label(stored.transfer_syntax)} → {stored.peer}"
