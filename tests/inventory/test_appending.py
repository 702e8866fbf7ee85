"""A member put into a file, and a value at the end of a list: all else stays as it was written, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.errors import PacsconfError
from pacsconf.inventory.appending import with_appended, with_entry
from pacsconf.inventory.document import carefully
from pacsconf.inventory.tree import plain

ENTRY = {"rule": "PACS-TLS-001", "scope": ["ae:us-1/*"], "reason": "a: cart, without", "until": "2027-02-01"}


def values(text: str):
    tree, findings = carefully(text, "f")
    assert tree is not None
    assert findings == ()
    return plain(tree, nulls=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# none yet\n",
        "waivers:\n",
        "waivers: # none\n\nother: {a: 1}\n",
        "other: {a: 1}",
        "waivers:\n  old: {until: 2026-01-01}\n",
        "waivers:\n    # about the old one\n    old: {until: 2026-01-01}  # soon\n",
        "waivers:\r\n  old:\r\n    until: 2026-01-01\r\n",
    ],
)
def test_a_member_is_added_and_every_line_stays(text):
    made = with_entry(text, "f", "waivers", "carts", ENTRY)
    assert values(made)["waivers"]["carts"] == ENTRY
    ending = "\r\n" if "\r\n" in text else "\n"
    left = made.split(ending)
    for line in text.split(ending):
        left.remove(line)
    rest = {**values(made), "waivers": dict(values(made)["waivers"])}
    del rest["waivers"]["carts"]
    before = values(text) if text.replace("# none yet", "").strip() else {}
    assert {name: value for name, value in rest.items() if value} == {n: v for n, v in before.items() if v}


def test_a_comment_stays_above_what_it_is_about():
    made = with_entry("waivers:\n  # old\n  old: {until: 2026-01-01}\n", "f", "waivers", "carts", ENTRY)
    assert made.endswith("\n  # old\n  old: {until: 2026-01-01}\n")


@pytest.mark.parametrize(
    "text", ["waivers: {old: {until: 2026-01-01}}\n", "waivers: [a]\n", "- a\n", "waivers: {}\n"]
)
def test_what_is_written_in_another_form_is_left_to_a_person(text):
    with pytest.raises(PacsconfError, match="not changed by machine") as error:
        with_entry(text, "f", "waivers", "carts", ENTRY)
    assert "carts" in error.value.fix


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "waivers:\n  carts:\n    until: 2027-01-01\n",
            "waivers:\n  carts:\n    renewals: [2026-11-01]\n    until: 2027-01-01\n",
        ),
        (
            "waivers:\n  carts:\n    renewals: [2026-05-01] # one\n    until: 2027-01-01\n",
            "waivers:\n  carts:\n    renewals: [2026-05-01, 2026-11-01] # one\n    until: 2027-01-01\n",
        ),
        (
            "waivers:\n  carts:\n    renewals:\n    - 2026-05-01 # one\n    until: 2027-01-01",
            "waivers:\n  carts:\n    renewals:\n    - 2026-05-01 # one\n    - 2026-11-01\n    until: 2027-01-01",
        ),
        (
            "waivers:\n  carts: {until: 2027-01-01}\n",
            "waivers:\n  carts: {renewals: [2026-11-01], until: 2027-01-01}\n",
        ),
    ],
    ids=["without", "in brackets", "in lines", "in braces"],
)
def test_a_value_is_put_at_the_end_of_a_list(text, wanted):
    assert with_appended(text, "f", ("waivers", "carts", "renewals"), "2026-11-01") == wanted


@pytest.mark.parametrize("text", ["waivers:\n  carts:\n    renewals: 2026-05-01\n", "waivers: {}\n", ""])
def test_what_is_no_list_is_left_to_a_person(text):
    with pytest.raises(PacsconfError, match="not changed by machine"):
        with_appended(text, "f", ("waivers", "carts", "renewals"), "2026-11-01")


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True),
        st.text(
            st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85\xad"),
            max_size=20,
        ),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True), min_size=1, max_size=3, unique=True),
)
def test_whatever_a_person_types_is_read_back(entry, names):
    entry = {key: value for key, value in entry.items() if value.isprintable()} or {"reason": "x"}
    text = ""
    for name in names:
        text = with_entry(text, "f", "waivers", name, entry)
    assert values(text) == {"waivers": dict.fromkeys(names, entry)}
