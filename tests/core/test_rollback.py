"""Taking back what was applied: what still stands goes back, the rest is left and told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.aftermath import owned_after
from pacsconf.core.change import Change, Outcome
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.errors import DependencyCycle
from pacsconf.core.order import order
from pacsconf.core.plan import Basis, Options, Plan
from pacsconf.core.planning import Recorded, Scenario, SystemRules, make_plan
from pacsconf.core.resource import Resource, Value
from pacsconf.core.rollback import (
    UNRECORDED,
    Applied,
    Returning,
    applied_by,
    holds_after,
    not_known,
    take_back,
)
from tests.core.strategies import (
    RULES,
    World,
    all_applied,
    applied,
    changes_between,
    stands,
    state,
    values,
    worlds,
)

CT = Address.parse("directory/device/ct")
MR = Address.parse("directory/device/mr")
PEER = Address.parse("archive/peer/ct")
SYSTEMS = {"directory": RULES, "archive": RULES}
BASIS = Basis("", "", "", "", "", "2026-11-24")


def others_write_nothing(_address: Address, _field: str) -> bool:
    return False


def run(start: World, changes: tuple[Change, ...]) -> World:
    """The world after these changes; what has no order is no example."""
    for one in ordered(changes):
        start = applied(start, one)
    return start


def ordered(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    try:
        return order(changes)
    except DependencyCycle:
        reject()


def after(owned: World, changes: tuple[Change, ...]) -> World:
    plan = Plan("lab", BASIS, changes=ordered(changes))
    return owned_after(owned, plan, all_applied(changes))


def made(changes: tuple[Change, ...], owned: World) -> tuple[Applied, ...]:
    return tuple(Applied(one, owned.get(one.address)) for one in ordered(changes))


def back(
    changes: tuple[Change, ...],
    owned: World,
    live: World,
    now: World | None = None,
    systems: Mapping[str, Rules] = SYSTEMS,
) -> Returning:
    return take_back(
        made(changes, owned),
        live,
        after(owned, changes) if now is None else now,
        systems,
        others_write_nothing,
    )


# --- properties -----------------------------------------------------------------------------------------------


@given(worlds(), worlds())
def test_what_was_applied_and_taken_back_is_as_it_was_and_owned_as_it_was(start: World, goal: World):
    changes = changes_between(start, goal)
    there = run(start, changes)
    assert there.keys() == goal.keys()
    returning = back(changes, start, there)
    assert returning.stays == {}
    here = run(there, returning.changes)
    assert {a: one.fields for a, one in here.items()} == {a: one.fields for a, one in start.items()}
    assert after(after(start, changes), returning.changes) == start


@given(worlds(), worlds())
def test_taking_back_what_was_taken_back_is_what_was_applied(start: World, goal: World):
    changes = changes_between(start, goal)
    there, owned = run(start, changes), after(start, changes)
    first = back(changes, start, there).changes
    here = run(there, first)
    second = take_back(made(first, owned), here, after(owned, first), SYSTEMS, others_write_nothing)
    assert second.stays == {}
    assert run(here, second.changes) == there
    assert after(after(owned, first), second.changes) == owned


@given(worlds(), worlds(), worlds())
def test_whatever_happened_since_what_is_taken_back_can_stand(start: World, goal: World, since: World):
    changes = changes_between(start, goal)
    later = changes_between(run(start, changes), since)
    live = run(run(start, changes), later)
    now = after(after(start, changes), later)
    returning = back(changes, start, live, now)
    end = run(live, returning.changes)
    assert stands(end)
    written = {one.address for one in returning.changes} | returning.stays.keys()
    assert written == {one.address for one in changes}


@given(worlds(), worlds(), st.data())
def test_a_value_that_somebody_wrote_since_is_never_taken_back(
    start: World, goal: World, data: st.DataObject
):
    changes = changes_between(start, goal)
    there = run(start, changes)
    touched = sorted({one.address for one in changes} & there.keys())
    if not touched:
        return
    address = data.draw(st.sampled_from(touched))
    fields = {**there[address].fields, **data.draw(values())}
    live = {**there, address: there[address].with_fields(fields)}
    end = run(live, back(changes, start, live).changes)
    for name, value in fields.items():
        if value != there[address].fields.get(name):
            assert end[address].fields.get(name) == value


@given(worlds(), worlds())
def test_taking_back_twice_leaves_nothing_to_do(start: World, goal: World):
    changes = changes_between(start, goal)
    there, owned = run(start, changes), after(start, changes)
    first = back(changes, start, there).changes
    again = take_back(
        made(changes, start), run(there, first), after(owned, first), SYSTEMS, others_write_nothing
    )
    assert again.changes == ()


# --- what is left, and why ------------------------------------------------------------------------------------


def update(before: dict[str, Value], wanted: dict[str, Value], address: Address = CT) -> Change:
    then = state(address, before)
    (difference,) = compare({address: state(address, wanted)}, {address: then}, {address: then})
    made = change(difference, RULES)
    assert made is not None
    return made


CREATED = Change("create", None, state(CT, {"port": 104}), state(CT, {"port": 104}))
DELETED = Change("delete", state(CT, {"port": 104}), None)
UPDATED = update({"port": 104, "host": "a"}, {"port": 11112, "host": "b"})


@pytest.mark.parametrize(
    ("one", "live", "why"),
    [
        (CREATED, {}, "is gone already"),
        (CREATED, {"port": 105}, "was changed since, so it is not deleted: port is 105 now, not 104"),
        (DELETED, {"port": 104}, "is there again already"),
        (DELETED, {"port": 105}, "was made anew since: port is 105 now, not 104"),
        (UPDATED, {}, "was deleted since, so there is nothing to take back"),
        (UPDATED, {"port": 104, "host": "a"}, "is as it was before already"),
        (
            UPDATED,
            {"port": 105},
            "was changed since: host is absent now, not b; port is 105 now, not 11112",
        ),
    ],
    ids=["gone", "changed", "there-again", "made-anew", "deleted", "back-already", "all-changed"],
)
def test_what_does_not_stand_any_more_is_left(one: Change, live: dict[str, Value], why: str):
    there = {CT: state(CT, live)} if live else {}
    returning = back((one,), {CT: one.before} if one.before else {}, there)
    assert (returning.changes, returning.stays) == ((), {CT: why})


def test_of_a_change_only_the_fields_that_stand_are_taken_back():
    live = {CT: state(CT, {"port": 105, "host": "b", "installed": True})}
    owned = {CT: state(CT, {"port": 104, "host": "a"})}
    returning = back((UPDATED,), owned, live)
    (one,) = returning.changes
    assert one.after.fields == {"port": 105, "host": "a", "installed": True}
    assert one.records.fields == {"port": 11112, "host": "a"}
    assert returning.stays == {CT: "was changed since: port is 105 now, not 11112"}


def test_what_a_takeover_changed_is_nobodys_again():
    before = state(CT, {"port": 104})
    (difference,) = compare({CT: state(CT, {"port": 11112})}, {CT: before}, {})
    one = change(difference, RULES)
    assert one is not None
    (returned,) = back((one,), {}, {CT: one.after}).changes
    assert (returned.after.fields, returned.records) == ({"port": 104}, None)


def test_what_others_need_now_is_not_deleted():
    needing = state(PEER, {"needs": (str(CT),)})
    returning = back((CREATED,), {}, {CT: CREATED.after, PEER: needing})
    assert returning.changes == ()
    assert returning.stays == {CT: "is needed by archive/peer/ct, which is not taken back"}


def test_what_needs_something_that_is_gone_is_not_made():
    gone = Change("delete", state(PEER, {"needs": (str(CT),)}), None)
    returning = back(
        (gone,),
        {},
        {MR: state(MR, {}), Address.parse("archive/peer/x"): state(Address.parse("archive/peer/x"), {})},
    )
    assert returning.stays == {PEER: "needs directory/device/ct, which is not there any more"}


def test_what_it_needs_in_a_system_that_was_not_read_is_believed_to_be_there():
    gone = Change("delete", state(PEER, {"needs": (str(CT),)}), None)
    (returned,) = back((gone,), {}, {}, systems={"archive": RULES}).changes
    assert returned.after == gone.before


def test_a_name_that_somebody_else_has_now_is_not_taken():
    gone = Change("delete", state(CT, {"titles": ("ae-title:CT",)}), None)
    holder = state(MR, {"titles": ("ae-title:CT",)})
    returning = back((gone,), {}, {MR: holder})
    assert returning.stays == {CT: "its name belongs to directory/device/mr now (ae-title:CT)"}


def test_what_was_deleted_comes_back_as_far_as_it_was_recorded():
    returning = back((DELETED,), {CT: DELETED.before}, {})
    assert returning.changes[0].after == DELETED.before
    assert returning.lost == {CT: UNRECORDED}


class Server(Resource):
    kind = "peer"
    secrets = frozenset({"password_version"})


def test_a_secret_is_not_taken_back_since_none_is_recorded():
    rules = {"archive": Rules({"peer": Server})}
    one = update({"user": "a", "password_version": 1}, {"user": "b", "password_version": 2}, PEER)
    (returned,) = back((one,), {PEER: one.before}, {PEER: one.after}, systems=rules).changes
    assert returned.after.fields == {"user": "a", "password_version": 2}
    only = update({"password_version": 1}, {"password_version": 2}, PEER)
    returning = back((only,), {PEER: only.before}, {PEER: only.after}, systems=rules)
    why = "the secret behind password_version stays as it is: none is recorded"
    assert (returning.changes, returning.stays) == ((), {PEER: why})


class Storage(Resource):
    """What keeps less is what purges."""

    kind = "device"

    @classmethod
    def purge_note(cls, before, after):
        keeps, kept = (before or {}).get("port", 0), (after or {}).get("port", 0)
        return f"keeps {kept}, not {keeps}" if kept < keeps else None


def test_it_is_judged_afresh_since_it_may_purge_where_the_change_did_not():
    """To keep studies longer is harmless, and taking that back deletes them sooner."""
    rules = {"directory": Rules({"device": Storage}, "read-only")}
    (one,) = back((CREATED,), {}, {CT: CREATED.after}, systems=rules).changes
    assert (one.risk, one.effects, one.purge) == ("data-loss", {"purges", "removes"}, "keeps 0, not 104")
    assert one.mode == "read-only"


def test_what_is_others_to_write_is_neither_compared_nor_taken_back():
    live = {CT: state(CT, {"port": 11112, "host": "others"})}

    def ignored(_address: Address, name: str) -> bool:
        return name == "host"

    returning = take_back(made((UPDATED,), {}), live, {}, SYSTEMS, ignored)
    assert returning.changes[0].after.fields == {"port": 104, "host": "others"}
    assert returning.stays == {}
    created = Change("create", None, state(CT, {"port": 104, "host": "a"}), None)
    live = {CT: state(CT, {"port": 104, "host": "others"})}
    assert take_back(made((created,), {}), live, {}, SYSTEMS, ignored).changes[0].action == "delete"


def test_what_a_person_or_nobody_knows_is_told():
    base = Plan("lab", BASIS, changes=(CREATED,))
    outcomes = (
        Outcome(CT, "create", "waiting"),
        Outcome(MR, "create", "unknown"),
        Outcome(PEER, "create", "failed"),
    )
    changeset = ChangeSet("id", base, "", "", "", "", outcomes=outcomes)
    assert not_known(changeset).keys() == {CT, MR}
    assert applied_by(changeset) == ()


def test_a_secret_that_was_not_there_before_is_taken_out_again():
    rules = {"archive": Rules({"peer": Server})}
    one = update({}, {"password_version": 1}, PEER)
    (returned,) = back((one,), {PEER: one.before}, {PEER: one.after}, systems=rules).changes
    assert returned.after.fields == {}


def test_a_system_that_is_not_looked_at_keeps_what_was_applied():
    returning = back((CREATED,), {}, {CT: CREATED.after}, systems={"archive": RULES})
    assert returning.stays == {CT: "system directory is not looked at here"}


# --- the plan -------------------------------------------------------------------------------------------------


def plan_of(
    changes: tuple[Change, ...], declared: World, live: World, owned: World, **options: tuple[str, ...]
) -> Plan:
    return make_plan(
        Scenario(
            "lab",
            BASIS,
            Options(rollback=("20261124-1412-5be1",), **options),
            declared,
            live,
            Recorded(owned),
            {"directory": SystemRules(RULES), "archive": SystemRules(RULES)},
            today=date(2026, 11, 24),
            undone=made(changes, {}),
        )
    )


def test_a_device_that_was_added_and_reverted_is_no_device_that_vanished():
    live = {CT: CREATED.after}
    plan = plan_of((CREATED,), {}, live, dict(live))
    assert [one.action for one in plan.changes] == ["delete"]
    assert not any(guard.tripped for guard in plan.guards)


def test_what_the_inventory_wants_besides_is_no_part_of_it():
    live = {CT: CREATED.after}
    plan = plan_of((CREATED,), {**live, MR: state(MR, {})}, live, dict(live))
    assert [one.address for one in plan.changes] == [CT]
    assert (plan.takes, plan.forgets, plan.drifts, plan.unmanaged) == ((), (), (), ())


def test_of_what_is_left_out_nothing_is_told():
    live = {CT: state(CT, {"port": 105}), PEER: state(PEER, {"port": 105})}
    peer = Change("create", None, state(PEER, {"port": 104}), state(PEER, {"port": 104}))
    plan = plan_of((CREATED, peer), {}, live, {}, target=("archive",))
    assert plan.stays.keys() == {PEER}


def test_only_what_is_declared_otherwise_is_held():
    update_back = Change("update", UPDATED.after, UPDATED.before, UPDATED.before)
    create_back = Change("delete", CREATED.after, None, None)
    delete_back = Change("create", None, DELETED.before, DELETED.before)
    wants_it = {CT: state(CT, {"port": 11112, "host": "a"})}
    reverted = {CT: state(CT, {"port": 104, "host": "a"})}
    assert holds_after((update_back,), wants_it) == (CT,)
    assert holds_after((update_back,), reverted) == ()
    assert holds_after((create_back,), {CT: CREATED.after}) == (CT,)
    assert holds_after((create_back,), {}) == ()
    assert holds_after((delete_back,), {}) == (CT,)
    assert holds_after((delete_back,), {CT: DELETED.before}) == ()
