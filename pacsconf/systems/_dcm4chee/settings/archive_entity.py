"""What an archive keeps of one of its entities (dcmArchiveNetworkAE).

Most of it is what the device says for all, and is absent where it is as there: each key means what the same key
means on the device.
"""

from __future__ import annotations

from typing import Annotated

from pacsconf.inventory.values import CharacterSet, Count, Flag, HL7Name, OneOrMany, Titles
from pacsconf.systems._dcm4chee.spelling import choices
from pacsconf.systems._dcm4chee.spelling.formats import CalendarSpan, Duration
from pacsconf.systems._dcm4chee.spelling.values import (
    Ascii,
    Asciis,
    Milliseconds,
    Positive,
    Retries,
    Tags,
    Title,
)
from pacsconf.systems.directory_extension import Attribute, Part

_ARCHIVE = "dcmArchiveNetworkAE"


class OverridingSettings(Part):
    """Where an entity differs from its device."""

    overwrite_policy: Annotated[choices.OverwritePolicy | None, Attribute("dcmOverwritePolicy", _ARCHIVE)] = (
        None
    )
    relational_mismatch_policy: Annotated[
        choices.MismatchPolicy | None, Attribute("dcmRelationalMismatchPolicy", _ARCHIVE)
    ] = None
    accept_missing_patient_id: Annotated[
        choices.MissingPatientID | None, Attribute("dcmAcceptMissingPatientID", _ARCHIVE)
    ] = None
    accept_conflicting_patient_id: Annotated[
        choices.ConflictingPatientID | None, Attribute("dcmAcceptConflictingPatientID", _ARCHIVE)
    ] = None
    reject_conflicting_attributes: Annotated[
        Tags, Attribute("dcmRejectConflictingPatientAttribute", _ARCHIVE)
    ] = ()
    validate_calling_host: Annotated[Flag | None, Attribute("dcmValidateCallingAEHostname", _ARCHIVE)] = None
    default_character_set: Annotated[CharacterSet | None, Attribute("dcmDefaultCharacterSet", _ARCHIVE)] = (
        None
    )
    retrieve_ae_titles: Annotated[Titles, Attribute("dcmRetrieveAET", _ARCHIVE, refers="ae-title")] = ()
    bulk_data_spool: Annotated[str | None, Attribute("dcmBulkDataSpoolDirectory", _ARCHIVE)] = None
    stow_retired_transfer_syntax: Annotated[
        Flag | None, Attribute("dcmStowRetiredTransferSyntax", _ARCHIVE)
    ] = None
    stow_exclude_app_markers: Annotated[Flag | None, Attribute("dcmStowExcludeAPPMarkers", _ARCHIVE)] = None
    store_permission_url: Annotated[Ascii | None, Attribute("dcmStorePermissionServiceURL", _ARCHIVE)] = None
    store_permission_response: Annotated[
        str | None, Attribute("dcmStorePermissionServiceResponse", _ARCHIVE)
    ] = None
    store_permission_pattern: Annotated[
        Ascii | None, Attribute("dcmStorePermissionServiceResponsePattern", _ARCHIVE)
    ] = None
    copy_move_update_policy: Annotated[
        choices.UpdatePolicy | None, Attribute("dcmCopyMoveUpdatePolicy", _ARCHIVE)
    ] = None
    link_worklist_update_policy: Annotated[
        choices.UpdatePolicy | None, Attribute("dcmLinkMWLEntryUpdatePolicy", _ARCHIVE)
    ] = None
    record_attribute_modification: Annotated[
        Flag | None, Attribute("dcmRecordAttributeModification", _ARCHIVE)
    ] = None
    query_view: Annotated[
        str | None, Attribute("dcmQueryRetrieveViewID", _ARCHIVE, refers="query-retrieve-view")
    ] = None
    query_max_results: Annotated[Count | None, Attribute("dcmQueryMaxNumberOfResults", _ARCHIVE)] = None
    qido_max_results: Annotated[Count | None, Attribute("dcmQidoMaxNumberOfResults", _ARCHIVE)] = None
    name_order_insensitive: Annotated[
        Flag | None, Attribute("dcmPersonNameComponentOrderInsensitiveMatching", _ARCHIVE)
    ] = None
    hide_worklist_status: Annotated[
        tuple[choices.StepStatus, ...], OneOrMany, Attribute("dcmHideSPSWithStatusFromMWL", _ARCHIVE)
    ] = ()
    relational_query_lenient: Annotated[
        Flag | None, Attribute("dcmRelationalQueryNegotiationLenient", _ARCHIVE)
    ] = None
    relational_retrieve_lenient: Annotated[
        Flag | None, Attribute("dcmRelationalRetrieveNegotiationLenient", _ARCHIVE)
    ] = None
    restrict_retrieve: Annotated[
        choices.RetrieveRestriction | None,
        Attribute("dcmRestrictRetrieveAccordingTransferCapabilities", _ARCHIVE),
    ] = None
    send_pending_c_get: Annotated[Flag | None, Attribute("dcmSendPendingCGet", _ARCHIVE)] = None
    send_pending_c_move_interval: Annotated[
        Duration | None, Attribute("dcmSendPendingCMoveInterval", _ARCHIVE)
    ] = None
    return_retrieve_ae_titles: Annotated[
        Titles, Attribute("dcmReturnRetrieveAET", _ARCHIVE, refers="ae-title")
    ] = ()
    spanning_c_find_scp: Annotated[
        Title | None, Attribute("dcmSpanningCFindSCP", _ARCHIVE, refers="ae-title")
    ] = None
    spanning_policy: Annotated[
        choices.SpanningPolicy | None, Attribute("dcmSpanningCFindSCPPolicy", _ARCHIVE)
    ] = None
    spanning_retrieve_ae_titles: Annotated[
        Titles, Attribute("dcmSpanningCFindSCPRetrieveAET", _ARCHIVE, refers="ae-title")
    ] = ()
    fallback_c_move_scp: Annotated[
        Title | None, Attribute("dcmFallbackCMoveSCP", _ARCHIVE, refers="ae-title")
    ] = None
    fallback_c_move_destination: Annotated[
        Title | None, Attribute("dcmFallbackCMoveSCPDestination", _ARCHIVE, refers="ae-title")
    ] = None
    fallback_c_move_caller: Annotated[
        Title | None, Attribute("dcmFallbackCMoveSCPCallingAET", _ARCHIVE, refers="ae-title")
    ] = None
    fallback_c_find_scp: Annotated[
        Title | None, Attribute("dcmFallbackCMoveSCPLeadingCFindSCP", _ARCHIVE, refers="ae-title")
    ] = None
    fallback_retries: Annotated[Retries | None, Attribute("dcmFallbackCMoveSCPRetries", _ARCHIVE)] = None
    alternative_c_move_scp: Annotated[
        Title | None, Attribute("dcmAltCMoveSCP", _ARCHIVE, refers="ae-title")
    ] = None
    external_retrieve_destination: Annotated[
        Title | None, Attribute("dcmExternalRetrieveAEDestination", _ARCHIVE, refers="ae-title")
    ] = None
    wado_sr_html_template: Annotated[str | None, Attribute("dcmWadoSR2HtmlTemplateURI", _ARCHIVE)] = None
    wado_sr_text_template: Annotated[str | None, Attribute("dcmWadoSR2TextTemplateURI", _ARCHIVE)] = None
    wado_cda_html_template: Annotated[str | None, Attribute("dcmWadoCDA2HtmlTemplateURI", _ARCHIVE)] = None
    wado_thumbnail_viewport: Annotated[Ascii | None, Attribute("dcmWadoThumbnailViewport", _ARCHIVE)] = None
    wado_zip_entry_name: Annotated[Ascii | None, Attribute("dcmWadoZIPEntryNameFormat", _ARCHIVE)] = None
    image_display_patient_url: Annotated[
        Ascii | None, Attribute("dcmInvokeImageDisplayPatientURL", _ARCHIVE)
    ] = None
    image_display_study_url: Annotated[Ascii | None, Attribute("dcmInvokeImageDisplayStudyURL", _ARCHIVE)] = (
        None
    )
    forward_mpps_to: Annotated[Titles, Attribute("dcmFwdMppsDestination", _ARCHIVE, refers="ae-title")] = ()
    availability_notice_to: Annotated[
        Titles, Attribute("dcmIanDestination", _ARCHIVE, refers="ae-title")
    ] = ()
    availability_notice_triggers: Annotated[
        tuple[choices.NoticeTrigger, ...], OneOrMany, Attribute("dcmIanTrigger", _ARCHIVE)
    ] = ()
    availability_notice_delay: Annotated[Duration | None, Attribute("dcmIanDelay", _ARCHIVE)] = None
    availability_notice_timeout: Annotated[Duration | None, Attribute("dcmIanTimeout", _ARCHIVE)] = None
    availability_notice_on_timeout: Annotated[Flag | None, Attribute("dcmIanOnTimeout", _ARCHIVE)] = None
    change_requester: Annotated[
        Title | None, Attribute("dcmChangeRequesterAET", _ARCHIVE, refers="ae-title")
    ] = None
    ups_worklist_label: Annotated[str | None, Attribute("dcmUPSWorklistLabel", _ARCHIVE)] = None
    ups_event_scus: Annotated[Titles, Attribute("dcmUPSEventSCU", _ARCHIVE, refers="ae-title")] = ()
    ups_event_keep_alive: Annotated[Milliseconds | None, Attribute("dcmUPSEventSCUKeepAlive", _ARCHIVE)] = (
        None
    )
    series_metadata_delay: Annotated[Duration | None, Attribute("dcmSeriesMetadataDelay", _ARCHIVE)] = None
    verification_policy: Annotated[
        choices.Verification | None, Attribute("dcmStorageVerificationPolicy", _ARCHIVE)
    ] = None
    verification_update_status: Annotated[
        Flag | None, Attribute("dcmStorageVerificationUpdateLocationStatus", _ARCHIVE)
    ] = None
    verification_storages: Annotated[
        Asciis, Attribute("dcmStorageVerificationStorageID", _ARCHIVE, refers="storage")
    ] = ()
    verification_initial_delay: Annotated[
        CalendarSpan | None, Attribute("dcmStorageVerificationInitialDelay", _ARCHIVE)
    ] = None
    verify_on_retrieve: Annotated[Flag | None, Attribute("dcmStorageVerificationOnRetrieve", _ARCHIVE)] = None
    update_status_on_retrieve: Annotated[
        Flag | None, Attribute("dcmUpdateLocationStatusOnRetrieve", _ARCHIVE)
    ] = None
    user_identity: Annotated[
        choices.UserIdentity | None, Attribute("dcmUserIdentityNegotiation", _ARCHIVE)
    ] = None
    user_identity_role: Annotated[str | None, Attribute("dcmUserIdentityNegotiationRole", _ARCHIVE)] = None
    user_identity_client: Annotated[
        str | None,
        Attribute("dcmUserIdentityNegotiationKeycloakClientID", _ARCHIVE, refers="keycloak-client"),
    ] = None
    procedure_update_sender: Annotated[
        HL7Name | None, Attribute("hl7PSUSendingApplication", _ARCHIVE, refers="hl7-name")
    ] = None
    procedure_update_receivers: Annotated[
        tuple[HL7Name, ...], OneOrMany, Attribute("hl7PSUReceivingApplication", _ARCHIVE, refers="hl7-name")
    ] = ()
    procedure_update_delay: Annotated[Duration | None, Attribute("hl7PSUDelay", _ARCHIVE)] = None
    procedure_update_timeout: Annotated[Duration | None, Attribute("hl7PSUTimeout", _ARCHIVE)] = None
    procedure_update_on_timeout: Annotated[Flag | None, Attribute("hl7PSUOnTimeout", _ARCHIVE)] = None
    procedure_update_worklist: Annotated[Flag | None, Attribute("hl7PSUMWL", _ARCHIVE)] = None


