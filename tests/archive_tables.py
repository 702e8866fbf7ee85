"""What stands in the tree of a dcm4chee archive, as tables: the spellings are the archive's, the values made up.

Rows are `(name, *values)`; `archive_tree` makes entries of them.
"""

from __future__ import annotations

PRIVATE_CLASSES = {
    "Private Agfa Basic Attribute Presentation State": "1.2.124.113532.3500.7",
    "Private Agfa Arrival Transaction": "1.2.124.113532.3500.8.1",
    "Private Agfa Dictation Transaction": "1.2.124.113532.3500.8.2",
    "Private Agfa Report Transcription Transaction": "1.2.124.113532.3500.8.3",
    "Private Agfa Report Approval Transaction": "1.2.124.113532.3500.8.4",
    "Private TomTec Annotation Storage": "1.2.276.0.48.5.1.4.1.1.7",
    "Private Toshiba US Image Storage": "1.2.392.200036.9116.7.8.1.1.1",
    "Private Fuji CR Image Storage": "1.2.392.200036.9125.1.1.2",
    "Private ERAD Practice Builder Report Text Storage": "1.2.826.0.1.3680043.293.1.0.1",
    "Private ERAD Practice Builder Report Dictation Storage": "1.2.826.0.1.3680043.293.1.0.2",
    "Private Philips HP Live 3D 01 Storage": "1.2.840.113543.6.6.1.3.10001",
    "Private Philips HP Live 3D 02 Storage": "1.2.840.113543.6.6.1.3.10002",
    "Private GE 3D Model Storage": "1.2.840.113619.4.26",
    "Private GE Dicom CT Image Info Object": "1.2.840.113619.4.3",
    "Private GE Dicom Display Image Info Object": "1.2.840.113619.4.4",
    "Private GE Dicom MR Image Info Object": "1.2.840.113619.4.2",
    "Private GE eNTEGRA Protocol or NM Genie Storage": "1.2.840.113619.4.27",
    "Private GE PET Raw Data Storage": "1.2.840.113619.4.30",
    "Private GE RT Plan Storage": "1.2.840.113619.4.5.249",
    "Private Siemens CSA Non Image Storage": "1.3.12.2.1107.5.9.1",
    "Private Siemens CT MR Volume Storage": "1.3.12.2.1107.5.99.3.10",
    "Private Siemens AX Frame Sets Storage": "1.3.12.2.1107.5.99.3.11",
    "Private Philips Specialised XA Storage": "1.3.46.670589.2.3.1.1",
    "Private Philips CX Image Storage": "1.3.46.670589.2.4.1.1",
    "Private Philips 3D Presentation State Storage": "1.3.46.670589.2.5.1.1",
    "Private Philips VRML Storage": "1.3.46.670589.2.8.1.1",
    "Private Philips Volume Set Storage": "1.3.46.670589.2.11.1.1",
    "Private Philips Volume Storage": "1.3.46.670589.5.0.1.1",
    "Private Philips 3D Object Storage": "1.3.46.670589.5.0.2.1",
    "Private Philips Surface Storage": "1.3.46.670589.5.0.3.1",
    "Private Philips Composite Object Storage": "1.3.46.670589.5.0.4",
    "Private Philips MR Cardio Profile Storage": "1.3.46.670589.5.0.7",
    "Private Philips MR Cardio Storage": "1.3.46.670589.5.0.8.1",
    "Private Philips CT Synthetic Image Storage": "1.3.46.670589.5.0.9",
    "Private Philips MR Synthetic Image Storage": "1.3.46.670589.5.0.10",
    "Private Philips Perfusion Storage": "1.3.46.670589.5.0.13",
    "Private Philips X-Ray MF Storage": "1.3.46.670589.7.8.1618510091",
    "Private Philips Live Run Storage": "1.3.46.670589.7.8.1618510092",
    "Private Philips Run Storage": "1.3.46.670589.7.8.16185100129",
    "Private Philips Reconstruction Storage": "1.3.46.670589.7.8.16185100130",
    "Private Philips MR Spectrum Storage": "1.3.46.670589.11.0.0.12.1",
    "Private Philips MR Series Data Storage": "1.3.46.670589.11.0.0.12.2",
    "Private Philips MR Color Image Storage": "1.3.46.670589.11.0.0.12.3",
    "Private Philips MR Examcard Storage": "1.3.46.670589.11.0.0.12.4",
    "Private PixelMed Legacy Converted Enhanced CT Image Storage": "1.3.6.1.4.1.5962.301.1",
    "Private PixelMed Legacy Converted Enhanced MR Image Storage": "1.3.6.1.4.1.5962.301.2",
    "Private PMOD Multi-frame Image Storage": "2.16.840.1.114033.5.1.4.1.1.130",
}
"""Vendors' own SOP classes that archives take."""

PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
IMAGE = (
    *PLAIN,
    *(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 70, 57, 80, 81, 90, 91)),
    "1.2.840.10008.1.2.5",
)
VIDEO = (*PLAIN, *(f"1.2.840.10008.1.2.4.{n}" for n in (100, 101, 102, 103, 104, 105, 106)))
DEFLATED = (*PLAIN, "1.2.840.10008.1.2.1.99")

QUERIES = {
    "Patient Root Query Retrieve Information Model - FIND": "1.2.840.10008.5.1.4.1.2.1.1",
    "Study Root Query Retrieve Information Model - FIND": "1.2.840.10008.5.1.4.1.2.2.1",
    "Patient Study Only Query Retrieve Information Model - FIND (Retired)": "1.2.840.10008.5.1.4.1.2.3.1",
}
RETRIEVES = {
    "Patient Root Query Retrieve Information Model - MOVE": "1.2.840.10008.5.1.4.1.2.1.2",
    "Patient Root Query Retrieve Information Model - GET": "1.2.840.10008.5.1.4.1.2.1.3",
    "Study Root Query Retrieve Information Model - MOVE": "1.2.840.10008.5.1.4.1.2.2.2",
    "Study Root Query Retrieve Information Model - GET": "1.2.840.10008.5.1.4.1.2.2.3",
    "Patient Study Only Query Retrieve Information Model - MOVE (Retired)": "1.2.840.10008.5.1.4.1.2.3.2",
    "Patient Study Only Query Retrieve Information Model - GET (Retired)": "1.2.840.10008.5.1.4.1.2.3.3",
}
WORKLIST = "1.2.840.10008.5.1.4.31"
MPPS = "1.2.840.10008.3.1.2.3.3"
UPS = {
    f"Unified Procedure Step - {kind} SOP Class": f"1.2.840.10008.5.1.4.34.6.{n}"
    for n, kind in enumerate(("Push", "Watch", "Pull", "Event", "Query"), 1)
}
OTHERS = {
    "Storage Commitment Push Model SOP Class": "1.2.840.10008.1.20.1",
    "Instance Availability Notification SOP Class": "1.2.840.10008.5.1.4.33",
    "Hanging Protocol Information Model - FIND": "1.2.840.10008.5.1.4.38.2",
    "Hanging Protocol Information Model - MOVE": "1.2.840.10008.5.1.4.38.3",
}

