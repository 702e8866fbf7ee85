"""Queries that match nothing: by a key that nobody can have, so that no answer holds anything of a patient.

A query that is cut off is none of these: the server would have searched, and begun to send. Here its answer is
whole.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pacsconf.inventory import uids

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


# --- written by hand: pydicom takes 0.3 s to import, which a probe would pay for three short data sets -----------

_ATTRIBUTES: Mapping[str, tuple[int, int, bytes]] = {
    "QueryRetrieveLevel": (0x0008, 0x0052, b"CS"),
    "AccessionNumber": (0x0008, 0x0050, b"SH"),
    "Modality": (0x0008, 0x0060, b"CS"),
    "PatientID": (0x0010, 0x0020, b"LO"),
    "StudyInstanceUID": (0x0020, 0x000D, b"UI"),
    "ScheduledStationAETitle": (0x0040, 0x0001, b"AE"),
    "ScheduledProcedureStepStartDate": (0x0040, 0x0002, b"DA"),
    "ScheduledProcedureStepSequence": (0x0040, 0x0100, b"SQ"),
}
"""Tag and value representation of what is asked by (PS3.6)."""


def identifier(keys: Keys, syntax: str) -> bytes:
    """A data set with these keys, in one of the transfer syntaxes of `WRITTEN`."""
    explicit = syntax != uids.IMPLICIT_VR_LE
    return b"".join(
        _element(*_ATTRIBUTES[name], keys[name], explicit=explicit)
        for name in sorted(keys, key=_ATTRIBUTES.__getitem__)
    )


def _element(group: int, number: int, vr: bytes, value: str | Keys, *, explicit: bool) -> bytes:
    """One data element (PS3.5 section 7.1)."""
    if isinstance(value, str):
        data = value.encode("ascii", "replace")
        data += (b"\0" if vr == b"UI" else b" ") * (len(data) % 2)
        length = vr + struct.pack("<H", len(data)) if explicit else struct.pack("<I", len(data))
    else:
        inner = identifier(value, uids.EXPLICIT_VR_LE if explicit else uids.IMPLICIT_VR_LE)
        data = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
        length = (vr + b"\0\0" if explicit else b"") + struct.pack("<I", len(data))
    return struct.pack("<HH", group, number) + length + data
