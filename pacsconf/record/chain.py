"""The chain of change sets, as a history of the record has it; and whether it still leads to an end seen before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import takewhile

from pacsconf.core.chain import Follows, Link, digest_of, follows_from_json
from pacsconf.core.errors import RecordError
from pacsconf.policy.audit import Chain
from pacsconf.policy.drift import Applied
from pacsconf.record._objects import Objects
from pacsconf.record.branch import Branch
from pacsconf.record.contents import CHANGESET, entry_from_file
from pacsconf.record.owned import MISREAD

_ENOUGH = 3
"""Commits that touch the file of the change set, to find the last one: the newest may take it away."""


def ended(git: Objects, head: str, limit: int = -1) -> Iterator[tuple[Link, bytes]]:
    """The change sets of a history that ended, the newest first, each with its file as it ended.

    `limit` is how many commits that touch them are looked at.

    Raises: RecordError when one cannot be read.
    """
    seen = set()
    for commit in git.line(head, limit, path=CHANGESET) if head else ():
        named = entry_from_file(git.read(commit, "record.json")).changeset
        if not named or named in seen:  # taken out, or an earlier state of one that was met already
            continue
        seen.add(named)
        file = git.read(commit, CHANGESET)
        link, status = _parsed(file, commit)
        if status != "open":
            yield link, file


def links(git: Objects, head: str) -> tuple[Link, ...]:
    """All of them, the oldest first.

    Raises: RecordError when one cannot be read.
    """
    return tuple(link for link, _ in ended(git, head))[::-1]


def last(git: Objects, head: str) -> Link | None:
    """The change set that ended last; None where there is none yet.

    Raises: RecordError when it cannot be read.
    """
    found = next(ended(git, head, _ENOUGH), None)
    return found[0] if found else None


def follows(link: Link | None) -> Follows | None:
    """What the next change set says of this one."""
    return Follows(link.id, link.digest, link.number) if link else None


def end(git: Objects, head: str) -> Chain:
    """Where the chain ends at a head of the record, for an audit.

    Raises: RecordError when it cannot be read.
    """
    link = last(git, head)
    return Chain(head, link.id, link.digest, link.number) if link else Chain(head)


def flaws(git: Objects, head: str, links: Sequence[Link], told: Chain) -> tuple[str, ...]:
    """How this history, whose change sets these are, does not lead to the end that was told of it once."""
    found = []
    if told.head and not git.descends(head, told.head):
        found.append(
            f"commit {told.head[:10]} of the record, on which it was made, is not in its history any more"
        )
    if told.changeset:
        there = next((link for link in links if link.id == told.changeset), None)
        if there is None:
            found.append(f"change set {told.changeset}, the last one then, is not there any more")
        elif (there.digest, there.number) != (told.digest, told.length):
            found.append(f"change set {told.changeset}, the last one then, is not the same any more")
    return tuple(found)


def applied(branch: Branch, older: str, newer: str) -> Iterator[Applied]:
    """What change sets that ended between two commits of the record had applied, in the order in which they did.

    Nothing where either is empty, or not there any more.

    Raises: RecordError when one cannot be read.
    """
    if not (older and newer and branch.git.descends(newer, older)):
        return
    for commit in reversed([*takewhile(lambda one: one != older, branch.git.line(newer))]):
        entry = branch.entry(commit)
        if entry.type == "closed":
            done = branch.changeset(commit).applied
            yield from (Applied(one.address, entry.changeset, commit, entry.at) for one in done)


def _parsed(file: bytes, commit: str) -> tuple[Link, str]:
    try:
        body = json.loads(file)
        before = follows_from_json(body["follows"]) if "follows" in body else None
        return Link(str(body["id"]), digest_of(file), before), str(body["status"])
    except MISREAD as exc:
        raise RecordError(f"{CHANGESET} in commit {commit[:10]} cannot be understood: {exc}") from exc
