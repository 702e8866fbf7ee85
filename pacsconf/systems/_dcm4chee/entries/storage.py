"""Where the archive keeps objects, and what it deletes there (dcmStorage)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pacsconf.core.resource import Fields, Risk
from pacsconf.inventory.values import Count, Flag, Texts, Titles
from pacsconf.systems._dcm4chee.spelling import sooner
from pacsconf.systems._dcm4chee.spelling.formats import Duration, Properties, Size, Sizes, Spans
from pacsconf.systems.directory_extension import Attribute, Child

Availability = Literal["ONLINE", "NEARLINE", "OFFLINE"]
Lasting = Literal["PERMANENT", "CACHE", "TEMPORARY"]
DELETES_LEAST: tuple[Lasting, ...] = ("PERMANENT", "CACHE", "TEMPORARY")


class Storage(Child):
    """A place that holds objects.

    Objects are deleted from a `CACHE`, and whole studies with one that is `TEMPORARY`; from a `PERMANENT` place
    only what was rejected. The device's `purge_storage_interval` says how often that is done.
    """

    kind: ClassVar[str] = "storage"
    object_class: ClassVar[str] = "dcmStorage"
    naming: ClassVar[str] = "dcmStorageID"
    exact: ClassVar[bool] = True

    uri: Annotated[str, Field(min_length=1), Attribute("dcmURI")]
    """`file:///storage/fs1/`, `${jboss.server.data.url}/fs1/`, or of a cloud."""
    path_format: Annotated[str | None, Attribute("dcmStoragePathFormat")] = None
    """How files are named below it; absent, by day of arrival and hashes of UIDs."""
    digest: Annotated[Literal["MD5", "SHA-1", "SHA-256"] | None, Attribute("dcmDigestAlgorithm")] = None
    """Check sums that are made of what is stored."""
    availability: Annotated[Availability, Attribute("dcmInstanceAvailability")] = "ONLINE"
    """How fast objects can be had from it (0008,0056)."""
    duration: Annotated[Lasting, Attribute("dcmStorageDuration")] = "PERMANENT"
    """A cache and a temporary place are emptied."""
    read_only: Annotated[Flag, Attribute("dcmReadOnly")] = False
    """Nothing is written to it, and nothing deleted from it."""
    cluster: Annotated[str | None, Attribute("dcmStorageClusterID")] = None
    """Storages among which objects of one study may be spread."""
    threshold: Annotated[Size | None, Attribute("dcmStorageThreshold")] = None
    """With less free space than this it receives nothing any more; nothing is deleted by it."""
    threshold_exceeds_permanently: Annotated[Flag, Attribute("dcmStorageThresholdExceedsPermanently")] = True
    """Below the threshold the archive takes it out of the AE titles that store there, in its configuration."""
    deleter_thresholds: Annotated[Sizes, Attribute("dcmDeleterThreshold")] = ()
    """With less free space than this, studies are deleted from it."""
    deleter_thresholds_usable: Annotated[Sizes, Attribute("dcmDeleterThresholdMaxUsableSpace")] = ()
    """How much of it may be used before studies are deleted from it."""
    deleter_threads: Annotated[Count, Attribute("dcmDeleterThreads")] = 1
    """How many delete from it at once."""
    delete_studies_older_than: Annotated[Spans, Attribute("dcmDeleteStudiesOlderThan")] = ()
    """By study date."""
    delete_studies_received_before: Annotated[Spans, Attribute("dcmDeleteStudiesReceivedBefore")] = ()
    """By the day of receipt."""
    delete_studies_not_used_since: Annotated[Spans, Attribute("dcmDeleteStudiesNotUsedSince")] = ()
    """By the last access."""
    export_storages: Annotated[Texts, Attribute("dcmExportStorageID", refers="storage")] = ()
    """Only what is stored there as well is deleted here."""
    single_export_storage: Annotated[Flag, Attribute("dcmSingleExportStorageByStudy")] = False
    """All of a study must be on one of them."""
    external_retrieve_aes: Annotated[Titles, Attribute("dcmExternalRetrieveAET")] = ()
    """Only what can be retrieved from one of these is deleted here."""
    external_availability: Annotated[
        Availability | None, Attribute("dcmExternalRetrieveInstanceAvailability")
    ] = None
    """And is as available there as this."""
    no_deletion_constraint: Annotated[Flag, Attribute("dcmNoDeletionConstraint")] = False
    """Deletes everything where no threshold and no period is given."""
    retrieve_aes: Annotated[Titles, Attribute("dcmRetrieveAET")] = ()
    """Titles that answers to queries name for what is here."""
    cache: Annotated[str | None, Attribute("dcmRetrieveCacheStorageID", refers="storage")] = None
    """Where objects are copied to while they are retrieved."""
    cache_parallel: Annotated[Count, Attribute("dcmRetrieveCacheMaxParallel")] = 10
    """How many at once."""
    check_mount_file: Annotated[str | None, Attribute("dcmCheckMountFilePath")] = None
    """A file that is there only while nothing is mounted: then nothing is written."""
    check_exist_file: Annotated[str | None, Attribute("dcmCheckExistFilePath")] = None
    """A file that is there only while it is mounted: else nothing is written."""
    max_retries: Annotated[Count, Attribute("dcmMaxRetries")] = 0
    """Of writing to it."""
    retry_delay: Annotated[Duration | None, Attribute("dcmRetryDelay")] = None
    """Between retries."""
    properties: Annotated[Properties, Attribute("dcmProperty")] = ()
    """Options of its kind, such as the login's name in a cloud."""

    @property
    def empties(self) -> bool:
        """Whether anything is ever deleted from it that nobody rejected."""
        limits = self.deleter_thresholds + self.deleter_thresholds_usable + self.periods
        return (
            self.duration != "PERMANENT"
            and not self.read_only
            and bool(limits or self.no_deletion_constraint)
        )

    @property
    def periods(self) -> tuple[str, ...]:
        """After which studies are deleted."""
        found = self.delete_studies_older_than + self.delete_studies_received_before
        return found + self.delete_studies_not_used_since

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Another place, or none, and what is stored in the one that was is not found."""
        moved = before is not None and (after is None or after.get("uri") != before.get("uri"))
        return "data-loss" if moved else super().risk(before, after)

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """Whatever makes it a place that is emptied, or empties it sooner or with less care."""
        if after is None:
            return None
        if before is None:
            lasts = after.get("duration", "PERMANENT")
            return None if lasts == "PERMANENT" else f"what is stored there is deleted again: it is {lasts}"
        return sooner.together(
            sooner.raised(before, after, "duration", DELETES_LEAST, "it is", "PERMANENT"),
            *_limits(before, after),
            *_constraints(before, after),
            sooner.more(before, after, "deleter_threads", "as many delete at once:", 1),
        )


_AGES = {
    "delete_studies_older_than": "studies are deleted that are older than",
    "delete_studies_received_before": "studies are deleted that were received before",
    "delete_studies_not_used_since": "studies are deleted that nobody used for",
}


def _limits(before: Fields, after: Fields) -> list[str | None]:
    free, used = "deleter_thresholds", "deleter_thresholds_usable"
    return [
        sooner.limits(before, after, free, "studies are deleted below a free space of", longer=False),
        sooner.changed(before, after, used, "studies are deleted by a usable space of")
        if used in after
        else None,
        *(sooner.limits(before, after, name, what, longer=True) for name, what in _AGES.items()),
        _unlimited(before, after),
    ]


def _unlimited(before: Fields, after: Fields) -> str | None:
    """Everything is deleted from a cache that may be emptied, and has no limit that says how far."""

    def is_so(fields: Fields) -> bool:
        named = any(name in fields for name in ("deleter_thresholds", "deleter_thresholds_usable", *_AGES))
        return fields.get("no_deletion_constraint") is True and not named

    told = "no_deletion_constraint: everything is deleted where no threshold and no period stands"
    if is_so(after) and not is_so(before):
        return told
    return sooner.on(before, after, "no_deletion_constraint", told)


def _constraints(before: Fields, after: Fields) -> list[str | None]:
    spread = "a study may be deleted that is spread over other storages"
    writable = "it is no longer read only, so that what is to be deleted there is deleted"
    return [
        sooner.loosened(before, after, "export_storages", "deleted may be what is also on"),
        sooner.loosened(before, after, "external_retrieve_aes", "deleted may be what can be retrieved from"),
        sooner.loosened(before, after, "external_availability", "deleted may be what is elsewhere"),
        sooner.off(before, after, "single_export_storage", spread),
        sooner.off(before, after, "read_only", writable),
        sooner.loosened(before, after, "cluster", "studies are deleted with those of the cluster"),
    ]
