"""What a person, or a probe, says stands in a system that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pacsconf.core.address import Address
from pacsconf.core.resource import State

How = Literal["attested", "observed"]
"""Whether a person says so, or it was seen on the wire."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """One resource as it was seen: `state` None says that it is not there.

    `by` is `name <mail>`, `at` ISO 8601 in UTC with seconds. `basis` is what it builds on (the digest of an
    export that lay there then); empty for nothing.
    """

    address: Address
    state: State | None
    by: str
    at: str
    how: How = "attested"
    reason: str = ""
    basis: str = ""
