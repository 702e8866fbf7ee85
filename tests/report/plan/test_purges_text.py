"""What deletes studies is seen first, and all of it."""

import shlex
from dataclasses import replace

import pytest

from pacsconf.core.address import Address
from pacsconf.core.approval import ApprovalRule, Approvals, PlanApproval
from pacsconf.core.change import Change
from pacsconf.core.guard import Scene, guards
from pacsconf.core.resource import State
from pacsconf.report.lines import plain
from pacsconf.report.plan.history_text import changeset_text
from pacsconf.report.plan.plan_markdown import plan_markdown
from pacsconf.report.plan.plan_text import plan_text
from pacsconf.report.plan.purges_text import purges_text
from pacsconf.report.view import View, acknowledgement

RULE = ApprovalRule(("Ben Ito", "anna@example.org"), 2)


def purging(name: str, mode="write") -> Change:
    address = Address.of("archive", "rule", name)
    before, after = (State(address, address, {"keep": keep}) for keep in (10, 1))
    effects = frozenset({"purges"})
    return Change(
        "update", before, after, after, "data-loss", effects, mode=mode, purge=f"{name} keeps 1, not 10"
    )


@pytest.fixture
def many(plan):
    """A working day's plan, and thirty rules that are made shorter."""
    changes = tuple(purging(f"r{number:02}") for number in range(30))
    return replace(plan, changes=(*plan.changes, *changes), guards=guards(changes, Scene({}, {}, {})))


def test_it_stands_above_every_other_change(many, view):
    shown = plain(plan_text(many, view))
    head = shown.index("!! DELETES STUDIES, or deletes them sooner: each needs an --ack of its own")
    assert all(head < shown.index(str(one.root)) for one in many.changes)


def test_none_of_them_is_ever_left_out(many, view):
    command = acknowledgement(many, view)
    texts = (
        plain(plan_text(many, view)).partition("refused[")[0],
        plain(plan_text(many, view)).partition("refused[")[2],
        plan_markdown(many, view).partition("<details")[0],
    )
    for one in many.purges:
        assert all(str(one.address) in text and one.purge in text for text in texts)
        assert f"--ack {many.digest[:8]}:GUARD-PURGE:{one.address}" in command


def test_a_comment_that_is_cut_keeps_them_on_top(many, view):
    short = plan_markdown(many, view, max_bytes=4_000)
    assert "### !! DELETES STUDIES" in short
    assert short.count("keeps 1, not 10") >= 30


def test_one_that_is_only_looked_at_says_so():
    shown = plain(purges_text([purging("a", mode="read-only")], View()))
    assert "read-only, never executed" in shown


def test_where_nothing_purges_nothing_is_said(plan, view):
    assert purges_text(plan.changes, view) == ()
    assert "DELETES" not in plan_markdown(plan, view)


def test_nothing_in_an_address_means_anything_to_a_shell(many, view):
    one = purging("a b;reboot $x")
    made = replace(many, changes=(one,), guards=guards((one,), Scene({}, {}, {})))
    *_, ack, reason, words = shlex.split(acknowledgement(made, view))
    assert (ack, reason, words) == (f"{made.digest[:8]}:GUARD-PURGE:{one.address}", "--reason", "...")


def test_a_change_set_shows_what_it_purged_and_who_approved(changeset, many, view):
    approved = PlanApproval(
        many.digest, "Anna Berg <anna@example.org>", "2026-11-24T13:00:00Z", "seen", "SHA256:x"
    )
    shown = plain(changeset_text(replace(changeset, plan=many, approvals=(approved,)), view))
    assert shown.index("DELETES STUDIES") < shown.index("What was planned")
    said = " ".join(shown.split())
    assert (
        "approved by Anna Berg <anna@example.org>, 24 Nov 2026 13:00 UTC · seen · signed with SHA256:x"
        in said
    )


def test_what_was_given_and_does_not_count_is_shown_with_its_reason(many, view):
    asking = replace(many, approvals=Approvals({"data-loss": RULE}, {"data-loss": RULE}))
    given = (
        PlanApproval(asking.digest, "Anna Berg <anna@example.org>", "2026-11-24T13:00:00Z", "seen"),
        PlanApproval(asking.digest, "Eve <eve@example.org>", "2026-11-24T13:00:00Z"),
    )
    shown = " ".join(plain(plan_text(asking, replace(view, approvals=given))).split())
    assert "! data-loss: 1 of 2, by Ben Ito or anna@example.org" in shown
    assert "Anna Berg <anna@example.org>, 24 Nov 2026 13:00 UTC · seen" in shown
    assert "does not count: Eve <eve@example.org> is not one of the approvers" in shown
    assert f"to approve {view.command_for(asking.environment)} approve plan.json" in shown
