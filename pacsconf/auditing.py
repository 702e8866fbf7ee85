"""What an audit looks at: every system that can be read, what is known of those that cannot, the wire, the record.

A system that cannot be read stops nothing here: what depends on it is unknown, and the report says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pacsconf.core.address import Address
from pacsconf.core.attestation import Attestation
from pacsconf.core.compare import Difference, compare
from pacsconf.core.errors import SystemFault, SystemFaults
from pacsconf.core.finding import Finding
from pacsconf.core.resource import State
from pacsconf.core.select import ignoring
from pacsconf.dicom.probe.run import Sighting
from pacsconf.inventory.model import Inventory
from pacsconf.policy.evidence import Configured, Evidence, SystemEvidence
from pacsconf.policy.findings import by_device
from pacsconf.reading import read_one
from pacsconf.record.branch import stamp
from pacsconf.record.state import RecordState
from pacsconf.retention.capacity import Stock
from pacsconf.systems.abilities import Attested, Peopled, Stocked
from pacsconf.systems.base import System
from pacsconf.systems.telling import told
from pacsconf.world import World

log = logging.getLogger(__name__)

_OUTSIDE = frozenset({"drift", "deleted-outside", "clash"})
"""Verdicts that say: somebody else changed it."""
_EQUAL = frozenset({"equal", "take-ownership", "unmanaged", "forget"})
"""Verdicts on what is as it is declared, or is not declared at all."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at every system came to: evidence by system, and why some could not be read."""

    systems: Mapping[str, SystemEvidence]
    faults: tuple[SystemFault, ...] = ()

    def require_any(self) -> None:
        """Nothing, where at least one system told of itself, or none is declared.

        Raises: SystemFaults: where nothing live could be looked at, an audit would say nothing.
        """
        if self.faults and all(one.how in ("unreached", "outside") for one in self.systems.values()):
            raise SystemFaults(list(self.faults))


def look(world: World, record: RecordState) -> Looked:
    """Read every system of the environment, one after the other. Writes nothing, asks no device."""
    found: dict[str, SystemEvidence] = {}
    faults: list[SystemFault] = []
    for name in sorted(world.systems):
        try:
            found[name] = _read(world, name, record)
        except SystemFault as fault:
            faults.append(fault)
            found[name] = SystemEvidence(name, world.inventory.systems[name].type, "unreached", fault.message)
    return Looked(found, tuple(faults))


def _read(world: World, name: str, record: RecordState) -> SystemEvidence:
    """One system as it is. Raises: SystemFault."""
    system = world.systems[name]
    declared = system.declared(world.inventory)
    owned = {at: state for at, state in record.owned.items() if at.system == name}
    live = read_one(world, name, record.attested, owned).states()
    last = owned if record.known else None
    ignored = ignoring(declared.ignoring(world.inventory.systems[name].ignore, owned))
    differences = tuple(compare(declared.states(), live, last, ignored))
    known = told(system, live, world.inventory)
    if not isinstance(system, Attested):
        # Of what people attest, what nobody declared need not be there: the system itself knows whether it tells.
        known = replace(known, configured=_beside((_nobodys(name, differences), known.configured)))
    return replace(
        known,
        at=_since(known, record.attested, live, stamp(world.clock())),
        accounts=system.live() if known.accounts is None and isinstance(system, Peopled) else known.accounts,
        stock=_stock(world, system),
        differs=tuple(one.address for one in differences if one.verdict not in _EQUAL),
        outside=_changed_outside(differences) if record.known else None,
    )


def _changed_outside(differences: Iterable[Difference]) -> tuple[Address, ...]:
    return tuple(one.address for one in differences if one.verdict in _OUTSIDE)


def _since(
    known: SystemEvidence, attested: Mapping[Address, Attestation], live: Mapping[Address, State], now: str
) -> str:
    """Since when a system is known so: one that nobody can read is as old as the oldest word about it."""
    if known.how == "configured":
        return now
    return min((attested[at].at for at in live if at in attested), default="")


def _stock(world: World, system: System) -> Stock | None:
    """How full it is; None where it keeps nothing, or does not tell."""
    if not isinstance(system, Stocked):
        return None
    try:
        return system.stock(world.clock())
    except SystemFault as why:
        log.info("%s does not tell how full it is: %s", system.name, why.message)
        return None


def _nobodys(name: str, differences: Iterable[Difference]) -> Configured:
    """What is live and nobody's here, by its roots: what a person counts."""
    found = [
        str(one.address)
        for one in differences
        if one.verdict == "unmanaged" and one.live is not None and one.live.root == one.address
    ]
    return {"system": {name: {"undeclared": sorted(found)}}}


def _beside(parts: Sequence[Configured]) -> Configured:
    """What one system says in several parts; the later one knows better."""
    found: dict[str, dict[str, dict[str, object]]] = {}
    for part in parts:
        for kind, names in part.items():
            for name, facts in names.items():
                found.setdefault(kind, {}).setdefault(name, {}).update(facts)
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside live systems, gathered by whoever asks for an audit."""

    sightings: Sequence[Sighting] = ()
    stocks: Mapping[str, Sequence[Stock]] = field(default_factory=dict)
    accepted: Mapping[str, Mapping[str, str]] | None = None
    before: Inventory | None = None
    """The inventory that was applied last; None: not known."""
    findings: Sequence[Finding] = ()
    """What other checks found in the inventory."""


def evidence(world: World, record: RecordState, looked: Looked, known: Known) -> Evidence:
    """All that rules are judged on."""
    former = known.before
    return Evidence(
        inventory=world.inventory,
        now=world.clock(),
        systems=looked.systems,
        sightings=known.sightings,
        stocks=_with_now(known.stocks, looked),
        reviews=record.contents.reviews if record.known else None,
        accepted=known.accepted,
        former_lifecycles=(
            {name: device.lifecycle for name, device in former.devices.items()} if former else None
        ),
        findings=by_device(known.findings),
    )


def _with_now(stocks: Mapping[str, Sequence[Stock]], looked: Looked) -> dict[str, tuple[Stock, ...]]:
    """The samples of each storage, with the one that was just taken."""
    known = {name: tuple(samples) for name, samples in stocks.items()}
    for name, one in looked.systems.items():
        if one.stock is not None:
            known[name] = (*known.get(name, ()), one.stock)
    return known
