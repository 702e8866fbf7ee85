"""Made-up studies of many kinds, ages and dates, as small objects that a real archive stores."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2
from pydicom.dataset import Dataset, FileMetaDataset

NAME = "ZZTEST^PACSCONF"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ROOT = "1.2.826.0.1.3680043.10.9999"


@dataclass(frozen=True)
class MadeUp:
    """One study of one image for each of its modalities. Dates as they stand in DICOM; empty: none."""

    number: int
    modalities: tuple[str, ...] = ("CT",)
    date: str = "20200101"
    birth: str = "19700101"
    patient: str = ""
    code: tuple[str, str] | None = None
    more: tuple[tuple[str, str], ...] = ()

    @property
    def uid(self) -> str:
        return f"{ROOT}.{self.number}"

    @property
    def reference(self) -> str:
        return "sha256:" + hashlib.sha256(self.uid.encode()).hexdigest()

    def objects(self) -> Iterable[bytes]:
        for at, modality in enumerate(self.modalities):
            ds = Dataset()
            ds.file_meta = FileMetaDataset()
            ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
            ds.SOPClassUID = SECONDARY_CAPTURE
            ds.StudyInstanceUID = self.uid
            ds.SeriesInstanceUID = f"{self.uid}.{at}"
            ds.SOPInstanceUID = f"{self.uid}.{at}.1"
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
            out = io.BytesIO()
            ds.save_as(out, enforce_file_format=True)
            yield out.getvalue()


def put(server, studies: Iterable[MadeUp]) -> None:
    """Store these in an Orthanc of the lab, over REST."""
    objects = [data for study in studies for data in study.objects()]
    with (
        httpx2.Client(base_url=server.url, auth=(server.user, server.password), trust_env=False) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        for answer in pool.map(lambda data: client.post("/instances", content=data), objects):
            answer.raise_for_status()
