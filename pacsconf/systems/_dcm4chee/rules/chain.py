"""Whether an archive deletes by itself what its retention policies let go, and which link is missing where not."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.finding import Finding, Path
from pacsconf.systems._dcm4chee.entries.rejection import EXPIRED, RejectionNote
from pacsconf.systems._dcm4chee.rules.archives import Archive

Link = tuple[str, str, Path]
"""What is missing, what to write, and where."""


def findings(archive: Archive) -> Iterator[Finding]:
    """That it is armed; or, where there are policies, each link that is missing."""
    missing = list(_missing(archive))
    if not missing:
        yield _armed(archive)
    elif archive.keeps:
        yield from (_without_effect(archive, link) for link in missing)
    yield from _exporters(archive)


def _missing(archive: Archive) -> Iterator[Link]:
    part, path = archive.part, archive.path
    if not (part.reject_expired_interval and part.reject_expired_studies):
        gaps = {
            "reject_expired_interval": part.reject_expired_interval,
            "reject_expired_studies": part.reject_expired_studies,
        }
        names = " and ".join(name for name, value in gaps.items() if not value)
        yield f"nobody looks for studies that are expired: no {names}", f"set {names}", path
    title = part.reject_expired_ae
    if title is None:
        yield "no AE title rejects them: no reject_expired_ae", "set reject_expired_ae to a title of it", path
    elif title not in archive.device.ae_titles:
        at = (*path, "reject_expired_ae")
        yield f'"{title}" rejects them, which is no AE title of it', "name a title of this device", at
    notes = dict(_notes(archive))
    if not notes:
        yield f"there is no rejection note of type {EXPIRED}", "add one to rejection_notes", path
        return
    name, note = next(iter(notes.items()))
    if note.delete_rejected_delay is None:
        told = f'what rejection note "{name}" rejects is never deleted: it has no delete_rejected_delay'
        yield told, "set delete_rejected_delay", (*path, "rejection_notes", name)
    elif part.delete_rejected_interval is None:
        yield (
            "nobody deletes what is rejected: no delete_rejected_interval",
            "set delete_rejected_interval",
            path,
        )


def _notes(archive: Archive) -> Iterator[tuple[str, RejectionNote]]:
    for name, note in archive.part.rejection_notes.items():
        if note.type == EXPIRED:
            yield name, note


def _armed(archive: Archive) -> Finding:
    part = archive.part
    (name, note), *_ = _notes(archive)
    return Finding(
        "ARC-PURGE-001",
        "info",
        f"Device {archive.device.name} deletes studies by itself when their retention is over",
        f"Every {part.reject_expired_interval} it rejects {part.reject_expired_studies} at a time as"
        f' {part.reject_expired_ae}, with note "{name}"; {note.delete_rejected_delay} later they are deleted.',
        "Nothing, if that is meant. To disarm it, take reject_expired_interval out.",
        path=(*archive.path, "reject_expired_interval"),
    )


def _without_effect(archive: Archive, link: Link) -> Finding:
    what, do, path = link
    return Finding(
        "ARC-PURGE-002",
        "info",
        f"Retention policies of {archive.device.name} delete nothing: {what}",
        "Studies get a day on which their retention is over, and stay.",
        f"Nothing, if that is meant; else {do}.",
        path=path,
    )


def _exporters(archive: Archive) -> Iterator[Finding]:
    """Rules by which something is deleted that was exported."""
    deleting = {name for name, one in archive.part.exporters.items() if one.deletes}
    places = [(archive.path, archive.part.export_rules)]
    places += [(archive.path_of(title), part.export_rules) for title, part in archive.entities.items()]
    for path, rules in places:
        for name, rule in rules.items():
            for exporter in sorted(deleting.intersection(rule.exporters)):
                yield Finding(
                    "ARC-PURGE-003",
                    "info",
                    f'Export rule "{name}" of {archive.device.name} deletes what it exports',
                    f'Exporter "{exporter}" deletes or rejects a study once it is sent.',
                    "Nothing, if that is meant.",
                    path=(*path, "export_rules", name),
                )
