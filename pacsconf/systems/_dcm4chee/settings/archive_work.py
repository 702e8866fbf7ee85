"""What an archive keeps of its device (dcmArchiveDevice): what it does by itself, messages, and who may ask.

What deletes studies is in `purging`.
"""

from __future__ import annotations

from typing import Annotated

from pacsconf.inventory.values import CharacterSet, Count, Flag, HL7Name, Issuer, OneOrMany, Texts
from pacsconf.systems._dcm4chee.settings.archive_services import TEMPORARY
from pacsconf.systems._dcm4chee.spelling import choices
from pacsconf.systems._dcm4chee.spelling.formats import CalendarSpan, Duration, Properties, Schedules
from pacsconf.systems._dcm4chee.spelling.values import Ascii, Asciis, Positive, Retries
from pacsconf.systems.directory_extension import Attribute, Part

_ARCHIVE = "dcmArchiveDevice"


class UpkeepSettings(Part):
    """What it does by itself: metadata, verification, compression, patients."""

    series_metadata_storages: Annotated[
        Asciis, Attribute("dcmSeriesMetadataStorageID", _ARCHIVE, refers="storage")
    ] = ()
    """Storages for the gathered metadata of series; absent, none are gathered."""
    series_metadata_delay: Annotated[Duration | None, Attribute("dcmSeriesMetadataDelay", _ARCHIVE)] = None
    """After the last object of a series."""
    series_metadata_interval: Annotated[
        Duration | None, Attribute("dcmSeriesMetadataPollingInterval", _ARCHIVE)
    ] = None
    """How often such series are looked for; absent, none are gathered."""
    series_metadata_fetch_size: Annotated[Positive, Attribute("dcmSeriesMetadataFetchSize", _ARCHIVE)] = 100
    """Series taken up at once."""
    series_metadata_threads: Annotated[Positive, Attribute("dcmSeriesMetadataThreads", _ARCHIVE)] = 1
    """Series gathered at the same time."""
    series_metadata_retries: Annotated[Retries, Attribute("dcmSeriesMetadataMaxRetries", _ARCHIVE)] = 0
    """Further attempts; -1 is for ever."""
    series_metadata_retry_interval: Annotated[
        Duration | None, Attribute("dcmSeriesMetadataRetryInterval", _ARCHIVE)
    ] = None
    """Between them; absent, there are none."""
    verification_policy: Annotated[
        choices.Verification, Attribute("dcmStorageVerificationPolicy", _ARCHIVE)
    ] = "OBJECT_CHECKSUM"
    """How it is verified that an object is stored."""
    verification_update_status: Annotated[
        Flag, Attribute("dcmStorageVerificationUpdateLocationStatus", _ARCHIVE)
    ] = False
    """What verification finds is kept with the object."""
    verification_storages: Annotated[
        Asciis, Attribute("dcmStorageVerificationStorageID", _ARCHIVE, refers="storage")
    ] = ()
    """Storages of which one must hold it; absent, any."""
    verification_ae_title: Annotated[
        Ascii | None, Attribute("dcmStorageVerificationAETitle", _ARCHIVE, refers="network-ae")
    ] = None
    """Own title that verification by schedule runs under."""
    verification_batch: Annotated[str | None, Attribute("dcmStorageVerificationBatchID", _ARCHIVE)] = None
    """Name of its tasks."""
    verification_initial_delay: Annotated[
        CalendarSpan | None, Attribute("dcmStorageVerificationInitialDelay", _ARCHIVE)
    ] = None
    """From receiving a series to verifying it first."""
    verification_period: Annotated[
        CalendarSpan | None, Attribute("dcmStorageVerificationPeriod", _ARCHIVE)
    ] = None
    """From one verification of a series to the next."""
    verification_max_scheduled: Annotated[
        Count, Attribute("dcmStorageVerificationMaxScheduled", _ARCHIVE)
    ] = 0
    """Verifications waiting on this node at once; 0 is without limit."""
    verification_interval: Annotated[
        Duration | None, Attribute("dcmStorageVerificationPollingInterval", _ARCHIVE)
    ] = None
    """How often series to verify are looked for; absent, none are verified by schedule."""
    verification_schedule: Annotated[Schedules, Attribute("dcmStorageVerificationSchedule", _ARCHIVE)] = ()
    """When: `hour=18-6 dayOfWeek=*`."""
    verification_fetch_size: Annotated[Positive, Attribute("dcmStorageVerificationFetchSize", _ARCHIVE)] = 100
    """Series taken up at once."""
    verify_on_retrieve: Annotated[Flag, Attribute("dcmStorageVerificationOnRetrieve", _ARCHIVE)] = False
    """An object that cannot be read has its series verified."""
    update_status_on_retrieve: Annotated[Flag, Attribute("dcmUpdateLocationStatusOnRetrieve", _ARCHIVE)] = (
        False
    )
    """An object that cannot be read is marked as such."""
    compression_ae_title: Annotated[
        Ascii | None, Attribute("dcmCompressionAETitle", _ARCHIVE, refers="network-ae")
    ] = None
    """Own title that delayed compression runs under."""
    compression_interval: Annotated[Duration | None, Attribute("dcmCompressionPollingInterval", _ARCHIVE)] = (
        None
    )
    """How often series to compress are looked for."""
    compression_schedule: Annotated[Schedules, Attribute("dcmCompressionSchedule", _ARCHIVE)] = ()
    """When: `hour=18-6 dayOfWeek=*`."""
    compression_threads: Annotated[Positive, Attribute("dcmCompressionThreads", _ARCHIVE)] = 1
    """Series compressed at the same time."""
    compression_fetch_size: Annotated[Positive, Attribute("dcmCompressionFetchSize", _ARCHIVE)] = 100
    """Series taken up at once."""
    worklist_cache_timeout: Annotated[
        Duration | None, Attribute("dcmMergeMWLCacheStaleTimeout", _ARCHIVE)
    ] = None
    """How long request attributes from worklist items are used; absent, until others displace them."""
    worklist_cache_size: Annotated[Positive, Attribute("dcmMergeMWLCacheSize", _ARCHIVE)] = 10
    """Worklist items of which they are kept."""
    patient_verification_service: Annotated[
        Ascii | None, Attribute("dcmPatientVerificationPDQServiceID", _ARCHIVE)
    ] = None
    """Service that patients are verified with; absent, they are not."""
    patient_verification_interval: Annotated[
        Duration | None, Attribute("dcmPatientVerificationPollingInterval", _ARCHIVE)
    ] = None
    """How often patients to verify are looked for."""
    patient_verification_fetch_size: Annotated[
        Positive, Attribute("dcmPatientVerificationFetchSize", _ARCHIVE)
    ] = 100
    """Patients taken up at once."""
    patient_verification_period: Annotated[
        CalendarSpan | None, Attribute("dcmPatientVerificationPeriod", _ARCHIVE)
    ] = None
    """From one verification of a patient to the next; absent, there is one."""
    scheduler_start_delay: Annotated[Positive, Attribute("dcmSchedulerMinStartDelay", _ARCHIVE)] = 60
    """Seconds from the start of the archive until such work begins."""
    unzip_vendor_data_to: Annotated[str | None, Attribute("dcmUnzipVendorDataToURI", _ARCHIVE)] = None
    """Directory that its vendor data is unpacked into."""
    ui_configuration_device: Annotated[str | None, Attribute("dcmUIConfigurationDeviceName", _ARCHIVE)] = None
    """Device that holds the configuration of the user interface, by name."""
    trusted_patient_id_issuers: Annotated[
        tuple[Issuer, ...], OneOrMany, Attribute("dcmTrustedIssuerOfPatientID", _ARCHIVE)
    ] = ()
    """Issuers of Patient IDs that name a patient reliably."""
    database_read_only: Annotated[Flag | None, Attribute("dcmDBReadOnly", _ARCHIVE)] = None
    """This node does not write to the database."""