class EntitySettings(OverridingSettings):
    """Where its objects go, and who may see and change them."""

    object_storages: Annotated[Asciis, Attribute("dcmObjectStorageID", _ARCHIVE, refers="storage")] = ()
    """Where it puts what it receives."""
    object_storage_count: Annotated[Positive, Attribute("dcmObjectStorageCount", _ARCHIVE)] = 1
    """Of these storages so many are filled at the same time."""
    metadata_storages: Annotated[Asciis, Attribute("dcmMetadataStorageID", _ARCHIVE, refers="storage")] = ()
    """Where it puts the metadata of each object, beside the object."""
    store_access_control: Annotated[Asciis, Attribute("dcmStoreAccessControlID", _ARCHIVE)] = ()
    """Access control ID that studies get which it receives."""
    access_control: Annotated[Asciis, Attribute("dcmAccessControlID", _ARCHIVE)] = ()
    """Access control IDs of the studies that it shows, beside those without one; absent, all."""
    accepted_move_destinations: Annotated[
        Titles, Attribute("dcmAcceptedMoveDestination", _ARCHIVE, refers="ae-title")
    ] = ()
    """Titles that C-MOVE may send to; absent, any."""
    accepted_user_roles: Annotated[Asciis, Attribute("dcmAcceptedUserRole", _ARCHIVE)] = ()
    """Roles of users whose web requests it takes; absent, any."""
