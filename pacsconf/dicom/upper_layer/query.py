"""Queries that match nothing: by a key that nobody can have, so that no answer holds anything of a patient.

A query that is cut off is none of these: the server would have searched, and begun to send. Here its answer is
whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pacsconf.inventory import uids

PATIENT_ROOT = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
WORKLIST = uids.MODALITY_WORKLIST

WRITTEN = (uids.IMPLICIT_VR_LE, uids.EXPLICIT_VR_LE)
"""The transfer syntaxes that an identifier is written in here, the one that must be taken first."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query by keys; those that nobody has are made afresh each time."""

    keys: Callable[[], Mapping[str, object]]

    def identifier(self, syntax: str) -> bytes:
        from pacsconf.dicom.upper_layer.messages import identifier

        return identifier(self.keys(), syntax)


def _nobody() -> str:
    """A patient ID that no patient has, within the 16 characters of an accession number."""
    return f"ZZ{uuid.uuid4().hex[:14]}".upper()


def _study() -> Mapping[str, object]:
    return {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": f"2.25.{uuid.uuid4().int}"}


def _patient() -> Mapping[str, object]:
    return {"QueryRetrieveLevel": "PATIENT", "PatientID": _nobody()}


def _worklist() -> Mapping[str, object]:
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
