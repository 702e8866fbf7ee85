"""HL7 applications in the directory (hl7Application), and rules that pass messages on.

The applications are declared on devices (`hl7_applications`), of whatever vendor: the directory's entry is written
for each. What an archive keeps of its own beside is under `vendor: {dcm4chee: ...}` of the application.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pacsconf.core.finding import Path
from pacsconf.core.resource import Effect, Fields, Risk, members
from pacsconf.inventory.hl7_feeds import Speaker, feeds_to, messages_of, path_of, senders_of
from pacsconf.inventory.hl7_model import HL7Application
from pacsconf.inventory.model import Device, Inventory
from pacsconf.inventory.validation import checked
from pacsconf.inventory.values import CharacterSet, Count, Flag, HL7Name, OneOrMany, Texts
from pacsconf.systems._dcm4chee.spelling import choices
from pacsconf.systems._dcm4chee.spelling.formats import Properties
from pacsconf.systems._dcm4chee.spelling.values import Ascii, HL7Conditions
from pacsconf.systems.directory_extension import Attribute, Child, Part

_ARCHIVE = "dcmArchiveHL7Application"
HL7_NAMES = "unique-hl7-names"


class ForwardRule(Child):
    """Passes on the messages that fit (hl7ForwardRule)."""

    kind: ClassVar[str] = "hl7-forward-rule"
    object_class: ClassVar[str] = "hl7ForwardRule"

    to: Annotated[tuple[HL7Name, ...], OneOrMany, Attribute("hl7FwdApplicationName", refers="hl7-name")]
    """HL7 applications that get them."""
    conditions: Annotated[HL7Conditions, Attribute("dcmProperty")] = ()
    """`MSH-4=HOSP`, `MSH-9!=ADT\\\\^A28.*`; all must fit, none is every message."""


class ArchiveApplication(Part):
    """What an archive keeps of its HL7 application: what its device says too, but for this one alone."""

    record_attribute_modification: Annotated[
        Flag | None, Attribute("dcmRecordAttributeModification", _ARCHIVE)
    ] = None
    """What was changed is kept in Original Attributes Sequence."""
    worklist_label: Annotated[str | None, Attribute("dcmMWLWorklistLabel", _ARCHIVE)] = None
    """Label of worklist items made from orders."""
    report_actions: Annotated[
        tuple[choices.ReportAction, ...], OneOrMany, Attribute("hl7ORUAction", _ARCHIVE)
    ] = ()
    """What is done with ORU^R01."""
    patient_update_template: Annotated[str | None, Attribute("hl7PatientUpdateTemplateURI", _ARCHIVE)] = None
    """Style sheet for messages about patients that it receives."""
    import_report_template: Annotated[str | None, Attribute("hl7ImportReportTemplateURI", _ARCHIVE)] = None
    """Style sheet that makes structured reports of ORU^R01."""
    import_report_parameters: Annotated[Properties, Attribute("hl7ImportReportTemplateParam", _ARCHIVE)] = ()
    """`name=value` for that style sheet."""
    order_template: Annotated[str | None, Attribute("hl7ScheduleProcedureTemplateURI", _ARCHIVE)] = None
    """Style sheet that makes worklist items of orders."""
    order_protocol_code: Annotated[
        choices.ProtocolCode | None, Attribute("hl7ScheduledProtocolCodeInOrder", _ARCHIVE)
    ] = None
    """Where the protocol code stands in an order."""
    order_station_title: Annotated[Ascii | None, Attribute("hl7ScheduledStationAETInOrder", _ARCHIVE)] = None
    """Where the station's title stands in an order (`ORC_18`)."""
    order_missing_study_uid: Annotated[
        choices.MissingStudyUID | None, Attribute("hl7OrderMissingStudyIUIDPolicy", _ARCHIVE)
    ] = None
    """What becomes of orders without a study UID."""
    report_missing_study_uid: Annotated[
        choices.MissingStudyUID | None, Attribute("hl7ImportReportMissingStudyIUIDPolicy", _ARCHIVE)
    ] = None
    """What becomes of reports without a study UID."""
    log_messages_to: Annotated[str | None, Attribute("hl7LogFilePattern", _ARCHIVE)] = None
    """Files that messages are written to as received."""
    log_bad_messages_to: Annotated[str | None, Attribute("hl7ErrorLogFilePattern", _ARCHIVE)] = None
    """Files for messages that could not be worked on."""
    no_patient_from: Annotated[Texts, Attribute("hl7NoPatientCreateMessageType", _ARCHIVE)] = ()
    """Types of message that make no new patient: `ADT^A08`."""
    use_null_value: Annotated[Flag | None, Attribute("hl7UseNullValue", _ARCHIVE)] = None
    """What is empty is sent as `""`."""
    veterinary_names: Annotated[Flag | None, Attribute("hl7VeterinaryUsePatientName", _ARCHIVE)] = None
    """Names are those of an animal and its owner."""
    dicom_character_set: Annotated[CharacterSet | None, Attribute("hl7DicomCharacterSet", _ARCHIVE)] = None
    """Of objects made from messages."""
    audit_message_limit: Annotated[Count | None, Attribute("dcmAuditHL7MsgLimit", _ARCHIVE)] = None
    """Longest part of a message that an audit message repeats, in characters."""


