"""Which commit of the record to believe, from what this clone and its remote show: pure.

The remote decides. The local branch follows it, or is ahead of it where something could not be pushed. History only
ever grows, so a head that does not descend from one seen before was rewritten, and what pacsconf owns is unknown
until a person says otherwise.

    remote      local               head
    -           present             local: there is no remote
    has it      absent or behind    the remote's
    has it      ahead               local: pushed with the next write
    has it      diverged            unknown
    has none    present             local, if the remote never had it; else unknown (deleted there)
    no answer   present             the newer of local and remote-tracking, with a note
    no answer   absent              unknown (not fetched)
    has none    absent              no record: `record init` may make one
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Descends = Callable[[str, str], bool]
"""Whether the first commit has the second in its history."""


@dataclass(frozen=True, slots=True)
class Heads:
    """The last head that this clone worked with, and the last one it saw in the remote; empty for none."""

    here: str = ""
    there: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen: commits, empty where there is none; `there` is None when the remote was not asked.

    `tracking` is what the last fetch or push left, `noted` what the clone remembers on its own.
    """

    environment: str
    remote: str
    here: str
    tracking: str
    there: str | None
    noted: Heads

    @property
    def branch(self) -> str:
        """The record's branch."""
        return f"pacsconf/{self.environment}"


@dataclass(frozen=True, slots=True)
class Standing:
    """The commit to believe, or why none is to be (`why`) and what to do then (`fix`).

    `head` is empty where nothing was found; `exists` is False only where it is certain that there is no record.
    `acceptable`: a person may decide to trust what is there.
    """

    head: str
    exists: bool = True
    acceptable: bool = True
    why: str = ""
    fix: str = ""


def stand(seen: Sighting, descends: Descends) -> Standing:
    """What to make of what was seen."""
    asked = seen.there is not None
    there = seen.there or "" if asked else seen.tracking
    if not there and not seen.here:
        return _absent(seen)
    former = (seen.noted.there, seen.tracking) if seen.remote else ()
    if not there:
        lost = next(filter(None, former), "") if asked else ""
        return (
            _deleted(seen, lost) if lost else _unless_rewritten(seen, seen.here, (seen.noted.here,), descends)
        )
    if not seen.here or descends(there, seen.here):
        return _unless_rewritten(seen, there, (*former, seen.noted.here), descends)
    rewritten = _unless_rewritten(seen, there, former, descends)
    if rewritten.why:
        return rewritten
    if descends(seen.here, there):
        return _unless_rewritten(seen, seen.here, (seen.noted.here,), descends)
    return _diverged(seen, there)


def _unless_rewritten(seen: Sighting, head: str, former: tuple[str, ...], descends: Descends) -> Standing:
    lost = next((one for one in former if one and one != head and not descends(head, one)), "")
    if not lost:
        return Standing(head)
    return Standing(
        head,
        why=f"{seen.branch} was rewritten: commit {lost[:10]}, seen here before, is not in its history any more",
        fix=f"Compare {lost[:10]} with {head[:10]}. {_accept(seen)}",
    )


def _absent(seen: Sighting) -> Standing:
    if seen.remote and seen.there is None:
        ref = f"refs/heads/{seen.branch}:refs/remotes/{seen.remote}/{seen.branch}"
        return Standing(
            "",
            acceptable=False,
            why=f"{seen.branch} is not in this clone, and {seen.remote} was not asked for it",
            fix=f"git fetch {seen.remote} {ref}",
        )
    lost = next(filter(None, (seen.noted.here, seen.noted.there, seen.tracking)), "")
    if lost:
        return _deleted(seen, lost)
    return Standing(
        "",
        exists=False,
        why=f"there is no record of {seen.environment} yet (branch {seen.branch})",
        fix=f"pacsconf -e {seen.environment} record init",
    )


def _deleted(seen: Sighting, lost: str) -> Standing:
    place = f"from {seen.remote}" if seen.remote else "here"
    back = (
        f"git push {seen.remote} {lost[:10]}:refs/heads/{seen.branch}"
        if seen.remote
        else f"git branch {seen.branch} {lost[:10]}"
    )
    return Standing(
        seen.here,
        why=f"{seen.branch} was deleted {place}; it was at {lost[:10]}",
        fix=f"Put it back: {back}. {_accept(seen)}",
    )


def _diverged(seen: Sighting, there: str) -> Standing:
    return Standing(
        there,
        why=f"{seen.branch} has commits here that {seen.remote} does not have, and the other way round",
        fix=f"git log --graph {seen.branch} {seen.remote}/{seen.branch}. {_accept(seen)}",
    )


def cut(seen: Sighting, head: str) -> Standing:
    """What to say of a head whose history a shallow clone misses."""
    return Standing(
        head,
        acceptable=False,
        why=f"this clone is shallow and holds only a part of {seen.branch}",
        fix=f"git fetch --unshallow {seen.remote}".strip(),
    )


def _accept(seen: Sighting) -> str:
    return f"To trust what is there now: pacsconf -e {seen.environment} record init --accept --reason TEXT"
