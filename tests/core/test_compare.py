"""The ownership table and the three-way comparison, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.compare import Difference, FieldDifference, compare, field_differences
from pacsconf.core.decide import Rules, change, explained, judged, recorded
from pacsconf.core.resource import Effect, Fields, Resource, Risk, State
from tests.core.strategies import RULES, World, worlds

CT = Address.parse("directory/device/ct")
ONE, TWO, THREE = {"port": 1}, {"port": 2}, {"port": 3}


def state(fields: Fields | None, address: Address = CT) -> State | None:
    return None if fields is None else State(address, address, fields)


def side(fields: Fields | None) -> World:
    held = state(fields)
    return {} if held is None else {CT: held}


def difference(declared: Fields | None, live: Fields | None, last: Fields | None) -> Difference:
    (found,) = compare(side(declared), side(live), side(last))
    return found


def planned(
    found: Difference, rules: Rules = RULES, *, repairs: bool = False
) -> tuple[str, Fields | None] | None:
    """The action and the fields that stand afterwards."""
    made = change(found, rules, repairs=repairs)
    return None if made is None else (made.action, made.after.fields if made.after else None)


# --- ownership ----------------------------------------------------------------------------------------------

OWNERSHIP = {
    "declared, live equal, not owned": (ONE, ONE, None, "take-ownership", None),
    "declared, live differs, not owned": (TWO, ONE, None, "take-over", ("update", TWO)),
    "declared, live, owned: all agree": (ONE, ONE, ONE, "equal", None),
    "declared, live, owned: pending": (TWO, ONE, ONE, "update", ("update", TWO)),
    "declared, live, owned: drift": (ONE, TWO, ONE, "drift", None),
    "declared, live, owned: converged": (TWO, TWO, ONE, "equal", None),
    "declared, live, owned: clash": (THREE, TWO, ONE, "clash", None),
    "declared, absent, not owned": (ONE, None, None, "create", ("create", ONE)),
    "declared, absent, owned as declared": (ONE, None, ONE, "deleted-outside", None),
    "declared, absent, owned otherwise": (TWO, None, ONE, "clash", None),
    "not declared, live equal to last": (None, ONE, ONE, "delete", ("delete", None)),
    "not declared, live differs from last": (None, TWO, ONE, "clash", None),
    "not declared, live, not owned": (None, ONE, None, "unmanaged", None),
    "not declared, absent, owned": (None, None, ONE, "forget", None),
}


@pytest.mark.parametrize(
    ("declared", "live", "last", "verdict", "plan"), OWNERSHIP.values(), ids=OWNERSHIP.keys()
)
def test_every_row_of_the_ownership_table(declared, live, last, verdict, plan):
    found = difference(declared, live, last)

    assert (found.verdict, planned(found)) == (verdict, plan)


REPORTED = {"drift", "deleted-outside", "clash"}


@pytest.mark.parametrize(
    ("declared", "live", "last", "verdict", "_plan"), OWNERSHIP.values(), ids=OWNERSHIP.keys()
)
def test_only_what_somebody_else_did_is_drift(declared, live, last, verdict, _plan):
    assert difference(declared, live, last).drifted == (verdict in REPORTED)


REPAIRED = {
    "drift": (ONE, TWO, ONE, ("update", ONE)),
    "clash": (THREE, TWO, ONE, ("update", THREE)),
    "deleted outside": (ONE, None, ONE, ("create", ONE)),
    "deleted outside and declared otherwise since": (TWO, None, ONE, ("create", TWO)),
    "no longer declared and changed outside": (None, TWO, ONE, ("delete", None)),
    "unmanaged": (None, ONE, None, None),
    "forgotten": (None, None, ONE, None),
    "equal": (ONE, ONE, ONE, None),
}


@pytest.mark.parametrize(("declared", "live", "last", "plan"), REPAIRED.values(), ids=REPAIRED.keys())
def test_repair_leads_to_declared(declared, live, last, plan):
    found = difference(declared, live, last)
    made = change(found, RULES, repairs=True)

    assert planned(found, repairs=True) == plan
    assert made is None or made.repairs


ENFORCED = {
    "drift is put back": (ONE, TWO, ONE, ("update", ONE)),
    "what was deleted outside is created again": (ONE, None, ONE, ("create", ONE)),
    "a clash is never": (THREE, TWO, ONE, None),
    "nor one with an absent live side": (TWO, None, ONE, None),
    "nor one with an absent declared side": (None, TWO, ONE, None),
}


@pytest.mark.parametrize(("declared", "live", "last", "plan"), ENFORCED.values(), ids=ENFORCED.keys())
def test_enforce_puts_back_drift_alone(declared, live, last, plan):
    assert planned(difference(declared, live, last), Rules(kinds={}, enforce=True)) == plan


def test_a_take_over_is_marked_and_a_pending_update_is_not():
    take_over, update = (change(difference(TWO, ONE, last), RULES) for last in (None, ONE))

    assert take_over is not None
    assert update is not None
    assert (take_over.takes_over, take_over.repairs) == (True, False)
    assert (update.takes_over, update.repairs) == (False, False)


def test_every_address_of_any_side_is_compared_once_and_in_order():
    names = [Address.parse(f"directory/device/{name}") for name in ("a", "b", "c")]
    sides = [{name: State(name, name, ONE)} for name in reversed(names)]

    found = compare(*sides)

    assert [(one.address, one.verdict) for one in found] == list(
        zip(names, ("forget", "unmanaged", "create"), strict=True)
    )


# --- the record is unknown ----------------------------------------------------------------------------------

UNKNOWN = {
    "equal": (ONE, ONE, "take-ownership", None),
    "differs": (TWO, ONE, "take-over", ("update", TWO)),
    "absent": (ONE, None, "create", ("create", ONE)),
    "undeclared": (None, ONE, "unmanaged", None),
}


@pytest.mark.parametrize(("declared", "live", "verdict", "plan"), UNKNOWN.values(), ids=UNKNOWN.keys())
@pytest.mark.parametrize("exclusive", [frozenset(), frozenset({"device"})], ids=["shared", "exclusive"])
def test_nothing_is_deleted_while_the_record_is_unknown(declared, live, verdict, plan, exclusive):
    (found,) = compare(side(declared), side(live), None)

    assert (found.verdict, found.known) == (verdict, False)
    assert planned(found, Rules(kinds={}, exclusive=exclusive), repairs=True) == plan


def test_an_exclusive_kind_loses_what_is_not_declared():
    exclusive = Rules(kinds={}, exclusive=frozenset({"device"}))

    assert planned(difference(None, ONE, None), exclusive) == ("delete", None)
    assert planned(difference(None, ONE, None), Rules(kinds={}, exclusive=frozenset({"peer"}))) is None


def test_an_exclusive_kind_still_asks_before_it_undoes_somebodys_edit():
    exclusive = Rules(kinds={}, exclusive=frozenset({"device"}))

    assert planned(difference(None, TWO, ONE), exclusive) is None


# --- fields, three ways -------------------------------------------------------------------------------------

A, B, C = "a", "b", "c"
THREE_WAYS = {
    "D=V=L": (A, A, A, None),
    "L=D≠V": (A, B, A, "drift"),
    "L=D, V absent": (A, None, A, "drift"),
    "L, D absent, V": (None, A, None, "drift"),
    "L=V≠D": (B, A, A, "pending"),
    "L, V absent, D": (A, None, None, "pending"),
    "L=V, D absent": (None, A, A, "pending"),
    "D=V≠L": (B, B, A, "converged"),
    "D=V, L absent": (A, A, None, "converged"),
    "D, V absent, L": (None, None, A, "converged"),
    "all differ": (C, B, A, "clash"),
    "all differ, D absent": (None, B, A, "clash"),
    "all differ, V absent": (B, None, A, "clash"),
    "all differ, L absent": (B, A, None, "clash"),
    "sets in all three": (("x", "y"), ("x",), ("x", "z"), "clash"),
    "a set that gains a member by declaration": (("x", "y"), ("x",), ("x",), "pending"),
    "a set that gained a member outside": (("x",), ("x", "y"), ("x",), "drift"),
    "a set that is empty live": (("x",), None, ("x",), "drift"),
    "false is a value": (False, None, None, "pending"),
    "zero is a value": (0, 1, 0, "drift"),
}


def fields(value) -> dict:
    return {"it": value} if value is not None else {}


@pytest.mark.parametrize(("declared", "live", "last", "verdict"), THREE_WAYS.values(), ids=THREE_WAYS.keys())
def test_every_combination_of_a_field(declared, live, last, verdict):
    found = field_differences(fields(declared), fields(live), fields(last))

    assert found == (() if verdict is None else (FieldDifference("it", declared, live, last, verdict),))


@pytest.mark.parametrize(("declared", "live"), [(A, B), (A, None), (None, B)])
def test_what_differs_is_pending_where_it_is_not_owned(declared, live):
    assert field_differences(fields(declared), fields(live), None) == (
        FieldDifference("it", declared, live, None, "pending"),
    )


VERDICTS = {
    "pending": {"declared": B, "live": A, "last": A},
    "drift": {"declared": A, "live": B, "last": A},
    "clash": {"declared": C, "live": B, "last": A},
    "converged": {"declared": B, "live": B, "last": A},
    "same": {"declared": A, "live": A, "last": A},
}
TOGETHER = {
    ("pending", "drift"): "update",
    ("pending", "clash"): "update",
    ("pending", "converged"): "update",
    ("clash", "drift"): "clash",
    ("clash", "converged"): "clash",
    ("drift", "converged"): "drift",
    ("converged", "same"): "equal",
    ("same",): "equal",
}


def mixed(*verdicts: str) -> Difference:
    """A difference with one field of each verdict, named by it."""
    return difference(
        *({name: VERDICTS[name][one] for name in verdicts} for one in ("declared", "live", "last"))
    )


@pytest.mark.parametrize(("verdicts", "whole"), TOGETHER.items(), ids=map("+".join, TOGETHER))
def test_the_verdict_on_several_fields(verdicts, whole):
    assert mixed(*verdicts).verdict == whole


ALL = ("pending", "drift", "clash", "converged", "same")
WRITTEN = {
    "report": (Rules(kinds={}), False, {"pending"}),
    "enforce": (Rules(kinds={}, enforce=True), False, {"pending", "drift"}),
    "repair": (Rules(kinds={}), True, {"pending", "drift", "clash"}),
    "repair and enforce": (Rules(kinds={}, enforce=True), True, {"pending", "drift", "clash"}),
}


@pytest.mark.parametrize(("rules", "repairs", "written"), WRITTEN.values(), ids=WRITTEN.keys())
def test_what_is_not_written_keeps_its_live_and_its_last_value(rules, repairs, written):
    made = change(mixed(*ALL), rules, repairs=repairs)

    assert made is not None
    assert made.after is not None
    assert made.records is not None
    assert {field.name for field in made.fields} == written
    moved = written | {"converged"}
    assert made.after.fields == {n: VERDICTS[n]["declared" if n in written else "live"] for n in ALL}
    assert made.records.fields == {n: VERDICTS[n]["declared" if n in moved else "last"] for n in ALL}
    assert made.repairs == bool(written - {"pending"})


def test_a_field_that_is_taken_away_is_gone_live_and_in_the_record():
    made = change(difference({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}), RULES)

    assert made is not None
    assert made.after == made.records == state({"a": 1})


def test_an_update_stands_on_what_it_leaves_as_much_as_on_what_it_writes():
    """A drifted field that is left alone may still need what it names."""
    here, there = (
        Address.parse("directory/connection/ct/here"),
        Address.parse("directory/connection/ct/there"),
    )

    def held(fields: Fields, needed: Address) -> World:
        return {CT: State(CT, CT, fields, frozenset({needed}), frozenset({"ae-title:CT"}))}

    drifted = {"via": "there", "port": 1}
    (left,) = compare(
        held({"via": "here", "port": 2}, here), held(drifted, there), held({"via": "here", "port": 1}, here)
    )
    (written,) = compare(
        held({"via": "here"}, here), held({"via": "there"}, there), held({"via": "there"}, there)
    )

    made = [change(one, RULES) for one in (left, written)]

    assert [one.after.depends_on for one in made if one and one.after] == [{here, there}, {here}]
    assert [one.records.depends_on for one in made if one and one.records] == [{here}, {here}]


# --- what is for others -------------------------------------------------------------------------------------


def ignoring(*names: str):
    return lambda _address, name: name in names


IGNORED = {
    "declared differs": ({"own": 1, "theirs": 1}, {"own": 1, "theirs": 2}, {"own": 1, "theirs": 1}, "equal"),
    "not owned": ({"own": 1}, {"own": 1, "theirs": 2}, None, "take-ownership"),
    "not owned, own differs": ({"own": 1}, {"own": 2, "theirs": 2}, None, "take-over"),
    "no longer declared": (None, {"own": 1, "theirs": 2}, {"own": 1, "theirs": 1}, "delete"),
    "no longer declared, own differs": (None, {"own": 2}, {"own": 1, "theirs": 1}, "clash"),
    "deleted outside": ({"own": 1, "theirs": 2}, None, {"own": 1, "theirs": 1}, "deleted-outside"),
    "deleted outside, own declared otherwise": (
        {"own": 2, "theirs": 1},
        None,
        {"own": 1, "theirs": 1},
        "clash",
    ),
}


@pytest.mark.parametrize(("declared", "live", "last", "verdict"), IGNORED.values(), ids=IGNORED.keys())
def test_an_ignored_field_makes_no_difference(declared, live, last, verdict):
    (found,) = compare(side(declared), side(live), side(last), ignoring("theirs"))

    assert (found.verdict, "theirs" in [field.name for field in found.fields]) == (verdict, False)


def test_an_ignored_field_survives_the_write_and_stays_out_of_a_first_record():
    (found,) = compare(side({"own": 1}), side({"own": 2, "theirs": 2}), {}, ignoring("theirs"))

    made = change(found, RULES)

    assert made is not None
    assert (made.after, made.records) == (state({"own": 1, "theirs": 2}), state({"own": 1}))


def test_an_ignored_resource_is_not_looked_at():
    assert compare(side(ONE), side(TWO), side(THREE), ignoring("")) == ()


# --- what the record moves on to ----------------------------------------------------------------------------

RECORDED = {
    "newly owned and equal": (ONE, ONE, None, True, ONE),
    "converged": (TWO, TWO, ONE, True, TWO),
    "converged beside drift": ({"a": 1, "b": 2}, {"a": 2, "b": 2}, {"a": 1}, True, {"a": 1, "b": 2}),
    "converged beside a clash": ({"a": 3, "b": 2}, {"a": 2, "b": 2}, {"a": 1}, True, {"a": 1, "b": 2}),
    "forgotten": (None, None, ONE, True, None),
    "drift": (ONE, TWO, ONE, False, ONE),
    "clash": (THREE, TWO, ONE, False, ONE),
    "a pending change that is not made": (TWO, ONE, ONE, False, ONE),
    "a take-over that is not made": (TWO, ONE, None, False, None),
    "a create that is not made": (ONE, None, None, False, None),
    "a delete that is not made": (None, ONE, ONE, False, ONE),
    "deleted outside": (ONE, None, ONE, False, ONE),
    "unmanaged": (None, ONE, None, False, None),
    "equal": (ONE, ONE, ONE, False, ONE),
}


@pytest.mark.parametrize(
    ("declared", "live", "last", "moves", "record"), RECORDED.values(), ids=RECORDED.keys()
)
def test_what_the_record_holds_when_nothing_is_written(declared, live, last, moves, record):
    found = difference(declared, live, last)

    assert (found.records_only, recorded(found)) == (moves, state(record))


# --- risk, effects and mode ---------------------------------------------------------------------------------


class Peer(Resource):
    """Another kind's judgement of itself."""

    kind = "device"

    port: int | None = None

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        return "access" if before is None else "data-loss"

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        return frozenset({"readdresses"})


