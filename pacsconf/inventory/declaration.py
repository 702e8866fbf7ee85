"""What may be written in the inventory's files: every collection, with its short and long forms.

These models check what was written, profiles merged in; `expand` spells them out into those of `model`. They are
also what the JSON Schema is made of. A new collection is one line in `COLLECTIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from pacsconf.inventory import uids
from pacsconf.inventory.baseline import Accepted
from pacsconf.inventory.model import (
    AEFacts,
    ConnectionFacts,
    DeviceFacts,
    Extensible,
    Model,
    Probe,
    Role,
    Selector,
    Site,
)
from pacsconf.inventory.systems import Environment, SystemConfig
from pacsconf.inventory.values import (
    AETitle,
    Base64,
    CharacterSet,
    Flag,
    Host,
    Name,
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
    installed: Flag | None = None


class CapabilityDeclaration(Extensible):
    """One SOP class in one role, everything spelled out."""

    sop_class: SOPClass
    role: Role
    transfer_syntaxes: Annotated[tuple[TransferSyntax, ...], OneOrMany] | None = None
    name: Name | None = None
    """The `cn` of its entry; by default SOP class and role, such as `ct-image-storage-scu`."""


class Services(Model):
    """What application entities do; of a device: of all its AEs that do not say it themselves."""

    uses: Annotated[tuple[Service, ...], OneOrMany] = ()
    """Services and SOP classes it asks others for (SCU)."""
    offers: Annotated[tuple[Service, ...], OneOrMany] = ()
    """Services and SOP classes it does for others (SCP)."""
    transfer_syntaxes: Annotated[tuple[TransferSyntax, ...], OneOrMany] = uids.DEFAULT_TRANSFER_SYNTAXES
    """Of the storage SOP classes; others have the two uncompressed ones."""
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
    transfer_capabilities: tuple[CapabilityDeclaration, ...] = ()


class FlowDeclaration(Model):
    """Who may talk to whom, for what."""

    description: str | None = None
    callers: Annotated[tuple[Selector, ...], OneOrMany, Field(alias="from", min_length=1)]
    """Who calls; any of these."""
    called: Annotated[tuple[Selector, ...], OneOrMany, Field(alias="to", min_length=1)]
    """Who is called; any of these."""
    services: Annotated[tuple[FlowService, ...], OneOrMany, Field(min_length=1)]


COLLECTIONS: Mapping[str, type[BaseModel]] = {
    "sites": Site,
    "profiles": DeviceDeclaration,
    "devices": DeviceDeclaration,
    "flows": FlowDeclaration,
    "systems": SystemConfig,
    "environments": Environment,
    "baseline": Accepted,
}
"""Top-level maps by name, merged over all files."""

SETTINGS = "pacsconf"
"""The top-level key of `Settings`, which stands once."""

LATER: frozenset[str] = frozenset({"users", "roles", "retention", "security", "hl7_feeds"})
"""Top-level keys of the inventory's language that this version reads past, with a warning."""
