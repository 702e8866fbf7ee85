from __future__ import annotations

from pacsconf.core.address import Address
from pacsconf.core.aftermath import newly_waiting, owned_after, still_held, still_waiting
from pacsconf.core.change import Change, Outcome, Status
from pacsconf.core.plan import Basis, Plan
from pacsconf.core.resource import State

A, B, C, D, E = (Address.parse(f"memory/device/{name}") for name in "abcde")
ELSEWHERE = Address.parse("console/device/a")
BASIS = Basis("", "", "", "", "", "2026-11-24")


def state(address: Address, note: str = "", *needs: Address) -> State:
    return State(address, address, {"note": note}, frozenset(needs))


def create(address: Address, *needs: Address) -> Change:
    made = state(address, "new", *needs)
    return Change("create", None, made, made)


def outcome(change: Change, status: Status) -> Outcome:
    return Outcome(change.address, change.action, status)


def test_what_is_owned_moves_for_what_was_applied_and_for_nothing_else():
    deleted = Change("delete", state(C), None)
    plan = Plan("lab", BASIS, changes=(create(A), create(B), deleted))
    statuses: tuple[Status, ...] = ("applied", "failed", "applied")
    outcomes = [outcome(*pair) for pair in zip(plan.changes, statuses, strict=True)]
    owned = {B: state(B, "old"), C: state(C), D: state(D)}
    assert owned_after(owned, plan, outcomes) == {A: state(A, "new"), B: state(B, "old"), D: state(D)}


def test_what_is_taken_over_is_owned_and_what_is_forgotten_is_not():
    plan = Plan("lab", BASIS, takes=(state(A),), forgets=(B,))
    assert owned_after({B: state(B)}, plan, []) == {A: state(A)}


def test_only_what_a_person_can_do_now_is_handed_over():
    plan = Plan("lab", BASIS, changes=(create(A), create(B, A), create(C, B), create(D)))
    waiting: tuple[Status, ...] = ("waiting", "waiting", "waiting", "applied")
    outcomes = [outcome(*pair) for pair in zip(plan.changes, waiting, strict=True)]
    assert [change.address for change in newly_waiting(plan, outcomes)] == [A]


def test_what_waits_goes_on_waiting_until_it_is_done_or_handed_over_anew():
    plan = Plan(
        "lab",
        BASIS,
        changes=(create(B), create(C)),
        takes=(state(A), state(D)),
        waiting=(create(A),),
        forgets=(E,),
    )
    outcomes = [outcome(create(B), "skipped"), outcome(create(C), "waiting")]
    waiting = {address: str(address) for address in (A, B, C, D, E, ELSEWHERE)}
    assert still_waiting(waiting, plan, outcomes).keys() == {A, B, ELSEWHERE}


def test_a_hold_ends_when_its_address_is_written():
    assert still_held({A: 1, B: 2}, [outcome(create(A), "applied"), outcome(create(B), "failed")]) == {B: 2}
