"""The resources of a DICOM directory: one per LDAP entry (PS3.15 section H.1.3).

Names that a directory compares without regard to case (devices, connections, capabilities) stand in addresses in
lower case; AE titles keep theirs. Types are wide on purpose: what is live may break the standard, and must still
be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self, cast

from pydantic import ConfigDict, Strict, ValidationError

from pacsconf.core.resource import Effect, Fields, Members, Resource, Risk, State, Value
from pacsconf.systems._dicom import wordless_purges

CONNECTION = "network-connection"
EXTRA = wordless_purges.EXTRA


Flag = Annotated[bool, Strict()] | None
Number = Annotated[int, Strict()] | None


class EntryResource(Resource):
    """One entry, with attributes that are not modelled under `extra`, by LDAP name.

    `vendor` is what an extension adds to an entry of the standard, as `EXTENSION.FIELD`; `object_classes` are the
    auxiliary ones, as far as they are looked at.
    """

    model_config = ConfigDict(defer_build=True)
    """Extensions bring many kinds, and most states are never made resources."""

    extra: Mapping[str, Members] = {}
    vendor: Mapping[str, Value] = {}
    object_classes: Members = ()

    def fields(self) -> dict[str, Value]:
        """The fields, each attribute of `extra` as one of its own: `extra.NAME`."""
        values = super().fields()
        for gathered in ("extra", "vendor"):
            values.pop(gathered)
        extra = {EXTRA + name: members for name, members in self.extra.items() if members}
        return values | dict(self.vendor) | extra

    @classmethod
    def of(cls, state: State) -> Self:
        """The inverse of `state`; `extra.NAME` and `EXTENSION.NAME` fields are gathered again."""
        plain = {name: value for name, value in state.fields.items() if "." not in name}
        extra = {
            name.removeprefix(EXTRA): value for name, value in state.fields.items() if name.startswith(EXTRA)
        }
        vendor = {
            name: value for name, value in state.fields.items() if "." in name and not name.startswith(EXTRA)
        }
        made: Self
        try:
            made = super().of(state.with_fields(plain))
        except ValidationError:  # what is live may break every rule, and must still be shown
            whole = cls.model_construct(
                address=state.address, root=state.root, depends_on=state.depends_on, claims=state.claims
            )
            made = cast("Self", whole.model_copy(update=plain))
        return made.model_copy(update={"extra": extra, "vendor": vendor})

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Switching something off takes it away as much as deleting it does (dicomInstalled)."""
        found = super().effects(before, after)
        if before is None or after is None or before.get("installed") is False:
            return found
        return found | {"removes"} if after.get("installed") is False else found

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """What stands under `extra` may delete too."""
        return wordless_purges.note(before, after)


class Container(EntryResource):
    """One of the three entries that hold all others: the configuration, its devices, the registry of titles."""

    kind: ClassVar[str] = "container"


class DeviceEntry(EntryResource):
    """A device (PS3.15 section H.1.1.2); what a person counts."""

    kind: ClassVar[str] = "device"

    description: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    software_versions: Members = ()
    station_name: str | None = None
    serial_number: str | None = None
    device_uid: str | None = None
    device_types: Members = ()
    institution_names: Members = ()
    institution_addresses: Members = ()
    institution_departments: Members = ()
    institution_codes: Members = ()
    patient_id_issuer: str | None = None
    accession_number_issuer: str | None = None
    order_placer: str | None = None
    order_filler: str | None = None
    admission_id_issuer: str | None = None
    service_episode_id_issuer: str | None = None
    container_id_issuer: str | None = None
    specimen_id_issuer: str | None = None
    related_devices: Members = ()
    authorized_certificates: Members = ()
    own_certificates: Members = ()
    vendor_data: Members = ()
    installed: Flag = None


class NetworkConnectionEntry(EntryResource):
    """Where a device listens (PS3.15 section H.1.1.5); without a port it only calls."""

    kind: ClassVar[str] = "network-connection"

    host: str | None = None
    port: Number = None
    tls: Members = ()
    installed: Flag = None

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Other or no TLS cipher suites are a matter of access."""
        changed = before is not None and after is not None and before.get("tls") != after.get("tls")
        return "access" if changed else super().risk(before, after)

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Another host or port is another address for every peer; no TLS any more is wider than before."""
        found = set(super().effects(before, after))
        if before is not None and after is not None:
            if any(before.get(name) != after.get(name) for name in ("host", "port")):
                found.add("readdresses")
            if before.get("tls") and not after.get("tls"):
                found.add("widens")
        return frozenset(found)


class NetworkAEEntry(EntryResource):
    """An application entity (PS3.15 section H.1.1.4). `connections` are names of its device's connections.

    A connection that is not one of its device's is given by its distinguished name.
    """

    kind: ClassVar[str] = "network-ae"

    description: str | None = None
    connections: Members = ()
    initiator: Flag = None
    acceptor: Flag = None
    clusters: Members = ()
    preferred_called: Members = ()
    preferred_calling: Members = ()
    character_sets: Members = ()
    vendor_data: Members = ()
    installed: Flag = None

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Other connections are another address for every peer."""
        found = super().effects(before, after)
        moved = (
            before is not None and after is not None and before.get("connections") != after.get("connections")
        )
        return found | {"readdresses"} if moved else found


class TransferCapabilityEntry(EntryResource):
    """One SOP class in one role with its transfer syntaxes (PS3.15 section H.1.1.6)."""

    kind: ClassVar[str] = "transfer-capability"

    sop_class: str | None = None
    role: str | None = None
    transfer_syntaxes: Members = ()


class UniqueAETitleEntry(EntryResource):
    """A reserved AE title (PS3.15 section H.1.4.1): reserved before an entity has it, released after.

    It lingers: peers go on sending to a title long after its last holder went.
    """

    kind: ClassVar[str] = "unique-ae-title"
    lingers: ClassVar[bool] = True


KINDS: Mapping[str, type[EntryResource]] = {
    kind.kind: kind
    for kind in (
        Container,
        DeviceEntry,
        NetworkConnectionEntry,
        NetworkAEEntry,
        TransferCapabilityEntry,
        UniqueAETitleEntry,
    )
}
