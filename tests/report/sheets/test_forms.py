import csv
import json
from datetime import date
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from pacsconf.report.lines import visible
from pacsconf.report.sheets.forms import as_json, cell, form_of, html, iso, key, plain, row, text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (104, "104"),
        (date(2026, 11, 24), "24 Nov 2026"),
        (("CT", "PT"), "CT, PT"),
        (("a", None, True), "a, , yes"),
    ],
    ids=str,
)
def test_a_value_is_written_as_people_read_it(value, text):
    assert text_of(value) == text


def test_a_day_for_machines_is_iso():
    assert (iso(date(2026, 11, 24)), iso(None)) == ("2026-11-24", "")


def test_html_keeps_line_ends_and_escapes_the_rest():
    assert (
        html("<b>Röntgen & CT</b>\n\u202eevil\x07") == "&lt;b&gt;Röntgen &amp; CT&lt;/b&gt;\n\\u202eevil\\x07"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("ct-1", "ct-1"),
        ("=1+1", "'=1+1"),
        ("+49 351", "'+49 351"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
        ('a "b", c', '"a ""b"", c"'),
        ("a;b", '"a;b"'),
        ("two\nlines", '"two\nlines"'),
        ("\t=1", "\\t=1"),
    ],
    ids=ascii,
)
def test_a_cell_is_text_to_a_spreadsheet(text, written):
    assert cell(text) == written


def test_a_number_is_no_formula():
    assert cell(-5) == "-5"


def test_a_row_may_have_semicolons_between_its_cells():
    assert row(["a,b", 104, None], ";") == '"a,b";104;'


@given(st.lists(st.text(), min_size=2, max_size=5))
def test_a_row_is_read_back_as_it_was(values):
    (read,) = csv.reader(StringIO(str(row(values)), newline=""), strict=True)
    assert [each.removeprefix("'") for each in read] == [
        "\n".join(map(visible, value.replace("\r\n", "\n").split("\n"))).removeprefix("'") for value in values
    ]
    assert not [each for each in read if each.lstrip()[:1] in tuple("=+-@")]


@given(st.text())
def test_any_other_form_keeps_a_value_on_one_line(text):
    assert len(str(plain(text)).splitlines()) <= 1


@given(st.text())
def test_nothing_in_html_opens_an_element_or_a_reference(text):
    written = str(html(text))
    assert not set("<>\"'") & set(written)
    assert "&" not in written.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").replace(
        "&#34;", ""
    ).replace("&#39;", "")


def test_what_is_to_be_typed_in_is_code_unless_it_would_break_a_table():
    assert (key("CT_1"), key("A|B"), key(104), key(None)) == ("`CT_1`", "A&#124;B", "`104`", "")


@pytest.mark.parametrize(
    ("file", "written"),
    [
        ("a.html.j2", "&lt;"),
        ("a.svg.j2", "&lt;"),
        ("a.HTML.j2", "&lt;"),
        ("a.md.j2", "&#60;"),
        ("a.csv.j2", "<"),
        ("a.conf.j2", "<"),
    ],
)
def test_the_form_is_the_ending_before_j2(file, written):
    assert form_of(file).write("<") == written


@pytest.mark.parametrize("file", ["a.html.j2", "a.md.j2", "a.csv.j2", "a.txt.j2"])
def test_what_is_of_the_form_already_stays(file):
    assert form_of(file).write(Markup("<b>=1</b>")) == "<b>=1</b>"


# --- JSON ---------------------------------------------------------------------------------------------------------


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)
                    | st.dictionaries(st.text(), inner), max_leaves=10))  # fmt: skip
def test_json_is_read_back_as_it_was_and_holds_no_dollar_sign(value):
    text = as_json(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert "$" not in text


def test_a_template_of_json_writes_whole_values():
    assert form_of("a.json.j2").filters["json"]({"a": "<$>"}) == '{"a": "<\\u0024>"}'
    assert form_of("a.json.j2").write("one\ntwo") == plain("one\ntwo")