ENTITIES = {
    "DCM4CHEE": ("hideRejected", "Hides what was rejected for quality"),
    "IOCM_REGULAR_USE": ("regularUse", "Shows what was rejected for quality"),
    "IOCM_QUALITY": ("rejectedForQualityReasons", "Only what was rejected for quality"),
    "IOCM_PAT_SAFETY": ("rejectedForPatientSafetyReasons", "Only what was rejected for safety"),
    "IOCM_WRONG_MWL": ("incorrectModalityWorklistEntry", "Only what has a wrong worklist entry"),
    "IOCM_EXPIRED": ("dataRetentionPolicyExpired", "Only what has expired"),
    "AS_RECEIVED": ("regularUse", "Gives objects as they came"),
    "WORKLIST": ("hideRejected", "Worklists"),
}
QUALITY = '(113001, DCM, "Rejected for Quality Reasons")'
SAFETY = '(113037, DCM, "Rejected for Patient Safety Reasons")'
WRONG = '(113038, DCM, "Incorrect Modality Worklist Entry")'
EXPIRED = '(113039, DCM, "Data Retention Policy Expired")'
REVOKED = '(REVOKE_REJECTION, 99DCM4CHEE, "Restore rejected Instances")'
VIEWS = {
    "regularUse": {"dcmShowInstancesRejectedByCode": QUALITY},
    "hideRejected": {"dcmHideRejectionNoteWithCode": EXPIRED},
    "rejectedForQualityReasons": {
        "dcmShowInstancesRejectedByCode": QUALITY,
        "dcmHideNotRejectedInstances": "TRUE",
    },
    "rejectedForPatientSafetyReasons": {
        "dcmShowInstancesRejectedByCode": SAFETY,
        "dcmHideNotRejectedInstances": "TRUE",
    },
    "incorrectModalityWorklistEntry": {
        "dcmShowInstancesRejectedByCode": WRONG,
        "dcmHideNotRejectedInstances": "TRUE",
    },
    "dataRetentionPolicyExpired": {
        "dcmShowInstancesRejectedByCode": EXPIRED,
        "dcmHideNotRejectedInstances": "TRUE",
    },
}
NOTES = {
    "Quality": {
        "dcmRejectionNoteType": "REJECTED_FOR_QUALITY_REASONS",
        "dcmRejectionNoteCode": QUALITY,
        "dcmAcceptPreviousRejectedInstance": "IGNORE",
    },
    "Patient Safety": {
        "dcmRejectionNoteType": "REJECTED_FOR_PATIENT_SAFETY_REASONS",
        "dcmRejectionNoteCode": SAFETY,
        "dcmOverwritePreviousRejection": QUALITY,
    },
    "Incorrect MWL Entry": {
        "dcmRejectionNoteType": "INCORRECT_MODALITY_WORKLIST_ENTRY",
        "dcmRejectionNoteCode": WRONG,
        "dcmOverwritePreviousRejection": [QUALITY, SAFETY],
    },
    "Retention Expired": {
        "dcmRejectionNoteType": "DATA_RETENTION_POLICY_EXPIRED",
        "dcmRejectionNoteCode": EXPIRED,
        "dcmAcceptPreviousRejectedInstance": "RESTORE",
        "dcmOverwritePreviousRejection": [QUALITY, SAFETY, WRONG],
        "dcmDeleteRejectedInstanceDelay": "P1D",
        "dcmDeleteRejectionNoteDelay": "P1D",
    },
    "Revoke Rejection": {
        "dcmRejectionNoteType": "REVOKE_REJECTION",
        "dcmRejectionNoteCode": REVOKED,
        "dcmOverwritePreviousRejection": [QUALITY, SAFETY, WRONG, EXPIRED],
    },
}
QUEUES = {
    "Export": "Export Tasks",
    "IANSCU": "IAN Tasks",
    "HL7Send": "HL7 Forward Tasks",
    "MPPSSCU": "MPPS Forward Tasks",
    "RSClient": "RESTful Forward Tasks",
    "Retrieve": "Dicom Retrieve Tasks",
    "DiffTasks": "Diff Tasks",
    "Rejection": "Rejection Tasks",
    "StgCmtSCP": "Storage Commitment SCP Tasks",
    "StgCmtSCU": "Storage Commitment SCU Tasks",
    "StgVerTasks": "Storage Verification Tasks",
    "Nearline Storage Export": "Export to the nearline storage",
}
STORAGES = {
    "fs1": {
        "dcmURI": "${jboss.server.data.url}/fs1/",
        "dcmDigestAlgorithm": "MD5",
        "dcmProperty": [
            "pathFormat={now,date,yyyy/MM/dd}/{0020000D,hash}/{0020000E,hash}/{00080018,hash}",
            "checkMountFile=NO_MOUNT",
        ],
    },
    "cache": {
        "dcmURI": "file:///storage/cache/",
        "dcmStorageDuration": "CACHE",
        "dcmStorageThreshold": "10GB",
        "dcmDeleterThreshold": ["1[hour=18-6]500GB", "2[hour=* dayOfWeek=*]200GB"],
        "dcmDeleteStudiesOlderThan": "1[dayOfWeek=0]P2Y",
        "dcmExportStorageID": "nearline",
        "dcmStoragePathFormat": "{now,date,yyyy/MM/dd}/{0020000D,hash}",
    },
    "nearline": {
        "dcmURI": "jclouds:s3:https://s3.hospital.example/",
        "dcmInstanceAvailability": "NEARLINE",
        "dcmReadOnly": "FALSE",
        "dcmRetrieveCacheStorageID": "cache",
        "dcmProperty": ["container=archive", "region=eu-central-1"],
    },
}
RULES: dict[tuple[str, str], dict[str, str | list[str]]] = {
    ("dcmStudyRetentionPolicy", "Adults"): {"dcmRetentionPeriod": "P10Y", "dcmRulePriority": "10"},
    ("dcmStudyRetentionPolicy", "Mammography"): {
        "dcmRetentionPeriod": "P30Y",
        "dcmRulePriority": "20",
        "dcmProperty": ["Modality=MG", "InstitutionalDepartmentName!=RESEARCH"],
        "dcmStartRetentionPeriodOnStudyDate": "TRUE",
    },
    ("dcmStudyRetentionPolicy", "Test objects"): {
        "dcmRetentionPeriod": "P2W",
        "dcmRulePriority": "30",
        "dcmProperty": "PatientName=ZZTEST\\^.*",
        "dcmExpireSeriesIndividually": "TRUE",
    },
    ("hl7StudyRetentionPolicy", "Deceased"): {
        "dicomAETitle": "DCM4CHEE",
        "dcmMaxRetentionPeriod": "P10Y",
        "dcmProperty": "MSH-9=ADT\\^A08",
    },
    ("dcmExportRule", "Forward CT to AI"): {
        "dcmEntity": "Series",
        "dcmExporterID": "STORESCP",
        "dcmProperty": ["Modality=CT", "SendingApplicationEntityTitle=CT_.*"],
        "dcmDuration": "PT1M",
        "dcmSchedule": ["hour=7-19 dayOfWeek=1-5", "hour=8-12 dayOfWeek=0,6"],
    },
    ("dcmExportRule", "Sizes"): {"dcmEntity": "Study", "dcmExporterID": ["StudySizeExporter", "nearline"]},
    ("dcmExportPriorsRule", "Priors"): {
        "dcmExporterID": "STORESCP",
        "dcmEntitySelector": "priors=2&StudyAge=-5Y",
        "dcmDuration": "P1D",
    },
    ("dcmArchiveCompressionRule", "JPEG 2000 Lossless"): {
        "dicomTransferSyntax": "1.2.840.10008.1.2.4.90",
        "dcmProperty": ["PhotometricInterpretation=MONOCHROME1|MONOCHROME2", "BitsStored=8|10|12|16"],
        "dcmCompressionDelay": "P30D",
    },
    ("dcmArchiveCompressionRule", "JPEG Lossless"): {
        "dicomTransferSyntax": "1.2.840.10008.1.2.4.70",
        "dcmRulePriority": "1",
        "dcmImageWriteParam": "maxPixelValueError=1",
    },
    ("dcmArchiveAttributeCoercion2", "Supplement issuer"): {
        "dcmDIMSE": "C_STORE_RQ",
        "dicomTransferRole": "SCU",
        "dcmURI": "sup-from-dev:",
        "dcmRulePriority": "2",
        "dcmSOPClass": ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"],
        "dcmMergeAttribute": "IssuerOfPatientID=HOSPITAL",
        "dcmCoercionParam": "tz=Europe/Berlin",
    },
    ("dcmArchiveAttributeCoercion", "Nullify"): {
        "dcmDIMSE": "C_STORE_RQ",
        "dicomTransferRole": "SCP",
        "dcmNullifyTag": ["00081050", "00081070"],
        "dcmTrimISO2022CharacterSet": "TRUE",
    },
    ("dcmStoreAccessControlIDRule", "Staff"): {
        "dcmStoreAccessControlID": "STAFF",
        "dcmRulePriority": "5",
        "dcmProperty": "RequestingService=STAFF",
    },
    ("dcmChangeAccessControlIDRule", "Open after a week"): {
        "dicomAETitle": "DCM4CHEE",
        "dcmChangeAccessControlIDDelay": "P7D",
        "dcmStoreAccessControlID": "OPEN",
        "dcmAccessControlID": "NEW",
    },
    ("hl7ForwardRule", "Orders to the RIS"): {
        "hl7FwdApplicationName": ["RIS|HOSPITAL", "RIS-TEST|HOSPITAL"],
        "dcmProperty": "MSH-9=ORM\\^O01|OMI\\^O23",
    },
    ("hl7ExportRule", "Results out"): {"dcmExporterID": "STORESCP", "dcmEntitySelector": "priors=1"},
    ("hl7PrefetchRule", "Prefetch"): {
        "dcmQueueName": "Retrieve",
        "dicomAETitle": "DCM4CHEE",
        "dcmPrefetchCFindSCP": "OLD_PACS",
        "dcmPrefetchCMoveSCP": "OLD_PACS",
        "dcmPrefetchCStoreSCP": "DCM4CHEE",
    },
    ("dcmRSForwardRule", "Patients to the second archive"): {
        "dcmWebAppName": "stowrsd",
        "dcmRSOperation": ["CreatePatient", "UpdatePatient"],
        "dcmURIPattern": "!.*/test/.*",
    },
    ("dcmMPPSForwardRule", "MPPS to the RIS"): {"dcmFwdMppsDestination": "RIS_MPPS"},
    ("dcmMWLIdleTimeout", "Idle"): {
        "dicomAETitle": "WORKLIST",
        "dcmMWLStatusOnIdle": "CANCELED",
        "dcmDuration": "P3D",
    },
}
"""Entries below the archive device that are named by `cn`."""

