"""All that a diagnosis looks at: what is declared, what systems hold, what the wire and others saw. Plain values.

Who gathers it, and from where, is not its business; nothing here is read or sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pacsconf.core.address import Address
from pacsconf.core.resource import Fields
from pacsconf.dicom.heard import Heard
from pacsconf.dicom.observation import Observation, Step

Contexts = tuple[tuple[str, tuple[str, ...]], ...]
"""SOP classes, each with its transfer syntaxes, in order of UID."""

Who = Literal["caller", "called"]


@dataclass(frozen=True, slots=True)
class End:
    """One end of a pair. `device` is empty where it is not declared.

    `place` is where its title is written (`inventory/ct.yaml:14`), `address_place` where its host is,
    `worklist_place` what it asks a worklist for.
    `calls_from` are hosts and networks its calls come from, its own host among them. `sends` are titles under
    which a router sends on. `reserved` is until when its title is kept from others (quarantine), ISO.
    """

    title: str
    host: str = ""
    port: int | None = None
    device: str = ""
    aliases: tuple[str, ...] = ()
    place: str = ""
    address_place: str = ""
    worklist_place: str = ""
    lifecycle: str = "active"
    installed: bool = True
    initiator: bool = True
    acceptor: bool = True
    tls: bool = False
    calls_from: tuple[str, ...] = ()
    was: str = ""
    expected: str = "always"
    max_associations: int | None = None
    offers: Contexts = ()
    asks: Contexts = ()
    sends: tuple[str, ...] = ()
    reserved: str = ""

    @property
    def declared(self) -> bool:
        return bool(self.device)

    @property
    def at(self) -> str:
        """`host:port` as far as it is known; an IPv6 address stands in brackets then."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port is not None else self.host

    @property
    def titles(self) -> tuple[str, ...]:
        """Every title that is its own: as declared, aliases, and those it sends on under."""
        return (self.title, *self.aliases, *self.sends)


@dataclass(frozen=True, slots=True)
class Row:
    """What one resource of a live system says of one end of the pair, on all three sides.

    `last` is what was last applied; None with `recorded` False: nobody knows. `writes` is False for a system that
    is read-only. `waits`: a person is to key it in. `note` says who changed it last. `place` is where it is
    declared, `places` where single fields are.
    """

    address: Address
    about: Who
    declared: Fields | None = None
    live: Fields | None = None
    last: Fields | None = None
    recorded: bool = True
    writes: bool = True
    waits: bool = False
    held: bool = False
    note: str = ""
    place: str = ""
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The AE title that stands there now; empty where there is none."""
        return str((self.live or {}).get("ae_title", ""))


Holder = Literal["caller", "called", "directory"]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one live system that concern the pair: an archive's peers, a directory's entries.

    `holder` is whose table it is. `fault` says why it could not be read; its rows are then without a live side.
    `complete`: a title that has no row is not known there. `own_title` and `own_port` are what the server says of
    itself; `rules` the ids of what is remarkable about its settings (`ORTHANC-OPEN-ECHO`).
    """

    system: str
    type: str
    holder: Holder
    rows: tuple[Row, ...] = ()
    fault: str = ""
    complete: bool = True
    own_title: str = ""
    own_port: int | None = None
    rules: frozenset[str] = frozenset()

    def about(self, who: Who, kind: str = "") -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.about == who and (not kind or row.address.kind == kind))


@dataclass(frozen=True, slots=True)
class FlowSeen:
    """A flow that connects the two, and where it is written."""

    name: str
    services: tuple[str, ...]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What the inventory alone says against it (`pacsconf reach`): in words, and where."""

    text: str
    place: str = ""
    fix: str = ""
    rule: str = ""
    breaks: bool = True
    """Whether it keeps the pair from working; else it is only to be known."""


@dataclass(frozen=True, slots=True)
class WorklistSeen:
    """What a worklist holds for one modality. Counts alone; no patient was asked for.

    `matching` are entries for its station title and modality code today; `today` how many there are for each
    station title and modality, whoever's; `ever` how many there are on any day, asked only where today has none.
    None: not asked. `more`: counting stopped at its limit.
    """

    station: str = ""
    modality: str = ""
    matching: int | None = None
    today: tuple[tuple[str, str, int], ...] | None = None
    ever: int | None = None
    more: bool = False
    step: Step | None = None
    """What went wrong while asking, where something did."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about one pair.

    `services` are those that flows declare between the two, or the one that was asked about. `probed_as` is the
    title that pacsconf called under, `prober_may` whether a flow lets that call. `wire` is None where nothing was
    sent, `unsent` says why. `impersonated` was made under the caller's own title from this machine. `heard` is what
    was heard of the caller, oldest first. `looked` are the logs that were read, each with how much it told.
    """

    caller: End
    called: End
    flows: tuple[FlowSeen, ...] = ()
    reverse: tuple[FlowSeen, ...] = ()
    services: tuple[str, ...] = ()
    asked: str = ""
    obstacles: tuple[Obstacle, ...] = ()
    tables: tuple[Table, ...] = ()
    wire: Observation | None = None
    further: tuple[Observation, ...] = ()
    impersonated: Observation | None = None
    unrecorded: str = ""
    """Why the call under the caller's title is not in the record; empty where it is."""
    unsent: str = ""
    probed_as: str = ""
    prober_may: bool = False
    heard: tuple[Heard, ...] = ()
    looked: tuple[str, ...] = ()
    worklist: WorklistSeen | None = None
    seen_at: str = ""
    """When `wire` was seen, where it is the last recorded probe (ISO 8601); empty: now."""
    others: frozenset[str] = frozenset()
    """The declared titles of everybody else."""
    recorded: str = ""
    """Why it is not known what was last applied; empty where it is."""

    def held_by(self, holder: Holder) -> tuple[Table, ...]:
        return tuple(table for table in self.tables if table.holder == holder)

    @property
    def sent(self) -> tuple[str, ...]:
        """The titles that the caller itself was seen to call under, the latest first, padding removed."""
        return tuple(dict.fromkeys(one.calling_title for one in reversed(self.heard)))

    @property
    def failed(self) -> Step | None:
        """The step at which the wire stopped: nothing after it went well."""
        steps = self.wire.steps if self.wire else ()
        last = max((at for at, step in enumerate(steps) if step.passed), default=-1)
        return next((step for step in steps[last + 1 :] if step.passed is False), None)

    @property
    def caller_refused(self) -> bool:
        """Whether an association under the caller's own title was turned away."""
        steps = self.impersonated.steps if self.impersonated else ()
        return any(step.name == "association" and step.passed is False for step in steps)

    @property
    def works_now(self) -> bool:
        """Whether the wire was seen to work now, and a call under the caller's title, where one was made, too."""
        if self.wire is None or self.wire.verdict != "healthy" or self.seen_at:
            return False
        return not any(
            step.passed is False for step in (self.impersonated.steps if self.impersonated else ())
        )
