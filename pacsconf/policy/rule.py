"""A rule as a pack states it: what must hold of each resource of a kind, and why that matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from pacsconf.core.finding import Place

Severity = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The worst first."""

Tier = Literal["declared", "configured", "observed"]
TIERS: tuple[Tier, ...] = get_args(Tier)
"""What a result stands on, the weakest first: what the inventory says, what a live system's configuration says,
what was seen on the wire."""

Framework = Literal["hipaa", "nist-800-53", "csf", "iso27799", "gdpr", "dicom", "ihe"]
FRAMEWORKS: tuple[Framework, ...] = get_args(Framework)

Parameter = bool | int | str | tuple[str, ...]
"""A number, switch, text or list of texts that sites set otherwise; days are plain numbers."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, after what the site changes of it.

    `condition` is CEL that is true where all is well; `when` chooses the resources it is about (elsewhere it is
    *not applicable*); `message` is CEL that yields text: what is wrong with this very resource. All see the fields
    of the kind (`pacsconf.policy.vocabulary`), `self`, `site`, `configured`, `observed` and `params`.
    """

    id: str
    title: str
    severity: Severity
    kind: str
    condition: str
    when: str = ""
    message: str = ""
    why: str = ""
    fix: str = ""
    params: Mapping[str, Parameter] = field(default_factory=dict)
    controls: Mapping[Framework, tuple[str, ...]] = field(default_factory=dict)
    """By framework, the controls that it supports: `{"hipaa": ("164.312(e)(1)",)}`."""
    since: str = ""
    """The version of pacsconf, or of the pack, that it came with."""
    pack: str = ""
    tiers: tuple[Tier, ...] = ("declared",)
    """What `when`, `condition` and `message` look at, found in their text. The last is the proof tier: the
    strongest evidence that a result can stand on."""
    place: Place | None = None
    """Where the rule stands."""
    off: str = ""
    """Why it is switched off; empty: it is not."""
    changed: tuple[str, ...] = ()
    """What the site set otherwise, in words (`severity: high → medium`)."""

    @property
    def proof(self) -> Tier:
        """The strongest evidence that a result can stand on."""
        return self.tiers[-1]

    @property
    def needs_live(self) -> bool:
        """Whether it can be judged only when live systems, or the wire, were looked at."""
        return self.tiers != ("declared",)


@dataclass(frozen=True, slots=True)
class Pack:
    """A file of rules, and what it calls itself."""

    name: str
    title: str = ""
    version: str = ""
    rules: tuple[Rule, ...] = ()
    place: Place | None = None
