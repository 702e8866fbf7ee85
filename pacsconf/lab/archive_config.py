"""What a dcm4chee archive could not load of its own device: enough of its rules to practise a refused reload.

One bad value keeps the archive from loading its whole device, and slapd takes most of them: it knows neither ports
nor enumerations nor periods. The rules are those that its documentation states; it has more.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_PORTS = range(65536)
_UPDATES = "PRESERVE SUPPLEMENT MERGE OVERWRITE REPLACE"
_HASHED = "PLAIN_TEXT HASH_NAME HASH_NAME_AND_ID"
_STEPS = "SCHEDULED ARRIVED READY STARTED DEPARTED CANCELED DISCONTINUED COMPLETED"

_WORDS = {
    "dicomTransferRole": "SCU SCP",
    "dcmProtocol": "DICOM HL7 HL7_MLLP2 SYSLOG_TLS SYSLOG_UDP HTTP",
    "dcmStorageDuration": "PERMANENT CACHE TEMPORARY",
    "dcmInstanceAvailability": "ONLINE NEARLINE OFFLINE UNAVAILABLE",
    "dcmOverwritePolicy": "NEVER ALWAYS SAME_SOURCE SAME_SERIES SAME_SOURCE_AND_SERIES EVEN_WITH_EQUAL_DIGEST",
    "dcmAllowDeleteStudyPermanently": "REJECTED ALWAYS",
    "dcmAllowDeletePatient": "NEVER ALWAYS WITHOUT_STUDIES",
    "dcmAllowRejectionForDataRetentionPolicyExpired": "NEVER ALWAYS EXPIRED_UNSET ONLY_EXPIRED",
    "dcmShowPatientInfoInSystemLog": _HASHED,
    "dcmShowPatientInfoInAuditLog": _HASHED,
    "dcmUserIdentityNegotiation": "NOT_SUPPORTED SUPPORTS REQUIRED",
    "dcmRejectionNoteType": "REJECTED_FOR_QUALITY_REASONS REJECTED_FOR_PATIENT_SAFETY_REASONS"
    " INCORRECT_MODALITY_WORKLIST_ENTRY DATA_RETENTION_POLICY_EXPIRED REVOKE_REJECTION",
    "dcmAcceptPreviousRejectedInstance": "REJECT RESTORE IGNORE",
    "dcmAcceptMissingPatientID": "YES NO CREATE",
    "dcmAcceptConflictingPatientID": "YES NO MERGED",
    "dcmAttributeUpdatePolicy": _UPDATES,
    "dcmCopyMoveUpdatePolicy": _UPDATES,
    "dcmLinkMWLEntryUpdatePolicy": _UPDATES,
    "dcmSpanningCFindSCPPolicy": "SUPPLEMENT MERGE REPLACE",
    "dcmExportReoccurredInstances": "NEVER ALWAYS REPLACE",
    "dcmKeycloakGrantType": "client_credentials password",
    "dcmSPSStatus": _STEPS,
    "dcmMWLStatusOnIdle": _STEPS,
}
"""Attributes whose values are one of a few words, whose case counts."""

_PERIOD = r"P(?=\d)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?"
_DURATION = r"P(?=.)(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"
_SIZE = r"\d+(?:MB|GB|MiB|GiB)"
_TIMES = r"(?:\*|\d{1,2}(?:-\d{1,2})?(?:,\d{1,2}(?:-\d{1,2})?)*)"
_SCHEDULE = rf"(?:hour={_TIMES}(?: dayOfWeek={_TIMES})?|dayOfWeek={_TIMES})"
_BY_SCHEDULE = rf"(?:\d*\[{_SCHEDULE}\])?"


@dataclass(frozen=True, slots=True)
class _Form:
    """How the values of some attributes are written: those by name, and those whose names end like this."""

    called: str
    pattern: re.Pattern[str]
    names: frozenset[str]
    endings: tuple[str, ...] = ()

    def of(self, attribute: str) -> bool:
        return attribute in self.names or bool(self.endings and attribute.endswith(self.endings))


def _form(called: str, pattern: str, names: str, endings: str = "") -> _Form:
    return _Form(called, re.compile(pattern), frozenset(names.split()), tuple(endings.split()))


_FORMS = (
    _form("a period (P10Y, P6M, P2W, P30D)", _PERIOD, "dcmRetentionPeriod dcmMaxRetentionPeriod"),
    _form(
        "a duration (PT5M, P1D)",
        _DURATION,
        "dcmDuration dcmDeleteRejectedInstanceDelay dcmDeleteRejectionNoteDelay dcmAcceptRejectionBeforeStorage"
        " dcmAECacheStaleTimeout dcmRetryDelay dcmMaxRetryDelay dcmCompressionDelay dcmChangeAccessControlIDDelay"
        " dcmMaxAccessTimeStaleness dcmSendPendingCMoveInterval dcmPurgeQueueMessageCompletedDelay"
        " dcmPurgeQueueMessageFailedDelay dcmPurgeQueueMessageWarningDelay dcmPurgeQueueMessageCanceledDelay",
        "PollingInterval",
    ),
    _form("a schedule (hour=18-6 dayOfWeek=1-5)", _SCHEDULE, "dcmSchedule", "Schedule"),
    _form("a size (500GB, 200MiB)", _SIZE, "dcmStorageThreshold"),
    _form("a size, with a schedule before it or not", _BY_SCHEDULE + _SIZE, "dcmDeleterThreshold"),
    _form(
        "a period, with a schedule before it or not",
        _BY_SCHEDULE + _PERIOD,
        "dcmDeleteStudiesOlderThan dcmDeleteStudiesReceivedBefore dcmDeleteStudiesNotUsedSince",
    ),
    _form(
        'a code ((113001, DCM, "Meaning"))',
        r'\([^,]+, *[^,]+, *".*"\)',
        "dcmRejectionNoteCode dcmOverwritePreviousRejection dcmShowInstancesRejectedByCode"
        " dcmHideRejectionNoteWithCode",
    ),
    _form("an attribute tag (8 hexadecimal digits)", "[0-9A-Fa-f]{8}", "dcmTag dcmNullifyTag"),
)

_REFERENCES = ("dicomNetworkConnectionReference", "dcmAuditRecordRepositoryDeviceReference")
_SPACED = re.compile(r"\s*([,+=])\s*")

Entry = Mapping[str, Sequence[str]]
"""The values of an entry by attribute, and its name under `dn`."""


def entries(ldif: str) -> Iterator[Entry]:
    """What `ldapsearch -LLL -o ldif-wrap=no` printed; bytes that are no text are replaced."""
    for record in ldif.split("\n\n"):
        entry: dict[str, list[str]] = {}
        for line in record.splitlines():
            name, _, rest = line.partition(":")
            encoded = rest.startswith(":")
            value = base64.b64decode(rest[1:]).decode(errors="replace") if encoded else rest.removeprefix(" ")
            entry.setdefault(name.partition(";")[0], []).append(value)
        if "dn" in entry:
            yield entry


def wrong(device: Sequence[Entry], known: frozenset[str]) -> str | None:
    """The first thing that keeps an archive from loading these entries of its device; None when nothing does.

    `known` are the names of all entries that a reference may lead to, as `name` gives them.
    """
    for entry in device:
        for attribute, values in entry.items():
            for value in values:
                said = _wrong(attribute, value, known)
                if said:
                    return f"{said}, in {entry['dn'][0]}"
    return None


def name(dn: str) -> str:
    """A DN for comparison: without case and without spaces around its separators."""
    return _SPACED.sub(r"\1", dn).strip().casefold()


def _wrong(attribute: str, value: str, known: frozenset[str]) -> str | None:
    if attribute == "dicomPort":
        return None if int(value) in _PORTS else f"port out of range: {value}"
    if attribute in _REFERENCES:
        return None if name(value) in known else f"{attribute} leads to no entry: {value}"
    words = _WORDS.get(attribute)
    if words is not None:
        return None if value in words.split() else f'no constant "{value}" of {attribute}'
    form = next((each for each in _FORMS if each.of(attribute)), None)
    if form is None or form.pattern.fullmatch(value):
        return None
    return f'{attribute} is not {form.called}: "{value}"'
