"""JSON is spelt as the library spells it."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.core.spelling import Spelt, canonical, indented

bodies = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(bodies, st.integers(1, 3), st.booleans())
def test_json_is_spelt_as_the_library_spells_it(body, by, sort_keys):
    assert indented(body, by=by, sort_keys=sort_keys) == json.dumps(body, indent=by, sort_keys=sort_keys)
    assert canonical(body) == json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


class Place(NamedTuple):
    file: str
    line: int


@pytest.mark.parametrize("body", [Place("a", 1), {"at": Place("a", 1)}, [Place("a", 1)]])
def test_a_tuple_with_names_is_a_list(body):
    assert indented(body, by=2) == json.dumps(body, indent=2)


def test_one_object_in_two_depths_is_indented_for_each():
    shared = {"a": [1], "b": "x"}
    body = {"first": shared, "second": shared, "inside": {"third": shared}, "list": [shared, shared]}

    assert indented(body, by=1) == json.dumps(body, indent=1)


@pytest.mark.parametrize("sort_keys", [True, False])
def test_dictionaries_with_the_same_names_are_spelt_each_for_itself(sort_keys):
    one, other = {"b%s": 1, "a%%": 2}, {"a%%": 3, "b%s": {"b%s": "%s", "a%%": 4}}
    body = {"first": one, "second": other, "list": [other, one]}

    assert indented(body, by=1, sort_keys=sort_keys) == json.dumps(body, indent=1, sort_keys=sort_keys)


def test_what_is_no_number_is_spelt_as_the_library_does():
    body = [float("nan"), float("inf"), float("-inf"), 1e300, 0.1]

    assert indented(body, by=1) == json.dumps(body, indent=1)


def test_what_was_spelt_before_stands_as_if_it_was_spelt_now():
    part = {"a": {"b": [1, "x"]}, "c": []}
    before = indented(part, by=1, depth=1)

    assert isinstance(before, Spelt)
    assert indented({"part": before, "x": 1}, by=1) == json.dumps({"part": part, "x": 1}, indent=1)


@pytest.mark.parametrize("body", [{1, 2}, object(), {"a": b"x"}])
def test_what_is_no_json_is_refused(body):
    with pytest.raises(TypeError):
        indented(body, by=1)
