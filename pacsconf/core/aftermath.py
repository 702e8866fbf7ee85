"""What the record holds after a plan was carried out, as far as it was: last moves for what happened, only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome, Status
from pacsconf.core.compare import States
from pacsconf.core.order import foremost
from pacsconf.core.plan import Plan
from pacsconf.core.resource import State

T = TypeVar("T")


def owned_after(owned: States, plan: Plan, outcomes: Iterable[Outcome]) -> dict[Address, State]:
    """Every owned address with its last applied fields: taken over, forgotten, written or removed."""
    after = {**owned, **{state.address: state for state in plan.takes}}
    for address in plan.forgets:
        after.pop(address, None)
    applied = _with_status(outcomes, "applied")
    for change in plan.runs:
        if change.address in applied:
            after.pop(change.address, None)
            if change.records is not None:
                after[change.address] = change.records
    return after


def still_waiting(waiting: Mapping[Address, T], plan: Plan, outcomes: Iterable[Outcome]) -> dict[Address, T]:
    """What a person was asked for and goes on waiting: all but what the plan found done or not wanted any more,
    and what was carried out or handed over anew just now."""
    listed = {change.address for change in plan.waiting}
    over = {state.address for state in plan.takes}.union(plan.forgets) - listed
    anew = {one.address for one in outcomes if one.status in ("applied", "waiting")}
    return {address: one for address, one in waiting.items() if address not in over | anew}


def newly_waiting(plan: Plan, outcomes: Iterable[Outcome]) -> tuple[Change, ...]:
    """The changes that were handed to a person just now; what waits for those was handed to nobody yet."""
    handed = foremost(_with_status(outcomes, "waiting"), plan.runs)
    return tuple(change for change in plan.runs if change.address in handed)


def still_held(held: Mapping[Address, T], outcomes: Iterable[Outcome]) -> dict[Address, T]:
    """The holds that go on: one ends when its address was written, since its declared value had changed."""
    applied = _with_status(outcomes, "applied")
    return {address: one for address, one in held.items() if address not in applied}


def _with_status(outcomes: Iterable[Outcome], status: Status) -> frozenset[Address]:
    return frozenset(outcome.address for outcome in outcomes if outcome.status == status)
