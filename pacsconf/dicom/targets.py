"""Which application entities may be called, where, how far and under which title. Pure: nothing is sent.

A target is one AE on one connection, and again on each node behind a virtual address. Never called at all:
devices that are planned, commissioning or retired, connections without a port, AEs that only call, and what
is declared as not installed. Declared but left alone (a target of level `none`, so that reports can say why):
partners outside, and whatever a device or its site does not want probed. What takes one association at a time is
asked for one in its window alone (`probe_window`); outside it, no more than a connection is tried.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from pacsconf.dicom.gently import leave, may_sleep
from pacsconf.inventory.model import (
    HL7,
    Accepts,
    Connection,
    Device,
    Inventory,
    NetworkAE,
    Node,
    Probe,
    Protocol,
)
from pacsconf.inventory.peers import entity

Level = Probe

PROBED = ("active", "retiring")
"""A device being commissioned is half installed, and its engineer is at work on it: it is left alone."""


Caller = tuple[str | None, str | None]
"""The title to call as (None: nobody is named), and the site it calls from."""


@dataclass(frozen=True, slots=True)
class Target:
    """One AE at one address, or one HL7 application. `level` is the most that is sent there.

    `title` is that of the AE, or the name of the application.
    """

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
    why_not: str = ""
    """Why they may not, though they were asked for."""
    ciphers: tuple[str, ...] = ()
    """The TLS cipher suites that are declared for the connection."""
    accepts: Accepts | None = None
    """The calling titles that it takes as declared, and no others; None: nothing is declared of it."""
    aliases: tuple[str, ...] = ()
    """Further titles that it answers to rightly."""
    borrowed: bool = False
    """Whether `calling` is the title of another (impersonation): a rejection shows nothing then."""
    protocol: Protocol = "dicom"
    """What is spoken there: DICOM, or one of the two releases of MLLP."""

    @property
    def speaks_hl7(self) -> bool:
        return self.protocol in HL7


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who calls from where, when, and what a person asked for beyond the usual."""

    calling: str | None
    site: str | None
    now: datetime | None
    anytime: bool
    negatives: bool
    borrowed: bool
    commissioning: Collection[str]


def targets(
    inventory: Inventory,
    devices: Collection[str] | None,
    probe_as: str | None,
    now: datetime | None = None,
    *,
    from_site: str | None = None,
    anytime: bool = False,
    negatives: bool = False,
    impersonate: str | None = None,
    commissioning: Collection[str] = (),
) -> tuple[Target, ...]:
    """What may be probed of these devices (None: of all), by device name, title, connection and node.

    `probe_as` is `device/AE_TITLE`, or a device with one AE; its site decides under which address others are
    seen, unless they are called `from_site`, by a worker there. `now`, with its time zone, is compared with the
    hours in which devices are expected, and may be disturbed; without it a device that has hours is expected
    always, and no window is open. `anytime`: as if every window were. `negatives`: strangers are to be tried too.
    `impersonate` is a calling title that is not the prober's own. `commissioning` names devices of that lifecycle
    that are called nonetheless.
    """
    title, site = _caller(inventory, probe_as) or (None, None)
    asking = _Asking(
        calling=impersonate or title,
        site=site if from_site is None else from_site,
        now=now,
        anytime=anytime,
        negatives=negatives,
        borrowed=impersonate is not None and impersonate != title,
        commissioning=commissioning,
    )
    return tuple(
        target
        for device, ae in inventory.entities()
        if devices is None or device.name in devices
        for target in _of(inventory, device, ae, asking)
    )


def _caller(inventory: Inventory, probe_as: str | None) -> Caller | None:
    found = entity(inventory, probe_as) if probe_as else None
    return (found[1].title, found[0].site) if found else None


def is_there(device: Device, commissioning: Collection[str] = ()) -> bool:
    """Whether a device may be called at all; one of those being commissioned where it is named."""
    if device.lifecycle == "commissioning":
        return device.name in commissioning
    return device.lifecycle in PROBED and device.installed


def _of(inventory: Inventory, device: Device, ae: NetworkAE, asking: _Asking) -> Iterator[Target]:
    if not is_there(device, asking.commissioning) or ae.installed is False or not ae.acceptor:
        return
    may = leave(inventory, device, asking.now, anytime=asking.anytime, negatives=asking.negatives)
    sleeps = may_sleep(inventory, device, asking.now)
    offered = _offered(ae)
    for name in ae.connections:
        connection = device.connections.get(name)
        if connection is None or connection.installed is False:
            continue
        for node_name, node, host, port, declared in addresses(device, connection, asking.site):
            yield Target(
                device=device.name,
                title=ae.title,
                connection=name,
                host=host,
                port=port,
                declared=declared,
                level=may.level,
                calling=asking.calling,
                node=node_name,
                standby=node is not None and node.standby,
                may_sleep=sleeps,
                tls=bool(connection.tls),
                why=may.why,
                site=device.site,
                contexts=offered,
                negatives=may.negatives,
                why_not=may.why_not,
                ciphers=connection.tls,
                accepts=ae.accepts,
                aliases=ae.answers_to,
                borrowed=asking.borrowed,
            )


def _offered(ae: NetworkAE) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each SOP class that it provides, once, with all its transfer syntaxes."""
    found: dict[str, dict[str, None]] = {}
    for each in ae.capabilities:
        if each.role == "SCP":
            found.setdefault(each.sop_class, {}).update(dict.fromkeys(each.transfer_syntaxes))
    return tuple((uid, tuple(found[uid])) for uid in sorted(found))


def addresses(
    device: Device, connection: Connection, site: str | None
) -> Iterator[tuple[str | None, Node | None, str, int, str]]:
    """The connection itself, as seen from `site`, then every node behind it.

    Each with its name and itself where it is a node, host and port to call, and the address as declared.
    """
    if connection.port is not None:
        seen = connection.seen_from.get(site) if site is not None else None
        host, port = (seen.host, seen.port or connection.port) if seen else (connection.host, connection.port)
        yield None, None, host, port, f"{connection.host}:{connection.port}"
    for name in sorted(device.nodes):
        node = device.nodes[name]
        node_port = node.port or connection.port
        if node_port is not None:
            yield name, node, node.host, node_port, f"{node.host}:{node_port}"
