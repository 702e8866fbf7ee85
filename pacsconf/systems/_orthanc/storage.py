"""How full an Orthanc is, what it does when it is full, and whether that is as declared.

Orthanc 1.11.3 and later tell over REST (/system) how large they may grow and what happens then; of an older one the
copy of its configuration tells it. None of it can be changed over REST: /system takes neither PUT nor POST (405,
seen with 1.10.1), so that what differs is a finding with the lines to write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pacsconf.core.finding import Finding, Severity
from pacsconf.inventory.storage import MEGABYTE, NO_LIMIT, StorageConfig, StorageMode, size
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.systems._orthanc.options import SINCE

Source = Literal["server", "copy"]

_MODES: Mapping[str, StorageMode] = {"Reject": "reject", "Recycle": "recycle"}
_KEYS = ("MaximumStorageSize", "MaximumPatientCount", "MaximumStorageMode", "OverwriteInstances")
_DEFAULTS: Mapping[str, Any] = {
    "MaximumStorageSize": NO_LIMIT,
    "MaximumPatientCount": NO_LIMIT,
    "MaximumStorageMode": "Recycle",
    "OverwriteInstances": False,
}
"""Orthanc's own, for what its configuration does not say."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a storage may grow and what happens then; None where nobody tells. 0 is no limit."""

    megabytes: int | None = None
    patients: int | None = None
    mode: StorageMode | None = None
    overwrites: bool | None = None

    @property
    def limited(self) -> bool | None:
        """Whether there is a limit at all; None where that is not known."""
        if self.megabytes or self.patients:
            return True
        return None if None in (self.megabytes, self.patients) else False

    @property
    def armed(self) -> bool | None:
        """Whether studies of patients are deleted without anybody asking for it; None where that is not known."""
        if self.mode == "reject" or self.limited is False:
            return False
        return True if self.mode == "recycle" and self.limited else None


@dataclass(frozen=True, slots=True)
class Filling:
    """What a storage holds, as /statistics counts it."""

    bytes: int
    patients: int
    studies: int
    series: int
    instances: int

    def parts(self, limits: Limits) -> Iterator[tuple[str, float]]:
        """How full it is by each limit that it has: what is counted, and the part of it, where 1.0 is full."""
        if limits.megabytes:
            yield "size", self.bytes / (limits.megabytes * MEGABYTE)
        if limits.patients:
            yield "patients", self.patients / limits.patients


def limits(told: Mapping[str, Any], *, whole: bool) -> Limits:
    """The limits in what a server tells, or in a configuration (`whole`: what is missing is as Orthanc has it)."""
    found = {key: told.get(key, _DEFAULTS[key] if whole else None) for key in _KEYS}
    return Limits(
        _number(found["MaximumStorageSize"]),
        _number(found["MaximumPatientCount"]),
        _MODES.get(str(found["MaximumStorageMode"])),
        _switch(found["OverwriteInstances"]),
    )


def completed(told: Limits, copied: Limits | None) -> Limits:
    """What the server tells, and from a copy of its configuration what it does not."""
    if copied is None:
        return told
    return Limits(
        copied.megabytes if told.megabytes is None else told.megabytes,
        copied.patients if told.patients is None else told.patients,
        copied.mode if told.mode is None else told.mode,
        copied.overwrites if told.overwrites is None else told.overwrites,
    )


def by_version(found: Limits, told: Limits, version: tuple[int, ...]) -> Limits:
    """The same with what a server does when it is full: one that knows no MaximumStorageMode makes room, whatever
    its configuration says; `told` is what it tells itself."""
    knows_none = version and version < SINCE["MaximumStorageMode"] and told.mode is None
    return replace(found, mode="recycle") if knows_none and found.mode is not None else found


def filling(told: Any) -> Filling | None:
    """What /statistics answered; None where that is something else. Sizes are text there."""
    if not isinstance(told, dict):
        return None
    names = ("TotalDiskSize", "CountPatients", "CountStudies", "CountSeries", "CountInstances")
    numbers = [_number(told.get(name)) for name in names]
    if None in numbers:
        return None
    return Filling(*(number or 0 for number in numbers))


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63
    return value if fits else None


