from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import pacsconf.core.plan
from pacsconf.core.address import Address
from pacsconf.core.approval import ApprovalRule, Approvals
from pacsconf.core.change import Change
from pacsconf.core.compare import compare
from pacsconf.core.errors import DependencyCycle, PlanError
from pacsconf.core.guard import Guard
from pacsconf.core.order import closure, order
from pacsconf.core.plan import Basis, Options, Plan, plan_from_json, plan_to_json
from pacsconf.core.resource import State
from tests.core.strategies import World, changes_between, worlds

CT, MR = Address.parse("directory/device/ct"), Address.parse("directory/device/mr")
BASIS = Basis("a1", "b2", "c3", "d4", "e5", "2026-11-24")


def state(address: Address = CT, **values) -> State:
    return State(address, address, values)


UPDATE = Change("update", state(port=1), state(port=2), state(port=2), effects=frozenset({"readdresses"}))
PURGE = replace(UPDATE, risk="data-loss", effects=frozenset({"purges"}), purge="keeps 1, not 2")
CREATE = Change("create", None, state(MR, port=1), state(MR, port=1))
WITHIN = Guard("GUARD-UPDATE", "devices of directory", (CT,), 20, 10, "why", "pacsconf.guards.updates.device")
TRIPPED = Guard("GUARD-HOST", "resources", (CT,), 1, 0, "why", notes=("outside",))
EACH = Guard("GUARD-PURGE", "rules of archive", (CT,), 1, 0, "why", notes=("less",), each=True)
RULE, OTHER = ApprovalRule(("anna@example.org",)), ApprovalRule(("eve@example.org",))

PLAN = Plan(
    environment="lab",
    basis=BASIS,
    options=Options(
        repair=("directory/device/ct",),
        target=("directory",),
        exclude=("archive",),
        rollback=("20261124-141200-5be1",),
    ),
    changes=(UPDATE, CREATE),
    closure={CT: (state(port=1), state(port=1)), MR: (None, None)},
    guards=(WITHIN,),
    takes=(state(MR, port=3),),
    forgets=(MR,),
    drifts=compare({CT: state(port=1)}, {CT: state(port=2)}, {CT: state(port=1)}),
    waiting=(CREATE,),
    held=(UPDATE,),
    reserved={MR: "2027-02-24"},
    unmanaged=(MR,),
    counts={"directory": 212},
    notes={CT: "by cn=jdoe"},
    blocked=("the record is not fetched",),
    approvals=Approvals({"data-loss": RULE}, {"data-loss": RULE}),
    stays={MR: "is gone already"},
    lost={CT: "what is not modelled"},
)


# --- JSON ---------------------------------------------------------------------------------------------------


def through_json(plan: Plan) -> Plan:
    return plan_from_json(json.loads(json.dumps(plan_to_json(plan))))


def test_a_plan_with_everything_in_it_comes_back_from_json():
    assert all(getattr(PLAN, field.name) for field in fields(Plan))
    assert through_json(PLAN) == PLAN


def test_one_that_purges_comes_back_with_its_words_and_what_each_needs():
    plan = replace(PLAN, changes=(PURGE,), guards=(EACH,))

    assert through_json(plan) == plan
    assert through_json(plan).purges == (PURGE,)


def test_one_that_was_made_before_there_were_approvals_is_read():
    body = plan_to_json(replace(PLAN, approvals=Approvals()))

    assert "approvals" not in body
    assert plan_from_json(body).approvals == Approvals()


def test_one_that_takes_nothing_back_says_nothing_of_that_and_is_read():
    body = plan_to_json(replace(PLAN, options=Options(), stays={}, lost={}))

    assert "rollback" not in body["options"]
    assert {"stays", "lost"}.isdisjoint(body)
    assert plan_from_json(body).options.rollback == ()


def test_approvals_are_asked_for_the_risks_of_what_would_run():
    looked_at = replace(PURGE, mode="read-only")

    assert replace(PLAN, changes=(PURGE, UPDATE)).asked == {"data-loss": RULE}
    assert replace(PLAN, changes=(looked_at, UPDATE)).asked == {}


@given(worlds(), worlds(), worlds())
def test_any_plan_comes_back_from_json_with_its_digest(declared, live, last):
    try:
        plan = a_plan(declared, live, last)
    except DependencyCycle:
        assume(False)

    assert through_json(plan) == plan
    assert through_json(plan).digest == plan.digest


def a_plan(declared: World, live: World, last: World) -> Plan:
    changes = order(changes_between(live, declared))
    reached = {
        address: (live.get(address), last.get(address)) for address in closure(changes, declared, live)
    }
    drifts = tuple(one for one in compare(declared, live, last) if one.drifted)
    return Plan("lab", BASIS, changes=changes, closure=reached, drifts=drifts, takes=tuple(last.values()))


EDITED = {
    "a value": lambda data: data["changes"][0]["after"]["fields"].update(port=3),
    "a change left out": lambda data: data["changes"].pop(),
    "the order": lambda data: data["changes"].reverse(),
    "the environment": lambda data: data.update(environment="production"),
    "what it relies on": lambda data: data["closure"].pop(str(CT)),
    "the digest": lambda data: data.update(digest="0" * 64),
}


@pytest.mark.parametrize("edit", EDITED.values(), ids=EDITED.keys())
def test_a_plan_edited_by_hand_is_refused(edit):
    data = plan_to_json(PLAN)
    edit(data)

    with pytest.raises(PlanError, match="its contents do not match its digest") as caught:
        plan_from_json(data)
    assert (
        caught.value.fix == "Change the inventory instead, and make the plan again: pacsconf plan --out FILE"
    )


