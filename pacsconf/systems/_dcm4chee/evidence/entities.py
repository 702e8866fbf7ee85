"""Whom an archive's AEs let in, and how: as the directory says, which the archive keeps to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pacsconf.core.resource import Fields, members
from pacsconf.inventory.flows import pairs
from pacsconf.inventory.model import Inventory, NetworkAE
from pacsconf.systems._dcm4chee.evidence.live import NAME, Live, listed, setting
from pacsconf.systems._dcm4chee.words.callers import callers

ANYWHERE = "any (accepted_move_destinations names none)"


def entity(archive: Live, ae: NetworkAE, fields: Fields, inventory: Inventory) -> dict[str, Any]:
    """An AE of the archive, as rules see it; what cannot be told is None."""
    taken = listed(fields, "accepted_callers")
    binds = _binds(archive, fields)
    # Who comes from a host that is not configured for its title is turned away, so that a stranger may be.
    stranger = (None if binds is not False else True) if not taken else False
    return {
        "any_caller": not taken,
        "accepted_callers": sorted(taken),
        **_beside(archive, ae, taken, inventory),
        "checks_called": ("*",) not in archive.below.get("network-ae", {}),
        "binds_hosts": binds,
        "stranger_echo": stranger,
        "stranger_store": stranger,
        "stranger_query": stranger,
        **_encryption(archive, fields),
        "move_beyond": _move_beyond(archive, ae, fields, inventory),
    }


def _beside(
    archive: Live, ae: NetworkAE, taken: frozenset[str], inventory: Inventory
) -> dict[str, list[str]]:
    """The callers that are taken beside those that flows, or the list of the inventory, declare."""
    declared = callers(inventory, archive.device, ae)
    if declared is None or not taken:
        return {"callers_beyond": [], "callers_missing": []}
    known = declared.keys() | _written(ae, "accepted_callers")
    return {"callers_beyond": sorted(taken - known), "callers_missing": sorted(declared.keys() - taken)}


def _written(ae: NetworkAE, key: str) -> frozenset[str]:
    """A list of the inventory's own."""
    held = ae.vendor.get(NAME, {}).get(key, ())
    several = (held,) if isinstance(held, str) else held
    return frozenset(map(str, several)) if isinstance(several, Sequence) else frozenset()


def _binds(archive: Live, fields: Fields) -> bool | None:
    found = setting(fields, "validate_calling_host")
    if found is None and archive.own is not None:
        found = setting(archive.own, "validate_calling_host", False)
    return found if isinstance(found, bool) else None


def _encryption(archive: Live, fields: Fields) -> dict[str, bool | None]:
    """Of the connections where it listens: TLS on all of them, and whether each asks who calls."""
    there = {parts[0]: held for parts, held in archive.below.get("network-connection", {}).items() if parts}
    names = [name.lower() for name in members(fields, "connections")]
    listening = {name: there[name] for name in names if name in there and there[name].get("port")}
    if not listening:
        return {"tls": None, "client_certificate": None}
    tls = all(held.get("tls") for held in listening.values())
    if not tls:
        return {"tls": False, "client_certificate": False}
    said = {name.lower() for name, one in archive.device.connections.items() if NAME in one.vendor}
    asks = [setting(held, "tls_need_client_auth", True) for name, held in listening.items() if name in said]
    whole = len(asks) == len(listening)
    return {"tls": True, "client_certificate": False if False in asks else True if whole else None}


def _move_beyond(archive: Live, ae: NetworkAE, fields: Fields, inventory: Inventory) -> list[str]:
    found = listed(fields, "accepted_move_destinations")
    if not found:
        return [ANYWHERE]
    own = archive.device.name, ae.title
    met = pairs(inventory, (archive.device, ae))
    known = {pair.called if (pair.calling_device, pair.calling) == own else pair.calling for pair in met}
    return sorted(found - known - _written(ae, "accepted_move_destinations"))


# --- who is on a list ---------------------------------------------------------------------------------------------


def trusted(archive: Live, inventory: Inventory) -> Iterator[tuple[str, str, str]]:
    """Declared devices and AEs that a list of callers names, each with the list; of retired ones, those whose title
    no other device has."""
    holders = _holders(inventory)
    for ae in archive.device.ae_titles.values():
        fields = archive.entity(ae) or {}
        for title in sorted(listed(fields, "accepted_callers")):
            for device, named in holders.get(title, ()):
                yield device, named, archive.address("network-ae", ae.title)


def _holders(inventory: Inventory) -> Mapping[str, Sequence[tuple[str, str]]]:
    """By title, the devices and AEs that have it."""
    in_use: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    retired: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for device, ae in inventory.entities():
        for title in dict.fromkeys((ae.title, *ae.answers_to)):
            holders = retired if device.lifecycle == "retired" else in_use
            holders[title].append((device.name, f"{device.name}/{ae.title}"))
    return {**retired, **in_use}
