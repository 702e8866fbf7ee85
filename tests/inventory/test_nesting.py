"""Groups in groups: ways up, who is within, and circles; against plain reachability."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.nesting import circles, turned, ways_up, within

NAMES = "abcdef"
nesting = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), unique=True).map(tuple), max_size=len(NAMES)
)
Nested = dict[str, tuple[str, ...]]


def reaches(nested: Nested) -> set[tuple[str, str]]:
    """Pairs of a group and one that is in it, as such or through others: the transitive closure."""
    found = {(outer, inner) for outer, those in nested.items() for inner in those}
    for middle in NAMES:
        found |= {(a, d) for a, b in found if b == middle for c, d in found if c == middle}
    return found


@pytest.mark.parametrize(
    ("nested", "found"),
    [
        ({}, []),
        ({"a": ("b",), "b": ("c",)}, []),
        ({"a": ("a",)}, [("a",)]),
        ({"b": ("a",), "a": ("b",)}, [("a", "b")]),
        ({"a": ("c",), "c": ("b",), "b": ("a",), "d": ("a",)}, [("a", "c", "b")]),
    ],
    ids=["none", "chain", "itself", "two", "three, and one outside"],
)
def test_a_circle_is_told_once_from_its_least_name_on(nested: Nested, found: list[tuple[str, ...]]) -> None:
    assert list(circles(nested)) == found


@given(nesting)
def test_every_group_in_a_circle_is_told_and_no_other(nested: Nested) -> None:
    assert {name for way in circles(nested) for name in way} == {a for a, b in reaches(nested) if a == b}


@given(nesting, st.sampled_from(NAMES))
def test_ways_up_lead_to_all_that_a_group_is_within(nested: Nested, start: str) -> None:
    ways = ways_up((start,), turned(nested))
    assert ways.keys() == {start} | {outer for outer, inner in reaches(nested) if inner == start}
    for group, way in ways.items():
        assert (way[0], way[-1]) == (start, group)
        assert all(inner in nested[outer] for inner, outer in pairwise(way))


@given(nesting, st.lists(st.sampled_from(NAMES)))
def test_within_groups_are_they_and_all_that_leads_up_to_them(nested: Nested, groups: list[str]) -> None:
    above = turned(nested)
    expected = {name for name in NAMES if not ways_up((name,), above).keys().isdisjoint(groups)}
    assert within(groups, nested) == expected
