"""What of an archive's configuration does not fit together, where it stores, sends on and deletes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.model import Inventory
from pacsconf.systems._dcm4chee.entries.keeping import HL7RetentionPolicy, RetentionPolicy
from pacsconf.systems._dcm4chee.entries.storage import Storage
from pacsconf.systems._dcm4chee.retention.policies import DECLARED
from pacsconf.systems._dcm4chee.rules import chain, names, telling
from pacsconf.systems._dcm4chee.rules.archives import Archive, archives
from pacsconf.systems._dcm4chee.spelling import formats
from pacsconf.systems.directory_extension import Holder, Placed, within

Policy = RetentionPolicy | HL7RetentionPolicy
Standing = tuple[Path, Policy]


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Of every archive."""
    for archive in archives(inventory):
        yield from names.findings(archive)
        yield from telling.findings(archive, inventory)
        yield from _declared(archive)
        yield from _ties(archive)
        yield from chain.findings(archive)
        yield from _storages(archive)
        yield from _exporters(archive)
        yield from _schedules(archive)


# --- policies -----------------------------------------------------------------------------------------------


def _declared(archive: Archive) -> Iterator[Finding]:
    """Policies by hand beside those that are made of rules, or no rule to make them of."""
    if archive.part.retention != DECLARED:
        return
    by_hand = [
        *archive.own_policies(),
        *(one for title in archive.entities for one in archive.policies_of(title)),
    ]
    for path, _ in by_hand:
        if path[0] != "retention":
            yield Finding(
                "ARC-RETAIN-002",
                "error",
                f'Retention policy "{path[-1]}" of {archive.device.name} stands beside those made of rules',
                "The archive takes the first that fits, so that studies could be kept shorter than the rules say.",
                "Write it as a rule of `retention`, or take out `retention: declared`.",
                path=path,
            )
    if not archive.origins:
        yield Finding(
            "ARC-RETAIN-003",
            "warning",
            f"Device {archive.device.name} takes its retention from rules, of which none is approved",
            "No policy is written, and studies have no end there.",
            "Approve the rules: `approval: {by: ..., on: ...}`.",
            path=(*archive.path, "retention"),
        )


def _ties(archive: Archive) -> Iterator[Finding]:
    """Policies of one priority, of which several can fit the same series."""
    own = list(archive.own_policies())
    yield from _tied(archive, own)
    for title in archive.entities:
        pooled = list(archive.policies_of(title))
        yield from _tied(archive, [*pooled, *own], among=len(pooled))
    messages = [
        ((*archive.path, "hl7_retention_policies", name), one)
        for name, one in archive.part.hl7_retention_policies.items()
    ]
    yield from _tied(archive, messages)


def _tied(archive: Archive, policies: Sequence[Standing], among: int | None = None) -> Iterator[Finding]:
    """Each two that tie; the first of them is one of the first `among`."""
    for (at, one), (other_at, other) in combinations(policies, 2):
        counted = among is None or (at, one) in policies[:among]
        if counted and one.priority == other.priority and _differ(one, other):
            yield Finding(
                "ARC-RETAIN-001",
                "error",
                f'Retention policies "{at[-1]}" and "{other_at[-1]}" of {archive.device.name} have the same'
                f" priority ({one.priority})",
                "Which of them counts where both fit is not defined: a study may be kept for the shorter time.",
                "Give the one that keeps longer the higher priority.",
                path=at,
            )


def _differ(one: Policy, other: Policy) -> bool:
    """Whether it matters which of two is taken, and one study can fit both."""
    ignored = {"conditions", "priority", "extra", "object_classes"}
    same = one.model_dump(exclude=ignored) == other.model_dump(exclude=ignored)
    return not same and not _apart(one.conditions, other.conditions)


_PLAIN = re.compile(r"[A-Za-z0-9_ ]+(\|[A-Za-z0-9_ ]+)*")


def _apart(conditions: Iterable[str], others: Iterable[str]) -> bool:
    """Whether no object fits both, as far as plain values tell: `Modality=CT|MR` and `Modality=US`."""
    first, second = _plain(conditions), _plain(others)
    return any(first[key].isdisjoint(second[key]) for key in first.keys() & second.keys())


def _plain(conditions: Iterable[str]) -> dict[str, set[str]]:
    """Plain values by attribute, of those of which an object has one."""
    found: dict[str, set[str]] = {}
    for condition in conditions:
        key, _, value = condition.partition("=")
        if key in _SINGLE and _PLAIN.fullmatch(value):
            found[key] = set(value.split("|"))
    return found


_SINGLE = frozenset(
    {
        "Modality",
        "InstitutionName",
        "InstitutionalDepartmentName",
        "SendingApplicationEntityTitle",
        "ReceivingApplicationEntityTitle",
        "SendingHostname",
        "ReceivingHostname",
        "MSH-9",
    }
)


