"""Rules judged on resources, over several processes where there are many.

CEL holds the interpreter's lock, so that threads gain nothing (measured). Rules are compiled in each process, which
takes milliseconds; only the fields that they look at travel there, and bytes come back.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence

from pacsconf.policy.engine.alike import parted, spread
from pacsconf.policy.engine.judge import Judge
from pacsconf.policy.engine.outcome import Details, EvidenceOf, Outcome
from pacsconf.policy.results import RuleResults
from pacsconf.policy.rule import Rule, Tier
from pacsconf.policy.subject import Subject

MANY = 300_000
"""Results from which on a second process pays for its start."""
MOST = 8
"""Processes that are used at most, unless more are asked for."""


def evaluate(
    rules: Sequence[Rule], subjects: Mapping[str, Sequence[Subject]], processes: int | None = None
) -> tuple[RuleResults, ...]:
    """What each rule that is not off comes to on each resource of its kind, in the order of the rules.

    The rules have passed their check. `processes` None: as many as pay. The results are the same for any number.
    """
    active = [rule for rule in rules if not rule.off]
    found: dict[str, RuleResults] = {}
    for kind in dict.fromkeys(rule.kind for rule in active):
        asked = [rule for rule in active if rule.kind == kind]
        found |= {one.rule.id: one for one in _of_kind(kind, asked, subjects.get(kind, ()), processes)}
    return tuple(found[rule.id] for rule in active)


def _of_kind(
    kind: str, rules: Sequence[Rule], rows: Sequence[Subject], processes: int | None
) -> Iterator[RuleResults]:
    alone, others, like, few = parted(kind, rules, rows)
    if others:
        judge = Judge(kind, others)
        yield from _results(others, rows, spread(judge.judged(few), judge, like, rows))
    if alone:
        wanted = processes or _processes(len(alone) * len(rows))
        count = max(1, min(wanted, len(rows)))
        outcome = Judge(kind, alone).judged(rows) if count == 1 else _shared(kind, alone, rows, count)
        yield from _results(alone, rows, outcome)


def _results(rules: Sequence[Rule], rows: Sequence[Subject], outcome: Outcome) -> Iterator[RuleResults]:
    for number, rule in enumerate(rules):
        tiers = tuple(group[number] for group in outcome.tiers)
        evidence = EvidenceOf(outcome.groups, tiers)
        states = outcome.states[number]
        details = Details(rule, rows, states, outcome.messages[number], evidence)
        yield RuleResults(rule, rows, states, details, evidence)


def _processes(results: int) -> int:
    if results < MANY:
        return 1
    from multiprocessing import cpu_count

    return min(cpu_count(), MOST)


def _shared(kind: str, rules: Sequence[Rule], rows: Sequence[Subject], count: int) -> Outcome:
    """The same by several processes, of which this is one: the first part is judged here meanwhile."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    judge = Judge(kind, rules)
    size = -(-len(rows) // count)
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    with ProcessPoolExecutor(len(parts) - 1, mp_context=get_context("spawn")) as pool:
        others = [
            pool.submit(_judged, kind, rules, [judge.wanted.cut(one) for one in part]) for part in parts[1:]
        ]
        outcomes = [judge.judged(parts[0]), *(one.result() for one in others)]
    return _joined(outcomes)


def _judged(kind: str, rules: Sequence[Rule], rows: Sequence[Subject]) -> Outcome:
    return Judge(kind, rules).judged(rows)


def _joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Outcomes of rows that follow each other, as one."""
    groups = array("I")
    tiers: list[tuple[Tier, ...]] = []
    messages: list[dict[int, str]] = [{} for _ in outcomes[0].messages]
    for outcome in outcomes:
        begun = len(groups)
        groups.extend(number + len(tiers) for number in outcome.groups)
        tiers += outcome.tiers
        for held, more in zip(messages, outcome.messages, strict=True):
            held.update({position + begun: text for position, text in more.items()})
    states = tuple(b"".join(parts) for parts in zip(*(one.states for one in outcomes), strict=True))
    return Outcome(states, tuple(messages), groups, tuple(tiers))
