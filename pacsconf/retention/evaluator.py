"""The rules prepared for millions of studies: hundreds of thousands in a second, in one process.

Terms: each rule matches in one or several ways, its *classes* (see `classes`), and each class has a bit. A fact
of a study leaves those bits whose classes it allows: what is left by all facts are the classes that fit. Premise:
how long the rules keep a study depends on these and on its days alone, and a hospital has few such combinations.
So for each that turns up what its rules say is laid down once as a *timetable*: from each clock the longest
period, of ages the highest. A study then costs a look-up for each fact and for each clock, and a comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce
from operator import and_, attrgetter, getitem
from typing import Any, NamedTuple

from pacsconf.inventory.period import Period
from pacsconf.inventory.retention import AUXILIARY, SHOWN, OnMissing
from pacsconf.retention import days
from pacsconf.retention.classes import Class, ways
from pacsconf.retention.decide import applicable, review_after
from pacsconf.retention.known import known
from pacsconf.retention.matching import SURE, fits, folded
from pacsconf.retention.policy import DEFAULT, Minimum, Policy, Prepared
from pacsconf.retention.study import State, StudyFacts

MOST_REMEMBERED = 100_000
"""So much is remembered of one sort before all of it is forgotten again."""


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
        if len(self) > MOST_REMEMBERED:
            self.clear()
        self[day] = found = self.reckon(day)
        return found


@dataclass(frozen=True, slots=True)
class _Timetable:
    """What the rules say of which some classes fit.

    `ends` are a clock (birth is one), the ends of a period by its first day, and the rule; of those that end
    together the first is named. `first` is by clock the lowest rank of a rule that needs it: that one is named
    where the date is missing. `external`: a clock must be confirmed that images never show; `by_contact`: one
    that they may show.
    """

    ends: tuple[tuple[int, _Ends, str], ...]
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
        self._ways = tuple((kind, rule) for rule in policy.rules for kind in ways(rule.match))
        left = dict(_left([kind for kind, _ in self._ways], policy.on_missing))
        self._by_age = left.pop("age")
        self._facts: Callable[[StudyFacts], tuple[Any, ...]] = attrgetter(*left, "reference")
        self._left = tuple(left.values())
        self._timetables: dict[Any, _Timetable | None] = {}
        self._asks_for_later = any(rule.asks_for_later for rule in policy.rules)
        self._no_default = all(rule.name != DEFAULT for rule in policy.rules)
        self._ends: dict[Period, _Ends] = {}

    def __call__(self, study: StudyFacts) -> Outcome:
        """What the rules say of a study."""
        if study.reference in self._held:
            return _HELD
        on, birth, born = study.study_date, study.birth_date, study.birth_date
        if on is None or birth is None or birth > on or on.year - birth.year > days.OLDEST:
            on, age, born = self._odd(study)
        else:
            age = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
        fitting = reduce(and_, map(getitem, self._left, self._facts(study)), self._by_age[age])
        key = (fitting, study.later_modalities, study.modalities) if self._asks_for_later else fitting
        try:
            timetable = self._timetables[key]
        except KeyError:
            timetable = self._remembered(key, fitting, study)
        if timetable is None or (self._no_default and not self._is_sure(study)):
            return _NO_RULE
        return self._outcome(timetable, study, on, born)

    def _is_sure(self, study: StudyFacts) -> bool:
        """Whether some rule matches, whatever is not known."""
        facts = known(study, self.policy.on_missing)
        if facts.age is not None and facts.modalities and not {None, ""} & {*self._facts(study)}:
            return True
        return any(fits(rule.match, facts, self.policy.on_missing) == SURE for rule in self.policy.rules)

    def _odd(self, study: StudyFacts) -> tuple[date | None, int | None, date | None]:
        """Study date, age and latest day of birth where one of the two dates is missing or cannot be true."""
        facts = known(study, self.policy.on_missing)
        return facts.study_date, facts.age, facts.born

    def _remembered(self, key: Any, fitting: int, study: StudyFacts) -> _Timetable | None:
        if len(self._timetables) > MOST_REMEMBERED:
            self._timetables.clear()
        self._timetables[key] = made = self._timetable(fitting, study)
        return made

    # --- one study

    def _outcome(self, table: _Timetable, study: StudyFacts, on: date | None, born: date | None) -> Outcome:
        if on is None or born is None:
            return self._endless(table, (None, None, None, None))
        seen, received = study.last_contact, study.received
        if received is not None and on > received:
            received = on
        begun = (on, received, on if seen is None or on > seen else seen, born)
        until, decides = date.min, ""
        for clock, ends, rule in table.ends:
            day = begun[clock]
            if day is None:
                return self._endless(table, begun)
            end = ends[day]
            if end > until:
                until, decides = end, rule
        state: State = "kept"
        if self.today > until:
            state = "to-confirm" if table.external or (table.by_contact and seen is None) else "expired"
        review = _review(table, begun, until) if table.reviews else None
        return _outcome((state, until, review, decides))

    def _endless(self, table: _Timetable, begun: Sequence[date | None]) -> Outcome:
        """The first rule that needs a date which is missing keeps the study without an end."""
        decides = min(rank for clock, rank in table.first.items() if begun[clock] is None)
        return Outcome("no-date", None, None, self._names[decides])

    # --- one combination

    def _timetable(self, fitting: int, study: StudyFacts) -> _Timetable | None:
        """What the rules say of which these classes fit; None when there are none."""
        rules = tuple(dict.fromkeys(rule for at, (_, rule) in enumerate(self._ways) if fitting >> at & 1))
        if not rules:
            return None
        facts = known(study, self.policy.on_missing)
        counted = [(rule, minimum) for rule in rules for minimum in applicable(rule, facts)[0]]
        clocks = {minimum.clock for _, minimum in counted if minimum.period}
        first: dict[int, int] = {}
        for rule, minimum in counted:
            first.setdefault(_clock(minimum), rule.rank)
        return _Timetable(
            tuple(self._longest(counted)),
            tuple(self._reviews(rules)),
            first,
            not clocks <= SHOWN,
            "last_imaging_contact" in clocks,
        )

    def _longest(self, counted: Iterable[tuple[Prepared, Minimum]]) -> Iterator[tuple[int, _Ends, str]]:
        """From each clock the longest period in months and the longest in days, and the highest age.

        In the order of their rules; of equal ones the first rule's.
        """
        longest: dict[tuple[int, bool], tuple[int, Period]] = {}
        for rule, minimum in counted:
            length = minimum.period or Period(12 * (minimum.age or 0))
            key = _clock(minimum), length.months > 0
            if key not in longest or length > longest[key][1]:
                longest[key] = rule.rank, length
        for (clock, _), (rank, length) in sorted(longest.items(), key=lambda one: one[1][0]):
            yield clock, self._ends_of(length), self._names[rank]

    def _reviews(self, rules: Iterable[Prepared]) -> Iterator[tuple[int, _Ends]]:
        shortest: dict[tuple[int, bool], Period] = {}
        for rule in rules:
            if rule.review:
                key = _CLOCKS.get(rule.review.clock, _CONTACT), rule.review.maximum.months > 0
                shortest[key] = min(shortest.get(key, rule.review.maximum), rule.review.maximum)
        for (clock, _), period in shortest.items():
            yield clock, self._ends_of(period)

    def _ends_of(self, period: Period) -> _Ends:
        if period not in self._ends:
            self._ends[period] = _Ends(lambda day: days.after(day, period))
        return self._ends[period]


def _review(table: _Timetable, begun: Sequence[date | None], until: date) -> date | None:
    return review_after(until, (ends[day] for clock, ends in table.reviews if (day := begun[clock])))


_STUDY_DATE, _RECEIVED, _CONTACT, _BORN = range(4)
_CLOCKS = {"study_date": _STUDY_DATE, "received": _RECEIVED}
"""The others begin with the patient's last study here at the earliest."""


