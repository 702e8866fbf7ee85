"""What follows from the inventory's own words: protocols, aliases, accepted callers, HL7 applications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.hl7_feeds import Speaker, messages_of, path_of, senders_of
from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE
from pacsconf.inventory.validation import checked
from pacsconf.systems._dcm4chee.entries import hl7
from pacsconf.systems._dcm4chee.retention.policies import with_policies
from pacsconf.systems._dcm4chee.settings.standard import ConnectionPart, DevicePart, EntityPart
from pacsconf.systems._dcm4chee.words.callers import callers, differ, nobody, opened
from pacsconf.systems.directory_extension import Facet, Holder, Whole

NAME = "dcm4chee"


def says(holder: Holder) -> bool:
    """Whether there is anything to write of an entry: what its `vendor` says, or what follows from its own keys."""
    entry = holder.entry
    if NAME in entry.vendor:
        return True
    if isinstance(entry, Device):
        return bool(entry.hl7_applications)
    return isinstance(entry, Connection) and entry.protocol != "dicom"


def complete(facet: Facet, holder: Holder, inventory: Inventory) -> Whole:
    """The facet with what follows from elsewhere."""
    if isinstance(facet, DevicePart):
        kept, policies = with_policies(facet, inventory)
        found, origins = hl7.applications(holder.device, inventory)
        return (_with(kept, hl7_applications=found) if found else kept), {**policies, **origins}
    if isinstance(facet, ConnectionPart) and isinstance(holder.entry, Connection):
        protocol = holder.entry.protocol.upper().replace("-", "_")
        return _with(facet, protocol=protocol), {("protocol",): (*holder.path, "protocol")}
    if isinstance(facet, EntityPart) and holder.ae is not None and NAME in holder.ae.vendor:
        return _entity(facet, holder, holder.ae, inventory)
    return facet, {}


def _entity(facet: EntityPart, holder: Holder, ae: NetworkAE, inventory: Inventory) -> Whole:
    keys: dict[str, Any] = {"other_titles": ae.answers_to}
    origins: dict[Path, Path] = {("other_titles",): (*holder.path, "answers_to")}
    if "accepted_callers" not in facet.model_fields_set:
        found = callers(inventory, holder.device, ae)
        keys["accepted_callers"] = tuple(sorted(found or ()))
        places = sorted({*(found or {}).values()}, key=str)
        origins["accepted_callers",] = places[0] if places else (*holder.path, "accepts")
    return _with(facet, **keys), origins


def _with(facet: Facet, **keys: Any) -> Facet:
    return facet.model_copy(update=keys)


# --- what does not fit --------------------------------------------------------------------------------------


def findings(inventory: Inventory) -> Iterator[Finding]:
    """What of it cannot be written, or would do the opposite of what it says."""
    for device in inventory.devices.values():
        if device.lifecycle == "retired":
            continue
        yield from _of_archive(device)
        for ae in device.ae_titles.values():
            if NAME in ae.vendor:
                yield from _of_callers(device, ae, inventory)
        for one in device.hl7_applications.values():
            yield from _of_application((device, one), inventory)


def _of_callers(device: Device, ae: NetworkAE, inventory: Inventory) -> Iterator[Finding]:
    derived = callers(inventory, device, ae)
    at: Path = ("devices", device.name, "ae_titles", ae.title, "vendor", NAME)
    if "accepted_callers" not in ae.vendor[NAME]:
        if derived is not None and not derived:
            yield nobody(device, ae)
        return
    facet, _ = checked(EntityPart, ae.vendor[NAME], at)
    if facet is None:
        return
    listed = frozenset(facet.accepted_callers)
    if not listed:
        yield opened(device, ae, (*at, "accepted_callers"))
    elif derived is None and ae.acceptor:
        yield differ(device, ae, listed, {}, (*at, "accepted_callers"))
    elif derived is not None and listed != derived.keys():
        yield differ(device, ae, listed, derived, (*at, "accepted_callers"))


def _of_archive(device: Device) -> Iterator[Finding]:
    """An archive's device must have the one attribute that its class demands."""
    held = device.vendor.get(NAME, {})
    archive = [
        name
        for name, info in DevicePart.model_fields.items()
        if name in held
        and any(getattr(each, "object_class", "") == "dcmArchiveDevice" for each in info.metadata)
    ]
    if archive and "fuzzy_algorithm" not in archive:
        yield Finding(
            "ARC-DEVICE-001",
            "error",
            f"Device {device.name} has settings of an archive ({', '.join(archive[:3])}), but no fuzzy_algorithm",
            "The directory refuses an archive without it (dcmFuzzyAlgorithmClass of dcmArchiveDevice).",
            "Add `fuzzy_algorithm: org.dcm4che3.soundex.ESoundex`.",
            path=("devices", device.name, "vendor", NAME),
        )


def _of_application(of: Speaker, inventory: Inventory) -> Iterator[Finding]:
    """What is written wrongly for the archive of an HL7 application; and one that lets in everybody unmeant."""
    device, one = of
    at = path_of(of)
    if NAME in one.vendor:
        _, wrong = checked(hl7.OwnApplication, one.vendor[NAME], (*at, "vendor", NAME))
        yield from wrong
    listens = any(device.connections[name].port for name in one.connections if name in device.connections)
    if senders_of(inventory, of) == () and messages_of(inventory, of) and listens:
        yield Finding(
            "ARC-HL7-001",
            "error",
            f"Nobody may send to HL7 application {one.name} of {device.name}: no feed leads to it",
            "The directory takes an empty list of senders for none, and lets anybody in.",
            "Declare a feed to it, or say so on purpose: `accepted_senders: any`.",
            path=at,
        )
    if not one.connections:
        yield Finding(
            "ARC-HL7-002",
            "error",
            f"HL7 application {one.name} of {device.name} has no connection",
            "A directory refuses one without (dicomNetworkConnectionReference of hl7Application).",
            "Give the device a connection of protocol: hl7; without a port it only calls.",
            path=at,
        )


# --- what the archive writes by itself ----------------------------------------------------------------------

_VERSIONS = "the archive adds its versions when it starts"
_FULL = "the archive takes storages out that are full, and puts them back when they are not"


def left(facet: Facet, holder: Holder) -> Mapping[str, str]:
    """What the archive itself writes into its entries."""
    if isinstance(facet, DevicePart):
        return {"software_versions": _VERSIONS} if facet.fuzzy_algorithm else {}
    if not isinstance(facet, EntityPart) or NAME not in holder.entry.vendor:
        return {}
    storages = holder.device.vendor.get(NAME, {}).get("storages", {})
    watched = {
        name
        for name in facet.object_storages
        if isinstance(storages, Mapping) and _watched(storages.get(name))
    }
    return {f"{NAME}.object_storages": _FULL} if watched else {}


def _watched(storage: Any) -> bool:
    """Whether the archive looks how full a storage is."""
    return isinstance(storage, Mapping) and storage.get("threshold") is not None
