"""Profiles for devices that have something in common, so that a device is a line.

    shorten each ─▶ gather those that do the same ─▶ name ─▶ take out what all of them say ─▶ by manufacturer

All build on one profile, `adopted`, which keeps observers away from every adopted device until a person changes
that one word.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pacsconf.adopt import guess
from pacsconf.adopt.draft import Plain
from pacsconf.adopt.naming import Names
from pacsconf.adopt.sets import Said, gathered
from pacsconf.adopt.shorten import ordered, shortened

BASE = "adopted"
"""The profile that all others, and all devices without one, build on."""

_SAME = (
    "type", "modality", "device_types", "lifecycle", "uses", "offers", "transfer_syntaxes", "capability_sets",
    "transfer_capabilities", "initiator", "acceptor", "accepts", "character_sets",
)  # fmt: skip
"""What devices must have in common to share a profile."""

_SHARED = (
    "manufacturer", "model", "software_versions", "installed", "clusters", "institution_names",
    "institution_addresses", "institution_departments", "institution_codes", "patient_id_issuer",
    "accession_number_issuer", "order_placer", "order_filler", "admission_id_issuer", "service_episode_id_issuer",
    "container_id_issuer", "specimen_id_issuer",
)  # fmt: skip
"""What goes into a profile as well, where all its devices say it alike."""

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Profiled:
    """Profiles, capability sets and devices in short form, and of each device the group of its kind."""

    profiles: Mapping[str, Plain] = field(default_factory=dict)
    devices: Mapping[str, Plain] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    base: str = BASE
    sets: Mapping[str, Plain] = field(default_factory=dict)
    set_users: Mapping[str, int] = field(default_factory=dict)
    """By capability set: how many AEs name it."""


def profiled(
    devices: Mapping[str, Plain],
    taken: Collection[str] = (),
    base: str = BASE,
    sets_taken: Collection[str] = (),
) -> Profiled:
    """Devices in long form with the profiles and capability sets that make them short.

    `taken` and `sets_taken` are names of profiles and sets there are; `base` is what the one is called that all
    build on, if it can be.
    """
    groups = {name: group(device) for name, device in devices.items()}
    found = gathered(devices, groups, sets_taken)
    said: dict[str, dict[str, Said]] = defaultdict(dict)
    for (device, title), one in found.said.items():
        said[device][title] = one
    short: dict[str, Plain] = {name: shortened(device, said.get(name)) for name, device in devices.items()}
    names = Names(taken)
    base = names.new(base)
    profiles: dict[str, Plain] = {base: {"probe": "none"}}
    alike = _alike(short, groups)
    for name, members in _named(alike, short, names):
        for profile, plain, own in _shares(name, base, members, short, names):
            profiles[profile] = plain
            for device in own:
                short[device] = {"profile": profile, **_less(short[device], _inherited(profile, profiles))}
    for device, plain in short.items():
        if plain.get("probe") == "none":
            short[device] = {"profile": base, **_less(plain, profiles[base])}
    used = _used(profiles, short.values())
    return Profiled(
        used, {name: ordered(device) for name, device in short.items()}, groups, base, found.sets, found.users
    )


def group(device: Plain) -> str:
    """What kinds of devices are called together: the modality in lower case, else the type."""
    if device.get("type") != "modality":
        return str(device.get("type", guess.UNKNOWN))
    codes = device.get("modality", ())
    if codes:
        return str(codes if isinstance(codes, str) else codes[0]).lower()
    pairs = (
        (one["sop_class"], one["role"])
        for ae in device.get("ae_titles", {}).values()
        for one in ae.get("transfer_capabilities", ())
    )
    return guess.sort_of(guess.Does.of(pairs)) or "modality"


# --- who shares a profile -----------------------------------------------------------------------------------


def _alike(short: Mapping[str, Plain], groups: Mapping[str, str]) -> dict[str, list[list[str]]]:
    """By group, the sets of at least two devices that do the same, the largest first."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, device in short.items():
        facts = json.dumps({key: device[key] for key in _SAME if key in device}, sort_keys=True)
        found[groups[name], facts].append(name)
    by_group: dict[str, list[list[str]]] = defaultdict(list)
    for (what, _), members in found.items():
        if len(members) > 1:
            by_group[what].append(members)
    return {what: sorted(sets, key=lambda each: (-len(each), each)) for what, sets in by_group.items()}


def _named(
    alike: Mapping[str, list[list[str]]], short: Mapping[str, Plain], names: Names
) -> Iterator[tuple[str, list[str]]]:
    """A name for each set: the group's; where there are several, with the manufacturer if that is one."""
    for what in sorted(alike):
        sets = alike[what]
        for members in sets:
            makers = {_first_word(short[name].get("manufacturer")) for name in members}
            maker = next(iter(makers)) if len(makers) == 1 and len(sets) > 1 else ""
            yield names.new(f"{what}-{maker}" if maker else what), members


def _shares(
    name: str, base: str, members: Sequence[str], short: Mapping[str, Plain], names: Names
) -> Iterator[tuple[str, Plain, list[str]]]:
    """The profile of a set, and one on top of it for each manufacturer that several of them are of."""
    common = _common(members, short, (*_SAME, *_SHARED, "probe"))
    by_maker: dict[str, list[str]] = defaultdict(list)
    for member in members:
        maker = short[member].get("manufacturer")
        by_maker[maker if isinstance(maker, str) else ""].append(member)
    makers = {
        maker: own for maker, own in by_maker.items() if maker and len(own) > 1 and len(own) < len(members)
    }
    split = {member for own in makers.values() for member in own}
    plain = {key: value for key, value in common.items() if key != "probe"}
    on_base = {"profile": base} if common.get("probe") == "none" else {}
    yield name, ordered(on_base | plain), [member for member in members if member not in split]
    for maker, own in sorted(makers.items()):
        more = {key: value for key, value in _common(own, short, _SHARED).items() if key not in common}
        word = _first_word(maker)
        yield names.new(f"{name}-{word}" if word else name), {"profile": name, **more}, own


def _common(members: Sequence[str], short: Mapping[str, Plain], keys: Iterable[str]) -> dict[str, Any]:
    """What all of these devices say alike."""
    first, *others = (short[name] for name in members)
    return {
        key: first[key] for key in keys if key in first and all(_says(one, key, first[key]) for one in others)
    }


def _says(device: Plain, key: str, value: Any) -> bool:
    return key in device and device[key] == value


def _inherited(name: str, profiles: Mapping[str, Plain]) -> dict[str, Any]:
    """All that a profile gives, those it builds on included."""
    own = dict(profiles[name])
    parent = own.pop("profile", None)
    return {**_inherited(parent, profiles), **own} if parent else own


def _less(device: Plain, given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in device.items() if not (key in given and given[key] == value)}


def _used(profiles: Mapping[str, Plain], devices: Iterable[Plain]) -> dict[str, Plain]:
    """Profiles that a device builds on, at however many removes."""
    wanted = {str(device["profile"]) for device in devices if "profile" in device}
    for name in reversed(tuple(profiles)):
        if name in wanted and "profile" in profiles[name]:
            wanted.add(str(profiles[name]["profile"]))
    return {name: plain for name, plain in profiles.items() if name in wanted}


# --- names --------------------------------------------------------------------------------------------------


def _first_word(text: object) -> str:
    """What people call a manufacturer: the first word of its name."""
    found = _WORD.search(text.lower()) if isinstance(text, str) else None
    return found[0][:16] if found else ""
