"""Enumerations that the archive knows, as it spells them: one that it does not know keeps a device from loading."""

from __future__ import annotations

from typing import Literal

StoreType = Literal["JKS", "PKCS12"]
TLSProtocol = Literal["TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3", "SSLv2Hello"]

OverwritePolicy = Literal[
    "NEVER", "ALWAYS", "SAME_SOURCE", "SAME_SERIES", "SAME_SOURCE_AND_SERIES", "EVEN_WITH_EQUAL_DIGEST"
]
MismatchPolicy = Literal["IGNORE", "OVERWRITE", "STORE_ADDITIONALLY"]
MissingPatientID = Literal["CREATE", "YES", "NO"]
ConflictingPatientID = Literal["MERGED", "YES", "NO"]
UserIdentity = Literal["SUPPORTS", "NOT_SUPPORTED", "REQUIRED"]
SpanningPolicy = Literal["REPLACE", "MERGE", "SUPPLEMENT"]
UpdatePolicy = Literal["PRESERVE", "SUPPLEMENT", "MERGE", "OVERWRITE", "REPLACE"]
AttributeUpdate = Literal["SUPPLEMENT", "MERGE", "OVERWRITE"]
Verification = Literal[
    "OBJECT_CHECKSUM", "OBJECT_FETCH", "OBJECT_SIZE", "OBJECT_EXISTS", "DB_RECORD_EXISTS", "S3_MD5SUM"
]
RetrieveRestriction = Literal["CONFIGURATION", "YES", "NO"]
PatientInfo = Literal["PLAIN_TEXT", "HASH_NAME", "HASH_NAME_AND_ID"]
NoticeTrigger = Literal[
    "STUDY_RECEIVED", "MPPS_RECEIVED", "REJECTION_NOTE_RECEIVED", "FIRST_OBJECT_OF_STUDY_RECEIVED"
]
StepStatus = Literal[
    "SCHEDULED", "ARRIVED", "READY", "STARTED", "DEPARTED", "CANCELED", "DISCONTINUED", "COMPLETED"
]
ReportAction = Literal["IMPORT_REPORT", "MWL_COMPLETED"]
MissingStudyUID = Literal["GENERATE", "REJECT", "ACCESSION_BASED"]
ProtocolCode = Literal["OBR_4_4", "OBR_4_1"]
Entity = Literal["Patient", "Study", "Series", "Instance", "MPPS", "MWL", "UPS"]
GrantType = Literal["client_credentials", "password"]
