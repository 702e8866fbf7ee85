"""What a run for due changes takes away, on memberships and accounts as directories of people have them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.approval import ApprovalRule, Approvals
from pacsconf.core.decide import Rules
from pacsconf.core.due import Ended, takes_away
from pacsconf.core.guard import tripped
from pacsconf.core.plan import Basis, Options, Plan, plan_from_json, plan_to_json
from pacsconf.core.planning import Recorded, Scenario, SystemRules, make_plan
from pacsconf.core.resource import State
from pacsconf.systems._accounts.kinds import KINDS

BASIS = Basis("", "", "", "", "", "2026-11-26")
DUE = Options(due=("2026-11-26",))
GROUPS = ("readers", "qc", "admins")


def account(user: str, **fields) -> State:
    root = Address.of("accounts", "user", user)
    return State(root, root, fields)


def member(user: str, *groups: str) -> State:
    root, at = Address.of("accounts", "user", user), Address.of("accounts", "membership", user)
    return State(at, root, {f"group {name}": "member" for name in groups}, frozenset({root}))


ENABLED, DISABLED = account("ada", account="enabled"), account("ada", account="disabled")


def by_address(states) -> dict[Address, State]:
    return {one.address: one for one in states}


def planned(declared, live, as_if=(), *, last=None, options=DUE, **more) -> Plan:
    """`as_if` is what would be declared had nothing ended; `last` is as live if it is not given."""
    return make_plan(
        Scenario(
            environment="lab",
            basis=BASIS,
            options=options,
            declared=by_address(declared),
            live=by_address(live),
            record=Recorded(by_address(live if last is None else last)),
            systems={"accounts": SystemRules(Rules(KINDS))},
            today=date(2026, 11, 26),
            ended={one.address: Ended(one, one.root.name, f"ended for {one.root.name}") for one in as_if},
            **more,
        )
    )


def done(plan: Plan) -> dict[str, dict[str, tuple[object, object]]]:
    return {
        str(one.address): {field.name: (field.before, field.after) for field in one.fields}
        for one in plan.changes
    }


def test_who_has_left_is_disabled_and_taken_out():
    stood = [account("ada", account="enabled"), member("ada", "readers")]
    plan = planned([account("ada", account="disabled"), member("ada")], stood, stood)
    assert done(plan) == {
        "accounts/user/ada": {"account": ("enabled", "disabled")},
        "accounts/membership/ada": {"group readers": ("member", None)},
    }
    assert {one.reason for one in plan.changes} == {"ended for ada"}
    assert [one.records for one in plan.changes] == [one.after for one in plan.changes]


def test_a_part_that_is_not_due_is_left_for_an_apply_that_somebody_looked_at():
    live = [account("ada", account="enabled", expires="2026-11-25"), member("ada", "readers", "qc")]
    declared = [account("ada", account="disabled", expires="2027-11-25"), member("ada", "admins")]
    as_if = [account("ada", account="enabled", expires="2027-11-25"), member("ada", "readers", "admins")]
    plan = planned(declared, live, as_if)
    assert done(plan) == {
        "accounts/user/ada": {"account": ("enabled", "disabled")},
        "accounts/membership/ada": {"group readers": ("member", None)},
    }
    assert {name: state.fields for name, state in records(plan).items()} == {
        "user": {"account": "disabled", "expires": "2026-11-25"},
        "membership": {"group qc": "member"},
    }


def records(plan: Plan) -> dict[str, State]:
    return {one.address.kind: one.records for one in plan.changes if one.records is not None}


def test_an_apply_that_somebody_looked_at_does_all_of_it_and_says_what_a_day_brought():
    live = [member("ada", "readers", "qc"), member("bob", "qc")]
    plan = planned([member("ada"), member("bob")], live, [member("ada", "readers", "qc")], options=Options())
    assert {str(one.address): one.reason for one in plan.changes} == {
        "accounts/membership/ada": "ended for ada",
        "accounts/membership/bob": "",
    }


@pytest.mark.parametrize(
    ("declared", "live", "as_if", "last"),
    [
        ([member("ada")], [member("ada", "qc")], [], None),
        ([member("ada")], [member("ada", "qc")], [member("ada")], None),
        ([member("ada", "qc")], [member("ada")], [member("ada", "qc")], None),
        ([member("ada")], [member("ada", "qc")], [member("ada", "qc")], []),
        ([member("ada")], [member("ada", "qc")], [member("ada", "qc")], [member("ada")]),
        ([ENABLED], [DISABLED], [ENABLED], None),
    ],
    ids=["nothing ended", "it would go anyhow", "something new", "not ours", "drift", "it would come back"],
)  # fmt: skip
def test_nothing_else_is_due(declared, live, as_if, last):
    plan = planned(declared, live, as_if, last=last)
    assert (plan.changes, plan.takes, plan.forgets, plan.drifts) == ((), (), (), ())


def test_drift_is_not_reported_and_the_record_moves_for_nothing_else():
    live = [member("ada", "readers"), member("bob", "qc"), member("cem", "qc")]
    last = [member("ada", "readers"), member("bob")]
    declared = [member("ada"), member("bob"), member("cem", "qc")]
    plan = planned(declared, live, [member("ada", "readers")], last=last)
    assert list(done(plan)) == ["accounts/membership/ada"]
    assert (plan.takes, plan.forgets, plan.drifts) == ((), (), ())
    whole = planned(declared, live, last=last, options=Options())
    assert (len(whole.takes), len(whole.drifts)) == (1, 1)


FIELDS = st.frozensets(st.sampled_from(GROUPS))
SIDES = st.fixed_dictionaries(dict.fromkeys(("declared", "live", "as_if", "last"), FIELDS))


@given(st.fixed_dictionaries({"ada": SIDES, "bob": SIDES}))
def test_only_what_would_still_be_there_had_nothing_ended_goes(people):
    sides = {
        side: [member(name, *sorted(each[side])) for name, each in people.items()]
        for side in ("declared", "live", "as_if", "last")
    }
    plan = planned(sides["declared"], sides["live"], sides["as_if"], last=sides["last"])
    for one in plan.changes:
        each = people[one.root.name]
        gone = {field.name.removeprefix("group ") for field in one.fields}
        assert all(field.after is None for field in one.fields)
        assert gone <= each["live"] & each["as_if"] & each["last"] - each["declared"]
        assert one.records is not None
        assert set(one.records.fields) == {f"group {name}" for name in each["last"] - gone}
        assert takes_away(one, KINDS[one.address.kind])
    for name, each in people.items():
        wanted = each["live"] & each["as_if"] & each["last"] - each["declared"]
        changed = {f"{one.root.name}" for one in plan.changes}
        assert (name in changed) is bool(wanted)


# --- guards and approvals


def leavers(number: int):
    names = [f"u{index:02}" for index in range(number)]
    live = [member(name, "readers") for name in (*names, *(f"x{index:03}" for index in range(200)))]
    return [member(name) for name in names] + live[number:], live, [member(name, "readers") for name in names]


def test_many_ends_on_one_day_are_counted_unless_they_were_known():
    declared, live, as_if = leavers(40)
    assert tripped(planned(declared, live, as_if).guards) == ("GUARD-REMOVE",)
    known = frozenset(one.address for one in as_if)
    assert tripped(planned(declared, live, as_if, announced=known).guards) == ()
    few = planned(declared, live, as_if, announced=frozenset(list(known)[:37]))
    (guard,) = [one for one in few.guards if one.tripped]
    assert len(guard.counted) == 3


def test_what_is_due_needs_no_approval_and_leaves_the_rules_as_they_are():
    rule = ApprovalRule(("Ben",))
    approvals = Approvals({"access": rule}, {"access": rule})
    stood = [member("ada", "readers")]
    assert planned([member("ada")], stood, stood, approvals=approvals).asked == {}
    assert planned([member("ada")], stood, stood, approvals=approvals, options=Options()).asked == {
        "access": rule
    }


def test_a_plan_keeps_that_it_is_due():
    stood = [member("ada", "readers")]
    plan = planned([member("ada")], stood, stood)
    assert plan_from_json(plan_to_json(plan)) == plan
    usual = plan_to_json(planned([member("ada")], stood, stood, options=Options()))
    assert {"due", "at", "rollback"}.isdisjoint(usual["options"])
