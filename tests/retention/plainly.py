"""Until when rules keep a study, written down a second time: from docs/retention.md, not from the code.

It shares no function with `pacsconf.retention`, and takes the rules as they are declared.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from pacsconf.inventory.period import Period
from pacsconf.inventory.retention import Keep, Match, OnMissing, Retention
from pacsconf.retention.study import StudyFacts

NO_END = date.max
AFTERWARDS = {"SR", "PR", "KO", "SEG"}


def kept_until(declared: Retention, study: StudyFacts) -> date | None:
    """The last day; `NO_END`; None where it may be that no rule speaks of it. Holds are not looked at."""
    rules = [(rule.match, rule.keep) for rule in declared.rules.values()]
    if declared.default:
        rules.append((Match(), declared.default.keep))
    ends = [end for match, keep in rules if (end := of_rule(match, keep, study, declared.on_missing))]
    surely = Believed(study, declared.on_missing, sure=True)
    return max(ends, default=None) if any(surely.fits(match) for match, _ in rules) else None


def of_rule(match: Match, keeps: tuple[Keep, ...], study: StudyFacts, missing: OnMissing) -> date | None:
    """The same of one rule or floor; None where it is not about the study."""
    facts = Believed(study, missing)
    return max(facts.ends(match, keeps)) if facts.fits(match) else None


class Believed:
    """A study as the page says it is taken."""

    def __init__(self, study: StudyFacts, missing: OnMissing, *, sure: bool = False) -> None:
        self.study, self.missing, self.sure = study, missing, sure
        on, birth = study.study_date, study.birth_date
        if on and birth and birth > on:
            on, birth = None, None
        if on is None and missing.study_date == "use_received":
            on = study.received
            if on and birth and birth > on:
                on, birth = None, None
        if on and birth and years(birth, on) > 110:
            birth = None
        self.on, self.age, self.born = on, None, birth
        stated = study.age_years if missing.birth_date == "use_patient_age" else None
        if stated is not None and not 0 <= stated <= 110:
            stated = None
        if birth:
            self.age = years(birth, on) if on else None
        elif stated is not None:
            self.age = stated
            self.born = latest(on, stated) if on else None
        else:
            self.born = on
        self.images = study.modalities - AFTERWARDS

    def fits(self, match: Match) -> bool:
        study = self.study
        says = [
            self.fact("modality", match.modality, self.images or None),
            self.fact("calling_ae", match.calling_ae, study.calling_ae and {study.calling_ae}),
            self.fact(
                "institution", plain(match.institution), study.institution and plain([study.institution])
            ),
            self.fact("department", plain(match.department), study.department and plain([study.department])),
            self.fact(
                "procedure_code",
                [(one.scheme, code) for one in match.procedure_code for code in one.codes],
                study.procedure_codes,
            ),
            self.fact(
                "clinical_trial",
                [match.clinical_trial] if match.clinical_trial is not None else [],
                None if study.clinical_trial is None else {study.clinical_trial},
            ),
            all(self.fits(inner) for inner in match.all_of),
            any(self.fits(inner) for inner in match.any_of) or not match.any_of,
        ]
        if match.age_at_study and self.age is None:
            says.append(not self.sure)
        elif match.age_at_study:
            under, least = match.age_at_study.under, match.age_at_study.at_least
            says += [under is None or self.age < under, least is None or self.age >= least]
        return all(says)

    def fact(self, name: str, wanted: Iterable[object], held: object) -> bool:
        wanted = set(wanted)
        if not wanted:
            return True
        if held is None or held == "":
            return getattr(self.missing, name) == "may_match" and not self.sure
        return not wanted.isdisjoint(held)  # type: ignore[arg-type]

    def ends(self, match: Match, keeps: tuple[Keep, ...]) -> Iterator[date]:
        for keep in self.counting(match, keeps):
            if self.on is None or self.born is None:
                yield NO_END
                continue
            if keep.until_age is not None:
                yield plus(self.born, 12 * keep.until_age)
            if keep.period:
                yield self.over(keep.period, keep.clock or "study_date")
            if keep.and_at_least:
                yield self.over(keep.and_at_least.period, keep.and_at_least.clock)

    def counting(self, match: Match, keeps: tuple[Keep, ...]) -> list[Keep]:
        later = self.study.later_modalities
        if later is None or not any(keep.when for keep in keeps):
            return list(keeps)
        again = bool(later & (set(named(match)) or self.images))
        return [keep for keep in keeps if not (keep.otherwise if again else keep.when)]

    def over(self, period: Period, clock: str) -> date:
        assert self.on
        begun: date | None = self.study.received if clock == "received" else self.study.last_contact
        if clock == "study_date":
            begun = self.on
        elif begun is None and clock == "received":
            return NO_END
        begun = max(self.on, begun or self.on)
        return plus(begun, period.months) + timedelta(days=period.days)


def named(match: Match) -> Iterator[str]:
    yield from match.modality
    for inner in (*match.any_of, *match.all_of):
        yield from named(inner)


def plain(texts: Iterable[str]) -> set[str]:
    return {" ".join(text.casefold().split()) for text in texts}


def years(birth: date, on: date) -> int:
    count = 0
    while plus(birth, 12 * (count + 1)) <= on:
        count += 1
    return count


def latest(on: date, age: int) -> date:
    birth = plus(on, -12 * age)
    return birth if years(birth, on) == age else birth - timedelta(days=1)


def plus(day: date, months: int) -> date:
    total = day.year * 12 + day.month - 1 + months
    year, month = total // 12, total % 12 + 1
    if year > 9990:
        return NO_END
    if day.day > calendar.monthrange(year, month)[1]:
        return date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, day.day)
