"""The same rules applied to the same studies as one would write it down: rule after rule, the latest day wins."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from benchmarks.studies import main
from pacsconf.retention.study import StudyFacts

CLOCKS = {"study_date": "study_date", "last_imaging_contact": "last_contact"}


def plus(day: date, months: int) -> date:
    """A day so many months later; 29 February becomes 1 March."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return date(year, month + 2, 1)


def months(text: str) -> int:
    return int(text[:-1]) * {"y": 12, "m": 1}[text[-1]]


def matches(match: Mapping[str, Any], study: StudyFacts, age: int) -> bool:
    """Whether every key fits; the rules of this contest have one each."""
    if "modality" in match and match["modality"] not in study.modalities:
        return False
    if "age_at_study" in match and age >= match["age_at_study"]["under"]:
        return False
    if "institution" in match and match["institution"] != study.institution:
        return False
    if "calling_ae" in match and match["calling_ae"] != study.calling_ae:
        return False
    if "clinical_trial" in match and match["clinical_trial"] != study.clinical_trial:
        return False
    if "procedure_code" in match:
        wanted = match["procedure_code"]
        return any((wanted["scheme"], code) in (study.procedure_codes or ()) for code in wanted["in"])
    return True


def ends(keep: Mapping[str, Any], study: StudyFacts) -> Iterator[date]:
    if "for" in keep:
        yield plus(getattr(study, CLOCKS[keep.get("from", "study_date")]), months(keep["for"]))
    if "until_age" in keep:
        yield plus(study.birth_date or date.max, 12 * keep["until_age"])
    if "and_at_least" in keep:
        yield from ends(keep["and_at_least"], study)


def until(rules: list[Mapping[str, Any]], study: StudyFacts) -> date:
    on, born = study.study_date or date.max, study.birth_date or date.max
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return max(
        day
        for rule in rules
        if matches(rule.get("match", {}), study, age)
        for day in ends(rule["keep"], study)
    )


if __name__ == "__main__":
    with (Path(sys.argv[1]) / "inventory" / "retention.yaml").open() as stream:
        declared = yaml.safe_load(stream)["retention"]
    everything = [*declared["rules"].values(), declared["default"]]
    main("plain walk", lambda study: until(everything, study))
