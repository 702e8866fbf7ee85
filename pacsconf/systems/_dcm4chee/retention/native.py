"""The inventory's retention rules as policies of an archive: no study is kept shorter than the rules say.

Terms: the *span* of a rule is its longest minimum. Premises: the archive takes the first policy that fits, from
the highest priority, for each series; a study expires with its latest series; the day of expiry is itself over; and
a month after the 31st ends with the last day of the next. A study is not received before its date, and no patient
is born after it.

Steps: only approved rules; a span for each, without an end where the archive does not know the day it is counted
from, or where more studies fit than the rule is about and no default says how long those are kept; conditions (see
`conditions`); the longest first, each made to reach those below; all counted from receipt
that stand above one that is; priorities by length, all distinct; and without what no study would come to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pacsconf.core.finding import Path
from pacsconf.inventory.retention import Retention
from pacsconf.retention.decide import CLOCK_WORDS
from pacsconf.retention.policy import Minimum, Policy, Prepared, policy
from pacsconf.systems._dcm4chee.entries.keeping import STEP
from pacsconf.systems._dcm4chee.retention.conditions import UNDATED, disjuncts
from pacsconf.systems._dcm4chee.spelling.formats import Span

ENDLESS = Span(12 * 999, 0)
"""Nothing in the archive is as old."""
_UNDATED = "no-study-date"


@dataclass(frozen=True, slots=True)
class Native:
    """One policy. `rule` is whose it is; its `path` leads there."""

    name: str
    rule: str
    path: Path
    span: Span
    conditions: tuple[str, ...] = ()
    from_study_date: bool = True
    priority: int = 0

    @property
    def endless(self) -> bool:
        return self.span.reaches(ENDLESS)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a rule, and what the archive cannot do of it."""

    rule: str
    policies: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """Policies from the highest priority, and for each rule what is to be said of it."""

    policies: tuple[Native, ...]
    told: tuple[Told, ...]
    left_out: tuple[str, ...]
    """Rules that nobody approved."""
    holds: tuple[tuple[str, int], ...]
    """Holds, with how many studies each is about: the archive has to be told by other means."""


def compiled(declared: Retention) -> Compiled:
    """The policies for what is declared."""
    rules = policy(declared, approved_only=True)
    notes: dict[str, list[str]] = {rule.name: [] for rule in rules.rules}
    drafts = [one for rule in rules.rules for one in _drafts(rule, rules, notes[rule.name])]
    ranked = _ranked([*_undated(rules), *drafts])
    written = tuple(_numbered(_named(_seen(_started(ranked, notes)))))
    return Compiled(
        written,
        tuple(_told(rule, written, notes[rule.name]) for rule in rules.rules),
        tuple(rule.name for rule in policy(declared).rules if not rule.is_approved),
        tuple(
            (name, len(hold.studies)) for name, hold in sorted(declared.holds.items()) if not hold.released
        ),
    )


def iso(span: Span) -> str:
    """A period as the archive reads it: `P10Y2D`."""
    years, months = divmod(span.months, 12)
    parts = ((years, "Y"), (months, "M"), (span.days, "D"))
    return "P" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0D")


# --- one rule -----------------------------------------------------------------------------------------------


def _drafts(rule: Prepared, rules: Policy, notes: list[str]) -> Iterator[Native]:
    span, from_study_date = _span(rule, notes)
    asked = disjuncts(rule.match, rules.on_missing)
    notes += asked.notes
    if not asked.exact and not any(one.match.is_empty for one in rules.rules):
        span = ENDLESS
        notes.append(
            "the archive takes it for more studies than it is about, and no approved default says how long those"
            f" are kept: no end there ({iso(ENDLESS)})"
        )
    for conditions in asked.sets:
        yield Native(rule.name, rule.name, rule.path, span, conditions, from_study_date)


def _span(rule: Prepared, notes: list[str]) -> tuple[Span, bool]:
    """The longest minimum, and whether all are counted from the study date."""
    spans, received = [], False
    for minimum in rule.minimums:
        spans.append(_of_minimum(minimum, notes))
        received |= minimum.age is None and minimum.clock == "received"
    if rule.asks_for_later:
        notes.append(
            "whether the patient had a later study is not known to the archive: all its minimums count"
        )
    return _longest(spans), not received


