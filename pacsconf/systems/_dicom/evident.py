"""What a DICOM directory means for rules: the devices and AEs it holds, and what extensions add to it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.core.select import ignoring
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import DirectoryConfig

Found = dict[str, dict[str, dict[str, Any]]]
"""By kind, name and field."""


def evidence(config: DirectoryConfig, states: Mapping[Address, State], inventory: Inventory) -> Found:
    """What the standard's entries tell. What the inventory leaves alone (`ignore`) is not called undeclared."""
    system, left_alone = config.name, ignoring(config.ignore)
    named = {name.lower(): name for name in inventory.devices}
    found: Found = {"device": {}, "ae": {}, "system": {system: {"undeclared": []}}}
    if config.bind is None:
        found["system"][system] |= {"anonymous_read": True, "authenticates": False}
    undeclared = found["system"][system]["undeclared"]
    titles: defaultdict[str, list[tuple[str, Address]]] = defaultdict(list)
    for address in sorted(one for one in states if one.kind in ("device", "network-ae")):
        device = named.get(address.parts[0])
        if address.kind == "device":
            if device is not None:
                found["device"][device] = {"held_by": [system]}
            elif not left_alone(address, ""):
                undeclared.append(str(address))
        else:
            titles[address.parts[1]].append((device or "", address))
            if device is None:
                continue
            if address.parts[1] in inventory.devices[device].ae_titles:
                found["ae"][f"{device}/{address.parts[1]}"] = {"held": True}
            elif not left_alone(address, ""):
                undeclared.append(str(address))
    _twice(found, titles)
    return found


def _twice(found: Found, titles: Mapping[str, Iterable[tuple[str, Address]]]) -> None:
    """AEs whose title stands at a device too that is not declared to have it."""
    for title, holders in titles.items():
        strangers = [str(address) for device, address in holders if f"{device}/{title}" not in found["ae"]]
        for device, _ in holders:
            if strangers and (facts := found["ae"].get(f"{device}/{title}")) is not None:
                facts["same_title"] = strangers


def joined(found: Found, more: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Found:
    """What was found with more of it: lists united, of one field with two values the later."""
    whole: Found = {kind: {name: dict(facts) for name, facts in of.items()} for kind, of in found.items()}
    for kind, subjects in more.items():
        for name, facts in subjects.items():
            known = whole.setdefault(kind, {}).setdefault(name, {})
            for field, value in facts.items():
                before = known.get(field)
                both = isinstance(before, list) and isinstance(value, list)
                known[field] = sorted({*before, *value}) if both and before is not None else value
    return whole
