"""What is asked of a study, and what came, as texts by keyword. Nothing is decided here; no name is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from pydicom.dataset import Dataset

from pacsconf.dicom import data_sets
from pacsconf.dicom.studies.windows import Window

Fact = Literal[
    "modalities",
    "birth-date",
    "procedure-codes",
    "institution",
    "department",
    "clinical-trial",
    "patient",
]
"""What may be wanted to be known of a study beside its date. `patient`: which studies are of the same one.

Patient's Age is not among them: it is kept with images, and archives would open a file for each study.
"""
FACTS: tuple[Fact, ...] = get_args(Fact)

_KEYWORDS: Mapping[Fact, tuple[str, ...]] = {
    "modalities": ("ModalitiesInStudy",),
    "birth-date": ("PatientBirthDate",),
    "procedure-codes": ("ProcedureCodeSequence",),
    "institution": ("InstitutionName",),
    "department": ("InstitutionalDepartmentName",),
    "clinical-trial": ("ClinicalTrialProtocolID",),
    "patient": ("PatientID", "IssuerOfPatientID"),
}
_SEQUENCE = "ProcedureCodeSequence"
_CODE = ("CodingSchemeDesignator", "CodeValue")
_LONGEST = 1024
"""Characters of a value that are kept; none that is wanted here is longer."""
_MOST = 64
"""Values of one attribute that are kept."""

Texts = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """What an archive told of one study: its attributes by keyword, and its procedure codes with their schemes.

    What it has no value for is there without one; what it does not tell is not there, and codes are None. It may
    hold what leads back to a patient, so it is never shown.
    """

    texts: Texts = field(repr=False)
    codes: frozenset[tuple[str, str]] | None = field(default=None, repr=False)

    @property
    def uid(self) -> str:
        return next(iter(self.texts.get("StudyInstanceUID", ())), "")


def keywords(facts: Collection[Fact]) -> tuple[str, ...]:
    """The return keys for these facts, each once."""
    found = ["StudyInstanceUID", "StudyDate"]
    for fact, names in _KEYWORDS.items():
        found += names if fact in facts else ()
    return tuple(found)


def studies_in(window: Window, facts: Collection[Fact]) -> Dataset:
    """The identifier that asks for the studies of these days (PS3.4 section C.6.2)."""
    key = Dataset()
    key.QueryRetrieveLevel = "STUDY"
    for name in keywords(facts):
        if name == _SEQUENCE:
            key.ProcedureCodeSequence = [_empty(_CODE)]
        else:
            setattr(key, name, str(window) if name == "StudyDate" else "")
    return key


def series_of(study_uid: str) -> Dataset:
    """The identifier that asks for the modalities of a study, where its archive knows them of series alone."""
    key = _empty(("SeriesInstanceUID", "Modality"))
    key.QueryRetrieveLevel = "SERIES"
    key.StudyInstanceUID = study_uid
    return key


def _empty(names: Collection[str]) -> Dataset:
    found = Dataset()
    for name in names:
        setattr(found, name, "")
    return found


def study(data: bytes, syntax: str, facts: Collection[Fact]) -> FoundStudy:
    """What an answer tells of a study; what was not asked for is passed over.

    Raises: ValueError when it is no data set, or names no study.
    """
    ds = data_sets.from_bytes(data, syntax)
    wanted = (name for name in keywords(facts) if name != _SEQUENCE)
    found = FoundStudy({name: _values(ds, name) for name in wanted if name in ds}, _codes(ds, facts))
    if not found.uid:
        raise ValueError("an answer names no study")
    return found


def modality(data: bytes, syntax: str) -> str:
    """The modality that an answer about a series tells, empty for none. Raises: ValueError."""
    return next(iter(_values(data_sets.from_bytes(data, syntax), "Modality")), "")


def _codes(ds: Dataset, facts: Collection[Fact]) -> frozenset[tuple[str, str]] | None:
    if "procedure-codes" not in facts or _SEQUENCE not in ds:
        return None
    pairs = (
        (_first(item, _CODE[0]), _first(item, _CODE[1])) for item in data_sets.items(ds, _SEQUENCE)[:_MOST]
    )
    return frozenset(pair for pair in pairs if all(pair))


def _first(ds: Dataset, name: str) -> str:
    return next(iter(_values(ds, name)), "")


def _values(ds: Dataset, name: str) -> tuple[str, ...]:
    """The values of an attribute that may have none, one or several; spaces and padding taken away."""
    try:
        value = ds.get(name)
    except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError):
        return ()  # pydicom converts a value when it is looked at
    if value is None:
        return ()
    several = [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value)[:_MOST]
    texts = (str(one).strip(" \0")[:_LONGEST] for one in several)
    return tuple(text for text in texts if text)
