"""A further source beside an inventory that stands: what it shares with it is joined by AE title. Pure.

Nothing that is declared is changed. A title that is declared already keeps its device; what the source says of it
otherwise stands in the source's own system, so that nothing is to be written anywhere, and is told to a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pacsconf.adopt.draft import Draft, Plain, Remark
from pacsconf.adopt.orthanc import GENERIC, QUIRKS, free_name
from pacsconf.core.address import Address
from pacsconf.core.finding import Path
from pacsconf.core.resource import State
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.model import Device, Inventory
from pacsconf.inventory.peers import address, reached_at
from pacsconf.inventory.sources import Sources
from pacsconf.inventory.titles import holders

DIRECTORY = "dicom-directory"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What two sources say of one AE title: `declared` is at `at` (`file:line`), `live` is the other."""

    title: str
    declared: str
    at: str
    live: str


@dataclass(frozen=True, slots=True)
class Twin:
    """A device of the source whose titles are declared already, by a device `declared` that stands at `at`."""

    live: str
    declared: str
    at: str


@dataclass(frozen=True, slots=True)
class Merged:
    """A draft that goes beside an inventory, and what a person should know of where both meet."""

    draft: Draft
    disagreements: tuple[Disagreement, ...] = ()
    twins: tuple[Twin, ...] = ()
    absent: tuple[str, ...] = ()
    """Declared devices of which the source, a directory, knows neither name nor titles."""


def merged(draft: Draft, states: Mapping[Address, State], inventory: Inventory, sources: Sources) -> Merged:
    """The draft without what is declared already; `states` is what the source holds."""
    merge = _Merge(draft, states, inventory, sources)
    is_directory = draft.systems.get(draft.system, {"type": DIRECTORY}).get("type") == DIRECTORY
    found = merge.directory() if is_directory else merge.peers()
    disagreements = sorted(merge.disagreements, key=lambda one: one.title)
    return Merged(found, tuple(dict.fromkeys(disagreements)), tuple(merge.twins), tuple(merge.absent))


def undeclared(draft: Draft, names: frozenset[str]) -> Draft:
    """The draft without these devices: peers that were to be them say their title and address themselves."""
    config = dict(draft.systems[draft.system])
    entries: Mapping[str, Plain] = config.get("peers", {})
    peers = {alias: _spelled_out(draft, alias, entry, names) for alias, entry in entries.items()}
    config |= {"peers": peers} if peers else {}
    if _device_of(config.get("ae", "")) in names:
        del config["ae"]
    return replace(
        draft,
        devices={name: plain for name, plain in draft.devices.items() if name not in names},
        systems={**draft.systems, draft.system: config},
    )


def _spelled_out(draft: Draft, alias: str, entry: Plain, names: frozenset[str]) -> Plain:
    name, _, title = str(entry.get("ae", "")).partition("/")
    if name not in names:
        return entry
    (connection,) = draft.devices[name]["connections"].values()
    rest = {key: value for key, value in entry.items() if key != "ae"}
    return {**({} if title == alias else {"ae_title": title}), **connection, **rest}


def _device_of(entity: str) -> str:
    return entity.partition("/")[0]