class OwnApplication(ArchiveApplication):
    """What stands under `vendor: {dcm4chee: ...}` of an HL7 application."""

    forward_rules: Mapping[str, ForwardRule] = {}
    """Rules for its messages, beside those of the device."""


class Application(OwnApplication, Child):
    """The directory's entry of an HL7 application; made of the inventory's own words, never written as such."""

    kind: ClassVar[str] = "hl7-application"
    object_class: ClassVar[str] = "hl7Application"
    naming: ClassVar[str] = "hl7ApplicationName"
    exact: ClassVar[bool] = True
    reserved_in: ClassVar[str] = HL7_NAMES
    asked: ClassVar[frozenset[str]] = frozenset(ArchiveApplication.model_fields)

    whole: bool = False
    """Whether the inventory says anything for the archive, so that what the archive keeps of it is looked at."""
    connections: Annotated[
        tuple[str, ...], Attribute("dicomNetworkConnectionReference", refers="network-connection")
    ]
    description: Annotated[str | None, Attribute("dicomDescription")] = None
    other_names: Annotated[Texts, Attribute("hl7OtherApplicationName")] = ()
    accepted_senders: Annotated[Texts, Attribute("hl7AcceptedSendingApplication")] = ()
    accepted_message_types: Annotated[Texts, Attribute("hl7AcceptedMessageType")] = ()
    default_character_set: Annotated[str, Attribute("hl7DefaultCharacterSet")] = "ASCII"
    sending_character_set: Annotated[str, Attribute("hl7SendingCharacterSet")] = "ASCII"
    clusters: Annotated[Texts, Attribute("dicomApplicationCluster")] = ()
    installed: Annotated[bool | None, Attribute("dicomInstalled")] = None
    ae_title: Annotated[str | None, Attribute("dicomAETitle", _ARCHIVE)] = None

    @property
    def speaks(self) -> bool:
        return self.whole

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Whose messages are taken is a matter of access."""
        changed = before is not None and after is not None
        if changed and before and after and before.get("accepted_senders") != after.get("accepted_senders"):
            return "access"
        return super().risk(before, after)

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """No list of senders is open to all; who leaves it, or is not on one that begins, is refused."""
        found = super().effects(before, after)
        if before is None or after is None:
            return found
        was, now = members(before, "accepted_senders"), members(after, "accepted_senders")
        if was and not now:
            return found | {"widens"}
        return found | {"removes"} if now and (not was or was - now) else found


def own(application: HL7Application, path: Path) -> OwnApplication:
    """What is written for the archive of an application; nothing where that is wrong, which `validate` says."""
    found, _ = checked(OwnApplication, application.vendor.get("dcm4chee", {}), (*path, "vendor", "dcm4chee"))
    return found or OwnApplication()


def applications(device: Device, inventory: Inventory) -> tuple[dict[str, Application], dict[Path, Path]]:
    """The entries of a device's applications by name, and where in the inventory what of them comes from."""
    found: dict[str, Application] = {}
    origins: dict[Path, Path] = {}
    for name, one in device.hl7_applications.items():
        of: Speaker = (device, one)
        at = path_of(of)
        found[name] = _application(of, own(one, at), inventory)
        origins |= _origins(of, inventory)
    return found, origins


def _application(of: Speaker, its_own: OwnApplication, inventory: Inventory) -> Application:
    _, one = of
    senders = senders_of(inventory, of)
    return Application(
        **{name: getattr(its_own, name) for name in OwnApplication.model_fields},
        whole="dcm4chee" in one.vendor,
        extra=one.extra,
        object_classes=one.object_classes,
        connections=one.connections,
        description=one.description,
        other_names=one.other_names,
        accepted_senders=senders or (),
        accepted_message_types=messages_of(inventory, of),
        default_character_set=one.default_character_set or "ASCII",
        sending_character_set=one.sending_character_set or "ASCII",
        clusters=one.clusters,
        installed=one.installed,
        ae_title=one.ae_title,
    )


def _origins(of: Speaker, inventory: Inventory) -> dict[Path, Path]:
    """Where an entry and its fields come from."""
    _, one = of
    at = path_of(of)
    steps: Path = ("hl7_applications", one.name)
    found: dict[Path, Path] = {steps: at}
    feeds = feeds_to(inventory, of)
    for name in Application.model_fields:
        inside = (*at, "vendor", "dcm4chee", name) if name in OwnApplication.model_fields else (*at, name)
        found[*steps, name] = inside
    for name in ("accepted_senders", "accepted_message_types"):
        if getattr(one, name) == "declared" and feeds:
            found[*steps, name] = ("hl7_feeds", feeds[0].name)
    for name in own(one, at).forward_rules:
        found[*steps, "forward_rules", name] = (*at, "vendor", "dcm4chee", "forward_rules", name)
    return found
