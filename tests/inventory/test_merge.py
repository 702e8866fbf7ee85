"""Merging: scalars replace, maps merge, lists replace, null removes, [] is empty."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.finding import Place
from pacsconf.inventory.document import parse
from pacsconf.inventory.merge import marked, merge, nearest, profiled
from pacsconf.inventory.tree import Node, plain

AT = Place("inventory/a.yaml", 1, 1)


def node(value):
    if isinstance(value, dict):
        return Node({key: node(member) for key, member in value.items()}, AT)
    if isinstance(value, list):
        return Node([node(member) for member in value], AT)
    return Node(value, AT)


KEYS = st.sampled_from("abcd")
SCALARS = st.text(max_size=3)
ANYTHING = st.recursive(
    SCALARS | st.none() | st.lists(SCALARS, max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
MAPS = st.dictionaries(KEYS, ANYTHING, max_size=4)
FLAT = st.dictionaries(KEYS, SCALARS | st.none() | st.lists(SCALARS, max_size=2), max_size=4)


def merged(*values):
    first, *others = map(node, values)
    for other in others:
        first = merge(first, other)
    return plain(first)


@given(MAPS)
def test_nothing_merged_in_either_way_changes_nothing(value):
    assert merged(value, {}) == merged({}, value) == plain(node(value))


@given(MAPS)
def test_a_tree_over_itself_is_itself(value):
    assert merged(value, value) == plain(node(value))


@given(FLAT, FLAT, FLAT)
def test_merging_is_associative_where_a_key_never_turns_from_null_into_a_map(one, two, three):
    right = merge(node(one), merge(node(two), node(three)))
    assert plain(merge(merge(node(one), node(two)), node(three))) == plain(right)


@given(MAPS, MAPS)
def test_what_is_written_over_wins(base, over):
    result = merged(base, over)
    for key, value in over.items():
        if not isinstance(value, dict):
            assert result.get(key) == value


@pytest.mark.parametrize(
    ("base", "over", "result"),
    [
        ({"a": "1"}, {"a": "2"}, {"a": "2"}),
        ({"a": {"x": "1"}}, {"a": {"y": "2"}}, {"a": {"x": "1", "y": "2"}}),
        ({"a": ["1", "2"]}, {"a": ["3"]}, {"a": ["3"]}),
        ({"a": "1", "b": "2"}, {"a": None}, {"b": "2"}),
        ({"a": ["1"]}, {"a": []}, {"a": []}),
        ({"a": {"x": "1"}}, {"a": "2"}, {"a": "2"}),
        ({"a": {"x": "1"}}, {"a": {"x": None}}, {"a": {}}),
    ],
    ids=[
        "scalars replace",
        "maps merge",
        "lists replace",
        "null removes",
        "[] is empty",
        "kinds replace",
        "inner null",
    ],
)
def test_rules_of_merging(base, over, result):
    assert merged(base, over) == result


@given(MAPS, MAPS)
def test_every_value_remembers_what_it_replaced(base, over):
    result = merge(node(base), node(over))
    for key in base.keys() & over.keys():
        assert result.entries[key].under is not None


def profiles(text):
    tree, _ = parse(text, "inventory/profiles.yaml")
    return tree.entries


def test_profile_builds_on_its_own_profile():
    found, findings = profiled(
        "ct", profiles("base: {type: m, port: 104}\nct: {profile: base, port: 11112}\n"), ()
    )
    assert findings == ()
    assert plain(found) == {"type": "m", "profile": "base", "port": "11112"}
    assert (found.entries["type"].how, found.entries["port"].how) == ("profile base", "profile ct")


def test_profiles_in_a_circle_are_told_as_one():
    found, (finding,) = profiled("a", profiles("a: {profile: b}\nb: {profile: a}\n"), ("profiles", "a"))
    assert found is None
    assert (finding.rule, finding.summary) == ("PACS-REF-002", "The profile a builds on itself: a → b → a")


def test_mark_of_the_nearer_profile_stays():
    once = marked(node({"a": "1"}), "profile base")
    assert marked(once, "profile ct").entries["a"].how == "profile base"


def test_nearest_name_is_the_same_on_every_run():
    assert nearest("ct-9", frozenset({"ct-1", "ct-5", "mr-1"})) == '; did you mean "ct-5"?'
    assert nearest("zzz", {"ct-1"}) == ""
