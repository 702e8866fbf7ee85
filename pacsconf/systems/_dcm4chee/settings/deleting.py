"""What an archive deletes by itself, and how often: settings of its device and of its AE titles.

Retention takes all of: a policy that fits; `reject_expired_interval`, `reject_expired_studies` and
`reject_expired_ae`; a rejection note of type DATA_RETENTION_POLICY_EXPIRED with a delay; and
`delete_rejected_interval`. Source: RejectExpiredStudiesScheduler, DeleteRejectedInstancesScheduler,
PurgeStorageScheduler of dcm4chee-arc-light 5.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pacsconf.core.resource import Fields
from pacsconf.inventory.values import AETitle, Count, Flag
from pacsconf.systems._dcm4chee.spelling import sooner
from pacsconf.systems._dcm4chee.spelling.formats import Duration, Schedules
from pacsconf.systems.directory_extension import Attribute, Beside, Part

_ARCHIVE = "dcmArchiveDevice"
_ARCHIVE_AE = "dcmArchiveNetworkAE"

DeleteStudy = Literal["REJECTED", "ALWAYS"]
DeletePatient = Literal["NEVER", "WITHOUT_STUDIES", "ALWAYS"]
RejectExpired = Literal["NEVER", "ONLY_EXPIRED", "EXPIRED_UNSET", "ALWAYS"]
_STUDY: tuple[DeleteStudy, ...] = ("REJECTED", "ALWAYS")
_PATIENT: tuple[DeletePatient, ...] = ("NEVER", "WITHOUT_STUDIES", "ALWAYS")
_EXPIRED: tuple[RejectExpired, ...] = ("NEVER", "ONLY_EXPIRED", "EXPIRED_UNSET", "ALWAYS")


class DeviceDeleting(Part):
    """Of an archive device. An interval that is absent is never."""

    reject_expired_interval: Annotated[
        Duration | None, Attribute("dcmRejectExpiredStudiesPollingInterval", _ARCHIVE)
    ] = None
    """How often studies are looked for whose retention period is over."""
    reject_expired_schedule: Annotated[Schedules, Attribute("dcmRejectExpiredStudiesSchedule", _ARCHIVE)] = ()
    """When that is done; absent, at any time."""
    reject_expired_studies: Annotated[Count, Attribute("dcmRejectExpiredStudiesFetchSize", _ARCHIVE)] = 0
    """How many of them at once; 0 is none at all."""
    reject_expired_series: Annotated[Count, Attribute("dcmRejectExpiredSeriesFetchSize", _ARCHIVE)] = 0
    """How many series at once, of policies for single series; 0 is none at all."""
    reject_expired_ae: Annotated[AETitle | None, Attribute("dcmRejectExpiredStudiesAETitle", _ARCHIVE)] = None
    """The archive's title that rejects them; absent, none is rejected."""
    rejection_note_storage_ae: Annotated[
        AETitle | None, Attribute("dcmRejectionNoteStorageAET", _ARCHIVE)
    ] = None
    """The title where rejection notes are stored that the archive makes itself."""
    delete_rejected_interval: Annotated[
        Duration | None, Attribute("dcmDeleteRejectedPollingInterval", _ARCHIVE)
    ] = None
    """How often rejected objects are deleted whose note's delay is over."""
    delete_rejected_fetch_size: Annotated[Count, Attribute("dcmDeleteRejectedFetchSize", _ARCHIVE)] = 100
    """How many at once."""
    purge_storage_interval: Annotated[
        Duration | None, Attribute("dcmPurgeStoragePollingInterval", _ARCHIVE)
    ] = None
    """How often storages are emptied, and files deleted that are to be."""
    purge_storage_fetch_size: Annotated[Count, Attribute("dcmPurgeStorageFetchSize", _ARCHIVE)] = 100
    """How many files at once."""
    delete_study_batch_size: Annotated[Count, Attribute("dcmDeleteStudyBatchSize", _ARCHIVE)] = 10
    """How many studies are taken from a storage that is to be emptied, before it is measured again."""
    delete_study_chunk_size: Annotated[Count, Attribute("dcmDeleteStudyChunkSize", _ARCHIVE)] = 100
    """How many objects of a study are deleted in one step."""
    preserve_study_interval: Annotated[Duration | None, Attribute("dcmPreserveStudyInterval", _ARCHIVE)] = (
        None
    )
    """Studies that somebody used within it stay in a cache."""
    least_recently_used_first: Annotated[
        Flag, Attribute("dcmDeleteStudyLeastRecentlyAccessedFirst", _ARCHIVE)
    ] = True
    """Which are taken from a cache first; else those that came first."""
    delete_patient_with_last_study: Annotated[
        Flag, Attribute("dcmDeletePatientOnDeleteLastStudy", _ARCHIVE)
    ] = False
    """The patient goes with the last study."""
    allow_delete_study: Annotated[DeleteStudy, Attribute("dcmAllowDeleteStudyPermanently", _ARCHIVE)] = (
        "REJECTED"
    )
    """What people may delete for good."""
    allow_delete_patient: Annotated[DeletePatient, Attribute("dcmAllowDeletePatient", _ARCHIVE)] = (
        "WITHOUT_STUDIES"
    )
    """Which patients people may delete."""
    allow_reject_expired: Annotated[
        RejectExpired, Attribute("dcmAllowRejectionForDataRetentionPolicyExpired", _ARCHIVE)
    ] = "EXPIRED_UNSET"
    """What people may reject as expired: what is, or also what has no day on which it will be."""

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """Whatever arms one of the three ways to delete, or speeds it up, or lets people do more."""
        told = super().purge_note(before, after)
        if after is None:
            return told
        was = before or {}
        return sooner.together(
            told, *_expiry(was, after), *_removal(was, after), *_allowed(was, after, _DEFAULTS)
        )


