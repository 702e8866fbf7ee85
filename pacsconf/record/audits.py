"""Audits in the record: the last one whole, and of each a line for the trend; those before are in the history.

evidence/audits/last.jsonl    the audit that was made last, as `policy.audit_json` spells it
evidence/audits/trend.jsonl   of each audit, the newest last: when, on what, how many results in which state
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pacsconf.core.errors import RecordError
from pacsconf.core.spelling import canonical
from pacsconf.policy.audit import Audit, Point, point_of
from pacsconf.policy.audit_json import audit_from_lines, point_from_json, point_to_json
from pacsconf.policy.results import State
from pacsconf.record.branch import Branch
from pacsconf.record.contents import EVIDENCE, Entry
from pacsconf.record.owned import from_lines

LAST = "audits/last.jsonl"
TREND = "audits/trend.jsonl"
KEPT = 1000
"""Lines of the trend that are kept, the newest: three years of one audit a day."""

_NAMED = re.compile(r"last(?:~(\d{1,6}))?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_COMMIT = re.compile("[0-9a-f]{7,40}")
_COUNTED: Mapping[State, str] = {
    "fail": "failed",
    "error": "broken",
    "unknown": "unknown",
    "waived": "waived",
    "pass": "passed",
}


@dataclass(frozen=True, slots=True)
class RecordedAudit:
    """An audit, the entry that keeps it, and its lines as they are kept."""

    entry: Entry
    audit: Audit
    lines: bytes


def added(now: Mapping[str, bytes], audit: Audit, lines: bytes) -> Mapping[str, bytes]:
    """The files of the evidence that are others once this audit is the last.

    Raises: RecordError when the trend cannot be read.
    """
    points = (point_of(audit), *trend(now))[:KEPT]
    rows = (canonical(point_to_json(one)) + b"\n" for one in reversed(points))
    return {LAST: lines, TREND: b"".join(rows)}


def counts(audit: Audit) -> dict[str, int]:
    """How many results are in which state, in the words of an entry."""
    found = audit.count()
    return {word: found[state] for state, word in _COUNTED.items() if found[state]}


def trend(evidence: Mapping[str, bytes]) -> tuple[Point, ...]:
    """The audits that were made, the newest first.

    Raises: RecordError naming the line that cannot be read.
    """
    rows = enumerate(evidence.get(TREND, b"").splitlines(), start=1)
    return tuple(from_lines(rows, EVIDENCE + TREND, point_from_json))[::-1]


def find(branch: Branch, which: str) -> Entry:
    """The entry of an audit: by its id, `last`, `last~2`, a commit (seven digits or more), or a day, which means
    the last one until its end (UTC).

    Raises: RecordError when there is none such, or the record cannot be read.
    """
    at = -1
    for at, entry in enumerate(entries(branch)):
        if _meant(which, entry, at):
            return entry
    if which in ("last", "last~1") and at < 1:
        number, make = (
            ("no audit yet", "one") if at < 0 else ("one audit alone", "another to compare it with")
        )
        raise RecordError(
            f"{branch.name} holds {number}", fix=f"Make {make}: pacsconf -e {branch.environment} audit"
        )
    raise RecordError(
        f'{branch.name} holds no audit "{which}"',
        fix=f"pacsconf -e {branch.environment} audit list shows them. "
        "An audit is named by its id, a commit, a day, last or last~1.",
    )


def entries(branch: Branch) -> Iterator[Entry]:
    """The entries that keep an audit, the newest first.

    Raises: RecordError when the record cannot be read.
    """
    head = branch.stand(fetch=False)[0].head
    for commit in branch.git.line(head, path=EVIDENCE + LAST) if head else ():
        entry = branch.entry(commit)
        if entry.type == "audit":
            yield entry


def load(branch: Branch, entry: Entry) -> RecordedAudit:
    """The audit that an entry keeps.

    Raises: RecordError when it cannot be read.
    """
    lines = branch.git.read(entry.commit, EVIDENCE + LAST)
    try:
        return RecordedAudit(entry, audit_from_lines(lines), lines)
    except RecordError as exc:
        place = f"{EVIDENCE}{LAST} in commit {entry.commit[:10]}"
        raise RecordError(f"{place}: {exc.message}", fix=exc.fix) from exc


def _meant(which: str, entry: Entry, at: int) -> bool:
    """Whether this is what a person means; `at` is how many audits are newer."""
    if is_named(which, entry):
        return True
    if named := _NAMED.fullmatch(which):
        return at == int(named[1] or 0)
    if _DAY.fullmatch(which):
        return entry.at[:10] <= which
    return False


def is_named(which: str, entry: Entry) -> bool:
    """Whether this is its id, or the beginning of its commit."""
    return which == entry.audit or (bool(_COMMIT.fullmatch(which)) and entry.commit.startswith(which))
