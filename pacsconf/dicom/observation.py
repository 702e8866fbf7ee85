"""What the wire said about one target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pacsconf.core.finding import Finding, Path
from pacsconf.dicom.targets import Level, Target

Verdict = Literal["healthy", "failing", "asleep", "not probed", "unknown"]
StepName = Literal["name", "tcp", "association", "echo"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing tried: `text` says how it went, in words."""

    name: StepName
    passed: bool
    text: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Observation:
    """The answer of one target. `reason` is empty when it is healthy and there is nothing to add."""

    target: Target
    verdict: Verdict
    steps: tuple[Step, ...] = ()
    reason: str = ""

    @property
    def device(self) -> str:
        return self.target.device

    @property
    def title(self) -> str:
        return self.target.title

    @property
    def level(self) -> Level:
        return self.target.level

    @property
    def milliseconds(self) -> float:
        """From the first step to the last."""
        return sum(step.milliseconds for step in self.steps)

    def finding(self) -> Finding | None:
        """What is wrong, or could not be looked at; None when healthy, asleep or not to be probed."""
        if self.verdict not in ("failing", "unknown"):
            return None
        failing = self.verdict == "failing"
        return Finding(
            rule=self._rule(),
            severity="error" if failing else "warning",
            summary=f"{self._who()} {'fails on the wire' if failing else 'could not be proven on the wire'}",
            detail=f"{self.reason} (asked at {self.target.host}:{self.target.port}).",
            fix=self._fix(),
            path=self._path(),
            evidence="observed",
            verdict="fail" if failing else "unknown",
        )

    def _who(self) -> str:
        node = f", node {self.target.node}" if self.target.node else ""
        return f"{self.title} of {self.device}{node}"

    def _last(self) -> StepName | None:
        return self.steps[-1].name if self.steps else None

    def _rule(self) -> str:
        """Named for the step that failed, or the one that could not be taken."""
        if self.target.standby:
            return "WIRE-STANDBY"
        match self.steps[-1:]:
            case (Step(name="name", passed=False),):
                return "WIRE-NAME"
            case (Step(name="association", passed=False),):
                return "WIRE-ASSOC"
            case (Step(name="tcp" | "name", passed=False),) | ():
                return "WIRE-TCP"
            case _:
                return "WIRE-ECHO"

    def _fix(self) -> str:
        if self.verdict == "unknown":
            return ""
        if self.target.standby:
            return "Stop the standby, or declare it as an active node."
        match self._last():
            case "name":
                return "Correct the host in the inventory, or have the name entered in DNS."
            case "association":
                return "Compare the AE titles and addresses that both sides hold."
            case "echo":
                return "Ask the device's owner: it answers associations, but not a verification."
            case _:
                return "See that the device is on, in the network, and listens where it is declared to."

    def _path(self) -> Path:
        device: Path = ("devices", self.device)
        if self.target.node:
            return (*device, "nodes", self.target.node)
        if self._last() in ("association", "echo"):
            return (*device, "ae_titles", self.title)
        return (*device, "connections", self.target.connection, "host")