def test_a_kind_judges_its_changes():
    rules = Rules(kinds={"device": Peer}, mode="read-only")

    made = change(difference(TWO, ONE, ONE), rules)

    assert made is not None
    assert (made.risk, made.effects, made.mode) == ("data-loss", {"readdresses"}, "read-only")


def test_a_change_that_takes_another_back_is_judged_anew():
    back = judged(Change("delete", state(ONE), None, None), RULES)

    assert (back.action, back.risk, back.effects) == ("delete", "workflow", {"removes"})


class Storage(Resource):
    """What keeps studies for so many days."""

    kind = "device"

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        kept, keeps = (side.get("port", 0) if side else 0 for side in (before, after))
        return f"keeps them {keeps} days, not {kept}" if keeps < kept else None


class Terse(Resource):
    """One that says no more than that it purges."""

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        return frozenset({"purges"})


HUNDRED, TEN = {"port": 100}, {"port": 10}
WAYS = {
    "an update": (TEN, HUNDRED, HUNDRED, {}),
    "taken over": (TEN, HUNDRED, None, {}),
    "put back to what was applied": (TEN, HUNDRED, TEN, {"repairs": True}),
    "a clash that is settled by hand": (TEN, HUNDRED, ONE, {"repairs": True}),
    "asked of a person again": (TEN, HUNDRED, TEN, {"again": frozenset({"port"})}),
    "a delete": (None, HUNDRED, HUNDRED, {}),
    "a delete that a clash was settled by": (None, HUNDRED, TEN, {"repairs": True}),
}


