from __future__ import annotations

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Outcome, Status
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.plan import Basis, Options, Plan
from pacsconf.report.lines import plain
from pacsconf.report.plan.apply_text import outcome_text, outcomes_sum, reloads_text
from pacsconf.report.plan.rollback_text import stays_text, taken_back_text
from pacsconf.report.view import View

CT, ARC = Address.parse("directory/device/ct-1"), Address.parse("directory/reload/arc-1")
COMMIT, EARLIER = "3f2a9c1" * 5, "81bc02e" * 5


def changeset(commit: str = COMMIT, **more: object) -> ChangeSet:
    plan = Plan("lab", Basis("", "", "", commit, "", "2026-11-24"), **more)  # type: ignore[arg-type]
    return ChangeSet("20261124-141200-5be1", plan, "me", "here", "", "")


BACK = changeset(options=Options(rollback=("20261124-141200-5be1",)))


def test_many_that_stay_for_one_reason_are_counted():
    stays = {Address.parse(f"directory/device/ct-{number:02}"): "is gone already" for number in range(12)}
    plan = changeset(stays=stays).plan
    brief, whole = plain(stays_text(plan, View())), plain(stays_text(plan, View(verbose=True)))
    assert brief.count("! directory/device/") == 9
    assert "… 3 more (--verbose)" in brief
    assert brief.count("is gone already") == 1
    assert whole.count("! directory/device/") == 12


def test_what_is_held_comes_with_the_commit_to_take_back_and_what_else_may_belong_to_it():
    told = plain(taken_back_text(BACK, changeset(), [CT], "pacsconf -e lab", since=EARLIER))
    assert "pacsconf -e lab release directory/device/ct-1" in told
    assert f"git revert {COMMIT[:10]}\n" in told
    assert f"git log --oneline {EARLIER[:10]}..{COMMIT[:10]} -- inventory" in told


@pytest.mark.parametrize("commit", ["", f"{COMMIT}-dirty"], ids=["not-in-git", "dirty"])
def test_what_was_never_committed_has_no_commit_to_take_back(commit: str):
    told = plain(taken_back_text(BACK, changeset(commit), [CT], "pacsconf"))
    assert "git revert" not in told
    assert "made of files that were not committed" in " ".join(told.split())


def test_where_nothing_is_held_and_nothing_stays_nothing_is_said():
    assert taken_back_text(BACK, changeset(), [], "pacsconf") == ()


@pytest.mark.parametrize(
    ("status", "words"),
    [("applied", "✓ reloaded "), ("failed", "✗ refused "), ("unknown", "? not told ")],
)
def test_who_was_told_is_shown_in_words_of_its_own(status: Status, words: str):
    assert words in plain(outcome_text(Outcome(ARC, "reload", status)))


def test_who_was_told_is_no_change_that_was_made():
    done = (Outcome(CT, "create", "applied"), Outcome(ARC, "reload", "failed", "no period"))
    whole = ChangeSet("id", changeset().plan, "me", "here", "", "", outcomes=done)
    assert outcomes_sum(whole) == "1 of 1 change done · 1 refused"


def test_a_refusal_offers_to_take_back_what_was_applied_last():
    refused, missed = Outcome(ARC, "reload", "failed", "no period"), Outcome(ARC, "reload", "unknown", "gone")
    assert "Next: pacsconf rollback 2026-5be1" in plain(reloads_text((refused,), "pacsconf", "2026-5be1"))
    assert "rollback" not in plain(reloads_text((missed,), "pacsconf", "2026-5be1"))
    assert "rollback" not in plain(reloads_text((refused,), "pacsconf", ""))
