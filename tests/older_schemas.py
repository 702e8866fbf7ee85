"""Schema files other than ours: which lack what younger ones have, or number and order it differently."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pacsconf.lab import slapd

LATER = (
    "dicomIssuerOfAccessionNumber",
    "dicomOrderPlacerIdentifier",
    "dicomOrderFillerIdentifier",
    "dicomIssuerOfAdmissionID",
    "dicomIssuerOfServiceEpisodeID",
    "dicomIssuerOfContainerIdentifier",
    "dicomIssuerOfSpecimenIdentifier",
    "dicomInstitutionCode",
    "dicomDeviceUID",
)
"""Attributes 32 to 40 of Annex H, which printings of about 2008 do not have."""

_DEFINITION = re.compile(r"^(attributetype|objectclass) \(.*?(?=\n\n|\Z)", re.DOTALL | re.MULTILINE)
_NAME = re.compile(r"NAME '(\w+)'")
_LIST = re.compile(r"\n\t(MUST|MAY) (?:\(([^)]*)\)|(\w+))")


def printing_of_2008(folder: Path) -> tuple[Path, ...]:
    """Annex H with the attributes 1 to 31 only, and nothing of an archive."""
    return without(folder, LATER, slapd.SCHEMAS[:1])


def archive_of_2021(folder: Path) -> tuple[Path, ...]:
    """All as it is, but of the archive no more than its release 5.22 had."""
    text = slapd.SCHEMAS[2].read_text()
    younger = re.compile(
        r"\( (?:our(?:Attribute|Class):\d+|d4cNet:38\d|d4cArchive:381|d4cArchiveClass:4[56])\b"
    )
    names = [_NAME.search(text, found.end())[1] for found in younger.finditer(text)]
    return without(folder, names)


def without(
    folder: Path, names: Collection[str], schemas: Sequence[Path] = slapd.SCHEMAS
) -> tuple[Path, ...]:
    """Copies of schema files in `folder` without these attributes and classes.

    A class goes too that cannot be without one of the attributes.
    """
    gone = set(names)
    folder.mkdir(exist_ok=True)
    made = []
    for path in schemas:
        found = _DEFINITION.sub(lambda match: _less(match[0], gone), path.read_text())
        made.append(folder / path.name)
        made[-1].write_text(found)
    return tuple(made)


def renumbered(folder: Path) -> tuple[Path, ...]:
    """The standard as it is, and of the archive the same names under other OIDs and in the opposite order."""
    folder.mkdir(exist_ok=True)
    made = [slapd.SCHEMAS[0]]
    for file, path in enumerate(slapd.SCHEMAS[1:], 1):
        found = [match[0] for match in _DEFINITION.finditer(path.read_text())]
        found.sort(key=lambda each: each.startswith("objectclass"))
        types = sum(each.startswith("attributetype") for each in found)
        turned = [*reversed(found[:types]), *reversed(found[types:])]
        numbered = [
            re.sub(r"\( \S+", f"( 2.25.{file}.{number}", each, count=1)
            for number, each in enumerate(turned, 1)
        ]
        made.append(folder / path.name)
        made[-1].write_text("\n\n".join(numbered) + "\n")
    return tuple(made)


@contextmanager
def started(folder: Path, schemas: Sequence[Path], **options) -> Iterator[slapd.Slapd]:
    """A server with these schema files and the empty DICOM tree, for the length of a `with` block."""
    with slapd.started(
        folder / "slapd", slapd.Options(tls=False, tree=True, schemas=schemas, **options)
    ) as server:
        yield server


def _less(definition: str, gone: set[str]) -> str:
    """A definition without what is gone; nothing when it is gone itself."""
    name = _NAME.search(definition)[1]
    lists = {kind: (several or one).split(" $ ") for kind, several, one in _LIST.findall(_flat(definition))}
    if name in gone or gone & {each.strip() for each in lists.get("MUST", ())}:
        return ""
    if definition.startswith("attributetype"):
        return definition

    def kept(match: re.Match[str]) -> str:
        left = [each for each in (match[2] or match[3]).replace("$", " ").split() if each not in gone]
        lines = " $\n\t\t".join(left)  # slapd reads lines of 8,192 characters at most
        return f"\n\t{match[1]} ( {lines} )" if left else ""

    return _LIST.sub(kept, definition)


def _flat(definition: str) -> str:
    """The lists of a definition, each on one line."""
    return re.sub(r"\n\t\t", " ", definition)
