"""Findings of which there may be a hundred thousand: the first of each rule, and how many more there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pacsconf.core.finding import Finding, Place, Severity

MOST = 100
"""Of one rule: whoever has mended a hundred knows what to do about the others."""


class Bounded:
    """Findings that are collected, and counted beyond the first hundred of a rule."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, Severity], list[Finding]] = {}
        self.left: dict[tuple[str, Severity], int] = {}

    def add(self, finding: Finding) -> None:
        """Keeps or counts one."""
        kind = (finding.rule, finding.severity)
        held = self.held.setdefault(kind, [])
        if len(held) < MOST:
            held.append(finding)
        else:
            self.left[kind] = self.left.get(kind, 0) + 1

    def __iter__(self) -> Iterator[Finding]:
        for kind, found in self.held.items():
            yield from found
            if kind in self.left:
                yield _more(found[-1], self.left[kind])


def bounded(findings: Iterable[Finding]) -> Iterator[Finding]:
    """All findings, but of those about people, which nobody accepted, the first hundred of each rule."""
    people = Bounded()
    for finding in findings:
        if finding.path[:1] in _PEOPLE and not finding.accepted:
            people.add(finding)
        else:
            yield finding
    yield from people


_PEOPLE = (("users",), ("service_accounts",))


def _more(last: Finding, left: int) -> Finding:
    """What is told of the others: it stands at their file, or at the collection that they are in."""
    place = Place(last.place.file, last.place.line + 1, 1) if last.place else None
    where = f" in {last.place.file}" if last.place else ""
    return replace(
        last,
        summary=f"There are {left} more like this{where}",
        detail=f"Only the first {MOST} are told.",
        path=last.path[:1],
        place=place,
        also=(),
    )