NAMED: dict[tuple[str, str, str], dict[str, str | list[str]]] = {
    ("dcmIDGenerator", "dcmIDGeneratorName", name): {"dcmIDGeneratorFormat": f"{prefix}-%08d"}
    for name, prefix in (
        ("PatientID", "P"),
        ("AccessionNumber", "A"),
        ("RequestedProcedureID", "RP"),
        ("ScheduledProcedureStepID", "SPS"),
    )
}
NAMED |= {
    ("dcmMetrics", "dcmMetricsName", name): {"dicomDescription": text, "dcmUnit": unit}
    for name, text, unit in (
        ("write-to-fs1", "Rate of writing to fs1", "MB/s"),
        ("read-from-fs1", "Rate of reading from fs1", "MB/s"),
        ("delete-from-fs1", "Time to delete an object on fs1", "ms"),
        ("db-update-on-store", "Time to update the database", "ms"),
    )
}
NAMED |= {
    ("dcmExporter", "dcmExporterID", "STORESCP"): {
        "dcmURI": "dicom:STORESCP",
        "dcmQueueName": "Export",
        "dicomAETitle": "DCM4CHEE",
        "dcmStgCmtSCP": "STORESCP",
    },
    ("dcmExporter", "dcmExporterID", "StudySizeExporter"): {
        "dcmURI": "calculate-study-size:dummy",
        "dcmQueueName": "Export",
        "dicomDescription": "Calculates the size of studies",
    },
    ("dcmExporter", "dcmExporterID", "nearline"): {
        "dcmURI": "storage:nearline",
        "dcmQueueName": "Nearline Storage Export",
        "dcmSchedule": "hour=20-5",
        "dcmDeleteStudyFromStorageID": "cache",
    },
    ("dcmUPSProcessingRule", "dcmUPSProcessingRuleID", "DICOM_EXPORT"): {
        "dcmURI": "storescu:STORESCP",
        "dicomAETitle": "DCM4CHEE",
        "dcmUPSScheduledWorkitemCode": '(DICOM_EXPORT, 99DCM4CHEE, "Export by DICOM Storage")',
    },
    ("dcmUPSOnStore", "dcmUPSOnStoreID", "read"): {
        "dcmUPSLabel": "Read {StudyDescription}",
        "dcmEntity": "Study",
    },
    ("dcmMWLImport", "dcmMWLImportID", "ris"): {"dicomAETitle": "WORKLIST", "dcmMergeMWLSCP": "RIS_MWL"},
    ("dcmPDQService", "dcmPDQServiceID", "pdq"): {"dcmURI": "pdq-hl7:PACS|HOSPITAL:MPI|HOSPITAL"},
    ("dcmBulkDataDescriptor", "dcmBulkDataDescriptorID", "default"): {
        "dcmBulkDataVRLengthThreshold": "DS,FD,FL,IS,LT,OB,OD,OF,OL,OW,UC,UN,UR,UT=1024"
    },
    ("dcmKeycloakClient", "dcmKeycloakClientID", "dcm4chee-arc-rs"): {
        "dcmURI": "https://keycloak.hospital.example:8843",
        "dcmKeycloakRealm": "dcm4che",
    },
}
"""Entries below the archive device that are named by another attribute: class, attribute, name."""

