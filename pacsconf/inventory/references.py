"""Rules about names that must be declared elsewhere, and selectors that must find something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.flows import End, Entities
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Flow, Inventory, Selector
from pacsconf.inventory.scope import Scope


def missing_sites(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """The site of a device, and those that see it under another address, are declared."""
    for name, device in inventory.devices.items():
        path: Path = ("devices", name)
        if device.site is not None:
            yield from _missing(scope, "sites", device.site, (*path, "site"), f"device {name}")
        for key, connection in device.connections.items():
            for site in connection.seen_from:
                at = (*path, "connections", key, "seen_from", site)
                yield from _missing(scope, "sites", site, at, f"connection {key} of device {name}")


def missing_devices(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """The device that another replaces is declared, and another one."""
    for name, device in inventory.devices.items():
        if device.replaces is not None:
            yield from _missing(
                scope, "devices", device.replaces, ("devices", name, "replaces"), f"device {name}"
            )
        if device.replaces == name:
            yield Finding(
                "PACS-REF-007",
                "error",
                f"Device {name} replaces itself",
                "It would wait for its own titles and address.",
                "Name the device whose place it takes, or remove replaces.",
                path=("devices", name, "replaces"),
            )


def missing_prober(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """What pacsconf calls as is a declared AE, written `device/AE_TITLE`, or a device that has one AE."""
    if not scope.complete:
        return
    for caller, path in _probers(inventory):
        if caller not in scope.entities.named:
            near = "" if caller in inventory.devices else nearest(caller, scope.entities.named)
            yield Finding(
                "PACS-REF-008",
                "error",
                f'probe_as: "{caller}" names no AE title to call as{near}',
                f"{_no_prober(inventory, caller)} Devices answer only callers they know, so pacsconf calls under "
                "the title of a declared one.",
                "Write device/AE_TITLE, or the name of a device that has one AE title.",
                path=path,
            )


def _probers(inventory: Inventory) -> Iterator[tuple[str, Path]]:
    """Whom pacsconf is to call as, by the settings, by environments and by sites of their own."""
    if inventory.settings.probe_as is not None:
        yield inventory.settings.probe_as, ("pacsconf", "probe_as")
    for name, environment in inventory.environments.items():
        if environment.probe_as is not None:
            yield environment.probe_as, ("environments", name, "probe_as")
    for name, site in inventory.sites.items():
        if site.probe_as is not None:
            yield site.probe_as, ("sites", name, "probe_as")


def _no_prober(inventory: Inventory, caller: str) -> str:
    """Why a caller is none."""
    name, _, title = caller.partition("/")
    device = inventory.devices.get(name)
    if device is None:
        return f'There is no device "{name}".'
    titles = ", ".join(sorted(device.ae_titles)) or "no AE title"
    if title:
        return f'Device {name} has no AE title "{title}"; it has {titles}.'
    return f"Device {name} has {titles}."


def unused_sets(_: Inventory, scope: Scope) -> Iterator[Finding]:
    """Every capability set is named by something."""
    for name in sorted(scope.unused_sets) if scope.complete else ():
        yield Finding(
            "PACS-SET-005",
            "warning",
            f"Nothing names the capability set {name}",
            "It has no effect, and what was to have it does not.",
            "Name it under capability_sets of an AE title, a device or a profile, or remove it.",
            path=("capability_sets", name),
        )


def _missing(scope: Scope, collection: str, name: str, path: Path, user: str) -> Iterator[Finding]:
    known = scope.names[collection]
    if name not in known and scope.read:
        kind = collection.removesuffix("s")
        yield Finding(
            "PACS-REF-004",
            "error",
            f'There is no {kind} "{name}", which {user} names{nearest(name, known)}',
            _NEEDED[collection],
            f"Declare it under {collection}, or name one of: {_some(known)}",
            path=path,
        )


_NEEDED = {
    "sites": "What its devices have in common (networks, time zone, limits) is missing without it.",
    "devices": "Nobody hands over the titles and the address that are to be taken.",
}


@lru_cache(8)
def _some(known: frozenset[str]) -> str:
    """Up to a dozen names, in order."""
    names = sorted(known)
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "") if names else "none is declared"


def missing_worklists(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """A worklist comes from a declared AE of a declared device, written `device/AE_TITLE`."""
    for name, device in inventory.devices.items():
        source = device.worklist.source if device.worklist else None
        if source is not None and scope.complete and source not in scope.entities.written:
            yield Finding(
                "PACS-REF-005",
                "error",
                f'The worklist of device {name} comes from "{source}", which is not declared'
                f"{nearest(source, scope.entities.written)}",
                "The modality would ask nobody for its patients.",
                "Write device/AE_TITLE, such as ris/RIS_MWL.",
                path=("devices", name, "worklist", "from"),
            )


def unknown_rewrites(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """The calling titles that a router rewrites are those of declared devices."""
    for name, device in inventory.devices.items():
        for title in device.rewrites:
            if scope.complete and not _pattern(title) and title not in scope.entities.titles:
                yield Finding(
                    "PACS-REF-006",
                    "warning",
                    f'Device {name} rewrites the title "{title}", which no device has'
                    f"{nearest(title, scope.entities.titles)}",
                    "It is compared character by character, so nothing would be rewritten.",
                    "Correct the title, or remove the line.",
                    path=("devices", name, "rewrites", title),
                )


def _pattern(title: str) -> bool:
    return "*" in title or "?" in title


def selectors_without_a_match(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Every selector of a flow finds somebody."""
    if not scope.complete:
        return
    for flow in inventory.flows.values():
        for end, selector, path in _selectors(flow):
            if not any(scope.entities.select(selector, end)):
                yield _matches_nothing(inventory, scope.entities, flow, end, selector, path)


