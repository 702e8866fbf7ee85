"""What a person was asked to do, beside what is wanted now: whether it is that still."""

from __future__ import annotations

from pacsconf.core.change import Change
from pacsconf.core.resource import State


def wanted_still(asked: Change | None, declared: State | None) -> frozenset[str]:
    """Of what a person was asked for, the fields that are declared still; "" is the whole resource."""
    if asked is None:
        return frozenset()
    if asked.after is None or declared is None:
        return frozenset({""} if asked.after is declared else ())
    whole = {""} if asked.action == "create" and asked.after.fields == declared.fields else set()
    same = {field.name for field in asked.fields if field.after == declared.fields.get(field.name)}
    return frozenset(whole | same)


def is_awaited(asked: Change | None, one: Change) -> bool:
    """Whether a person was asked for all that a change does, and for nothing that is not wanted any more."""
    if asked is None:
        return False
    if asked.after is None or one.after is None:
        return one.after is asked.after
    if one.action == "create" and asked.action != "create":
        return False
    written, after = {field.name for field in one.fields}, one.after.fields
    wanted = {field.name: field.after for field in asked.fields}
    return written <= wanted.keys() and all(after.get(name) == value for name, value in wanted.items())
