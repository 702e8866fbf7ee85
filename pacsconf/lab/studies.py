"""Made-up studies for the Orthancs of a practice lab: many kinds, ages and dates, of nobody.

Each is one small object for each of its modalities. Every patient is ZZTEST^PACSCONF, with an ID such as ZZ17.
The same number gives the same study, so that filling twice adds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from pacsconf.core.errors import Unavailable
from pacsconf.inventory import uids
from pacsconf.lab import orthanc, place
from pacsconf.lab.orthanc import Orthanc
from pacsconf.lab.orthanc_rest import stored

NAME = "ZZTEST^PACSCONF"
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_ROOT = "2.25.270695914226347186158390"
"""Of study UIDs; those of series and objects follow from them (PS3.5 annex B.2)."""
_FOLDERS = ("orthancs", "dicom/archives")
"""Where a lab keeps its Orthancs."""

_KINDS = (
    *(("CT",), ("MR",), ("MG",), ("US",), ("CR",), ("DX",), ("XA",), ("NM",)),
    *(("CT", "SR"), ("PT", "CT"), ("MG", "SR"), ("OT",)),
)
_CODES = (("99LOCAL", "MAMSCR"), ("SCT", "77477000"), None)


@dataclass(frozen=True)
class MadeUp:
    """One study. Dates as they stand in DICOM; empty: none."""

    number: int
    modalities: tuple[str, ...] = ("CT",)
    date: str = "20200101"
    birth: str = "19700101"
    patient: str = ""
    code: tuple[str, str] | None = None
    more: tuple[tuple[str, str], ...] = ()
    """Further attributes, by keyword."""

    @property
    def uid(self) -> str:
        return f"{_ROOT}{self.number:09d}"

    @property
    def reference(self) -> str:
        """As holds name it."""
        return "sha256:" + hashlib.sha256(self.uid.encode()).hexdigest()

    def objects(self) -> Iterator[bytes]:
        """Its objects, as files."""
        return (self._object(at, modality) for at, modality in enumerate(self.modalities))

    def _object(self, at: int, modality: str) -> bytes:
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = UID(uids.EXPLICIT_VR_LE)
        ds.SOPClassUID = _SECONDARY_CAPTURE
        ds.StudyInstanceUID = self.uid
        ds.SeriesInstanceUID = f"{self.uid}{at}"
        ds.SOPInstanceUID = f"{self.uid}{at}1"
        ds.PatientName = NAME
        ds.PatientID = self.patient or f"ZZ{self.number}"
        ds.PatientBirthDate = self.birth
        ds.StudyDate = self.date
        ds.StudyTime = "101010"
        ds.Modality = modality
        ds.StudyID = ds.AccessionNumber = ""
        if self.code:
            item = Dataset()
            item.CodingSchemeDesignator, item.CodeValue = self.code
            item.CodeMeaning = "made up"
            ds.ProcedureCodeSequence = [item]
        for keyword, value in self.more:
            setattr(ds, keyword, value)
        out = BytesIO()
        ds.save_as(out, enforce_file_format=True)
        return out.getvalue()


def assortment(count: int, today: date) -> Iterator[MadeUp]:
    """So many studies of the last forty years: children and old people, patients with several, and some that lack
    a birth date or the date of the study."""
    for number in range(count):
        on = today - timedelta(days=(number * 7919) % 14_600)
        born = on - timedelta(days=(number * 104_729) % 34_000)
        yield MadeUp(
            number,
            _KINDS[number % len(_KINDS)],
            "" if number % 23 == 22 else f"{on:%Y%m%d}",
            "" if number % 17 == 16 else f"{born:%Y%m%d}",
            f"ZZ{number - number % 3}" if number % 5 == 0 else "",
            _CODES[number % len(_CODES)],
        )


def put(server: Orthanc, studies: Iterable[MadeUp]) -> int:
    """Store these in an Orthanc of the lab: how many it did not have. What it has already stays as it is."""
    return sum(True in {stored(server, data) for data in study.objects()} for study in studies)


def fill(folder: Path, count: int, today: date) -> dict[str, int]:
    """Put so many studies into every Orthanc of the lab in this folder: how many were new to each, by its name.

    Raises: Unavailable when no lab is up there, or it has no Orthanc.
    """
    folder = folder.resolve()
    servers = dict(_servers(folder)) if place.overlay(folder) is not None else {}
    if not servers:
        raise Unavailable(
            "lab",
            "no Orthanc of a practice lab runs here that could keep studies",
            fix="Start the lab (pacsconf lab up) for an inventory with an archive, or a system of type orthanc.",
        )
    made = tuple(assortment(count, today))
    return {name: put(server, made) for name, server in servers.items()}


def _servers(folder: Path) -> Iterator[tuple[str, Orthanc]]:
    for group in _FOLDERS:
        for own in sorted((folder / group).glob("*")):
            found = orthanc.attach(own)
            if found is not None:
                yield unquote(own.name), found