@pytest.mark.parametrize(("declared", "live", "last", "how"), WAYS.values(), ids=WAYS.keys())
def test_a_change_that_purges_is_one_in_whatever_way_it_came_about(declared, live, last, how):
    made = change(difference(declared, live, last), Rules({"device": Storage}), **how)

    assert made is not None
    assert "purges" in made.effects
    assert (made.risk, made.purge) == ("data-loss", f"keeps them {10 if declared else 0} days, not 100")


def test_an_enforcing_system_purges_no_more_quietly_than_another():
    made = change(difference(TEN, HUNDRED, TEN), Rules({"device": Storage}, enforce=True))

    assert made is not None
    assert "purges" in made.effects


OUTSIDE = {
    "changed": (HUNDRED, TEN, HUNDRED, "keeps them 10 days, not 100"),
    "changed on both sides": (ONE, TEN, HUNDRED, "keeps them 10 days, not 100"),
    "deleted": (HUNDRED, None, HUNDRED, "keeps them 0 days, not 100"),
    "kept longer": (TEN, HUNDRED, TEN, ""),
    "only declared": (TEN, HUNDRED, HUNDRED, ""),
    "never applied": (HUNDRED, TEN, None, ""),
}


@pytest.mark.parametrize(("declared", "live", "last", "told"), OUTSIDE.values(), ids=OUTSIDE.keys())
def test_what_somebody_else_did_to_the_deletion_of_studies_is_told(declared, live, last, told):
    assert explained(difference(declared, live, last), Rules({"device": Storage})).purge == told


