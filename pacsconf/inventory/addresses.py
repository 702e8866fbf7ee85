"""Rules about where devices are: hosts, ports, networks."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from pacsconf.core.finding import Finding
from pacsconf.inventory import formats
from pacsconf.inventory.model import Device, Inventory, Site
from pacsconf.inventory.scope import Scope

ANSWERING = frozenset({"commissioning", "active", "retiring"})
"""Life cycles of devices that listen."""


def within(site: Site, host: str) -> bool:
    """Whether a host is in the site's networks; a name, and a site without networks, cannot be told."""
    number = _number(host) if site.networks else None
    if number is None:
        return True
    return any(first <= number <= last for first, last in _spans(site.networks))


Number = tuple[int, int]
"""An IP address to compare: version and value."""


def _number(host: str) -> Number | None:
    """The IP address, None for a name."""
    if formats.IPV4.fullmatch(host):  # as below, in a fifth of the time
        return 4, int.from_bytes(map(int, host.split(".")))
    try:
        address = ipaddress.ip_address(host) if ":" in host else None
    except ValueError:
        return None
    return (address.version, int(address)) if address else None


@lru_cache(4096)
def _spans(networks: tuple[str, ...]) -> tuple[tuple[Number, Number], ...]:
    """The first and the last address of each network."""
    parsed = map(ipaddress.ip_network, networks)
    return tuple(
        ((each.version, int(each.network_address)), (each.version, int(each.broadcast_address)))
        for each in parsed
    )


def called_without_a_port(_inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Who is called listens on a port. Source: PS3.15 section H.1.3 (dicomPort: absent, it only calls)."""
    for device, ae in scope.entities.all:
        if not ae.acceptor or device.lifecycle not in ANSWERING or device.name in scope.parts:
            continue
        if not any(device.connections[name].port for name in ae.connections if name in device.connections):
            yield Finding(
                "PACS-DEV-004",
                "error",
                f"AE title {ae.title} of device {device.name} is called, but none of its connections has a port",
                "It offers services to callers that could never reach it.",
                "Give its connection a port (104 and 11112 are usual), or let it offer nothing.",
                path=("devices", device.name, "ae_titles", ae.title),
            )


def hosts_outside_networks(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """An address outside the networks of its device's site is probably mistyped."""
    for name, device in inventory.devices.items():
        site = inventory.sites.get(device.site or "")
        if site is None or device.external or device.lifecycle == "retired":
            continue
        at = ("sites", device.site or "", "networks")
        for key, connection in device.connections.items():
            if not within(site, connection.host):
                yield Finding(
                    "PACS-HOST-005",
                    "warning",
                    f"{connection.host} of device {name} is outside the networks of site {device.site}",
                    f"That site has {', '.join(site.networks)}: one of the two is probably mistyped.",
                    "Correct the address or the site, or add the network to the site.",
                    path=("devices", name, "connections", key, "host"),
                    also=scope.also(at, "its networks"),
                )


def one_address_for_two(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Two devices do not listen at one address, unless they share a title or one follows the other.

    Nor do two connections of one device where different protocols are spoken. Datagrams have ports of their own.
    """
    found: dict[tuple[str, int, bool], list[tuple[Device, str]]] = defaultdict(list)
    for device in inventory.devices.values():
        for key, connection in device.connections.items():
            if connection.port and device.lifecycle in ANSWERING:
                datagrams = connection.protocol == "syslog-udp"
                found[connection.host.casefold(), connection.port, datagrams].append((device, key))
    for (host, port, _), ((first, key), *others) in found.items():
        for other, other_key in others:
            if other is first:
                yield from _two_protocols(first, key, other_key, scope)
            elif not belong_together(first, other):
                at = ("devices", first.name, "connections", key)
                yield Finding(
                    "PACS-AE-005",
                    "warning",
                    f"Devices {first.name} and {other.name} have the same address {host} port {port}",
                    "Only one program can listen there.",
                    "Correct one of them; several AE titles at one address are one device.",
                    path=("devices", other.name, "connections", other_key),
                    also=scope.also(at, f"the address of {first.name}"),
                )


def _two_protocols(device: Device, key: str, other_key: str, scope: Scope) -> Iterator[Finding]:
    one, other = device.connections[key], device.connections[other_key]
    if one.protocol != other.protocol:
        yield Finding(
            "PACS-AE-005",
            "warning",
            f"Connections {key} ({one.protocol}) and {other_key} ({other.protocol}) of device {device.name} "
            f"have the same address {one.host} port {one.port}",
            "Only one program can listen there, and it speaks one protocol.",
            "Correct one of them.",
            path=("devices", device.name, "connections", other_key),
            also=scope.also(("devices", device.name, "connections", key), f"the address of {key}"),
        )


def belong_together(one: Device, other: Device) -> bool:
    """Whether two may listen at one address: they share a title, or one follows the other."""
    shared = all(any(ae.shared_title for ae in device.ae_titles.values()) for device in (one, other))
    return shared or one.replaces == other.name or other.replaces == one.name
