"""What studies an Orthanc holds, over REST: no more is taken of each than rules need.

Its lists hold the names of patients; they are passed over. Modalities are taken from the list of series, since
Orthanc 1.10 has none with a study. What it keeps with images alone (procedure codes, department, clinical trial) is
looked up in one image of each study, and only where a rule asks for it: it opens a file for that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from pacsconf.retention.reading import Told, Wanted, day
from pacsconf.systems._http import Web
from pacsconf.systems._orthanc.listing import listed, no_orthanc

_OF_STUDY = ("StudyInstanceUID", "StudyDate", "InstitutionName")
_OF_PATIENT: Mapping[Wanted, str] = {"birth-date": "PatientBirthDate", "patient": "PatientID"}
_OF_IMAGE: Mapping[Wanted, str] = {
    "department": "InstitutionalDepartmentName",
    "clinical-trial": "ClinicalTrialProtocolID",
}
_CODES = "ProcedureCodeSequence"
_DEEP: frozenset[Wanted] = frozenset({*_OF_IMAGE, "procedure-codes"})


class _Study(NamedTuple):
    number: str
    texts: dict[str, tuple[str, ...]]
    series: str
    """Orthanc's number of one of its series."""


def studies(web: Web, asked: Collection[Wanted], since: date | None, until: date | None) -> Iterator[Told]:
    """Each study of these days, both included; one without a date where there are no bounds.

    Raises: Unavailable, Refused; BadAnswer when it is not whole.
    """
    found = listed(web, "studies", lambda told: _study(told, asked))
    modalities = _modalities(web) if "modalities" in asked else {}
    for study in found:
        if not _is_between(day(next(iter(study.texts["StudyDate"]), None)), since, until):
            continue
        if "modalities" in asked:
            study.texts["ModalitiesInStudy"] = tuple(sorted(modalities.get(study.number, ())))
        if _DEEP.isdisjoint(asked):
            yield Told(study.texts)
        else:
            yield _with_image(web, study, asked)


def _is_between(on: date | None, since: date | None, until: date | None) -> bool:
    if on is None:
        return since is None and until is None
    return (since or on) <= on <= (until or on)


def _study(told: Mapping[str, Any], asked: Collection[Wanted]) -> _Study:
    tags, patient = told["MainDicomTags"], told["PatientMainDicomTags"]
    texts = {name: _texts(tags.get(name)) for name in _OF_STUDY}
    texts |= {name: _texts(patient.get(name)) for fact, name in _OF_PATIENT.items() if fact in asked}
    if not texts["StudyInstanceUID"]:
        raise ValueError("a study without a UID")
    return _Study(str(told["ID"]), texts, str(next(iter(told["Series"]), "")))


def _texts(value: Any) -> tuple[str, ...]:
    """The values of an attribute, which Orthanc gives as one text."""
    if not isinstance(value, str):
        return ()
    return tuple(text for one in value.split("\\") if (text := one.strip(" \0")))


def _modalities(web: Web) -> Mapping[str, set[str]]:
    """The modalities of each study, by Orthanc's number of it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for study, modality in listed(
        web, "series", lambda told: (str(told["ParentStudy"]), told["MainDicomTags"].get("Modality"))
    ):
        found[study].update(_texts(modality))
    return found


# --- what stands in images alone ----------------------------------------------------------------------------------


def _with_image(web: Web, study: _Study, asked: Collection[Wanted]) -> Told:
    """A study with what one of its images tells; where that is gone meanwhile, it is not known."""
    series = web.find("series", study.series) if study.series else None
    if series is None:
        return Told(study.texts)
    try:
        instance = str(next(iter(series["Instances"])))
    except (TypeError, LookupError, StopIteration) as exc:
        raise no_orthanc(web, "series/*") from exc
    answer = web.ask("GET", "instances", instance, "simplified-tags")
    if not answer.ok:
        return Told(study.texts)
    tags = answer.json(web.service.name, web.at("instances", "*", "simplified-tags"))
    if not isinstance(tags, dict):
        raise no_orthanc(web, "instances/*/simplified-tags")
    more = {name: _texts(tags.get(name)) for fact, name in _OF_IMAGE.items() if fact in asked}
    return Told({**study.texts, **more}, _codes(tags.get(_CODES)) if "procedure-codes" in asked else None)


def _codes(items: Any) -> frozenset[tuple[str, str]]:
    """The procedure codes with their schemes; an image without any has none."""
    found = set()
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            pair = (_texts(item.get("CodingSchemeDesignator")), _texts(item.get("CodeValue")))
            found |= {(pair[0][0], pair[1][0])} if all(pair) else set()
    return frozenset(found)
