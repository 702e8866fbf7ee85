"""YAML with places: every scalar is what was typed, and knows where."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.document import line_of, parse
from pacsconf.inventory.tree import core, plain
from pacsconf.inventory.values import Quoted

WORDS = st.text(
    st.characters(codec="ascii", categories=["L", "N"], include_characters="_.-+"), min_size=1, max_size=12
)
PLAIN = WORDS.filter(lambda text: text[0].isalnum() and text not in {"null", "Null", "NULL"})


@given(PLAIN)
def test_plain_scalar_round_trips_character_by_character(text):
    tree, findings = parse(f"a: {text}\n", "f")
    assert (plain(tree), findings) == ({"a": text}, ())


@given(PLAIN)
def test_key_round_trips_character_by_character(text):
    assert plain(parse(f"{text}: x\n", "f")[0]) == {text: "x"}


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp"]), max_size=20
    )
)
def test_quoted_scalar_round_trips_and_is_known_as_quoted(text):
    value = parse(f"a: {json.dumps(text, ensure_ascii=False)}\n", "f")[0].entries["a"].value
    assert value == text
    assert isinstance(value, Quoted)


def test_only_plain_null_is_nothing():
    tree, _ = parse("a: null\nb: ~\nc:\nd: 'null'\ne: Null\nf: nULL\n", "f")
    assert plain(tree) == {"d": "null", "f": "nULL"}
    assert plain(tree, nulls=True) == {"a": None, "b": None, "c": None, "d": "null", "e": None, "f": "nULL"}


def test_places_count_from_one_in_characters():
    tree, _ = parse("ä: ö\nüü: {x: [1, '2']}\n", "f")
    second = tree.entries["üü"]
    assert (str(second.key), str(second.place)) == ("f:2:1", "f:2:5")
    one, two = second.entries["x"].value
    assert (str(one.place), one.place.length) == ("f:2:10", 1)
    assert (str(two.place), two.place.length) == ("f:2:13", 3)


def test_core_schema_is_that_of_yaml_1_2():
    text = "a: NO\nb: 010\nc: 1:30\nd: true\ne: 1e3\nf: '7'\ng: 2026-01-01\nh: [~, -1, .5]\n"
    assert core(parse(text, "f")[0]) == {
        "a": "NO",
        "b": 10,
        "c": "1:30",
        "d": True,
        "e": 1000.0,
        "f": "7",
        "g": "2026-01-01",
        "h": [None, -1, 0.5],
    }


def test_alias_gives_the_value_at_the_place_it_is_used():
    tree, findings = parse("a: &x {b: c}\nd: *x\n", "f")
    assert (plain(tree), findings) == ({"a": {"b": "c"}, "d": {"b": "c"}}, ())
    assert str(tree.entries["d"].place) == "f:2:4"


def test_reading_goes_on_after_a_duplicate_key_and_a_tag():
    _, findings = parse("a: 1\na: 2\nb: !x 3\nb: 4\n", "f")
    assert [(finding.rule, str(finding.place)) for finding in findings] == [
        ("PACS-YAML-004", "f:2:1"),
        ("PACS-YAML-008", "f:3:4"),
        ("PACS-YAML-004", "f:4:1"),
    ]


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_finding(text):
    tree, findings = parse(text, "f")
    assert tree is None or plain(tree) is not None
    assert all(finding.place and finding.place.line >= 1 for finding in findings)


def test_line_of_a_text():
    assert [line_of("a\r\nb\nc", number) for number in (0, 1, 2, 3, 4)] == ["", "a", "b", "c", ""]
