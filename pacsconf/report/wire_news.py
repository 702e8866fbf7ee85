"""What the last probes say of the wire, for screens that ask nobody: how old it is, and what failed then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pacsconf.core.finding import Finding
from pacsconf.dicom.probe.findings import findings
from pacsconf.dicom.probe.run import Known, Sighting, subject_of
from pacsconf.report.words import ago, counted, listed

_FEW = 5
"""Targets that failed are told one by one up to so many."""


@dataclass(frozen=True, slots=True)
class WireNews:
    """What is known of the wire, and the moment at which it is told; `command` is how pacsconf is called.

    `never`: nothing was ever recorded, and somebody may be asked; who, nobody looked. `unreadable`: what is
    recorded cannot be read here.
    """

    known: Known
    now: datetime
    command: str = "pacsconf"
    never: bool = False
    unreadable: bool = False

    @property
    def text(self) -> str:
        """`last probed 4 hours ago, 58 of 61 healthy, 2 failing`; empty where nobody may be asked."""
        if self.unreadable:
            return f"the last probe that is recorded cannot be read by this version ({self.command} probe)"
        last, unasked = self.known.last, len(self.known.unasked)
        if last is None:
            return f"never probed ({self.command} probe)" if unasked or self.never else ""
        counts = self.known.counts()
        ill = (
            f"{counts[verdict]} {verdict}" for verdict in ("failing", "asleep", "unknown") if counts[verdict]
        )
        healthy = f"{counts['healthy']} of {len(self.known.asked)} healthy"
        never = f"{unasked} never probed" if unasked else ""
        return listed((f"last probed {ago(last, self.now)}", healthy, *ill, never))

    def findings(self, *, unasked: bool = True) -> Iterator[Finding]:
        """What failed when it was asked last, and which never were; none of it stands in the way of a plan.

        Without `unasked` these are left to the line that counts them.
        """
        failing = [one for one in self.known.asked if one.observation.verdict == "failing"]
        for one in failing[:_FEW]:
            yield from (self._then(one, finding) for finding in findings(one.observation))
        if len(failing) > _FEW:
            yield self._more(len(failing) - _FEW)
        if unasked and self.known.unasked and self.known.asked:
            yield self._never()

    def _then(self, one: Sighting, finding: Finding) -> Finding:
        where = f" from {one.where}" if one.where else ""
        seen = f"{finding.detail} Seen {ago(one.at, self.now)}{where}."
        return replace(finding, severity="warning", detail=seen.strip())

    def _more(self, number: int) -> Finding:
        return Finding(
            "WIRE-MORE",
            "info",
            f"{counted(number, 'more target')} failed when probed last",
            fix=f"Look at all of them: {self.command} probe",
            evidence="observed",
        )

    def _never(self) -> Finding:
        unasked = self.known.unasked
        names = listed(subject_of(target) for target in unasked[:_FEW])
        more = f" and {len(unasked) - _FEW} more" if len(unasked) > _FEW else ""
        total = len(unasked) + len(self.known.asked)
        return Finding(
            "WIRE-UNSEEN",
            "info",
            f"{len(unasked)} of {counted(total, 'target')} {'was' if len(unasked) == 1 else 'were'} never probed as"
            " declared now",
            f"Whether these answer is not known: {names}{more}.",
            f"Ask them: {self.command} probe",
            evidence="observed",
            verdict="unknown",
        )

    def body(self) -> dict[str, Any]:
        """The same for machines: `never` is null where nothing was ever recorded."""
        last = self.known.last
        return {
            "last": f"{last:%Y-%m-%dT%H:%M:%SZ}" if last else None,
            "counts": self.known.counts(),
            "never": None
            if self.never or self.unreadable
            else [subject_of(target) for target in self.known.unasked],
            "failing": [
                {"subject": subject_of(one.target), "reason": one.observation.reason, "since": one.since}
                for one in self.known.asked
                if one.observation.verdict == "failing"
            ],
        }
