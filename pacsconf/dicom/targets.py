"""Which application entities may be called, where, how far and under which title. Pure: nothing is sent.

A target is one AE on one connection, and again on each node behind a virtual address. Never called at all:
devices that are planned, commissioning or retired, connections without a port, AEs that only call, and what
is declared as not installed. Declared but left alone (a target of level `none`, so that reports can say why):
partners outside, and whatever a device or its site does not want probed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from pacsconf.dicom.hours import outside_hours
from pacsconf.inventory.model import PROBES, Connection, Device, Inventory, NetworkAE, Node, Probe
from pacsconf.inventory.peers import entity

Level = Probe

PROBED = ("active", "retiring")
"""A device being commissioned is half installed, and its engineer is at work on it: it is left alone."""


Caller = tuple[str | None, str | None]
"""The title to call as (None: nobody is named), and the site it calls from."""


@dataclass(frozen=True, slots=True)
class Target:
    """One AE at one address. `level` is the most that is sent there."""

    device: str
    title: str
    connection: str
    host: str
    port: int
    declared: str
    """`host:port` as declared: the key under which `dial:` may name another address."""
    level: Level
    calling: str | None
    """The calling AE title; None: nobody is named to call as, so no association is requested."""
    node: str | None = None
    """The member behind the virtual address, where this is one."""
    standby: bool = False
    """Must not answer."""
    may_sleep: bool = False
    """Silence is no fault: the device is expected intermittently, or not at this hour."""
    tls: bool = False
    why: str = ""
    """Why nothing is sent, where `level` is none; else why no more is than `level`."""
    site: str | None = None
    contexts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Each SOP class that it offers as declared (SCP), with its transfer syntaxes, in order of UID."""
    negatives: bool = False
    """Whether callers of unknown title, and titles that it is not, may be tried too: it is in its window."""


def targets(
    inventory: Inventory,
    devices: Collection[str] | None,
    probe_as: str | None,
    now: datetime | None = None,
    *,
    from_site: str | None = None,
) -> tuple[Target, ...]:
    """What may be probed of these devices (None: of all), by device name, title, connection and node.

    `probe_as` is `device/AE_TITLE`, or a device with one AE; its site decides under which address others are
    seen, unless they are called `from_site`, by a worker there. `now`, with its time zone, is compared with the
    hours in which devices are expected; without it a device that has hours is expected always.
    """
    caller = _caller(inventory, probe_as)
    if from_site is not None:
        caller = (caller[0] if caller else None, from_site)
    return tuple(
        target
        for device, ae in inventory.entities()
        if devices is None or device.name in devices
        for target in _of(inventory, device, ae, caller, now)
    )


def _caller(inventory: Inventory, probe_as: str | None) -> Caller | None:
    found = entity(inventory, probe_as) if probe_as else None
    return (found[1].title, found[0].site) if found else None


def _of(
    inventory: Inventory, device: Device, ae: NetworkAE, caller: Caller | None, now: datetime | None
) -> Iterator[Target]:
    if device.lifecycle not in PROBED or not device.installed or ae.installed is False or not ae.acceptor:
        return
    calling, site = caller or (None, None)
    level, why = _level(inventory, device)
    for name in ae.connections:
        connection = device.connections.get(name)
        if connection is None or connection.installed is False:
            continue
        for node_name, node, host, port, declared in _addresses(device, connection, site):
            yield Target(
                device=device.name,
                title=ae.title,
                connection=name,
                host=host,
                port=port,
                declared=declared,
                level=level,
                calling=calling,
                node=node_name,
                standby=node is not None and node.standby,
                may_sleep=_may_sleep(inventory, device, now),
                tls=bool(connection.tls),
                why=why,
                site=device.site,
            )


def _addresses(
    device: Device, connection: Connection, site: str | None
) -> Iterator[tuple[str | None, Node | None, str, int, str]]:
    """The connection itself, as seen from `site`, then every node behind it."""
    if connection.port is not None:
        seen = connection.seen_from.get(site) if site is not None else None
        host, port = (seen.host, seen.port or connection.port) if seen else (connection.host, connection.port)
        yield None, None, host, port, f"{connection.host}:{connection.port}"
    for name in sorted(device.nodes):
        node = device.nodes[name]
        node_port = node.port or connection.port
        if node_port is not None:
            yield name, node, node.host, node_port, f"{node.host}:{node_port}"


def _level(inventory: Inventory, device: Device) -> tuple[Level, str]:
    """How far to go, and why nowhere. Whatever is declared beyond an echo is an echo here."""
    if device.external:
        return "none", "a partner outside is never called"
    site = inventory.sites.get(device.site) if device.site is not None else None
    if site is not None and site.probe == "none":
        return "none", f"do not probe (site {device.site})"
    allowed = (device.probe,) if site is None or site.probe is None else (device.probe, site.probe)
    match min(PROBES.index(probe) for probe in allowed):
        case 0:
            return "none", "do not probe"
        case 1:
            return "tcp", ""
        case _:
            return "echo", ""


def _may_sleep(inventory: Inventory, device: Device, now: datetime | None) -> bool:
    if device.expected in ("always", "intermittent"):
        return device.expected == "intermittent"
    site = inventory.sites.get(device.site) if device.site is not None else None
    return now is not None and outside_hours(device.expected, now, site.timezone if site else None)