STATUSES = {
    "SCHEDULED": ["NW_SC", "NW_IP", "XO_SC"],
    "CANCELED": ["CA_CA"],
    "DISCONTINUED": ["DC_CA"],
    "COMPLETED": ["XO_CM", "SC_CM", "SC_A"],
}
FILTERS = {
    "Patient": "PatientName PatientID IssuerOfPatientID PatientBirthDate PatientSex PatientComments",
    "Study": "StudyDate StudyTime AccessionNumber StudyDescription StudyInstanceUID StudyID ReferringPhysicianName",
    "Series": "Modality Manufacturer InstitutionName StationName SeriesDescription SeriesInstanceUID SeriesNumber",
    "Instance": "ImageType SOPClassUID SOPInstanceUID ContentDate InstanceNumber Rows Columns BitsAllocated",
    "MPPS": "Modality StudyID PerformedStationAETitle PerformedProcedureStepStatus",
    "MWL": "AccessionNumber StudyInstanceUID RequestedProcedureID ScheduledProcedureStepSequence",
    "UPS": "ProcedureStepState WorklistLabel ProcedureStepLabel ScheduledWorkitemCodeSequence",
}
UPDATES = {"Patient": "SUPPLEMENT", "Study": "MERGE", "Series": "MERGE"}
SETS = {
    ("all", "DIFF_RS"): ("Patient and study", "Patient Study"),
    ("accno", "DIFF_RS"): ("Request", "MWL"),
    ("study", "DIFF_RS"): ("Study", "Study"),
    ("patient", "DIFF_RS"): ("Patient", "Patient"),
    ("study", "QIDO_RS"): ("Studies for a list", "Study"),
    ("*", "LEADING_CFIND_SCP"): ("Default", "Patient Study"),
    ("AttributeFilters", "WADO_RS"): ("What is in the database", "Patient Study Series Instance"),
}
"""Attribute sets, named by both of id and type."""

