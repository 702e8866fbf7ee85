"""Proof that no kind of study is kept shorter than a legal minimum, and that no two rules tie.

Every class that floors and rules tell apart is looked at, at its edges (see `classes`); beside that a great many
studies at random, which need none of the argument why the edges suffice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations, product
from math import inf
from random import Random
from typing import Any

from pacsconf.core.once import for_the_last
from pacsconf.inventory.retention import SHOWN, Clock, Match, OnMissing, Retention
from pacsconf.retention.classes import Around, Class, Edges, both, classes, edges
from pacsconf.retention.decide import decide, reckon
from pacsconf.retention.evaluator import Evaluator
from pacsconf.retention.known import known
from pacsconf.retention.matching import fits
from pacsconf.retention.policy import DEFAULT, Policy, Prepared, floors, policy
from pacsconf.retention.study import NONE, Reckoned, StudyFacts

LONG_AGO = date(1900, 1, 1)
"""A day on which nothing is over yet: until when something is kept does not depend on it."""
SAMPLED = 20_000
"""Studies at random."""
GLIMPSED = 20_000
"""Studies at edges that are looked at where nothing is to be proven."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A study that rules keep shorter than a floor. `drafts` would keep it, and are not approved."""

    floor: Prepared
    study: StudyFacts
    floor_says: Reckoned
    rule: Prepared
    rule_says: Reckoned
    drafts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tie:
    """Two rules that keep every study of some kind equally long, and longer than all others do."""

    one: Prepared
    other: Prepared
    study: StudyFacts
    says: Reckoned


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked at, and what was found.

    `confirm` are clocks by floor or rule that images cannot show. `blind` are facts by floor that it asks for,
    where the inventory says that a rule does not match when they are missing: nothing is proven of such studies.
    """

    floors: int
    classes: int
    studies: int
    sampled: int
    broken: tuple[Broken, ...]
    ties: tuple[Tie, ...]
    confirm: tuple[tuple[str, Clock], ...]
    blind: tuple[tuple[str, str], ...]
    drafts: tuple[str, ...]


def prove(declared: Retention, sampled: int = SAMPLED) -> Proof:
    """The proof for what is declared; where only a part of it is approved, for that part by itself too.

    Raises: TooMany.
    """
    all_floors, whole, approved = floors(declared), policy(declared), policy(declared, approved_only=True)
    search = _Search(all_floors, whole)
    broken = list(search.broken(whole))
    drafts = tuple(rule.name for rule in whole.rules if not rule.is_approved)
    if drafts and approved.rules:
        seen = {one.floor.name for one in broken}
        alone = _Search(all_floors, approved).broken(approved)
        broken += [replace(one, drafts=drafts) for one in alone if one.floor.name not in seen]
    if not broken and (found := search.at_random(whole, sampled)):
        broken.append(found)
    return Proof(
        len(all_floors),
        search.classes,
        search.studies,
        sampled if all_floors else 0,
        tuple(broken),
        tuple(ties(whole)),
        tuple(_to_confirm((*all_floors, *whole.rules))),
        tuple(_blind(all_floors, whole.on_missing)),
        drafts,
    )


@for_the_last
def glimpsed(declared: Retention) -> tuple[Broken, ...]:
    """The floors that are seen to be broken among `GLIMPSED` studies at edges: quick, and no proof.

    Raises: TooMany.
    """
    all_floors, whole = floors(declared), policy(declared)
    return tuple(_Search(all_floors, whole, GLIMPSED).broken(whole)) if all_floors and whole.rules else ()


@for_the_last
def tied(declared: Retention) -> tuple[Tie, ...]:
    """The ties of all that is declared.

    Raises: TooMany.
    """
    return tuple(ties(policy(declared)))


def _to_confirm(rules: Iterable[Prepared]) -> Iterator[tuple[str, Clock]]:
    for rule in rules:
        for clock in sorted({one.clock for one in rule.minimums if one.period} - SHOWN):
            yield rule.name, clock


def _blind(all_floors: Iterable[Prepared], on_missing: OnMissing) -> Iterator[tuple[str, str]]:
    for floor in all_floors:
        asked = {key for match in _within(floor.match) for key in match.model_fields_set}
        for key in sorted(asked & set(OnMissing.model_fields)):
            if getattr(on_missing, key) == "no_match":
                yield floor.name, key


def _within(match: Match) -> Iterator[Match]:
    yield match
    for inner in (*match.any_of, *match.all_of):
        yield from _within(inner)


class _Search:
    """The search for a study that is kept too short; counts what it looks at."""

    def __init__(self, all_floors: Sequence[Prepared], whole: Policy, most: float = inf) -> None:
        self.floors = all_floors
        self.most = most
        self.edges = edges((*all_floors, *whole.rules))
        self.classes = 0
        self.studies = 0

    def broken(self, rules: Policy) -> Iterator[Broken]:
        """For each floor that is broken the first study that shows it."""
        evaluator = Evaluator(rules, LONG_AGO)
        for floor in self.floors:
            broken = next(self._of(floor, evaluator), None)
            if broken:
                yield broken

    def _of(self, floor: Prepared, evaluator: Evaluator) -> Iterator[Broken]:
        for kind in _kinds(floor, evaluator.policy):
            self.classes += 1
            for bare in self.edges.bare(kind):
                for study in self.edges.around(bare).dated(bare, kind):
                    self.studies += 1
                    if self.studies > self.most:
                        return
                    if broken := _broken(floor, study, evaluator):
                        yield broken

    def at_random(self, rules: Policy, number: int) -> Broken | None:
        """A broken floor among so many studies at random; always the same ones."""
        evaluator = Evaluator(rules, LONG_AGO)
        draw = Random(number)  # noqa: S311 - no secret: the same studies each time
        kinds = [kind for rule in (*self.floors, *rules.rules) for kind in classes(rule.match)]
        for _ in range(number if self.floors else 0):
            study = _drawn(kinds, self.edges, draw)
            for floor in self.floors:
                if broken := _broken(floor, study, evaluator):
                    return broken
        return None


def _kinds(floor: Prepared, rules: Policy) -> tuple[Class, ...]:
    """The classes of a floor; where there is no default, what they have in common with each rule's instead.

    What no rule speaks of is kept for ever: there the barest study is the best off, and not the worst.
    """
    own = classes(floor.match)
    if any(rule.name == DEFAULT for rule in rules.rules):
        return own
    others = (kind for rule in rules.rules for kind in classes(rule.match))
    return tuple(dict.fromkeys(kind for pair in product(own, others) if (kind := both(*pair))))


def _broken(floor: Prepared, study: StudyFacts, evaluator: Evaluator) -> Broken | None:
    rules = evaluator.policy
    outcome = evaluator(study)
    if outcome.until is None:
        return None
    facts = known(study, rules.on_missing)
    if fits(floor.match, facts, rules.on_missing) is None:
        return None
    least, _ = reckon(floor, facts)
    if least.until is None or least.until <= outcome.until:
        return None
    says = decide(rules, study, LONG_AGO).deciding
    assert says, "what has an end is kept by a rule"
    rule = next(one for one in rules.rules if one.name == says.rule)
    return Broken(floor, study, least, rule, says)


def _drawn(kinds: Sequence[Class], at: Edges, draw: Random) -> StudyFacts:
    """A study that has things of several classes, of which perhaps something is not known."""
    kind = draw.choice(kinds)
    for other in draw.sample(kinds, min(len(kinds), draw.randrange(3))):
        kind = both(kind, other) or kind
    bare = draw.choice(tuple(at.bare(kind)))
    on = date(2000, 1, 1) + timedelta(days=draw.randrange(9000))
    contact, received = (on + timedelta(days=draw.choice((0, draw.randrange(12_000)))) for _ in range(2))
    study = replace(
        bare,
        modalities=bare.modalities | _some(at.modalities, draw),
        study_date=on,
        birth_date=on - timedelta(days=draw.randrange(100 * 365)),
        last_contact=contact,
        received=received,
        later_modalities=_some(at.modalities, draw),
    )
    return study if draw.randrange(2) else replace(study, **draw.choice(_LACKING))


_LACKING: Sequence[Mapping[str, Any]] = (
    {"modalities": NONE},
    {"birth_date": None},
    {"procedure_codes": None},
    {"institution": None},
    {"department": None},
    {"calling_ae": None},
    {"clinical_trial": None},
    {"last_contact": None},
    {"later_modalities": None},
)


def _some(codes: Sequence[str], draw: Random) -> frozenset[str]:
    return frozenset(draw.sample(codes, draw.choice((0, 0, 1, min(2, len(codes))))))


# --- ties --------------------------------------------------------------------------------------------------------


def ties(rules: Policy) -> Iterator[Tie]:
    """Each two rules that tie, with a study that shows it.

    Two that end on one day by coincidence of a birthday do not: of a tie, every study of that kind and age ends so.

    Raises: TooMany.
    """
    named = [rule for rule in rules.rules if rule.name != DEFAULT]
    pairs = [pair for pair in combinations(named, 2) if not _lengths(pair[0]).isdisjoint(_lengths(pair[1]))]
    if pairs:
        look = _Ties(rules)
        yield from (found for pair in pairs if (found := next(look.of(*pair), None)))


def _lengths(rule: Prepared) -> frozenset[object]:
    """What can make two rules end on one day other than by coincidence."""
    return frozenset(one.age if one.period is None else (one.period, one.clock) for one in rule.minimums)


class _Ties:
    """The search for ties among some rules."""

    def __init__(self, rules: Policy) -> None:
        self.rules = rules
        self.edges = edges(rules.rules)
        self.evaluator = Evaluator(rules, LONG_AGO)

    def of(self, one: Prepared, other: Prepared) -> Iterator[Tie]:
        """A tie of these two for each kind and age in which they tie."""
        kinds = (both(first, second) for first, second in product(classes(one.match), classes(other.match)))
        for kind in sorted(filter(None, kinds), key=lambda one: len(one.modalities) + len(one.codes)):
            for study in self._within(kind):
                says = self._end((one, other), study)
                if says and says.until == self.evaluator(study).until and self._always((one, other), study):
                    yield Tie(one, other, study, says)

    def _within(self, kind: Class) -> Iterator[StudyFacts]:
        """The barest studies on an ordinary day, at ages at which nothing changes."""
        for bare in self.edges.bare(kind):
            around = self.edges.around(bare)
            on = around.dates[0]
            for later, birth in product(around.laters, around.within(kind, on)):
                yield replace(
                    bare,
                    study_date=on,
                    birth_date=birth,
                    later_modalities=later,
                    last_contact=on,
                    received=on,
                )

    def _always(self, pair: tuple[Prepared, Prepared], study: StudyFacts) -> bool:
        return all(self._end(pair, one) for one in _moved(study, self.edges.around(study)))

    def _end(self, pair: tuple[Prepared, Prepared], study: StudyFacts) -> Reckoned | None:
        """What both say where both end on one day; else None."""
        facts = known(study, self.rules.on_missing)
        first, second = (reckon(rule, facts)[0] for rule in pair)
        return first if first.until == second.until else None


def _moved(study: StudyFacts, at: Around) -> Iterator[StudyFacts]:
    """The same study on other days, the patient as old; and with its clocks far apart."""
    assert study.study_date, "given before"
    assert study.birth_date, "given before"
    age = study.study_date - study.birth_date
    for day in at.dates:
        yield replace(study, study_date=day, birth_date=day - age, last_contact=day, received=day)
    yield replace(study, last_contact=study.study_date + at.far)
    yield replace(study, received=study.study_date + at.far)
