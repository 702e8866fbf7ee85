"""How far a device may be asked, and when. Pure.

The least of what the device and its site allow counts. What takes one association at a time would be busy for its
own peers while we hold it, so it is asked for one in its window alone; so are strangers tried (decisions/0021).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pacsconf.dicom.hours import outside_hours
from pacsconf.inventory.model import PROBES, Device, Inventory, Probe


@dataclass(frozen=True, slots=True)
class Leave:
    """What may be done: no more than `level`. `why` says why not more, `why_not` why strangers are not tried."""

    level: Probe
    why: str = ""
    negatives: bool = False
    why_not: str = ""


def leave(
    inventory: Inventory, device: Device, now: datetime | None, *, anytime: bool, negatives: bool
) -> Leave:
    """What may be done to this device now. `anytime` passes over its window; `negatives` are asked for."""
    level, why = _allowed(inventory, device)
    window = "" if anytime else _window(inventory, device, now)
    if window and device.max_associations == 1 and PROBES.index(level) > PROBES.index("tcp"):
        level, why = "tcp", f"it takes one association at a time, and {window}"
    if not negatives or level in ("none", "tcp"):
        return Leave(level, why)
    return Leave(level, why, negatives=not window, why_not=window)


def _allowed(inventory: Inventory, device: Device) -> tuple[Probe, str]:
    """How far to go by what is declared, and why nowhere."""
    if device.external:
        return "none", "a partner outside is never called"
    site = inventory.sites.get(device.site) if device.site is not None else None
    if site is not None and site.probe == "none":
        return "none", f"do not probe (site {device.site})"
    allowed = (device.probe,) if site is None or site.probe is None else (device.probe, site.probe)
    level = min(allowed, key=PROBES.index)
    return level, "do not probe" if level == "none" else ""


def _window(inventory: Inventory, device: Device, now: datetime | None) -> str:
    """Why this is not its window; empty where it is."""
    site = inventory.sites.get(device.site) if device.site is not None else None
    declared = device.probe_window or (site.probe_window if site else None)
    if declared is None:
        return "no probe_window is declared (at the device, its profile or its site)"
    if now is None or outside_hours(declared, now, site.timezone if site else None):
        return f"this is outside its probe_window ({declared})"
    return ""


def may_sleep(inventory: Inventory, device: Device, now: datetime | None) -> bool:
    """Whether silence is no fault: it is expected intermittently, or not at this hour."""
    if device.expected in ("always", "intermittent"):
        return device.expected == "intermittent"
    site = inventory.sites.get(device.site) if device.site is not None else None
    return now is not None and outside_hours(device.expected, now, site.timezone if site else None)