def test_a_kind_that_purges_need_not_say_how_and_its_risk_is_data_loss():
    made = change(difference(HUNDRED, TEN, TEN), Rules({"device": Terse}))

    assert made is not None
    assert (made.risk, made.purge) == ("data-loss", "arms, shortens or speeds up the deletion of studies")


def test_what_a_kind_says_has_an_end(monkeypatch):
    monkeypatch.setattr(Terse, "purge_note", lambda *_: "x" * 100_000)

    made = change(difference(HUNDRED, TEN, TEN), Rules({"device": Terse}))

    assert made is not None
    assert made.purge == "x" * 3_999 + "…"


def test_what_keeps_studies_longer_purges_nothing():
    made = change(difference(HUNDRED, TEN, TEN), Rules({"device": Storage}))

    assert made is not None
    assert (made.effects, made.purge) == (frozenset(), "")


# --- properties ---------------------------------------------------------------------------------------------


@given(worlds())
def test_comparing_equal_sides_is_empty(world):
    found = compare(world, world, world)

    assert {one.verdict for one in found} <= {"equal"}
    assert not any(one.drifted or one.records_only or one.fields or change(one, RULES) for one in found)


@given(worlds(), worlds(), worlds(), st.booleans())
def test_last_moves_only_for_what_is_written_converged_or_newly_owned_and_equal(
    declared, live, last, enforce
):
    for found in compare(declared, live, last):
        made = change(found, Rules(kinds={}, enforce=enforce))
        record = made.records if made else recorded(found)
        sides = [one.fields if one else {} for one in (found.declared, found.live, found.last, record)]
        written = {field.name for field in made.fields} if made else set()
        for name in set().union(*sides):
            want, have, had, holds = (one.get(name) for one in sides)
            both = found.declared is not None and found.live is not None
            if made and made.action == "delete":
                assert holds is None
            elif name in written or (both and want == have and (found.last or not made)):
                assert holds == want
            elif found.verdict != "take-over" and found.verdict != "forget":
                assert holds == had


@given(worlds(), worlds(), worlds())
def test_what_somebody_else_changed_is_never_reverted_in_silence(declared, live, last):
    for found in compare(declared, live, last):
        made = change(found, RULES)
        for field in made.fields if made and found.last else ():
            assert made is not None
            assert made.action == "delete" or field.before == found.last.fields.get(field.name)


@given(worlds(), worlds(), worlds(), st.booleans(), st.booleans())
def test_a_second_plan_is_empty(declared, live, last, enforce, repairs):
    rules = Rules(kinds={}, enforce=enforce)
    stands, record = dict(live), dict(last)
    for found in compare(declared, live, last):
        made = change(found, rules, repairs=repairs)
        after, holds = (made.after, made.records) if made else (found.live, recorded(found))
        for world, held in ((stands, after), (record, holds)):
            world.pop(found.address, None)
            if held is not None:
                world[found.address] = held

    again = compare(declared, stands, record)

    assert [one.address for one in again if change(one, rules, repairs=repairs)] == []
    assert [one.address for one in again if one.records_only] == []
    assert not (repairs and any(one.drifted for one in again))
