"""What is declared only while it is there, marks, and how many must be left."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.compare import field_differences
from pacsconf.core.decide import Rules
from pacsconf.core.departed import DEPARTED, Lasting, beside_live
from pacsconf.core.guard import Floor, Scene, guards
from pacsconf.core.mark import OTHER, is_mark, mark
from pacsconf.core.plan import Basis, Options
from pacsconf.core.planning import Recorded, Scenario, SystemRules, make_plan, state_digest
from pacsconf.core.resource import Resource, State


class Person(Resource):
    kind = "person"

    door: str | None = None


def at(name: str) -> Address:
    return Address.of("people", "person", name)


def state(name: str, door: str | None = "open") -> State:
    return State(at(name), at(name), {"door": door} if door else {})


def closing(last: State, live: State) -> State:
    return last.with_fields({**live.fields, "door": "shut"})


def test_what_is_named_no_more_is_declared_as_it_departs_while_it_is_there():
    last = {at("a"): state("a"), at("gone"): state("gone")}
    stood = beside_live({}, {at("a"): state("a")}, last, {"people": Lasting(departing=closing)})
    assert stood.declared == {at("a"): state("a", "shut")}
    assert stood.departed == stood.enforced == {at("a")}


def test_what_is_declared_while_it_is_there_is_not_made():
    lasting = Lasting(while_live=frozenset({at("a"), at("b")}))
    declared = {at("a"): state("a", "shut"), at("b"): state("b", "shut"), at("c"): state("c")}
    stood = beside_live(declared, {at("a"): state("a")}, {}, {"people": lasting})
    assert stood.declared.keys() == {at("a"), at("c")}


def test_systems_without_people_stay_as_they_are():
    declared = {at("a"): state("a")}
    assert beside_live(declared, {}, {at("b"): state("b")}, {"people": Lasting()}).declared is declared


def scenario(declared, live, last, **more):
    by_address = [{one.address: one for one in side} for side in (declared, live, last)]
    return Scenario(
        environment="lab",
        basis=Basis("", "", "", "", "", "2026-11-26"),
        options=Options(),
        declared=by_address[0],
        live=by_address[1],
        record=Recorded(by_address[2]),
        systems={"people": SystemRules(Rules({"person": Person}))},
        today=date(2026, 11, 26),
        **more,
    )


def test_a_plan_closes_who_departed_and_says_why_and_finds_nothing_to_do_then():
    lasting = {"people": Lasting(departing=closing)}
    made = make_plan(scenario([], [state("a")], [state("a")], lasting=lasting))
    assert [(one.action, one.reason) for one in made.changes] == [("update", DEPARTED)]
    after = made.changes[0].after
    assert after == made.changes[0].records == state("a", "shut")
    assert make_plan(scenario([], [after], [after], lasting=lasting)).changes == ()


def test_who_lets_somebody_in_again_who_departed_is_put_right_without_being_asked():
    lasting = {"people": Lasting(departing=closing)}
    made = make_plan(scenario([], [state("a")], [state("a", "shut")], lasting=lasting))
    assert [(one.action, one.repairs) for one in made.changes] == [("update", True)]


def test_who_departed_and_was_deleted_is_forgotten():
    made = make_plan(scenario([], [], [state("a")], lasting={"people": Lasting(departing=closing)}))
    assert (made.changes, made.forgets) == ((), (at("a"),))


def test_who_departed_and_is_held_is_left_alone():
    lasting = {"people": Lasting(departing=closing)}
    left = scenario([], [state("a")], [state("a")], lasting=lasting)
    made = make_plan(replace(left, record=replace(left.record, held={at("a"): state_digest(None)})))
    assert (made.changes, [one.address for one in made.held]) == ((), [at("a")])


# --- marks ------------------------------------------------------------------------------------------------------


def test_a_mark_tells_one_declared_value_from_another_and_not_whose_it_is():
    one, other = mark(at("a"), "email", "a@x"), mark(at("a"), "email", "b@x")
    assert one != other
    assert is_mark(one)
    assert "a@x" not in one
    assert len(one) == len("as declared ·123")
    assert not is_mark(OTHER)
    assert not is_mark(None)


@pytest.mark.parametrize("last", [None, "one", "two", OTHER])
def test_what_was_applied_last_has_no_say_where_marks_are_compared(last):
    declared = mark(at("a"), "email", "a@x")
    known = {} if last is None else {"email": mark(at("a"), "email", last) if last != OTHER else OTHER}
    (found,) = field_differences({"email": declared}, {"email": OTHER}, known)
    assert found.verdict == "pending"


# --- floors -----------------------------------------------------------------------------------------------------


def floor(minimum: int | None, *required: str) -> Floor:
    def standing(states):
        return frozenset(address for address, one in states.items() if one.fields.get("door") == "open")

    return Floor(
        "GUARD-ADMIN", "administrators", "people", minimum, standing, "why", "x", frozenset(map(at, required))
    )


def closed(*names: str) -> list[Change]:
    return [Change("update", state(name), state(name, "shut")) for name in names]


LIVE = {at(name): state(name) for name in "abc"}


@pytest.mark.parametrize(
    ("one", "gone", "tripped"),
    [
        (floor(2), "a", False),
        (floor(2), "ab", True),
        (floor(1, "a"), "a", True),
        (floor(1, "a"), "b", False),
        (floor(None), "a", True),
        (floor(5), "", False),
    ],
)
def test_so_many_must_be_left_and_these_in_particular(one, gone, tripped):
    found = [
        guard
        for guard in guards(closed(*gone), Scene(LIVE, LIVE, LIVE, floors=(one,)))
        if guard.id == "GUARD-ADMIN"
    ]
    assert [guard.tripped for guard in found] == ([True] if tripped else [])
    assert [set(guard.counted) for guard in found] == ([{at(name) for name in gone}] if tripped else [])


def test_who_comes_in_makes_up_for_who_goes():
    change = [*closed("a", "b"), Change("create", None, state("d"))]
    scene = Scene(LIVE, LIVE, LIVE, floors=(floor(2),))
    assert not [guard for guard in guards(change, scene) if guard.id == "GUARD-ADMIN"]
