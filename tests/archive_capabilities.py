"""What the entities of an archive offer and ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from pydicom._uid_dict import UID_dictionary

from tests import archive_tables as tables
from tests.ldif_text import Entry, entry

FLAGS = {
    "dcmRelationalQueries": "TRUE",
    "dcmCombinedDateTimeMatching": "TRUE",
    "dcmFuzzySemanticMatching": "TRUE",
    "dcmTimezoneQueryAdjustment": "TRUE",
}
VERIFICATION = "1.2.840.10008.1.1"
ALL = ("IOCM_REGULAR_USE", "AS_RECEIVED")
"""Entities that send every object, and take none."""


def of_entity(title: str, above: str) -> Iterator[Entry]:
    """The capabilities of the archive's entity `title`, whose entry is `above`."""
    for role in ("SCP", "SCU"):
        yield capability(above, "Verification SOP Class", VERIFICATION, role)
    roles = ("SCP", "SCU") if title == "DCM4CHEE" else ("SCU",) if title in ALL else ()
    for name, uid, syntaxes in storage_classes():
        for role in roles:
            yield capability(above, name, uid, role, syntaxes)
    if title in ("DCM4CHEE", "WORKLIST"):
        yield from _work(above)
    if title == "DCM4CHEE":
        for name, uid in tables.OTHERS.items():
            yield capability(above, name, uid, "SCP")
    if title != "WORKLIST":
        for name, uid in tables.QUERIES.items():
            yield capability(above, name, uid, "SCP", **FLAGS)
        for name, uid in tables.RETRIEVES.items():
            yield capability(above, name, uid, "SCP", dcmRelationalQueries="TRUE")


def _work(above: str) -> Iterator[Entry]:
    """Worklists and what is reported back."""
    yield capability(above, "Modality Worklist Information Model - FIND", tables.WORKLIST, "SCP", **FLAGS)
    for name, uid in tables.UPS.items():
        asked = name.split()[4] in ("Watch", "Pull", "Query")
        yield capability(above, name, uid, "SCP", **(FLAGS if asked else {}))
    for role in ("SCP", "SCU"):
        yield capability(above, "Modality Performed Procedure Step SOP Class", tables.MPPS, role)


def capability(
    above: str, name: str, uid: str, role: str, syntaxes: Iterable[str] = tables.PLAIN[:1], **flags: str
) -> Entry:
    """A transfer capability, called as the archive calls its own: by SOP class and role."""
    return entry(
        (("cn", f"{name} {role}"),),
        above,
        "dicomTransferCapability dcmTransferCapability",
        dicomSOPClass=uid,
        dicomTransferRole=role,
        dicomTransferSyntax=syntaxes,
        **flags,
    )


@cache
def storage_classes() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """What objects an archive takes: name, UID and the transfer syntaxes of its kind."""
    known = sorted((row[0], uid, row[3]) for uid, row in UID_dictionary.items() if row[1] == "SOP Class")
    standard = [
        (f"{name} (Retired)" if retired else name, uid)
        for name, uid, retired in known
        if "Storage" in name and uid.startswith("1.2.840.10008.5.1.4")
    ]
    return tuple((name, uid, _syntaxes(name)) for name, uid in (*standard, *tables.PRIVATE_CLASSES.items()))


def _syntaxes(name: str) -> tuple[str, ...]:
    if "Video" in name:
        return tables.VIDEO
    if "SR " in name or "Encapsulated" in name:
        return tables.DEFLATED
    return tables.IMAGE if "Image" in name else tables.PLAIN
