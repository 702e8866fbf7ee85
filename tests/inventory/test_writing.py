"""What is written is read back as it was, and is pleasant to read."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.document import parse
from pacsconf.inventory.tree import plain
from pacsconf.inventory.writing import document, scalar

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
VALUES = st.recursive(
    TEXTS | st.integers(0, 10**9) | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def typed(value: Any) -> Any:
    """As the reader has it: everything is the text that was typed."""
    if isinstance(value, dict):
        return {key: typed(child) for key, child in value.items()}
    if isinstance(value, list):
        return [typed(child) for child in value]
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=3))
def test_what_is_written_is_read_back(value: dict[str, Any]) -> None:
    tree, findings = parse(document(value), "a.yaml")
    assert findings == ()
    assert tree is not None
    assert plain(tree) == typed(value)


@given(TEXTS)
def test_every_other_reader_takes_a_text_for_text(text: str) -> None:
    found = yaml.load(f"a: {scalar(text)}", Loader=yaml.SafeLoader)["a"]
    assert (found if isinstance(found, str) else found.isoformat()) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("CT_ER_1", "CT_ER_1"),
        ("SOMATOM go.Top", "SOMATOM go.Top"),
        ("10.20.4.17", "10.20.4.17"),
        ("1.2.840.10008.1.1", "1.2.840.10008.1.1"),
        ("ldaps://ldap.example.org:636", "ldaps://ldap.example.org:636"),
        ("cn=pacsconf,dc=example", '"cn=pacsconf,dc=example"'),
        ("2027-05-31", "2027-05-31"),
        ("NO", '"NO"'),
        ("010", '"010"'),
        ("1:30", '"1:30"'),
        ("1e3", '"1e3"'),
        ("0x1F", '"0x1F"'),
        ("4711", '"4711"'),
        ("null", '"null"'),
        ("~", '"~"'),
        ("", '""'),
        ("<<", '"<<"'),
        ("*", '"*"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        (" a", '" a"'),
        ('say "no"', '"say \\"no\\""'),
        ("line\nbreak\u2028\x85", '"line\\nbreak\\u2028\\x85"'),
    ],
)
def test_quotes_stand_where_they_are_needed(text: str, written: str) -> None:
    assert scalar(text) == written


def test_a_short_member_stands_in_one_line_and_a_long_one_in_several() -> None:
    devices = {
        "ct-1": {"profile": "ct", "ae_title": "CT_1", "host": "10.20.4.17", "port": 104},
        "ct-2": {"profile": "ct", "ae_title": "CT_2", "host": "10.20.4.18", "port": 104},
        "ct-3": {"profile": "ct", "description": "A" * 80, "ae_titles": {"CT_3": {"uses": ["mpps", "echo"]}}},
    }
    assert document({"devices": devices}, "Found live.\nOn a day.") == (
        "# Found live.\n"
        "# On a day.\n"
        "\n"
        "devices:\n"
        "  ct-1: {profile: ct, ae_title: CT_1, host: 10.20.4.17, port: 104}\n"
        "  ct-2: {profile: ct, ae_title: CT_2, host: 10.20.4.18, port: 104}\n"
        "\n"
        "  ct-3:\n"
        "    profile: ct\n"
        f"    description: {'A' * 80}\n"
        "    ae_titles: {CT_3: {uses: [mpps, echo]}}\n"
    )


def test_a_comment_stands_above_what_it_is_about_and_nothing_in_it_ends_it() -> None:
    systems = {"directory": {"mode": "read-only", "ignore": ["device/a", "device/b"]}}
    comments = {("systems", "directory", "ignore", 1): 'Why: "x\x85y: 1"\nWhat removing does.'}
    assert document({"systems": systems}, comments=comments) == (
        "systems:\n"
        "  directory:\n"
        "    mode: read-only\n"
        "    ignore:\n"
        "      - device/a\n"
        '      # Why: "x\n'
        '      # y: 1"\n'
        "      # What removing does.\n"
        "      - device/b\n"
    )


def test_a_long_map_in_a_list_begins_beside_its_hyphen() -> None:
    capability = {"sop_class": "ct-image-storage", "role": "SCU", "name": "x" * 70}
    assert document({"list": {"of": [capability]}}) == (
        f"list:\n  of:\n    - sop_class: ct-image-storage\n      role: SCU\n      name: {'x' * 70}\n"
    )


def test_a_long_list_that_repeats_is_written_once_and_named() -> None:
    syntaxes = ["explicit-vr-little-endian", "jpeg2000-lossless", "jpeg-lossless-sv1"]
    classes = ("ct-image-storage", "mr-image-storage", "cr-image-storage")
    capabilities = [{"sop_class": each, "transfer_syntaxes": syntaxes} for each in classes]
    text = document({"devices": {"arc": {"transfer_capabilities": capabilities}}})
    assert text == (
        "devices:\n"
        "  arc:\n"
        "    transfer_capabilities:\n"
        "      - sop_class: ct-image-storage\n"
        "        transfer_syntaxes: &transfer-syntaxes-1\n"
        "          - explicit-vr-little-endian\n"
        "          - jpeg2000-lossless\n"
        "          - jpeg-lossless-sv1\n"
        "      - {sop_class: mr-image-storage, transfer_syntaxes: *transfer-syntaxes-1}\n"
        "      - {sop_class: cr-image-storage, transfer_syntaxes: *transfer-syntaxes-1}\n"
    )
    tree, findings = parse(text, "a.yaml")
    assert findings == ()
    assert tree is not None
    assert plain(tree) == {"devices": {"arc": {"transfer_capabilities": capabilities}}}


def test_what_two_aes_can_do_alike_is_written_once_even_with_lists_in_it_that_repeat() -> None:
    syntaxes = ["explicit-vr-little-endian", "jpeg2000-lossless", "jpeg-lossless-sv1"]
    can = [{"sop_class": f"1.2.3.{each}", "transfer_syntaxes": syntaxes} for each in range(9)]
    files = {"devices": {"arc": {name: {"transfer_capabilities": can} for name in ("A", "B", "C")}}}
    text = document(files)
    assert text.count("sop_class") == 9
    assert text.count("&transfer-capabilities-1\n") == 1
    assert text.count("    B: {transfer_capabilities: *transfer-capabilities-1}\n") == 1
    assert text.count("transfer_syntaxes: &transfer-syntaxes-1\n") == 1
    assert text.count("transfer_syntaxes: *transfer-syntaxes-1}\n") == 8
    tree, findings = parse(text, "a.yaml")
    assert findings == ()
    assert tree is not None
    assert plain(tree) == files


TEXTS_AND_MAPS = st.recursive(
    st.sampled_from(["x" * 30, "x" * 300, "y: z", "*a", "&b"]),
    lambda some: st.lists(some, max_size=4) | st.fixed_dictionaries({"a": some, "b": some}),
    max_leaves=8,
)


@given(st.lists(TEXTS_AND_MAPS, min_size=3, max_size=9))
def test_lists_that_repeat_are_read_back_too(lists: list[Any]) -> None:
    tree, findings = parse(document({"a": {"b": lists, "c": {"d": lists, "e": lists[0]}}}), "a.yaml")
    assert findings == ()
    assert tree is not None
    assert plain(tree) == {"a": {"b": lists, "c": {"d": lists, "e": lists[0]}}}
