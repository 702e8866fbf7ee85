"""From the inventory to the peers of an Orthanc. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from operator import attrgetter
from typing import NamedTuple

from pacsconf.core.address import Address
from pacsconf.core.departed import Lasting
from pacsconf.core.finding import Finding, Path
from pacsconf.core.on_demand import OnDemand
from pacsconf.core.resource import State, Typed, Value
from pacsconf.inventory import formats
from pacsconf.inventory.addresses import within
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import Peer, peer_table, reached_at
from pacsconf.inventory.systems import OrthancConfig, WebServerConfig
from pacsconf.systems._orthanc import options
from pacsconf.systems._orthanc.holds import NOTHING, OnHold
from pacsconf.systems._orthanc.kinds import DICOMWEB, HELD, KINDS, ORTHANC, PEER
from pacsconf.systems._orthanc.objects import ALIAS, MANUFACTURERS, NOBODY_LISTENS
from pacsconf.systems.base import Declared

_LAST_PORT = 65534
"""Orthanc takes none above."""


def declare(config: OrthancConfig, inventory: Inventory, held: OnHold = NOTHING) -> Declared:
    """The peers that flows derive and those listed, the servers listed, the studies on hold, and its own settings;
    with all that Orthanc cannot hold.

    The settings are declared only while they can be read: else it is not known whether they differ.
    """
    table, findings = peer_table(inventory, config)
    peers, wrong = _peers(config, table)
    servers, unfit = _servers(config)
    items = {
        item.state.address: item for item in (*peers, *servers, *_held(config, held), *_settings(config))
    }
    own = frozenset(address for address in items if address.kind == options.CONFIGURATION)
    return Declared(
        Typed({address: items[address].state for address in sorted(items)}, KINDS),
        (*findings, *wrong, *unfit, *_titles_twice(config, peers), *_contradicts(config)),
        _on_purpose(config.name, inventory, items.keys()) | _released(config, held),
        OnDemand(items.keys(), lambda address: items[address].caution(inventory)),
        OnDemand(items.keys(), lambda address: items[address].paths(config, inventory)),
        lasting=Lasting(while_live=own, by_field=own),
    )


def _on_purpose(system: str, inventory: Inventory, staying: Set[Address]) -> frozenset[Address]:
    """The peers of every declared title: one that stays declared but is no peer any more went on purpose."""
    names = {
        name
        for device in inventory.devices.values()
        for title in device.ae_titles
        for name in (_fitting(title), _fitting(f"{title}-{device.name}"))
    }
    peers = {address.name for address in staying if address.kind == PEER}
    return frozenset(Address.of(system, PEER, name) for name in names - peers)


_REFUSED = re.compile(r"[^A-Za-z0-9_-]")


def _fitting(alias: str) -> str:
    """An alias that Orthanc takes: whatever it refuses is an underscore."""
    return _REFUSED.sub("_", alias)


class _Item(NamedTuple):
    """One state, the place it comes from, and the peer behind it where it is one."""

    state: State
    path: Path
    peer: Peer | None = None

    def paths(self, config: OrthancConfig, inventory: Inventory) -> Mapping[str, Path]:
        """To the resource itself, under "", and to each of its fields."""
        keys = _of_peer(config, inventory, self.peer) if self.peer else _of_server(self.path)
        if self.state.address.kind == options.CONFIGURATION:
            keys = {name: (*self.path, name) for name in self.state.fields}
        return {"": self.path} | {name: keys.get(name, self.path) for name in self.state.fields}

    def caution(self, inventory: Inventory) -> str | None:
        """Why its address wants a second look. An address as another site sees it is in no network of its own."""
        peer = self.peer
        if peer is None or peer.host is None or peer.site is None or peer.site not in inventory.sites:
            return None
        device = inventory.devices.get(peer.device)
        own = {connection.host for connection in device.connections.values()} if device else set()
        site = inventory.sites[peer.site]
        if not (peer.explicit or peer.host in own) or within(site, peer.host):
            return None
        networks = ", ".join(map(str, site.networks))
        return f"{peer.host} is outside the networks of site {peer.site} ({networks})"


# --- peers --------------------------------------------------------------------------------------------------------


def _peers(config: OrthancConfig, table: Iterable[Peer]) -> tuple[list[_Item], list[Finding]]:
    items: list[_Item] = []
    findings: list[Finding] = []
    taken: dict[str, Peer] = {}
    for peer in table:
        alias = peer.alias if peer.explicit else _fitting(peer.alias)
        named = peer if alias == peer.alias else peer._replace(alias=alias)
        wrong = list(_unfit(config, named))
        if alias in taken:
            wrong.append(_same_alias(config, named, peer, taken[alias]))
        findings += wrong
        taken.setdefault(alias, peer)
        if not wrong:
            items.append(_item(config, named))
    return items, findings


_KNOWN = frozenset(MANUFACTURERS[1:])


def _item(config: OrthancConfig, peer: Peer) -> _Item:
    address = Address.of(config.name, PEER, peer.alias)
    fields: dict[str, Value] = {"ae_title": peer.title, "port": peer.port or NOBODY_LISTENS}
    if peer.allow:
        fields["allow"] = peer.allow
    if peer.host is not None:
        fields["host"] = peer.host
    if peer.local_ae_title is not None:
        fields["local_ae_title"] = peer.local_ae_title
    if peer.manufacturer in _KNOWN:
        fields["manufacturer"] = peer.manufacturer
    if peer.timeout:
        fields["timeout"] = peer.timeout
    if peer.tls:
        fields["tls"] = True
    return _Item(State(address, address, fields), peer.path, peer)


def _of_peer(config: OrthancConfig, inventory: Inventory, peer: Peer) -> dict[str, Path]:
    """Where the fields of a peer come from: what is listed is, and else its device says it."""
    written = dict(config.peers[peer.alias]) if peer.explicit else {}
    listed: dict[str, Path] = {name: (*peer.path, name) for name in written if written[name] is not None}
    return {**_of_device(inventory, peer), **listed}


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
    by_title: defaultdict[str, list[Peer]] = defaultdict(list)
    for item in items:
        if item.peer is not None:
            by_title[item.peer.title.upper()].append(item.peer)
    for title in sorted(title for title, several in by_title.items() if len(several) > 1):
        first, *others = sorted(by_title[title], key=attrgetter("alias"))
        for other in others:
            yield Finding(
                "ORTHANC-TITLE-TWICE",
                "warning",
                f"Peers {first.alias} and {other.alias} of {config.name} have the same AE title {title}",
                "Orthanc tells callers apart by title alone: which of the two rights count is left to chance.",
                "Let one peer have it; if both devices answer to it, its rights must suit both.",
                path=other.path,
            )


# --- studies on hold ----------------------------------------------------------------------------------------------


def _held(config: OrthancConfig, held: OnHold) -> Iterator[_Item]:
    """A hold is the same on every Orthanc: which of them has the study is found out by reading."""
    for study, path in held.in_force.items():
        address = Address.of(config.name, HELD, study)
        yield _Item(State(address, address, {"protected": True}), path)


def _released(config: OrthancConfig, held: OnHold) -> frozenset[Address]:
    """What somebody released by name goes on purpose."""
    return frozenset(Address.of(config.name, HELD, study) for study in held.released)


# --- its own settings ---------------------------------------------------------------------------------------------


def _settings(config: OrthancConfig) -> Iterator[_Item]:
    if config.settings.declared():
        yield _Item(options.declared(config), ("systems", config.name, "settings"))


def _contradicts(config: OrthancConfig) -> Iterator[Finding]:
    """What `storage` says otherwise than `settings`."""
    storage = config.storage
    mode = storage.mode.capitalize() if storage.mode else None
    for name, key, other in (
        ("MaximumStorageSize", "maximum_size", storage.maximum_size),
        ("MaximumPatientCount", "maximum_patients", storage.maximum_patients),
        ("MaximumStorageMode", "mode", mode),
    ):
        wanted = config.settings.declared().get(name)
        if None not in (wanted, other) and wanted != other:
            yield Finding(
                "ORTHANC-SETTINGS-CLASH",
                "error",
                f"{name} of Orthanc {config.name} is declared as {wanted}, and its storage.{key} as {other}",
                "Only one of them can be.",
                "Take one of them out, or make them the same.",
                path=("systems", config.name, "settings", name),
            )


# --- web servers --------------------------------------------------------------------------------------------------


def _servers(config: OrthancConfig) -> tuple[list[_Item], list[Finding]]:
    items: list[_Item] = []
    findings: list[Finding] = []
    for kind, key, servers in (
        (DICOMWEB, "dicomweb_servers", config.dicomweb_servers),
        (ORTHANC, "orthanc_peers", config.orthanc_peers),
    ):
        for name, server in servers.items():
            path: Path = ("systems", config.name, key, name)
            wrong = list(_unfit_server(config, kind, name, server, path))
            findings += wrong
            if not wrong:
                items.append(_server(config.name, kind, name, server, path))
    return items, findings


def _server(system: str, kind: str, name: str, server: WebServerConfig, path: Path) -> _Item:
    address = Address.of(system, kind, name)
    fields: dict[str, Value] = {"url": server.url}
    if login := server.login:
        fields["user"] = login.user
        if login.version != 1:
            fields["password_version"] = login.version
    return _Item(State(address, address, fields), path)


def _of_server(path: Path) -> dict[str, Path]:
    """Where the fields of a server come from."""
    login: Path = (*path, "login")
    return {"url": (*path, "url"), "user": (*login, "user"), "password_version": (*login, "version")}


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
