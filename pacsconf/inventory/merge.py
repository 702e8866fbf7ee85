"""Merging trees: a profile with what is written over it, and the collections of all files by name.

Scalars replace, maps merge, lists replace, null removes, `[]` is empty.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.tree import Node


def merge(base: Node, over: Node) -> Node:
    """`over` written over `base`; a null stays in the tree, so that what it removes stays removed."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return replace(over, under=base)
    members = dict(base.value)
    for key, node in over.value.items():
        members[key] = merge(members[key], node) if key in members else node
    return replace(over, value=members, under=base)


def marked(node: Node, how: str) -> Node:
    """The tree, each of its nodes saying how its value came here, unless it says so already."""
    value = node.value
    if isinstance(value, dict):
        value = {key: marked(child, how) for key, child in value.items()}
    elif isinstance(value, list):
        value = [marked(child, how) for child in value]
    return replace(node, value=value, how=node.how or how)


def profiled(
    name: str, profiles: Mapping[str, Node], path: Path, chain: tuple[str, ...] = ()
) -> tuple[Node | None, tuple[Finding, ...]]:
    """A profile with its own profile merged in; None when it does not exist or leads back to itself.

    `path` is where it was asked for, and where a finding points.
    """
    if name not in profiles:
        return None, (_no_profile(name, profiles, path),)
    own = marked(profiles[name], f"profile {name}")
    parent = own.entries.get("profile")
    if name in chain:
        return None, (_cycle(chain[chain.index(name) :]),)
    if parent is None or not isinstance(parent.value, str):
        return own, ()
    base, findings = profiled(parent.value, profiles, ("profiles", name, "profile"), (*chain, name))
    return (merge(base, own) if base else None), findings


def nearest(name: str, known: Iterable[str]) -> str:
    """The words that suggest the known name nearest to this one; empty when none is near."""
    return _nearest(name, frozenset(known))


MANY = 5000
"""Names among which looking for the nearest takes seconds."""


def nearest_begun(name: str, known: Iterable[str]) -> str:
    """The same for one mistake among very many names: then only those are looked at that begin alike."""
    names = frozenset(known)
    if len(names) > MANY:
        names = frozenset(one for one in names if one[:1].casefold() == name[:1].casefold())
    return _nearest(name, names)


@lru_cache(1024)
def _nearest(name: str, known: frozenset[str]) -> str:
    """Remembered, since ten thousand devices may share one mistake, and looking takes milliseconds."""
    folded = {candidate.casefold().replace("-", "_"): candidate for candidate in sorted(known)}
    found = difflib.get_close_matches(name.casefold().replace("-", "_"), folded, n=1, cutoff=0.6)
    return f'; did you mean "{folded[found[0]]}"?' if found else ""


def _no_profile(name: str, profiles: Mapping[str, Node], path: Path) -> Finding:
    return Finding(
        "PACS-REF-001",
        "error",
        f'There is no profile "{name}"{nearest(name, profiles)}',
        "What the profile would give (type, services) is missing here.",
        "Declare it under profiles"
        + (", or name one of: " + ", ".join(sorted(profiles)) if profiles else "."),
        path=path,
    )


def _cycle(names: tuple[str, ...]) -> Finding:
    """The same for whichever of them was asked for, so that it is told once."""
    first = min(names)
    start = names.index(first)
    around = (*names[start:], *names[:start], first)
    return Finding(
        "PACS-REF-002",
        "error",
        f"The profile {first} builds on itself: {' → '.join(around)}",
        "So it has no beginning.",
        "Remove the key profile from one of them.",
        path=("profiles", first, "profile"),
    )
