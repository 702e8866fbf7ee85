"""Whether a rule is about a study; where a fact is missing, the rule counts unless the inventory says otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pacsconf.inventory.retention import Match, OnMissing
from pacsconf.retention.known import Known

Missing = frozenset[str]
"""The facts that are not known and without which a rule cannot be told not to match; empty: it does match."""
SURE: Missing = frozenset()


def fits(match: Match, known: Known, on_missing: OnMissing) -> Missing | None:
    """None when the match does not fit; else what would have to be known to be sure of it."""
    missing = SURE
    for found in _parts(match, known, on_missing):
        if found is None:
            return None
        missing |= found
    return missing


def _parts(match: Match, known: Known, on_missing: OnMissing) -> Iterator[Missing | None]:
    """What each key that is given says."""
    study = known.study
    if match.modality:
        held: Collection[str] = known.modalities
        yield _answer(not held, any(code in held for code in match.modality), "modality", on_missing)
    if match.age_at_study:
        yield _age(match, known)
    if match.procedure_code:
        codes = study.procedure_codes
        wanted = ((one.scheme, code) for one in match.procedure_code for code in one.codes)
        yield _answer(
            codes is None,
            codes is not None and any(pair in codes for pair in wanted),
            "procedure_code",
            on_missing,
        )
    yield from _texts(match, known, on_missing)
    if match.clinical_trial is not None:
        trial = study.clinical_trial
        yield _answer(trial is None, trial == match.clinical_trial, "clinical_trial", on_missing)
    if match.any_of:
        yield _least(fits(inner, known, on_missing) for inner in match.any_of)
    for inner in match.all_of:
        yield fits(inner, known, on_missing)


def _texts(match: Match, known: Known, on_missing: OnMissing) -> Iterator[Missing | None]:
    study = known.study
    for name, wanted, held in (
        ("institution", match.institution, study.institution),
        ("department", match.department, study.department),
    ):
        if wanted:
            among = {folded(text) for text in wanted}
            yield _answer(not held, folded(held or "") in among, name, on_missing)
    if match.calling_ae:
        yield _answer(not study.calling_ae, study.calling_ae in match.calling_ae, "calling_ae", on_missing)


def folded(text: str) -> str:
    """A name of a place as it is compared: capitals, and spaces more or less, make no difference."""
    return " ".join(text.split()).casefold()


def _age(match: Match, known: Known) -> Missing | None:
    assert match.age_at_study is not None, "asked only where it stands"
    under, at_least = match.age_at_study.under, match.age_at_study.at_least
    if known.age is None:
        return frozenset({"birth_date" if known.guessed_birth else "study_date"})
    inside = (under is None or known.age < under) and (at_least is None or known.age >= at_least)
    return SURE if inside else None


def _answer(unknown: bool, holds: bool, name: str, on_missing: OnMissing) -> Missing | None:
    if not unknown:
        return SURE if holds else None
    return frozenset({name}) if getattr(on_missing, name) == "may_match" else None


def _least(found: Iterator[Missing | None]) -> Missing | None:
    """Of several alternatives the one that needs to know least; None when none fits."""
    return min(
        (one for one in found if one is not None), key=lambda one: (len(one), sorted(one)), default=None
    )