def _of_minimum(minimum: Minimum, notes: list[str]) -> Span:
    if minimum.age is not None:
        notes.append(
            f"when the patient becomes {minimum.age} is not known to the archive: {minimum.age} years from the"
            " study, as if born on that day"
        )
        return _native(12 * minimum.age, 0)
    assert minimum.period is not None, "a minimum has a period or an age"
    if minimum.clock not in ("study_date", "received"):
        notes.append(
            f"{CLOCK_WORDS[minimum.clock]} is not known to the archive: no end there ({iso(ENDLESS)}), and"
            " somebody has to say what may go"
        )
        return ENDLESS
    return _native(minimum.period.months, minimum.period.days)


def _native(months: int, days: int) -> Span:
    """A day more, since the archive takes the last day for over; and one for months that end on its last day."""
    return Span(months, days + (2 if months else 1))


def _longest(spans: Sequence[Span]) -> Span:
    longest = max(spans, key=lambda one: one.fewest)
    for other in spans:
        longest = _reaching(longest, other)
    return longest


def _reaching(span: Span, other: Span) -> Span:
    """The span, made as long as another one whenever both begin."""
    return span if span.reaches(other) else Span(span.months, span.days + other.most - span.fewest)


def _undated(rules: Policy) -> Iterator[Native]:
    """What keeps studies without a date, which the archive would count from receipt."""
    if rules.rules and rules.on_missing.study_date == "never_expire":
        yield Native(_UNDATED, _UNDATED, ("retention", "on_missing"), ENDLESS, (UNDATED,))


# --- all together -------------------------------------------------------------------------------------------


def _ranked(drafts: Sequence[Native]) -> list[Native]:
    """From the longest, each made to reach all that stand below it."""
    rising = sorted(drafts, key=lambda one: (one.span.fewest, one.rule, one.conditions))
    found: list[Native] = []
    for one in rising:
        span = _longest([one.span, *dict.fromkeys(below.span for below in found)])
        found.append(replace(one, span=span))
    return found[::-1]


def _started(ranked: Sequence[Native], notes: dict[str, list[str]]) -> list[Native]:
    """Those from receipt, and all above them: a longer one from the study date could end sooner."""
    last = max((at for at, one in enumerate(ranked) if not one.from_study_date), default=-1)
    found = []
    for at, one in enumerate(ranked):
        moved = at < last and one.from_study_date and not one.endless
        told = "counted from receipt, since a shorter rule is: it would end sooner for what arrives late"
        if moved and told not in notes[one.rule]:
            notes[one.rule].append(told)
        found.append(replace(one, from_study_date=one.from_study_date and not moved))
    return found


def _seen(ranked: Iterable[Native]) -> Iterator[Native]:
    """Without those that no series comes to, since one above fits whatever they fit."""
    above: list[frozenset[str]] = []
    for one in ranked:
        asked = frozenset(one.conditions)
        if not any(other <= asked for other in above):
            above.append(asked)
            yield one


def _named(policies: Iterable[Native]) -> Iterator[Native]:
    """Names that no two share, capitals or not."""
    taken: set[str] = set()
    for one in policies:
        name, number = one.rule, 1
        while name.casefold() in taken:
            number += 1
            name = f"{one.rule}-{number}"
        taken.add(name.casefold())
        yield replace(one, name=name)


def _numbered(policies: Iterable[Native]) -> list[Native]:
    found: list[Native] = []
    lowest = 0
    for one in reversed(list(policies)):
        lowest = max(lowest + 1, one.span.fewest * STEP)
        found.append(replace(one, priority=lowest))
    return found[::-1]


def _told(rule: Prepared, written: Iterable[Native], notes: Sequence[str]) -> Told:
    own = tuple(one.name for one in written if one.rule == rule.name)
    if not own:
        notes = ("nothing is written for it: a longer one fits whatever it is about", *notes)
    return Told(rule.name, own, tuple(dict.fromkeys(notes)))
