"""Reading CSV: the same cells as the library's reader, each at its place."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.people_csv import MOST_LINES, Table, Unclosed, rows

CELLS = st.lists(
    st.lists(st.text(st.sampled_from("aü ,;\"\n'#=\t"), max_size=6), min_size=1, max_size=5), max_size=6
)


def written(table: list[list[str]], delimiter: str, *, always: bool) -> str:
    """The table as the library writes it."""
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if always else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerows(table)
    return text.getvalue()


@given(CELLS, st.sampled_from(",;\t"), st.booleans())
def test_cells_are_those_of_the_library(table, delimiter, always):
    text = written(table, delimiter, always=always)
    found = csv.reader(io.StringIO(text.replace("\r\n", "\n"), newline=""), delimiter=delimiter, strict=True)
    assert [row.cells for row in rows(text, delimiter)] == [row for row in found if row]


@given(CELLS, st.booleans())
def test_each_cell_stands_where_its_place_says(table, always):
    text = written(table, ";", always=always).replace("\r\n", "\n")
    lines = text.split("\n")
    for row in rows(text, ";"):
        for number, cell in enumerate(row.cells):
            _, line, column, _ = row.spot("f", number)
            rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
            begins = '"' + cell.replace('"', '""') + '"' if rest.startswith('"') else cell
            assert rest.startswith(begins)
            assert rest[len(begins) : len(begins) + 1] in ("", ";", "\n")


@given(st.text(st.sampled_from('ab",;\r\n'), max_size=40))
def test_whatever_it_is_given_it_reads_or_says_where_it_cannot(text):
    last = text.count("\n") + text.count("\r") + 1
    try:
        lines = [row.line for row in rows(text, ",")]
    except Unclosed as exc:
        lines = [exc.line]
    assert lines == sorted(set(lines) & set(range(1, last + 1)))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_lines_end_in_any_of_three_ways(ending):
    text = ending.join(["a,b", "1,2", "", '"3",4', ""])
    assert [(row.line, row.cells) for row in rows(text, ",")] == [
        (1, ["a", "b"]),
        (2, ["1", "2"]),
        (4, ["3", "4"]),
    ]


def test_a_quote_that_is_never_closed_is_told_where_it_began():
    text = 'a,b\n1,"x\n' + "2,3\n" * MOST_LINES
    with pytest.raises(Unclosed) as told:
        list(rows(text, ","))
    assert (told.value.line, told.value.column) == (2, 3)


def test_what_follows_on_a_closed_quote_is_told():
    with pytest.raises(Unclosed) as told:
        list(rows('a,b\n"1"x,2\n', ","))
    assert (told.value.line, told.value.column) == (2, 4)


def test_of_one_mistake_a_hundred_are_told_and_the_others_counted():
    table = Table("f.csv", "a,b\n" + "1\n" * 150, ",")
    assert list(table.rows()) == []
    found = list(table.findings)
    assert len(found) == 101
    assert found[0].summary == "This row has 1 cells, and there are 2 headings"
    assert found[-1].summary == "There are 50 more like this in f.csv"
