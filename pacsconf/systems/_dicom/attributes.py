"""The table between fields and LDAP attributes, with syntax and cardinality (PS3.15 section H.1.3).

Every field of every kind is a row here, and nothing else in pacsconf spells an attribute of Annex H.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pacsconf.core.resource import Value
from pacsconf.systems._dicom.kinds import CONNECTION, EXTRA
from pacsconf.systems._ldap import names
from pacsconf.systems._ldap.entry import Values, is_hidden
from pacsconf.systems.directory_extension import Syntax

Resolve = Callable[[str], str]
"""From a reference to its DN, or back."""
Refer = Callable[[str, str], str]
"""The same of a reference to something of a kind: `refer("network-connection", name)`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field and its attribute; `many` attributes hold sets.

    A value that equals `default` is not kept. `object_class` is the auxiliary class that an entry needs for it,
    `refers` the kind of what a reference leads to, `extension` the one that knows it.
    """

    field: str
    attribute: str
    syntax: Syntax = "text"
    many: bool = False
    default: Value | None = None
    object_class: str = ""
    refers: str = CONNECTION
    extension: str = ""


_CLASSES = Row("object_classes", "objectClass", many=True)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind looks in LDAP: its structural class, the attribute that names it, and its rows.

    `above` are the kinds of what it stands below, or the container; `usual` the auxiliary classes that an entry is
    made with which names none. Names that differ by case only are two where it is `exact`.
    """

    object_class: str
    naming: str
    rows: tuple[Row, ...] = ()
    above: tuple[str, ...] = ()
    exact: bool = False
    usual: tuple[str, ...] = ()

    def row(self, field: str) -> Row:
        """The row of a field; any `extra.NAME` is a set of texts."""
        if field.startswith(EXTRA):
            return Row(field, field.removeprefix(EXTRA), "text", many=True)
        return next((row for row in self.rows if row.field == field), _CLASSES)

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
        ("devices",),
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
        ("device",),
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
        ("device",),
        exact=True,
    ),
    "transfer-capability": Shape(
        "dicomTransferCapability",
        "cn",
        (
            Row("sop_class", "dicomSOPClass"),
            Row("role", "dicomTransferRole", "role"),
            Row("transfer_syntaxes", "dicomTransferSyntax", many=True),
        ),
        ("network-ae",),
    ),
    "unique-ae-title": Shape("dicomUniqueAETitle", "dicomAETitle", (), ("unique-ae-titles",), exact=True),
}

CONTAINERS: Mapping[str, tuple[str, str]] = {
    "configuration": ("dicomConfigurationRoot", "DICOM Configuration"),
    "devices": ("dicomDevicesRoot", "Devices"),
    "unique-ae-titles": ("dicomUniqueAETitlesRegistryRoot", "Unique AE Titles Registry"),
}
"""By address name: the object class, and the `cn` that the standard fixes."""


BINARY = "base64:"
"""Before a value of an unmodelled attribute that is no text."""


def encode(row: Row, value: Value | None, refer: Refer) -> Values:
    """The LDAP values of a field; none for None. `refer` gives the DN of a reference."""
    if value is None:
        return ()
    if isinstance(value, bool):
        return (b"TRUE" if value else b"FALSE",)
    members = value if isinstance(value, tuple) else (str(value),)
    return tuple(_encoded(row, member, refer) for member in members)


def _encoded(row: Row, member: str, refer: Refer) -> bytes:
    if row.syntax == "binary":
        return base64.b64decode(member)
    raw = _raw(member)
    if raw is not None and (row.field.startswith(EXTRA) or _text(raw) == member):
        return raw
    return (refer(row.refers, member) if row.syntax == "reference" else member).encode()


def decode(row: Row, values: Values, resolve: Resolve) -> Value | None:
    """The field of LDAP values; None for none, and for its default. `resolve` gives the name for a DN.

    Raises: ValueError for values that the attribute cannot have.
    """
    value = _value(row, values, resolve)
    return None if value == row.default else value


def as_it_is(values: Values) -> Value:
    """Values that their attribute cannot have, as text: one, or a set of several."""
    members = tuple(sorted({_text(value) for value in values if not is_hidden(value)}))
    return members[0] if len(members) == 1 else members


def _value(row: Row, values: Values, resolve: Resolve) -> Value | None:
    shown = values if row.syntax == "binary" else [value for value in values if not is_hidden(value)]
    members = tuple(sorted({_decoded(row, value, resolve) for value in shown}))
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
        return _text(value)
    if text.startswith(BINARY) and row.field.startswith(EXTRA):
        return _text(value)
    return canonical(row, text, resolve)


def _text(value: bytes) -> str:
    """A value as text; in base64, behind a word that says so, where it is none or would look like such."""
    try:
        text = value.decode()
        is_plain = _raw(text) is None
    except UnicodeDecodeError:
        is_plain = False
    return text if is_plain else BINARY + base64.b64encode(value).decode()


def extra_members(members: Iterable[str]) -> tuple[str, ...]:
    """Values under `extra` in their one spelling: in base64 only where a text could not stand for one."""
    pairs = ((member, _raw(member)) for member in members)
    return tuple(sorted({member if raw is None else _text(raw) for member, raw in pairs}))


def _raw(member: str) -> bytes | None:
    """What a member says in base64; None where it says it in text."""
    coded = member.removeprefix(BINARY)
    return base64.b64decode(coded) if member.startswith(BINARY) and is_base64(coded) else None


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
