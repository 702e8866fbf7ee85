"""An audit: what rules came to at one moment, on what evidence. Plain data, recorded as JSON and reported from it.

It holds ids and DICOM names, no name of a person and nothing of a patient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pacsconf.policy.results import State
from pacsconf.policy.rule import Framework, Parameter, Severity, Tier

if TYPE_CHECKING:  # it needs the whole model of the inventory, and the record is read without
    from pacsconf.policy.evidence import How


@dataclass(frozen=True, slots=True)
class AuditedRule:
    """A rule as it was when it was judged."""

    id: str
    title: str
    severity: Severity
    kind: str
    proof: Tier
    condition: str = ""
    when: str = ""
    why: str = ""
    fix: str = ""
    pack: str = ""
    params: Mapping[str, Parameter] = field(default_factory=dict)
    controls: Mapping[Framework, tuple[str, ...]] = field(default_factory=dict)
    off: str = ""
    changed: tuple[str, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class AuditedResult:
    """What a rule came to on a resource: `file` and `line` are where that is declared (empty, 0: nowhere)."""

    rule: str
    kind: str
    name: str
    state: State
    evidence: Tier = "declared"
    message: str = ""
    site: str = ""
    device: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    waiver: str = ""
    """Id of the waiver, or `baseline/NAME`."""
    system: str = ""
    """Live system whose resource it is about, where it is about one alone."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is called from audit to audit."""
        return self.rule, self.kind, self.name


WaiverState = Literal["active", "ends soon", "ended", "unused", "not begun"]


@dataclass(frozen=True, slots=True)
class AuditedWaiver:
    """A waiver as it stood; dates are ISO."""

    id: str
    rule: str
    scope: tuple[str, ...]
    owner: str
    approver: str
    reason: str
    control: str
    """The compensating control."""
    since: str
    until: str
    renewals: tuple[str, ...] = ()
    """Former ends, the oldest first."""
    state: WaiverState = "active"
    used: int = 0
    """Results that it accepts."""
    baseline: bool = False
    """An entry of the inventory's baseline: a fault found when the hospital was adopted."""


@dataclass(frozen=True, slots=True)
class AuditedSystem:
    """A system and how its configuration is known."""

    name: str
    type: str
    how: How
    why: str = ""
    resources: int = 0
    at: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much was looked at, and how: without it nothing is said to be clean.

    `counts` are, by what is counted (`ae`, `account`, `rule`), how many are known in which way: `observed`,
    `configured`, `attested`, `declared` (by that alone), `unreachable`.
    """

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    systems: tuple[AuditedSystem, ...] = ()
    outside: tuple[str, ...] = ()
    """Devices that keep or route images, or people's accounts, and that no declared system reads."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The end of the chain of change sets when it was audited: a record that was rewritten does not lead to it."""

    head: str = ""
    """The commit of the record that the audit was made on."""
    changeset: str = ""
    """The id of the last change set; empty for none."""
    digest: str = ""
    """Its SHA-256, which covers its predecessor's."""
    length: int = 0


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit of one environment. `at` is ISO 8601 in UTC; `frameworks` are those that were asked for."""

    id: str
    at: str
    by: str
    environment: str
    version: str
    """Of pacsconf."""
    commit: str
    """Of the inventory, with `-dirty` where files differ from it."""
    inventory: str
    """SHA-256 of the inventory."""
    policies: str
    """SHA-256 of the folder of policies."""
    frameworks: tuple[Framework, ...]
    rules: tuple[AuditedRule, ...] = ()
    results: tuple[AuditedResult, ...] = ()
    """Every result, by rule, kind and name; those that passed, and those that do not apply, too."""
    waivers: tuple[AuditedWaiver, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    chain: Chain = field(default_factory=Chain)
    probed: str = ""
    """When the wire was last looked at, ISO 8601 in UTC; empty: never."""

    def rule(self, which: str) -> AuditedRule:
        """The rule of an id. Raises: KeyError."""
        return {one.id: one for one in self.rules}[which]

    def of(self, *states: State) -> Iterator[AuditedResult]:
        """The results in these states."""
        return (one for one in self.results if one.state in states)

    def count(self) -> Counter[State]:
        """How many results are in which state."""
        return Counter(one.state for one in self.results)


@dataclass(frozen=True, slots=True)
class Point:
    """An earlier audit, for the trend: how many results were in which state, and failures by severity."""

    id: str
    at: str
    commit: str
    states: Mapping[State, int]
    failures: Mapping[Severity, int]
    frameworks: tuple[Framework, ...] = ()
    """Those that were asked for; counts of other ones are no comparison."""


def point_of(audit: Audit) -> Point:
    """What a trend keeps of an audit; a broken rule counts among the failures."""
    severities = {one.id: one.severity for one in audit.rules}
    failures = Counter(severities[one.rule] for one in audit.of("fail", "error") if one.rule in severities)
    return Point(audit.id, audit.at, audit.commit, dict(audit.count()), dict(failures), audit.frameworks)
