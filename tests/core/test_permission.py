from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.approval import ApprovalRule, Approvals, PlanApproval
from pacsconf.core.change import Change
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.guard import Scene, guards
from pacsconf.core.permission import Approval, counting, reasons_against, reasons_against_resuming
from pacsconf.core.plan import Basis, Plan
from pacsconf.core.resource import State

ADDRESSES = tuple(Address.of("archive", "rule", name) for name in "abcd")
RULE = ApprovalRule(("anna@example.org", "ben@example.org"))
ANNA, CI = "Anna Berg <anna@example.org>", "ci <ci@example.org>"


def change(address: Address, *, purges: bool, mode="write") -> Change:
    before, after = (State(address, address, {"keep": keep}) for keep in (10, 1))
    if not purges:
        return Change("update", before, after, after, mode=mode)
    effects = frozenset({"purges"})
    return Change("update", before, after, after, "data-loss", effects, mode=mode, purge="keeps 1, not 10")


def plan(*changes: Change, approvals: Approvals | None = None) -> Plan:
    sides = {one.address: one.before for one in changes if one.before}
    return Plan(
        "lab",
        Basis("a", "b", "c", "d", "e", "2026-11-24"),
        changes=changes,
        guards=guards(changes, Scene(sides, sides, sides)),
        approvals=approvals or Approvals(),
    )


def acks(made: Plan, *names: str) -> tuple[str, ...]:
    return tuple(f"{made.digest[:8]}:{name}" for name in names)


def by_ci(*given: str, reason: str = "RAD-118", **more) -> Approval:
    return Approval(CI, "ci@runner-3:1", reason, "RAD-118", given, **more)


TWO = plan(change(ADDRESSES[0], purges=True), change(ADDRESSES[1], purges=True))


def test_what_purges_says_so_by_its_address():
    assert reasons_against(TWO, (), by_ci()) == [
        f"{address} purges (GUARD-PURGE), and only an --ack of its own for plan {TWO.digest[:8]} lets it through"
        for address in ADDRESSES[:2]
    ]


def test_an_acknowledgement_of_one_lets_no_other_through():
    (left,) = reasons_against(TWO, (), by_ci(*acks(TWO, f"GUARD-PURGE:{ADDRESSES[0]}")))

    assert left.startswith(str(ADDRESSES[1]))


def test_all_of_them_and_a_reason_let_it_through():
    both = acks(TWO, *(f"GUARD-PURGE:{address}" for address in ADDRESSES[:2]))

    assert reasons_against(TWO, (), by_ci(*both)) == []
    assert reasons_against(TWO, (), by_ci(*both, reason=" ")) == ["an --ack needs a --reason"]


PLANS = st.lists(st.booleans(), min_size=1, max_size=4).map(
    lambda kinds: plan(*(change(a, purges=purges) for a, purges in zip(ADDRESSES, kinds, strict=False)))
)
NAMES = st.sampled_from(
    [
        "GUARD-PURGE",
        "GUARD-PURGE:",
        "GUARD-PURGE:*",
        "GUARD-PURGE:archive/rule/*",
        "GUARD-APPROVALS",
        "GUARD-UPDATE",
        "*",
        *(f"GUARD-PURGE:{address}" for address in ADDRESSES),
    ]
)


@given(PLANS, st.sets(NAMES), st.booleans(), st.lists(st.sampled_from([ANNA, CI]), max_size=2), st.text())
def test_a_plan_that_purges_is_never_applied_without_an_ack_for_each(made, names, this_plan, givers, key):
    """Whatever else is said: other guards, other plans, approvals, a key."""
    digest = made.digest if this_plan else "f" * 64
    said = by_ci(*(f"{digest}:{name}" for name in sorted(names)), key=key)
    needed = {f"GUARD-PURGE:{one.address}" for one in made.purges}
    given = [PlanApproval(made.digest, by, "2026-11-24T13:00:00Z") for by in givers]

    applies = not reasons_against(made, given, said)

    assert applies is (needed <= (names if this_plan else set()))


# --- approvals ----------------------------------------------------------------------------------------------

ASKING = Approvals({"data-loss": RULE}, {"data-loss": RULE})
ASKED = plan(change(ADDRESSES[0], purges=True), approvals=ASKING)
LET = acks(ASKED, f"GUARD-PURGE:{ADDRESSES[0]}")
YES = PlanApproval(ASKED.digest, ANNA, "2026-11-24T13:00:00Z")


