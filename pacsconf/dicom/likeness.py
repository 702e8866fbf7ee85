"""How two AE titles differ, in words, and whether one looks like the other misspelled. Pure."""

from __future__ import annotations

import re

_JOINTS = re.compile(r"[ _.\-]")


def difference(one: str, other: str) -> str:
    """How `other` differs from `one`, as in "by one character (_ missing)"; empty where they are the same."""
    if one == other:
        return ""
    if one.strip() == other.strip():
        return "by spaces before or after it"
    if one.casefold() == other.casefold():
        return "by capitals alone"
    words = _by_one(one, other)
    if words:
        return f"by one character ({words})"
    if _swapped(one, other):
        return "by two characters that changed places"
    if _plain(one) == _plain(other):
        return "by spaces, underscores or hyphens alone"
    if alike(one, other):
        return f"by {_distance(one, other)} characters"
    return "entirely"


def alike(one: str, other: str) -> bool:
    """Whether a person may have meant the one and written the other."""
    if _plain(one) == _plain(other):
        return True
    longer = max(len(one), len(other))
    allowed = 0 if longer < 3 else 1 if longer < 6 else 2
    return _distance(one.casefold(), other.casefold()) <= allowed


def _plain(title: str) -> str:
    return _JOINTS.sub("", title).casefold()


def _by_one(one: str, other: str) -> str:
    """The single character that was lost, added or replaced; empty where it is more."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    if left[1:] == right:
        return f"{_shown(left[:1])} missing"
    if left == right[1:]:
        return f"{_shown(right[:1])} added"
    if left[1:] == right[1:]:
        return f"{_shown(right[:1])} for {_shown(left[:1])}"
    return ""


def _swapped(one: str, other: str) -> bool:
    """Whether two characters beside each other changed places, and nothing else did."""
    places = [at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right]
    if len(one) != len(other) or len(places) != 2 or places[0] + 1 != places[1]:
        return False
    first, second = places
    return one[first] == other[second] and one[second] == other[first]


def _shown(character: str) -> str:
    return "a space" if character == " " else character


def _distance(one: str, other: str) -> int:
    """Characters to insert, delete or replace until the two are the same (Levenshtein)."""
    row = list(range(len(other) + 1))
    for at, left in enumerate(one, 1):
        before, row[0] = row[0], at
        for to, right in enumerate(other, 1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (left != right))
    return row[-1]
