from dataclasses import replace

from pacsconf.report.history_text import changeset_text, history_text
from pacsconf.report.lines import plain


def test_history_is_one_row_for_each_commit_of_the_record(entries, golden):
    golden("history.txt", plain(history_text("lab", entries)))


def test_an_empty_record_is_said_to_be_empty():
    assert plain(history_text("lab", ())) == "Nothing is recorded for lab yet.\n"


def test_a_change_set_in_full(changeset, view, golden):
    golden("changeset.txt", plain(changeset_text(changeset, view, commit="c0ffee1a2b3c")))


def test_an_open_change_set_says_until_when_it_holds_the_lock(changeset):
    shown = plain(changeset_text(replace(changeset, status="open", closed="", outcomes=(), proofs=())))
    assert "· open\n" in shown
    assert "  lease until  2026-11-24T14:22:05Z\n" in shown
    assert shown.endswith("0 of 18 changes done, 18 not reached\n")
