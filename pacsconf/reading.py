"""Reading live systems: all that they hold, with what the record knows of them told before."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from time import perf_counter

from pacsconf.core.address import Address
from pacsconf.core.attestation import Attestation
from pacsconf.core.errors import SystemFault, SystemFaults
from pacsconf.core.resource import Snapshot, State
from pacsconf.systems.abilities import Attested, Remembering
from pacsconf.world import World

log = logging.getLogger(__name__)


def read(
    world: World,
    names: Sequence[str],
    attested: Mapping[Address, Attestation],
    owned: Mapping[Address, State] | None = None,
) -> tuple[Snapshot, ...]:
    """All that these systems hold; those that cannot be read hold what was attested of them.

    What is `owned` is looked for too, where a system only finds what it knows of.

    Raises: SystemFaults with every system that cannot be read whole.
    """
    snapshots: list[Snapshot] = []
    faults: list[SystemFault] = []
    for name in names:
        try:
            snapshots.append(read_one(world, name, attested, owned or {}))
        except SystemFault as fault:
            faults.append(fault)
    if faults:
        raise SystemFaults(faults)
    return tuple(snapshots)


def read_one(
    world: World, name: str, attested: Mapping[Address, Attestation], owned: Mapping[Address, State]
) -> Snapshot:
    """All that one system holds, in the same way. Raises: SystemFault when it cannot be read whole."""
    world.progress.reading(name)
    started = perf_counter()
    system = world.systems[name]
    if isinstance(system, Attested):
        system.recall({address: one for address, one in attested.items() if address.system == name})
    if isinstance(system, Remembering):
        system.remember({address: one for address, one in owned.items() if address.system == name})
    snapshot = system.read()
    count, seconds = len(snapshot.resources), perf_counter() - started
    log.info("read %d resources of %s in %.2f s", count, name, seconds)
    world.progress.read(name, count, seconds)
    return snapshot
