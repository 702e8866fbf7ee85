"""What dcm4chee adds to the standard's entries; attribute names as in its schema, defaults as in its program.

Each facet is put together from parts by what they are about. What stores, routes and deletes is in `holding`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, WithJsonSchema

from pacsconf.systems._dcm4chee.entries.audit import AuditLogger, AuditRepository
from pacsconf.systems._dcm4chee.entries.hl7 import Application, ForwardRule
from pacsconf.systems._dcm4chee.entries.tasks import AttributeFilter, IDGenerator, Queue
from pacsconf.systems._dcm4chee.entries.ui import UIConfig
from pacsconf.systems._dcm4chee.entries.web import KeycloakClient, WebApp
from pacsconf.systems._dcm4chee.settings.archive import ArchiveSettings
from pacsconf.systems._dcm4chee.settings.capability import CapabilityPart
from pacsconf.systems._dcm4chee.settings.connection import ConnectionPart
from pacsconf.systems._dcm4chee.settings.device import DeviceSettings
from pacsconf.systems._dcm4chee.settings.entity import EntityFields
from pacsconf.systems._dcm4chee.settings.holding import DeviceHolding, EntityHolding
from pacsconf.systems.directory_extension import Facet, Standard

__all__ = ["CapabilityPart", "ConnectionPart", "DevicePart", "EntityPart"]


def _elsewhere(_value: Any) -> Any:
    raise ValueError(
        "HL7 applications are declared on the device itself: `hl7_applications`, beside ae_titles"
    )


class DevicePart(DeviceHolding, DeviceSettings, ArchiveSettings, Facet):
    """What it keeps of a device (dcmDevice), and of an archive (dcmArchiveDevice)."""

    of: ClassVar[Standard] = "device"
    object_class: ClassVar[str] = "dcmDevice"

    queues: Mapping[str, Queue] = {}
    """Queues of the archive, by the names that it gives them: `Export1`, `MPPSSCU`, …"""
    attribute_filters: Mapping[str, AttributeFilter] = {}
    """Attributes kept in its database, by entity: Patient, Study, Series, Instance, MPPS, MWL, UPS."""
    id_generators: Mapping[str, IDGenerator] = {}
    """How it makes IDs, by what they are of: PatientID, AccessionNumber, …"""
    web_apps: Mapping[str, WebApp] = {}
    """Its web services; their names are reserved in the directory."""
    keycloak_clients: Mapping[str, KeycloakClient] = {}
    """Who asks for tokens."""
    audit_loggers: Mapping[str, AuditLogger] = {}
    """Who sends audit messages."""
    audit_repositories: Mapping[str, AuditRepository] = {}
    """What gathers audit messages."""
    hl7_forward_rules: Mapping[str, ForwardRule] = {}
    """Which HL7 messages are passed on, whichever application of it received them."""
    ui_configs: Mapping[str, UIConfig] = {}
    """Its user interface."""
    hl7_applications: Annotated[
        Mapping[str, Application], BeforeValidator(_elsewhere), WithJsonSchema({"not": {}})
    ] = {}
    """Follow from `hl7_applications` of the device, and are written there."""


class EntityPart(EntityHolding, EntityFields, Facet):
    """What it keeps of an application entity (dcmNetworkAE), and of an archive's (dcmArchiveNetworkAE).

    Most keys mean what the same key of the device means, and are absent where it is as there.
    """

    of: ClassVar[Standard] = "network-ae"
    object_class: ClassVar[str] = "dcmNetworkAE"
