"""Groups in groups: what leads where, and by which way; declared or live. Circles are followed once.

`nested` is by group the groups in it as such, `above` by group those that it is in as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

GroupPath = tuple[str, ...]
"""Groups, from the one that somebody is in as such to the one that it leads to."""


def turned(nested: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """`above` of `nested`, by name."""
    found: dict[str, dict[str, None]] = {}
    for outer in sorted(nested):
        for inner in nested[outer]:
            found.setdefault(inner, {})[outer] = None
    return {inner: tuple(outer) for inner, outer in found.items()}


def ways_up(groups: Iterable[str], above: Mapping[str, Sequence[str]]) -> dict[str, GroupPath]:
    """By group that these lead to, themselves among them, the shortest way into it."""
    found: dict[str, GroupPath] = {}
    reached: list[GroupPath] = [(group,) for group in groups]
    while reached:
        following: list[GroupPath] = []
        for way in reached:
            if way[-1] not in found:
                found[way[-1]] = way
                following += [(*way, outer) for outer in above.get(way[-1], ())]
        reached = following
    return found


def within(groups: Iterable[str], nested: Mapping[str, Sequence[str]]) -> set[str]:
    """These groups, and all that are in them, as such or through others."""
    ahead = list(groups)
    found = set(ahead)
    for group in ahead:
        new = [inner for inner in nested.get(group, ()) if inner not in found]
        found.update(new)
        ahead += new
    return found


def circles(nested: Mapping[str, Sequence[str]]) -> Iterator[GroupPath]:
    """Groups that contain themselves through others, each circle once, from its least name on inwards."""
    told: set[frozenset[str]] = set()
    for start in sorted(nested):
        way = _back_to(start, nested)
        if way and frozenset(way) not in told:
            told.add(frozenset(way))
            yield way


def _back_to(start: str, nested: Mapping[str, Sequence[str]]) -> GroupPath:
    """The shortest way from a group through those in it back to it, without its end; empty for none."""
    seen: set[str] = set()
    reached: list[GroupPath] = [(start,)]
    while reached:
        following: list[GroupPath] = []
        for way in reached:
            for inner in nested.get(way[-1], ()):
                if inner == start:
                    return way
                if inner not in seen:
                    seen.add(inner)
                    following.append((*way, inner))
        reached = following
    return ()
