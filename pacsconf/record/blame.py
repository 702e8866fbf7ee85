"""Since which commit a line of the inventory stands as it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pacsconf.core.errors import RecordError
from pacsconf.record._git import Repository

LineOf = tuple[str, int]
"""A file, as named from the inventory's folder on, and a line of it, from 1."""

_UNCOMMITTED = "0" * 40
_AT_ONCE = 200
"""Ranges of lines that one call of git is asked for."""


@dataclass(frozen=True, slots=True)
class Written:
    """The commit that wrote a line; `commit` is empty for one that is not committed yet.

    `boundary`: it is where this clone's history begins, so the line may be older.
    """

    commit: str = ""
    author: str = ""
    day: date | None = None
    summary: str = ""
    boundary: bool = False


def written(root: Path, lines: Iterable[LineOf]) -> Mapping[LineOf, Written]:
    """Since when these lines of files below `root` stand; nothing of files that git does not have.

    Nothing at all where `root` is in no repository.
    """
    wanted: dict[str, set[int]] = {}
    for file, number in lines:
        wanted.setdefault(file, set()).add(number)
    if not wanted:
        return {}
    try:
        git = Repository.open(root)
    except RecordError:
        return {}
    try:
        found: dict[LineOf, Written] = {}
        for file, numbers in sorted(wanted.items()):
            found |= _of_file(git, root / file, file, sorted(numbers))
        return found
    finally:
        git.close()


def _of_file(git: Repository, path: Path, file: str, numbers: list[int]) -> dict[LineOf, Written]:
    found: dict[LineOf, Written] = {}
    cut = git.cut()
    for start in range(0, len(numbers), _AT_ONCE):
        told = git.blame(path, numbers[start : start + _AT_ONCE])
        found |= {(file, number): one for number, one in _parsed(told, cut).items()}
    return found


def _parsed(told: str, cut: Set[str]) -> dict[int, Written]:
    """What `git blame --line-porcelain` tells, by line."""
    found: dict[int, Written] = {}
    facts: dict[str, str] = {}
    for row in told.split("\n"):
        if row.startswith("\t"):  # the line itself ends what is told of it
            number = int(facts["number"])
            found[number] = _written(facts, cut)
            facts = {}
        elif not facts:
            commit, _, rest = row.partition(" ")
            facts = {"commit": commit, "number": rest.split(" ")[1]} if rest else {}
        else:
            key, _, value = row.partition(" ")
            facts[key] = value
    return found


def _written(facts: Mapping[str, str], cut: Set[str]) -> Written:
    if facts["commit"] == _UNCOMMITTED:
        return Written()
    moment = datetime.fromtimestamp(int(facts["author-time"]), UTC)
    commit = facts["commit"]
    return Written(commit, facts.get("author", ""), moment.date(), facts.get("summary", ""), commit in cut)