@dataclass(slots=True)
class _Merge:
    draft: Draft
    states: Mapping[Address, State]
    inventory: Inventory
    sources: Sources
    held: dict[str, list[Entity]] = field(default_factory=dict)
    """Who is declared to hold each title, further titles of an entity included."""
    disagreements: list[Disagreement] = field(default_factory=list)
    twins: list[Twin] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for (_, title), several in holders(self.inventory.entities()).items():
            self.held.setdefault(title, []).extend((one.device, one.ae) for one in several)

    def at(self, path: Path) -> str:
        """`file:line` of something declared."""
        place = self.sources.place(path)
        return f"{place.file}:{place.line}" if place else ".".join(map(str, path))

    # --- a server with peers

    def peers(self) -> Draft:
        """Peers of declared titles refer to their devices; devices of new titles keep clear of declared names."""
        config: dict[str, Any] = dict(self.draft.systems[self.draft.system])
        names = self.renamed()
        own = self.own(config["ae"], names) if "ae" in config else None
        config |= {"ae": own} if own else {}
        site = (
            self.inventory.devices[_device_of(own)].site
            if own and _device_of(own) in self.inventory.devices
            else None
        )
        entries: Mapping[str, Plain] = config.get("peers", {})
        peers = {alias: self.entry(entry, names, site, own) for alias, entry in entries.items()}
        config |= {"peers": peers} if peers else {}
        kept = {
            new: self.draft.devices[name]
            for name, new in names.items()
            if not any(title in self.held for title in self.draft.devices[name]["ae_titles"])
        }
        return replace(
            self.draft,
            devices=kept,
            systems={**self.draft.systems, self.draft.system: config},
            origin=self.origin(names),
        )

    def renamed(self) -> dict[str, str]:
        """What each device of the draft is called beside those that are declared."""
        taken = {name.casefold() for name in self.inventory.devices}
        names: dict[str, str] = {}
        for name in self.draft.devices:
            names[name] = free_name(name, taken)
            taken.add(names[name].casefold())
        return names

    def origin(self, names: Mapping[str, str]) -> dict[str, Address]:
        found = {}
        for key, where in self.draft.origin.items():
            name, slash, title = key.partition("/")
            found[f"{names.get(name, name)}{slash}{title}"] = where
        return found

    def own(self, entity: str, names: Mapping[str, str]) -> str:
        """The entity that the server itself is."""
        name, _, title = entity.partition("/")
        if title not in self.held:
            return f"{names[name]}/{title}"
        (connection,) = self.draft.devices[name]["connections"].values()
        device, ae = self.nearest(title, connection)
        _, port = _reached((device, ae), None)
        if port != connection["port"]:
            self.differ(title, (device, ae), f"port {port}", f"port {connection['port']}")
        return f"{device.name}/{ae.title}"

    def entry(self, entry: Plain, names: Mapping[str, str], site: str | None, own: str | None) -> Plain:
        """A peer's entry; what its declared device would make of it otherwise is written out."""
        name, _, title = str(entry["ae"]).partition("/")
        if title not in self.held:
            return {**entry, "ae": f"{names[name]}/{title}"}
        (listed,) = self.draft.devices[name]["connections"].values()
        connection = {**listed, **{key: entry[key] for key in ("host", "port") if key in entry}}
        device, ae = self.nearest(title, connection)
        host, port = _reached((device, ae), site)
        written: dict[str, Any] = {"ae": f"{device.name}/{ae.title}"}
        written |= {} if title == ae.title else {"ae_title": title}
        written |= {} if host == connection["host"] else {"host": connection["host"]}
        written |= {} if port == connection["port"] else {"port": connection["port"]}
        if ("host" in written or "port" in written) and written["ae"] != own:
            self.differ(
                title, (device, ae), _place(host, port), _place(connection["host"], connection["port"])
            )
        return {**written, **_as_found(entry, (device, ae))}

    def nearest(self, title: str, connection: Plain) -> Entity:
        """Who holds a title; of several, the one at this address."""
        several = self.held[title]
        same = [one for one in several if _reached(one, None) == (connection["host"], connection["port"])]
        return (same or several)[0]

    def differ(self, title: str, entity: Entity, declared: str, live: str) -> None:
        device, ae = entity
        connection = next(iter(ae.connections), "")
        path: Path = ("devices", device.name, "connections", connection, "host")
        self.disagreements.append(Disagreement(title, declared, self.at(path), live))

    # --- a directory

    def directory(self) -> Draft:
        """Devices that are not declared yet; what is declared, and not live just so, is left alone there."""
        kept: dict[str, Plain] = {}
        remarks: list[Remark] = []
        taken = {name.casefold(): name for name in self.inventory.devices}
        for name, plain in self.draft.devices.items():
            titles = _titles(plain)
            twin = self.twin(titles)
            if twin is not None:
                self.met(name, plain, twin)
            elif name.casefold() in taken:
                remarks.append(self.taken(name, taken[name.casefold()]))
            else:
                kept[name] = plain
        if self.draft.system in self.draft.systems:
            met = {twin.declared for twin in self.twins}
            active = (name for name, one in self.inventory.devices.items() if one.lifecycle not in _NOWHERE)
            self.absent = sorted(name for name in active if name not in met)
        return self.ignoring(replace(self.draft, devices=kept, remarks=(*self.draft.remarks, *remarks)))

    def twin(self, titles: list[str]) -> Device | None:
        """The declared device of a live one, where all of its titles are declared."""
        if not titles or any(title not in self.held for title in titles):
            return None
        return self.held[titles[0]][0][0]

    def met(self, name: str, plain: Plain, twin: Device) -> None:
        """Note what the directory says of a declared device."""
        at = self.at(("devices", twin.name))
        if plain.get("lifecycle") != "planned":
            self.twins.append(Twin(name, twin.name, at))
        for title, ae in plain.get("ae_titles", {}).items():
            entity = self.held[title][0]
            live = _listening(plain, ae)
            declared = _reached(entity, None)
            if live and live != declared:
                self.differ(title, entity, _place(*declared), _place(*live))

    def taken(self, name: str, declared: str) -> Remark:
        return Remark(
            f'Device "{name}" is left unmanaged: another device is declared under this name, with other AE titles',
            f"Rename the one at {self.at(('devices', declared))} if both are needed, and declare this one by hand.",
            self.draft.origin.get(name),
        )

    def ignoring(self, draft: Draft) -> Draft:
        """The draft with whatever is declared already, or live under another name, ignored in its system."""
        system = draft.system
        config = draft.systems.get(system)
        patterns = list(dict.fromkeys(self.patterns(draft)))
        if config is None or not patterns:
            return draft
        ignore = [
            *config.get("ignore", ()),
            *(each for each in patterns if each not in config.get("ignore", ())),
        ]
        return replace(
            draft,
            systems={**draft.systems, system: {**config, "ignore": ignore}},
            comments={**draft.comments, ("systems", system, "ignore"): _WHY_IGNORED},
        )

    def patterns(self, draft: Draft) -> Iterator[str]:
        for twin in self.twins:
            yield from _device_patterns(twin.live)
        for name, device in self.inventory.devices.items():
            if device.lifecycle == "retired":
                continue
            if device.lifecycle != "planned":
                yield from _device_patterns(name)
            for ae in device.ae_titles.values():
                for title in (ae.title, *ae.answers_to):
                    reserved = Address.of(draft.system, "unique-ae-title", title)
                    if reserved not in self.states:
                        yield _literal(f"{reserved.kind}/{reserved.name}")


