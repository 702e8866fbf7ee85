"""Studies counted by the rule that keeps them: how many, until when at the earliest, what is missing. Pure.

Nothing that is counted leads back to a patient: of a study no more is kept than its reference, and that of the few
that are asked for.
"""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from statistics import median_low

from pacsconf.retention.decide import decide
from pacsconf.retention.evaluator import Evaluator
from pacsconf.retention.known import believable
from pacsconf.retention.policy import Policy, Prepared
from pacsconf.retention.reading import Wanted, wanted
from pacsconf.retention.study import NONE, State, StudyFacts

HELD, NO_RULE = "(on hold)", "(no rule)"
"""The classes of studies that no rule decides about."""


@dataclass(frozen=True, slots=True)
class Class:
    """The studies that one rule keeps longest. `earliest` and `median` are the last days on which they are kept."""

    rule: str
    studies: int
    states: Mapping[State, int]
    earliest: date | None = None
    median: date | None = None


@dataclass(frozen=True, slots=True)
class Expiring:
    """One study whose time ends: by reference, with the rule that keeps it and the last day of that."""

    until: date
    reference: str
    rule: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What all studies come to on a day.

    `missing` counts the studies that are kept longer, or without an end, since a fact is not known. `below_floor`
    are those that a rule keeps shorter than a legal minimum demands. `review_due` are past their maximum.
    """

    studies: int
    classes: tuple[Class, ...]
    states: Mapping[State, int]
    missing: Mapping[str, int]
    below_floor: int
    review_due: int
    expiring: tuple[Expiring, ...] = ()


@dataclass(slots=True)
class _Counting:
    states: Counter[State] = field(default_factory=Counter)
    days: array[int] = field(default_factory=lambda: array("l"))


def tally(
    studies: Iterable[StudyFacts], policy: Policy, floors: Sequence[Prepared], today: date, listed: int = 0
) -> Tally:
    """These studies counted; of those whose time ends first, `listed` by name."""
    rules, minimum = Evaluator(policy, today), Evaluator(Policy(tuple(floors), {}, policy.on_missing), today)
    doubtful = _doubtful(policy)
    classes: dict[str, _Counting] = {}
    missing: Counter[str] = Counter()
    first: list[tuple[int, str, str]] = []
    count = below = due = 0
    for study in studies:
        count += 1
        found = rules(study)
        name = HELD if found.state == "held" else found.rule or NO_RULE
        counting = classes.setdefault(name, _Counting())
        counting.states[found.state] += 1
        if doubtful(study):
            missing.update(decide(policy, study, today).missing)
        if found.until is None:
            continue
        counting.days.append(found.until.toordinal())
        due += found.review_after is not None and found.review_after < today
        below += _is_below(minimum, study, found.until)
        if listed:
            _keep_first(first, (found.until, study.reference, name), listed)
    return Tally(
        count,
        tuple(_class(name, classes[name]) for name in sorted(classes)),
        _together(one.states for one in classes.values()),
        dict(sorted(missing.items())),
        below,
        due,
        tuple(
            Expiring(date.fromordinal(-day), text, name) for day, text, name in sorted(first, reverse=True)
        ),
    )


_FACTS: Mapping[Wanted, str] = {
    "modalities": "modalities",
    "birth-date": "birth_date",
    "procedure-codes": "procedure_codes",
    "institution": "institution",
    "department": "department",
    "clinical-trial": "clinical_trial",
    "patient": "last_contact",
}


def _doubtful(policy: Policy) -> Callable[[StudyFacts], bool]:
    """Tells whether a fact that these rules ask for is not known, or not believed: only then reasons are needed."""
    names = sorted({"study_date", *(_FACTS[fact] for fact in wanted(policy.rules))})
    look = attrgetter(*names, "reference")  # with one more name it is a tuple in any case

    def doubtful(study: StudyFacts) -> bool:
        dates = study.study_date, study.birth_date
        return (
            any(value is None or value == NONE for value in look(study)[:-1]) or believable(*dates) != dates
        )

    return doubtful


def _is_below(minimum: Evaluator, study: StudyFacts, until: date) -> bool:
    if not minimum.policy.rules:
        return False
    demanded = minimum(study)
    if demanded.state == "no-rule":
        return False
    return demanded.until is None or demanded.until > until


def _keep_first(first: list[tuple[int, str, str]], one: tuple[date, str, str], most: int) -> None:
    """The earliest so far, as a heap with the latest of them on top."""
    until, text, name = one
    entry = (-until.toordinal(), text, name)
    if len(first) < most:
        heapq.heappush(first, entry)
    else:
        heapq.heappushpop(first, entry)


def _class(name: str, counting: _Counting) -> Class:
    days = counting.days
    return Class(
        name,
        sum(counting.states.values()),
        dict(sorted(counting.states.items())),
        date.fromordinal(min(days)) if days else None,
        date.fromordinal(median_low(days)) if days else None,
    )


def _together(counts: Iterable[Counter[State]]) -> Mapping[State, int]:
    found: Counter[State] = Counter()
    for each in counts:
        found.update(each)
    return dict(sorted(found.items()))
