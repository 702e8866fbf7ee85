"""The quick reader gives libyaml's tree or none: libyaml is held against it wherever it is certain."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.inventory import quick
from pacsconf.inventory.document import carefully, parse
from pacsconf.inventory.tree import Node, plain
from pacsconf.inventory.writing import document

HOSPITAL = sorted((Path(__file__).parents[2] / "inventory").rglob("*.yaml"))
TEXTS = [path.read_text(encoding="utf-8") for path in HOSPITAL] + [
    document(
        {
            "profiles": {"ct": {"type": "modality", "modality": "CT", "uses": ["ct-image-storage", "mpps"]}},
            "devices": {
                f"ct-{number}": {
                    "profile": "ct",
                    "ae_title": f"CT_{number}",
                    "serial_number": f"{number:06}",
                    "connections": {"dicom": {"host": f"10.0.0.{number}", "port": 104, "was": None}},
                    "description": "Room 4, behind the door: ask first" if number % 2 else "Ward #3",
                }
                for number in range(1, 9)
            },
        },
        "As found.",
    )
]


def told(node: Node) -> Any:
    """Everything that a tree says, the order of its keys and the types of its texts included."""
    value: Any = node.value
    if isinstance(value, dict):
        value = [(key, told(child)) for key, child in value.items()]
    elif isinstance(value, list):
        value = [told(child) for child in value]
    return type(node.value).__name__, value, node.place, node.key, node.how, node.under


def is_read(text: str) -> bool:
    """Whether the quick reader takes a text; if so, libyaml has the same tree and nothing to complain about."""
    tree = quick.read(text, "f")
    if tree is None:
        return False
    careful, findings = carefully(text, "f")
    assert careful is not None, text
    assert (told(tree), ()) == (told(careful), findings), text
    return True


# --- what is read, and what is left to libyaml --------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a: b",
        "a:\n",
        "  a: b\n  c:\n",
        "a:\n  b: c\n\n# said\n  d: e  # why\nf: null\n",
        "a:\n  - b\n  - c: d\n    e:\n      f: g\n  -   h: i\n      j: k\n",
        "a:\n- b\n- c: d\n  e:\n  - f\ng:\nh: i\n",
        "- a\n- b: c\n",
        "a: \"b: c # d\"\ne: '[]'\n",
        "a: it's 5 & more, [really]\n",
        "a: [pacs-*, b**, {c: d*e}]\n",
        "a: -5\nb: 2001:db8::1\nc: ldap://ldap.example.org:389/x#y\nd: 8\u2013ünï 病院 \U0001f600\n",
        "a: {b: c, d: [e, 'f', \"g\", {h: i}], j: {}, k: []}  # l\n",
        "a: {b: c, # d\n\n  e: [f,\ng\n  ]  \n }\nh: i\n",
        "a: [b\n , c]\n",
        "a: {b: 10.0.0.0/8, c: env:NAME, d: x=y&z}\n",
    ],
)
def test_the_plain_part_of_yaml_is_read(text: str) -> None:
    assert is_read(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "a",
        "[a]",
        "a: &b c\n",
        "a: *b\n",
        "a: !b c\n",
        "a: |\n  b\n",
        "a: b\n  c\n",
        "a: b\n\n  c\n",
        "a: 'b\n  c'\n",
        'a: "b\\n"\n',
        "a: 'b''c'\n",
        '"a": b\n',
        "a b: c\n",
        "<<: a\n",
        "? a\n: b\n",
        "a: b: c\n",
        "a: b:\n",
        "a:b: c\n",
        "a:#b\n",
        "a: ~\n",
        "a: @b\n",
        "a: %b\n",
        "a: - b\n",
        "-\n",
        "- # a\n",
        "- - a\n",
        "a: 1\na: 2\n",
        "a: {b: 1, b: 2}\n",
        "a:\na: 2\n",
        "a:\n  b: c\n d: e\n",
        "a:\n   b: c\n  d: e\n",
        "  a: b\nc: d\n",
        "a:\n  - b\n  c: d\n",
        "a:\n  b: c\n  - d\n",
        "a: b\n  - c\n",
        "a: 'b' c\n",
        "a: [b\n",
        "a: [b] c\n",
        "a: [b]#c\n",
        "a: [b, c}\n",
        "a: [b,]\n",
        "a: [, b]\n",
        "a: [b: c]\n",
        "a: {b}\n",
        "a: {b: }\n",
        "a: {b: c\n  d}\n",
        "a: [b,#c\n  d]\n",
        "a: [\n---\n]\n",
        "a: [...\n]\n",
        "---\na: b\n",
        "a: b\n---\nc: d\n",
        "a: b\n...\n",
        "%YAML 1.2\n---\na: b\n",
        "a:\tb\n",
        "a: b\r\n",
        "a: b\x85c: d\n",
        "a: b\u2028\n",
        "\ufeffa: b\n",
        "a: b\xa0\n",
        "a: b\x07\n",
        "a" * 101 + ": b\n",
    ],
)
def test_all_else_is_left_to_libyaml(text: str) -> None:
    assert quick.read(text, "f") is None


def test_what_nests_deeply_or_holds_much_is_left_to_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = "".join(f"{'  ' * level}a:\n" for level in range(quick.MAX_DEPTH + 3))
    assert quick.read(deep, "f") is None
    assert quick.read(f"a: {'[' * 22}{']' * 22}\n", "f") is None
    monkeypatch.setattr(quick, "MAX_NODES", 11)
    assert is_read("a: [b, c, d, e]\n")
    assert quick.read("a: [b, c, d, e, f, g]\n", "f") is None


def test_what_is_wrong_is_told_by_libyaml_alone() -> None:
    tree, (finding,) = parse("a: 1\nb: 2\na: 3\n", "f")
    assert plain(tree) == {"a": "1", "b": "2"}
    assert (finding.rule, str(finding.place)) == ("PACS-YAML-004", "f:3:1")


def test_the_example_hospital_is_read_but_for_its_aliases() -> None:
    left = [path.name for path, text in zip(HOSPITAL, TEXTS, strict=False) if not is_read(text)]
    aliased = re.compile(r"^[^#\n]*[ \[]&[a-z]", re.MULTILINE)
    assert left == [path.name for path in HOSPITAL if aliased.search(path.read_text())]


def test_what_adopt_writes_is_read() -> None:
    assert is_read(TEXTS[-1])


# --- held against libyaml -----------------------------------------------------------------------------------

BEFORE = {
    "alone": "",
    "below-a-key": "a:\n",
    "below-a-map": "a:\n  b: c\n",
    "below-a-list": "a:\n  - x\n",
    "below-an-item": "a:\n  - b: c\n",
    "after-a-text": "k: a",
    "in-a-list": "k: [",
    "in-a-map": "k: {",
    "in-a-map-gone-on": "k: {a: b,\n",
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_every_short_text_is_read_alike_or_not_at_all(before: str) -> None:
    taken = [is_read(before + "".join(text)) for text in product("a: -\n[]{},#'\"", repeat=3)]
    assert True in taken or before in {"", "k: {a: b,\n"}


ODD = (
    *"a1: -\n[]{},#'\"&*!|>%@`?~<=\t\\./+_ä\x85\xa0\u2028\ufeff\r\0",
    *(
        "  ",
        "\n  ",
        " #",
        ": ",
        "- ",
        "---",
        "...",
        "<<",
        ": >\n",
        "''",
        "null",
        ", ",
        "[]",
        "\r\n",
        "&a ",
        "*a",
    ),
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Some lines of a real file, with a few of their characters or lines changed."""
    lines = draw(st.sampled_from(TEXTS)).split("\n")
    start = draw(st.integers(0, len(lines) - 1))
    lines = lines[start : start + draw(st.sampled_from((3, 8, 20, 60)))]
    indent = len(lines[0]) - len(lines[0].lstrip())
    lines = [line.removeprefix(" " * indent) for line in lines]
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        cut = draw(st.integers(0, len(line)))
        change = draw(
            st.sampled_from(("put", "replace", "cut", "repeat", "delete", "indent", "swap", "break"))
        )
        if change == "put":
            lines[at] = line[:cut] + draw(st.sampled_from(ODD)) + line[cut:]
        elif change == "replace":
            lines[at] = line[:cut] + draw(st.sampled_from(ODD)) + line[cut + 1 :]
        elif change == "cut":
            lines[at] = line[:cut] + line[cut + draw(st.integers(1, 3)) :]
        elif change == "repeat":
            lines.insert(draw(st.integers(0, len(lines))), line)
        elif change == "delete":
            lines[at : at + 1] = [] if len(lines) > 1 else [""]
        elif change == "indent":
            lines[at] = " " * draw(st.integers(0, 6)) + line.lstrip(" ")
        elif change == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], line
        else:
            lines[at : at + 1] = [line[:cut], " " * draw(st.integers(0, 6)) + line[cut:].lstrip(" ")]
    return "\n".join(lines)


