"""The rows of a console's tables: its own, and one for each peer; and what an inventory wants them to hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pacsconf.core.address import Address
from pacsconf.core.finding import Path
from pacsconf.core.resource import Effect, Fields, Members, Resource, Risk, State, Value, members
from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE
from pacsconf.inventory.peers import Peer, reached_at
from pacsconf.inventory.systems import ConsoleConfig, Right


class ConsoleRow(Resource):
    """A title and where it is reached; a switch that is off is no value."""

    ae_title: str | None = None
    host: str | None = None
    port: int | None = None
    tls: bool | None = None

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """What a peer may ask for, and whether it is encrypted, is a matter of access."""
        if before is not None and after is not None and _differ(before, after, "allow", "tls", "calls_from"):
            return "access"
        return super().risk(before, after)

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Another title or address, rights gained or lost, TLS turned off."""
        found = set(super().effects(before, after))
        if before is None or after is None:
            return frozenset(found)
        allowed, allows = members(before, "allow"), members(after, "allow")
        if _differ(before, after, "ae_title", "host", "port"):
            found.add("readdresses")
        if allows - allowed or (before.get("tls") and not after.get("tls")):
            found.add("widens")
        if allowed - allows:
            found.add("removes")
        return frozenset(found)


def _differ(before: Fields, after: Fields, *names: str) -> bool:
    return any(before.get(name) != after.get(name) for name in names)


class PeerRow(ConsoleRow):
    """Another application entity that the console knows, by its alias there."""

    kind: ClassVar[str] = "peer"

    allow: Members = ()
    """What it may ask for."""
    uses: Members = ()
    """The services that it is asked for."""


class OwnRow(ConsoleRow):
    """The device's own application entity, as it is set at its console. Its root is the device."""

    kind: ClassVar[str] = "network-ae"

    calls_from: Members = ()
    """Where its calls come from, where that is not its host."""


# --- declared ---------------------------------------------------------------------------------------------------


def own_row(system: str, device: Device, ae: NetworkAE) -> OwnRow:
    """What is to be set at the device's own console."""
    connection = reached_at(device, ae)
    return OwnRow(
        address=Address.of(system, "network-ae", device.name),
        root=Address.of(system, "device", device.name),
        ae_title=ae.title,
        host=connection.host if connection else None,
        port=connection.port if connection else None,
        tls=True if connection and connection.tls else None,
        calls_from=connection.calls_from if connection else (),
    )


def peer_state(system: str, peer: Peer, config: ConsoleConfig) -> State:
    """What the console is to hold of a peer, as far as its export has a column for it.

    Rights only for who asks for something, or where they are listed. There may be thousands of peers, so this is
    made without a `PeerRow`.
    """
    address = Address.of(system, PeerRow.kind, peer.alias)
    fields: dict[str, Value] = {"ae_title": peer.title}
    if peer.host is not None:
        fields["host"] = peer.host
    if peer.port is not None:
        fields["port"] = peer.port
    if peer.tls:
        fields["tls"] = True
    if allow := _allow(peer, config):
        fields["allow"] = allow
    if peer.offers:
        fields["uses"] = peer.offers
    if config.export:
        fields = {name: value for name, value in fields.items() if name in config.export.columns}
    return State(address, address, fields)


def _allow(peer: Peer, config: ConsoleConfig) -> tuple[Right, ...]:
    listed = config.peers.get(peer.alias)
    if listed is not None and listed.allow is not None:
        return peer.allow
    # Whether images may be recoded on their way is nothing that a peer asks for.
    return tuple(right for right in peer.allow if right != "transcoding") if peer.asks else ()


def only(row: ConsoleRow, fields: frozenset[str]) -> ConsoleRow:
    """The row with these fields alone."""
    state = row.state()
    return type(row).of(
        state.with_fields({name: value for name, value in state.fields.items() if name in fields})
    )


def on_purpose(system: str, inventory: Inventory) -> Iterator[Address]:
    """The peers that no console need know any more because the inventory says so: their devices are still in it."""
    for device, ae in inventory.entities():
        for title in (ae.title, *device.rewrites.values()):
            yield Address.of(system, "peer", title)
            yield Address.of(system, "peer", f"{title}-{device.name}")


# --- where it is declared ---------------------------------------------------------------------------------------


def own_paths(device: Device, ae: NetworkAE) -> Mapping[str, Path]:
    """Where each field of the device's own row is declared."""
    return {"": ("devices", device.name, "ae_titles", ae.title), **_connection_paths(device, ae)}


def peer_paths(inventory: Inventory, peer: Peer, config: ConsoleConfig) -> Mapping[str, Path]:
    """Where each field of a peer is declared: at its device, unless it is listed itself."""
    device = inventory.devices.get(peer.device)
    ae = device.ae_titles.get(peer.title) if device else None
    paths = _connection_paths(device, ae) if device and ae else {}
    listed = config.peers.get(peer.alias)
    own = {name: (*peer.path, name) for name in listed.model_fields_set} if listed is not None else {}
    flows: Path = ("flows", peer.flows[0]) if peer.flows else peer.path
    return {"": peer.path, "uses": flows, "allow": flows, **paths, **own}


def _connection_paths(device: Device, ae: NetworkAE) -> dict[str, Path]:
    reached: Connection | None = reached_at(device, ae)
    for name, connection in device.connections.items():
        if connection is reached:
            path: Path = ("devices", device.name, "connections", name)
            return {field: (*path, field) for field in ("host", "port", "tls", "calls_from")}
    return {}
