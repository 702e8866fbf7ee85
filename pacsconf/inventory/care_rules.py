"""Rules about what is named beside the network: sources of time, audit record repositories, what backups save."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory import formats
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.scope import Scope


def unknown_servers(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Where time comes from, and audit messages go to, is a declared device or a host with its domain."""
    of_site = {name: site.time_source for name, site in inventory.sites.items()}
    for name, site in inventory.sites.items():
        if site.time_source is not None:
            yield from _server(scope, site.time_source, ("sites", name, "time_source"), f"site {name}")
    for name, device in inventory.devices.items():
        if device.time_source is not None and device.time_source != of_site.get(device.site or ""):
            yield from _server(scope, device.time_source, ("devices", name, "time_source"), f"device {name}")
        for number, sink in enumerate(device.audit.to if device.audit else ()):
            yield from _server(scope, sink, ("devices", name, "audit", "to", number), f"device {name}")


def _server(scope: Scope, named: str, path: Path, user: str) -> Iterator[Finding]:
    known = scope.names["devices"]
    if not scope.read or named in known or _is_host(named):
        return
    yield Finding(
        "PACS-REF-010",
        "error",
        f'"{named}", which {user} names, is neither a device nor a host{nearest(named, known)}',
        "Nobody could tell whether it is there, or who answers for it.",
        "Name a declared device, an IP address, or a host with its domain (time.example.org).",
        path=path,
    )


def _is_host(text: str) -> bool:
    """Whether this is an address, or a name with its domain: a single word is rather a device, misspelled."""
    if "." not in text and ":" not in text:
        return False
    try:
        formats.host(text)
    except ValueError:
        return False
    return True


def backups_of_nothing(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """What a backup saves is a declared system or device."""
    known = scope.names["systems"] | scope.names["devices"]
    for name, backup in inventory.security.backups.items():
        for number, saved in enumerate(backup.of):
            if scope.read and saved not in known:
                yield Finding(
                    "PACS-REF-011",
                    "error",
                    f'Backup {name} is of "{saved}", which is neither a system nor a device{nearest(saved, known)}',
                    "What is thought to be saved may be saved nowhere.",
                    "Name what is declared under systems or devices.",
                    path=("security", "backups", name, "of", number),
                )
