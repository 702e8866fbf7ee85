"""Which objects are made: one for each SOP class and transfer syntax, its UIDs following from the run. Pure.

The same run asks for the same objects again, so nothing of an object need be kept to know it when it comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid5

PATIENT_NAME = "ZZTEST^PACSCONF"
PATIENT_PREFIX = "ZZTEST-"
"""How the ID of every test patient begins; no real one may."""
DESCRIPTION = "PACSCONF ACCEPTANCE TEST"


@dataclass(frozen=True, slots=True)
class Origin:
    """What objects say of where they come from. `root` is what their UIDs are derived from, `began` DICOM's
    `YYYYMMDDHHMMSS`."""

    root: UUID
    run: str
    began: str
    device: str = ""
    manufacturer: str = ""
    model: str = ""
    station: str = ""
    serial: str = ""
    software: tuple[str, ...] = ()
    modality: str = "OT"
    issuer: str = ""

    @property
    def patient_id(self) -> str:
        return f"{PATIENT_PREFIX}{self.run}"[:64]

    @property
    def study_uid(self) -> str:
        return self.uid("study")

    def uid(self, *names: str) -> str:
        """A UID of this run (PS3.5 section B.2): the same for the same names."""
        return f"2.25.{uuid5(self.root, '/'.join(names)).int}"


@dataclass(frozen=True, slots=True)
class Specimen:
    """One object to be sent: what it is, and how it is packed."""

    sop_class: str
    transfer_syntax: str
    instance_uid: str
    series_uid: str
    study_uid: str


def specimens(origin: Origin, wanted: Iterable[tuple[str, Iterable[str]]]) -> Iterator[Specimen]:
    """One for each SOP class with each of its transfer syntaxes; each stands in a series of its own."""
    for sop_class, syntaxes in wanted:
        for syntax in syntaxes:
            yield Specimen(
                sop_class,
                syntax,
                origin.uid("instance", sop_class, syntax),
                origin.uid("series", sop_class, syntax),
                origin.study_uid,
            )
