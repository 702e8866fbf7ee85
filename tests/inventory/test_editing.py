"""One value is set in a YAML file, and all else stays as a person wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.errors import PacsconfError
from pacsconf.inventory.document import carefully
from pacsconf.inventory.editing import holds, with_member, with_value
from pacsconf.inventory.tree import plain
from pacsconf.inventory.writing import document

PATH = ("users", "ada", "status")


def edited(text: str, value: str = "left") -> str:
    return with_value(text, "inventory/people.yaml", PATH, value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("users:\n  ada: {roles: [a]}  # here\n", "users:\n  ada: {status: left, roles: [a]}  # here\n"),
        ("users:\n  ada: { roles: [a] }\n", "users:\n  ada: {status: left, roles: [a] }\n"),
        ("users:\n  ada: {}\n", "users:\n  ada: {status: left}\n"),
        ("users: {ada: {roles: [a]}}\n", "users: {ada: {status: left, roles: [a]}}\n"),
        ("users:\n  ada: {\n    roles: [a],\n  }\n", "users:\n  ada: {status: left,\n    roles: [a],\n  }\n"),
        (
            "users:\n  ada:  # chief\n    # what she does\n    roles: [a]\n  bob: {roles: [b]}\n",
            "users:\n  ada:  # chief\n    status: left\n    # what she does\n    roles: [a]\n  bob: {roles: [b]}\n",
        ),
        (
            "users:\r\n  ada:\r\n    roles: [a]\r\n",
            "users:\r\n  ada:\r\n    status: left\r\n    roles: [a]\r\n",
        ),
        ("users:\n  ada: {status: active, roles: [a]}\n", "users:\n  ada: {status: left, roles: [a]}\n"),
        ('users:\n  ada:\n    status: "active"  # yet\n', "users:\n  ada:\n    status: left  # yet\n"),
        ("users:\n  ada:\n    roles: [a]", "users:\n  ada:\n    status: left\n    roles: [a]"),
    ],
)
def test_a_value_is_set_where_it_belongs(before, after):
    assert edited(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "one: &same {roles: [a]}\nusers:\n  ada: *same\n",
        "users:\n  ada: &same {roles: [a]}\n  bob: *same\n",
        "users:\n  ada:\n",
        "users:\n  ada: [a]\n",
        "users:\n  bob: {roles: [a]}\n",
        "users:\n  ada: {status: [left]}\n",
        "users:\n  ada:\n    status: >\n      active\n    roles: [a]\n",
        "users: [\n",
        "",
    ],
    ids=["alias", "anchor", "null", "list", "nobody", "a list for a value", "folded", "no YAML", "empty"],
)
def test_what_cannot_be_done_safely_is_left_to_a_person(text):
    with pytest.raises(PacsconfError) as refused:
        edited(text)
    assert refused.value.fix == "Write there: status: left"


def test_a_value_that_could_be_taken_for_another_stands_in_quotes():
    assert edited("users:\n  ada: {roles: [a]}\n", "no: {x}") == (
        'users:\n  ada: {status: "no: {x}", roles: [a]}\n'
    )


def test_a_member_is_added_before_the_others():
    made = with_member("# who\nusers:\n  # first\n  bob: {roles: [a]}\n", "f.yaml", PATH, "left")
    assert made == "# who\nusers:\n  # first\n  ada: {status: left}\n  bob: {roles: [a]}\n"
    assert with_member("", "f.yaml", PATH, "left") == "users:\n  ada: {status: left}\n"
    with pytest.raises(PacsconfError):
        with_member("roles: {}\n", "f.yaml", PATH, "left")


def test_it_is_told_whether_a_file_declares_somebody():
    assert holds("users:\n  ada: {roles: [a]}\n", "f.yaml", "users", "ada")
    assert not holds("users:\n  ada: {roles: [a]}\n", "f.yaml", "service_accounts", "ada")
    assert not holds("users: [", "f.yaml", "users", "ada")


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
VALUES = st.one_of(TEXTS, st.lists(TEXTS, max_size=3), st.dictionaries(TEXTS, TEXTS, max_size=2))
USERS = st.dictionaries(
    st.one_of(st.just("ada"), TEXTS.filter(bool)),
    st.dictionaries(st.sampled_from(["status", "roles", "name", "starts"]), VALUES, max_size=4),
    max_size=4,
)


@given(USERS, TEXTS)
def test_whatever_is_written_only_that_value_changes(users, value):
    text = document({"users": users}, "A header")
    before, findings = carefully(text, "f.yaml")
    try:
        made = edited(text, value)
    except PacsconfError:
        return
    after, more = carefully(made, "f.yaml")
    assert (findings, more) == ((), ())
    wanted = plain(before, nulls=True)
    wanted["users"]["ada"]["status"] = value
    assert plain(after, nulls=True) == wanted


@given(
    st.dictionaries(
        TEXTS.filter(bool), st.dictionaries(st.sampled_from(["name", "roles"]), TEXTS, min_size=1), min_size=1
    )
)
def test_whoever_is_declared_in_a_usual_way_can_be_edited(users):
    text = document({"users": {**users, "ada": {"name": "Ada", "roles": ["a"] * 40}}})
    edited(text)