CODECS = {
    "1.2.840.10008.1.2.5": ("rle", "org.dcm4che3.imageio.plugins.rle.RLEImageReader"),
    **{
        f"1.2.840.10008.1.2.4.{n}": ("jpeg-cv", "org.dcm4che3.opencv.NativeImageReader")
        for n in (50, 51, 53, 55, 57, 70)
    },
    **{f"1.2.840.10008.1.2.4.{n}": ("jpeg-ls-cv", "org.dcm4che3.opencv.NativeImageReader") for n in (80, 81)},
    **{
        f"1.2.840.10008.1.2.4.{n}": ("jpeg2000-cv", "org.dcm4che3.opencv.NativeImageReader")
        for n in (90, 91, 92, 93)
    },
}
PERMISSIONS = {
    "Menu - Navigation": "menu-study",
    "Menu - Monitoring": "menu-monitoring",
    "Menu - Configuration": "menu-configuration",
    "Tab - Study - Patient": "tab-study-patient",
    "Tab - Config Control": "tab-monitoring->control",
    "Action - Studies - Open Viewer": "action-studies-viewer",
    "Action - Studies - Series(1)": "action-studies-serie",
}
MESSAGES = (
    *(f"ADT^A{n:02}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 28, 31, 38, 40, 47)),
    "ORM^O01",
    "OMI^O23",
    "OMG^O19",
    "ORU^R01",
    "SIU^S12",
)
