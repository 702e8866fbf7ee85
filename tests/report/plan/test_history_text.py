from dataclasses import replace

from pacsconf.core.address import Address
from pacsconf.core.change import Outcome
from pacsconf.report.lines import plain
from pacsconf.report.plan.history_text import changeset_text, history_text


def test_history_is_one_row_for_each_commit_of_the_record(entries, golden):
    golden("history.txt", plain(history_text("lab", entries)))


def test_an_empty_record_is_said_to_be_empty():
    assert plain(history_text("lab", ())) == "Nothing is recorded for lab yet.\n"


def test_a_change_set_in_full(changeset, view, golden):
    golden("changeset.txt", plain(changeset_text(changeset, view, commit="c0ffee1a2b3c")))


def test_an_open_change_set_says_until_when_it_holds_the_lock(changeset):
    shown = plain(changeset_text(replace(changeset, status="open", closed="", outcomes=(), proofs=())))
    assert "· open\n" in shown
    assert "  lease until  24 Nov 2026 14:22 UTC\n" in shown
    assert shown.endswith("0 of 18 changes done, 18 not reached\n")


def test_where_there_are_more_entries_it_says_so(entries):
    shown = plain(history_text("lab", entries, more=True))
    assert shown.startswith(f"History of lab, the newest {len(entries)} entries (--limit shows more)\n")


def test_many_changes_that_ended_alike_are_counted(changeset, view):
    skipped = tuple(
        Outcome(Address.parse(f"directory/device/ct-{number}"), "create", "skipped", "stopped")
        for number in range(30)
    )
    shown = plain(changeset_text(replace(changeset, outcomes=skipped), view))
    assert shown.count("  – skipped    directory/device/ct-") == 5  # noqa: RUF001
    assert "  – skipped    … 25 more: stopped\n" in shown  # noqa: RUF001
    all_of_them = plain(changeset_text(replace(changeset, outcomes=skipped), replace(view, verbose=True)))
    assert all_of_them.count("  – skipped    directory/device/ct-") == 30  # noqa: RUF001
