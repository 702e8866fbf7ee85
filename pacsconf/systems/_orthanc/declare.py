"""From the inventory to the peers of an Orthanc. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Path
from pacsconf.core.resource import Resource
from pacsconf.inventory import formats
from pacsconf.inventory.addresses import within
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import Peer, peer_table, reached_at
from pacsconf.inventory.systems import OrthancConfig, WebServerConfig
from pacsconf.systems._orthanc.kinds import (
    DICOMWEB,
    ORTHANC,
    PEER,
    DicomWebEntry,
    OrthancPeerEntry,
    PeerEntry,
)
from pacsconf.systems._orthanc.objects import ALIAS, MANUFACTURERS, NOBODY_LISTENS
from pacsconf.systems.base import Declared

_LAST_PORT = 65534
"""Orthanc takes none above."""


def declare(config: OrthancConfig, inventory: Inventory) -> Declared:
    """The peers that flows derive and those listed, and the servers listed; with all that Orthanc cannot hold."""
    table, findings = peer_table(inventory, config)
    items, wrong = _peers(config, inventory, table)
    servers, unfit = _servers(config)
    resources: dict[Address, Resource] = {item.resource.address: item.resource for item in (*items, *servers)}
    return Declared(
        tuple(resources[address] for address in sorted(resources)),
        (*findings, *wrong, *unfit, *_titles_twice(config, items)),
        _on_purpose(config.name, inventory) - resources.keys(),
        {item.resource.address: caution for item in items for caution in item.cautions(inventory)},
        {item.resource.address: item.paths() for item in (*items, *servers)},
    )


def _on_purpose(system: str, inventory: Inventory) -> frozenset[Address]:
    """The peers of every declared title: one that stays declared but is no peer any more went on purpose."""
    names = (
        name
        for device in inventory.devices.values()
        for title in device.ae_titles
        for name in (_fitting(title), _fitting(f"{title}-{device.name}"))
    )
    return frozenset(Address.of(system, PEER, name) for name in names)


def _fitting(alias: str) -> str:
    """An alias that Orthanc takes: whatever it refuses is an underscore."""
    return "".join(character if ALIAS.fullmatch(character) else "_" for character in alias)


@dataclass(frozen=True, slots=True)
class _Item:
    """One resource, the place it comes from, and the peer behind it where it is one."""

    resource: Resource
    path: Path
    keys: Mapping[str, Path]
    peer: Peer | None = None

    def paths(self) -> Mapping[str, Path]:
        return {"": self.path} | {name: self.keys.get(name, self.path) for name in self.resource.fields()}

    def cautions(self, inventory: Inventory) -> Iterator[str]:
        """Why its address wants a second look. An address as another site sees it is in no network of its own."""
        peer = self.peer
        if peer is None or peer.host is None or peer.site is None or peer.site not in inventory.sites:
            return
        device = inventory.devices.get(peer.device)
        own = {connection.host for connection in device.connections.values()} if device else set()
        site = inventory.sites[peer.site]
        if (peer.explicit or peer.host in own) and not within(site, peer.host):
            networks = ", ".join(map(str, site.networks))
            yield f"{peer.host} is outside the networks of site {peer.site} ({networks})"


# --- peers --------------------------------------------------------------------------------------------------------


def _peers(
    config: OrthancConfig, inventory: Inventory, table: Iterable[Peer]
) -> tuple[list[_Item], list[Finding]]:
    items: list[_Item] = []
    findings: list[Finding] = []
    taken: dict[str, Peer] = {}
    for peer in table:
        named = peer if peer.explicit else replace(peer, alias=_fitting(peer.alias))
        wrong = list(_unfit(config, named))
        if named.alias in taken:
            wrong.append(_same_alias(config, named, peer, taken[named.alias]))
        findings += wrong
        taken.setdefault(named.alias, peer)
        if not wrong:
            items.append(_item(config, inventory, named))
    return items, findings


def _item(config: OrthancConfig, inventory: Inventory, peer: Peer) -> _Item:
    address = Address.of(config.name, PEER, peer.alias)
    manufacturer = peer.manufacturer if peer.manufacturer in MANUFACTURERS[1:] else None
    resource = PeerEntry(
        address=address,
        root=address,
        ae_title=peer.title,
        host=peer.host,
        port=peer.port or NOBODY_LISTENS,
        manufacturer=manufacturer,
        allow=peer.allow,
        local_ae_title=peer.local_ae_title,
        timeout=peer.timeout or None,
        tls=peer.tls or None,
    )
    written = dict(config.peers[peer.alias]) if peer.explicit else {}
    listed: dict[str, Path] = {name: (*peer.path, name) for name in written if written[name] is not None}
    keys = {**_of_device(inventory, peer), **listed}
    return _Item(resource, peer.path, keys, peer)


def _of_device(inventory: Inventory, peer: Peer) -> dict[str, Path]:
    """Where the fields of a declared entity come from: its connection, and the first of its flows."""
    device = inventory.devices.get(peer.device)
    ae = device.ae_titles.get(peer.title) if device else None
    if device is None or ae is None:
        return {}
    at = reached_at(device, ae)
    names = [name for name, connection in device.connections.items() if connection is at]
    found: dict[str, Path] = {"ae_title": ("devices", device.name, "ae_titles", ae.title)}
    for name in names:
        connection: Path = ("devices", device.name, "connections", name)
        found |= {key: (*connection, key) for key in ("host", "port", "tls")}
    return found | ({"allow": ("flows", peer.flows[0])} if peer.flows else {})


def _unfit(config: OrthancConfig, peer: Peer) -> Iterator[Finding]:
    """What Orthanc cannot hold of a peer, or what is missing for it."""
    if not ALIAS.fullmatch(peer.alias):
        yield Finding(
            "ORTHANC-ALIAS",
            "error",
            f'Orthanc {config.name} cannot hold a peer by the alias "{peer.alias}"',
            "It takes letters without accents, digits, dashes and underscores only.",
            "Write another alias; the AE title itself may stand under ae_title.",
            path=peer.path,
        )
    if not _is_title(peer.title):
        yield Finding(
            "ORTHANC-TITLE",
            "error",
            f'Peer {peer.alias} of {config.name} has no AE title, and its alias "{peer.title}" is none',
            "An AE title has 1 to 16 characters, and no backslash (PS3.5 section 6.2).",
            "Say it under ae_title, or which declared entity the peer is under ae.",
            path=peer.path,
        )
    yield from _unreachable(config, peer)
    written = config.peers[peer.alias].manufacturer if peer.explicit else None
    if written is not None and written not in MANUFACTURERS:
        yield Finding(
            "ORTHANC-MANUFACTURER",
            "error",
            f'Orthanc {config.name} knows no manufacturer "{written}"',
            f"It works around the quirks of these only, in this spelling: {', '.join(MANUFACTURERS)}.",
            "Write one of them, or leave manufacturer out: Generic suits almost all.",
            path=(*peer.path, "manufacturer"),
        )


def _is_title(text: str) -> bool:
    try:
        return bool(formats.ae_title(text))
    except ValueError:
        return False


def _unreachable(config: OrthancConfig, peer: Peer) -> Iterator[Finding]:
    """A peer without an address, or at a port that Orthanc refuses. One that is declared may only call."""
    missing = [] if peer.host else ["host"]
    if peer.port is None and not peer.device:
        missing.append("port")
    if missing:
        yield Finding(
            "ORTHANC-ADDRESS",
            "error",
            f"Peer {peer.alias} of {config.name} has no {' and no '.join(missing)}",
            "Orthanc takes no peer without host and port.",
            f"Add {' and '.join(missing)}, or say which declared entity it is under ae.",
            path=peer.path,
        )
    if peer.port is not None and peer.port > _LAST_PORT:
        yield Finding(
            "ORTHANC-ADDRESS",
            "error",
            f"Peer {peer.alias} of {config.name} listens on port {peer.port}, which Orthanc refuses",
            f"It takes 1 to {_LAST_PORT}.",
            "Let the peer listen on another port.",
            path=(*peer.path, "port") if peer.explicit else peer.path,
        )


def _same_alias(config: OrthancConfig, peer: Peer, original: Peer, other: Peer) -> Finding:
    return Finding(
        "ORTHANC-ALIAS",
        "error",
        f'Two peers of {config.name} would have the alias "{peer.alias}": '
        f"{other.alias} of {other.device or 'peers'} and {original.alias} of {original.device or 'peers'}",
        "An alias that Orthanc cannot hold is written with underscores; here two become the same.",
        "List one of them under peers with an alias of its own, and ae: device/AE_TITLE.",
        path=original.path,
    )


def _titles_twice(config: OrthancConfig, items: Iterable[_Item]) -> Iterator[Finding]:
    """Orthanc finds out by the title alone who calls, without regard to case, and takes the first that fits."""
    peers = [item.peer for item in items if item.peer is not None]
    by_title = sorted(
        (replace(peer, title=peer.title.upper()) for peer in peers), key=attrgetter("title", "alias")
    )
    for title, group in groupby(by_title, key=attrgetter("title")):
        first, *others = group
        for other in others:
            yield Finding(
                "ORTHANC-TITLE-TWICE",
                "warning",
                f"Peers {first.alias} and {other.alias} of {config.name} have the same AE title {title}",
                "Orthanc tells callers apart by title alone: which of the two rights count is left to chance.",
                "Let one peer have it; if both devices answer to it, its rights must suit both.",
                path=other.path,
            )


# --- web servers --------------------------------------------------------------------------------------------------


def _servers(config: OrthancConfig) -> tuple[list[_Item], list[Finding]]:
    items: list[_Item] = []
    findings: list[Finding] = []
    for kind, key, servers in (
        (DicomWebEntry, "dicomweb_servers", config.dicomweb_servers),
        (OrthancPeerEntry, "orthanc_peers", config.orthanc_peers),
    ):
        for name, server in servers.items():
            path: Path = ("systems", config.name, key, name)
            wrong = list(_unfit_server(config, kind.kind, name, server, path))
            findings += wrong
            if not wrong:
                items.append(_server(config.name, kind, name, server, path))
    return items, findings


def _server(
    system: str,
    kind: type[DicomWebEntry] | type[OrthancPeerEntry],
    name: str,
    server: WebServerConfig,
    path: Path,
) -> _Item:
    address = Address.of(system, kind.kind, name)
    login = server.login
    version = login.version if login and login.version != 1 else None
    resource = kind(
        address=address,
        root=address,
        url=server.url,
        user=login.user if login else None,
        password_version=version,
    )
    keys: dict[str, Path] = {
        "url": (*path, "url"),
        "user": (*path, "login", "user"),
        "password_version": (*path, "login", "version"),
    }
    return _Item(resource, path, keys)


def _unfit_server(
    config: OrthancConfig, kind: str, name: str, server: WebServerConfig, path: Path
) -> Iterator[Finding]:
    if not _is_name(kind, name):
        yield Finding(
            "ORTHANC-ALIAS",
            "error",
            f'Orthanc {config.name} cannot hold a server by the name "{name}"',
            "It takes letters without accents, digits, dashes and underscores only."
            if kind == ORTHANC
            else "A slash or a backslash in a name leads elsewhere.",
            "Write another name.",
            path=path,
        )
    if server.login and not _goes_private(config):
        yield Finding(
            "ORTHANC-CLEAR-TEXT",
            "error",
            f"The password of {name} would travel unencrypted to Orthanc {config.name}",
            "It is written over REST; anyone on the way to that Orthanc could read it.",
            "Write https:// in the url of the system; only if that is not possible, allow_clear_text: true.",
            path=(*path, "login"),
        )


def _is_name(kind: str, name: str) -> bool:
    if kind == DICOMWEB:
        return name.isprintable() and name.strip() not in ("", ".", "..") and not set(name) & set("/\\")
    return ALIAS.fullmatch(name) is not None


def _goes_private(config: OrthancConfig) -> bool:
    endpoint = Endpoint.parse(config.url)
    return config.allow_clear_text or endpoint.scheme == "https" or endpoint.is_loopback
