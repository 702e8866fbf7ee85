"""Rules of `validate` for what stands under `vendor:`. Pure.

Extensions are loaded only where something does, or where a directory speaks one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.base import Extensible
from pacsconf.inventory.checks import Further
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.scope import Scope


def check(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """All that is wrong under `vendor:`, each at its place."""
    written, spoken = list(_written(inventory)), _spoken(inventory)
    if not (written or spoken):
        return
    from pacsconf.systems._dicom.placed import problems
    from pacsconf.systems.directory_extension import find, registered

    extensions = {name: found for name in registered() if (found := find(name))}
    told: set[str] = set()
    for entry, path in written:
        for name in entry.vendor:
            if name not in extensions:
                yield _unknown(name, tuple(extensions), (*path, "vendor", name))
            elif name not in spoken and name not in told:
                told.add(name)
                yield _unspoken(name, (*path, "vendor", name))
    meant = spoken.union(*(entry.vendor for entry, _ in written))
    for name in sorted(extensions.keys() & meant):
        yield from problems(extensions[name], inventory)


RULES = Further(frozenset(f"PACS-VENDOR-00{number}" for number in range(1, 5)), check)


def _written(inventory: Inventory) -> Iterator[tuple[Extensible, Path]]:
    """Every entry that says something under `vendor:`, with its place."""
    for name, device in inventory.devices.items():
        path: Path = ("devices", name)
        if device.vendor:
            yield device, path
        yield from _named(device.connections, (*path, "connections"))
        yield from _named(device.ae_titles, (*path, "ae_titles"))
        for title, ae in device.ae_titles.items():
            for place, capability in enumerate(ae.capabilities):
                if capability.vendor:
                    yield capability, (*path, "ae_titles", title, "capabilities", place)
        if device.hl7_applications:
            yield from _named(device.hl7_applications, (*path, "hl7_applications"))


def _named(entries: Mapping[str, Extensible], path: Path) -> Iterator[tuple[Extensible, Path]]:
    return ((one, (*path, name)) for name, one in entries.items() if one.vendor)


def _spoken(inventory: Inventory) -> frozenset[str]:
    """The extensions that some directory speaks, in whatever environment."""
    configs = [config.model_dump() for config in inventory.systems.values()]
    for environment in inventory.environments.values():
        configs += [dict(config) for config in environment.systems.values() if config]
    found: set[str] = set()
    for config in configs:
        named = config.get("extensions") or ()
        found.update([named] if isinstance(named, str) else named)
    return frozenset(found)


def _unknown(name: str, known: tuple[str, ...], path: Path) -> Finding:
    near = nearest(name, known)
    return Finding(
        "PACS-VENDOR-001",
        "error",
        f'There is no extension "{name}"{near}',
        "What stands under it would be checked by nobody, and written nowhere.",
        f"Known here: {', '.join(known) or 'none'}.",
        path=path,
    )


def _unspoken(name: str, path: Path) -> Finding:
    return Finding(
        "PACS-VENDOR-002",
        "warning",
        f"No directory speaks {name}, so nothing under `vendor: {name}` is compared or written",
        "A directory leaves everything alone that is not in the standard, unless it names the extension.",
        f"Write `extensions: [{name}]` under the directory in `systems`.",
        path=path,
    )
