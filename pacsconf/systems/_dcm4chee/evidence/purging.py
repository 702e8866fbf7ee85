"""What an archive deletes by itself, in words; and its storages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pacsconf.core.resource import Fields, members
from pacsconf.systems._dcm4chee.entries.rejection import EXPIRED
from pacsconf.systems._dcm4chee.evidence.live import Live, setting

_LIMITS = (
    "deleter_thresholds",
    "deleter_thresholds_usable",
    "delete_studies_older_than",
    "delete_studies_received_before",
    "delete_studies_not_used_since",
)


def armed(archive: Live) -> Iterator[str]:
    """Each way in which it deletes, or rejects, what nobody asked it to."""
    own = archive.own
    if own is None:
        return
    yield from _expired(archive, own)
    every = setting(own, "purge_storage_interval")
    for name, storage in archive.of("storage"):
        if every and empties(storage):
            yield f"{archive.device.name}: storage {name} ({_lasts(storage)}) is emptied every {every}"
    yield from _exported(archive)


def _expired(archive: Live, own: Fields) -> Iterator[str]:
    interval, title = setting(own, "reject_expired_interval"), setting(own, "reject_expired_ae")
    at_once = setting(own, "reject_expired_studies") or setting(own, "reject_expired_series")
    notes = [fields for _, fields in archive.of("rejection-note") if fields.get("type") == EXPIRED]
    if not (interval and at_once and title and notes):
        return
    delay = notes[0].get("delete_rejected_delay")
    deletes = delay if setting(own, "delete_rejected_interval") else None
    then = f", and deletes them {deletes} later" if deletes else ""
    yield f"{archive.device.name}: rejects studies whose retention is over every {interval}{then}"


def _exported(archive: Live) -> Iterator[str]:
    deleting = {
        name
        for name, fields in archive.of("exporter")
        if fields.get("reject_after_export") or fields.get("delete_from_storage")
    }
    for name, rule in archive.of("export-rule"):
        for exporter in sorted(deleting & members(rule, "exporters")):
            yield f"{archive.device.name}: export rule {name} deletes what exporter {exporter} sent"


def empties(storage: Fields) -> bool:
    """Whether anything is ever deleted from a storage that nobody rejected."""
    limits = any(name in storage for name in _LIMITS)
    kept = _lasts(storage) == "PERMANENT" or storage.get("read_only") is True
    return not kept and (limits or storage.get("no_deletion_constraint") is True)


def _lasts(storage: Fields) -> str:
    return str(storage.get("duration", "PERMANENT"))


def storage(fields: Fields) -> dict[str, Any]:
    """A storage, as rules see it."""
    unlimited = empties(fields) and not any(name in fields for name in _LIMITS)
    return {
        "duration": _lasts(fields).lower(),
        "deletes": empties(fields),
        "only_copy": not (fields.get("export_storages") or fields.get("external_retrieve_aes")),
        "unbounded_cache": unlimited,
    }
