"""What the morning screen says of one environment, from its files, its record and its live systems.

Nothing that cannot be looked at ends it: each is a `Trouble` in its place, with the exit code it would give, and
the rest is told all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from pacsconf.cli import opening, workspace
from pacsconf.cli.exits import Exit, exit_of, worst
from pacsconf.cli.last_probe import news_of
from pacsconf.cli.progress import Reporter
from pacsconf.cli.world import world_of
from pacsconf.core.errors import (
    OperatorError,
    PacsconfError,
    PlanError,
    RecordError,
    SystemFaults,
)
from pacsconf.dicom.probe.run import Known
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.due import Due, dues, soon
from pacsconf.inventory.systems import ConsoleConfig
from pacsconf.report import status
from pacsconf.report.status import Accepting, Console, DueDay, Held, Status, Trouble, Waiting

if TYPE_CHECKING:
    from pacsconf.core.address import Address
    from pacsconf.core.changeset import ChangeSet
    from pacsconf.engine import Planned
    from pacsconf.policy.audit import Point
    from pacsconf.record.contents import Entry
    from pacsconf.record.record import Record
    from pacsconf.record.state import RecordState

_ENTRIES = 100
"""Of the record so many entries are looked at, newest first."""


class Gathering:
    """Gathers one environment; `exit` grows worse with what could not be looked at."""

    def __init__(self, work: workspace.Workspace, reporter: Reporter, *, offline: bool) -> None:
        self.work = work
        self.reporter = reporter
        self.offline = offline
        self.exit = Exit.OK
        self.troubles: list[Trouble] = []

    def status(self) -> Status:
        """How this environment stands."""
        found = Status(self.work.environment, workspace.now(), self.work.command, self.offline)
        try:
            store = workspace.record(self.work)
        except RecordError as exc:
            self._trouble("record", exc)
            return replace(found, record="unreadable", troubles=tuple(self.troubles))
        with store:
            planned = self._planned()
            state = planned.record if planned else store.state(fetch=not self.offline)
            found = self._recorded(found, store, state)
        if planned is not None:
            found = replace(
                found,
                held=tuple(one for one in found.held if one.address not in planned.lapsed),
                drift=status.drift(planned.plan, planned.changed),
                pending=status.pending(planned.plan),
                still_live=status.still_live(planned.plan, self._over(planned)),
                logins=status.logins(planned.findings),
                storage=status.storage(planned.findings),
            )
        open_ = tuple(_waiting(state, planned))
        found = replace(found, asked=tuple(one for one in open_ if self._is_of_people(one)))
        waiting = tuple(one for one in open_ if not self._is_of_people(one))
        consoles = tuple(self._consoles(waiting))
        accepting = tuple(self._accepting(state))
        return replace(
            found, waiting=waiting, consoles=consoles, accepting=accepting, troubles=tuple(self.troubles)
        )

    def _accepting(self, state: RecordState) -> Iterator[Accepting]:
        """Acceptance runs that were begun, here or by whoever signed first, and that lack a signature."""
        from pacsconf.record.unsigned import UnsignedRuns, latest

        kept = UnsignedRuns.open(self.work.root, self.work.environment)
        installed = (
            name for name, one in self.work.inventory.devices.items() if one.lifecycle == "commissioning"
        )
        for device in sorted({*installed, *kept.devices()}):
            try:
                run = latest(kept, state.evidence, device)
            except RecordError as exc:
                self._trouble("record", exc)
                continue
            if run is not None and run.missing:
                failed = sum(step.result == "failed" for step in run.open)
                settled, signed = len(run.all) - len(run.open), tuple(one.role for one in run.signatures)
                yield Accepting(device, settled, len(run.all), failed, signed, run.missing)

    def _consoles(self, waiting: Sequence[Waiting]) -> Iterator[Console]:
        """The consoles at which something waits, each with the sheet of the apply that asked for it last."""
        for name in sorted({one.address.system for one in waiting}):
            config = self.work.inventory.systems.get(name)
            if isinstance(config, ConsoleConfig):
                last = max(one.changeset for one in waiting if one.address.system == name)
                sheets = sorted((self.work.root / "sheets").glob(f"{name}-{last}*.html"))
                yield Console(name, config.contact or "", str(sheets[-1]) if sheets else "")

    def due(self) -> tuple[DueDay, ...]:
        """What falls due in the inventory, whatever the environment."""
        today = workspace.now().date()
        return self._days(one for one in dues(self.work.inventory) if one.day >= today or not _is_an_end(one))

    def _over(self, planned: Planned) -> dict[Address, str]:
        """Why access should not be there any more: a day has come, or somebody has left."""
        from pacsconf.people.standing import day_of, stage

        why = {address: one.why for address, one in planned.ended.items()}
        for change in (*planned.plan.changes, *planned.plan.waiting, *planned.plan.held):
            who = self.work.inventory.users.get(change.root.parts[-1]) if change.root.kind == "user" else None
            if who is not None and stage(who, day_of(self.work.inventory, who)) == "left":
                why.setdefault(change.address, "has left")
        return why

    def _is_of_people(self, one: Waiting) -> bool:
        return isinstance(self.work.inventory.systems.get(one.address.system), AccountsConfig)

    def _reviews(self, state: RecordState) -> Iterator[Due]:
        """Roles whose holders are to be reviewed."""
        from pacsconf.cli.access_gather import believed_of, first_days
        from pacsconf.core.review import removals
        from pacsconf.people.reviewing import due

        inventory = self.work.inventory
        asked = [name for name, role in inventory.roles.items() if role.review_every]
        if not asked and not state.contents.reviews:
            return
        since, reviews = first_days(self.work, asked), believed_of(self.work, state.contents.reviews)
        for one in due(inventory, reviews, workspace.now().date(), since):
            which = f"review {one.review} of role {one.role}" if one.review else f"role {one.role}"
            yield Due(
                one.day, f"{which} is to be {'answered' if one.review else 'reviewed'}", ("roles", one.role)
            )
        for review, line in removals(reviews):
            asked_on = (
                date.fromisoformat(line.decision.at[:10]) if line.decision else date.fromisoformat(review.due)
            )
            yield Due(
                asked_on, f"{line.user} as {line.role} is to go, by review {review.id}, and is not seen gone"
            )

    # --- the record -----------------------------------------------------------------------------------------

    def _recorded(self, found: Status, store: Record, state: RecordState) -> Status:
        """What the record tells: applied, open, held, reserved, and how the wire was."""
        entries = self._entries(store)
        applied = self._last_applied(store, entries)
        kind: status.Record = "known" if state.known else "unknown" if state.exists else "not begun"
        held = (
            Held(one.address, one.reason, status.name_of(one.by), _moment(one.at))
            for one in state.held.values()
        )
        news = news_of(self.work, state, whole=True)
        known = news.known if news else Known()
        seen = status.wire(known.asked)
        reserved = (
            Due(day, f"{'/'.join(address.parts)} may be given away ({address.system})")
            for address, day in state.reserved.items()
        )
        return replace(
            found,
            record=kind,
            why=". ".join(filter(None, (state.why_unknown, state.fix))) if kind == "unknown" else "",
            notes=(state.note,) if state.note else (),
            applied=status.applied(applied) if applied else None,
            untold=self._untold(entries),
            lock=status.lock(state.open, ended=store.lease_ended(state.open)) if state.open else None,
            wire=seen,
            unprobed=len(known.unasked),
            audited=self._audited(store) if state.exists else None,
            held=tuple(sorted(held, key=lambda one: one.address)),
            reserved=state.reserved,
            offboarded=status.to_look_at(state.contents.offboardings),
            due=self._days((*reserved, *self._reviews(state))),
        )

    def _entries(self, store: Record) -> tuple[Entry, ...]:
        """The newest entries of the record, newest first."""
        try:
            return tuple(store.history(_ENTRIES))
        except PacsconfError as exc:
            self._trouble("record", exc)
            return ()

    def _last_applied(self, store: Record, entries: Sequence[Entry]) -> ChangeSet | None:
        """The newest change set that was closed."""
        closed = [entry for entry in entries if entry.type == "closed"]
        try:
            return next(iter(store.changesets(closed[:1])), None)
        except PacsconfError as exc:
            self._trouble("record", exc)
            return None

    def _audited(self, store: Record) -> Point | None:
        """The last audit by every rule."""
        try:
            return next((one for one in store.audits() if not one.frameworks), None)
        except PacsconfError as exc:
            self._trouble("record", exc)
            return None

    def _untold(self, entries: Sequence[Entry]) -> int:
        """How many archives did not read what stands, where any is to be told at all."""
        from pacsconf.operator.needs import told
        from pacsconf.record.contents import not_reloaded

        return not_reloaded(entries) if any(map(told, self.work.inventory.systems.values())) else 0

    def _days(self, found: Iterable[Due]) -> tuple[DueDay, ...]:
        """Of all that falls due some day what a person is to be told of now."""
        near = soon(found, workspace.now().date(), status.SOON)
        places = [self.work.loaded.sources.place(one.path) for one in near]
        lines = [f"{place.file}:{place.line}" if place else "" for place in places]
        return tuple(DueDay(one.day, one.what, at) for one, at in zip(near, lines, strict=True))

    # --- the live systems -----------------------------------------------------------------------------------

    def _planned(self) -> Planned | None:
        """The plan of today over every system that can be read; None when none can, or is to be, looked at."""
        if self.offline:
            return None
        try:
            opening.require_lab(self.work)
        except PacsconfError as exc:  # that nobody is practising is no fault
            self.troubles.append(Trouble("lab", exc.message, exc.fix))
            return None
        try:
            return self._compared()
        except (OperatorError, RecordError) as exc:
            self._trouble("systems", exc)
        except PlanError as exc:
            self._trouble("plan", exc)
        return None

    def _compared(self) -> Planned | None:
        from pacsconf import engine
        from pacsconf.core.plan import Options

        with world_of(self.work, self.reporter) as world:
            systems = {name: system for name, system in world.systems.items() if not self._is_barred(name)}
            while systems:
                try:
                    return engine.plan(replace(world, systems=systems, rulebook=lambda: None), Options())
                except SystemFaults as exc:
                    for fault in exc.faults:
                        self._trouble(fault.system, fault)
                        del systems[fault.system]
        return None

    def _is_barred(self, name: str) -> bool:
        """Whether the operator file keeps a secret from this system, or it cannot be had; that is then said."""
        from pacsconf.operator.needs import needs

        keyring = opening.keyring(self.work)
        for need in needs([self.work.inventory.systems[name]]):
            try:
                if need.ref.scheme == "prompt" and keyring.ask is not None:  # asked for when it is needed
                    keyring.permit(need.ref, need.endpoint)
                else:
                    keyring(need.ref, need.endpoint.scheme, need.endpoint.host, need.endpoint.port)
            except OperatorError as exc:
                self._trouble(name, exc)
                return True
        return False

    def _trouble(self, about: str, error: PacsconfError) -> None:
        self.troubles.append(Trouble(about, error.message, error.fix))
        self.exit = worst(self.exit, exit_of(error))


def _is_an_end(one: Due) -> bool:
    """Whether it is an end of somebody's: once that is over, nothing is to be done but what a plan shows."""
    return one.path[:1] in (("users",), ("service_accounts",))


def _waiting(state: RecordState, planned: Planned | None) -> Iterator[Waiting]:
    """What a person must key in: of what the record says, that which is not live yet as far as that is known."""
    from pacsconf.core.order import foremost
    from pacsconf.people.asking import asked
    from pacsconf.people.entries import is_of_people

    changes = [one.change for one in state.waiting.values()]
    still = {one.address for one in planned.plan.waiting} if planned else state.waiting.keys()
    unread = {one.system for one in state.waiting} - (planned.plan.counts.keys() if planned else set())
    first = foremost([change.address for change in changes], changes)
    for address in sorted(first):
        one = state.waiting[address]
        if address in still or address in state.held or address.system in unread:
            what = asked(one.change) if is_of_people(address) else ""
            yield Waiting(address, one.change.action, _moment(one.since), one.changeset, what)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
