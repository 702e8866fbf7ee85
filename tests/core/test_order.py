from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.errors import DependencyCycle
from pacsconf.core.order import closure, foremost, layers, needed_by, order, waiting_for
from pacsconf.core.resource import State
from tests.core.strategies import World, applied, changes_between, stands, worlds

A, B, C, D = (Address.parse(f"directory/device/{name}") for name in "abcd")


def state(address: Address, *needs: Address, claims: str = "", note: str = "") -> State:
    """A state; each letter of `claims` is one."""
    return State(address, address, {"note": note} if note else {}, frozenset(needs), frozenset(claims))


def create(address: Address, *needs: Address, claims: str = "") -> Change:
    return Change("create", None, state(address, *needs, claims=claims))


def delete(address: Address, *needs: Address, claims: str = "") -> Change:
    return Change("delete", state(address, *needs, claims=claims), None)


def update(before: State, after: State) -> Change:
    return Change("update", before, after)


def addresses(changes) -> list[list[Address]]:
    return [[change.address for change in layer] for layer in layers(changes)]


# --- what waits for what ------------------------------------------------------------------------------------


def test_create_follows_what_it_needs():
    assert addresses([create(A, B), create(B, C), create(C)]) == [[C], [B], [A]]


def test_delete_goes_before_what_it_needed():
    assert addresses([delete(C), delete(B, C), delete(A, B)]) == [[A], [B], [C]]


def test_update_follows_the_create_of_what_it_newly_needs():
    assert addresses([update(state(A), state(A, B)), create(B)]) == [[B], [A]]


def test_delete_follows_the_update_that_no_longer_needs_it():
    assert addresses([delete(A), update(state(B, A), state(B))]) == [[B], [A]]


def test_an_entry_that_another_one_replaces_goes_last():
    changes = [delete(A), update(state(B, A), state(B, C)), create(C)]

    assert addresses(changes) == [[C], [B], [A]]


def test_update_follows_the_update_of_what_it_stands_on():
    """So that one that fails, or waits for a person, holds back what builds on it."""
    changes = [update(state(A, B), state(A, B, note="x")), update(state(B), state(B, note="x"))]

    assert addresses(changes) == [[B], [A]]
    assert waiting_for({B}, changes) == {A}


def test_an_update_gives_way_to_a_name_that_must_be_free_first():
    """A stands on B, but B takes the name that A gives up."""
    changes = [update(state(A, B, claims="x"), state(A, B)), update(state(B), state(B, claims="x"))]

    assert addresses(changes) == [[A], [B]]


def test_a_freed_name_precedes_its_next_holder():
    assert addresses([create(A, claims="x"), delete(B, claims="x")]) == [[B], [A]]


def test_a_name_that_two_hold_must_be_given_up_by_both():
    changes = [create(A, claims="x"), delete(B, claims="x"), delete(C, claims="x")]

    assert addresses(changes) == [[B, C], [A]]
    assert needed_by({A}, changes) == {B, C}


def test_two_devices_swap_their_titles_when_the_entries_are_named_by_them():
    """Each entry goes and comes under another address, so no entry waits for itself."""
    ct, mr = state(A), state(B)

    def entity(device: Address, title: str) -> State:
        address = Address.of("directory", "entity", device.name, title)
        return State(address, device, {}, frozenset({device}), frozenset({title}))

    start = {one.address: one for one in (ct, mr, entity(A, "CT"), entity(B, "MR"))}
    goal = {one.address: one for one in (ct, mr, entity(A, "MR"), entity(B, "CT"))}

    assert [
        [(one.action, one.address.name) for one in layer] for layer in layers(changes_between(start, goal))
    ] == [
        [("delete", "a/CT"), ("delete", "b/MR")],
        [("create", "a/MR"), ("create", "b/CT")],
    ]


def test_systems_interleave():
    peer = Address.parse("archive/peer/ct")

    assert addresses([create(peer, A), create(A, B), create(B)]) == [[B], [A], [peer]]


# --- cycles -------------------------------------------------------------------------------------------------

SWAP = [
    update(state(A, claims="x"), state(A, claims="y")),
    update(state(B, claims="y"), state(B, claims="x")),
]
CYCLES = {
    "two that swap a name in place": (SWAP, (A, B)),
    "three that pass names round": (
        [
            update(state(a, claims=x), state(a, claims=y))
            for a, x, y in ((A, "x", "y"), (B, "y", "z"), (C, "z", "x"))
        ],
        (A, B, C),
    ),
    "needs that go round": ([create(A, B), create(B, C), create(C, A), create(D)], (A, B, C)),
    "a name freed by what is still needed": (
        [create(A, claims="x"), update(state(B, C), state(B, A)), delete(C, claims="x")],
        (A, B, C),
    ),
}


@pytest.mark.parametrize(("changes", "named"), CYCLES.values(), ids=CYCLES.keys())
def test_a_cycle_names_everything_in_it(changes, named):
    with pytest.raises(DependencyCycle) as caught:
        order(changes)

    assert caught.value.addresses == named
    assert str(caught.value).endswith(", ".join(map(str, named)))


def test_of_two_cycles_the_same_one_is_named_from_any_order():
    changes = [create(A, B), create(B, A), create(C, D), create(D, C)]

    for shuffled in permutations(changes):
        with pytest.raises(DependencyCycle) as caught:
            order(shuffled)
        assert caught.value.addresses == (A, B)


# --- subsets ------------------------------------------------------------------------------------------------


