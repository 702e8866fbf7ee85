"""A saved plan as its file states it: a filter, never a program.

Applying needs of it what was asked for, which addresses it changes and its digest, which is that of the text itself
where nobody spelt it otherwise. The plan is made, with objects for each change, only where it must be told in what
it differs from what would be done now: making it took half the time of reading it (measured).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.plan import FORMAT_VERSION, NO_PLAN, Options, Plan, beside_changes, plan_from_json


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What is asked of a saved plan; `runs` is whether it changes a system that may be written."""

    digest: str
    options: Options
    addresses: frozenset[Address]
    runs: bool
    whole: Callable[[], Plan]
    """Makes the plan, or raises PlanError where the file has a fitting digest and yet is none."""

    @classmethod
    def of(cls, plan: Plan) -> SavedPlan:
        """A plan, as if it had been saved."""
        addresses = frozenset(change.address for change in plan.changes)
        return cls(plan.digest, plan.options, addresses, bool(plan.runs), lambda: plan)


def saved_plan(text: str) -> SavedPlan:
    """The plan that the text of a file holds.

    Raises: ValueError or RecursionError for what is no JSON; PlanError as `plan_from_json`.
    """
    data = json.loads(text)
    try:
        return _as_stated(data, lambda: plan_from_json(json.loads(text)))
    except NO_PLAN:
        return SavedPlan.of(plan_from_json(data))


def _as_stated(data: Any, whole: Callable[[], Plan]) -> SavedPlan:
    """What the data states of itself.

    Raises: one of `NO_PLAN` when it is no plan, or its digest is not that of its text.
    """
    if data["format_version"] != FORMAT_VERSION:
        raise ValueError("another format")
    beside, digest = beside_changes(data)
    if data["digest"] != digest:
        raise ValueError("edited, or spelt otherwise")
    sides = (change["after"] or change["before"] for change in data["changes"])
    addresses = frozenset(Address.parse(side["address"]) for side in sides)
    runs = any(change["mode"] == "write" for change in data["changes"])
    return SavedPlan(digest, beside.options, addresses, runs, whole)
