"""How long one study is kept, with every reason: the rules applied as they are written, one after the other.

1. A legal hold keeps the study, and nothing else is asked.
2. All rules that match count, the default with them. Where none is sure to match, since facts are missing, it may
   be a study of which no rule speaks: there is no end.
3. The latest minimum wins. Without a study date, or a date that one of them is counted from, there is no end.
4. It is to be reviewed after the earliest maximum, yet never before the minimum is over.

`Evaluator` gives the same answer for millions, without the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from pacsconf.inventory.period import Period
from pacsconf.inventory.retention import Review
from pacsconf.retention import days
from pacsconf.retention.known import Known, known
from pacsconf.retention.matching import SURE, Missing, fits
from pacsconf.retention.policy import Minimum, Policy, Prepared
from pacsconf.retention.study import Decision, Reckoned, State, StudyFacts

LATER_STUDIES = "later_studies"
"""What is missing where nobody looked whether the patient had a later study."""


def decide(policy: Policy, study: StudyFacts, today: date) -> Decision:
    """What all rules together say of a study on a day."""
    holds = policy.holding(today).get(study.reference, ())
    rules, missing = matching(policy, known(study, policy.on_missing))
    reckoned = sorted((one.says for one in rules), key=_longest_first)
    if holds:
        return Decision("held", runners_up=tuple(reckoned), holds=holds, missing=missing)
    if all(one.maybe for one in rules):
        return Decision("no-rule", runners_up=tuple(reckoned), missing=missing)
    first, *others = reckoned
    confirm = tuple(sorted({what for one in reckoned for what in one.confirm}))
    state = state_of(first.until, today, to_confirm=bool(confirm))
    reviews = (_review(one.rule, known(study, policy.on_missing)) for one in rules)
    return Decision(
        state, first.until, review_after(first.until, reviews), first, tuple(others), (), missing, confirm
    )


class Matching(NamedTuple):
    """A rule that matches, what it says, and the facts that are missing for being sure that it matches."""

    rule: Prepared
    says: Reckoned
    maybe: Missing


def matching(policy: Policy, facts: Known) -> tuple[list[Matching], tuple[str, ...]]:
    """The rules that match, and all facts that are missing for that or for what they say."""
    found, missing = [], SURE
    for rule in policy.rules:
        maybe = fits(rule.match, facts, policy.on_missing)
        if maybe is not None:
            reckoned, lacking = reckon(rule, facts)
            found.append(Matching(rule, reckoned, maybe))
            missing |= maybe | lacking
    return found, tuple(sorted(missing))


def state_of(until: date | None, today: date, *, to_confirm: bool) -> State:
    """How a study stands that no hold is on and that a rule matches."""
    if until is None:
        return "no-date"
    if today <= until:
        return "kept"
    return "to-confirm" if to_confirm else "expired"


def review_after(until: date | None, maximums: Iterable[date | None]) -> date | None:
    """The earliest maximum, but not before the minimum is over."""
    earliest = min((day for day in maximums if day is not None), default=None)
    return None if until is None or earliest is None else max(until, earliest)


def _review(rule: Prepared, facts: Known) -> date | None:
    review: Review | None = rule.review
    begun = facts.day(review.clock) if review else None
    return days.after(begun, review.maximum) if review and begun else None


def _longest_first(one: Reckoned) -> tuple[bool, int]:
    """Those without an end first; of equal ones the order of the rules stays, since sorting keeps it."""
    return one.until is not None, -(one.until or date.min).toordinal()


# --- one rule ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Counted:
    until: date | None
    reason: str
    lacks: Missing = SURE
    confirm: tuple[str, ...] = ()


def reckon(rule: Prepared, facts: Known) -> tuple[Reckoned, Missing]:
    """Until when a rule keeps a study that it matches, and the facts that are missing for that."""
    minimums, lacks = applicable(rule, facts)
    counted = [_counted(minimum, facts) for minimum in minimums]
    longest = max(counted, key=lambda one: one.until or date.max)
    endless = next((one for one in counted if one.until is None), longest)
    confirm = tuple(sorted({what for one in counted for what in one.confirm}))
    reckoned = Reckoned(rule.name, endless.until, endless.reason, confirm)
    return reckoned, lacks.union(*(one.lacks for one in counted))


def applicable(rule: Prepared, facts: Known) -> tuple[Sequence[Minimum], Missing]:
    """The minimums of a rule that count for a study; all of them where later studies of its class are not known."""
    if not rule.asks_for_later:
        return rule.minimums, SURE
    later = facts.study.later_modalities
    if later is None:
        return rule.minimums, frozenset({LATER_STUDIES})
    ours = rule.modalities or facts.modalities
    if later and not ours:  # whether one of them is of its class cannot be told
        return rule.minimums, frozenset({"modality"})
    holds = not later.isdisjoint(ours)
    return tuple(_chosen(rule.minimums, holds)), SURE


def _chosen(minimums: Iterable[Minimum], holds: bool) -> Iterator[Minimum]:
    for minimum in minimums:
        if not (minimum.otherwise if holds else minimum.when):
            yield minimum


def _counted(minimum: Minimum, facts: Known) -> _Counted:
    """Until when one minimum keeps a study; a study without a date has no end, whatever is counted."""
    if facts.study_date is None:
        return _Counted(None, f"{_words(minimum)}; there is no study date", frozenset({"study_date"}))
    return (
        _to_birthday(minimum, facts)
        if minimum.period is None
        else _for_period(minimum.period, minimum, facts)
    )


def _to_birthday(minimum: Minimum, facts: Known) -> _Counted:
    assert facts.born, "at the latest on the day of the study"
    assert minimum.age is not None, "a minimum has a period or an age"
    until = days.birthday(facts.born, minimum.age)
    if facts.guessed_birth:
        reason = f"{_words(minimum)}, as if born on the day of the study, since the birth date is not known"
        return _Counted(until, reason, frozenset({"birth_date"}))
    return _Counted(until, _words(minimum))


def _for_period(period: Period, minimum: Minimum, facts: Known) -> _Counted:
    clock, begun = minimum.clock, facts.day(minimum.clock)
    lacks = frozenset({_LACKS[clock]}) if clock in _LACKS else SURE
    if begun is None:
        return _Counted(None, f"{_words(minimum)}, which is not known", lacks)
    until = days.after(begun, period)
    if facts.to_confirm(clock):
        return _Counted(until, f"{_words(minimum)}, {begun} at the earliest", lacks, (clock,))
    return _Counted(until, f"{_words(minimum)} ({begun})")


def _words(minimum: Minimum) -> str:
    if minimum.period is None:
        return f"{_ordinal(minimum.age or 0)} birthday"
    return f"{minimum.period.words} from {CLOCK_WORDS[minimum.clock]}"


_LACKS = {"received": "received", "last_imaging_contact": "last_contact"}
"""The fact that is missing for a clock, where it is not the date of the study."""

CLOCK_WORDS = {
    "study_date": "the study date",
    "received": "the day the archive received it",
    "last_imaging_contact": "the patient's last study here",
    "last_seen": "the day the patient was last seen",
    "end_of_treatment": "the end of treatment",
    "diagnosis": "the diagnosis",
    "death": "the patient's death",
    "end_of_trial": "the end of the trial",
}


def _ordinal(number: int) -> str:
    tail = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else tail}"