_NOWHERE = frozenset({"planned", "retired"})
"""Devices in these phases of life have no entry in a directory."""

_WHY_IGNORED = (
    "Declared before this directory was adopted, and not found in it just so: left alone on both sides.\n"
    "To have a device managed here: give it the name that it has here, complete it, then remove its lines."
)


def _device_patterns(name: str) -> Iterator[str]:
    """What is ignored of a device: its entry and all below it."""
    part = _literal(Address.of("-", "device", name.lower()).name)
    yield f"device/{part}"
    yield f"network-*/{part}/*"
    yield f"transfer-capability/{part}/*"


def _literal(name: str) -> str:
    """A name of an address as a pattern, in which a colon would begin a field."""
    return name.replace(":", "?")


def _titles(plain: Plain) -> list[str]:
    """All titles of a device in long form, and the one of a short form."""
    found = [
        title
        for name, ae in plain.get("ae_titles", {}).items()
        for title in (name, *ae.get("answers_to", ()))
    ]
    return [*found, plain["ae_title"]] if "ae_title" in plain else found


def _listening(plain: Plain, ae: Plain) -> tuple[str, int | None] | None:
    """Where an AE of a device in long form is reached: the first of its connections with a port."""
    connections = plain.get("connections", {})
    used = [connections[name] for name in ae.get("connections", connections) if name in connections]
    one = next((each for each in used if each.get("port")), next(iter(used), None))
    return (str(one.get("host", "")), one.get("port")) if one else None


def _reached(entity: Entity, site: str | None) -> tuple[str, int | None]:
    connection = reached_at(*entity)
    return address(connection, site) if connection else ("", None)


def _place(host: str, port: int | None) -> str:
    host = f"[{host}]" if ":" in host and port else host
    return f"{host}:{port}" if port else host or "no address"


def _as_found(entry: Plain, entity: Entity) -> dict[str, Any]:
    """The rest of a peer's entry, with what its device would say otherwise."""
    device, ae = entity
    rest = {key: value for key, value in entry.items() if key not in ("ae", "host", "port")}
    connection = reached_at(device, ae)
    if connection and connection.tls and "tls" not in rest:
        rest["tls"] = False
    if device.manufacturer in QUIRKS and "manufacturer" not in rest:
        rest["manufacturer"] = GENERIC
    return rest
