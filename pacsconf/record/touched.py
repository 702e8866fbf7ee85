"""Which commits of the inventory touched what stands at a line, between two that are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pacsconf.core.errors import RecordError
from pacsconf.policy.drift import Edited
from pacsconf.record._git import Repository

Place = tuple[str, int]
"""A file, as named from the inventory's folder on, and a line of it, from 1; 0 means the file as a whole."""

PLACES = 300
"""Places that are looked up; each asks git once."""

_COMMIT = re.compile("([0-9a-f]{7,40})(-dirty)?")


class Touched(NamedTuple):
    """How many commits lie between, and by place those that touched the block which begins there."""

    commits: int | None
    """None: git does not know the commits."""
    edited: Mapping[Place, tuple[Edited, ...]]


def touched(root: Path, earlier: str, later: str, places: Iterable[Place]) -> Touched:
    """What was committed after `earlier` up to `later`, as audits name commits, of these places of `later`.

    A block is a line and those below it that are further in. Where a place is not in `later` any more, it is that
    of `earlier`.
    """
    try:
        git = Repository.open(root)
    except RecordError:
        return Touched(None, {})
    try:
        return _touched(git, root, _known(git, earlier), _known(git, later), sorted(set(places))[:PLACES])
    finally:
        git.close()


def _known(git: Repository, commit: str) -> str:
    named = _COMMIT.fullmatch(commit)
    return git.commit_of(named[1]) if named else ""


def _touched(git: Repository, root: Path, earlier: str, later: str, places: list[Place]) -> Touched:
    if not earlier or not later:
        return Touched(None, {})
    top = git.path_of(root)
    span = f"{earlier}..{later}"
    found: dict[Place, tuple[Edited, ...]] = {}
    changed: dict[str, bool] = {}
    for file, line in places:
        path = f"{top}/{file}" if top else file
        if path not in changed:
            changed[path] = bool(git.edits(span, path))
        if changed[path]:
            found[file, line] = tuple(Edited(*one) for one in _of_block(git, earlier, later, path, line))
    return Touched(git.count(span), {place: edited for place, edited in found.items() if edited})


def _of_block(
    git: Repository, earlier: str, later: str, path: str, line: int
) -> Iterable[tuple[str, str, str]]:
    span = f"{earlier}..{later}"
    if not line:
        return git.edits(span, path)
    now = git.lines(later, path)
    if 0 < line <= len(now):
        return git.edits(span, path, lines=(line, _end(now, line)))
    then = git.lines(earlier, path)
    text = then[line - 1].strip() if 0 < line <= len(then) else ""
    return git.edits(span, path, text=text) if text else ()


def _end(lines: list[str], first: int) -> int:
    """The last line of the block that begins at a line, from 1."""
    indent = _indent(lines[first - 1])
    last = first
    for number in range(first + 1, len(lines) + 1):
        text = lines[number - 1]
        if text.strip():
            if _indent(text) <= indent:
                break
            last = number
    return last


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
