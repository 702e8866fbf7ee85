from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from time import monotonic

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.decide import Rules
from pacsconf.core.errors import PlanError, UnsafePlan
from pacsconf.core.guard import tripped
from pacsconf.core.plan import Basis, Options, Plan
from pacsconf.core.planning import Recorded, Scenario, SystemRules, make_plan, obstacles, state_digest
from pacsconf.core.resource import Resource, State
from tests.core.strategies import World

TODAY = date(2026, 11, 24)
DEVICE, MR = Address.parse("directory/device/ct"), Address.parse("directory/device/mr")
TITLE, ENTITY = Address.parse("directory/title/CT"), Address.parse("directory/entity/ct/CT")
PEER = Address.parse("archive/peer/CT")


class Title(Resource):
    """A name that lingers."""

    kind = "title"
    lingers = True


def state(address: Address, *needs: Address, root: Address | None = None, **fields) -> State:
    return State(address, root or address, {"port": 1} | fields, frozenset(needs))


def hospital(**fields) -> World:
    """A device with its title and entity, and the archive's peer for it."""
    held = (
        state(DEVICE, **fields),
        state(TITLE, root=DEVICE),
        state(ENTITY, DEVICE, TITLE, root=DEVICE, **fields),
        state(PEER, ENTITY, **fields),
    )
    return {one.address: one for one in held}


def scenario(declared: World, live: World, last: World | None, **more) -> Scenario:
    record = more.pop("record", {})
    rules = {"directory": Rules(kinds={"title": Title}), "archive": Rules(kinds={})} | more.pop("rules", {})
    return Scenario(
        environment="lab",
        basis=Basis("", "", "", "", "", TODAY.isoformat()),
        options=Options(**more.pop("options", {})),
        declared=declared,
        live=live,
        record=Recorded(last, **record),
        systems={name: SystemRules(one) for name, one in rules.items()},
        today=TODAY,
        **more,
    )


def planned(*sides, **more) -> Plan:
    return make_plan(scenario(*sides, **more))


def addresses(changes) -> list[Address]:
    return [one.address for one in changes]


def without(world: World, *addresses: Address) -> World:
    return {address: held for address, held in world.items() if address not in addresses}


# --- what becomes a change ----------------------------------------------------------------------------------


def test_a_plan_goes_across_systems_in_one_order():
    plan = planned(hospital(), {}, {})

    assert addresses(plan.changes) == [DEVICE, TITLE, ENTITY, PEER]


def test_what_is_equal_is_taken_and_what_is_gone_forgotten_without_a_change():
    plan = planned(hospital(), hospital(), {MR: state(MR)})

    assert plan.changes == ()
    assert plan.takes == tuple(sorted(hospital().values(), key=lambda one: one.address))
    assert plan.forgets == (MR,)


def test_what_is_nobodys_is_listed_and_left():
    plan = planned({}, {MR: state(MR)}, {})

    assert (plan.unmanaged, plan.changes) == ((MR,), ())


def test_an_unknown_record_deletes_nothing_and_blocks():
    exclusive = {"directory": Rules(kinds={}, exclusive=frozenset({"device"}))}
    plan = planned({}, {MR: state(MR)}, None, rules=exclusive, record={"why_unknown": "the clone is shallow"})

    assert (plan.changes, plan.unmanaged, obstacles(plan)) == ((), (MR,), ("the clone is shallow",))


def test_drift_is_reported_until_it_is_put_back():
    sides = hospital(), hospital() | {DEVICE: state(DEVICE, port=2)}, hospital()

    reported, repaired = planned(*sides), planned(*sides, options={"repair": (str(DEVICE),)})

    assert (addresses(reported.changes), addresses(reported.drifts)) == ([], [DEVICE])
    assert (addresses(repaired.changes), addresses(repaired.drifts)) == ([DEVICE], [])


def test_what_enforcing_leaves_is_still_reported():
    """The drifted field is put back; on the other one everybody disagrees."""
    declared, live, last = (
        {DEVICE: state(DEVICE, port=port, host=host)} for port, host in ((1, "d"), (2, "v"), (1, "l"))
    )
    plan = planned(declared, live, last, rules={"directory": Rules(kinds={}, enforce=True)})

    assert [[field.name for field in one.fields] for one in plan.changes] == [["port"]]
    assert addresses(plan.drifts) == [DEVICE]


# --- held, waiting ------------------------------------------------------------------------------------------


