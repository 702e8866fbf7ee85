"""Findings of which there may be a hundred thousand: the first of each rule, and how many more there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pacsconf.core.finding import Finding, Place

MOST = 100
"""Of one rule: whoever has mended a hundred knows what to do about the others."""


class Bounded:
    """Findings that are collected, and counted beyond the first hundred of a rule."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.held: dict[str, list[Finding]] = {}
        self.counts: dict[str, int] = {}

    def add(self, finding: Finding) -> None:
        """Keeps or counts one."""
        count = self.counts[finding.rule] = self.counts.get(finding.rule, 0) + 1
        if count <= self.most:
            self.held.setdefault(finding.rule, []).append(finding)

    def __iter__(self) -> Iterator[Finding]:
        for rule, found in self.held.items():
            yield from found
            if left := self.counts[rule] - len(found):
                yield _more(found[-1], left)


def bounded(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The first hundred of each rule, and one that counts the others."""
    held = Bounded()
    for finding in findings:
        held.add(finding)
    yield from held


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
