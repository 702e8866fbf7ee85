"""What `core` leaves out because nothing can come of it changes nothing: held against a plain spelling of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.core import planning
from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.compare import compare, unequal
from pacsconf.core.decide import Rules, change
from pacsconf.core.errors import DependencyCycle, PlanError
from pacsconf.core.guard import Scene
from pacsconf.core.order import closure, foremost, graph, layers, needed_by, waiting_for
from pacsconf.core.plan import Basis, Options, Plan, plan_to_json
from pacsconf.core.planning import Recorded, Scenario, SystemRules, make_plan
from pacsconf.core.resource import Resource, State
from pacsconf.core.select import ignoring, matching
from tests.core import reference
from tests.core.strategies import SLOTS, World, changes_between, worlds

PATTERNS = (
    "*",
    "archive",
    "directory/*",
    "directory/device",
    "directory/device/ct",
    "*/peer/?t",
    "directory/[de]*/ct*",
    "nowhere",
)

few = settings(max_examples=50)


@st.composite
def sides(draw: st.DrawFn) -> tuple[World, World, World]:
    """Declared, live and last, which agree at many addresses."""
    these, those = draw(worlds()), draw(worlds())

    def mixed() -> World:
        others = draw(st.sets(st.sampled_from(SLOTS)))
        sides = ((address, (those if address in others else these).get(address)) for address in SLOTS)
        return {address: state for address, state in sides if state is not None}

    return mixed(), mixed(), mixed()


def patterns() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(PATTERNS), unique=True, max_size=2).map(tuple)


# --- comparing ------------------------------------------------------------------------------------------------


@few
@given(sides(), st.booleans())
def test_what_is_plainly_equal_calls_for_nothing(three, known):
    declared, live, last = three[0], three[1], three[2] if known else None
    differing = unequal(declared, live, last)
    all_rules = (Rules({}), Rules({}, enforce=True), Rules({}, exclusive=frozenset({"device", "peer"})))

    for one in compare(declared, live, last):
        assert (one.address in differing) is not (one.verdict == "equal" and not one.fields)
        if one.address not in differing:
            assert (one.drifted, one.records_only) == (False, False)
            assert all(change(one, rules, repairs=True) is None for rules in all_rules)


@few
@given(sides(), st.data())
def test_some_addresses_are_compared_as_all_of_them_are(three, data):
    some = data.draw(st.sets(st.sampled_from(SLOTS)))
    chosen = [address for address in some if any(address in side for side in three)]

    assert compare(*three, addresses=chosen) == tuple(one for one in compare(*three) if one.address in some)


class Lingering(Resource):
    kind = "title"
    lingers = True


@few
@given(sides(), worlds(), patterns(), patterns(), patterns(), st.booleans())
def test_a_plan_is_the_one_in_which_every_address_is_compared(three, former, target, exclude, repair, known):
    declared, live, last = three
    asked = {one.address: one for one in changes_between(former, declared)}
    scenario = Scenario(
        "lab",
        Basis("", "", "", "", "", ""),
        Options(repair, target, exclude),
        declared,
        live,
        Recorded(last if known else None, waiting=asked),
        {
            "archive": SystemRules(Rules({}), ("peer/mr:port",)),
            "directory": SystemRules(Rules({"title": Lingering})),
        },
        date(2026, 11, 24),
    )

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(planning, "unequal", lambda d, v, last: set(d) | set(v) | set(last or {}))
        every_one = _planned(scenario)

    assert _planned(scenario) == every_one


def test_what_a_person_keyed_in_is_recorded_as_it_is_declared_now():
    """All fields agree, but it depends on something else by now: nobody is waited for, so the record moves."""
    address, device = Address.parse("archive/peer/ct"), Address.parse("directory/device/ct")
    former, now = (
        State(address, address, {"port": 1}),
        State(address, address, {"port": 1}, frozenset({device})),
    )
    asked = Change("update", former.with_fields({}), former, former)
    scenario = Scenario(
        "lab",
        Basis("", "", "", "", "", ""),
        Options(),
        {address: now},
        {address: former},
        Recorded({address: former}, waiting={address: asked}),
        {"archive": SystemRules(Rules({}))},
        date(2026, 11, 24),
    )

    assert make_plan(scenario).takes == (now,)


def _planned(scenario: Scenario) -> Plan | str:
    try:
        return make_plan(scenario)
    except PlanError as error:
        return str(error)


# --- order ----------------------------------------------------------------------------------------------------


@few
@given(worlds(), worlds(), st.data())
def test_the_order_is_the_plain_one(start, goal, data):
    changes = changes_between(start, goal)
    waits = reference.graph(changes)
    some = data.draw(st.sets(st.sampled_from(SLOTS)))
    behind = {one for address in some for one in reference.turned(waits).get(address, ())}

    assert graph(changes) == waits
    assert _layers(changes) == reference.layers(waits)
    assert needed_by(some, changes) == reference.reached(some, waits) - some
    assert waiting_for(some, changes) == reference.reached(some, reference.turned(waits)) - some
    assert foremost(some, changes) == some - reference.reached(behind, reference.turned(waits))


def _layers(changes) -> list[list[Address]] | None:
    try:
        return [[one.address for one in layer] for layer in layers(changes)]
    except DependencyCycle:
        return None


@few
@given(worlds(), worlds(), sides(), st.sets(st.sampled_from(SLOTS)))
def test_the_closure_is_the_plain_one(start, goal, three, some):
    changes = [one for one in changes_between(start, goal) if one.address in some]

    assert closure(changes, *three) == reference.closure(changes, *three)


# --- guards, patterns -----------------------------------------------------------------------------------------


@few
@given(sides(), st.sets(st.sampled_from(SLOTS)))
def test_guards_count_against_the_roots_that_are_there(three, reserved):
    found = {root for roots in Scene(*three, reserved=reserved).totals.values() for root in roots}

    assert found == reference.roots_there(*three, reserved)


@given(patterns(), st.sampled_from(SLOTS), st.sampled_from(SLOTS))
def test_patterns_together_name_what_one_of_them_does(given_patterns, address, root):
    names = (str(address), str(root), address.system, f"{address.system}/{address.kind}")
    plain = any(fnmatchcase(name, pattern) for name in names for pattern in given_patterns)

    assert matching(given_patterns)(address, root) is plain


@pytest.mark.parametrize("pattern", ["peer/[", "peer/[!c]*", "peer/a[]", "pe?r/ct"])
def test_wildcards_are_those_of_file_names(pattern):
    address = Address.parse("archive/peer/ct")

    assert matching([f"archive/{pattern}"])(address, address) == fnmatchcase("peer/ct", pattern)
    assert ignoring([pattern])(address, "") == fnmatchcase("peer/ct", pattern)


# --- the digest -----------------------------------------------------------------------------------------------


def test_a_plan_that_is_changed_has_a_digest_of_its_own():
    """It is computed once for each plan, and never carried over to another one."""
    plan = Plan("lab", Basis("", "", "", "", "", ""))
    digests = {plan.digest, replace(plan, environment="production").digest}

    assert len(digests) == 2
    assert plan_to_json(plan)["digest"] == plan.digest == replace(plan).digest
