"""How an environment stands this morning, as values: what `status` shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from pacsconf.core.address import Address
from pacsconf.core.change import Action
from pacsconf.core.changeset import ChangeSet, ProofVerdict
from pacsconf.core.finding import Finding
from pacsconf.core.guard import tripped
from pacsconf.core.offboarding import Offboarding
from pacsconf.core.plan import Plan
from pacsconf.dicom.probe.run import Sighting, subject_of, telling
from pacsconf.policy.audit import Point
from pacsconf.report.plan.apply_text import outcomes_sum
from pacsconf.report.plan.plan_text import headline

SOON = 30
"""Days ahead that a person is told of: an agreement about a fault, or a loan, is not prolonged overnight."""

Record = Literal["known", "not begun", "unknown", "unreadable"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What could not be looked at (a system, `lab`, `record`, `plan`), why, and what to do."""

    about: str
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """The last change set that was closed; `result` says how it ended where not everything was done."""

    changeset: str
    at: datetime
    by: str
    runner: str
    ticket: str = ""
    reason: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """An open change set; once its lease has `ended`, whoever has it is most likely gone."""

    changeset: str
    by: str
    runner: str
    until: datetime
    ended: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """What others changed: how many resources, and when the one was changed that has not been since."""

    count: int
    oldest: datetime | None
    untold: int
    """How many of them the systems tell no time of."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What a plan of today would do, in words, and what forbids it."""

    writes: int
    read_only: int
    summary: str
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the wire said last of an application entity (`device/AE_TITLE`) at one of its addresses."""

    subject: str
    verdict: ProofVerdict
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that a person must make."""

    address: Address
    action: Action
    since: datetime
    changeset: str
    what: str = ""
    """What is asked, in words, where it is somebody's account."""


@dataclass(frozen=True, slots=True)
class StillLive:
    """Somebody who has access that they should not have any more, and why not: `left`, `qc ended 2026-11-25`."""

    user: str
    why: str
    systems: tuple[str, ...]
    waits: bool = False
    """Whether somebody was asked for all of it."""


@dataclass(frozen=True, slots=True)
class ToLookAt:
    """Whose access somebody took away at once, and until when somebody else looks at it."""

    user: str
    by: str
    at: datetime
    due: date


