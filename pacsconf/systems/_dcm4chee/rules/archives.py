"""The archives of an inventory: what each device and its AE titles say under `vendor: {dcm4chee: ...}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pacsconf.core.finding import Path
from pacsconf.inventory.model import Device, Inventory
from pacsconf.inventory.validation import checked
from pacsconf.systems._dcm4chee.entries.keeping import RetentionPolicy
from pacsconf.systems._dcm4chee.retention.policies import with_policies
from pacsconf.systems._dcm4chee.settings.standard import DevicePart, EntityPart

NAME = "dcm4chee"


@dataclass(frozen=True, slots=True)
class Archive:
    """One device; `entities` are the parts of its AE titles that say anything."""

    device: Device
    part: DevicePart
    entities: Mapping[str, EntityPart]
    origins: Mapping[Path, Path]

    @property
    def path(self) -> Path:
        """Of its part."""
        return ("devices", self.device.name, "vendor", NAME)

    def path_of(self, title: str) -> Path:
        """Of the part of an AE title."""
        return ("devices", self.device.name, "ae_titles", title, "vendor", NAME)

    def own_policies(self) -> Iterator[tuple[Path, RetentionPolicy]]:
        """Those of the device."""
        for name, one in self.part.retention_policies.items():
            step = ("retention_policies", name)
            yield self.origins.get(step, (*self.path, *step)), one

    def policies_of(self, title: str) -> Iterator[tuple[Path, RetentionPolicy]]:
        """Those of an AE title, beside which the device's stand."""
        for name, one in self.entities[title].retention_policies.items():
            yield (*self.path_of(title), "retention_policies", name), one

    @property
    def keeps(self) -> bool:
        """Whether any policy gives studies an end."""
        parts = (self.part, *self.entities.values())
        own = [one for part in parts for one in part.retention_policies.values()]
        return any(not one.protects for one in (*own, *self.part.hl7_retention_policies.values()))


def archives(inventory: Inventory) -> Iterator[Archive]:
    """Every device in use that says something; what is written wrongly is passed over."""
    for device in inventory.devices.values():
        if device.lifecycle == "retired" or NAME not in device.vendor:
            continue
        part, _ = checked(DevicePart, device.vendor[NAME], ())
        if part is not None:
            whole, origins = with_policies(part, inventory)
            yield Archive(device, whole, dict(_entities(device)), origins)


def _entities(device: Device) -> Iterator[tuple[str, EntityPart]]:
    for title, ae in device.ae_titles.items():
        part, _ = checked(EntityPart, ae.vendor[NAME], ()) if NAME in ae.vendor else (None, ())
        if part is not None:
            yield title, part
