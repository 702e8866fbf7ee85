"""Finding an entry of the record by what a person types: a change set's id, or the beginning of a commit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from pacsconf.core.address import Address
from pacsconf.core.approval import PlanApproval
from pacsconf.core.attestation import Attestation
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.review import Reviews
from pacsconf.record.branch import Branch
from pacsconf.record.contents import Entry, owned_path

_ENOUGH_OF_A_COMMIT = 7


def changeset(branch: Branch, which: str) -> ChangeSet | None:
    """A change set as it stood last, by its id or by a commit (seven digits or more) that holds it."""
    for commit in _commits(branch):
        if _names(which, commit) or branch.entry(commit).changeset == which:
            found = branch.contents(commit).changeset
            if found is not None:
                return found
    return None


def attestations(branch: Branch, which: str) -> tuple[Entry, tuple[Attestation, ...]] | None:
    """What a commit (seven digits or more) attests; None where there is no such commit, or of another kind."""
    for commit, parent in pairwise(_commits(branch)):
        if _names(which, commit) and (entry := branch.entry(commit)).type == "attest":
            before, after = branch.contents(parent).attested, branch.contents(commit).attested
            return entry, tuple(one for address, one in after.items() if before.get(address) != one)
    return None


def approvals(branch: Branch, which: str) -> tuple[Entry, tuple[PlanApproval, ...]] | None:
    """What a commit (seven digits or more) approves; None where there is no such commit, or of another kind."""
    for commit, parent in pairwise(_commits(branch)):
        if _names(which, commit) and (entry := branch.entry(commit)).type == "approve":
            before, after = branch.contents(parent).approvals, branch.contents(commit).approvals
            return entry, tuple(one for one in after if one not in before)
    return None


def evidence(branch: Branch, which: str) -> tuple[Entry, Mapping[str, bytes]] | None:
    """What observers saw by a commit (seven digits or more), by path; None where it is of another kind, or none."""
    for commit, parent in pairwise(_commits(branch)):
        if _names(which, commit) and (entry := branch.entry(commit)).type in _OF_OBSERVERS:
            before, after = branch.contents(parent).evidence, branch.contents(commit).evidence
            return entry, {path: data for path, data in after.items() if before.get(path) != data}
    return None


def since(branch: Branch, address: Address, field: str) -> Entry | None:
    """The entry since which a field of an address is owned; None where it is not.

    Found by the text of the lines that hold what is owned, since reading every commit of a large record takes long.
    """
    head = branch.stand(fetch=False)[0].head
    path = owned_path(address.system, address.kind)
    if not head or path not in branch.git.files(head):
        return None
    start, name = (json.dumps(text) for text in (str(address), field))
    pattern = f'"address":{_literally(start)},.*{_literally(name)}:'
    if not re.search(pattern.encode("ascii"), branch.git.read(head, path)):
        return None
    commit = branch.git.appeared(head, path, pattern)
    return branch.entry(commit) if commit else None


def _literally(text: str) -> str:
    """Text as an expression that means it, for git (POSIX) and Python alike."""
    return "".join(f"\\{char}" if char in _MEANS_MORE else char for char in text)


_MEANS_MORE = frozenset(r".[]\*^$()+?{}|")


def reviews(branch: Branch, which: str) -> tuple[Entry, Reviews] | None:
    """The reviews that a commit (seven digits or more) opened, answered or closed; None for another kind."""
    for commit, parent in pairwise(_commits(branch)):
        if _names(which, commit) and (entry := branch.entry(commit)).type in ("review", "sign-off"):
            before, after = branch.contents(parent).reviews, branch.contents(commit).reviews
            return entry, tuple(one for one in after if one not in before)
    return None


_OF_OBSERVERS = ("probe", "commission", "storage")


def _commits(branch: Branch) -> Iterator[str]:
    """Newest first."""
    head = branch.stand(fetch=False)[0].head
    yield from branch.git.line(head) if head else ()


def _names(which: str, commit: str) -> bool:
    return len(which) >= _ENOUGH_OF_A_COMMIT and commit.startswith(which)
