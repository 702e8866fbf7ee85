from dataclasses import replace

from pacsconf.report.drift_text import drift_text
from pacsconf.report.lines import plain, width_of


def test_every_kind_of_drift_with_both_ways_out(busy_plan, view, golden):
    golden("drift.txt", plain(drift_text(busy_plan, replace(view, next_step=""))))


def test_no_drift_says_what_was_compared(plan, view):
    shown = plain(drift_text(replace(plan, drifts=()), replace(view, next_step="")))
    assert shown == (
        "No drift. lab is as it was last applied: 212 resources of directory, 38\nresources of orthanc compared.\n"
    )


def test_eighty_columns_suffice(busy_plan, view):
    lines = drift_text(busy_plan, view)
    too_wide = [plain((this,)).strip(" +~-!?\n") for this in lines if width_of(this) > 80]
    assert [text for text in too_wide if " " in text and not text.startswith("pacsconf -e")] == []
