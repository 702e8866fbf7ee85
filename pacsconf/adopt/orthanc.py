"""From the peers of an Orthanc to a draft: a device for each title, and the peer table as it stands. Pure.

Orthanc knows no devices: all that it tells of one is what a peer is called, where it listens and what it may ask
for. Everything else about it is for a person to write, or comes from another source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pacsconf.adopt.draft import Draft, Plain, Remark
from pacsconf.adopt.guess import UNKNOWN
from pacsconf.core.address import Address
from pacsconf.core.finding import Path
from pacsconf.core.resource import State, Value
from pacsconf.inventory import formats
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.expand import SHORT
from pacsconf.inventory.systems import RIGHTS, web_url

PEER = "peer"
GENERIC = "Generic"
"""The manufacturer that Orthanc takes for one that it treats like any other."""
_SERVERS: Mapping[str, str] = {"dicomweb-server": "dicomweb_servers", "orthanc-peer": "orthanc_peers"}
"""By kind of resource: the key under which an inventory lists them."""

_COMMITMENT = frozenset({"n-action", "n-event-report"})
QUIRKS = frozenset({"GE", "GenericNoUniversalWildcard", "GenericNoWildcardInDates", "Vitrea"})
"""Those that it treats otherwise."""
_WORKSTATIONS = frozenset({"Vitrea"})


@dataclass(frozen=True, slots=True)
class Own:
    """The server's own application entity: what it is called by, and where it listens."""

    title: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class _Peer:
    """A peer that an inventory can hold."""

    address: Address
    alias: str
    title: str
    host: str
    port: int
    fields: Mapping[str, Value]

    @property
    def allowed(self) -> frozenset[str]:
        return members(self.fields.get("allow"))


def draft(system: str, config: Plain, states: Mapping[Address, State], own: Own | None = None) -> Draft:
    """What an Orthanc comes to; `config` is what is to stand under its name beside the peers (type, url, login)."""
    drafting = _Drafting()
    written: dict[str, Any] = {**config, "mode": "read-only"}
    if own is not None and (entity := drafting.own(own)):
        written["ae"] = entity
    peers = {peer.alias: drafting.entry(peer) for peer in drafting.sound(_of_kind(states, PEER))}
    written |= {"peers": peers} if peers else {}
    for kind, key in _SERVERS.items():
        servers = dict(drafting.servers(kind, _of_kind(states, kind)))
        written |= {key: servers} if servers else {}
    return Draft(
        system,
        devices=drafting.devices,
        systems={system: written},
        remarks=tuple(drafting.remarks),
        origin=drafting.origin,
        comments=_explained(system, written),
    )


def reached_here(draft: Draft) -> tuple[Remark, ...]:
    """What to know of a server whose device is declared by this draft, at an address of this machine."""
    name, _, title = str(draft.systems.get(draft.system, {}).get("ae", "")).partition("/")
    connections = draft.devices.get(name, {}).get("connections", {})
    return tuple(
        Remark(
            f"{title} was reached at {one['host']}, so that is the host of device {name} now",
            "Write the name or address there under which scanners reach it.",
        )
        for one in connections.values()
        if Endpoint("http", str(one["host"]), int(one["port"])).is_loopback
    )


def members(value: Value | None) -> frozenset[str]:
    """The members of a set; none of what is no set."""
    return frozenset(value) if isinstance(value, tuple) else frozenset()


def words(allowed: frozenset[str]) -> str | list[str]:
    """Rights as they are written: `all`, or a list with one word for both sides of storage commitment."""
    if allowed >= frozenset(RIGHTS):
        return "all"
    if allowed >= _COMMITMENT:
        return sorted(allowed - _COMMITMENT | {"storage-commitment"})
    return sorted(allowed)


def device_name(title: str) -> str:
    """What a device is called that is known by its AE title alone: `CT_ER_1` becomes `ct-er-1`."""
    return " ".join(title.lower().replace("_", "-").replace("/", "-").split())


def free_name(name: str, taken: set[str]) -> str:
    """`name`, or with the lowest number that makes it none of `taken` (which are in lower case)."""
    numbered = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(each for each in numbered if each.lower() not in taken)


def device_type(allowed: frozenset[str], manufacturer: str) -> str:
    """What a peer probably is, by who made it, else by what it may ask for; the table is in docs/adopt.md.

    Who may ask for everything is told nothing by that: it is what a peer has unless somebody took it away.
    """
    if manufacturer in _WORKSTATIONS:
        return "workstation"
    asks = allowed - {"echo", "transcoding"}
    if asks >= frozenset(RIGHTS) - {"echo", "transcoding"}:
        return UNKNOWN
    table = (
        (bool(asks & {"worklist", "n-action"}), "modality"),
        (asks == {"store"}, "modality"),
        (bool(asks) and asks <= {"find", "get", "move"}, "workstation"),
        (asks == {"n-event-report"}, "archive"),
    )
    return next((word for fits, word in table if fits), UNKNOWN)


def _of_kind(states: Mapping[Address, State], kind: str) -> list[State]:
    return [states[address] for address in sorted(states) if address.kind == kind]


def _explained(system: str, written: Plain) -> Mapping[Path, str]:
    if "peers" not in written:
        return {}
    text = "As they were found, by alias. What is given here wins over what flows would give."
    return {("systems", system, "peers"): text}