# --- storages -----------------------------------------------------------------------------------------------


def _storages(archive: Archive) -> Iterator[Finding]:
    used = {name for part in archive.entities.values() for name in part.object_storages}
    for name, storage in archive.part.storages.items():
        path = (*archive.path, "storages", name)
        if storage.duration == "TEMPORARY":
            yield _temporary(archive, name, path)
        elif storage.duration == "CACHE" and not (storage.export_storages or storage.external_retrieve_aes):
            yield _only_copy(archive, name, storage, (*path, "duration"), stores=name in used)
        elif storage.duration == "PERMANENT" and (storage.deleter_thresholds or storage.periods):
            yield Finding(
                "ARC-STORE-003",
                "info",
                f'Storage "{name}" of {archive.device.name} says when studies are deleted, and is PERMANENT',
                "Nothing is deleted from a permanent storage, whatever thresholds say.",
                "Take the thresholds out, or say `duration: CACHE`.",
                path=path,
            )


def _temporary(archive: Archive, name: str, path: Path) -> Finding:
    return Finding(
        "ARC-STORE-001",
        "warning",
        f'Studies are deleted altogether with storage "{name}" of {archive.device.name}: it is TEMPORARY',
        "Not only the objects there go, but the study with all that the archive knows of it.",
        "Say `duration: CACHE` with `export_storages`, unless another archive has them for certain.",
        path=(*path, "duration"),
    )


def _only_copy(archive: Archive, name: str, storage: Storage, path: Path, *, stores: bool) -> Finding:
    """A cache whose objects need not be anywhere else."""
    limits = storage.empties and archive.part.purge_storage_interval is not None
    now = (
        f"They are deleted every {archive.part.purge_storage_interval} as it says."
        if limits
        else ("Nothing deletes them yet; a threshold, a period and purge_storage_interval would.")
    )
    what = "AE titles store there, and it" if stores else "It"
    return Finding(
        "ARC-STORE-001" if storage.empties else "ARC-STORE-002",
        "warning",
        f'Storage "{name}" of {archive.device.name} is a CACHE, and nothing says that its objects are elsewhere',
        f"{what} may hold the only copies. {now}",
        "Name where else they are: `export_storages` or `external_retrieve_aes`; or say `duration: PERMANENT`.",
        path=path,
    )


# --- exporters ----------------------------------------------------------------------------------------------


def _exporters(archive: Archive) -> Iterator[Finding]:
    """Those that name a queue or a storage which is not declared, where others of its kind are."""
    for name, one in archive.part.exporters.items():
        scheme, _, target = one.uri.partition(":")
        for kind, key, wanted, there in (
            ("queue", "queue", one.queue, archive.part.queues),
            ("storage", "uri", target if scheme == "storage" else "", archive.part.storages),
        ):
            if wanted and there and wanted not in there:
                yield Finding(
                    "ARC-EXPORT-001",
                    "warning",
                    f'Exporter "{name}" of {archive.device.name} names {kind} "{wanted}", which is not declared',
                    "If the archive has none of that name, nothing is exported.",
                    f"Declared: {', '.join(sorted(there))}.",
                    path=(*archive.path, "exporters", name, key),
                )


# --- schedules ----------------------------------------------------------------------------------------------


def _schedules(archive: Archive) -> Iterator[Finding]:
    """Times that never come, such as `hour=5-5`: a range does not hold its end."""
    device = archive.device
    parts = list(within(Placed(Holder(device, device, archive.path), archive.part, archive.path)))
    for title, entity in archive.entities.items():
        holder = Holder(device, device.ae_titles[title], archive.path_of(title), device.ae_titles[title])
        parts += within(Placed(holder, entity, archive.path_of(title)))
    for placed in parts:
        for key, texts in _texts(placed).items():
            never = [text for text in texts if _never(text)]
            if never and len(never) == len(texts):
                yield Finding(
                    "ARC-SCHEDULE-001",
                    "warning",
                    f"{', '.join(never)} never comes",
                    "A range of the archive's runs up to its end and does not hold it: hour=5-5 is no hour.",
                    "Write hour=5 for one hour, or hour=5-6.",
                    path=(*placed.path, key),
                )


def _texts(placed: Placed) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for key in type(placed.part).model_fields:
        value = getattr(placed.part, key)
        if isinstance(value, tuple):
            found[key] = tuple(one for one in value if isinstance(one, str))
    return found


def _never(text: str) -> bool:
    schedule = text[text.find("[") + 1 : text.find("]")] if "[" in text and "]" in text else text
    if not schedule.startswith(("hour=", "dayOfWeek=")):
        return False
    try:
        return formats.times(schedule).never
    except ValueError:
        return False
