"""The reference system: a small directory of devices in a JSON file, or in nothing but memory.

It shows all that a system must do, on the smallest model that needs it: an entity depends on its device and on
its title, a title lingers, a title is claimed, a kind may be one that only a person can change (`waits`). The file
is a JSON object: `address` to `{root, depends_on, claims, fields}`. Entries and fields that are not of our kinds
are somebody else's: they are kept, and an entry that holds such fields is not deleted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome, Status, state_from_json, state_to_json
from pacsconf.core.errors import BadAnswer, Refused, SystemFault, Unavailable
from pacsconf.core.finding import Finding
from pacsconf.core.finding import Path as InventoryPath
from pacsconf.core.resource import Members, Resource, Snapshot, value_to_json
from pacsconf.inventory.model import Device, Inventory, NetworkAE
from pacsconf.inventory.systems import MemoryConfig, SystemConfig
from pacsconf.systems.base import Declared, Secrets, conflict, stands


class DeviceResource(Resource):
    """A device and where it listens; what a person counts."""

    kind: ClassVar[str] = "device"

    description: str | None = None
    manufacturer: str | None = None
    installed: bool = True
    hosts: Members = ()
    """`host:port` of every connection; `host` alone where it only calls."""


class EntityResource(Resource):
    """An application entity of a device. It claims its title, so that two never hold it at once."""

    kind: ClassVar[str] = "entity"

    description: str | None = None
    initiator: bool
    acceptor: bool
    sop_classes: Members = ()


class TitleResource(Resource):
    """A reserved AE title. It stays reserved for a while after its holder went."""

    kind: ClassVar[str] = "title"
    lingers: ClassVar[bool] = True


Entries = dict[str, dict[str, Any]]
"""What the file holds: by address, as JSON has it."""

_MEND = "Bring back the file as pacsconf wrote it, or remove it to begin with nothing."


class MemorySystem:
    """Keeps `System`; a write is checked by a read just before it."""

    kinds: ClassVar[Mapping[str, type[Resource]]] = {
        kind.kind: kind for kind in (DeviceResource, EntityResource, TitleResource)
    }
    guarantee: ClassVar[Literal["atomic", "checked"]] = "checked"

    def __init__(self, name: str, config: SystemConfig, secrets: Secrets) -> None:
        self.name = name
        self.config = MemoryConfig.model_validate(config.model_dump())
        self._entries: Entries = {}

    def declared(self, inventory: Inventory) -> Declared:
        """Devices and entities that are in use, and the titles of those planned too."""
        found: dict[Address, tuple[Resource, InventoryPath]] = {}
        for device in inventory.devices.values():
            for resource, path in self._of_device(device):
                found.setdefault(resource.address, (resource, path))
        retired = (device for device in inventory.devices.values() if device.lifecycle == "retired")
        return Declared(
            tuple(found[address][0] for address in sorted(found)),
            retired=frozenset(map(self._device, retired)),
            paths={address: {"": path} for address, (_, path) in found.items()},
        )

    def _device(self, device: Device) -> Address:
        return Address.of(self.name, "device", device.name)

    def _of_device(self, device: Device) -> Iterator[tuple[Resource, InventoryPath]]:
        if device.lifecycle == "retired":
            return
        root, path = self._device(device), ("devices", device.name)
        if device.lifecycle != "planned":
            yield _device_resource(root, device), path
        for ae in device.ae_titles.values():
            title = Address.of(self.name, "title", ae.title)
            ae_path = (*path, "ae_titles", ae.title)
            yield TitleResource(address=title, root=root), ae_path
            if device.lifecycle != "planned":
                yield _entity_resource(self.name, root, title, device, ae), ae_path

    def read(self) -> Snapshot:
        """All entries of our kinds, with the fields we know.

        Raises: Unavailable, Refused; BadAnswer when the file is not what we write.
        """
        self._entries = self._load()
        found = (self._resource(address, entry) for address, entry in sorted(self._entries.items()))
        return Snapshot(self.name, tuple(resource for resource in found if resource is not None))

    def check(self, changes: Sequence[Change]) -> Sequence[Finding]:
        """Deletes that would take somebody else's fields with them."""
        return [
            Finding(
                "MEM-FOREIGN",
                "error",
                f"{change.address} holds fields that pacsconf never wrote: {', '.join(foreign)}",
                "Deleting it would lose them.",
                "Remove them by hand if nobody needs them, then plan again.",
                about=change.address,
            )
            for change in changes
            if change.action == "delete" and (foreign := self._foreign(change.address))
        ]

    def apply(self, layer: Sequence[Change]) -> Iterator[Outcome]:
        """One change after the other; each is checked against the file as it is at that moment."""
        for change in layer:
            try:
                status, error = self._carry_out(change)
            except SystemFault as fault:
                status, error = "failed", fault.message
            yield Outcome(change.address, change.action, status, error)

    def _carry_out(self, change: Change) -> tuple[Status, str]:
        entries = self._load()
        name = str(change.address)
        resource = self._resource(name, entries[name]) if name in entries else None
        live = resource.fields() if resource is not None else None
        found = stands(change, live)
        if found == "after":
            return "applied", ""
        if change.address.kind in self.config.waits:
            return "waiting", f"a person must {change.action} this by hand"
        if found == "neither":
            return "failed", conflict(change, live)
        self._store(_written(entries, change))
        return "applied", ""

    def settle(self, applied: Sequence[Change]) -> Iterator[Outcome]:
        """Nothing to reload."""
        yield from ()

    def close(self) -> None:
        """Nothing is held open."""

    # --- the file -------------------------------------------------------------------------------------------

    def _resource(self, address: str, entry: dict[str, Any]) -> Resource | None:
        """An entry with the fields we know; None when it is not of our kinds."""
        try:
            state = state_from_json({"address": address, **entry})
            assert state is not None, "an entry is never None"
            kind = self.kinds.get(state.address.kind)
            return kind.of(state.with_fields(_ours(kind, state.fields))) if kind is not None else None
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise BadAnswer(
                self.name, f'entry "{address}" of {self.config.file} is not what pacsconf writes', fix=_MEND
            ) from exc

    def _foreign(self, address: Address) -> list[str]:
        fields = self._entries.get(str(address), {}).get("fields", {})
        return sorted(fields.keys() - _ours(self.kinds[address.kind], fields).keys())

    def _load(self) -> Entries:
        """What the file holds now; a file that is not there holds nothing."""
        if self.config.file is None:
            return self._entries
        with self._mapped():
            path = Path(self.config.file)
            entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
            raise BadAnswer(self.name, f"{self.config.file} is not an object of entries", fix=_MEND)
        return entries

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        """What goes wrong with the file, as a fault of ours."""
        file = self.config.file
        try:
            yield
        except PermissionError as exc:
            raise Refused(
                self.name, f"{file} is closed to this user", fix="Let this user read and write it."
            ) from exc
        except OSError as exc:
            raise Unavailable(
                self.name, f"{file} is out of reach: {exc.strerror}", fix="Check `file`."
            ) from exc
        except ValueError as exc:
            raise BadAnswer(self.name, f"{file} is not JSON, or was cut short", fix=_MEND) from exc

    def _store(self, entries: Entries) -> None:
        """Replace the file in one step: a kill leaves the one before or the one after."""
        self._entries = entries
        if self.config.file is None:
            return
        target = Path(self.config.file)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        with self._mapped():
            draft.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            draft.replace(target)