@settings(max_examples=300)
@given(damaged())
def test_damaged_files_are_read_alike_or_not_at_all(text: str) -> None:
    is_read(text)


WORDS = st.sampled_from(
    ("a", "b-1", "CT_1", "null", "10.0.0.1", "x y", "it's", "-3", ".5", "a:b", "é", "1e3")
)
SCALARS = WORDS | st.sampled_from(
    ("''", '"a: b"', "'#'", "[]", "{}", "", "~", "&x y", "a, b", "a #b", "a: b")
)
LINES = st.one_of(
    st.builds("{}:{}{}".format, WORDS, st.sampled_from((" ", "  ", "")), SCALARS),
    st.builds("- {}".format, SCALARS),
    st.builds("- {}: {}".format, WORDS, SCALARS),
    st.builds("{}: [{}, {}]".format, WORDS, SCALARS, SCALARS),
    st.builds("{}: {{{}: {},".format, WORDS, WORDS, SCALARS),
    st.builds("{}: {}}}".format, WORDS, SCALARS),
    st.builds("{}:".format, WORDS),
    st.sampled_from(("", "# said", "]", "}", "-")),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(("", "", "  ", "  ", "    ", " ")), LINES), max_size=7))
def test_lines_put_together_are_read_alike_or_not_at_all(lines: list[tuple[str, str]]) -> None:
    is_read("\n".join(indent + line for indent, line in lines))
