"""What may be written in the inventory's files: every collection, with its short and long forms.

These models check what was written, profiles merged in; `expand` spells them out into those of `model`. They are
also what the JSON Schema is made of. A new collection is one line in `COLLECTIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from pacsconf.inventory import uids
from pacsconf.inventory.base import Extensible, Model
from pacsconf.inventory.baseline import Accepted
from pacsconf.inventory.hl7_model import HL7Facts
from pacsconf.inventory.model import (
    AEFacts,
    ConnectionFacts,
    DeviceFacts,
    Probe,
    Protocol,
    Role,
    Selector,
    Settings,
    Site,
)
from pacsconf.inventory.people import Security
from pacsconf.inventory.people_declaration import RoleDeclaration, ServiceAccountDeclaration, UserDeclaration
from pacsconf.inventory.systems import Environment, SystemConfig
from pacsconf.inventory.values import (
    AETitle,
    Base64,
    CharacterSet,
    Flag,
    HL7Name,
    HL7Sent,
    Host,
    Name,
    NamesPattern,
    OneOrMany,
    Texts,
    ruled,
)


def _service(text: str) -> str:
    uids.sop_classes(text)
    return text


SOPClass = Annotated[str, AfterValidator(ruled("PACS-UID-002", uids.sop_class))]
"""A SOP class by keyword, name or UID."""
TransferSyntax = Annotated[str, AfterValidator(ruled("PACS-UID-003", uids.transfer_syntax))]
"""A transfer syntax by keyword, name or UID."""
Service = Annotated[str, AfterValidator(ruled("PACS-UID-002", _service))]
"""A service or SOP class, as it was written."""
FlowService = Annotated[str, AfterValidator(ruled("PACS-UID-002", uids.service))]
"""A service or SOP class, in the one spelling."""


class ConnectionDeclaration(ConnectionFacts):
    """A network connection; in a profile the host may be missing."""

    host: Host | None = None
    protocol: Protocol = "dicom"
    """What is spoken there."""
    installed: Flag | None = None


class CapabilityDeclaration(Extensible):
    """One SOP class in one role, everything spelled out."""

    sop_class: SOPClass
    role: Role
    transfer_syntaxes: Annotated[tuple[TransferSyntax, ...], OneOrMany] | None = None
    name: Name | None = None
    """The `cn` of its entry; by default SOP class and role, such as `ct-image-storage-scu`."""


class SetUse(Model):
    """A capability set that is named, the whole of it or what it has in one role."""

    set: Name
    role: Role | None = None
    """Only what the set has in this role; not given: all of it."""


def _set_use(value: Any) -> Any:
    """A name alone is the whole set."""
    return {"set": value} if isinstance(value, str) else value


class _ByName:
    """Marks a `SetUse` that may be written as the name alone."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_set_use, handler(source))

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(core)]}


Sets = Annotated[tuple[Annotated[SetUse, _ByName], ...], OneOrMany]
"""Capability sets by name."""


class CapabilityGroup(Extensible):
    """SOP classes of a capability set that have the same roles and transfer syntaxes."""

    role: Annotated[tuple[Role, ...], OneOrMany, Field(min_length=1)]
    """SCU, SCP or both: each SOP class is then a capability in either."""
    sop_classes: Annotated[tuple[Service, ...], OneOrMany] = ()
    """SOP classes and services; private ones by their UID."""
    named: Mapping[Name, SOPClass] = Field(default_factory=dict)
    """Further SOP classes, each under what `{name}` is to stand for: for private ones, which have no name."""
    transfer_syntaxes: Annotated[tuple[TransferSyntax, ...], OneOrMany] = uids.DEFAULT_TRANSFER_SYNTAXES
    """Of all of them, also of those that store nothing."""


class CapabilitySet(Model):
    """What application entities can do that name it: an archive's storage, its queries."""

    description: str | None = None
    names: NamesPattern | None = None
    """How the entries are named (`{name} {role}`); by default as those of `uses` and `offers`."""
    includes: Sets = ()
    """Other sets, all of which belongs to this one too."""
    groups: Annotated[tuple[CapabilityGroup, ...], OneOrMany] = ()
    transfer_capabilities: tuple[CapabilityDeclaration, ...] = ()
    """Single ones that are like no others; they win over those of groups and included sets."""

    @model_validator(mode="after")
    def _names_are_used(self) -> Self:
        if any(group.named for group in self.groups) and "{name}" not in (self.names or ""):
            raise PydanticCustomError("PACS-VAL-002", "{problem}", {"problem": _UNUSED_NAMES})
        return self


