"""A directory's DICOM configuration in an LDIF file: looked at and adopted as the directory itself would be.

There is no server behind it, so it is no `System`: it is read and inspected, and nothing can be declared or
written there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pacsconf.core.finding import Finding
from pacsconf.core.resource import Snapshot
from pacsconf.systems._dicom.export import planted, spelled
from pacsconf.systems._dicom.oddities import Oddities
from pacsconf.systems._dicom.tree import Reader
from pacsconf.systems._dicom.unseen import Unseen
from pacsconf.systems._ldap import ldif


class LdifFile:
    """The file at `path`, as what the system `name` would give. `Inspectable` once it was read."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self.findings: tuple[Finding, ...] = ()
        """What is wrong with the file itself, each with its line, once it was read."""
        self._reader: Reader | None = None

    def read(self) -> Snapshot:
        """What the file holds; entries that are broken are left out, and told in `findings`.

        Raises: PacsconfError when the file cannot be read; BadAnswer for two entries of one address, or a value
        that the standard does not allow.
        """
        contents = ldif.read(self.path)
        self.findings = contents.findings
        self._reader = Reader(planted(self.name, contents.entries), None, spelled(contents.spellings))
        return self._reader.snapshot()

    def oddities(self) -> Sequence[Finding]:
        """What is wrong or unusual about the configuration."""
        reader = self._read()
        return Oddities(reader.tree, spelling=reader.schema.spelling if reader.schema else str).findings()

    def unseen(self) -> Sequence[str]:
        """What the file does not tell."""
        return Unseen(self._read().tree).sentences()

    def _read(self) -> Reader:
        assert self._reader is not None, "read comes first"
        return self._reader
