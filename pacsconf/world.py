"""Everything one command works on: the inventory, the live systems, the record, the clock, and whom it tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from pacsconf.core.approval import PlanApproval
from pacsconf.core.change import Change, Outcome
from pacsconf.core.changeset import ChangeSet, Proof
from pacsconf.core.plan import Basis
from pacsconf.inventory.model import Inventory
from pacsconf.people.ends import End
from pacsconf.record.record import Record
from pacsconf.systems.base import System

if TYPE_CHECKING:  # it needs all that rules may say
    from pacsconf.policy.rulebook import Rulebook


class Progress(Protocol):
    """Who is told what is going on; `cli` shows it, tests collect it."""

    def reading(self, system: str) -> None: ...
    def read(self, system: str, count: int, seconds: float) -> None: ...
    def opened(self, changeset: ChangeSet, total: int) -> None: ...
    def outcome(self, outcome: Outcome) -> None: ...
    def proved(self, proof: Proof) -> None: ...


Check = Callable[[Sequence[PlanApproval]], Sequence[PlanApproval]]
"""Approvals with whose key signed them, or with what is wrong with them."""

Announced = Callable[[Mapping[str, tuple[End, ...]]], frozenset[str]]
"""Of users for whom something has ended, those of whom that was known before the last day began."""

Invite = Callable[[Change], Outcome | None]
"""Has whom an account was given set a first password; None where nobody is set up to do so."""

Prove = Callable[[frozenset[str]], Iterator[Proof]]
"""Tries the declared services of these devices on the wire, as gently as they allow."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything one command works on."""

    environment: str
    inventory: Inventory
    systems: Mapping[str, System]
    record: Record
    basis: Basis
    clock: Callable[[], datetime]
    """The time, in UTC."""
    prove: Prove
    progress: Progress
    evidence: Callable[[Mapping[str, bytes]], Mapping[str, bytes]] = lambda former: former
    """The record's evidence after what `prove` saw."""
    checked: Check = tuple
    """Checks who signed approvals; as it stands, they are believed to be whose they say they are."""
    stopping: Callable[[], bool] = lambda: False
    """Whether somebody wants this to end: what was begun is finished and recorded, the rest is left undone."""
    invite: Invite = lambda _: None
    announced: Announced = lambda _: frozenset()
    """Looks into what the inventory said on former days; as it stands, nothing was known before."""
    before: Inventory | None = None
    """What the inventory said until it was changed for this very command; None where it was not."""
    rulebook: Callable[[], Rulebook | None] = lambda: None
    """What policies ask; None where there is none, or nothing is to be judged by them."""
    applied: Callable[[], Inventory | None] = lambda: None
    """The inventory that was applied last; None where it is this one, or is not known."""
    at: date | None = None
    """The day to come that is looked ahead to; nothing is applied then. None: the clock's."""

    @property
    def today(self) -> date:
        """The day that a plan is of, in UTC."""
        return self.at or self.clock().date()