def asked(address: Address, before: World, after: World) -> Change:
    """What a person was asked to do at an address."""
    action = (
        "update" if address in before and address in after else "delete" if address in before else "create"
    )
    return Change(action, before.get(address), after.get(address), after.get(address))


def wall(**fields) -> World:
    """One entry that only a person can change."""
    return {DEVICE: State(DEVICE, DEVICE, fields)}


HELD = {"held": {ENTITY: state_digest(hospital(port=2)[ENTITY])}}


def test_what_is_held_is_left_out_with_what_waits_for_it():
    plan = planned(hospital(port=2), hospital(), hospital(), record=HELD)

    assert (addresses(plan.changes), addresses(plan.held)) == ([DEVICE], [PEER, ENTITY])


def test_a_hold_ends_when_something_else_is_declared():
    plan = planned(hospital(port=3), hospital(), hospital(), record=HELD)

    assert (addresses(plan.changes), plan.held) == ([DEVICE, ENTITY, PEER], ())


def test_what_a_person_is_to_key_in_waits_with_what_needs_it():
    waiting = {"waiting": {ENTITY: asked(ENTITY, hospital(), hospital(port=2))}}
    plan = planned(hospital(port=2), hospital(), hospital(), record=waiting)

    assert (addresses(plan.changes), addresses(plan.waiting)) == ([DEVICE], [PEER, ENTITY])


def test_waiting_is_over_when_something_else_is_declared():
    waiting = {"waiting": {ENTITY: asked(ENTITY, hospital(), hospital(port=2))}}
    plan = planned(hospital(port=3), hospital(), hospital(), record=waiting)

    assert (addresses(plan.changes), plan.waiting) == ([DEVICE, ENTITY, PEER], ())


@pytest.mark.parametrize(
    ("live", "waits"),
    [
        (wall(host="a", port=1), True),
        (wall(host="b", port=1), True),  # one of two fields is keyed in
        (wall(host="a", port=1, name="x"), True),  # what somebody else changed beside it is drift
        ({}, False),  # the row is gone: that somebody is to make it, nobody was told
    ],
    ids=["nothing is done", "half is done", "something else drifted", "gone"],
)
def test_what_is_left_of_what_a_person_was_asked_for_waits(live, waits):
    last, declared = wall(host="a", port=1), wall(host="b", port=2)
    plan = planned(declared, live, last, record={"waiting": {DEVICE: asked(DEVICE, last, declared)}})

    assert (addresses(plan.waiting), addresses(plan.changes)) == (([DEVICE], []) if waits else ([], []))


def test_a_person_who_was_asked_for_more_than_is_declared_now_is_asked_again():
    live = wall(host="a", port=1)
    record = {"waiting": {DEVICE: asked(DEVICE, live, wall(host="b", port=2))}}
    plan = planned(wall(host="b", port=1), live, live, record=record)

    assert (addresses(plan.changes), plan.waiting) == ([DEVICE], ())


def test_a_delete_waits_for_a_person_too():
    plan = planned({}, wall(port=1), wall(port=1), record={"waiting": {DEVICE: asked(DEVICE, wall(), {})}})

    assert (plan.changes, addresses(plan.waiting)) == ((), [DEVICE])


def test_a_repair_that_was_handed_to_a_person_waits_and_is_no_drift_any_more():
    sides = wall(port=1), wall(port=2), wall(port=1)
    plan = planned(*sides, record={"waiting": {DEVICE: asked(DEVICE, wall(port=2), wall(port=1))}})

    assert (plan.changes, addresses(plan.waiting), plan.drifts) == ((), [DEVICE], ())


def test_drift_that_is_another_one_than_a_person_was_asked_to_put_back_is_reported():
    sides = wall(port=1, host="a"), wall(port=1, host="c"), wall(port=1, host="a")
    record = {"waiting": {DEVICE: asked(DEVICE, wall(port=2, host="a"), wall(port=1, host="a"))}}
    plan = planned(*sides, record=record)

    assert (plan.changes, plan.waiting, addresses(plan.drifts)) == ((), (), [DEVICE])


# --- targets and excludes -----------------------------------------------------------------------------------


def test_a_target_brings_what_it_needs():
    plan = planned(hospital() | {MR: state(MR)}, {}, {}, options={"target": (str(ENTITY),)})

    assert addresses(plan.changes) == [DEVICE, TITLE, ENTITY]


def test_an_exclude_that_others_need_is_refused_by_name():
    with pytest.raises(UnsafePlan) as caught:
        planned(hospital(), {}, {}, options={"exclude": (str(TITLE),)})

    assert caught.value.reasons == (f"{TITLE} is needed",)


