"""All that archives in a directory mean for rules. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pacsconf.core.resource import members
from pacsconf.inventory.flows import pairs
from pacsconf.inventory.hl7_feeds import Speaker, speaker
from pacsconf.inventory.model import Inventory, NetworkAE
from pacsconf.systems._dcm4chee.evidence import purging
from pacsconf.systems._dcm4chee.evidence.entities import entity, trusted
from pacsconf.systems._dcm4chee.evidence.live import Live, States, archives, listed

Found = dict[str, dict[str, dict[str, Any]]]


def evidence(system: str, states: States, wanted: States, inventory: Inventory) -> Found:
    """By kind, name and field; `wanted` is what the inventory wants the directory to hold."""
    several = tuple(archives(system, states, inventory))
    meant = {text for one in archives(system, wanted, inventory) for text in purging.armed(one)}
    feeds = dict(_feeds(states, inventory))
    found: Found = {"ae": {}, "device": {}, "flow": {}, "storage": {}, "feed": feeds}
    for archive in several:
        _note(found, archive, inventory)
    if several:
        found["system"] = {system: _system(several, meant)}
    return found


def _note(found: Found, archive: Live, inventory: Inventory) -> None:
    name = archive.device.name
    for ae in archive.device.ae_titles.values():
        fields = archive.entity(ae)
        if fields is not None:
            told = entity(archive, ae, fields, inventory)
            facts = found["ae"].setdefault(f"{name}/{ae.title}", {})
            facts |= {key: value for key, value in told.items() if value is not None}
            _flows(found, archive, ae, facts, inventory)
    for device, named, row in trusted(archive, inventory):
        for facts in (found["device"].setdefault(device, {}), found["ae"].setdefault(named, {})):
            facts["trusted_by"] = [*facts.get("trusted_by", ()), row]
    for storage, fields in archive.of("storage"):
        found["storage"][f"{archive.system}/{name}/{storage}"] = purging.storage(fields)
    if archive.own is not None:
        found["device"].setdefault(name, {})["audit_to"] = sorted(set(_repositories(archive)))


def _flows(
    found: Found, archive: Live, ae: NetworkAE, facts: Mapping[str, Any], inventory: Inventory
) -> None:
    """Of flows to it: who is not on its list, and whether it listens without TLS."""
    own = archive.device.name, ae.title
    for pair in pairs(inventory, (archive.device, ae)):
        if (pair.called_device, pair.called) != own:
            continue
        flow = found["flow"].setdefault(pair.flow, {})
        out = {f"{pair.calling_device}/{pair.calling}"} if pair.calling in facts["callers_missing"] else set()
        flow["refused"] = sorted({*flow.get("refused", ()), *out})
        if "tls" in facts:
            plain = set() if facts["tls"] else {f"{own[0]}/{own[1]}"}
            flow["plain_called"] = sorted({*flow.get("plain_called", ()), *plain})


def _repositories(archive: Live) -> Iterator[str]:
    for _, fields in archive.of("audit-logger"):
        if fields.get("installed") is not False:
            yield str(fields.get("repository", ""))


def _system(several: tuple[Live, ...], meant: set[str]) -> dict[str, Any]:
    known = [one for one in several if one.own is not None]
    doors = [open_ for one in several for open_ in _web_apps(one)]
    found: dict[str, Any] = {"enforces_roles": not any(doors)} if doors else {}
    if known:
        armed = [text for one in known for text in purging.armed(one)]
        lists = {
            "purge_armed": armed,
            "purge_undeclared": [text for text in armed if text not in meant],
            "audit_to": sorted({name for one in known for name in _repositories(one)}),
        }
        # Of an archive whose own entry is not looked at, none of it is known.
        found |= {name: some for name, some in lists.items() if some or len(known) == len(several)}
    return found


def _web_apps(archive: Live) -> Iterator[bool]:
    """Of each web application, whether users of any role may use it: neither it nor its AE asks for one."""
    roles = {
        ae.title: bool(listed(archive.entity(ae) or {}, "accepted_user_roles"))
        for ae in archive.device.ae_titles.values()
    }
    for _, fields in archive.of("web-app"):
        asked = any(each.startswith("roles=") for each in members(fields, "properties"))
        yield not asked and not roles.get(str(fields.get("ae_title", "")), False)


def _feeds(states: States, inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    """Whether a receiver takes messages of any sender: an empty list lets anybody in."""
    senders = {
        address.parts: bool(members(state.fields, "accepted_senders"))
        for address, state in states.items()
        if address.kind == "hl7-application"
    }
    for name, feed in inventory.hl7_feeds.items():
        ends: list[Speaker] = [one for each in feed.receivers if (one := speaker(inventory, each))]
        keys = [(device.name.lower(), application.name) for device, application in ends]
        known = [senders[key] for key in keys if key in senders]
        if False in known or (known and len(known) == len(keys)):
            yield name, {"any_sender": False in known}
