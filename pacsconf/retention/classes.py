"""The kinds of study that matches tell apart, and for each the studies at its edges.

Terms: a match in its disjunctive form is a list of *classes*, each of which asks for exact things: these
modalities, these codes, this institution, ages from one to another.

Premise: no match asks that something be absent (`clinical_trial: false` is a value like others). So a study that
has more than its class asks for matches all the rules that the barest study of the class matches, and perhaps
further ones, and is kept at least as long, if any matches the barest. What rules do wrong to any study of a class
they do to a barest one.

Steps, for a floor or for two rules that may meet:
1. Its classes, or what classes of both have in common.
2. Of each class the barest studies: what is not asked for is a value that no match mentions.
3. Each at the ages where a match or a birthday changes something, and the day before; on days at which calendars
   differ (leap days, ends of months); with a last contact and a receipt on the day of the study and long after it.
   How long a study is kept is a maximum of sums "clock plus period", so extremes of each clock suffice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations, product

from pacsconf.inventory.retention import Match
from pacsconf.inventory.retention_rules import MODALITIES
from pacsconf.retention import days
from pacsconf.retention.matching import folded
from pacsconf.retention.policy import Prepared
from pacsconf.retention.study import NO_CODES, NONE, StudyFacts, reference

ELSEWHERE, OTHER_AE = "(another)", "(ANOTHER)"
"""An institution or department, and a calling AE title, that no match mentions."""
MOST_CLASSES = 20_000
"""So many classes of one match are looked at; one that has more was not written by hand."""


class TooMany(Exception):
    """A match has more classes than can be looked at."""


@dataclass(frozen=True, slots=True)
class Class:
    """What one way to match asks for: all of these values; of ages those from one to another, both included."""

    modalities: frozenset[str] = NONE
    codes: frozenset[tuple[str, str]] = NO_CODES
    institution: frozenset[str] = NONE
    department: frozenset[str] = NONE
    calling_ae: frozenset[str] = NONE
    clinical_trial: frozenset[bool] = frozenset()
    youngest: int = 0
    oldest: int = days.OLDEST

    @property
    def is_possible(self) -> bool:
        """Whether a study can be of this class of which everything is known: it is of one institution only."""
        singles = (self.institution, self.department, self.calling_ae, self.clinical_trial)
        return self.youngest <= self.oldest and all(len(values) <= 1 for values in singles)


def _joined(one: Class, other: Class) -> Class:
    """What two classes ask for together."""
    return Class(
        one.modalities | other.modalities,
        one.codes | other.codes,
        one.institution | other.institution,
        one.department | other.department,
        one.calling_ae | other.calling_ae,
        one.clinical_trial | other.clinical_trial,
        max(one.youngest, other.youngest),
        min(one.oldest, other.oldest),
    )


def both(one: Class, other: Class) -> Class | None:
    """What two classes have in common; None when no study is of both."""
    found = _joined(one, other)
    return found if found.is_possible else None


def classes(match: Match) -> tuple[Class, ...]:
    """The ways to match, each of which some study takes.

    Raises: TooMany.
    """
    return tuple(kind for kind in ways(match) if kind.is_possible)


def ways(match: Match) -> tuple[Class, ...]:
    """The same with those that contradict themselves: they fit where what they ask for is not known.

    Raises: TooMany.
    """
    found: tuple[Class, ...] = (Class(),)
    for alternatives in _alternatives(match):
        if len(found) * len(alternatives) > MOST_CLASSES:
            raise TooMany
        found = tuple(dict.fromkeys(_joined(one, other) for one, other in product(found, alternatives)))
    return found


def _alternatives(match: Match) -> Iterator[tuple[Class, ...]]:
    """For each key that is given the classes that it leaves."""
    if match.modality:
        yield tuple(Class(modalities=frozenset({code})) for code in match.modality)
    if match.age_at_study:
        under, at_least = match.age_at_study.under, match.age_at_study.at_least
        yield (Class(youngest=at_least or 0, oldest=days.OLDEST if under is None else under - 1),)
    if match.procedure_code:
        pairs = ((one.scheme, code) for one in match.procedure_code for code in one.codes)
        yield tuple(Class(codes=frozenset({pair})) for pair in pairs)
    if match.institution:
        yield tuple(Class(institution=frozenset({folded(text)})) for text in match.institution)
    if match.department:
        yield tuple(Class(department=frozenset({folded(text)})) for text in match.department)
    if match.calling_ae:
        yield tuple(Class(calling_ae=frozenset({title})) for title in match.calling_ae)
    if match.clinical_trial is not None:
        yield (Class(clinical_trial=frozenset({match.clinical_trial})),)
    if match.any_of:
        yield tuple(one for inner in match.any_of for one in ways(inner))
    for inner in match.all_of:
        yield ways(inner)


# --- studies at the edges ----------------------------------------------------------------------------------------

_PLAIN = date(2015, 3, 1)
_DAYS = (_PLAIN, date(2016, 2, 29), date(2015, 12, 31), date(2015, 1, 31))
"""An ordinary day, and those on which years and months differ in length."""
_MONTH_DAYS = tuple(
    date(year, month, day) for year in range(2012, 2016) for month in range(1, 13) for day in (1, 28)
)
_EXAMPLE = reference("2.999")


@dataclass(frozen=True, slots=True)
class Edges:
    """What rules and floors together can tell apart, beside classes."""

    ages: tuple[int, ...]
    """Ages at which something changes."""
    dates: tuple[date, ...]
    far: timedelta
    """Longer than any period, and than any age that is kept until."""
    later: tuple[frozenset[str], ...]
    """What later studies may have been made with."""
    trials: tuple[bool, ...]
    other: str
    """A modality that no match mentions."""

    def bare(self, kind: Class) -> Iterator[StudyFacts]:
        """The barest studies of a class, of no age yet and on no day."""
        for trial in kind.clinical_trial or self.trials:
            yield StudyFacts(
                _EXAMPLE,
                kind.modalities or frozenset({self.other}),
                procedure_codes=kind.codes,
                institution=next(iter(kind.institution), ELSEWHERE),
                department=next(iter(kind.department), ELSEWHERE),
                calling_ae=next(iter(kind.calling_ae), OTHER_AE),
                clinical_trial=trial,
            )

    def dated(self, study: StudyFacts, kind: Class) -> Iterator[StudyFacts]:
        """The study at each edge of age and calendar."""
        for on in self.dates:
            for birth in self.births(kind, on):
                for later in self.later:
                    yield from self._seen(
                        replace(study, study_date=on, birth_date=birth, later_modalities=later)
                    )

    def births(self, kind: Class, on: date) -> Iterator[date]:
        """Days of birth on which somebody of the class has just become an age, or will the day after."""
        for age in self.ages:
            birth = days.birthday(on, -age)
            for day in (birth, birth + timedelta(days=1)):
                if day <= on and kind.youngest <= days.age_on(day, on) <= kind.oldest:
                    yield day

    def within(self, kind: Class, on: date) -> Iterator[date]:
        """One day of birth between each two ages at which something changes: nothing there is a coincidence."""
        for age in self.ages:
            day = days.birthday(on, -age) - timedelta(days=100)
            if kind.youngest <= days.age_on(day, on) <= kind.oldest:
                yield day

    def _seen(self, study: StudyFacts) -> Iterator[StudyFacts]:
        assert study.study_date, "given before"
        for contact, received in product((study.study_date, study.study_date + self.far), repeat=2):
            yield replace(study, last_contact=contact, received=received)


def edges(rules: Sequence[Prepared]) -> Edges:
    """Where something changes in any of these rules and floors."""
    kinds = [kind for rule in rules for kind in classes(rule.match)]
    ages = {0, *(kind.youngest for kind in kinds), *(kind.oldest + 1 for kind in kinds)}
    ages |= {minimum.age for rule in rules for minimum in rule.minimums if minimum.age is not None}
    periods = [minimum.period for rule in rules for minimum in rule.minimums if minimum.period]
    mixed = any(one.days for one in periods) and any(one.months for one in periods)
    longest = max((one.months * 31 + one.days for one in periods), default=0)
    named = {code for kind in kinds for code in kind.modalities}
    return Edges(
        tuple(sorted((age for age in ages if age <= days.OLDEST), key=_plainness)),
        (*_DAYS, *_MONTH_DAYS) if mixed else _DAYS,
        timedelta(days=longest + 366 * (1 + max(ages))),
        tuple(_later(rules, named)),
        tuple(sorted({False}.union(*(kind.clinical_trial for kind in kinds)))),
        next(iter(sorted(MODALITIES - named)), "OT"),
    )


def _later(rules: Iterable[Prepared], named: Iterable[str]) -> Iterator[frozenset[str]]:
    """None, and where some rule asks: every choice of the modalities that are told apart, or of few each one."""
    yield NONE
    if any(minimum.when for rule in rules for minimum in rule.minimums):
        known = sorted(
            {code for rule in rules if any(one.when for one in rule.minimums) for code in rule.modalities}
        )
        known = known or sorted(named)
        sizes = range(1, len(known) + 1) if len(known) <= _FEW else (1, len(known))
        for size in sizes:
            yield from map(frozenset, combinations(known, size))


_FEW = 4


def _plainness(age: int) -> tuple[int, int]:
    """Ages in the middle of life first: an example is to be one that people meet."""
    return abs(age - 40), age