def flows_to_the_retiring(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """A flow does not name a retiring device: its partners are to be moved away from it."""
    for flow in inventory.flows.values():
        for end, selector, path in _selectors(flow):
            if not (selector.device or selector.ae_title):
                continue
            for device, ae in scope.entities.select(selector, end):
                named = device.name in selector.device or ae.title in selector.ae_title
                if named and device.lifecycle == "retiring":
                    yield Finding(
                        "PACS-FLOW-002",
                        "warning",
                        f"Flow {flow.name} names device {device.name}, which is retiring",
                        "When it is retired the flow finds nobody any more.",
                        "Name its successor, or remove it from the flow.",
                        path=path,
                    )


def _selectors(flow: Flow) -> Iterator[tuple[End, Selector, Path]]:
    for number, selector in enumerate(flow.callers):
        yield "from", selector, ("flows", flow.name, "from", number)
    for number, selector in enumerate(flow.called):
        yield "to", selector, ("flows", flow.name, "to", number)


def _matches_nothing(
    inventory: Inventory, entities: Entities, flow: Flow, end: End, selector: Selector, path: Path
) -> Finding:
    wanted = ", ".join(
        f"{key} {' or '.join(values)}"
        for key, values in selector.model_dump(exclude_unset=True).items()
        if values
    )
    other: End = "to" if end == "from" else "from"
    if any(entities.select(selector, other)):
        why = _FITS_BUT[end]
    else:
        why = "Without lifecycle, devices fit that are active or retiring; retired ones never do."
    near = _near(inventory, entities, selector)
    return Finding(
        "PACS-FLOW-001",
        "error",
        f'Flow {flow.name}: nobody fits "{end}" ({wanted or "any device"}){near}',
        why,
        "Correct it, or remove the flow.",
        path=path,
    )


_FITS_BUT: Mapping[End, str] = {
    "from": "Devices fit, but they call nobody: they use no service, or say initiator: false.",
    "to": "Devices fit, but nobody can call them: they offer no service, or say acceptor: false.",
}


def _near(inventory: Inventory, entities: Entities, selector: Selector) -> str:
    """The nearest known name for the first thing that nothing has."""
    devices = inventory.devices.values()
    known = {
        "device": set(inventory.devices),
        "type": {device.type for device in devices},
        "modality": {code for device in devices for code in device.modality},
        "site": set(inventory.sites),
        "profile": {device.profile for device in devices if device.profile},
        "ae_title": entities.titles,
    }
    unknown = (
        (name, names) for key, names in known.items() for name in getattr(selector, key) if name not in names
    )
    name, names = next(unknown, ("", set()))
    return nearest(name, names) if name else ""
