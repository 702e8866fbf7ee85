"""A change of one resource, what became of it, and the change that takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from pacsconf.core.address import Address
from pacsconf.core.resource import (
    Effect,
    Fields,
    Risk,
    State,
    Value,
    one_of,
    value_from_json,
)

Action = Literal["create", "update", "delete"]
Mode = Literal["read-only", "write"]
Deed = Literal["create", "update", "delete", "reload", "invite"]
"""What an outcome is of: a change, or telling a program that keeps a copy to read it again, or inviting somebody to
whom an account was given to set their first password."""
BESIDE: frozenset[Deed] = frozenset({"reload", "invite"})
"""Deeds that are no changes."""
SIGNS: dict[Action, str] = {"create": "+", "update": "~", "delete": "-"}

Status = Literal["applied", "failed", "skipped", "waiting", "unknown"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's value before and after; None where there is none."""

    name: str
    before: Value | None
    after: Value | None

    @property
    def added(self) -> tuple[str, ...]:
        """Members that a set gains."""
        return _members_beyond(self.after, self.before)

    @property
    def removed(self) -> tuple[str, ...]:
        """Members that a set loses."""
        return _members_beyond(self.before, self.after)


def _members_beyond(these: Value | None, those: Value | None) -> tuple[str, ...]:
    members = these if isinstance(these, tuple) else ()
    others = frozenset(those) if isinstance(those, tuple) else frozenset()
    return tuple(member for member in members if member not in others)


def field_changes(before: Fields | None, after: Fields | None) -> tuple[FieldChange, ...]:
    """The fields in which two states differ, by name; None stands for an absent resource."""
    old, new = before or {}, after or {}
    return tuple(
        FieldChange(name, old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


@dataclass(frozen=True, slots=True)
class Change:
    """Create, update or delete of one resource.

    `before` is what was read live, `after` what is to stand then: for an update the live fields with `fields`
    written over them, so a field that is not named is left as it is. `records` is what the record holds of it
    once it is applied; fields that were left alone keep their last value there. `reason` is for the eye; nothing
    branches on it. `mode` is the system's: a read-only change is shown and never executed.
    """

    action: Action
    before: State | None
    after: State | None
    records: State | None = None
    risk: Risk = "workflow"
    effects: frozenset[Effect] = frozenset()
    takes_over: bool = False
    repairs: bool = False
    mode: Mode = "write"
    reason: str = ""
    purge: str = ""
    """What it does to the deletion of studies, in its kind's words; empty for nothing."""

    @property
    def state(self) -> State:
        """The state that exists on at least one side."""
        state = self.after or self.before
        assert state is not None, "a change has a before or an after"
        return state

    @property
    def address(self) -> Address:
        return self.state.address

    @property
    def root(self) -> Address:
        return self.state.root

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """What is written, field by field."""
        before = self.before.fields if self.before else None
        return field_changes(before, self.after.fields if self.after else None)

    @property
    def acquires(self) -> frozenset[str]:
        """Claims that this change takes."""
        return _claims(self.after) - _claims(self.before)

    @property
    def frees(self) -> frozenset[str]:
        """Claims that this change gives up."""
        return _claims(self.before) - _claims(self.after)


def _claims(state: State | None) -> frozenset[str]:
    return state.claims if state else frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change: `unknown` is sent without an answer, `waiting` is for a person to do.

    Of a `reload`, `failed` is that the program refuses what it was told to read, `unknown` that it was not told; of
    an `invite`, `skipped` that nobody was asked to send it.
    """

    address: Address
    action: Deed
    status: Status
    error: str = ""
    milliseconds: float = 0.0


# --- JSON: what plan files and the record hold --------------------------------------------------------------


def state_to_json(state: State | None) -> dict[str, Any] | None:
    """A state as JSON, sets sorted."""
    if state is None:
        return None
    address, root, fields, depends_on, claims = state
    return {
        "address": "/".join(address),
        "root": "/".join(root),
        "depends_on": sorted(map("/".join, depends_on)),
        "claims": sorted(claims),
        "fields": {
            name: list(value) if type(value) is tuple else value for name, value in sorted(fields.items())
        },
    }


def state_from_json(data: dict[str, Any] | None) -> State | None:
    """The inverse of `state_to_json`.

    Raises: ValueError, KeyError or TypeError for what is not a state.
    """
    if data is None:
        return None
    return State(
        _address(data["address"]),
        _address(data["root"]),
        {
            str(name): value if type(value) is str else value_from_json(value)
            for name, value in dict(data["fields"]).items()
        },
        _addresses(tuple(data["depends_on"])),
        frozenset(map(str, data["claims"])),
    )


@lru_cache(maxsize=1 << 12)
def _address(text: str) -> Address:
    """The address of this text, made once: what is near each other has roots and needs in common."""
    return Address.parse(text)


@lru_cache(maxsize=1 << 12)
def _addresses(texts: tuple[str, ...]) -> frozenset[Address]:
    return frozenset(map(_address, texts))


def change_to_json(change: Change) -> dict[str, Any]:
    """A change as JSON."""
    after = state_to_json(change.after)
    return {
        "action": change.action,
        "before": state_to_json(change.before),
        "after": after,
        "records": after if change.records is change.after else state_to_json(change.records),
        "risk": change.risk,
        "effects": sorted(change.effects),
        "takes_over": change.takes_over,
        "repairs": change.repairs,
        "mode": change.mode,
        "reason": change.reason,
        **({"purge": change.purge} if change.purge else {}),
    }


def change_from_json(data: dict[str, Any]) -> Change:
    """The inverse of `change_to_json`.

    Raises: ValueError, KeyError or TypeError for what is not a change.
    """
    after = state_from_json(data["after"])
    change = Change(
        one_of(Action, data["action"]),
        state_from_json(data["before"]),
        after,
        # Most often equal, and then one object: half as much to make, and to spell.
        after if data["records"] == data["after"] else state_from_json(data["records"]),
        one_of(Risk, data["risk"]),
        frozenset(one_of(Effect, effect) for effect in data["effects"]),
        bool(data["takes_over"]),
        bool(data["repairs"]),
        one_of(Mode, data["mode"]),
        str(data["reason"]),
        str(data.get("purge", "")),
    )
    sides = tuple(state.address for state in (change.before, change.after) if state)
    there = (change.before is not None, change.after is not None)
    if there != _THERE[change.action] or len(set(sides)) != 1:
        raise ValueError(f"a {change.action} has other sides than these")
    return change


_THERE: dict[Action, tuple[bool, bool]] = {
    "create": (False, True),
    "update": (True, True),
    "delete": (True, False),
}
"""Whether each action has a before and an after."""
