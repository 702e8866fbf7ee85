"""Answers of a review, as they are typed or filled in."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pacsconf.cli.access_answers import Answer, from_sheet, typed
from pacsconf.core.errors import PacsconfError
from pacsconf.core.review import Decision, Review, ReviewLine
from pacsconf.report.access.review_text import SheetRow, sheet_csv

LINES = (ReviewLine("mm", "reader"), ReviewLine("mm", "chief"), ReviewLine("nn", "reader"))
REVIEW = Review("AR-20261126-1", ("reader", "chief"), "2026-12-10", "K <k@x>", "2026-11-26T08:00:00Z", LINES)
ABLE = frozenset({"reader"})
HEAD = "review,user,role,decision,reason\n"


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "sheet.csv"
    file.write_text(text, encoding=encoding, newline="")
    return file


def test_a_user_means_the_lines_of_the_roles_that_one_approves():
    assert typed(REVIEW, ["mm"], [], "", ABLE) == {("mm", "reader"): Answer("keep")}
    both = typed(REVIEW, ["mm"], [], "", frozenset({"reader", "chief"}))
    assert set(both) == {("mm", "reader"), ("mm", "chief")}


def test_of_a_user_without_such_a_line_all_are_meant_so_that_it_is_refused_by_name():
    assert set(typed(REVIEW, ["mm"], [], "", frozenset())) == {("mm", "reader"), ("mm", "chief")}


def test_a_role_can_be_named_with_the_user():
    found = typed(REVIEW, [], ["mm/chief"], "moved", ABLE)
    assert found == {("mm", "chief"): Answer("remove", "moved")}


@pytest.mark.parametrize(
    ("keep", "remove", "reason", "words"),
    [
        (["mn"], [], "", "has no line on mn"),
        (["nn/chief"], [], "", "no line on nn/chief"),
        (["mm"], ["mm"], "x", "kept and removed"),
        ([], ["mm"], "", "a removal needs one"),
    ],
)
def test_what_cannot_be_meant_is_refused(keep, remove, reason, words):
    with pytest.raises(typer.BadParameter) as caught:
        typed(REVIEW, keep, remove, reason, ABLE)
    assert words in str(caught.value)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_sheet_is_read_as_any_spreadsheet_saves_it(tmp_path, separator, encoding):
    rows = [
        "Decision,User,Role,Reason,Comment",
        "KEEP,mm,reader,,",
        "remove,nn,reader,has  moved,x",
        ",mm,chief,,",
    ]
    file = written(tmp_path, "\r\n".join(rows).replace(",", separator), encoding)
    assert from_sheet(REVIEW, file) == {
        ("mm", "reader"): Answer("keep"),
        ("nn", "reader"): Answer("remove", "has moved"),
    }


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (f"{REVIEW.id},xx,reader,keep,", "has no line on xx as reader"),
        (f"{REVIEW.id},,,keep,", "has no line on nobody as no role"),
        (f"{REVIEW.id},mm,reader,yes,", 'the decision is "yes"'),
        (f"{REVIEW.id},mm,reader,remove,", "is to be removed for no reason"),
        ("AR-1,mm,reader,keep,", "it is of review AR-1"),
        (
            f"{REVIEW.id},nn,reader,keep,\n{REVIEW.id},nn,reader,keep,",
            "line 3: nn as reader stands there twice",
        ),
    ],
)
def test_a_row_that_cannot_be_taken_is_named(tmp_path, row, words):
    with pytest.raises(PacsconfError) as caught:
        from_sheet(REVIEW, written(tmp_path, HEAD + row))
    assert words in caught.value.message


def test_of_very_many_wrong_rows_the_first_are_told(tmp_path):
    with pytest.raises(PacsconfError, match="and 80 more"):
        from_sheet(REVIEW, written(tmp_path, HEAD + f"{REVIEW.id},xx,reader,keep,\n" * 100))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column user, role, decision"),
        ("user,role\nmm,reader\n", "no column decision"),
        ("\0", "no column"),
    ],
)
def test_what_is_no_sheet_is_refused(tmp_path, text, words):
    with pytest.raises(PacsconfError, match=words):
        from_sheet(REVIEW, written(tmp_path, text))


def test_a_file_that_is_not_there_or_in_another_encoding_is_refused(tmp_path):
    with pytest.raises(PacsconfError, match="cannot be read"):
        from_sheet(REVIEW, tmp_path / "none.csv")
    with pytest.raises(PacsconfError, match="is not UTF-8"):
        from_sheet(REVIEW, written(tmp_path, HEAD + "Ä", "latin-1"))


def test_a_field_of_unbounded_length_is_a_fault_of_the_file(tmp_path):
    with pytest.raises(PacsconfError, match="this is no table"):
        from_sheet(REVIEW, written(tmp_path, HEAD + '"' + "x" * 200_000))


def test_a_reason_is_kept_to_a_length(tmp_path):
    file = written(tmp_path, HEAD + f"{REVIEW.id},mm,reader,remove,{'x' * 1000}\n")
    assert len(from_sheet(REVIEW, file)["mm", "reader"].reason) == 300


reasons = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(reasons)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_sheet_that_was_printed_with_its_answers_is_read_back(tmp_path, reason):
    """Whatever a reason holds: it comes back as it is shown, or without what nobody sees."""
    line = ReviewLine("mm", "reader", decision=Decision("keep", "a", "b", "c", reason))
    row = SheetRow(line, "=1+1", "active", ("reader",), "", "", "yes", "a > b")
    found = from_sheet(REVIEW, written(tmp_path, sheet_csv(REVIEW, [row])))
    assert set(found) == {("mm", "reader")}
    assert found["mm", "reader"].word == "keep"
    if reason.isprintable() and reason.isascii() and not reason.startswith("'"):
        assert found["mm", "reader"].reason == " ".join(reason.split())
