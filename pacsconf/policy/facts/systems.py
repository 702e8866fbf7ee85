"""Systems, what they store in, and backups, as the inventory declares them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from pacsconf.core.address import Address
from pacsconf.inventory.care import KeptImages
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.model import Device, Inventory
from pacsconf.inventory.peers import entity, peer_table
from pacsconf.inventory.safeguards import Backup, moment_of
from pacsconf.inventory.storage import StorageConfig
from pacsconf.inventory.system_types import CONFIGS
from pacsconf.inventory.systems import (
    ConsoleConfig,
    DirectoryConfig,
    LDAPConfig,
    OrthancConfig,
    PeersConfig,
    SystemConfig,
)
from pacsconf.inventory.validation import checked
from pacsconf.policy.evidence import Evidence
from pacsconf.policy.facts.places import Sites
from pacsconf.policy.facts.relations import Key
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import systems

DCM4CHEE = "dcm4chee"
"""The extension of a directory that keeps storages of archives."""
_WARN_AT = StorageConfig().warn_at


@dataclass
class Systems:
    """The systems of one inventory, each as the model of its type (`typed`)."""

    evidence: Evidence
    sites: Sites

    @cached_property
    def inventory(self) -> Inventory:
        return self.evidence.inventory

    @cached_property
    def configs(self) -> Mapping[str, SystemConfig]:
        """By name."""
        return dict(sorted(self.inventory.systems.items()))

    def subjects(self) -> dict[str, tuple[Subject, ...]]:
        """Systems, storages and backups, by kind."""
        backups = self.inventory.security.backups
        return {
            "system": tuple(map(self.system, self.configs.values())),
            "storage": tuple(self.storages()),
            "backup": tuple(self.backup(name, backups[name]) for name in sorted(backups)),
        }

    # --- where live resources are

    @cached_property
    def directories(self) -> Sequence[str]:
        """Systems that hold devices."""
        return [name for name, config in self.configs.items() if isinstance(config, DirectoryConfig)]

    @cached_property
    def peers(self) -> Mapping[Key, Sequence[Address]]:
        """By AE, its entries in peer tables: an Orthanc calls them by alias, a console by title."""
        found: dict[Key, list[Address]] = defaultdict(list)
        for name, config in self.configs.items():
            for peer in peer_table(self.inventory, config)[0] if isinstance(config, PeersConfig) else ():
                if peer.device:
                    alias = peer.title if isinstance(config, ConsoleConfig) else peer.alias
                    found[peer.device, self._title_of(peer.device, peer.title)].append(
                        Address.of(name, "peer", alias)
                    )
        return found

    def _title_of(self, device: str, title: str) -> str:
        """The AE that a title is sent by: a router sends under several that are not its own."""
        declared = self.inventory.devices[device].ae_titles
        return title if title in declared else next(iter(declared), title)

    # --- systems

    def system(self, config: SystemConfig) -> Subject:
        """A system, and how it is reached."""
        device = self._device_of(config)
        url = str(getattr(config, "url", "") or "")
        endpoint = _endpoint(url)
        facts: systems.System = {
            "name": config.name,
            "type": config.type,
            "mode": config.mode,
            "url": str(endpoint or ""),
            "loopback": not url or (endpoint is not None and endpoint.is_loopback),
            "encrypted": not url or _is_encrypted(config, endpoint),
            "verifies": bool(getattr(config, "verify", True)),
            "signs_in": bool(getattr(config, "bind", None) or getattr(config, "login", None)),
            "device": device.name if device else "",
            "archive": _keeps_images(config, device),
            "saved_by": self._saved_by(config.name, device),
        }
        return Subject(
            "system",
            config.name,
            facts,
            site=self.sites.of(device.site if device else None),
            path=("systems", config.name),
            device=device.name if device else "",
        )

    def _device_of(self, config: SystemConfig) -> Device | None:
        """The device that a system is."""
        found = entity(self.inventory, config.ae) if isinstance(config, PeersConfig) and config.ae else None
        return found[0] if found else None

    def _saved_by(self, name: str, device: Device | None) -> list[str]:
        wanted = {name, device.name} if device else {name}
        backups = self.inventory.security.backups
        return sorted(job for job, backup in backups.items() if wanted.intersection(backup.of))

    # --- storages

    def storages(self) -> Iterator[Subject]:
        """What keeps images: each Orthanc, each storage of a dcm4chee archive, and every other archive."""
        told: set[str] = set()
        for name, config in self.configs.items():
            device = self._device_of(config)
            if isinstance(config, OrthancConfig):
                told.add(device.name if device else "")
                yield self._storage(name, name, device, ("systems", name), config.storage)
            elif isinstance(config, DirectoryConfig) and DCM4CHEE in config.extensions:
                for archive, storage in self._of_dcm4chee():
                    told.add(archive.name)
                    path = ("devices", archive.name, "vendor", DCM4CHEE, "storages", storage)
                    about = (Address.of(name, "storage", archive.name, storage),)
                    whole = f"{name}/{archive.name}/{storage}"
                    yield self._storage(whole, name, archive, path, about=about)
        for device in sorted(self.inventory.devices.values(), key=lambda each: each.name):
            keeps = device.type == "archive" or device.storage is not None
            if keeps and device.name not in told and device.lifecycle != "retired" and not device.external:
                yield self._storage(f"device/{device.name}", "", device, ("devices", device.name))

    def _of_dcm4chee(self) -> Iterator[tuple[Device, str]]:
        for name in sorted(self.inventory.devices):
            device = self.inventory.devices[name]
            declared = device.vendor.get(DCM4CHEE, {}).get("storages") if device.vendor else None
            if isinstance(declared, Mapping) and device.lifecycle != "retired":
                yield from ((device, storage) for storage in sorted(declared))

    def _storage(
        self,
        name: str,
        system: str,
        device: Device | None,
        path: tuple[str, ...],
        limits: StorageConfig | None = None,
        about: tuple[Address, ...] = (),
    ) -> Subject:
        kept = (device and device.storage) or KeptImages()
        saved = [
            each for each in self._image_backups if {system, device.name if device else ""} & set(each.of)
        ]
        elsewhere = max(kept.copies, int(limits is not None and limits.copies == "cache"))
        facts: systems.Storage = {
            "name": name,
            "system": system,
            "device": device.name if device else "",
            "warn_percent": limits.warn_at if limits else _WARN_AT,
            "copies": elsewhere + len(saved),
            "offsite": kept.offsite or any(each.offsite for each in saved),
            "encrypted": kept.encrypted,
        }
        return Subject(
            "storage",
            name,
            facts,
            site=self.sites.of(device.site if device else None),
            path=path,
            device=device.name if device else "",
            about=about,
        )

    @cached_property
    def _image_backups(self) -> Sequence[Backup]:
        return [one for one in self.inventory.security.backups.values() if "images" in one.what]

    # --- backups

    def backup(self, name: str, backup: Backup) -> Subject:
        """A backup, as far as somebody says how it goes."""
        now = self.evidence.now
        facts: systems.Backup = {
            "name": name,
            "of": list(backup.of),
            "what": list(backup.what),
            "offsite": backup.offsite,
            "encrypted": backup.encrypted,
        }
        if backup.every is not None:
            facts["every_hours"] = -(-backup.every // 60)
        if backup.last_success is not None:
            facts["hours_since"] = _hours(moment_of(backup.last_success), now)
        if backup.restore_tested is not None:
            facts["restore_days_since"] = (
                self.sites.today(None) - date.fromisoformat(backup.restore_tested)
            ).days
        devices = [one for one in backup.of if one in self.inventory.devices]
        return Subject(
            "backup",
            name,
            facts,
            site=self.sites.of(None),
            path=("security", "backups", name),
            device=devices[0] if len(devices) == 1 == len(backup.of) else "",
        )


def typed(config: SystemConfig) -> SystemConfig:
    """A system with the model of its type; as it is where that is not known, or its keys do not fit."""
    model = CONFIGS.get(config.type)
    if model is None or isinstance(config, model):
        return config
    written = config.model_dump(exclude_unset=True, by_alias=True)
    return checked(model, written, ("systems", config.name))[0] or config


def _endpoint(url: str) -> Endpoint | None:
    """Where a system is; None for what is no address, which may hold a password and is repeated nowhere."""
    try:
        return Endpoint.parse(url)
    except ValueError:
        return None


def _is_encrypted(config: SystemConfig, endpoint: Endpoint | None) -> bool:
    starts = isinstance(config, LDAPConfig) and config.start_tls
    return starts or (endpoint is not None and endpoint.scheme in ("ldaps", "https"))


def _keeps_images(config: SystemConfig, device: Device | None) -> bool:
    """Whether a system keeps images, or the configuration of what does."""
    if isinstance(config, DirectoryConfig):
        return DCM4CHEE in config.extensions
    return isinstance(config, OrthancConfig) or (device is not None and device.type == "archive")


def _hours(moment: datetime, now: datetime) -> int:
    """Whole hours since then; what is said to be in the future is now."""
    return max(0, int((now - moment).total_seconds() // 3600))
