"""What a system tells rules of itself: of its resources as they were read, or as a plan would leave them."""

from __future__ import annotations

from collections.abc import Mapping

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.inventory.model import Inventory
from pacsconf.policy.evidence import SystemEvidence
from pacsconf.systems.abilities import Attested, Evident, Foreseeing
from pacsconf.systems.base import System


def told(system: System, states: Mapping[Address, State], inventory: Inventory) -> SystemEvidence:
    """What is known of a system that was read, were these all its resources."""
    is_said = isinstance(system, Attested)
    nobody = is_said and not states
    return SystemEvidence(
        system.name,
        inventory.systems[system.name].type,
        "outside" if nobody else "attested" if is_said else "configured",
        "nobody can read it, and nobody said what stands there (pacsconf attest)" if nobody else "",
        resources=len(states),
        configured=system.evidence(states, inventory) if isinstance(system, Evident) else {},
        tells=isinstance(system, Evident),
        accounts=system.accounts_of(states) if isinstance(system, Foreseeing) else None,
    )
