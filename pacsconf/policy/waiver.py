"""Waivers: findings that are accepted until a day, by one who answers for it and another who agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pacsconf.core.finding import Place

LONGEST = 180
"""Days that a waiver may last; then it is renewed, or what it is about is mended."""
WARNED = 30
"""Days before its end from which on it is told that it ends."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver as `policies/waivers.yaml` has it.

    `scope` are patterns of what is meant: kind and name (`ae:ct-er-1/CT_ER_1`, `ae:us-*/*`), a device
    (`device:us-1` means all that is on it, too), a site (`site:north` likewise), or an address of a live resource.
    """

    id: str
    rule: str
    scope: tuple[str, ...]
    owner: str
    approver: str
    reason: str
    control: str
    """What makes up for it meanwhile (the compensating control)."""
    since: date
    until: date
    """The last day on which it counts."""
    renewals: tuple[date, ...] = ()
    """Former last days, the oldest first."""
    place: Place | None = None

    def covers(self, day: date) -> bool:
        """Whether it counts on a day."""
        return self.since <= day <= self.until
