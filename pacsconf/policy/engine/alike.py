"""Resources that are alike in all that rules look at, judged once for all of them.

Ten thousand scanners are of a few kinds, and most rules look at nothing that tells one from the other of its kind.
So rules are parted: those that look at what is everybody's own (a title, a host) are judged on each resource, and
the others once for each set of values that there is. What is wrong with a resource is said of each by itself, when
it is asked for.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from pacsconf.policy.engine.judge import Judge
from pacsconf.policy.engine.outcome import Outcome
from pacsconf.policy.engine.program import FAIL
from pacsconf.policy.rule import Rule
from pacsconf.policy.scan import HOLDERS, looks
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import KINDS

FEW = 200
"""Resources up to which nothing is gained, and as many are looked at to see what is everybody's own."""

Field = tuple[str, str]
"""A holder and a name; a field by its own name is one of `self`."""


def parted(
    kind: str, rules: Sequence[Rule], rows: Sequence[Subject]
) -> tuple[Sequence[Rule], Sequence[Rule], Sequence[int], Sequence[Subject]]:
    """Rules to be judged on each resource, and those that need not be; for these which of a few resources each is
    like, and the few."""
    asked = {rule.id: _asked(kind, rule) for rule in rules}
    sample = rows[:: max(1, len(rows) // FEW)][:FEW] if len(rows) > FEW else ()
    own = {field for field in frozenset().union(*asked.values()) if _is_own(field, sample)}
    alone = [rule for rule in rules if not sample or not own.isdisjoint(asked[rule.id])]
    others = [rule for rule in rules if rule not in alone] if sample else []
    if not others:
        return rules, (), (), ()
    fields = sorted(frozenset().union(*(asked[rule.id] for rule in others)))
    numbers: dict[bytes, int] = {}
    like = array("I")
    few: list[Subject] = []
    for subject in rows:
        key = _key(subject, fields)
        if key is None:
            return rules, (), (), ()
        number = numbers.setdefault(key, len(few))
        if number == len(few):
            few.append(subject)
        like.append(number)
    return alone, others, like, few


def spread(outcome: Outcome, judge: Judge, like: Sequence[int], rows: Sequence[Subject]) -> Outcome:
    """What rules came to on a few resources, of all that are like them."""
    pick = itemgetter(*like)
    groups = outcome.groups
    return Outcome(
        tuple(bytes(pick(states)) for states in outcome.states),
        tuple(
            _Words(number, outcome.states[number], messages, judge, like, rows)
            for number, messages in enumerate(outcome.messages)
        ),
        array("I", map(groups.__getitem__, like)),
        outcome.tiers,
    )


@dataclass(frozen=True, slots=True)
class _Words(Mapping[int, str]):
    """By position, what is said of a result of one rule."""

    number: int
    states: bytes
    said: Mapping[int, str]
    judge: Judge
    like: Sequence[int]
    rows: Sequence[Subject]

    def __getitem__(self, position: int) -> str:
        of = self.like[position]
        if self.states[of] == FAIL:
            return self.judge.words(self.number, self.rows[position])
        return self.said[of]

    def __contains__(self, position: object) -> bool:
        return isinstance(position, int) and self.like[position] in self.said

    def __iter__(self) -> Iterator[int]:
        return (position for position, of in enumerate(self.like) if of in self.said)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _asked(kind: str, rule: Rule) -> frozenset[Field]:
    """The fields that the state of a result rests on."""
    found = looks(rule.when, rule.condition)
    tiers = {"self": "declared", "configured": "configured", "observed": "observed"}
    fields = {holder: KINDS[kind].fields(tier) for holder, tier in tiers.items()}
    fields["site"] = KINDS["site"].fields("declared")
    asked = {("self", name) for name in found.names & fields["self"].keys() - set(HOLDERS)}
    for holder, known in fields.items():
        asked.update((holder, name) for name in (known if holder in found.whole else found.of(holder)))
    return frozenset(asked)


def _is_own(field: Field, sample: Sequence[Subject]) -> bool:
    """Whether most resources have a value of their own."""
    return len({repr(_value(subject, field)) for subject in sample}) > len(sample) / 2


def _value(subject: Subject, field: Field) -> Any:
    holder, name = field
    facts = subject.declared if holder == "self" else getattr(subject, holder)
    return None if facts is None else facts.get(name)


def _key(subject: Subject, fields: Sequence[Field]) -> bytes | None:
    """All values that count, and why there are no more; None where they are no plain values."""
    held = {
        "self": subject.declared,
        "site": subject.site or {},
        "configured": subject.configured or {},
        "observed": subject.observed or {},
    }
    nothing = subject.site is None, subject.configured is None, subject.observed is None
    try:
        return marshal.dumps((subject.blind, nothing, [held[of].get(name) for of, name in fields]), 2)
    except ValueError:
        return None