@dataclass(frozen=True, slots=True)
class Console:
    """Where something waits to be keyed in: who does that, and the sheet that was printed last."""

    system: str
    contact: str = ""
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """An address that apply leaves alone."""

    address: Address
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Accepting:
    """The acceptance run of a device that not all have signed who must: how many of its steps are `settled`."""

    device: str
    settled: int
    steps: int
    failed: int
    signed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DueDay:
    """What falls due; `place` is where that is written, empty for what the record holds."""

    day: date
    what: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """One environment. `now` is when it was looked at, `command` how pacsconf is called for it.

    `drift` and `pending` are None where no system could be, or was to be, looked at; `notes` qualify the record.
    """

    environment: str
    now: datetime
    command: str
    offline: bool = False
    record: Record = "known"
    why: str = ""
    """Why the record is unknown, and what to do."""
    notes: tuple[str, ...] = ()
    applied: Applied | None = None
    untold: int = 0
    """How many programs did not read what was applied, when they were told last."""
    lock: Lock | None = None
    troubles: tuple[Trouble, ...] = ()
    drift: Drift | None = None
    pending: Pending | None = None
    logins: tuple[str, ...] = ()
    """Who can sign in that must not: anybody, or somebody who does not work here now."""
    storage: tuple[str, ...] = ()
    """What is pressing about storages: how full they are, and whether they delete by themselves."""
    wire: tuple[Seen, ...] = ()
    unprobed: int = 0
    """How many may be probed, and never were as they are declared now."""
    audited: Point | None = None
    """What the last audit of all frameworks came to, as the record has it."""
    still_live: tuple[StillLive, ...] = ()
    """Access that has ended and stands."""
    asked: tuple[Waiting, ...] = ()
    """What an identity team was asked for."""
    offboarded: tuple[ToLookAt, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    consoles: tuple[Console, ...] = ()
    accepting: tuple[Accepting, ...] = ()
    held: tuple[Held, ...] = ()
    reserved: Mapping[Address, date] | None = None
    due: tuple[DueDay, ...] = ()


# --- from what is known to the parts of a status ----------------------------------------------------------------


def applied(changeset: ChangeSet) -> Applied:
    """The last apply, of its change set; programs that were told of it may have been told again since."""
    whole = all(outcome.status in ("applied", "waiting") for outcome in changeset.done)
    return Applied(
        changeset.id,
        datetime.fromisoformat(changeset.closed),
        name_of(changeset.operator),
        changeset.runner,
        changeset.ticket,
        changeset.reason,
        "" if whole else outcomes_sum(replace(changeset, proofs=())),
    )


def lock(changeset: ChangeSet, *, ended: bool) -> Lock:
    """The lock that an open change set is."""
    until = datetime.fromisoformat(changeset.lease_until)
    return Lock(changeset.id, name_of(changeset.operator), changeset.runner, until, ended)


def drift(plan: Plan, changed: Mapping[Address, datetime]) -> Drift:
    """What others changed, of a plan and of when the systems say that each resource was changed."""
    addresses = [one.address for one in plan.drifts]
    told = [changed[address] for address in addresses if address in changed]
    return Drift(len(addresses), min(told, default=None), len(addresses) - len(told))


def pending(plan: Plan) -> Pending:
    """What a plan would do, and what forbids it."""
    guards = tuple(f"{guard} is tripped" for guard in tripped(plan.guards))
    read_only = len(plan.changes) - len(plan.runs)
    return Pending(len(plan.runs), read_only, headline(plan), plan.blocked + guards)


_OF_LOGINS = ("ORTHANC-REST-OPEN", "ORTHANC-USERS-LEFT")


def logins(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Who can sign in that must not, of the findings of a plan; what is accepted is not told."""
    return tuple(one.summary for one in findings if one.rule in _OF_LOGINS and not one.accepted)


def still_live(plan: Plan, why: Mapping[Address, str]) -> tuple[StillLive, ...]:
    """Who has access of which a plan would take something away for one of these reasons, by user."""
    found: dict[tuple[str, str], set[str]] = {}
    to_do: set[str] = set()
    for one in (*plan.changes, *plan.waiting, *plan.held):
        if one.address in why and "removes" in one.effects:
            who = one.root.parts[-1]
            found.setdefault((who, why[one.address]), set()).add(one.address.system)
            to_do |= {who} if one not in plan.waiting else set()
    return tuple(
        StillLive(who, reason, tuple(sorted(systems)), waits=who not in to_do)
        for (who, reason), systems in sorted(found.items())
    )


def to_look_at(found: Iterable[Offboarding]) -> tuple[ToLookAt, ...]:
    """What somebody else has still to look at, the most urgent first."""
    made = (
        ToLookAt(one.user, name_of(one.by), datetime.fromisoformat(one.at), date.fromisoformat(one.due))
        for one in found
    )
    return tuple(sorted(made, key=lambda one: (one.due, one.user)))


_OF_STORAGE = ("ORTHANC-FULL", "ORTHANC-PURGE-ARMED")


def storage(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What is pressing about storages, of the findings of a plan; what is accepted is not."""
    return tuple(one.summary for one in findings if one.rule in _OF_STORAGE and not one.accepted)


def wire(sightings: Iterable[Sighting]) -> tuple[Seen, ...]:
    """What the wire said last, target by target: the same ones that a plan counts."""
    return tuple(
        Seen(subject_of(one.target), one.observation.verdict, telling(one.observation), one.at)
        for one in sorted(sightings, key=lambda one: one.key)
        if one.observation.verdict != "not probed"
    )


def name_of(person: str) -> str:
    """A person's name without the mail address."""
    return person.partition(" <")[0]
