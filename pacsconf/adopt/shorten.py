"""A device in long form, said in short form as far as that means the same.

What it comes to when it is spelled out (`inventory.expand`) is the same before and after; tests hold it to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pacsconf.adopt.draft import Plain
from pacsconf.adopt.services import in_words
from pacsconf.adopt.sets import Said
from pacsconf.inventory.base import VENDOR_KEYS
from pacsconf.inventory.expand import SHORT

_OF_ALL = (
    "uses",
    "offers",
    "transfer_syntaxes",
    "capability_sets",
    "transfer_capabilities",
    "initiator",
    "acceptor",
    "accepts",
    "shared_title",
    "character_sets",
    "clusters",
    "preferred_called",
    "preferred_calling",
)
"""Keys of an AE that may stand at its device, where they hold for all its AEs that do not say them."""

_ORDER = (
    "profile", "type", "modality", "device_types", "lifecycle", "installed", "site", "ae_domain",
    "ae_title", "host", "port", "tls", "answers_to",
    "description", "manufacturer", "model", "software_versions", "station_name", "serial_number", "device_uid",
)  # fmt: skip
_LAST = (
    "connections",
    "ae_titles",
    *_OF_ALL,
    "hl7_applications",
    "extra",
    "object_classes",
    "vendor",
    "entries",
)
"""How a person looks for them: what it is, where it is, what the type plate says; then what is long."""


def shortened(device: Plain, said: Mapping[str, Said] | None = None) -> dict[str, Any]:
    """The device with defaults left out, services as words, and one title and one connection without their maps.

    `said` is, by title, what AEs say with capability sets.
    """
    connections = device.get("connections", {})
    found = {key: value for key, value in device.items() if key not in ("connections", "ae_titles")}
    entities = {
        title: _entity(ae, connections, (said or {}).get(title))
        for title, ae in device.get("ae_titles", {}).items()
    }
    common, entities = _lifted(entities, found)
    found |= common
    if found.get("installed") is True and found.get("lifecycle") not in ("planned", "commissioning"):
        del found["installed"]
    found |= _connected(connections)
    found |= _entitled(entities)
    return ordered({key: _single(key, value) for key, value in found.items()})


def ordered(device: Plain) -> dict[str, Any]:
    """The keys in the order that a person looks for them."""
    middle = sorted(device.keys() - set(_ORDER) - set(_LAST))
    return {key: device[key] for key in (*_ORDER, *middle, *_LAST) if key in device}


_OF_ONE_CONNECTION = frozenset({"installed", "protocol", *VENDOR_KEYS})
"""What the short form of a device cannot say of its connection."""


def _connected(connections: Mapping[str, Plain]) -> dict[str, Any]:
    """One connection of the usual name stands at the device."""
    if list(connections) == [SHORT] and not connections[SHORT].keys() & _OF_ONE_CONNECTION:
        return {key: _single(key, value) for key, value in connections[SHORT].items()}
    plain = {
        name: {key: _single(key, value) for key, value in one.items()} for name, one in connections.items()
    }
    return {"connections": plain} if plain else {}


def _entitled(entities: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """One AE of which nothing else is said is a title."""
    if len(entities) == 1 and not next(iter(entities.values())):
        return {"ae_title": next(iter(entities))}
    return {"ae_titles": dict(entities)} if entities else {}


def _entity(ae: Plain, connections: Mapping[str, Plain], said: Said | None) -> dict[str, Any]:
    """An AE with its services as words, without what follows from them."""
    found = {key: value for key, value in ae.items() if key != "transfer_capabilities"}
    of_dicom = [name for name, one in connections.items() if one.get("protocol", "dicom") == "dicom"]
    used = ae.get("connections", tuple(of_dicom))
    if set(used) == set(of_dicom):
        found.pop("connections", None)
    capabilities = ae.get("transfer_capabilities", ())
    roles = {one["role"] for one in capabilities}
    called = any(connections[name].get("port") for name in used if name in connections)
    for key, usual in (
        ("initiator", "SCU" in roles or not (roles or called)),
        ("acceptor", "SCP" in roles or bool(not roles and called)),
    ):
        if found.get(key) is usual:
            del found[key]
    if said:
        found["capability_sets"] = list(said.sets)
        capabilities = said.rest
    return {key: _single(key, value) for key, value in found.items()} | in_words(capabilities)


def _lifted(
    entities: Mapping[str, dict[str, Any]], device: Plain
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What all AEs of a device say alike, and what is left of each; aliases too where there is one AE."""
    if not entities:
        return {}, {}
    keys = (*_OF_ALL, "answers_to") if len(entities) == 1 else _OF_ALL
    first, *others = entities.values()
    common = {
        key: first[key]
        for key in keys
        if key in first and key not in device and all(one.get(key, _ABSENT) == first[key] for one in others)
    }
    left = {title: _without(ae, common) for title, ae in entities.items()}
    return common, left


_ABSENT = object()
_ALWAYS_LISTS = frozenset({"transfer_capabilities", "accepts"})
"""Where a single value is not taken for a list of it, or for another one."""


def _without(ae: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    gone = frozenset(keys)
    return {key: value for key, value in ae.items() if key not in gone}


def _single(key: str, value: Any) -> Any:
    """A list of one is that one, where either may stand."""
    may = isinstance(value, list) and len(value) == 1 and key not in _ALWAYS_LISTS
    return value[0] if may else value