def _clock(minimum: Minimum) -> int:
    return _BORN if minimum.age is not None else _CLOCKS.get(minimum.clock, _CONTACT)


# --- what facts leave --------------------------------------------------------------------------------------------


class _Left(dict[Any, int]):
    """The bits of the classes that a fact allows, remembered by fact."""

    def __init__(self, kinds: Sequence[Class], allows: Callable[[Class, Any], bool]) -> None:
        self.kinds = kinds
        self.allows = allows

    def __missing__(self, fact: Any) -> int:
        if len(self) > MOST_REMEMBERED:
            self.clear()
        self[fact] = found = sum(1 << at for at, kind in enumerate(self.kinds) if self.allows(kind, fact))
        return found


def _left(kinds: Sequence[Class], on_missing: OnMissing) -> Iterator[tuple[str, _Left]]:
    """By fact what it leaves, for age and for all facts that some class asks for."""
    yield "age", _Left(kinds, _of_age)
    for fact, (key, allows) in _FACTS.items():
        if any(getattr(kind, _NAMES.get(fact, fact)) for kind in kinds):
            yield fact, _Left(kinds, partial(allows, getattr(on_missing, key) == "may_match"))


def _of_age(kind: Class, age: int | None) -> bool:
    return age is None or kind.youngest <= age <= kind.oldest


def _of_modalities(may: bool, kind: Class, held: frozenset[str]) -> bool:
    images = held - AUXILIARY
    return kind.modalities <= images if images else may or not kind.modalities


def _of_codes(may: bool, kind: Class, held: frozenset[tuple[str, str]] | None) -> bool:
    return may or not kind.codes if held is None else kind.codes <= held


def _of_trial(may: bool, kind: Class, held: bool | None) -> bool:
    return _single(may, kind.clinical_trial, held)


def _of_institution(may: bool, kind: Class, held: str | None) -> bool:
    return _single(may, kind.institution, folded(held or "") or None)


def _of_department(may: bool, kind: Class, held: str | None) -> bool:
    return _single(may, kind.department, folded(held or "") or None)


def _of_title(may: bool, kind: Class, held: str | None) -> bool:
    return _single(may, kind.calling_ae, held or None)


def _single(may: bool, wanted: frozenset[Any], held: object) -> bool:
    return not wanted or (may if held is None else wanted == {held})


_FACTS: Mapping[str, tuple[str, Callable[[bool, Class, Any], bool]]] = {
    "modalities": ("modality", _of_modalities),
    "procedure_codes": ("procedure_code", _of_codes),
    "institution": ("institution", _of_institution),
    "department": ("department", _of_department),
    "calling_ae": ("calling_ae", _of_title),
    "clinical_trial": ("clinical_trial", _of_trial),
}
"""By fact of a study the key of a match that asks for it, and whether a class allows what is known of it."""
_NAMES = {"procedure_codes": "codes"}
"""Facts that a class has under another name."""
