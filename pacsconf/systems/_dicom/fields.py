"""Fields of what an inventory declares, in the spelling in which a directory gives them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter, itemgetter

from pacsconf.core.resource import Fields, Value
from pacsconf.inventory.base import Extensible
from pacsconf.inventory.model import Connection, Device, NetworkAE, TransferCapability
from pacsconf.systems._dicom.attributes import SHAPES, extra_members, speller
from pacsconf.systems._dicom.kinds import EXTRA


class _Taker:
    """Takes the fields of one kind from the model that has them under the same names, or under `other` ones."""

    def __init__(self, kind: str, other: Mapping[str, str] = {}) -> None:
        rows = sorted(SHAPES[kind].rows, key=attrgetter("field"))
        self._spellers = tuple((row.field, speller(row, str.lower)) for row in rows)
        self._take = itemgetter(*(other.get(row.field, row.field) for row in rows))

    def fields(self, source: Extensible) -> dict[str, Value]:
        """What is not empty, by name.

        One flat loop, and past the attributes of the model to where it keeps them: it runs half a million times
        for an inventory of ten thousand devices, mostly over nothing.
        """
        found: dict[str, Value] = {}
        for (name, spell), value in zip(self._spellers, self._take(vars(source)), strict=True):
            if not value:
                if isinstance(value, int):  # False and 0 are values
                    found[name] = value
            elif isinstance(value, tuple):
                if members := _members(value, spell):
                    found[name] = members
            elif spell is None:
                found[name] = value
            elif text := spell(value):
                found[name] = text
        for name, members in source.extra.items():
            if members:
                found[EXTRA + name] = extra_members(members)
        return found


def _members(values: tuple[str, ...], spell: Callable[[str], str] | None) -> tuple[str, ...]:
    if spell is None and len(values) == 1 and values[0]:
        return values
    return tuple(sorted({spell(value) if spell else value for value in values if value}))


_DEVICE = _Taker("device")
_DEVICE_BY_MODALITY = _Taker("device", {"device_types": "modality"})
_CONNECTION = _Taker("network-connection")
_ENTITY = _Taker("network-ae")
_CAPABILITY = _Taker("transfer-capability")


def device_fields(device: Device) -> Fields:
    """Of a device; where its types are not given they are its modality."""
    return (_DEVICE if device.device_types else _DEVICE_BY_MODALITY).fields(device)


def connection_fields(connection: Connection) -> Fields:
    return _CONNECTION.fields(connection)


def entity_fields(ae: NetworkAE, device: Device) -> Fields:
    """Of an application entity; where its character sets are not given they are its device's."""
    found = _ENTITY.fields(ae)
    if not ae.character_sets and (sets := _members(device.character_sets, None)):
        found["character_sets"] = sets
    return found


def capability_fields(capability: TransferCapability) -> Fields:
    return _CAPABILITY.fields(capability)
