from dataclasses import replace

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Outcome
from pacsconf.core.changeset import Proof
from pacsconf.report.lines import plain
from pacsconf.report.plan.apply_text import (
    apply_header,
    apply_summary,
    outcome_text,
    outcomes_sum,
    proofs_text,
)

TITLE = Address("directory", "unique-ae-title", "CT_ER_2")


def test_an_apply_from_the_lock_to_what_to_do_next(plan, changeset, golden):
    shown = (
        *apply_header(plan, holder="ci@runner-3", until="14:22"),
        *(row for outcome in changeset.outcomes for row in outcome_text(outcome)),
        *proofs_text(changeset.proofs),
        *apply_summary(changeset, commit="c0ffee1a2b3c", next_step="pacsconf -e lab resume"),
    )
    golden("apply.txt", plain(shown))


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [
        (Outcome(TITLE, "create", "applied", milliseconds=1234.6), f"  ✓ created    {TITLE}  1 235 ms\n"),
        (Outcome(TITLE, "update", "waiting"), f"  ? waiting    {TITLE}\n"),
        (
            Outcome(TITLE, "delete", "unknown", "the connection broke"),
            f"  ? no answer  {TITLE}\n               the connection broke\n",
        ),
    ],
    ids=["applied", "waiting", "unknown"],
)
def test_an_outcome_is_a_sign_a_word_and_an_address(outcome, shown):
    assert plain(outcome_text(outcome, width=40)) == shown


def test_changes_that_were_not_reached_are_counted(changeset):
    cut_short = replace(changeset, outcomes=changeset.outcomes[:3], proofs=())
    assert outcomes_sum(cut_short) == "3 of 18 changes done, 15 not reached"


def test_of_many_healthy_proofs_the_rest_is_counted_behind_every_fault():
    healthy = [Proof(f"CT_{number}", "healthy", "echo 3 ms") for number in range(20)]
    proofs = (*healthy, Proof("MR_1", "failing", "port closed"), Proof("US_1", "unknown", "no name server"))
    shown = plain(proofs_text(proofs)).splitlines()
    assert shown[1:3] == ["  ✗ MR_1  failing  port closed", "  ? US_1  unknown  no name server"]
    assert shown[-1] == "    … 13 more healthy"


def test_without_proofs_nothing_is_claimed():
    assert proofs_text(()) == ()


def test_an_apply_that_only_brings_the_record_up_to_date_says_so(plan, changeset):
    nothing = replace(changeset, plan=replace(plan, changes=()), outcomes=(), proofs=())
    assert outcomes_sum(nothing) == "Nothing was to be written; the record took in what stands"
