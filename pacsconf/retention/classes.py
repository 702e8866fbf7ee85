"""The kinds of study that matches tell apart, and for each the studies at its edges.

Terms: a match in its disjunctive form is a list of *classes*, each of which asks for exact things: these
modalities, these codes, this institution, ages from one to another.

Premise: no match asks that something be absent (`clinical_trial: false` is a value like others). So a study that
has more than its class asks for matches all the rules that the barest study of the class matches, and perhaps
further ones, and is kept at least as long, if any matches the barest. What rules do wrong to any study of a class
they do to a barest one.

Steps, for a floor or for two rules that may meet:
1. Its classes, or what classes of both have in common.
2. Of each class the barest studies: what is not asked for is a value that no match mentions. Where a minimum asks
   for later studies and its match for no modality, one that no match mentions comes beside those that are asked
   for: of another study with it nothing else follows.
3. Each at the ages where a match or a birthday changes something, the day before, and of no known age; on days at
   which calendars differ (leap days, ends of months); with a last contact and a receipt on the day of the study and
   long after it. How long a study is kept is a maximum of sums "clock plus period": extremes of each clock suffice.
4. With a later study for every choice of the minimums that ask for one and find it (`later_same_class_study`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product

from pacsconf.core.finding import Path
from pacsconf.inventory.retention import AUXILIARY, Match, OnMissing
from pacsconf.inventory.retention_rules import MODALITIES
from pacsconf.retention import days
from pacsconf.retention.known import Known, known
from pacsconf.retention.matching import fits, folded
from pacsconf.retention.policy import Prepared
from pacsconf.retention.study import NO_CODES, NONE, StudyFacts, reference

ELSEWHERE, OTHER_AE = "(another)", "(ANOTHER)"
"""An institution or department, and a calling AE title, that no match mentions."""
MOST_CLASSES = 20_000
"""So many classes of one match are looked at; one that has more was not written by hand."""


MOST_LATER = 1_000
"""So many choices of later studies."""


class TooMany(Exception):
    """A match has more classes than can be looked at, or rules ask for later studies in more ways."""


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
    """What rules and floors together can tell apart."""

    kinds: Mapping[Path, Sequence[Class]]
    """The classes of each, by where it is written."""
    rules: Sequence[Prepared]
    trials: tuple[bool | None, ...]
    modalities: tuple[str, ...]
    """Those that matches mention, and first one that none does."""

    def bare(self, kind: Class) -> Iterator[StudyFacts]:
        """The barest studies of a class, of no age yet and on no day."""
        for trial in kind.clinical_trial or self.trials:
            yield StudyFacts(
                _EXAMPLE,
                self._modalities(kind),
                procedure_codes=kind.codes,
                institution=next(iter(kind.institution), ELSEWHERE),
                department=next(iter(kind.department), ELSEWHERE),
                calling_ae=next(iter(kind.calling_ae), OTHER_AE),
                clinical_trial=trial,
            )

    def _modalities(self, kind: Class) -> frozenset[str]:
        """Who asks for a report gets it alone: beside images it does not tell what kind of study it is."""
        if reports := kind.modalities & AUXILIARY:
            return reports
        any_counts = any(not rule.modalities for rule in self.rules if rule.asks_for_later)
        other = frozenset(self.modalities[:1])
        return kind.modalities | other if any_counts else kind.modalities or other

    def around(self, study: StudyFacts) -> Around:
        """Where something changes for such a study, of whatever age and day.

        Raises: TooMany.
        """
        facts = known(study, OnMissing())
        rules = [rule for rule in self.rules if fits(rule.match, facts, OnMissing()) is not None]
        minimums = [minimum for rule in rules for minimum in rule.minimums]
        kinds = [kind for rule in rules for kind in self.kinds[rule.path]]
        ages = {0, *(kind.youngest for kind in kinds), *(kind.oldest + 1 for kind in kinds)}
        ages |= {minimum.age for minimum in minimums if minimum.age is not None}
        periods = [minimum.period for minimum in minimums if minimum.period]
        mixed = any(one.days for one in periods) and (len(ages) > 1 or any(one.months for one in periods))
        longest = max((one.months * 31 + one.days for one in periods), default=0)
        return Around(
            tuple(sorted((age for age in ages if age <= days.OLDEST + 1), key=_plainness)),
            (*_DAYS, *_MONTH_DAYS) if mixed else _DAYS,
            timedelta(days=longest + 366 * (1 + max(ages))),
            tuple(self._laters([rule for rule in rules if rule.asks_for_later], facts)),
        )

    def _laters(self, asking: Sequence[Prepared], facts: Known) -> Iterable[frozenset[str]]:
        """What later studies may have been made with: one for each choice of rules that find one of their class."""
        found: dict[frozenset[Path], frozenset[str]] = {frozenset(): NONE}
        for code in self.modalities:
            finding = {rule.path for rule in asking if code in (rule.modalities or facts.modalities)}
            for finders, later in tuple(found.items()):
                found.setdefault(finders | finding, later | {code})
            if len(found) > MOST_LATER:
                raise TooMany
        return found.values()


@dataclass(frozen=True, slots=True)
class Around:
    """Where something changes for studies that differ by age and days alone."""

    ages: tuple[int, ...]
    dates: tuple[date, ...]
    far: timedelta
    """Longer than any period, and than any age that is kept until."""
    laters: tuple[frozenset[str], ...]

    def dated(self, study: StudyFacts, kind: Class) -> Iterator[StudyFacts]:
        """The study at each edge of age and calendar."""
        for on in self.dates:
            for birth, later in product(self.births(kind, on), self.laters):
                yield from self._seen(replace(study, study_date=on, birth_date=birth, later_modalities=later))

    def births(self, kind: Class, on: date) -> Iterator[date | None]:
        """Days of birth on which somebody of the class has just become an age, or will the day after; and none."""
        for age in self.ages:
            birth = days.latest_birth(age, on)
            for day in (birth, birth + timedelta(days=1)):
                if day <= on and kind.youngest <= days.age_on(day, on) <= kind.oldest:
                    yield day
        yield None

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
    """Where something changes in any of these rules and floors.

    Raises: TooMany.
    """
    kinds = {rule.path: classes(rule.match) for rule in rules}
    every = [kind for some in kinds.values() for kind in some]
    named = {code for kind in every for code in kind.modalities}
    return Edges(
        kinds,
        tuple(rules),
        (False, True, None) if any(kind.clinical_trial for kind in every) else (False,),
        (_other(named), *sorted(named)),
    )


def _other(named: Collection[str]) -> str:
    """A modality that no match mentions: one that people know, where there is one."""
    return next(code for code in (*_USUAL, *sorted(MODALITIES), "OTHER") if code not in named)


_USUAL = ("US", "MR", "CT", "XA", "OT")


def _plainness(age: int) -> tuple[int, int]:
    """Ages in the middle of life first: an example is to be one that people meet."""
    return abs(age - 40), age