@dataclass(slots=True)
class _Drafting:
    """Devices, and what is to be said of them, as they come together."""

    devices: dict[str, Plain] = field(default_factory=dict)
    origin: dict[str, Address] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    places: dict[tuple[str, str, int], str] = field(default_factory=dict)
    """The device by title, host and port."""
    itself: tuple[str, str] = ("", "")
    """The title and the device of the server itself."""

    def own(self, own: Own) -> str:
        """The entity that is the server itself, on a device of its own; empty where its title is none."""
        try:
            title, host, port = _listening(own.title, own.host, own.port)
        except ValueError as exc:
            self.remarks.append(
                Remark(
                    f'The server\'s own AE title "{own.title}" cannot be declared: {exc}',
                    "Correct DicomAet in its configuration, declare it as a device, and name that under ae.",
                )
            )
            return ""
        name = self.device("archive", title, host, port, calls=True)
        self.itself = (title, name)
        return f"{name}/{title}"

    def sound(self, states: list[State]) -> Iterator[_Peer]:
        """Those peers that an inventory can hold; of each other one a remark says why not."""
        for state in states:
            try:
                yield _checked(state)
            except ValueError as exc:
                self.remarks.append(_unmanaged(f'Peer "{state.address.parts[0]}"', exc, state.address))

    def entry(self, peer: _Peer) -> Plain:
        """The explicit entry of a peer, whose device is made where there is none of its title at its address.

        A server that lists itself is no second device; the address that it lists stays as it is.
        """
        if peer.title == self.itself[0]:
            return {**self.at_own_address(peer), "allow": words(peer.allowed), **_unusual(peer.fields)}
        name = self.places.get((peer.title, peer.host.casefold(), peer.port))
        if name is None:
            kind = device_type(peer.allowed, str(peer.fields.get("manufacturer", GENERIC)))
            name = self.device(kind, peer.title, peer.host, peer.port, calls=bool(_asks(peer.allowed)))
            self.origin[name] = self.origin[f"{name}/{peer.title}"] = peer.address
        return {"ae": f"{name}/{peer.title}", "allow": words(peer.allowed), **_unusual(peer.fields)}

    def at_own_address(self, peer: _Peer) -> Plain:
        title, name = self.itself
        (own,) = self.devices[name]["connections"].values()
        found = {"host": peer.host, "port": peer.port}
        return {"ae": f"{name}/{title}", **{key: value for key, value in found.items() if own[key] != value}}

    def device(self, kind: str, title: str, host: str, port: int, *, calls: bool) -> str:
        """The name of a new device with this title at this address."""
        taken = {each.lower() for each in self.devices}
        name = free_name(device_name(title), taken)
        entity: Plain = {"initiator": True} if calls else {}
        self.devices[name] = {
            "type": kind,
            "probe": "none",
            "connections": {SHORT: {"host": host, "port": port}},
            "ae_titles": {title: entity},
        }
        self.places[title, host.casefold(), port] = name
        return name

    def servers(self, kind: str, states: list[State]) -> Iterator[tuple[str, Plain]]:
        """DICOMweb servers or other Orthancs by name; their passwords are never told, so none is declared."""
        for state in states:
            name, url = state.address.parts[0], str(state.fields.get("url", ""))
            try:
                yield name, {"url": web_url(url)}
            except ValueError as exc:
                self.remarks.append(_unmanaged(f'{kind} "{name}"', exc, state.address))
                continue
            user = state.fields.get("user")
            if user:
                self.remarks.append(
                    Remark(
                        f'{kind} "{name}" signs in as {user}; its password cannot be read, so no login is declared',
                        f"To manage it: login: {{user: {user}, password: env:NAME}} under {_SERVERS[kind]}, and "
                        "remove what is ignored of it.",
                        state.address,
                    )
                )


def _unmanaged(what: str, why: ValueError, about: Address) -> Remark:
    fix = "It stays live as it is. Correct it on the server and declare it, or delete it there."
    return Remark(f"{what} is left unmanaged: {why}", fix, about)


def _asks(allowed: frozenset[str]) -> frozenset[str]:
    """What makes a peer one that calls."""
    return allowed - {"transcoding", "n-event-report"}


def _unusual(fields: Mapping[str, Value]) -> Plain:
    """What an entry says beside its title, address and rights, as far as it is not as usual."""
    usual: Mapping[str, Value] = {"manufacturer": GENERIC, "timeout": 0, "tls": False, "local_ae_title": ""}
    return {name: fields[name] for name, value in usual.items() if name in fields and fields[name] != value}


def _number(value: Value | None) -> int:
    return value if isinstance(value, int) else 0


def _checked(state: State) -> _Peer:
    """The peer of a state.

    Raises: ValueError saying why an inventory cannot hold it.
    """
    fields = dict(state.fields)
    title, host, port = _listening(
        str(fields.get("ae_title", "")), str(fields.get("host", "")), _number(fields.get("port"))
    )
    if fields.get("local_ae_title"):
        try:
            fields["local_ae_title"] = formats.ae_title(str(fields["local_ae_title"]))
        except ValueError as exc:
            raise ValueError(f"the title that it is called with: {exc}") from exc
    try:
        formats.count(_number(fields.get("timeout")))
    except ValueError as exc:
        raise ValueError(f"its timeout: {exc}") from exc
    return _Peer(state.address, state.address.parts[0], title, host, port, fields)


def _listening(title: str, host: str, port: int) -> tuple[str, str, int]:
    """The three as an inventory spells them.

    Raises: ValueError saying which of them is none.
    """
    return formats.ae_title(title), formats.host(host), formats.port(port)
