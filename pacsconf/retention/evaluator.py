"""The rules prepared for millions of studies: hundreds of thousands in a second, in one process.

Terms: the *look* of a study is what the matches could tell apart of its facts (of its procedure codes those that
some rule names), its *band* where its age stands between the ages that matches ask for. Premise: which rules
match depends on look and band alone, and a hospital has few of them. So for each pair that turns up the rules are
asked once, by `decide`'s own functions, and what they say is laid down as a *timetable*: from each clock the
longest period, of ages the highest. A study then costs one look-up, one for each clock, and a comparison.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from operator import attrgetter, getitem
from typing import Any, NamedTuple

from pacsconf.inventory.period import Period
from pacsconf.inventory.retention import AUXILIARY, SHOWN, Match
from pacsconf.retention import days
from pacsconf.retention.decide import applicable, review_after
from pacsconf.retention.known import known
from pacsconf.retention.matching import fits, folded
from pacsconf.retention.policy import Minimum, Policy, Prepared
from pacsconf.retention.study import State, StudyFacts

MOST_LOOKS = 100_000
"""So many looks are remembered before all are forgotten again."""


class Outcome(NamedTuple):
    """What `decide` says, without its reasons. `rule` is the deciding one; None where a hold keeps it or none."""

    state: State
    until: date | None = None
    review_after: date | None = None
    rule: str | None = None


_outcome = Outcome._make
_HELD, _NO_RULE = Outcome("held"), Outcome("no-rule")


class _Ends(dict[date, date]):
    """When a period ends that begins on a day, remembered."""

    def __init__(self, reckon: Callable[[date], date]) -> None:
        self.reckon = reckon

    def __missing__(self, day: date) -> date:
        if len(self) > 2 * MOST_LOOKS:
            self.clear()
        self[day] = found = self.reckon(day)
        return found


@dataclass(frozen=True, slots=True)
class _Timetable:
    """What the rules say that match one look and band.

    `periods` are a clock, the ends of the period, and the rank of its rule; `ages` the ends by day of birth, with
    the rank. `first` is the lowest rank of a rule that needs each clock, and of one that needs an age: it is named
    where that date is missing. `external`: a clock must be confirmed that images never show; `by_contact`: one
    that they may show.
    """

    periods: tuple[tuple[int, _Ends, int], ...]
    ages: tuple[tuple[_Ends, int], ...]
    reviews: tuple[tuple[int, _Ends], ...]
    first: Mapping[int, int]
    external: bool
    by_contact: bool


class Evaluator:
    """A policy on one day. Call it with a study."""

    def __init__(self, policy: Policy, today: date) -> None:
        self.policy = policy
        self.today = today
        self._held = frozenset(policy.holding(today))
        self._names = {rule.rank: rule.name for rule in policy.rules}
        self._ages = sorted({age for rule in policy.rules for age in _ages(rule.match)})
        looks = dict(_looks(policy))
        self._facts: Callable[[StudyFacts], tuple[Any, ...]] = attrgetter(*looks, "reference")
        self._looks = tuple(looks.values())
        self._timetables: dict[tuple[Any, ...], _Timetable | None] = {}
        self._by_age = policy.on_missing.birth_date == "use_patient_age"
        self._ends: dict[Any, _Ends] = {}

    def __call__(self, study: StudyFacts) -> Outcome:
        """What the rules say of a study."""
        if study.reference in self._held:
            return _HELD
        on, birth, born = study.study_date, study.birth_date, study.birth_date
        if on is None or birth is None or birth > on or on.year - birth.year > days.OLDEST:
            on, age, born = self._odd(study)
        else:
            age = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
        band = -1 if age is None else bisect_right(self._ages, age)
        look = (band, *map(getitem, self._looks, self._facts(study)))
        try:
            timetable = self._timetables[look]
        except KeyError:
            timetable = self._remembered(look, study)
        return _NO_RULE if timetable is None else self._outcome(timetable, study, on, born)

    def _odd(self, study: StudyFacts) -> tuple[date | None, int | None, date | None]:
        """Study date, age and latest day of birth where one of the two dates is missing or cannot be true."""
        facts = known(study, self.policy.on_missing)
        return facts.study_date, facts.age, facts.born

    def _remembered(self, look: tuple[Any, ...], study: StudyFacts) -> _Timetable | None:
        if len(self._timetables) > MOST_LOOKS:
            self._timetables.clear()
        self._timetables[look] = made = self._timetable(study)
        return made

    # --- one study

    def _outcome(self, table: _Timetable, study: StudyFacts, on: date | None, born: date | None) -> Outcome:
        if on is None or born is None:
            return self._endless(table, (None, None, None, None))
        seen = study.last_contact
        begun = (on, study.received, on if seen is None or on > seen else seen, born)
        until, decides = date.min, 0
        for clock, ends, rank in table.periods:
            day = begun[clock]
            if day is None:
                return self._endless(table, begun)
            end = ends[day]
            if end > until or (end == until and rank < decides):
                until, decides = end, rank
        for ends, rank in table.ages:
            end = ends[born]
            if end > until or (end == until and rank < decides):
                until, decides = end, rank
        state: State = "kept"
        if self.today > until:
            state = "to-confirm" if table.external or (table.by_contact and seen is None) else "expired"
        review = _review(table, begun, until) if table.reviews else None
        return _outcome((state, until, review, self._names[decides]))

    def _endless(self, table: _Timetable, begun: Sequence[date | None]) -> Outcome:
        """The first rule that needs a date which is missing keeps the study without an end."""
        decides = min(rank for clock, rank in table.first.items() if begun[clock] is None)
        return Outcome("no-date", None, None, self._names[decides])

    # --- one look

    def _timetable(self, study: StudyFacts) -> _Timetable | None:
        """What the rules say of all studies with the look and band of this one; None when none matches."""
        on_missing = self.policy.on_missing
        facts = known(study, on_missing)
        rules = [rule for rule in self.policy.rules if fits(rule.match, facts, on_missing) is not None]
        if not rules:
            return None
        counted = [(rule, minimum) for rule in rules for minimum in applicable(rule, facts)[0]]
        clocks = {minimum.clock for _, minimum in counted if minimum.period}
        first: dict[int, int] = {}
        for rule, minimum in counted:
            first.setdefault(_clock(minimum), rule.rank)
        ages = max(((one.age, -rule.rank) for rule, one in counted if one.age is not None), default=None)
        return _Timetable(
            tuple(self._periods(counted)),
            ((self._birthdays(ages[0]), -ages[1]),) if ages else (),
            tuple(self._reviews(rules)),
            first,
            not clocks <= SHOWN,
            "last_imaging_contact" in clocks,
        )

    def _periods(self, counted: Iterable[tuple[Prepared, Minimum]]) -> Iterator[tuple[int, _Ends, int]]:
        """From each clock the longest period in months and the longest in days, of equal ones the first rule's."""
        longest: dict[tuple[int, bool], tuple[Period, int]] = {}
        for rule, minimum in counted:
            if minimum.period:
                key = _clock(minimum), minimum.period.months > 0
                if key not in longest or minimum.period > longest[key][0]:
                    longest[key] = minimum.period, rule.rank
        for (clock, _), (period, rank) in longest.items():
            yield clock, self._ends_of(period), rank

    def _reviews(self, rules: Iterable[Prepared]) -> Iterator[tuple[int, _Ends]]:
        shortest: dict[tuple[int, bool], Period] = {}
        for rule in rules:
            if rule.review:
                key = _CLOCKS.get(rule.review.clock, _CONTACT), rule.review.maximum.months > 0
                shortest[key] = min(shortest.get(key, rule.review.maximum), rule.review.maximum)
        for (clock, _), period in shortest.items():
            yield clock, self._ends_of(period)

    def _ends_of(self, period: Period) -> _Ends:
        return self._ends.setdefault(period, _Ends(lambda day: days.after(day, period)))

    def _birthdays(self, age: int) -> _Ends:
        return self._ends.setdefault(age, _Ends(lambda day: days.birthday(day, age)))


