"""What an audit looked at: the inventory at a moment, each live system (or why it could not be read), the wire, and
what the record knows. Subjects are made of it, by `pacsconf.policy.facts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pacsconf.inventory.model import Inventory
from pacsconf.policy.subject import Facts

if TYPE_CHECKING:  # where nothing live is looked at, nobody needs what it is read into
    from pacsconf.core.address import Address
    from pacsconf.core.review import Reviews
    from pacsconf.dicom.probe.run import Sighting
    from pacsconf.people.live import LiveAccounts
    from pacsconf.retention.capacity import Stock

Configured = Mapping[str, Mapping[str, Facts]]
"""By kind and name of a subject, what a system holds of it: fields of the kind's `configured` tier."""

How = Literal["configured", "attested", "unreached", "outside"]
"""How a system's own configuration is known: read; said by a person; not reached; or nothing here reads it."""


@dataclass(frozen=True, slots=True)
class SystemEvidence:
    """What is known of one declared system."""

    name: str
    type: str
    how: How
    why: str = ""
    """Why it was not reached, or what of it could not be seen."""
    resources: int = 0
    at: str = ""
    """When it was read, or attested (the oldest): ISO 8601 in UTC."""
    configured: Configured = field(default_factory=dict)
    tells: bool = True
    """Whether it tells rules what it holds. Another is only compared: what it does not name may be there."""
    accounts: LiveAccounts | None = None
    stock: Stock | None = None
    differs: tuple[Address, ...] | None = None
    """What is live otherwise than it is declared. None: not compared."""
    outside: tuple[Address, ...] | None = None
    """What somebody changed outside pacsconf since it was applied. None: not known."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it, at `now` (UTC)."""

    inventory: Inventory
    now: datetime
    systems: Mapping[str, SystemEvidence] = field(default_factory=dict)
    """By name, every declared system; empty where no live system was asked (`validate`)."""
    sightings: Sequence[Sighting] = ()
    """What was seen of each target, the last of each."""
    stocks: Mapping[str, Sequence[Stock]] = field(default_factory=dict)
    """By system, samples of how full it was, the oldest first."""
    reviews: Reviews | None = None
    """None: the record is not known."""
    accepted: Mapping[str, Mapping[str, str]] | None = None
    """By device, of its last acceptance run that was signed whole: `version` (of its software), `at`,
    `implementation`. None: not known."""
    former_lifecycles: Mapping[str, str] | None = None
    """By device, the lifecycle it had before its last change in git. None: not known."""
    findings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By device, rules of other checks that found something about it which nobody accepted."""