class EntityDeleting(Part):
    """Of an archive's AE title, in place of what its device has."""

    allow_delete_study: Annotated[
        DeleteStudy | None, Attribute("dcmAllowDeleteStudyPermanently", _ARCHIVE_AE)
    ] = None
    """What people may delete for good through it."""
    allow_delete_patient: Annotated[DeletePatient | None, Attribute("dcmAllowDeletePatient", _ARCHIVE_AE)] = (
        None
    )
    """Which patients people may delete through it."""
    allow_reject_expired: Annotated[
        RejectExpired | None, Attribute("dcmAllowRejectionForDataRetentionPolicyExpired", _ARCHIVE_AE)
    ] = None
    """What people may reject as expired through it."""

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """That people may delete more through it."""
        told = super().purge_note(before, after)
        return told if after is None else sooner.together(told, *_allowed(before or {}, after, {}))

    @classmethod
    def purge_beside(cls, before: Fields | None, after: Fields | None, beside: Beside) -> str | None:
        """That it begins to store where studies are deleted again that need not be anywhere else."""
        if after is None:
            return None
        begun = sooner.members(after, "object_storages") - sooner.members(before or {}, "object_storages")
        emptied = [(name, _emptied(beside("storage", name))) for name in sorted(begun)]
        return sooner.together(
            *(f"what it stores is deleted again: {name} is {lasts}" for name, lasts in emptied if lasts)
        )


def _emptied(storage: Fields) -> str:
    """How long objects last in a storage, where they need be nowhere else to be deleted; empty: they stay."""
    lasts = sooner.text(storage, "duration", "PERMANENT")
    elsewhere = storage.get("export_storages") or storage.get("external_retrieve_aes")
    return "" if lasts == "PERMANENT" or (lasts == "CACHE" and elsewhere) else lasts


def _expiry(was: Fields, now: Fields) -> list[str | None]:
    size = "expired studies are rejected at once:"
    return [
        sooner.delay(was, now, "reject_expired_interval", "expired studies are rejected every"),
        sooner.schedule(was, now, "reject_expired_schedule", "expired studies are rejected at"),
        sooner.more(was, now, "reject_expired_studies", size),
        sooner.more(was, now, "reject_expired_series", "expired series are rejected at once:"),
        sooner.differs(was, now, "reject_expired_ae", "expired studies are rejected by"),
    ]


def _removal(was: Fields, now: Fields) -> list[str | None]:
    order = "other studies are the first to be deleted from a cache: least recently used first"
    patients = "a patient is deleted with the last study"
    turned = (was.get("least_recently_used_first", True), now.get("least_recently_used_first", True))
    return [
        sooner.delay(was, now, "delete_rejected_interval", "rejected objects are deleted every"),
        sooner.more(was, now, "delete_rejected_fetch_size", "rejected objects are deleted at once:", 100),
        sooner.delay(was, now, "purge_storage_interval", "storages are emptied every"),
        sooner.more(was, now, "purge_storage_fetch_size", "files are deleted at once:", 100),
        sooner.more(was, now, "delete_study_batch_size", "studies are deleted at once:", 10),
        sooner.more(was, now, "delete_study_chunk_size", "objects are deleted at once:", 100),
        sooner.spared(
            was, now, "preserve_study_interval", "studies stay in a cache after their last use for"
        ),
        f"{order} {str(turned[1]).lower()}" if turned[0] != turned[1] else None,
        sooner.on(was, now, "delete_patient_with_last_study", patients),
    ]


_DEFAULTS = {
    "allow_delete_study": "REJECTED",
    "allow_delete_patient": "WITHOUT_STUDIES",
    "allow_reject_expired": "EXPIRED_UNSET",
}


def _allowed(was: Fields, now: Fields, defaults: dict[str, str]) -> list[str | None]:
    return [
        sooner.raised(was, now, name, order, what, defaults.get(name))
        for name, order, what in (
            ("allow_delete_study", _STUDY, "studies that may be deleted for good:"),
            ("allow_delete_patient", _PATIENT, "patients that may be deleted:"),
            ("allow_reject_expired", _EXPIRED, "studies that may be rejected as expired:"),
        )
    ]
