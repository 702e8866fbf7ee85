"""A vendor's CSV export: what is read of it, and all that can be wrong with one."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.inventory.console_export import ExportConfig
from pacsconf.systems._console.export import Problem, Row, parse

COLUMNS = {
    "alias": "Name",
    "ae_title": "AE Title",
    "host": "IP Address",
    "port": "Port",
    "tls": "Secure",
    "allow": "May",
}


def config(**keys: object) -> ExportConfig:
    return ExportConfig.model_validate({"file": "ris.csv", "columns": COLUMNS, **keys})


def rows(data: bytes, **keys: object) -> dict[str, dict[str, object]]:
    found, problems = parse(data, config(**keys))
    assert problems == ()
    return {row.alias: dict(row.fields) for row in found}


def wrong(data: bytes, **keys: object) -> list[tuple[int, str]]:
    _, problems = parse(data, config(**keys))
    return [(one.line, one.text) for one in problems]


NARROW = {"columns": {"alias": "Name", "port": "Port"}}


# --- what is read ------------------------------------------------------------------------------------------------


def test_a_row_is_a_peer_with_what_it_has_values_for():
    text = "Name,AE Title,IP Address,Port,Secure,May\nCT_1, CT_1 ,10.0.0.1,104,yes,C-STORE; echo\nWS,WS_1,,,no,\n"
    assert rows(text.encode()) == {
        "CT_1": {
            "ae_title": "CT_1",
            "host": "10.0.0.1",
            "port": 104,
            "tls": True,
            "allow": ("echo", "store"),
        },
        "WS": {"ae_title": "WS_1"},
    }


def test_columns_that_nobody_asked_for_are_passed_over():
    assert rows(b"Port,Bay,Name\n104,3,CT\n", **NARROW) == {"CT": {"port": 104}}


def test_without_an_alias_the_title_names_the_row():
    found = rows(b"T;P\nCT_1;104\n", delimiter=";", columns={"ae_title": "T", "port": "P"})
    assert found == {"CT_1": {"ae_title": "CT_1", "port": 104}}


def test_what_is_odd_on_the_console_stays_as_it_is():
    text = "Name,AE Title,IP Address,Port,Secure,May\nCT,A TITLE OF MORE THAN 16,010.1.1.1,104,,print\n"
    assert rows(text.encode())["CT"] == {
        "ae_title": "A TITLE OF MORE THAN 16",
        "host": "010.1.1.1",
        "port": 104,
        "allow": ("print",),
    }


def test_an_address_of_many_spellings_is_spelled_as_the_inventory_spells_it():
    columns = {"alias": "N", "host": "H"}
    assert rows(b"N,H\nCT,2001:DB8:0:0::1\n", columns=columns) == {"CT": {"host": "2001:db8::1"}}


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", "utf-8-sig"),
        ("windows-1252", "windows-1252"),
        ("windows-1252", "utf-8-sig"),
        ("utf-8", "utf-16"),
        ("utf-16", "utf-16"),
    ],
)
def test_windows_encodings_are_read_and_a_byte_order_mark_is_believed(encoding, written):
    data = "Name;Port\r\nMRT_Süd;104\r\n".encode(written)
    assert rows(data, delimiter=";", encoding=encoding, **NARROW) == {"MRT_Süd": {"port": 104}}


def test_lines_inside_quotes_count_for_what_is_said_of_later_rows():
    data = b'Name,Port,Remark\nCT,104,"bay 1,\nfirst floor"\n\nMR,abc,\n'
    assert wrong(data, **NARROW) == [(5, 'Port: "abc" is no port')]
    assert rows(data.replace(b"abc", b"105"), **NARROW) == {"CT": {"port": 104}, "MR": {"port": 105}}


def test_what_spreadsheets_add_is_passed_over():
    assert rows(b"sep=;\r\nName;Port\r\nCT;104;;\r\n;;\r\n", delimiter=";", **NARROW) == {"CT": {"port": 104}}


def test_tabs_are_a_delimiter():
    assert rows(b"Name\tPort\nCT\t104\n", delimiter="tab", **NARROW) == {"CT": {"port": 104}}


names = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=16).map(str.strip)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        names.filter(bool),
        st.tuples(names, st.one_of(st.none(), st.integers(1, 65535)), st.booleans()),
        max_size=8,
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "windows-1252"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_as_csv_is_read_as_it_was(peers, delimiter, encoding, line_end):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(["Secure", "Name", "Port", "AE Title"])
    for alias, (title, port, tls) in peers.items():
        writer.writerow(["yes" if tls else "no", alias, port or "", title])
    columns = {"alias": "Name", "ae_title": "AE Title", "port": "Port", "tls": "Secure"}
    found = rows(text.getvalue().encode(encoding), delimiter=delimiter, encoding=encoding, columns=columns)
    expected = {
        alias: {"ae_title": title, "port": port, "tls": tls or None}
        for alias, (title, port, tls) in peers.items()
    }
    assert found == {
        alias: {name: value for name, value in fields.items() if value} for alias, fields in expected.items()
    }


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_lies_there_is_rows_or_problems_and_never_a_crash(data):
    found, problems = parse(data, config(**NARROW))
    assert all(isinstance(row, Row) for row in found)
    assert all(isinstance(one, Problem) and one.line >= 1 for one in problems)


# --- what is wrong -----------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_said_at_once_by_line():
    data = b"Name,Port\nCT,abc\nMR,1,2\nUS\nCT_2,70000\n,104\nDX,104\nDX,105\nNM\x00,1\n"
    assert wrong(data, **NARROW) == [
        (2, 'Port: "abc" is no port'),
        (3, "this row has 3 cells under 2 headings"),
        (4, "this row has 1 cell under 2 headings"),
        (5, "Port: a port is a whole number from 1 to 65535, not 70000"),
        (6, "Name is empty: nothing names this row"),
        (8, '"DX" stands in line 7 already'),
        (9, "Name: a line break or another control character stands in this cell"),
    ]


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        (b"", [(1, "no row of headings stands here")]),
        (b"\n ,\n", [(1, "no row of headings stands here")]),
        (
            b"Name,Prt\nCT,1\n",
            [(1, 'no column has the heading "Port"; did you mean "Prt"?')],
        ),
        (
            b"Name;Port\nCT;1\n",
            [
                (1, 'no column has the heading "Name"; did you mean "Name;Port"? (is `delimiter` right?)'),
                (1, 'no column has the heading "Port"; did you mean "Name;Port"? (is `delimiter` right?)'),
            ],
        ),
        (
            b"Name,Port,Port\nCT,1,2\n",
            [(1, 'the heading "Port" stands here 2 times: which column is meant?')],
        ),
        (
            b"Name,Port\nM\xfcller,1\n",
            [(2, "this is no utf-8; say in `encoding` what it is (windows-1252 is usual in Windows)")],
        ),
        (b"Name,Port\n" + b"x" * 300 + b",1\n", [(2, "Name: 300 characters are no value of a peer")]),
    ],
    ids=["empty", "blank", "heading", "delimiter", "twice", "encoding", "long"],
)
def test_what_is_wrong_with_the_whole_file_is_said(data, problems):
    assert wrong(data, **NARROW) == problems


def test_a_quote_that_never_ends_is_named_where_it_begins():
    ((line, text),) = wrong(b'Name,Port\nCT,104\n"MR,105\nUS,106\n', **NARROW)
    assert line == 3
    assert text.startswith("the row that begins here is no CSV")


def test_a_switch_that_is_neither_on_nor_off_is_wrong():
    columns = {"alias": "N", "tls": "T"}
    assert wrong(b"N,T\nCT,perhaps\n", columns=columns) == [(2, 'T: "perhaps" is neither yes nor no')]


def test_more_lines_than_any_table_has_are_not_read_on():
    data = b"Name,Port\n" + b"".join(b"CT%d,104\n" % number for number in range(50_001))
    assert wrong(data, **NARROW) == [(50_001, "more than 50000 lines: this is no peer table")]
