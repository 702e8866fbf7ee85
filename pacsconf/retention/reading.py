"""What rules need to know of studies, and how it is taken from what an archive tells: DICOM attributes as texts.

Patient IDs are used for one thing: to see which studies are of the same patient. They are forgotten with the list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Literal, NamedTuple

from pacsconf.inventory.retention import Match
from pacsconf.retention.policy import Prepared
from pacsconf.retention.study import StudyFacts, reference

Wanted = Literal[
    "modalities", "birth-date", "procedure-codes", "institution", "department", "clinical-trial", "patient"
]
"""What is asked of an archive beside the date of a study; `patient`: which studies are of the same one."""

_ASKED: Mapping[str, Wanted] = {
    "modality": "modalities",
    "age_at_study": "birth-date",
    "procedure_code": "procedure-codes",
    "institution": "institution",
    "department": "department",
    "clinical_trial": "clinical-trial",
}
"""By the key of a match that asks for it."""


_OWN_CLOCKS = frozenset({"study_date", "received"})
"""What a study shows by itself; every other clock begins with the patient's last study at the earliest."""
_TRIAL = "ClinicalTrialProtocolID"


class Told(NamedTuple):
    """What an archive told of one study: attributes by keyword, and procedure codes with their schemes.

    An attribute without a value is there and empty; one that it does not tell is not there, and codes are None.
    """

    texts: Mapping[str, Sequence[str]]
    codes: frozenset[tuple[str, str]] | None = None
    received: date | None = None


def wanted(rules: Iterable[Prepared]) -> frozenset[Wanted]:
    """What must be known of studies to apply these rules, and nothing more."""
    found: set[Wanted] = set()
    for rule in rules:
        found.update(_of_match(rule.match))
        for minimum in rule.minimums:
            if minimum.age is not None:
                found.add("birth-date")
            if minimum.when or minimum.otherwise:
                found |= {"patient", "modalities"}
            if minimum.period and minimum.clock not in _OWN_CLOCKS:
                found.add("patient")
        if rule.review and rule.review.clock not in _OWN_CLOCKS:
            found.add("patient")
    return frozenset(found)


def _of_match(match: Match) -> Iterator[Wanted]:
    yield from (fact for key, fact in _ASKED.items() if getattr(match, key) not in ((), None))
    for inner in (*match.any_of, *match.all_of):
        yield from _of_match(inner)


def studies(
    told: Iterable[Told], asked: frozenset[Wanted], *, to_the_end: bool = True
) -> Iterator[StudyFacts]:
    """What is known of each of these studies, each once.

    `to_the_end`: the list has every study since its oldest, so that the patient's later studies are all in it.
    """
    if "patient" not in asked:
        yield from _each_once(told)
        return
    listed = {facts.reference: (facts, patient) for facts, patient in _with_patients(told)}
    by_patient: defaultdict[tuple[str, str], list[StudyFacts]] = defaultdict(list)
    for facts, patient in listed.values():
        if patient[0]:
            by_patient[patient].append(facts)
    for facts, patient in listed.values():
        yield _among(facts, by_patient[patient]) if patient[0] and to_the_end else facts


def _each_once(told: Iterable[Told]) -> Iterator[StudyFacts]:
    seen: set[str] = set()
    for facts in map(_facts, told):
        if facts.reference not in seen:
            seen.add(facts.reference)
            yield facts


def _with_patients(told: Iterable[Told]) -> Iterator[tuple[StudyFacts, tuple[str, str]]]:
    for one in told:
        patient = _first(one, "PatientID") or "", _first(one, "IssuerOfPatientID") or ""
        yield _facts(one), patient


def _among(facts: StudyFacts, of_patient: Sequence[StudyFacts]) -> StudyFacts:
    """A study with what the patient's others tell; of one without a date nobody can say which are later."""
    dates = [each.study_date for each in of_patient if each.study_date is not None]
    if facts.study_date is None:
        return replace(facts, last_contact=max(dates, default=None))
    later = (
        each for each in of_patient if each.study_date is not None and each.study_date > facts.study_date
    )
    return replace(
        facts,
        last_contact=max(dates),
        later_modalities=frozenset(modality for each in later for modality in each.modalities),
    )


def _facts(told: Told) -> StudyFacts:
    return StudyFacts(
        reference=reference(_first(told, "StudyInstanceUID") or ""),
        modalities=frozenset(told.texts.get("ModalitiesInStudy", ())),
        study_date=day(_first(told, "StudyDate")),
        birth_date=day(_first(told, "PatientBirthDate")),
        procedure_codes=told.codes,
        institution=_first(told, "InstitutionName"),
        department=_first(told, "InstitutionalDepartmentName"),
        clinical_trial=any(told.texts[_TRIAL]) if _TRIAL in told.texts else None,
        received=told.received,
    )


def _first(told: Told, keyword: str) -> str | None:
    return next((text for text in told.texts.get(keyword, ()) if text.strip()), None)


def day(text: str | None) -> date | None:
    """The day in a DICOM date (`20200131`, and `2020.01.31` of old); None when it is none."""
    digits = (text or "").strip().replace(".", "")
    if not (len(digits) == 8 and digits.isascii() and digits.isdecimal()):
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        return None
