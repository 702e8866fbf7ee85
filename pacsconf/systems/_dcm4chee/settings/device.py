"""What the dcm4che library keeps of any device (dcmDevice): limits, time zone, key stores."""

from __future__ import annotations

from typing import Annotated

from pacsconf.core.resource import Fields, Risk
from pacsconf.inventory.values import Count, Flag, TimeZone
from pacsconf.systems._dcm4chee.spelling.choices import StoreType
from pacsconf.systems._dcm4chee.spelling.values import Limits
from pacsconf.systems.directory_extension import Attribute, Part, SecretUse

_DEVICE = "dcmDevice"


class DeviceSettings(Part):
    """Of any device. Pins are secrets: they are named, written, and never read."""

    limit_open_associations: Annotated[Count, Attribute("dcmLimitOpenAssociations", _DEVICE)] = 0
    """Associations open at once, more are rejected; 0 is without limit."""
    limit_associations_by: Annotated[Limits, Attribute("dcmLimitAssociationsInitiatedBy", _DEVICE)] = ()
    """Associations open at once by one caller: `CT01=4`."""
    time_zone: Annotated[TimeZone | None, Attribute("dcmTimeZoneOfDevice", _DEVICE)] = None
    """Of its clock, in what it sends without a zone."""
    role_selection_lenient: Annotated[Flag, Attribute("dcmRoleSelectionNegotiationLenient", _DEVICE)] = False
    """Sends requests although the peer did not agree to the role."""
    trust_store_url: Annotated[str | None, Attribute("dcmTrustStoreURL", _DEVICE)] = None
    """Certificates of peers that are trusted; goes before `authorized_certificates`."""
    trust_store_type: Annotated[StoreType | None, Attribute("dcmTrustStoreType", _DEVICE)] = None
    """Form of the trust store."""
    trust_store_pin: Annotated[SecretUse | None, Attribute("dcmTrustStorePin", _DEVICE, syntax="secret")] = (
        None
    )
    """Pin of the trust store: `env:NAME`, or `{secret: env:NAME, version: 2}`."""
    trust_store_pin_property: Annotated[str | None, Attribute("dcmTrustStorePinProperty", _DEVICE)] = None
    """System property of the archive that holds the pin of the trust store."""
    key_store_url: Annotated[str | None, Attribute("dcmKeyStoreURL", _DEVICE)] = None
    """Own key and certificate for TLS."""
    key_store_type: Annotated[StoreType | None, Attribute("dcmKeyStoreType", _DEVICE)] = None
    """Form of the key store."""
    key_store_pin: Annotated[SecretUse | None, Attribute("dcmKeyStorePin", _DEVICE, syntax="secret")] = None
    """Pin of the key store: `env:NAME`, or `{secret: env:NAME, version: 2}`."""
    key_store_pin_property: Annotated[str | None, Attribute("dcmKeyStorePinProperty", _DEVICE)] = None
    """System property of the archive that holds the pin of the key store."""
    key_store_key_pin: Annotated[
        SecretUse | None, Attribute("dcmKeyStoreKeyPin", _DEVICE, syntax="secret")
    ] = None
    """Pin of the key in it: `env:NAME`, or `{secret: env:NAME, version: 2}`."""
    key_store_key_pin_property: Annotated[str | None, Attribute("dcmKeyStoreKeyPinProperty", _DEVICE)] = None
    """System property of the archive that holds the pin of the key in it."""

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Whom it trusts, and by what it is known, is a matter of access."""
        if before is None or after is None:
            return super().risk(before, after)
        changed = any(before.get(name) != after.get(name) for name in _STORES)
        return "access" if changed else super().risk(before, after)


_STORES = tuple(name for name in DeviceSettings.model_fields if "_store_" in name)
