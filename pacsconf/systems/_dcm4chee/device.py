"""What the dcm4che library keeps of any device (dcmDevice): limits, time zone, key stores."""

from __future__ import annotations

from typing import Annotated

from pacsconf.inventory.values import Count, Flag, TimeZone
from pacsconf.systems._dcm4chee.choices import StoreType
from pacsconf.systems._dcm4chee.values import Limits
from pacsconf.systems.directory_extension import Attribute, Part

_DEVICE = "dcmDevice"


class DeviceSettings(Part):
    """Of any device. The pins of key stores are secrets, and are left alone where they stand."""

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
    trust_store_pin_property: Annotated[str | None, Attribute("dcmTrustStorePinProperty", _DEVICE)] = None
    """System property of the archive that holds the pin of the trust store."""
    key_store_url: Annotated[str | None, Attribute("dcmKeyStoreURL", _DEVICE)] = None
    """Own key and certificate for TLS."""
    key_store_type: Annotated[StoreType | None, Attribute("dcmKeyStoreType", _DEVICE)] = None
    """Form of the key store."""
    key_store_pin_property: Annotated[str | None, Attribute("dcmKeyStorePinProperty", _DEVICE)] = None
    """System property of the archive that holds the pin of the key store."""
    key_store_key_pin_property: Annotated[str | None, Attribute("dcmKeyStoreKeyPinProperty", _DEVICE)] = None
    """System property of the archive that holds the pin of the key in it."""