def _review(table: _Timetable, begun: Sequence[date | None], until: date) -> date | None:
    return review_after(until, (ends[day] for clock, ends in table.reviews if (day := begun[clock])))


_STUDY_DATE, _RECEIVED, _CONTACT, _BORN = range(4)
_CLOCKS = {"study_date": _STUDY_DATE, "received": _RECEIVED}
"""The others begin with the patient's last study here at the earliest."""


def _clock(minimum: Minimum) -> int:
    return _BORN if minimum.age is not None else _CLOCKS.get(minimum.clock, _CONTACT)


# --- what rules ask for ------------------------------------------------------------------------------------------

_FACTS = {
    "modality": "modalities",
    "procedure_code": "procedure_codes",
    "institution": "institution",
    "department": "department",
    "calling_ae": "calling_ae",
    "clinical_trial": "clinical_trial",
}
"""The fact of a study that each key of a match asks for."""


class _Look(dict[Any, Any]):
    """What the matches can tell apart of one fact, remembered by fact."""

    def __init__(self, of: Callable[[Any], Any]) -> None:
        self.of = of

    def __missing__(self, fact: Any) -> Any:
        if len(self) > MOST_LOOKS:
            self.clear()
        self[fact] = found = self.of(fact)
        return found


def _looks(policy: Policy) -> Iterator[tuple[str, _Look]]:
    """By fact what is told apart of it, for all facts that tell which rules match and which minimums count."""
    asked = [match for rule in policy.rules for match in _all(rule.match)]
    for key, fact in _FACTS.items():
        named = frozenset(value for match in asked for value in _named(match, key))
        if named:
            yield fact, _Look(partial(_OF[key], named))
    if any(minimum.when for rule in policy.rules for minimum in rule.minimums):
        yield "later_modalities", _Look(lambda held: held)
        if any(not rule.modalities for rule in policy.rules):
            yield "modalities", _Look(lambda held: held)