def _switch(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


# --- what is wrong with it ----------------------------------------------------------------------------------------


def findings(config: OrthancConfig, found: Limits, holds: Filling | None) -> Iterator[Finding]:
    """What differs from what is declared, what deletes by itself, and how full it is."""
    yield from _different(config, found)
    yield from _purges(config, found)
    yield from _overwrites(config, found)
    yield from _filling(config, found, holds)


def _different(config: OrthancConfig, found: Limits) -> Iterator[Finding]:
    declared = config.storage
    pairs = (
        ("maximum_size", declared.maximum_size, found.megabytes),
        ("maximum_patients", declared.maximum_patients, found.patients),
        ("mode", declared.mode, found.mode),
    )
    for key, wanted, there in pairs:
        if wanted is None or wanted == there:
            continue
        if there is None:
            yield _untold(config, key)
        else:
            yield _other(config, key, _words(key, wanted), _words(key, there))
    if declared.copies == "only" and declared.mode is None and found.armed is None:
        yield _untold(config, "mode")


def _words(key: str, value: int | str) -> str:
    if isinstance(value, str):
        return value
    return size(value) if key == "maximum_size" else str(value or "none")


def _other(config: OrthancConfig, key: str, wanted: str, there: str) -> Finding:
    return _finding(
        config,
        "ORTHANC-STORAGE",
        "warning",
        f"The storage of Orthanc {config.name} has {key} {there}, and {wanted} is declared",
        "REST cannot change it: it stands in Orthanc's configuration file alone.",
        f"Write into its configuration, and restart it: {lines(config.storage)}",
        key,
    )


def _untold(config: OrthancConfig, key: str) -> Finding:
    return _finding(
        config,
        "ORTHANC-STORAGE-UNKNOWN",
        "warning",
        f"Which {key} the storage of Orthanc {config.name} has is not known",
        "Orthanc tells it from version 1.11.3 on, the number of patients from a later one; and no copy of its "
        "configuration does.",
        "Name a copy of its configuration under settings_file.",
        key,
        unknown=True,
    )


def lines(declared: StorageConfig) -> str:
    """The lines of Orthanc's configuration that make its storage as declared."""
    wanted = {
        "MaximumStorageSize": declared.maximum_size,
        "MaximumPatientCount": declared.maximum_patients,
        "MaximumStorageMode": declared.mode.capitalize() if declared.mode else None,
    }
    said = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in wanted.items() if value is not None)
    return ", ".join(said)


def _purges(config: OrthancConfig, found: Limits) -> Iterator[Finding]:
    """Recycle together with a limit deletes by itself; what is declared so of a cache is meant so."""
    declared = config.storage
    if not found.armed or (declared.copies == "cache" and declared.mode == "recycle"):
        return
    worst: Severity = "error" if declared.copies == "only" else "warning"
    at = " or ".join(in_words(found))
    yield _finding(
        config,
        "ORTHANC-PURGE-ARMED",
        worst,
        f"Orthanc {config.name} deletes studies by itself once it holds {at}",
        "It then deletes the patient whose images came first, with all studies, until there is room. Only "
        "protected patients are spared."
        + (" It is declared to hold the only copies." if declared.copies == "only" else ""),
        'Write into its configuration, and restart it: "MaximumStorageMode": "Reject"; or, without a limit: '
        '"MaximumStorageSize": 0, "MaximumPatientCount": 0. Where it is a cache, declare storage: '
        "{copies: cache, mode: recycle}.",
    )


def in_words(found: Limits) -> Iterator[str]:
    """Each limit that a storage has."""
    if found.megabytes:
        yield size(found.megabytes)
    if found.patients:
        yield f"{found.patients} patients"


def _overwrites(config: OrthancConfig, found: Limits) -> Iterator[Finding]:
    if found.overwrites:
        yield _finding(
            config,
            "ORTHANC-OVERWRITES",
            "warning",
            f"Orthanc {config.name} replaces an image by another one that comes with the same UID",
            "A second, worse or altered copy takes the place of the first, and nothing tells of it.",
            'Write into its configuration, and restart it: "OverwriteInstances": false',
        )


def _filling(config: OrthancConfig, found: Limits, holds: Filling | None) -> Iterator[Finding]:
    if holds is None:
        return
    for what, part in holds.parts(found):
        if part * 100 < config.storage.warn_at:
            continue
        most = size(found.megabytes or 0) if what == "size" else f"{found.patients} patients"
        yield _finding(
            config,
            "ORTHANC-FULL",
            "warning",
            f"Orthanc {config.name} is {int(part * 100)}% full: it may hold {most}",
            "When it is full, it "
            + ("refuses new images (0xA700)." if found.mode == "reject" else "deletes the oldest patients."),
            "Give it more room and raise the maximum, or move studies elsewhere. When it will be full: pacsconf "
            f"storage. A warning is given from {config.storage.warn_at}% (storage.warn_at).",
            "warn_at",
        )


def _finding(
    config: OrthancConfig,
    rule: str,
    severity: Severity,
    summary: str,
    detail: str,
    fix: str,
    key: str = "",
    *,
    unknown: bool = False,
) -> Finding:
    return Finding(
        rule,
        severity,
        summary,
        detail,
        fix,
        path=("systems", config.name, "storage", *([key] if key else [])),
        evidence="configured",
        verdict="unknown" if unknown else "fail",
    )