_UNUSED_NAMES = "a group has named SOP classes, but names has no {name} in which they would be seen"


class Services(Model):
    """What application entities do; of a device: of all its AEs that do not say it themselves."""

    uses: Annotated[tuple[Service, ...], OneOrMany] = ()
    """Services and SOP classes it asks others for (SCU)."""
    offers: Annotated[tuple[Service, ...], OneOrMany] = ()
    """Services and SOP classes it does for others (SCP)."""
    transfer_syntaxes: Annotated[tuple[TransferSyntax, ...], OneOrMany] = uids.DEFAULT_TRANSFER_SYNTAXES
    """Of the storage SOP classes; others have the two uncompressed ones."""
    capability_sets: Sets = ()
    """Sets of capabilities that it has beside those of `uses` and `offers`."""
    initiator: Flag | None = None
    """Whether it calls; by default, whether it uses anything."""
    acceptor: Flag | None = None
    """Whether it is called; by default, whether it offers anything."""


class AEDeclaration(AEFacts, Services):
    """An application entity under its title."""

    description: str | None = None
    connections: Texts | None = None
    """Names of the device's connections; by default all."""
    character_sets: Annotated[tuple[CharacterSet, ...], OneOrMany] = ()
    installed: Flag | None = None
    transfer_capabilities: tuple[CapabilityDeclaration, ...] = ()
    vendor_data: Annotated[tuple[Base64, ...], OneOrMany] = ()


class HL7ApplicationDeclaration(HL7Facts):
    """An HL7 application under its name."""

    connections: Texts | None = None
    """Names of the device's connections; by default all that speak HL7."""


class DeviceDeclaration(DeviceFacts, AEFacts, Services, ConnectionFacts):
    """A device or a profile: the long form, or with `ae_title`, `host` and `port` in one line."""

    type: str | None = None
    """What it is: modality, archive, workstation, router, printer, ..."""
    ae_domain: str | None = None
    probe: Probe | None = None
    installed: Flag | None = None
    ae_title: AETitle | None = None
    """Short form: the only title."""
    host: Host | None = None
    """Short form: of the only connection."""
    connections: Mapping[Name, ConnectionDeclaration] = Field(default_factory=dict)
    ae_titles: Mapping[AETitle, AEDeclaration] = Field(default_factory=dict)
    hl7_applications: Mapping[HL7Name, HL7ApplicationDeclaration] = Field(default_factory=dict)
    """By `APPLICATION|FACILITY`, as they stand in messages."""
    transfer_capabilities: tuple[CapabilityDeclaration, ...] = ()


class FlowDeclaration(Model):
    """Who may talk to whom, for what."""

    description: str | None = None
    callers: Annotated[tuple[Selector, ...], OneOrMany, Field(alias="from", min_length=1)]
    """Who calls; any of these."""
    called: Annotated[tuple[Selector, ...], OneOrMany, Field(alias="to", min_length=1)]
    """Who is called; any of these."""
    services: Annotated[tuple[FlowService, ...], OneOrMany, Field(min_length=1)]


class FeedDeclaration(Model):
    """Who sends HL7 messages to whom."""

    description: str | None = None
    sender: Annotated[str, Field(alias="from")]
    """`device/APPLICATION|FACILITY`, or a device with one HL7 application."""
    receivers: Annotated[tuple[str, ...], OneOrMany, Field(alias="to", min_length=1)]
    """Likewise, one or several."""
    messages: Annotated[tuple[HL7Sent, ...], OneOrMany, Field(min_length=1)]
    """Types with their trigger events: `ADT^A08`."""


COLLECTIONS: Mapping[str, type[BaseModel]] = {
    "sites": Site,
    "profiles": DeviceDeclaration,
    "capability_sets": CapabilitySet,
    "devices": DeviceDeclaration,
    "flows": FlowDeclaration,
    "hl7_feeds": FeedDeclaration,
    "systems": SystemConfig,
    "environments": Environment,
    "baseline": Accepted,
    "users": UserDeclaration,
    "service_accounts": ServiceAccountDeclaration,
    "roles": RoleDeclaration,
}
"""Top-level maps by name, merged over all files."""

SETTINGS = "pacsconf"
"""The top-level key of `Settings`."""
SECURITY = "security"
"""The top-level key of `Security`."""

ONCE: Mapping[str, type[BaseModel]] = {SETTINGS: Settings, SECURITY: Security}
"""Top-level keys that stand once, in one file."""
