"""What the archive sends on by itself: exporters, and the rules that use them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pacsconf.core.resource import Fields
from pacsconf.inventory.values import UID, AETitle, Count, Flag, OneOrMany, Texts, Titles
from pacsconf.systems._dcm4chee.entries.storage import Availability
from pacsconf.systems._dcm4chee.spelling import sooner
from pacsconf.systems._dcm4chee.spelling.formats import Conditions, Duration, Properties, Schedules
from pacsconf.systems._dcm4chee.spelling.values import HL7Conditions
from pacsconf.systems.directory_extension import Attribute, Beside, Child

Again = Literal["REPLACE", "NEVER", "ALWAYS"]
Exporters = Annotated[tuple[str, ...], OneOrMany, Field(min_length=1)]


class Exporter(Child):
    """One place that studies are sent to, and what is done with them afterwards."""

    kind: ClassVar[str] = "exporter"
    object_class: ClassVar[str] = "dcmExporter"
    naming: ClassVar[str] = "dcmExporterID"
    exact: ClassVar[bool] = True

    uri: Annotated[str, Field(min_length=1), Attribute("dcmURI")]
    """`dicom:AET`, `storage:STORAGE`, `stow:WEBAPP` and the like."""
    queue: Annotated[str, Field(min_length=1), Attribute("dcmQueueName")]
    """The queue in which its tasks wait: `Export1`."""
    description: Annotated[str | None, Attribute("dicomDescription")] = None
    """In words."""
    ae: Annotated[AETitle | None, Attribute("dicomAETitle")] = None
    """The archive's title that sends."""
    as_source_ae: Annotated[Flag, Attribute("dcmExportAsSourceAE")] = False
    """Sends under the title of the AE that sent the series to the archive."""
    storage_commitment: Annotated[AETitle | None, Attribute("dcmStgCmtSCP")] = None
    """Who is asked to commit to what was sent."""
    notify: Annotated[Titles, Attribute("dcmIanDestination")] = ()
    """Who is told that it can be had there (Instance Availability Notification)."""
    retrieve_aes: Annotated[Titles, Attribute("dcmRetrieveAET")] = ()
    """Titles that the notification names."""
    retrieve_location: Annotated[UID | None, Attribute("dcmRetrieveLocationUID")] = None
    """Retrieve Location UID (0040,E011) that the notification names."""
    availability: Annotated[Availability, Attribute("dcmInstanceAvailability")] = "ONLINE"
    """How fast it can be had there."""
    delete_from_storage: Annotated[str | None, Attribute("dcmDeleteStudyFromStorageID", refers="storage")] = (
        None
    )
    """The storage from which an exported study is deleted."""
    reject_after_export: Annotated[Flag, Attribute("dcmRejectForDataRetentionExpiry")] = False
    """What was exported is rejected as expired."""
    schedule: Annotated[Schedules, Attribute("dcmSchedule")] = ()
    """When it works."""
    properties: Annotated[Properties, Attribute("dcmProperty")] = ()
    """Options of its kind."""

    @property
    def deletes(self) -> bool:
        """Whether anything is gone after an export."""
        return self.reject_after_export or self.delete_from_storage is not None

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """That it deletes or rejects what it sent; and where to, when it does."""
        if after is None:
            return None
        was = before or {}
        deletes = _deletes(after)
        return sooner.together(
            sooner.differs(was, after, "delete_from_storage", "what was exported is deleted from"),
            sooner.on(was, after, "reject_after_export", "what was exported is rejected as expired"),
            sooner.changed(was, after, "uri", "what is deleted afterwards goes to")
            if deletes and before is not None
            else None,
        )


class ExportRule(Child):
    """Which of what arrives is exported."""

    kind: ClassVar[str] = "export-rule"
    object_class: ClassVar[str] = "dcmExportRule"

    entity: Annotated[Literal["Study", "Series", "Instance"], Attribute("dcmEntity")]
    """What is exported as a whole."""
    exporters: Annotated[Exporters, Attribute("dcmExporterID", refers="exporter")]
    """By whom."""
    conditions: Annotated[Conditions, Attribute("dcmProperty")] = ()
    """All must fit what arrives."""
    schedule: Annotated[Schedules, Attribute("dcmSchedule")] = ()
    """When the rule counts."""
    delay: Annotated[Duration | None, Attribute("dcmDuration")] = None
    """After the last object arrived."""
    previous_entity: Annotated[Flag, Attribute("dcmExportPreviousEntity")] = False
    """What was complete before is exported as well when the next begins."""
    again: Annotated[Again, Attribute("dcmExportReoccurredInstances")] = "REPLACE"
    """What is done with objects that are sent once more."""
    device: Annotated[str | None, Attribute("dicomDeviceName")] = None
    """Another archive that exports them."""

    @classmethod
    def purge_beside(cls, before: Fields | None, after: Fields | None, beside: Beside) -> str | None:
        """What an exporter deletes that it names, it says of studies."""
        if after is None or (before and _scope(before) == _scope(after)):
            return None
        deleting = [
            name for name in sorted(sooner.members(after, "exporters")) if _deletes(beside("exporter", name))
        ]
        named = ", ".join(deleting)
        return f"what it is about is deleted once it was exported by {named}" if named else None


def _scope(rule: Fields) -> tuple[object, ...]:
    return tuple(rule.get(name) for name in ("exporters", "conditions", "entity", "schedule", "delay"))


def _deletes(exporter: Fields) -> bool:
    return "delete_from_storage" in exporter or exporter.get("reject_after_export") is True