def test_an_exclude_that_nobody_needs_is_left_out():
    assert addresses(planned(hospital(), {}, {}, options={"exclude": ("archive",)}).changes) == [
        DEVICE,
        TITLE,
        ENTITY,
    ]


@pytest.mark.parametrize("flag", ["target", "exclude", "repair"])
def test_a_name_that_names_nothing_is_refused(flag):
    with pytest.raises(PlanError, match=f'--{flag} "directory/device/nobody" names nothing'):
        planned(hospital(), {}, {}, options={flag: ("directory/device/nobody",)})


@pytest.mark.parametrize("said", [DEVICE.name, "directory/devices/ct", "directory/device/CT"])
def test_a_name_that_is_almost_right_is_answered_with_the_right_one(said):
    with pytest.raises(PlanError) as caught:
        planned(hospital(), {}, {}, options={"target": (said,)})
    assert caught.value.fix.startswith(f"Did you mean {DEVICE}? Take an address from the plan")


def test_a_saved_plans_changes_are_planned_alone():
    plan = planned(hospital() | {MR: state(MR)}, {}, {}, only=frozenset({DEVICE}))

    assert addresses(plan.changes) == [DEVICE]


# --- names that linger --------------------------------------------------------------------------------------


def test_a_retired_devices_title_stays_until_its_day():
    plan = planned({}, hospital(), hospital(), retired=frozenset({DEVICE}))

    assert addresses(plan.changes) == [PEER, ENTITY, DEVICE]
    assert plan.reserved == {TITLE: (TODAY + timedelta(days=90)).isoformat()}


def test_a_title_goes_on_its_day_and_no_guard_minds():
    title = {TITLE: hospital()[TITLE]}
    others = {MR: state(MR)}
    plan = planned(others, title | others, title | others, record={"reserved": {TITLE: TODAY}})

    assert (addresses(plan.changes), plan.reserved, plan.guards) == ([TITLE], {}, ())


def test_an_empty_inventory_is_refused_although_titles_linger():
    plan = planned({}, hospital(), hospital())

    assert tripped(plan.guards) == ("GUARD-EMPTY", "GUARD-VANISHED")


def test_a_system_that_is_left_out_keeps_its_reservations():
    plan = make_plan(
        replace(
            scenario({}, {}, hospital(), record={"reserved": {TITLE: TODAY}}),
            systems={"archive": SystemRules(Rules(kinds={}))},
        )
    )

    assert plan.reserved == {TITLE: TODAY.isoformat()}


# --- what stands in the way ---------------------------------------------------------------------------------

READ_ONLY = {"directory": Rules(kinds={}, mode="read-only")}


def test_a_change_that_needs_one_in_a_read_only_system_stands_in_the_way():
    plan = planned(hospital(), {}, {}, rules=READ_ONLY)

    assert obstacles(plan) == (f"{PEER} needs a change in a read-only system first",)


def test_nothing_but_read_only_changes_stands_in_the_way():
    plan = planned({MR: state(MR)}, {}, {}, rules=READ_ONLY)

    assert obstacles(plan) == (
        "every change is in a read-only system (directory); set `mode: write` there to change it",
    )


def test_read_only_changes_beside_others_do_not():
    plan = planned({MR: state(MR), PEER: state(PEER)}, {}, {}, rules=READ_ONLY)

    assert (addresses(plan.runs), obstacles(plan)) == ([PEER], ())


# --- size ---------------------------------------------------------------------------------------------------


def test_twenty_thousand_resources_in_one_chain_are_planned_without_quadratic_work():
    """Quadratic work would take minutes; the bound is far from what is usual, since machines are shared."""
    names = [Address.of("directory", "device", f"{number:05}") for number in range(20_000)]
    world = {
        name: state(name, *needed)
        for name, needed in zip(names, [(), *((one,) for one in names)], strict=False)
    }
    began = monotonic()

    plan = planned(world, {}, {}, only=frozenset(names))
    digest = plan.digest

    assert (len(plan.changes), len(digest)) == (20_000, 64)
    assert monotonic() - began < 60


def test_a_digest_is_of_the_fields_alone():
    address = Address.of("a", "b", "c")
    state = State(address, address, {"port": 104, "uses": ("x",)})
    same = State(address, address, {"uses": ("x",), "port": 104}, claims=frozenset({"ae-title:X"}))
    assert state_digest(state) == state_digest(same) != state_digest(state.with_fields({"port": 105}))
    assert state_digest(None) == ""