class MessageSettings(Part):
    """HL7, audit, and who may ask."""

    user_identity: Annotated[choices.UserIdentity, Attribute("dcmUserIdentityNegotiation", _ARCHIVE)] = (
        "SUPPORTS"
    )
    """Whether callers may, or must, say who the user is (PS3.7 section D.3.3.7)."""
    user_identity_role: Annotated[str | None, Attribute("dcmUserIdentityNegotiationRole", _ARCHIVE)] = None
    """Role that the user must have."""
    user_identity_client: Annotated[
        str | None,
        Attribute("dcmUserIdentityNegotiationKeycloakClientID", _ARCHIVE, refers="keycloak-client"),
    ] = None
    """Keycloak client that checks the user."""
    patient_info_in_system_log: Annotated[
        choices.PatientInfo, Attribute("dcmShowPatientInfoInSystemLog", _ARCHIVE)
    ] = "PLAIN_TEXT"
    """How names and IDs of patients stand in the log."""
    patient_info_in_audit_log: Annotated[
        choices.PatientInfo, Attribute("dcmShowPatientInfoInAuditLog", _ARCHIVE)
    ] = "PLAIN_TEXT"
    """How they stand in audit messages."""
    audit_interval: Annotated[Duration | None, Attribute("dcmAuditPollingInterval", _ARCHIVE)] = None
    """How often gathered audit messages are looked for; absent, none are gathered."""
    audit_aggregate: Annotated[Duration | None, Attribute("dcmAuditAggregateDuration", _ARCHIVE)] = None
    """How long they are gathered; absent, they are not."""
    audit_spool: Annotated[str, Attribute("dcmAuditSpoolDirectory", _ARCHIVE)] = TEMPORARY
    """Directory for audit messages under way."""
    audit_configuration_verbose: Annotated[
        Flag, Attribute("dcmAuditSoftwareConfigurationVerbose", _ARCHIVE)
    ] = False
    """Audit messages about configuration hold all that a new entry holds."""
    audit_repository_url: Annotated[Ascii | None, Attribute("dcmAuditRecordRepositoryURL", _ARCHIVE)] = None
    """Where the user interface finds the audit record repository."""
    patient_update_sender: Annotated[
        HL7Name | None, Attribute("hl7ADTSendingApplication", _ARCHIVE, refers="hl7-name")
    ] = None
    """Own HL7 application that tells others of changed patients; absent, none does."""
    patient_update_receivers: Annotated[
        tuple[HL7Name, ...], OneOrMany, Attribute("hl7ADTReceivingApplication", _ARCHIVE, refers="hl7-name")
    ] = ()
    """HL7 applications that are told."""
    procedure_update_sender: Annotated[
        HL7Name | None, Attribute("hl7PSUSendingApplication", _ARCHIVE, refers="hl7-name")
    ] = None
    """Own HL7 application that tells how far a procedure is (PSU); absent, none does."""
    procedure_update_receivers: Annotated[
        tuple[HL7Name, ...], OneOrMany, Attribute("hl7PSUReceivingApplication", _ARCHIVE, refers="hl7-name")
    ] = ()
    """HL7 applications that are told."""
    procedure_update_delay: Annotated[Duration | None, Attribute("hl7PSUDelay", _ARCHIVE)] = None
    """After the last object of a study; absent, it follows MPPS."""
    procedure_update_timeout: Annotated[Duration | None, Attribute("hl7PSUTimeout", _ARCHIVE)] = None
    """How long to wait for objects that an MPPS names; absent, for ever."""
    procedure_update_on_timeout: Annotated[Flag, Attribute("hl7PSUOnTimeout", _ARCHIVE)] = False
    """Whether it is told then."""
    procedure_update_worklist: Annotated[Flag, Attribute("hl7PSUMWL", _ARCHIVE)] = False
    """Worklist items are marked as completed too."""
    procedure_update_interval: Annotated[
        Duration | None, Attribute("hl7PSUTaskPollingInterval", _ARCHIVE)
    ] = None
    """How often such messages are looked for; absent, none are sent."""
    procedure_update_fetch_size: Annotated[Positive, Attribute("hl7PSUTaskFetchSize", _ARCHIVE)] = 100
    """Messages taken up at once."""
    patient_update_template: Annotated[str | None, Attribute("hl7PatientUpdateTemplateURI", _ARCHIVE)] = None
    """Style sheet for messages about patients that it receives."""
    outgoing_patient_update_template: Annotated[
        str | None, Attribute("hl7OutgoingPatientUpdateTemplateURI", _ARCHIVE)
    ] = None
    """Style sheet for messages about patients that it sends."""
    import_report_template: Annotated[str | None, Attribute("hl7ImportReportTemplateURI", _ARCHIVE)] = None
    """Style sheet that makes structured reports of ORU^R01."""
    import_report_parameters: Annotated[Properties, Attribute("hl7ImportReportTemplateParam", _ARCHIVE)] = ()
    """`name=value` for that style sheet."""
    order_template: Annotated[str | None, Attribute("hl7ScheduleProcedureTemplateURI", _ARCHIVE)] = None
    """Style sheet that makes worklist items of orders."""
    order_protocol_code: Annotated[
        choices.ProtocolCode, Attribute("hl7ScheduledProtocolCodeInOrder", _ARCHIVE)
    ] = "OBR_4_4"
    """Where the protocol code stands in an order."""
    order_station_title: Annotated[Ascii | None, Attribute("hl7ScheduledStationAETInOrder", _ARCHIVE)] = None
    """Where the station's title stands in an order (`ORC_18`); absent, rules choose it."""
    order_missing_study_uid: Annotated[
        choices.MissingStudyUID, Attribute("hl7OrderMissingStudyIUIDPolicy", _ARCHIVE)
    ] = "GENERATE"
    """What becomes of orders without a study UID."""
    report_missing_study_uid: Annotated[
        choices.MissingStudyUID, Attribute("hl7ImportReportMissingStudyIUIDPolicy", _ARCHIVE)
    ] = "GENERATE"
    """What becomes of reports without a study UID."""
    report_actions: Annotated[
        tuple[choices.ReportAction, ...], OneOrMany, Attribute("hl7ORUAction", _ARCHIVE)
    ] = ()
    """What is done with ORU^R01."""
    log_messages_to: Annotated[str | None, Attribute("hl7LogFilePattern", _ARCHIVE)] = None
    """Files that messages are written to as received; absent, none are."""
    log_bad_messages_to: Annotated[str | None, Attribute("hl7ErrorLogFilePattern", _ARCHIVE)] = None
    """Files for messages that could not be worked on; absent, none are written."""
    no_patient_from: Annotated[Texts, Attribute("hl7NoPatientCreateMessageType", _ARCHIVE)] = ()
    """Types of message that make no new patient: `ADT^A08`."""
    use_null_value: Annotated[Flag, Attribute("hl7UseNullValue", _ARCHIVE)] = False
    """What is empty is sent as `""`, so that receivers empty it too."""
    track_changed_patient_id: Annotated[Flag, Attribute("hl7TrackChangedPatientID", _ARCHIVE)] = True
    """A former Patient ID is kept."""
    veterinary_names: Annotated[Flag, Attribute("hl7VeterinaryUsePatientName", _ARCHIVE)] = False
    """Names are those of an animal and its owner."""
    dicom_character_set: Annotated[CharacterSet | None, Attribute("hl7DicomCharacterSet", _ARCHIVE)] = None
    """Of objects made from messages; absent, as the message has it."""
