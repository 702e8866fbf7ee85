import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.report.lines import (
    Span,
    beside,
    commanded,
    flow,
    line,
    padded,
    plain,
    visible,
    width_of,
    wrapped,
)


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\x00b\x7f", r"a\x00b\x7f"),
        ("\x9b2J", r"\x9b2J"),
        ("CT\u202e10_TC", r"CT\u202e10_TC"),
        ("\u2066CT\u2069", r"\u2066CT\u2069"),
        ("CT\u200b01", r"CT\u200b01"),
        ("CT\xa001", r"CT\xa001"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("a\u2028b", r"a\u2028b"),
        ("\u3164", r"\u3164"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
    ],
    ids=[
        "escape",
        "nul",
        "csi",
        "override",
        "isolate",
        "zero-width",
        "no-break",
        "line",
        "separator",
        "filler",
        "tag",
        "half",
    ],
)
def test_what_cannot_be_seen_is_escaped(hidden, shown):
    assert visible(hidden) == shown


def test_letters_of_all_the_world_stay():
    text = "Röntgen Ødegård Łódź 中央病院　放射線科 мрт"
    assert visible(text) == text


@given(st.text())
def test_a_span_holds_nothing_that_acts_on_a_terminal(text):
    shown = Span(text).text
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in shown)
    assert visible(shown) == shown


def test_a_line_is_made_of_spans_without_the_empty_ones():
    assert line("a", "", Span("b", "strong")) == (Span("a"), Span("b", "strong"))


def test_padding_counts_columns_not_characters():
    assert width_of(line(padded("病院", 8))) == 8


def test_the_right_side_stands_at_the_edge():
    assert plain(beside(line("left"), line("right"), 20)) == "left           right\n"


def test_the_right_side_goes_below_where_both_do_not_fit():
    assert (
        plain(beside(line("left left left"), line("right"), 20)) == "left left left\n               right\n"
    )


def test_what_is_too_wide_to_flow_is_cut_at_its_spaces():
    names = Span('"Riverside Hospital of Medicine", TLS_AES_256')
    assert plain(flow([names], 23)) == '"Riverside Hospital of\nMedicine", TLS_AES_256\n'
    assert (
        plain(flow([Span("tls TLS_ECDHE_RSA_WITH_AES_128")], 12)) == "tls\nTLS_ECDHE_RS\nA_WITH_AES_1\n28\n"
    )


def test_prose_wraps_at_spaces_and_hangs_below_where_it_began():
    assert (
        plain(wrapped("one two three four", 14, first=line("why  ")))
        == "why  one two\n     three\n     four\n"
    )


def test_a_word_that_is_too_wide_stays_whole():
    address = "directory/transfer-capability/ct-er-2/CT_ER_2/ct-image-storage-scu"
    assert plain(wrapped(f"see {address} now", 30)) == f"see\n{address}\nnow\n"


def test_prose_begins_below_where_its_first_word_does_not_fit():
    assert plain(wrapped("transfer-capabilities", 25, first=line("9 of CT_ER_2: "), indent=2)) == (
        "9 of CT_ER_2:\n  transfer-capabilities\n"
    )


def test_pieces_stay_whole_where_a_line_ends():
    assert plain(wrapped(("one,", "two,", "… 3 more"), 14)) == "one, two,\n… 3 more\n"


def test_a_command_that_does_not_fit_gets_a_line_of_its_own_and_stays_whole():
    first = line("    ", "put it back", "  ")
    command = "pacsconf -e lab plan --repair directory/device/mr-1"
    assert (
        plain(commanded(first, command, 60, "  (first)")) == f"    put it back  (first)\n       {command}\n"
    )
    assert plain(commanded(first, command, 80, "  (first)")) == f"    put it back  {command}  (first)\n"


@given(
    st.lists(st.text(alphabet="ab 病\x1b", min_size=1), min_size=1), st.integers(min_value=16, max_value=60)
)
def test_flowing_loses_no_character_and_keeps_within_the_room(texts, room):
    spans = [Span(text) for text in texts]
    rows = flow(spans, room, gap="|")
    assert "".join("".join(span.text for span in row) for row in rows).replace("|", "") == "".join(
        span.text for span in spans
    )
    assert all(width_of(row) <= room for row in rows)
