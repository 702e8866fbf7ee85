"""Who may call an entity, as the archive keeps it (dcmAcceptedCallingAETitle): the titles that flows declare.

An empty list lets anybody in, so it is never what follows from "nobody is declared".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.flows import pairs
from pacsconf.inventory.model import Device, Inventory, NetworkAE

Callers = Mapping[str, Path]
"""Titles, each with the place in the inventory that makes it one of them."""


def callers(inventory: Inventory, device: Device, ae: NetworkAE) -> Callers | None:
    """Who is to be let in by an entity; None is anybody. Empty means that nobody is declared."""
    if ae.accepts == "any" or not ae.acceptor:
        return None
    if ae.accepts == "declared":
        return _declared(inventory, device, ae)
    at: Path = ("devices", device.name, "ae_titles", ae.title, "accepts")
    found: dict[str, Path] = {}
    for pattern in ae.accepts:
        if pattern == "*":
            return None
        if _is_plain(pattern):
            found[pattern] = at
        else:
            found |= {title: at for title in _titles(inventory) if fnmatchcase(title, pattern)}
    return found


def _declared(inventory: Inventory, device: Device, ae: NetworkAE) -> Callers:
    """The titles of all whom flows let call, those among them that a router puts in place of others'."""
    found: dict[str, Path] = {}
    for pair in pairs(inventory, (device, ae)):
        if (pair.called_device, pair.called) == (device.name, ae.title):
            caller = inventory.devices[pair.calling_device]
            for title in (pair.calling, *caller.rewrites.values()):
                found.setdefault(title, ("flows", pair.flow))
    return found


def _is_plain(pattern: str) -> bool:
    return not any(sign in pattern for sign in "*?[")


def _titles(inventory: Inventory) -> Iterator[str]:
    """Every title that may call."""
    for device, ae in inventory.entities():
        if ae.initiator and device.lifecycle != "retired":
            yield ae.title


# --- what does not fit --------------------------------------------------------------------------------------


def nobody(device: Device, ae: NetworkAE) -> Finding:
    """Nobody is declared: the list would be empty, and so open."""
    patterns = not isinstance(ae.accepts, str)
    who = "no declared title fits its patterns" if patterns else "no flow leads to it"
    return Finding(
        "ARC-CALLERS-001",
        "error",
        f"Nobody may call AE {ae.title} of {device.name}: {who}",
        "The archive takes an empty list of callers for none, and lets anybody in.",
        "Declare a flow to it, or say so on purpose: `accepts: any`.",
        path=("devices", device.name, "ae_titles", ae.title),
    )


def differ(device: Device, ae: NetworkAE, listed: frozenset[str], derived: Callers, path: Path) -> Finding:
    """A list of its own that says something else than flows."""
    more, less = sorted(listed - derived.keys()), sorted(derived.keys() - listed)
    parts = [
        *([f"lets in {', '.join(more)}, whom no flow names"] if more else []),
        *([f"keeps out {', '.join(less)}, whom flows name"] if less else []),
    ]
    return Finding(
        "ARC-CALLERS-002",
        "warning",
        f"The list of callers of AE {ae.title} of {device.name} {' and '.join(parts)}",
        "What is listed is what is written, whatever flows say.",
        "Remove accepted_callers: then it follows from flows. Or declare the flows that are missing.",
        path=path,
    )


def opened(device: Device, ae: NetworkAE, path: Path) -> Finding:
    """A list that was written, and is empty."""
    return Finding(
        "ARC-CALLERS-001",
        "error",
        f"The list of callers of AE {ae.title} of {device.name} is empty",
        "The archive takes an empty list of callers for none, and lets anybody in.",
        "Name them, remove the key, or say so on purpose: `accepts: any`.",
        path=path,
    )
