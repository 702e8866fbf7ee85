"""Each character of an expression is found again in its file, however the scalar is written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.document import lines_of, parse
from pacsconf.inventory.tree import Node
from pacsconf.policy.scalars import place

WORDS = st.lists(
    st.text("abc.()=&|'\"é😀", min_size=1, max_size=6).filter(lambda word: word[0] not in "&|\"'"),
    min_size=1,
    max_size=6,
)


def scalar(text: str) -> Node:
    tree, findings = parse(text, "policies/p.yaml")
    assert not findings
    assert tree is not None
    held = tree.value[0] if isinstance(tree.value, list) else tree
    return held.entries["condition"]


def found(node: Node, text: str, at: int) -> str:
    """What stands in the file where a character of the value is said to be."""
    one = place(node, text, at, 1)
    return lines_of(text)[one.line - 1][one.column - 1]


def every_character_is_found(text: str) -> None:
    node = scalar(text)
    value = str(node.value).strip()
    shown = [(char, found(node, text, at)) for at, char in enumerate(value) if not char.isspace()]
    assert [char for char, _ in shown] == [char for _, char in shown]


@given(st.lists(WORDS, min_size=1, max_size=4), st.integers(0, 3))
def test_a_block_is_read_line_by_line(rows, empty):
    lines = [" ".join(words) for words in rows]
    every_character_is_found("x: 1\ncondition: |\n" + "\n" * empty + "".join(f"    {row}\n" for row in lines))


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_a_folded_block_joins_lines(rows, gaps):
    body = "".join("\n" * gap + f"  {' '.join(words)}\n" for words, gap in zip(rows, gaps, strict=False))
    every_character_is_found(f"condition: >-\n{body}after: 1\n")


@given(WORDS)
def test_single_quotes_are_doubled(words):
    text = " ".join(words)
    node = scalar("condition: '" + text.replace("'", "''") + "'\n")
    assert str(node.value) == text
    every_character_is_found("condition: '" + text.replace("'", "''") + "'\n")


@given(WORDS)
def test_double_quotes_have_escapes(words):
    text = " ".join(words)
    written = f"condition: {json.dumps(text, ensure_ascii=False)}\n"
    node = scalar(written)
    marks = [place(node, written, at, 1).column for at in range(len(text))]
    assert marks == sorted(set(marks))
    assert [found(node, written, at) for at in range(len(text))] == ["\\" if c in '"\\' else c for c in text]


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("condition: title == 'x' # remark\n", 6, (1, 18)),
        ("condition: title\n  == 'x'\nafter: 1\n", 6, (2, 3)),
        ("condition: 'title\n\n  == 1'\n", 6, (3, 3)),
        ('condition: "title \\\n  == 1"\n', 6, (2, 3)),
        ('condition: "\\u0074itle == 1"\n', 1, (1, 19)),
        ("condition: |2\n   a\n    b\n", 4, (3, 5)),
        ("condition: >\n  a\n    more\n  b\n", 6, (3, 7)),
        ("condition: |\r\n  a\r\n  b\r\n", 2, (3, 3)),
        ("- condition: |+\n    a\n\n    b\n", 3, (4, 5)),
        ("- condition: |1\n    a\n   b\n", 2, (3, 4)),
    ],
)
def test_places_of_what_is_written(text, at, said):
    one = place(scalar(text), text, at, 1)
    assert (one.line, one.column) == said


def test_the_carets_stay_on_their_line():
    text = "condition: |\n  title\n  == 1\n"
    assert place(scalar(text), text, 0, 9).length == 5


def test_what_cannot_be_told_is_the_scalar():
    text = "condition: title\n"
    assert place(scalar(text), "condition: other\n", 3, 1) == scalar(text).place