def test_an_ack_is_no_approval_and_an_approval_no_ack():
    (lacks,) = reasons_against(ASKED, (), by_ci(*LET))
    assert lacks == (
        "data-loss: 0 of 1 approvals by somebody else than who applies (may be given by anna@example.org,"
        " ben@example.org)"
    )
    assert [reason.split()[1] for reason in reasons_against(ASKED, (YES,), by_ci())] == ["purges"]
    assert reasons_against(ASKED, (YES,), by_ci(*LET)) == []


def test_what_does_not_count_is_named():
    (reason,) = reasons_against(ASKED, (YES,), replace(by_ci(*LET), operator="anna  BERG <a@b>"))

    assert reason.endswith("; Anna Berg <anna@example.org> is the one who applies")


def test_the_approvals_that_count_are_kept_each_once():
    both = Approvals({"data-loss": RULE, "workflow": RULE}, {"data-loss": RULE, "workflow": RULE})
    made = plan(change(ADDRESSES[0], purges=True), change(ADDRESSES[1], purges=False), approvals=both)
    by_himself = replace(YES, by=CI)

    assert counting(made, (YES, by_himself), by_ci().applier) == (YES,)


# --- taking up what is open ---------------------------------------------------------------------------------

OPEN = ChangeSet("20261124-1412-5be1", ASKED, CI, "ci@runner-3:1", "", "", acks=LET, approvals=(YES,))


def test_what_was_acknowledged_and_approved_is_taken_up_without_another_word():
    assert reasons_against_resuming(OPEN, ASKED.runs, ASKING.recorded, OPEN.approvals, LET) == []


def test_who_signed_with_which_key_was_asked_when_it_was_opened():
    signed = replace(YES, key="SHA256:a")

    assert reasons_against_resuming(OPEN, ASKED.runs, ASKING.recorded, (signed,), LET) == []


@pytest.mark.parametrize(
    ("left", "given", "words"),
    [
        (replace(OPEN, acks=()), (YES,), "purges (GUARD-PURGE)"),
        (replace(OPEN, acks=acks(ASKED, "GUARD-PURGE")), (YES,), "purges (GUARD-PURGE)"),
        (replace(OPEN, acks=(f"ffff:GUARD-PURGE:{ADDRESSES[0]}",)), (YES,), "purges (GUARD-PURGE)"),
        (OPEN, (), "data-loss: 0 of 1"),
        (OPEN, (replace(YES, flaw="is not signed"),), "is not signed"),
        (replace(OPEN, operator=ANNA), (YES,), "is the one who applies"),
    ],
    ids=["no ack", "an ack of all", "another plan's ack", "no approval", "a false one", "one's own"],
)
def test_what_was_never_let_through_is_not_taken_up(left, given, words):
    (reason,) = reasons_against_resuming(left, ASKED.runs, ASKING.recorded, given, left.acks)

    assert words in reason


def test_what_an_open_change_set_says_of_itself_is_not_believed():
    """Somebody who can push may spell a change that purges as one that does not."""
    harmless = plan(change(ADDRESSES[0], purges=False))
    left = replace(OPEN, plan=harmless, acks=(), approvals=())

    assert reasons_against_resuming(left, harmless.runs, {}, (), ()) == []
    (reason,) = reasons_against_resuming(left, ASKED.runs, {}, (), ())
    assert reason.startswith(f"{ADDRESSES[0]} purges")


def test_nor_are_the_acknowledgements_that_it_holds():
    (reason,) = reasons_against_resuming(OPEN, ASKED.runs, ASKING.recorded, OPEN.approvals, ())

    assert reason.startswith(f"{ADDRESSES[0]} purges")


def test_nor_its_risk_nor_its_own_rules():
    """Else a purge that calls itself workflow would need nobody's approval."""
    left = replace(OPEN, plan=plan(change(ADDRESSES[0], purges=False)), approvals=())
    stated = f"{left.plan.digest}:GUARD-PURGE:{ADDRESSES[0]}"

    (reason,) = reasons_against_resuming(left, ASKED.runs, ASKING.recorded, (), (stated,))
    assert reason.startswith("data-loss: 0 of 1")