DAMAGED = {
    "a key is gone": lambda data: data.pop("changes"),
    "an action that is none": lambda data: data["changes"][0].update(action="explode"),
    "an address that is none": lambda data: data["forgets"].append("ct"),
    "a state that is none": lambda data: data["takes"].append(None),
    "a verdict that is none": lambda data: data["drifts"][0].update(verdict="fine"),
    "a field's verdict that is none": lambda data: data["drifts"][0]["fields"][0].update(verdict="fine"),
    "a list that is none": lambda data: data.update(changes=7),
    "a mapping that is none": lambda data: data.update(closure=[]),
    "a number that is none": lambda data: data["guards"][0].update(total="many"),
    "a number beyond all": lambda data: data["guards"][0].update(limit=float("inf")),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_plan_is_refused(damage):
    data = plan_to_json(PLAN)
    damage(data)

    with pytest.raises(PlanError, match="the plan is damaged: "):
        plan_from_json(data)


@pytest.mark.parametrize("data", [None, [], "plan", {}, {"format_version": 2}])
def test_what_is_no_plan_of_this_format_is_refused(data):
    with pytest.raises(PlanError, match="this is not a plan of format version 1"):
        plan_from_json(data)


# --- the digest ---------------------------------------------------------------------------------------------

CARRIED = {
    **{f"basis.{name}": {"basis": replace(BASIS, **{name: "else"})} for name in Basis.__slots__},
    "options": {"options": Options()},
    "a guard that is not tripped": {"guards": ()},
    "the rules of approval that are in force": {
        "approvals": Approvals({"data-loss": OTHER}, {"data-loss": OTHER})
    },
    "the reason of a change": {"changes": (replace(UPDATE, reason="for the eye"), CREATE)},
    **{
        name: {name: type(getattr(PLAN, name))()}
        for name in (
            "takes",
            "forgets",
            "drifts",
            "waiting",
            "held",
            "reserved",
            "unmanaged",
            "counts",
            "notes",
            "blocked",
        )
    },
}


@pytest.mark.parametrize("otherwise", CARRIED.values(), ids=CARRIED.keys())
def test_what_is_carried_and_shown_does_not_touch_the_digest(otherwise):
    assert replace(PLAN, **otherwise) != PLAN
    assert replace(PLAN, **otherwise).digest == PLAN.digest


def with_update(**otherwise):
    return {"changes": (replace(UPDATE, **otherwise), CREATE)}


def with_closure(live: State | None, last: State | None):
    return {"closure": {**PLAN.closure, CT: (live, last)}}


DIGESTED = {
    "environment": {"environment": "production"},
    "a change more or less": {"changes": (UPDATE,)},
    "the order of changes": {"changes": (CREATE, UPDATE)},
    "action": with_update(action="create"),
    "before": with_update(before=state(port=9)),
    "after": with_update(after=state(port=9)),
    "after's root": with_update(after=State(CT, MR, {"port": 2})),
    "after's needs": with_update(after=State(CT, CT, {"port": 2}, depends_on=frozenset({MR}))),
    "after's claims": with_update(after=State(CT, CT, {"port": 2}, claims=frozenset({"ae-title:CT"}))),
    "what is recorded": with_update(records=state(port=9)),
    "risk": with_update(risk="access"),
    "effects": with_update(effects=frozenset()),
    "take-over": with_update(takes_over=True),
    "repair": with_update(repairs=True),
    "mode": with_update(mode="read-only"),
    "how it purges": with_update(purge="keeps nothing"),
    "other rules of approval": {"approvals": Approvals({"data-loss": RULE}, {"data-loss": OTHER})},
    "no rules of approval any more": {"approvals": Approvals({"data-loss": RULE}, {})},
    "first rules of approval": {"approvals": Approvals({}, {"data-loss": RULE})},
    "live in the closure": with_closure(state(port=9), state(port=1)),
    "last in the closure": with_closure(state(port=1), state(port=9)),
    "the closure itself": {"closure": {CT: PLAN.closure[CT]}},
    "a tripped guard": {"guards": (WITHIN, TRIPPED)},
}


@pytest.mark.parametrize("otherwise", DIGESTED.values(), ids=DIGESTED.keys())
def test_what_a_plan_does_and_relies_on_is_digested(otherwise):
    assert replace(PLAN, **otherwise).digest != PLAN.digest


def test_the_format_version_is_digested(monkeypatch):
    before = PLAN.digest
    monkeypatch.setattr(pacsconf.core.plan, "FORMAT_VERSION", 2)

    assert replace(PLAN).digest != before


def test_the_digest_is_the_same_in_every_process():
    """Approvals name it, so it must not depend on the order of a set, a mapping or a hash seed."""
    assert PLAN.digest == "ad778fa42fe4adc205e7aa7fe22cf74bf172b0a62550b5801a0f3da7d4eef285"


@given(worlds(), worlds(), worlds(), st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_the_order_of_mappings(declared, live, last, random):
    def shuffled(world: World) -> World:
        return dict(random.sample(list(world.items()), len(world)))

    try:
        plan = a_plan(declared, live, last)
    except DependencyCycle:
        assume(False)

    assert a_plan(shuffled(declared), shuffled(live), shuffled(last)).digest == plan.digest


# --- what would run -----------------------------------------------------------------------------------------


def test_read_only_changes_are_shown_and_do_not_run():
    shown = replace(UPDATE, mode="read-only")
    plan = Plan("lab", BASIS, changes=(shown, CREATE))

    assert plan.runs == (CREATE,)
