"""The table between fields and LDAP attributes, with syntax and cardinality (PS3.15 section H.1.3).

Every field of every kind is a row here, and nothing else in pacsconf spells an attribute of Annex H.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pacsconf.core.resource import Value
from pacsconf.systems._dicom.kinds import EXTRA
from pacsconf.systems._ldap import names
from pacsconf.systems._ldap.entry import Values

Syntax = Literal["text", "host", "boolean", "integer", "role", "dn", "reference", "binary"]
"""`host` and `role` are text that a directory compares without case: one spelling is kept. A `reference` is the
name of a sibling in the inventory, its DN in LDAP. `binary` is base64 here."""

Resolve = Callable[[str], str]
"""From a reference to its DN, or back."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field and its attribute; `many` attributes hold sets."""

    field: str
    attribute: str
    syntax: Syntax = "text"
    many: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind looks in LDAP: its structural class, the attribute that names it, and its rows."""

    object_class: str
    naming: str
    rows: tuple[Row, ...] = ()

    def row(self, field: str) -> Row:
        """The row of a field; any `extra.NAME` is a set of texts."""
        if field.startswith(EXTRA):
            return Row(field, field.removeprefix(EXTRA), "text", many=True)
        return next(row for row in self.rows if row.field == field)

    def models(self, attribute: str) -> bool:
        """Whether an attribute is the name, the class or a row, and so not an extra."""
        own = {self.naming.lower(), "objectclass", *(row.attribute.lower() for row in self.rows)}
        return attribute.lower() in own


_INSTALLED = Row("installed", "dicomInstalled", "boolean")
_DESCRIPTION = Row("description", "dicomDescription")
_VENDOR_DATA = Row("vendor_data", "dicomVendorData", "binary", many=True)

SHAPES: Mapping[str, Shape] = {
    "device": Shape(
        "dicomDevice",
        "dicomDeviceName",
        (
            _DESCRIPTION,
            Row("manufacturer", "dicomManufacturer"),
            Row("model", "dicomManufacturerModelName"),
            Row("software_versions", "dicomSoftwareVersion", many=True),
            Row("station_name", "dicomStationName"),
            Row("serial_number", "dicomDeviceSerialNumber"),
            Row("device_uid", "dicomDeviceUID"),
            Row("device_types", "dicomPrimaryDeviceType", many=True),
            Row("institution_names", "dicomInstitutionName", many=True),
            Row("institution_addresses", "dicomInstitutionAddress", many=True),
            Row("institution_departments", "dicomInstitutionDepartmentName", many=True),
            Row("institution_codes", "dicomInstitutionCode", many=True),
            Row("patient_id_issuer", "dicomIssuerOfPatientID"),
            Row("accession_number_issuer", "dicomIssuerOfAccessionNumber"),
            Row("order_placer", "dicomOrderPlacerIdentifier"),
            Row("order_filler", "dicomOrderFillerIdentifier"),
            Row("admission_id_issuer", "dicomIssuerOfAdmissionID"),
            Row("service_episode_id_issuer", "dicomIssuerOfServiceEpisodeID"),
            Row("container_id_issuer", "dicomIssuerOfContainerIdentifier"),
            Row("specimen_id_issuer", "dicomIssuerOfSpecimenIdentifier"),
            Row("related_devices", "dicomRelatedDeviceReference", "dn", many=True),
            Row("authorized_certificates", "dicomAuthorizedNodeCertificateReference", "dn", many=True),
            Row("own_certificates", "dicomThisNodeCertificateReference", "dn", many=True),
            _VENDOR_DATA,
            _INSTALLED,
        ),
    ),
    "network-connection": Shape(
        "dicomNetworkConnection",
        "cn",
        (
            Row("host", "dicomHostname", "host"),
            Row("port", "dicomPort", "integer"),
            Row("tls", "dicomTLSCipherSuite", many=True),
            _INSTALLED,
        ),
    ),
    "network-ae": Shape(
        "dicomNetworkAE",
        "dicomAETitle",
        (
            _DESCRIPTION,
            Row("connections", "dicomNetworkConnectionReference", "reference", many=True),
            Row("initiator", "dicomAssociationInitiator", "boolean"),
            Row("acceptor", "dicomAssociationAcceptor", "boolean"),
            Row("clusters", "dicomApplicationCluster", many=True),
            Row("preferred_called", "dicomPreferredCalledAETitle", many=True),
            Row("preferred_calling", "dicomPreferredCallingAETitle", many=True),
            Row("character_sets", "dicomSupportedCharacterSet", many=True),
            _VENDOR_DATA,
            _INSTALLED,
        ),
    ),
    "transfer-capability": Shape(
        "dicomTransferCapability",
        "cn",
        (
            Row("sop_class", "dicomSOPClass"),
            Row("role", "dicomTransferRole", "role"),
            Row("transfer_syntaxes", "dicomTransferSyntax", many=True),
        ),
    ),
    "unique-ae-title": Shape("dicomUniqueAETitle", "dicomAETitle"),
}

CONTAINERS: Mapping[str, tuple[str, str]] = {
    "configuration": ("dicomConfigurationRoot", "DICOM Configuration"),
    "devices": ("dicomDevicesRoot", "Devices"),
    "unique-ae-titles": ("dicomUniqueAETitlesRegistryRoot", "Unique AE Titles Registry"),
}
"""By address name: the object class, and the `cn` that the standard fixes."""


def shape(kind: str, name: str) -> Shape:
    """How the entry `kind/name` looks in LDAP."""
    if kind != "container":
        return SHAPES[kind]
    return Shape(CONTAINERS[name][0], "cn")


BINARY = "base64:"
"""Before a value of an unmodelled attribute that is no text."""


def encode(row: Row, value: Value | None, resolve: Resolve) -> Values:
    """The LDAP values of a field; none for None. `resolve` gives the DN of a reference."""
    if value is None:
        return ()
    if isinstance(value, bool):
        return (b"TRUE" if value else b"FALSE",)
    members = value if isinstance(value, tuple) else (str(value),)
    return tuple(_encoded(row, member, resolve) for member in members)


def _encoded(row: Row, member: str, resolve: Resolve) -> bytes:
    if row.syntax == "binary":
        return base64.b64decode(member)
    if row.field.startswith(EXTRA) and member.startswith(BINARY) and is_base64(member.removeprefix(BINARY)):
        return base64.b64decode(member.removeprefix(BINARY))
    return (resolve(member) if row.syntax == "reference" else member).encode()


def decode(row: Row, values: Values, resolve: Resolve) -> Value | None:
    """The field of LDAP values; None for none. `resolve` gives the name for a DN.

    Raises: ValueError for values that the attribute cannot have.
    """
    members = tuple(sorted({_decoded(row, value, resolve) for value in values}))
    if row.many or not members:
        return members or None
    if len(members) > 1:
        raise ValueError(f"{row.attribute} has {len(members)} values where the standard has one")
    if row.syntax == "boolean":
        return _boolean(row, members[0])
    return _integer(row, members[0]) if row.syntax == "integer" else members[0]


def _decoded(row: Row, value: bytes, resolve: Resolve) -> str:
    if row.syntax == "binary":
        return base64.b64encode(value).decode()
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return BINARY + base64.b64encode(value).decode()
    return canonical(row, text, resolve)


def canonical(row: Row, text: str, resolve: Resolve = names.canonical) -> str:
    """The one spelling of a value, where a directory takes several for the same."""
    spell = speller(row, resolve)
    return spell(text) if spell else text


def speller(row: Row, resolve: Resolve) -> Callable[[str], str] | None:
    """What gives a row's values their one spelling; None where they have it."""
    return resolve if row.syntax == "reference" else _SPELLERS.get(row.syntax)


def _encoding(text: str) -> str:
    return base64.b64encode(base64.b64decode(text)).decode()


_SPELLERS: Mapping[Syntax, Callable[[str], str]] = {
    "host": str.lower,
    "role": str.upper,
    "binary": _encoding,
    "dn": names.canonical,
}


def _boolean(row: Row, text: str) -> bool:
    if text not in ("TRUE", "FALSE"):
        raise ValueError(f"{row.attribute} is neither TRUE nor FALSE")
    return text == "TRUE"


_INTEGER = re.compile(r"-?[0-9]{1,300}")


def _integer(row: Row, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(f"{row.attribute} is no whole number")
    return int(text)


def is_base64(text: str) -> bool:
    """Whether `text` can be decoded."""
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True
