"""What dcm4chee adds to the standard's entries; attribute names as in its schema, defaults as in its program."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pacsconf.inventory.values import Count, Flag, Texts, TimeZone
from pacsconf.systems._dcm4chee.holding import DeviceHolding, EntityHolding
from pacsconf.systems.directory_extension import Attribute, Facet, Standard

_ARCHIVE = "dcmArchiveDevice"
_ARCHIVE_AE = "dcmArchiveNetworkAE"


class DevicePart(DeviceHolding, Facet):
    """What it keeps of a device (dcmDevice), and of an archive (dcmArchiveDevice)."""

    of: ClassVar[Standard] = "device"
    object_class: ClassVar[str] = "dcmDevice"

    limit_open_associations: Annotated[Count, Attribute("dcmLimitOpenAssociations")] = 0
    """Open at once; 0 is without limit."""
    time_zone: Annotated[TimeZone | None, Attribute("dcmTimeZoneOfDevice")] = None
    fuzzy_algorithm: Annotated[str | None, Attribute("dcmFuzzyAlgorithmClass", _ARCHIVE)] = None
    """The Java class that compares names which sound alike. An archive has one."""


class ConnectionPart(Facet):
    """What it keeps of a connection (dcmNetworkConnection)."""

    of: ClassVar[Standard] = "network-connection"
    object_class: ClassVar[str] = "dcmNetworkConnection"

    tls_need_client_auth: Annotated[Flag, Attribute("dcmTLSNeedClientAuth")] = True


class EntityPart(EntityHolding, Facet):
    """What it keeps of an application entity (dcmNetworkAE), and of an archive's (dcmArchiveNetworkAE)."""

    of: ClassVar[Standard] = "network-ae"
    object_class: ClassVar[str] = "dcmNetworkAE"

    object_storages: Annotated[Texts, Attribute("dcmObjectStorageID", _ARCHIVE_AE, refers="storage")] = ()
    """Where it puts what it receives."""


class CapabilityPart(Facet):
    """What it keeps of a transfer capability (dcmTransferCapability)."""

    of: ClassVar[Standard] = "transfer-capability"
    object_class: ClassVar[str] = "dcmTransferCapability"

    relational_queries: Annotated[Flag, Attribute("dcmRelationalQueries")] = False
