"""Queries that match nothing: by a key that nobody can have, so that no answer holds anything of a patient.

A query that is cut off is none of these: the server would have searched, and begun to send. Here its answer is
whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pacsconf.inventory import uids

if TYPE_CHECKING:
    from pydicom import Dataset

PATIENT_ROOT = uids.PATIENT_ROOT_FIND
STUDY_ROOT = uids.STUDY_ROOT_FIND
WORKLIST = uids.MODALITY_WORKLIST

WRITTEN = (uids.IMPLICIT_VR_LE, uids.EXPLICIT_VR_LE)
"""The transfer syntaxes that an identifier is written in here, the one that must be taken first."""


Keys = Mapping[str, "str | Keys"]
"""Attributes by their keywords; of a sequence, those of its one item."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query by keys; those that nobody has are made afresh each time."""

    keys: Callable[[], Keys]

    def identifier(self, syntax: str) -> bytes:
        return identifier(self.keys(), syntax)


def _nobody() -> str:
    """A patient ID that no patient has, within the 16 characters of an accession number."""
    return f"ZZ{uuid.uuid4().hex[:14]}".upper()


def _study() -> Keys:
    return {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": f"2.25.{uuid.uuid4().int}"}


def _patient() -> Keys:
    return {"QueryRetrieveLevel": "PATIENT", "PatientID": _nobody()}


def _worklist() -> Keys:
    """Matched by accession number and patient ID, in case one of them is not looked at (PS3.4 annex K.6.1.2.2)."""
    return {
        "AccessionNumber": _nobody(),
        "PatientID": _nobody(),
        "ScheduledProcedureStepSequence": {"ScheduledStationAETitle": "", "Modality": ""},
    }


QUERIES: Mapping[str, Query] = {
    STUDY_ROOT: Query(_study),
    PATIENT_ROOT: Query(_patient),
    WORKLIST: Query(_worklist),
}
"""By SOP class (PS3.4 sections C.6 and K.6)."""


def identifier(keys: Keys, syntax: str) -> bytes:
    """A data set with these keys, in one of the transfer syntaxes of `WRITTEN`."""
    from pacsconf.dicom.data_sets import to_bytes

    return to_bytes(_data_set(keys), syntax)


def _data_set(keys: Keys) -> Dataset:
    from pydicom import Dataset

    found = Dataset()
    for keyword, value in keys.items():
        setattr(found, keyword, value if isinstance(value, str) else [_data_set(value)])
    return found
