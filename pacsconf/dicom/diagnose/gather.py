"""From an inventory and what was read to the evidence about one pair. Pure: what is read or sent is handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pacsconf.core.address import Address
from pacsconf.core.finding import Path
from pacsconf.core.resource import Fields, State
from pacsconf.dicom.diagnose.evidence import Contexts, End, FlowSeen, Holder, Obstacle, Row, Table, Who
from pacsconf.dicom.heard import Heard
from pacsconf.dicom.likeness import alike
from pacsconf.dicom.reach import Reach
from pacsconf.dicom.reach.answer import at
from pacsconf.inventory.flows import Entities, Entity, pairs
from pacsconf.inventory.model import Inventory, NetworkAE, Role
from pacsconf.inventory.peers import address, reached_at

Told = Callable[[Path], str]
"""Where a path of the inventory is written (`inventory/ct.yaml:14`); empty for what is written nowhere."""

_DEEP = frozenset({"device", "network-connection", "network-ae", "transfer-capability", "unique-ae-title"})
"""Kinds of entries of a directory."""

_KNOWN_BETTER = frozenset({"undeclared", "calls-nobody", "called-by-nobody"})
"""Causes of the solver that the diagnosis finds by itself, with more to say."""


@dataclass(frozen=True, slots=True)
class Sides:
    """One live system as it was read, on all three sides; `live` is None where it could not be, `fault` says why.

    `last` is None where nobody knows. `holder` is whose table it is. `paths` lead from a declared resource, and
    each of its fields, into the inventory. `notes` say who changed a live one.
    """

    system: str
    type: str
    holder: Holder
    declared: Mapping[Address, State]
    live: Mapping[Address, State] | None
    last: Mapping[Address, State] | None
    paths: Mapping[Address, Mapping[str, Path]] = field(default_factory=dict)
    notes: Mapping[Address, str] = field(default_factory=dict)
    waiting: frozenset[Address] = frozenset()
    held: frozenset[Address] = frozenset()
    writes: bool = True
    fault: str = ""
    own_title: str = ""
    own_port: int | None = None
    rules: frozenset[str] = frozenset()


# --- ends ---------------------------------------------------------------------------------------------------------


def end_of(
    entity: Entity, told: Told, site: str | None = None, reserved: Mapping[str, str] | None = None
) -> End:
    """A declared entity as it is seen from `site`. `reserved` are titles in quarantine, with their last day."""
    device, ae = entity
    connection = reached_at(device, ae)
    host, port = address(connection, site) if connection else ("", None)
    name = next((name for name, each in device.connections.items() if each is connection), "")
    return End(
        title=ae.title,
        host=host,
        port=port,
        device=device.name,
        aliases=ae.answers_to,
        place=told(at(entity)),
        address_place=told(("devices", device.name, "connections", name, "host")) if connection else "",
        worklist_place=told(("devices", device.name, "worklist")) if device.worklist else "",
        lifecycle=device.lifecycle,
        installed=device.installed and ae.installed is not False,
        initiator=ae.initiator,
        acceptor=ae.acceptor,
        tls=bool(connection and connection.tls),
        calls_from=connection.calls_from if connection else (),
        was=connection.was.host if connection and connection.was else "",
        expected=device.expected,
        max_associations=device.max_associations,
        offers=_contexts(ae, "SCP"),
        asks=_contexts(ae, "SCU"),
        sends=tuple(sorted(set(device.rewrites.values()) - {ae.title})),
        reserved=(reserved or {}).get(ae.title, ""),
    )


def _contexts(ae: NetworkAE, role: Role) -> Contexts:
    found: dict[str, dict[str, None]] = {}
    for each in ae.capabilities:
        if each.role == role:
            found.setdefault(each.sop_class, {}).update(dict.fromkeys(each.transfer_syntaxes))
    return tuple((uid, tuple(found[uid])) for uid in sorted(found))


# --- what is declared between them --------------------------------------------------------------------------------


def flows_between(inventory: Inventory, caller: Entity, called: Entity, told: Told) -> tuple[FlowSeen, ...]:
    """The flows that let the one call the other."""
    key = (caller[0].name, caller[1].title, called[0].name, called[1].title)
    return tuple(
        FlowSeen(pair.flow, pair.services, told(("flows", pair.flow, "services")))
        for pair in pairs(inventory, caller)
        if (pair.calling_device, pair.calling, pair.called_device, pair.called) == key
    )


def services_of(flows: Iterable[FlowSeen]) -> tuple[str, ...]:
    """The services of these flows, each once."""
    return tuple(dict.fromkeys(service for flow in flows for service in flow.services))


def obstacles(found: Reach, told: Told) -> tuple[Obstacle, ...]:
    """What the solver has against a pair, but for what the diagnosis says itself."""
    failing = {service.name for service in found.services if service.outcome == "fails"}
    known = {"planned", "retired", "not-installed", "external", "retiring"}
    return tuple(
        Obstacle(
            text=f"{finding.summary[:1].upper()}{finding.summary[1:]}.",
            place=told(finding.path) if finding.path else "",
            fix=finding.fix,
            rule=finding.rule,
            # What lacks one kind of object of several is no reason why nothing works.
            breaks=reason.breaks and (not reason.service or reason.service in failing),
        )
        for reason, finding in zip(found.reasons, found.findings, strict=True)
        if reason.cause not in _KNOWN_BETTER and reason.cause.partition("-")[2] not in known
    )


# --- live systems -------------------------------------------------------------------------------------------------


def table_of(sides: Sides, caller: End, called: End, inventory: Inventory, told: Told) -> Table:
    """The rows of a system that concern the two."""
    titles = Entities(inventory).titles
    addresses: dict[Address, Who] = {}
    if sides.holder == "directory":
        ends: tuple[tuple[Who, End], ...] = (("caller", caller), ("called", called))
        for who, end in ends:
            for each in _entries(sides, end):
                addresses.setdefault(each, who)
    else:
        about: Who = "caller" if sides.holder == "called" else "called"
        other = caller if about == "caller" else called
        addresses = dict.fromkeys(_peers(sides, other, titles), about)
    return Table(
        system=sides.system,
        type=sides.type,
        holder=sides.holder,
        rows=tuple(_row(sides, each, addresses[each], told) for each in sorted(addresses)),
        fault=sides.fault,
        complete=sides.type != "console",
        own_title=sides.own_title,
        own_port=sides.own_port,
        rules=sides.rules,
    )


def _entries(sides: Sides, end: End) -> set[Address]:
    """Entries of a device, and its titles; names of devices are compared without regard to case."""
    root = end.device.lower()
    found = set()
    for side in (sides.declared, sides.live or {}):
        for address_, state in side.items():
            if address_.kind not in _DEEP or not root:
                continue
            own = state.root.kind == "device" and state.root.parts[-1].lower() == root
            titled = address_.kind == "unique-ae-title" and address_.parts[-1] == end.title
            if (own and _of_title(address_, end)) or titled:
                found.add(address_)
    return found


def _of_title(address_: Address, end: End) -> bool:
    """Whether an entry of a device concerns this title: entities and capabilities of its others do not."""
    if address_.kind not in ("network-ae", "transfer-capability"):
        return True
    return len(address_.parts) < 2 or address_.parts[1] == end.title


def _peers(sides: Sides, other: End, titles: frozenset[str]) -> set[Address]:
    """Rows that are of the other end, or look as if they were meant to be."""
    found = {
        address_
        for address_, state in sides.declared.items()
        if address_.kind == "peer" and state.fields.get("ae_title") in other.titles
    }
    for address_, state in (sides.live or {}).items():
        if address_.kind == "peer" and _means(state.fields, address_, other, titles):
            found.add(address_)
    return found


def _means(fields: Fields, address_: Address, other: End, titles: frozenset[str]) -> bool:
    title = str(fields.get("ae_title", ""))
    if title in other.titles or address_.parts[-1] in other.titles:
        return True
    if title in titles:
        return False  # it is somebody else's
    return any(alike(each, title) for each in other.titles) or (
        bool(other.host) and fields.get("host") == other.host
    )


def _row(sides: Sides, address_: Address, about: Who, told: Told) -> Row:
    declared, live = sides.declared.get(address_), (sides.live or {}).get(address_)
    last = (sides.last or {}).get(address_)
    paths = sides.paths.get(address_, {}) if declared else {}
    return Row(
        address=address_,
        about=about,
        declared=declared.fields if declared else None,
        live=live.fields if live else None,
        last=last.fields if last else None,
        recorded=sides.last is not None,
        writes=sides.writes,
        waits=address_ in sides.waiting,
        held=address_ in sides.held,
        note=sides.notes.get(address_, ""),
        place=told(paths[""]) if "" in paths else "",
        places={name: place for name, path in paths.items() if name and (place := told(path))},
    )


# --- who was heard ------------------------------------------------------------------------------------------------


def heard_of(
    caller: End, heard: Iterable[Heard], inventory: Inventory, ours: frozenset[str] = frozenset()
) -> tuple[Heard, ...]:
    """What was heard of the caller: under its titles or from its address; else under a title that looks like its.

    From where its own title was heard, one that looks like it is its own too: somebody changed it there. `ours` are
    addresses of this machine: what came from there may be a call of pacsconf's under its title.
    """
    others = Entities(inventory).titles - set(caller.titles)
    foreign = [
        one
        for one in heard
        if (one.host not in ours or one.host == caller.host) and one.calling_title not in others
    ]
    own = [one for one in foreign if one.calling_title in caller.titles]
    near = {
        one.calling_title for one in foreign if any(alike(each, one.calling_title) for each in caller.titles)
    }
    declared, seen_at = {caller.host, *caller.calls_from} - {""}, {one.host for one in own} - {""}
    certain = tuple(
        one
        for one in foreign
        if one.calling_title in caller.titles
        or one.host in declared
        or (one.host in seen_at and one.calling_title in near)
    )
    return certain or tuple(one for one in foreign if one.calling_title in near)


_LATEST = "~"
"""After every time."""


def in_order(remembered: Iterable[Heard], *logs: Iterable[Heard]) -> tuple[Heard, ...]:
    """All that was heard, oldest first, each part being in the order of its lines.

    What has no time of its own comes after the line before it. A log without any, which was handed in just now,
    is taken for later than what is remembered.
    """
    timed: list[tuple[str, Heard]] = []
    for start, part in (("", remembered), *((_LATEST, log) for log in logs)):
        before = start
        for one in part:
            before = one.at or before
            timed.append((before, one))
    return tuple(one for _, one in sorted(timed, key=lambda each: each[0]))
