"""Audit messages (PS3.15 section A.5): who sends them, which are kept back, and where they are gathered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from pacsconf.core.resource import Effect, Fields, Risk
from pacsconf.inventory.values import Code, Flag, Integer, OneOrMany, Texts, ruled
from pacsconf.systems._dcm4chee.spelling.values import Ascii, Positive
from pacsconf.systems.directory_extension import Attribute, Child


def _up_to(most: int) -> AfterValidator:
    def checked(number: int) -> int:
        if not 0 <= number <= most:
            raise ValueError(f"this is a whole number from 0 to {most}, not {number}")
        return number

    return AfterValidator(ruled("PACS-VAL-002", checked))


Facility = Annotated[Integer, _up_to(23)]
Severity = Annotated[Integer, _up_to(7)]
Codes = Annotated[tuple[Code, ...], OneOrMany]
_Types = Annotated[tuple[Literal["1", "2", "3", "4"], ...], OneOrMany]
_Connections = Annotated[tuple[str, ...], OneOrMany, Field(min_length=1)]


class SuppressCriteria(Child):
    """Audit messages that are not sent: those that fit all that is given (dcmAuditSuppressCriteria)."""

    kind: ClassVar[str] = "audit-suppress-criteria"
    object_class: ClassVar[str] = "dcmAuditSuppressCriteria"

    event_ids: Annotated[Codes, Attribute("dcmAuditEventID")] = ()
    """`(110112, DCM, "Query")`."""
    event_types: Annotated[Codes, Attribute("dcmAuditEventTypeCode")] = ()
    """`(110120, DCM, "Application Start")`."""
    actions: Annotated[
        tuple[Literal["C", "R", "U", "D", "E"], ...], OneOrMany, Attribute("dcmAuditEventActionCode")
    ] = ()
    """Create, read, update, delete, execute."""
    outcomes: Annotated[
        tuple[Literal["0", "4", "8", "12"], ...], OneOrMany, Attribute("dcmAuditEventOutcomeIndicator")
    ] = ()
    """0 is success, 12 a major failure."""
    users: Annotated[Texts, Attribute("dcmAuditUserID")] = ()
    """User IDs of a participant."""
    alternative_users: Annotated[Texts, Attribute("dcmAuditAlternativeUserID")] = ()
    """Alternative user IDs of a participant: AE titles."""
    roles: Annotated[Codes, Attribute("dcmAuditUserRoleIDCode")] = ()
    """`(110153, DCM, "Source")`."""
    access_points: Annotated[Texts, Attribute("dcmAuditNetworkAccessPointID")] = ()
    """Hosts of a participant."""
    requestor: Annotated[Flag | None, Attribute("dcmAuditUserIsRequestor")] = None
    """Whether the participant asked for it."""
    object_types: Annotated[_Types, Attribute("dcmParticipantObjectTypeCode")] = ()
    """1 person, 2 system object, 3 organisation, 4 other."""
    object_roles: Annotated[Texts, Attribute("dcmParticipantObjectTypeCodeRole")] = ()
    """Numbers from PS3.15 table A.5.2: 1 is the patient."""
    object_life_cycles: Annotated[Texts, Attribute("dcmParticipantObjectDataLifeCycle")] = ()
    """Numbers from PS3.15 table A.5.2."""

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """What nobody can look up afterwards is a matter of access."""
        return "access" if before != after else "none"


class AuditLogger(Child):
    """Sends audit messages (dcmAuditLogger). Facility and severities are those of syslog (RFC 5424)."""

    kind: ClassVar[str] = "audit-logger"
    object_class: ClassVar[str] = "dcmAuditLogger"

    connections: Annotated[
        _Connections, Attribute("dicomNetworkConnectionReference", refers="network-connection")
    ]
    """Connections of the device that it sends from."""
    repository: Annotated[str, Attribute("dcmAuditRecordRepositoryDeviceReference", refers="device")]
    """Device that gathers them."""
    source_id: Annotated[str | None, Attribute("dcmAuditSourceID")] = None
    """Absent, the name of the device."""
    enterprise_site: Annotated[str | None, Attribute("dcmAuditEnterpriseSiteID")] = None
    """Site; `dicomInstitutionName` stands for that of the device."""
    source_types: Annotated[Texts, Attribute("dcmAuditSourceTypeCode")] = ()
    """`4` is an application server; `dicomPrimaryDeviceType` stands for the type of the device."""
    facility: Annotated[Facility, Attribute("dcmAuditFacility")] = 10
    """10 is authpriv."""
    success_severity: Annotated[Severity, Attribute("dcmAuditSuccessSeverity")] = 5
    """5 is notice."""
    minor_failure_severity: Annotated[Severity, Attribute("dcmAuditMinorFailureSeverity")] = 4
    """4 is warning."""
    serious_failure_severity: Annotated[Severity, Attribute("dcmAuditSeriousFailureSeverity")] = 3
    """3 is error."""
    major_failure_severity: Annotated[Severity, Attribute("dcmAuditMajorFailureSeverity")] = 2
    """2 is critical."""
    application_name: Annotated[str | None, Attribute("dcmAuditApplicationName")] = None
    """APP-NAME; absent, the source ID."""
    message_id: Annotated[str | None, Attribute("dcmAuditMessageID")] = None
    """MSGID; absent, as the release has it (`IHE+RFC-3881`)."""
    encoding: Annotated[Ascii, Attribute("dcmAuditMessageEncoding")] = "UTF-8"
    """Of the message."""
    byte_order_mark: Annotated[Flag, Attribute("dcmAuditMessageBOM")] = True
    """Before the message."""
    timestamps_in_utc: Annotated[Flag, Attribute("dcmAuditTimestampInUTC")] = False
    """Instead of local time."""
    indented: Annotated[Flag, Attribute("dcmAuditMessageFormatXML")] = False
    """With line feeds and indentation."""
    schema_uri: Annotated[str | None, Attribute("dcmAuditMessageSchemaURI")] = None
    """Schema that messages name; absent, as the release has it."""
    include_instance_uids: Annotated[Flag, Attribute("dcmAuditIncludeInstanceUID")] = False
    """Messages name each object."""
    spool_directory: Annotated[str | None, Attribute("dcmAuditLoggerSpoolDirectoryURI")] = None
    """For messages that could not be sent; absent, the temporary one."""
    retry_interval: Annotated[Positive | None, Attribute("dcmAuditLoggerRetryInterval")] = None
    """Seconds until those are sent again; absent, never."""
    installed: Annotated[Flag | None, Attribute("dicomInstalled")] = None
    """Absent, as the device."""

    suppress: Mapping[str, SuppressCriteria] = {}
    """What is not sent."""

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Where audit messages go is a matter of access."""
        if before is None or after is None:
            return "access"
        moved = any(before.get(name) != after.get(name) for name in ("repository", "installed"))
        return "access" if moved else super().risk(before, after)

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """One that is switched off sends nothing."""
        found = super().effects(before, after)
        if before is None or after is None:
            return found
        off = before.get("installed") is not False and after.get("installed") is False
        return found | {"removes"} if off else found


class AuditRepository(Child):
    """Gathers audit messages (dcmAuditRecordRepository)."""

    kind: ClassVar[str] = "audit-record-repository"
    object_class: ClassVar[str] = "dcmAuditRecordRepository"

    connections: Annotated[
        _Connections, Attribute("dicomNetworkConnectionReference", refers="network-connection")
    ]
    """Connections of the device where it listens."""
    installed: Annotated[Flag | None, Attribute("dicomInstalled")] = None
    """Absent, as the device."""