def test_a_subset_needs_what_it_waits_for_through_others():
    changes = [create(A, B), create(B, C), create(C), create(D)]

    assert needed_by({A}, changes) == {B, C}
    assert needed_by({A, C}, changes) == {B}
    assert needed_by({A, B, C}, changes) == frozenset()


def test_a_subset_needs_the_change_that_frees_its_name():
    assert needed_by({A}, [create(A, claims="x"), delete(B, claims="x")]) == {B}


def test_a_delete_needs_what_still_stands_on_it_to_go():
    assert needed_by({A}, [delete(A), delete(B, A), update(state(C, A), state(C))]) == {B, C}


def test_what_is_blocked_holds_back_what_waits_for_it_through_others():
    changes = [create(A, B), create(B, C), create(C), create(D)]

    assert waiting_for({C}, changes) == {A, B}
    assert waiting_for({D}, changes) == frozenset()


# --- what the changes stand on ------------------------------------------------------------------------------


def side(*states: State) -> World:
    return {one.address: one for one in states}


def test_closure_holds_what_is_needed_on_either_side_through_others():
    declared, live = side(state(A, B), state(B, C), state(C)), side(state(B, D), state(D))

    assert closure([create(A, B)], declared, live) == {A, B, C, D}


def test_closure_holds_who_has_the_claims_that_are_taken_or_freed():
    live = side(state(B, claims="x"), state(C, claims="y"), state(D, claims="z"))
    change = update(state(A, claims="x"), state(A, claims="y"))

    assert closure([change], live) == {A, B, C}


def test_closure_holds_what_still_stands_on_something_deleted():
    """Nobody's entry below a device that goes: when one appears, the plan is stale."""
    assert closure([delete(A)], side(state(B, A), state(C))) == {A, B}


# --- properties ---------------------------------------------------------------------------------------------


@given(worlds(), worlds(), st.randoms(use_true_random=False))
def test_layers_lead_from_one_world_to_the_other_through_worlds_that_stand(start, goal, random):
    """In whichever order a layer's changes come; and no order is refused that exists."""
    changes = changes_between(start, goal)
    try:
        cut = layers(changes)
    except DependencyCycle:
        assert not _some_order_exists(start, changes)
        return
    world = start
    for layer in cut:
        for change in random.sample(layer, len(layer)):
            world = applied(world, change)
            assert stands(world)

    assert world == goal


def _some_order_exists(world: World, changes) -> bool:
    """Whether some order keeps the world standing, tried one change at a time."""
    if not changes:
        return True
    for place, change in enumerate(changes):
        after = applied(world, change)
        if stands(after) and _some_order_exists(after, changes[:place] + changes[place + 1 :]):
            return True
    return False


@given(worlds(), worlds(), st.randoms(use_true_random=False))
def test_order_keeps_every_change_and_any_shuffle_gives_the_same(start, goal, random):
    changes = changes_between(start, goal)
    shuffled = random.sample(changes, len(changes))
    ordered, cycle = _ordered(changes)

    assert _ordered(shuffled) == (ordered, cycle)
    assert cycle or sorted(ordered, key=lambda change: change.address) == list(changes)


def _ordered(changes) -> tuple[tuple[Change, ...], tuple[Address, ...]]:
    """The order, or the addresses in a cycle."""
    try:
        return order(changes), ()
    except DependencyCycle as cycle:
        return (), cycle.addresses


@given(worlds(), worlds(), st.data())
def test_a_closed_subset_can_be_applied_and_an_open_one_is_told_what_it_lacks(start, goal, data):
    changes = changes_between(start, goal)
    names = [change.address for change in changes]
    chosen = data.draw(st.sets(st.sampled_from(names))) if names else set()
    lacking = needed_by(chosen, changes)

    assert lacking <= set(names) - chosen
    assert needed_by(chosen | lacking, changes) == frozenset()
    subset = [change for change in changes if change.address in chosen | lacking]
    try:
        ordered = order(subset)
    except DependencyCycle:
        return
    world = start
    for change in ordered:
        world = applied(world, change)
        assert stands(world)


@given(worlds(), worlds(), st.data())
def test_what_does_not_wait_goes_on_after_a_failure(start, goal, data):
    changes = changes_between(start, goal)
    names = [change.address for change in changes]
    failed = data.draw(st.sets(st.sampled_from(names))) if names else set()
    skipped = waiting_for(failed, changes)
    try:
        ordered = order(changes)
    except DependencyCycle:
        return

    world = start
    for change in ordered:
        if change.address not in failed | skipped:
            world = applied(world, change)
            assert stands(world)


@settings(max_examples=50)
@given(worlds(), worlds())
def test_closure_of_everything_is_everything_that_changes_and_what_it_needs(start, goal):
    changes = changes_between(start, goal)
    found = closure(changes, goal, start)

    assert {change.address for change in changes} <= found
    for address in found:
        for held in (start.get(address), goal.get(address)):
            assert held is None or held.depends_on <= found


# --- what comes first of some -------------------------------------------------------------------------------


def test_foremost_are_those_that_wait_for_none_of_the_others():
    changes = [create(A), create(B, A), create(C, B), create(D)]
    assert foremost([A, B, C, D], changes) == {A, D}
    assert foremost([B, C], changes) == {B}


def test_foremost_sees_through_changes_that_are_not_asked_about():
    assert foremost([A, C], [create(A), create(B, A), create(C, B)]) == {A}


def test_foremost_of_deletes_is_what_depends():
    assert foremost([A, B], [delete(A), delete(B, A)]) == {B}