def _device_resource(root: Address, device: Device) -> DeviceResource:
    ends = (f"{conn.host}:{conn.port}" if conn.port else conn.host for conn in device.connections.values())
    return DeviceResource(
        address=root,
        root=root,
        description=device.description or None,
        manufacturer=device.manufacturer or None,
        installed=device.installed,
        hosts=tuple(ends),
    )


def _entity_resource(
    system: str, root: Address, title: Address, device: Device, ae: NetworkAE
) -> EntityResource:
    claim = f"ae-title:{device.ae_domain}/{ae.title}"
    return EntityResource(
        address=Address.of(system, "entity", device.name, ae.title),
        root=root,
        depends_on=frozenset({root, title}),
        claims=frozenset() if ae.shared_title else frozenset({claim}),
        description=ae.description or None,
        initiator=ae.initiator,
        acceptor=ae.acceptor,
        sop_classes=tuple(capability.sop_class for capability in ae.capabilities),
    )


def _ours(kind: type[Resource], fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in kind.model_fields}


def _written(entries: Entries, change: Change) -> Entries:
    """The entries with the change made; what it does not name stays."""
    key = str(change.address)
    rest = {address: entry for address, entry in entries.items() if address != key}
    if change.after is None:
        return rest
    fields: dict[str, Any] = dict(entries.get(key, {}).get("fields", {}))
    for field in change.fields:
        if field.after is None:
            fields.pop(field.name, None)
        else:
            fields[field.name] = value_to_json(field.after)
    entry = state_to_json(change.after)
    assert entry is not None, "after is a state here"
    del entry["address"]
    return {**rest, key: {**entry, "fields": fields}}
