from __future__ import annotations

import json

import pytest
from hypothesis import given

from pacsconf.core.address import Address
from pacsconf.core.change import (
    Change,
    FieldChange,
    change_from_json,
    change_to_json,
    field_changes,
)
from pacsconf.core.resource import State
from tests.core.strategies import changes_between, worlds

CT, MR = Address.parse("directory/device/ct"), Address.parse("directory/device/mr")


def state(address: Address, claims: frozenset[str] = frozenset(), **fields) -> State:
    return State(address, address, fields, claims=claims)


# --- fields -------------------------------------------------------------------------------------------------


def test_fields_are_named_where_two_states_differ():
    assert field_changes({"a": 1, "b": 2, "c": 3}, {"b": 2, "c": 4, "d": 5}) == (
        FieldChange("a", 1, None),
        FieldChange("c", 3, 4),
        FieldChange("d", None, 5),
    )


def test_members_of_a_set_are_added_and_removed():
    change = FieldChange("roles", ("find", "move"), ("find", "store"))

    assert (change.added, change.removed) == (("store",), ("move",))


def test_all_members_are_added_where_there_was_no_set():
    change = FieldChange("roles", None, ("find",))

    assert (change.added, change.removed) == (("find",), ())


def test_a_change_takes_and_gives_up_claims():
    change = Change("update", state(CT, frozenset("ab")), state(CT, frozenset("bc")))

    assert (change.acquires, change.frees) == ({"c"}, {"a"})


# --- JSON ---------------------------------------------------------------------------------------------------


@given(worlds(), worlds())
def test_a_change_comes_back_from_json(start, goal):
    for change in changes_between(start, goal):
        assert change_from_json(json.loads(json.dumps(change_to_json(change)))) == change


UPDATE = Change("update", state(CT, port=1), state(CT, port=2), state(CT, port=2))
DAMAGED = {
    "an action that is none": {"action": "explode"},
    "a risk that is none": {"risk": "tiny"},
    "an effect that is none": {"effects": ["heals"]},
    "a mode that is none": {"mode": "sudo"},
    "a create with a before": {"action": "create"},
    "a delete with an after": {"action": "delete"},
    "an update of nothing": {"before": None},
    "neither before nor after": {"before": None, "after": None},
    "two resources in one": {"before": change_to_json(UPDATE)["before"] | {"address": str(MR)}},
    "a value that is none": {"before": change_to_json(UPDATE)["before"] | {"fields": {"port": 1.5}}},
    "fields that are none": {"before": change_to_json(UPDATE)["before"] | {"fields": [1]}},
    "a state that is none": {"before": ["ct"]},
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_what_is_no_change_is_refused(damage):
    with pytest.raises((ValueError, KeyError, TypeError)):
        change_from_json(change_to_json(UPDATE) | damage)


def test_what_is_recorded_as_it_is_created_is_one_object_and_else_another():
    as_created = change_to_json(Change("create", None, state(CT, port=1), state(CT, port=1)))
    otherwise = change_to_json(Change("create", None, state(CT, port=1), state(CT, port=2)))

    made = change_from_json(as_created)
    assert made.records is made.after
    assert change_from_json(otherwise).records == state(CT, port=2)


def test_a_set_written_out_of_order_is_the_same_set():
    data = change_to_json(Change("create", None, state(CT, roles=("a", "b"))))
    data["after"]["fields"]["roles"] = ["b", "a", "b"]

    after = change_from_json(data).after

    assert after is not None
    assert after.fields == {"roles": ("a", "b")}