def _named(match: Match, key: str) -> Iterator[Any]:
    value = getattr(match, key)
    if key == "procedure_code":
        yield from ((one.scheme, code) for one in value for code in one.codes)
    elif key in ("institution", "department"):
        yield from map(folded, value)
    elif key == "clinical_trial":
        yield from () if value is None else (value,)
    else:
        yield from value


def _of_many(named: frozenset[Any], held: frozenset[Any] | None) -> frozenset[Any] | None:
    return held if held is None else held & named


def _of_modalities(named: frozenset[str], held: frozenset[str]) -> frozenset[str] | None:
    images = held - AUXILIARY
    return images & named if images else None


def _of_place(named: frozenset[str], held: str | None) -> str | None:
    return _of_title(named, folded(held or ""))


def _of_title(named: frozenset[str], held: str | None) -> str | None:
    return (held if held in named else _OTHER) if held else None


_OTHER = ""
"""In place of a name that no match mentions; what is not known is None."""


_OF: Mapping[str, Callable[[frozenset[Any], Any], Any]] = {
    "modality": _of_modalities,
    "procedure_code": _of_many,
    "institution": _of_place,
    "department": _of_place,
    "calling_ae": _of_title,
    "clinical_trial": lambda _, held: held,
}


def _ages(match: Match) -> Iterator[int]:
    for one in _all(match):
        if one.age_at_study:
            yield from (age for age in (one.age_at_study.under, one.age_at_study.at_least) if age is not None)


def _all(match: Match) -> Iterator[Match]:
    """A match and those inside it."""
    yield match
    for inner in (*match.any_of, *match.all_of):
        yield from _all(inner)