class PriorsRule(Child):
    """Which prior studies are exported when a new one arrives."""

    kind: ClassVar[str] = "export-priors-rule"
    object_class: ClassVar[str] = "dcmExportPriorsRule"

    exporters: Annotated[Exporters, Attribute("dcmExporterID", refers="exporter")]
    """By whom."""
    select: Annotated[Texts, Attribute("dcmEntitySelector")] = ()
    """`priors=2&StudyAge=-5Y&ModalitiesInStudy=CT`."""
    conditions: Annotated[Conditions, Attribute("dcmProperty")] = ()
    """All must fit what arrives."""
    schedule: Annotated[Schedules, Attribute("dcmSchedule")] = ()
    """When the rule counts."""
    not_again_within: Annotated[Duration | None, Attribute("dcmDuration")] = None
    """The same study is not exported twice within it."""
    again: Annotated[Again, Attribute("dcmExportReoccurredInstances")] = "REPLACE"
    """What is done with objects that are sent once more."""


class MPPSForwardRule(Child):
    """Who is told of procedure steps (MPPS)."""

    kind: ClassVar[str] = "mpps-forward-rule"
    object_class: ClassVar[str] = "dcmMPPSForwardRule"

    destinations: Annotated[
        tuple[AETitle, ...], OneOrMany, Field(min_length=1), Attribute("dcmFwdMppsDestination")
    ]
    """AE titles."""
    conditions: Annotated[Conditions, Attribute("dcmProperty")] = ()
    """All must fit the step."""
    schedule: Annotated[Schedules, Attribute("dcmSchedule")] = ()
    """When the rule counts."""


class WebForwardRule(Child):
    """Which requests of the archive's web services are passed on."""

    kind: ClassVar[str] = "rs-forward-rule"
    object_class: ClassVar[str] = "dcmRSForwardRule"

    web_app: Annotated[str, Field(min_length=1), Attribute("dcmWebAppName")]
    """The web application that gets them."""
    operations: Annotated[Texts, Attribute("dcmRSOperation")] = ()
    """`CreatePatient`, `RejectStudy` and the like."""
    url_pattern: Annotated[str | None, Attribute("dcmURIPattern")] = None
    """A regular expression for the URL; absent, any."""
    host_pattern: Annotated[str | None, Attribute("dcmHostnamePattern")] = None
    """A regular expression for the name of who asks."""
    address_pattern: Annotated[str | None, Attribute("dcmIPAddressPattern")] = None
    """A regular expression for the address of who asks."""


class HL7ExportRule(Child):
    """Which studies of a patient are exported whom an HL7 message is about (hl7ExportRule)."""

    kind: ClassVar[str] = "hl7-export-rule"
    object_class: ClassVar[str] = "hl7ExportRule"

    exporters: Annotated[Exporters, Attribute("dcmExporterID", refers="exporter")]
    """By whom."""
    conditions: Annotated[HL7Conditions, Attribute("dcmProperty")] = ()
    """All must fit the message: `MSH-9=ORM\\^O01`."""
    select: Annotated[Texts, Attribute("dcmEntitySelector")] = ()
    """`priors=2&StudyAge=-5Y&ModalitiesInStudy=CT`; fields of the message as `$PV1-19`."""
    not_again_within: Annotated[Duration | None, Attribute("dcmDuration")] = None
    """The same study is not exported twice within it."""
    history: Annotated[Count, Attribute("dcmHistorySize")] = 100
    """How many exports are remembered for that."""


class PrefetchRule(Child):
    """Which prior studies are fetched from another archive when an HL7 message comes (hl7PrefetchRule)."""

    kind: ClassVar[str] = "prefetch-rule"
    object_class: ClassVar[str] = "hl7PrefetchRule"

    ae: Annotated[AETitle, Attribute("dicomAETitle")]
    """The archive's title that asks."""
    queue: Annotated[str, Field(min_length=1), Attribute("dcmQueueName")]
    """The queue in which its tasks wait."""
    find_at: Annotated[AETitle, Attribute("dcmPrefetchCFindSCP")]
    """Who is asked for them."""
    move_from: Annotated[AETitle, Attribute("dcmPrefetchCMoveSCP")]
    """Who sends them."""
    destinations: Annotated[
        tuple[AETitle, ...], OneOrMany, Field(min_length=1), Attribute("dcmPrefetchCStoreSCP")
    ]
    """Who gets them."""
    skip_what_is_at: Annotated[AETitle | None, Attribute("dcmDestinationCFindSCP")] = None
    """Who is asked what is there already."""
    device: Annotated[str | None, Attribute("dicomDeviceName")] = None
    """Another archive that does it."""
    conditions: Annotated[HL7Conditions, Attribute("dcmProperty")] = ()
    """All must fit the message."""
    select: Annotated[Texts, Attribute("dcmEntitySelector")] = ()
    """`priors=2&StudyAge=-5Y&ModalitiesInStudy=CT`; fields of the message as `$PV1-19`."""
    schedule: Annotated[Schedules, Attribute("dcmSchedule")] = ()
    """When it is done."""
    in_advance: Annotated[Duration | None, Attribute("dcmPrefetchInAdvance")] = None
    """How long before the appointment."""
    appointment_field: Annotated[str | None, Attribute("dcmPrefetchDateTimeField")] = None
    """Where it stands in the message: `OBR-36`."""
    not_again_within: Annotated[Duration | None, Attribute("dcmDuration")] = None
    """The same study is not fetched twice within it."""
    history: Annotated[Count, Attribute("dcmHistorySize")] = 100
    """How many are remembered for that."""
