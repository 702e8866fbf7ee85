"""On which side of a change the live fields stand."""

from __future__ import annotations

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.resource import State
from pacsconf.systems.base import conflict, find, registered, stands

HERE = Address("s", "device", "a")


def change(before, after):
    sides = [State(HERE, HERE, fields) if fields is not None else None for fields in (before, after)]
    action = "create" if before is None else "delete" if after is None else "update"
    return Change(action, *sides, sides[1])


BEFORE, AFTER = {"a": 1, "b": ("x",), "c": "same"}, {"a": 2, "b": ("x", "y"), "c": "same"}


@pytest.mark.parametrize(
    ("before", "after", "live", "side"),
    [
        (BEFORE, AFTER, BEFORE, "before"),
        (BEFORE, AFTER, AFTER, "after"),
        (BEFORE, AFTER, BEFORE | {"a": 2}, "before"),
        (BEFORE, AFTER, BEFORE | {"a": 3}, "neither"),
        (BEFORE, AFTER, AFTER | {"c": "other"}, "after"),
        (BEFORE, AFTER, None, "neither"),
        (None, AFTER, None, "before"),
        (None, AFTER, AFTER, "after"),
        (None, AFTER, BEFORE, "neither"),
        (BEFORE, None, BEFORE, "before"),
        (BEFORE, None, None, "after"),
        (BEFORE, None, AFTER, "neither"),
    ],
)
def test_live_stands_before_after_or_at_neither(before, after, live, side):
    assert stands(change(before, after), live) == side


@pytest.mark.parametrize(
    ("before", "after", "live", "words"),
    [
        (BEFORE, AFTER, BEFORE | {"a": 3, "c": "other"}, 'a is "3" where "1" was read'),
        (BEFORE, AFTER, {"c": "same"}, 'a is nothing where "1" was read, b is nothing where {x} was read'),
        (BEFORE, AFTER, None, "it is gone"),
        (None, AFTER, BEFORE, "it exists already, with other values"),
        (BEFORE, None, BEFORE | {"d": "new"}, 'd is "new" where nothing was read'),
    ],
)
def test_a_conflict_says_what_was_found(before, after, live, words):
    assert words in conflict(change(before, after), live)


def test_systems_are_found_by_entry_point():
    assert {"memory", "dicom-directory"} <= set(registered())
    assert find("memory").__name__ == "MemorySystem"
    assert find("nosuch") is None
