"""A directory's DICOM configuration in an LDIF file: looked at and adopted as the directory itself would be.

There is no server behind it, so it is no `System`: it is read and inspected, and nothing can be declared or
written there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pacsconf.core.finding import Finding, Place
from pacsconf.core.resource import Snapshot
from pacsconf.systems._dicom.export import legible, planted, spelled
from pacsconf.systems._dicom.oddities import Oddities
from pacsconf.systems._dicom.reader import Reader
from pacsconf.systems._dicom.tree import spoken_in
from pacsconf.systems._dicom.unseen import Unseen
from pacsconf.systems._dicom.vocabulary import STANDARD, speaking
from pacsconf.systems._ldap import ldif
from pacsconf.systems.directory_extension import find

_CUT = "The last line of the file does not end: what followed it may be missing. Was it copied whole?"


class LdifFile:
    """The file at `path`, as what the system `name` would give. `Inspectable` once it was read."""

    def __init__(self, name: str, path: Path, *, speaks: bool = False) -> None:
        """`speaks`: with the words of those extensions that have some for what is in it."""
        self.name = name
        self.path = path
        self.speaks = speaks
        self.findings: tuple[Finding, ...] = ()
        """What is wrong with the file itself, each with its line, once it was read."""
        self.words = STANDARD
        """What it was read by."""
        self._reader: Reader | None = None
        self._ends = True

    def read(self) -> Snapshot:
        """What the file holds; entries and values that are broken are left out, and told in `findings`.

        Raises: PacsconfError when the file cannot be read; BadAnswer for two entries of one address.
        """
        contents = ldif.read(self.path)
        plain = planted(self.name, contents.entries)
        names = spoken_in(plain) if self.speaks else ()
        self.words = speaking(tuple(found for name in names if (found := find(name))))
        tree, wrong = legible(
            planted(self.name, contents.entries, self.words) if self.words.extended else plain
        )
        values = (self._value(what, contents.lines.get(entry.dn, 1)) for entry, what in wrong)
        self.findings = (*contents.findings, *values)
        self._ends = contents.ends
        self._reader = Reader(tree, None, spelled(contents.spellings))
        return self._reader.snapshot()

    def _value(self, what: str, line: int) -> Finding:
        return Finding(
            "LDIF-VALUE",
            "error",
            f"A value of this entry was left out: {what}",
            "The standard does not allow it (PS3.15 section H.1.3).",
            "Correct it in the directory, and export it again.",
            place=Place(str(self.path), line, 1),
        )

    def oddities(self) -> Sequence[Finding]:
        """What is wrong or unusual about the configuration."""
        reader = self._read()
        return Oddities(reader.tree, spelling=reader.schema.spelling if reader.schema else str).findings()

    def unseen(self) -> Sequence[str]:
        """What the file does not tell."""
        cut = () if self._ends else (_CUT,)
        reader = self._read()
        spelling = reader.schema.spelling if reader.schema else str
        return (*cut, *Unseen(reader.tree, spelling=spelling).sentences())

    def _read(self) -> Reader:
        assert self._reader is not None, "read comes first"
        return self._reader
