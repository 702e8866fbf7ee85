"""A probe under way: the steps taken, and what they come to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import get_args

from pacsconf.dicom.observation import (
    Acknowledged,
    Doors,
    Encryption,
    Fault,
    Negotiated,
    Observation,
    Software,
    Step,
    StepName,
    Verdict,
)
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.peer_fault import PeerFault

LADDER: tuple[StepName, ...] = get_args(StepName)
"""The steps in the order in which they build on each other."""


@dataclass
class Attempt:
    """What is known so far of one target."""

    target: Target
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    steps: list[Step] = field(default_factory=list)
    concluded: tuple[Verdict, str] | None = None
    contexts: tuple[Negotiated, ...] = ()
    software: Software | None = None
    encryption: Encryption | None = None
    doors: Doors | None = None
    acknowledged: Acknowledged = ""

    def passed(self, name: StepName, text: str, milliseconds: float) -> None:
        self.steps.append(Step(name, True, text, milliseconds))

    def failed(self, name: StepName, text: str, milliseconds: float, fault: Fault) -> None:
        self.steps.append(Step(name, False, text, milliseconds, fault))

    def faulted(self, name: StepName, fault: PeerFault, milliseconds: float) -> None:
        self.failed(name, str(fault), milliseconds, fault.fault)

    def conclude(self, verdict: Verdict, reason: str) -> None:
        """The verdict, whatever the steps say."""
        self.concluded = self.concluded or (verdict, reason)

    def observation(self) -> Observation:
        verdict, reason = self.concluded or self._verdict()
        steps = sorted(self.steps, key=lambda step: LADDER.index(step.name))
        return Observation(
            self.target,
            verdict,
            tuple(steps),
            reason,
            self.at,
            self.contexts,
            self.software,
            self.encryption,
            self.doors,
            self.acknowledged,
        )

    def _verdict(self) -> tuple[Verdict, str]:
        wrong = sorted((step for step in self.steps if step.passed is False), key=_rung)
        if wrong:
            return "failing", wrong[0].text
        return "healthy", self.target.why


def _rung(step: Step) -> int:
    return LADDER.index(step.name)


def since(moment: float) -> float:
    """Milliseconds since this moment on the clock of `time.monotonic`."""
    return (time.monotonic() - moment) * 1000
