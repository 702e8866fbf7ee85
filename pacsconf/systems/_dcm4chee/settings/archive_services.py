"""What an archive keeps of its device (dcmArchiveDevice): how it receives, answers and forwards.

Entities may say otherwise for themselves, see `archive_entity`. A default is given where the archive's own program
has one; what has none is absent unless it is set.
"""

from __future__ import annotations

from typing import Annotated

from pacsconf.inventory.values import CharacterSet, Count, Flag, OneOrMany, Titles
from pacsconf.systems._dcm4chee.spelling import choices
from pacsconf.systems._dcm4chee.spelling.formats import Duration
from pacsconf.systems._dcm4chee.spelling.values import (
    Ascii,
    Milliseconds,
    Positive,
    Retries,
    SOPClasses,
    Tags,
    Title,
)
from pacsconf.systems.directory_extension import Attribute, Part

_ARCHIVE = "dcmArchiveDevice"
TEMPORARY = "${jboss.server.temp.dir}"


class ReceivingSettings(Part):
    """How it takes objects."""

    overwrite_policy: Annotated[choices.OverwritePolicy, Attribute("dcmOverwritePolicy", _ARCHIVE)] = "NEVER"
    """Whether an object that comes again replaces the one that is there."""
    relational_mismatch_policy: Annotated[
        choices.MismatchPolicy | None, Attribute("dcmRelationalMismatchPolicy", _ARCHIVE)
    ] = None
    """What becomes of an object that is there already in another study or series."""
    accept_missing_patient_id: Annotated[
        choices.MissingPatientID, Attribute("dcmAcceptMissingPatientID", _ARCHIVE)
    ] = "CREATE"
    """Objects without Patient ID: taken, refused, or given one."""
    accept_conflicting_patient_id: Annotated[
        choices.ConflictingPatientID, Attribute("dcmAcceptConflictingPatientID", _ARCHIVE)
    ] = "MERGED"
    """Objects of a study whose Patient ID differs from that of earlier ones: taken, refused, or if merged."""
    reject_conflicting_attributes: Annotated[
        Tags, Attribute("dcmRejectConflictingPatientAttribute", _ARCHIVE)
    ] = ()
    """Tags of the patient that must equal those of earlier objects."""
    validate_calling_host: Annotated[Flag, Attribute("dcmValidateCallingAEHostname", _ARCHIVE)] = False
    """A caller must come from the host that is configured for its title."""
    validate_uids: Annotated[Flag, Attribute("dcmValidateUID", _ARCHIVE)] = True
    """UIDs in objects must be well formed."""
    default_character_set: Annotated[CharacterSet | None, Attribute("dcmDefaultCharacterSet", _ARCHIVE)] = (
        None
    )
    """Of objects that name none."""
    retrieve_ae_titles: Annotated[Titles, Attribute("dcmRetrieveAET", _ARCHIVE, refers="ae-title")] = ()
    """Titles that are kept with objects as where to retrieve them; absent, the one that was called."""
    bulk_data_spool: Annotated[str, Attribute("dcmBulkDataSpoolDirectory", _ARCHIVE)] = TEMPORARY
    """Directory for bulk data under way."""
    stow_spool: Annotated[str, Attribute("dcmStowSpoolDirectory", _ARCHIVE)] = TEMPORARY
    """Directory for what STOW-RS receives."""
    stow_retired_transfer_syntax: Annotated[Flag, Attribute("dcmStowRetiredTransferSyntax", _ARCHIVE)] = False
    """Progressive JPEG is stored under its retired transfer syntax."""
    stow_exclude_app_markers: Annotated[Flag, Attribute("dcmStowExcludeAPPMarkers", _ARCHIVE)] = False
    """Application markers of JPEG are left out."""
    store_permission_url: Annotated[Ascii | None, Attribute("dcmStorePermissionServiceURL", _ARCHIVE)] = None
    """Service that is asked whether a study may be stored; `{0020000D}` stands for the value of that tag."""
    store_permission_response: Annotated[
        str | None, Attribute("dcmStorePermissionServiceResponse", _ARCHIVE)
    ] = None
    """Answer to take as if the service had given it, where no URL is set."""
    store_permission_pattern: Annotated[
        Ascii | None, Attribute("dcmStorePermissionServiceResponsePattern", _ARCHIVE)
    ] = None
    """Regular expression of answers that permit; absent, every success does."""
    store_permission_cache_timeout: Annotated[
        Duration | None, Attribute("dcmStorePermissionCacheStaleTimeout", _ARCHIVE)
    ] = None
    """How long an answer is used again; absent, until others displace it."""
    store_permission_cache_size: Annotated[Positive, Attribute("dcmStorePermissionCacheSize", _ARCHIVE)] = 10
    """Answers that are kept."""
    store_max_retries: Annotated[Count, Attribute("dcmStoreUpdateDBMaxRetries", _ARCHIVE)] = 1
    """Further attempts to update the database."""
    store_min_retry_delay: Annotated[Milliseconds, Attribute("dcmStoreUpdateDBMinRetryDelay", _ARCHIVE)] = 500
    """Shortest wait between them, in ms."""
    store_max_retry_delay: Annotated[Milliseconds, Attribute("dcmStoreUpdateDBMaxRetryDelay", _ARCHIVE)] = (
        1000
    )
    """Longest wait between them, in ms."""
    copy_move_update_policy: Annotated[
        choices.UpdatePolicy, Attribute("dcmCopyMoveUpdatePolicy", _ARCHIVE)
    ] = "PRESERVE"
    """Attributes of a study when objects of another are copied or moved to it."""
    link_worklist_update_policy: Annotated[
        choices.UpdatePolicy, Attribute("dcmLinkMWLEntryUpdatePolicy", _ARCHIVE)
    ] = "PRESERVE"
    """Attributes of a study when it is linked to a worklist item."""
    calculate_query_attributes: Annotated[Flag | None, Attribute("dcmCalculateQueryAttributes", _ARCHIVE)] = (
        None
    )
    """Numbers of objects are counted when a study has come, and not when it is asked for."""
    record_attribute_modification: Annotated[
        Flag | None, Attribute("dcmRecordAttributeModification", _ARCHIVE)
    ] = None
    """What was changed is kept in Original Attributes Sequence."""


