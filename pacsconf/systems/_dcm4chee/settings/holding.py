"""The archive's own entries below its device and below its AE titles: storages, exporters, rules, policies.

Rules of the device and of the AE title that receives are pooled: what is said of one stands beside what is said of
the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pacsconf.systems._dcm4chee.entries.exporting import (
    Exporter,
    ExportRule,
    HL7ExportRule,
    MPPSForwardRule,
    PrefetchRule,
    PriorsRule,
    WebForwardRule,
)
from pacsconf.systems._dcm4chee.entries.keeping import HL7RetentionPolicy, RetentionPolicy
from pacsconf.systems._dcm4chee.entries.rejection import QueryRetrieveView, RejectionNote
from pacsconf.systems._dcm4chee.entries.routing import (
    ChangeAccessRule,
    Coercion,
    CompressionRule,
    OldCoercion,
    StoreAccessRule,
)
from pacsconf.systems._dcm4chee.entries.storage import Storage
from pacsconf.systems._dcm4chee.settings.deleting import DeviceDeleting, EntityDeleting
from pacsconf.systems.directory_extension import Part


class Rules(Part):
    """What a device and an AE title can both have."""

    export_rules: Mapping[str, ExportRule] = {}
    """Which of what arrives is exported."""
    export_priors_rules: Mapping[str, PriorsRule] = {}
    """Which prior studies are exported when a new one arrives."""
    mpps_forward_rules: Mapping[str, MPPSForwardRule] = {}
    """Who is told of procedure steps."""
    rs_forward_rules: Mapping[str, WebForwardRule] = {}
    """Which web requests are passed on."""
    compression_rules: Mapping[str, CompressionRule] = {}
    """What is stored compressed."""
    coercions: Mapping[str, Coercion] = {}
    """How attributes are changed on the way in or out."""
    old_coercions: Mapping[str, OldCoercion] = {}
    """The same in older releases."""
    store_access_rules: Mapping[str, StoreAccessRule] = {}
    """Which access control ID a study gets."""
    retention_policies: Mapping[str, RetentionPolicy] = {}
    """How long studies are kept; generated where the device says `retention: declared`."""


class DeviceHolding(Rules, DeviceDeleting):
    """Of an archive device."""

    retention: Literal["declared"] | None = None
    """`declared`: its retention policies are made from the approved rules of `retention`."""
    storages: Mapping[str, Storage] = {}
    """Where it keeps objects."""
    query_views: Mapping[str, QueryRetrieveView] = {}
    """What queries show."""
    rejection_notes: Mapping[str, RejectionNote] = {}
    """For what reasons objects are rejected."""
    exporters: Mapping[str, Exporter] = {}
    """Where studies are sent."""
    change_access_rules: Mapping[str, ChangeAccessRule] = {}
    """Which access control ID a study gets later."""
    hl7_export_rules: Mapping[str, HL7ExportRule] = {}
    """Which studies are exported by what HL7 messages say."""
    prefetch_rules: Mapping[str, PrefetchRule] = {}
    """Which prior studies are fetched by what HL7 messages say."""
    hl7_retention_policies: Mapping[str, HL7RetentionPolicy] = {}
    """How long studies are kept by what HL7 messages say."""


class EntityHolding(Rules, EntityDeleting):
    """Of an archive's AE title."""
