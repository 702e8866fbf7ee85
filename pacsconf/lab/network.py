"""Who is played by whom in the practice lab. Pure.

Every declared address that may be called is played on a port of its own by `storescp`, which takes any
association and keeps nothing. An address of an AE that a declared Orthanc is leads to the lab's Orthanc. Another
with a query/retrieve provider is an archive, played by `dcmqrscp`, which takes associations only from declared
AE titles to its own. Devices that are mostly off, and standby nodes, are silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pacsconf.dicom.targets import Target, targets
from pacsconf.inventory.model import Inventory, NetworkAE
from pacsconf.inventory.peers import entity
from pacsconf.inventory.systems import OrthancConfig

QUERY = ("1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1")
"""Patient Root and Study Root Query/Retrieve, FIND (PS3.4 annex C)."""

_CONFIGURABLE = re.compile(r"[A-Za-z0-9_.-]+")
_NAMES_A_LINE = 20
"""dcmqrscp 3.6.7 reads lines of at most 511 characters."""


@dataclass(frozen=True, slots=True)
class Archive:
    """An AE that answers queries. `open_to_all`: it takes any calling AE title."""

    title: str
    open_to_all: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """The parts to play; addresses are `host:port` as declared."""

    stations: tuple[str, ...]
    silent: tuple[str, ...]
    archive_addresses: tuple[str, ...]
    archives: tuple[Archive, ...]
    callers: tuple[str, ...]
    """Calling AE titles that archives know."""
    orthancs: tuple[tuple[str, str], ...] = ()
    """Each address of an Orthanc, with the name of its system."""


def network(inventory: Inventory) -> Network:
    """What a lab for this inventory plays."""
    called = [target for target in targets(inventory, None, None) if target.level != "none"]
    awake = [target for target in called if not (target.standby or target.may_sleep)]
    orthancs = _orthancs(inventory, awake)
    archive_at = {
        target.declared for target in awake if _is_archive(_ae(inventory, target))
    } - orthancs.keys()
    answering = {target.declared for target in awake}
    return Network(
        stations=tuple(sorted(answering - archive_at - orthancs.keys())),
        silent=tuple(sorted({target.declared for target in called} - answering)),
        archive_addresses=tuple(sorted(archive_at)),
        archives=tuple(_archives(inventory, (target for target in awake if target.declared in archive_at))),
        callers=tuple(
            sorted({ae.title for _, ae in inventory.entities() if _CONFIGURABLE.fullmatch(ae.title)})
        ),
        orthancs=tuple(sorted(orthancs.items())),
    )


def _orthancs(inventory: Inventory, awake: Iterable[Target]) -> dict[str, str]:
    """By address, the system of type `orthanc` that is there; of two for one AE the first by name."""
    systems: dict[tuple[str, str], str] = {}
    for name, config in sorted(inventory.systems.items()):
        found = entity(inventory, config.ae) if isinstance(config, OrthancConfig) and config.ae else None
        if found:
            systems.setdefault((found[0].name, found[1].title), name)
    return {
        target.declared: systems[target.device, target.title]
        for target in awake
        if (target.device, target.title) in systems
    }


def _ae(inventory: Inventory, target: Target) -> NetworkAE:
    return inventory.devices[target.device].ae_titles[target.title]


def _is_archive(ae: NetworkAE) -> bool:
    queried = any(
        capability.role == "SCP" and capability.sop_class in QUERY for capability in ae.capabilities
    )
    return queried and _CONFIGURABLE.fullmatch(ae.title) is not None


def _archives(inventory: Inventory, at_archives: Iterable[Target]) -> Iterator[Archive]:
    """Every AE at the archives' addresses, aliases included; two archives may share a title."""
    found = {
        title: ae.accepts == "any"
        for ae in (_ae(inventory, target) for target in at_archives)
        for title in (ae.title, *ae.answers_to)
        if _CONFIGURABLE.fullmatch(title)
    }
    return (Archive(title, open_to_all) for title, open_to_all in sorted(found.items()))


def dcmqrscp_config(net: Network, port: int, storage: Path) -> str:
    """The configuration of one dcmqrscp that plays all archives; `storage` holds a folder per title.

    Callers are known by title and as coming from this machine, so it refuses everybody else's associations
    although DCMTK can only listen on all of its interfaces.
    """
    names = [f"c{number}" for number in range(len(net.callers))]
    chunks = [names[at : at + _NAMES_A_LINE] for at in range(0, len(names), _NAMES_A_LINE)]
    groups = [f"g{number}" for number in range(len(chunks))]
    hosts = [f"{name} = ({title}, 127.0.0.1, 104)" for name, title in zip(names, net.callers, strict=True)]
    members = [f"{group} = {', '.join(chunk)}" for group, chunk in zip(groups, chunks, strict=True)]
    lines = [
        f"NetworkTCPPort = {port}",
        "MaxPDUSize = 16384",
        "MaxAssociations = 32",
        "HostTable BEGIN",
        *hosts,
        *members,
        f"declared = {', '.join(groups)}",
        "HostTable END",
        "VendorTable BEGIN",
        "VendorTable END",
        "AETable BEGIN",
        *(_ae_line(archive, storage) for archive in net.archives),
        "AETable END",
    ]
    return "\n".join(lines) + "\n"


def _ae_line(archive: Archive, storage: Path) -> str:
    peers = "ANY" if archive.open_to_all else "declared"
    return f"{archive.title} {storage / archive.title} RW (200, 1024mb) {peers}"