class QuerySettings(Part):
    """How it answers queries and retrieves."""

    query_view: Annotated[
        str | None, Attribute("dcmQueryRetrieveViewID", _ARCHIVE, refers="query-retrieve-view")
    ] = None
    """Which rejected objects are shown."""
    query_fetch_size: Annotated[Count, Attribute("dcmQueryFetchSize", _ARCHIVE)] = 100
    """Rows fetched from the database at once."""
    query_max_results: Annotated[Count, Attribute("dcmQueryMaxNumberOfResults", _ARCHIVE)] = 0
    """C-FIND with more matches is refused; 0 is without limit."""
    qido_max_results: Annotated[Count, Attribute("dcmQidoMaxNumberOfResults", _ARCHIVE)] = 0
    """Matches of QIDO-RS at most; 0 is without limit."""
    name_order_insensitive: Annotated[
        Flag, Attribute("dcmPersonNameComponentOrderInsensitiveMatching", _ARCHIVE)
    ] = False
    """Fuzzy matching does not mind which part of a name is which."""
    hide_worklist_status: Annotated[
        tuple[choices.StepStatus, ...], OneOrMany, Attribute("dcmHideSPSWithStatusFromMWL", _ARCHIVE)
    ] = ()
    """Worklist items of these states are not given."""
    relational_query_lenient: Annotated[Flag, Attribute("dcmRelationalQueryNegotiationLenient", _ARCHIVE)] = (
        False
    )
    """Relational queries are answered although they were not agreed on."""
    relational_retrieve_lenient: Annotated[
        Flag, Attribute("dcmRelationalRetrieveNegotiationLenient", _ARCHIVE)
    ] = False
    """The same for C-MOVE and C-GET."""
    restrict_retrieve: Annotated[
        choices.RetrieveRestriction,
        Attribute("dcmRestrictRetrieveAccordingTransferCapabilities", _ARCHIVE),
    ] = "CONFIGURATION"
    """Only what the destination can take is sent to it."""
    send_pending_c_get: Annotated[Flag, Attribute("dcmSendPendingCGet", _ARCHIVE)] = False
    """C-GET is answered with pending responses."""
    send_pending_c_move_interval: Annotated[
        Duration | None, Attribute("dcmSendPendingCMoveInterval", _ARCHIVE)
    ] = None
    """Between pending responses of C-MOVE; absent, none are sent."""
    return_retrieve_ae_titles: Annotated[
        Titles, Attribute("dcmReturnRetrieveAET", _ARCHIVE, refers="ae-title")
    ] = ()
    """Retrieve AE Titles that queries give; absent, those kept with the objects."""
    max_access_time_staleness: Annotated[
        Duration | None, Attribute("dcmMaxAccessTimeStaleness", _ARCHIVE)
    ] = None
    """How exactly the last access to a study is kept; absent, it is not."""
    peer_cache_timeout: Annotated[Duration | None, Attribute("dcmAECacheStaleTimeout", _ARCHIVE)] = None
    """How long what LDAP says of peers is used; absent, until a reload."""
    c_find_cache_timeout: Annotated[
        Duration | None, Attribute("dcmLeadingCFindSCPQueryCacheStaleTimeout", _ARCHIVE)
    ] = None
    """How long answers of a leading C-FIND SCP are used."""
    c_find_cache_size: Annotated[Positive, Attribute("dcmLeadingCFindSCPQueryCacheSize", _ARCHIVE)] = 10
    """Answers of it that are kept."""
    spanning_c_find_scp: Annotated[
        Title | None, Attribute("dcmSpanningCFindSCP", _ARCHIVE, refers="ae-title")
    ] = None
    """Title of another archive that queries are passed on to."""
    spanning_policy: Annotated[choices.SpanningPolicy, Attribute("dcmSpanningCFindSCPPolicy", _ARCHIVE)] = (
        "REPLACE"
    )
    """How its answers and our own are put together."""
    spanning_retrieve_ae_titles: Annotated[
        Titles, Attribute("dcmSpanningCFindSCPRetrieveAET", _ARCHIVE, refers="ae-title")
    ] = ()
    """Retrieve AE Titles put into its answers."""
    fallback_c_move_scp: Annotated[
        Title | None, Attribute("dcmFallbackCMoveSCP", _ARCHIVE, refers="ae-title")
    ] = None
    """Title of another archive that is asked for what is not here."""
    fallback_c_move_destination: Annotated[
        Title | None, Attribute("dcmFallbackCMoveSCPDestination", _ARCHIVE, refers="ae-title")
    ] = None
    """Own title that receives it."""
    fallback_c_move_caller: Annotated[
        Title | None, Attribute("dcmFallbackCMoveSCPCallingAET", _ARCHIVE, refers="ae-title")
    ] = None
    """Title to call it with; absent, that of who asked."""
    fallback_c_find_scp: Annotated[
        Title | None, Attribute("dcmFallbackCMoveSCPLeadingCFindSCP", _ARCHIVE, refers="ae-title")
    ] = None
    """Title that is asked how many objects there should be."""
    fallback_retries: Annotated[Retries, Attribute("dcmFallbackCMoveSCPRetries", _ARCHIVE)] = 0
    """Further attempts to get them; -1 is for ever."""
    alternative_c_move_scp: Annotated[
        Title | None, Attribute("dcmAltCMoveSCP", _ARCHIVE, refers="ae-title")
    ] = None
    """Title that is asked for what is on no storage of this archive."""
    external_retrieve_destination: Annotated[
        Title | None, Attribute("dcmExternalRetrieveAEDestination", _ARCHIVE, refers="ae-title")
    ] = None
    """Own title that receives what others hold."""
    wado_sr_html_template: Annotated[str | None, Attribute("dcmWadoSR2HtmlTemplateURI", _ARCHIVE)] = None
    """Style sheet that makes HTML of structured reports."""
    wado_sr_text_template: Annotated[str | None, Attribute("dcmWadoSR2TextTemplateURI", _ARCHIVE)] = None
    """Style sheet that makes text of structured reports."""
    wado_cda_html_template: Annotated[str | None, Attribute("dcmWadoCDA2HtmlTemplateURI", _ARCHIVE)] = None
    """Style sheet named in CDA documents."""
    wado_thumbnail_viewport: Annotated[Ascii, Attribute("dcmWadoThumbnailViewport", _ARCHIVE)] = "64,64"
    """Width and height of thumbnails."""
    wado_zip_entry_name: Annotated[Ascii, Attribute("dcmWadoZIPEntryNameFormat", _ARCHIVE)] = (
        "DICOM/{0020000D,hash}/{0020000E,hash}/{00080018,hash}"
    )
    """Names of files in ZIP archives."""
    wado_sr_classes: Annotated[SOPClasses, Attribute("dcmWadoSupportedSRClasses", _ARCHIVE)] = ()
    """SOP classes that are rendered as reports, by name or UID."""
    wado_pr_classes: Annotated[SOPClasses, Attribute("dcmWadoSupportedPRClasses", _ARCHIVE)] = ()
    """SOP classes that are rendered as presentation states, by name or UID."""
    wado_spool: Annotated[str, Attribute("dcmWadoSpoolDirectory", _ARCHIVE)] = TEMPORARY
    """Directory for frames under way."""
    remap_retrieve_url: Annotated[Ascii | None, Attribute("dcmRemapRetrieveURL", _ARCHIVE)] = None
    """URL that stands in answers instead of the one that was called, `[host]` before it for that caller alone."""
    image_display_patient_url: Annotated[
        Ascii | None, Attribute("dcmInvokeImageDisplayPatientURL", _ARCHIVE)
    ] = None
    """Viewer for a patient; `{}` stands for the Patient ID."""
    image_display_study_url: Annotated[Ascii | None, Attribute("dcmInvokeImageDisplayStudyURL", _ARCHIVE)] = (
        None
    )
    """Viewer for a study; `{}` stands for its UID."""


class ForwardingSettings(Part):
    """What it passes on, and the notices it sends."""

    forward_mpps_to: Annotated[Titles, Attribute("dcmFwdMppsDestination", _ARCHIVE, refers="ae-title")] = ()
    """Titles that get every MPPS."""
    availability_notice_to: Annotated[
        Titles, Attribute("dcmIanDestination", _ARCHIVE, refers="ae-title")
    ] = ()
    """Titles that get instance availability notices (IAN)."""
    availability_notice_triggers: Annotated[
        tuple[choices.NoticeTrigger, ...], OneOrMany, Attribute("dcmIanTrigger", _ARCHIVE)
    ] = ()
    """What a notice is sent after."""
    availability_notice_delay: Annotated[Duration | None, Attribute("dcmIanDelay", _ARCHIVE)] = None
    """After the last object of a study; absent, notices follow MPPS."""
    availability_notice_timeout: Annotated[Duration | None, Attribute("dcmIanTimeout", _ARCHIVE)] = None
    """How long to wait for objects that an MPPS names; absent, for ever."""
    availability_notice_on_timeout: Annotated[Flag, Attribute("dcmIanOnTimeout", _ARCHIVE)] = False
    """Whether it is sent then."""
    availability_notice_interval: Annotated[
        Duration | None, Attribute("dcmIanTaskPollingInterval", _ARCHIVE)
    ] = None
    """How often notices are looked for; absent, none are sent."""
    availability_notice_fetch_size: Annotated[Positive, Attribute("dcmIanTaskFetchSize", _ARCHIVE)] = 100
    """Notices taken up at once."""
    export_interval: Annotated[Duration | None, Attribute("dcmExportTaskPollingInterval", _ARCHIVE)] = None
    """How often exports are looked for; absent, none run."""
    export_fetch_size: Annotated[Positive, Attribute("dcmExportTaskFetchSize", _ARCHIVE)] = 5
    """Exports taken up at once."""
    task_interval: Annotated[Duration | None, Attribute("dcmTaskPollingInterval", _ARCHIVE)] = None
    """How often tasks of queues are looked for."""
    queue_tasks_fetch_size: Annotated[Positive, Attribute("dcmQueueTasksFetchSize", _ARCHIVE)] = 100
    """Tasks rescheduled, cancelled or removed at once."""
    upload_chunk_size: Annotated[Positive, Attribute("dcmCSVUploadChunkSize", _ARCHIVE)] = 100
    """Lines of an uploaded list that are taken up at once."""
    diff_progress_interval: Annotated[
        Duration | None, Attribute("dcmDiffTaskProgressUpdateInterval", _ARCHIVE)
    ] = None
    """How often a comparison of archives tells how far it is."""
    change_requester: Annotated[
        Title | None, Attribute("dcmChangeRequesterAET", _ARCHIVE, refers="ae-title")
    ] = None
    """Title that is named as who asked for changes."""
    xds_source: Annotated[
        Title | None, Attribute("dcmXDSiImagingDocumentSourceAETitle", _ARCHIVE, refers="ae-title")
    ] = None
    """Own title that is the imaging document source of XDS-I."""
    ups_worklist_label: Annotated[str | None, Attribute("dcmUPSWorklistLabel", _ARCHIVE)] = None
    """Worklist label of unified procedure steps that name none; absent, the title that was called."""
    ups_event_scus: Annotated[Titles, Attribute("dcmUPSEventSCU", _ARCHIVE, refers="ae-title")] = ()
    """Titles that get events of unified procedure steps."""
    ups_event_keep_alive: Annotated[Milliseconds | None, Attribute("dcmUPSEventSCUKeepAlive", _ARCHIVE)] = (
        None
    )
    """How long such an association is held, in ms."""
