"""Less evidence never makes a fault pass: a rule that fails on all there is may be *unknown* on less of it.

Every rule of the starter pack is judged on whatever its evidence may hold, and on all that is left of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any

import pytest

from pacsconf.cli.policy_files import load_cases
from pacsconf.policy.engine import evaluate
from pacsconf.policy.engine.program import Program
from pacsconf.policy.rule import Rule
from pacsconf.policy.subject import Facts, Subject
from pacsconf.policy.vocabulary import KINDS
from pacsconf.policy.vocabulary.hints import member, plain
from tests.policy.test_starter_pack import POLICIES, ROOT, RULES

Key = tuple[str, str]
"""A field: where it stands, and its name."""
Evidence = Mapping[Key, Any]

OF_THE_RECORD = frozenset(
    {
        "accepted",
        "accepted_version",
        "previous_lifecycle",
        "reviewed",
        "days_since_review",
        "emergency_unreviewed",
        "emergency_waiting_days",
    }
)
"""What stands with what is declared, and comes from the record. Anything else there is no evidence."""

EITHER = frozenset(
    f"PACS-{one}"
    for one in (
        *("ADM-001", "NET-001", "NET-002", "NET-003", "NET-009", "TIM-003"),
        *("TLS-001", "TLS-004", "TLS-009"),
    )
)
"""Rules of a fault that the wire and the configuration show, each by itself. Where the two say otherwise and one of
them is gone, the other holds: it was looked at, and the result says which it stands on."""

BESIDE: Mapping[str, Key] = {
    # No retired device is asked on the wire: that one answers is told where seen, its silence proves nothing.
    "PACS-LC-003": ("observed", "answers"),
    # Without samples of several days there is no trend, and how full it is now is known all the same.
    "PACS-STO-001": ("configured", "days_left"),
    # OpenLDAP has no word for it, and Active Directory always tells.
    "PACS-USR-012": ("configured", "reversible"),
}
"""Fields that make a result worse where they are there, and that need not be there for it to be well."""

WITH_EVIDENCE = {
    name: rule
    for name, rule in RULES.items()
    if rule.needs_live or Program(rule).evidence["self"] & OF_THE_RECORD
}


def values(hint: object) -> list[Any]:
    """A few values of a field's type, that rules tell apart."""
    if member(hint) is not None:
        return [[], ["x"]] if member(hint) is str else [[]]
    return list({bool: (False, True), int: (0, 10, 100_000), str: ("", "reject", "permanent")}[plain(hint)])


def choices(rule: Rule) -> dict[Key, list[Any]]:
    """By field of evidence that a rule looks at, values of it."""
    kind, asked = KINDS[rule.kind], Program(rule).evidence
    tiers = {
        "configured": asked["configured"],
        "observed": asked["observed"],
        "self": asked["self"] & OF_THE_RECORD,
    }
    return {
        (tier, name): values(kind.fields("declared" if tier == "self" else tier)[name])
        for tier, names in tiers.items()
        for name in sorted(names)
    }


@cache
def _declared() -> Mapping[str, list[Facts]]:
    """By rule, what its cases declare."""
    found: dict[str, dict[str, Facts]] = {}
    for case in load_cases(ROOT / "tests" / "cases", ROOT, POLICIES)[0]:
        facts = {name: value for name, value in case.subject.declared.items() if name not in OF_THE_RECORD}
        found.setdefault(case.rule.id, {})[repr(sorted(facts.items()))] = facts
    return {rule: list(several.values()) for rule, several in found.items()}


def subject(rule: Rule, declared: Facts, evidence: Evidence) -> Subject:
    held: dict[str, dict[str, Any]] = {"self": {**declared}, "configured": {}, "observed": {}}
    for (tier, name), value in evidence.items():
        held[tier][name] = value
    return Subject(rule.kind, "one", held["self"], held["configured"] or None, held["observed"] or None)


def lattice(fields: Mapping[Key, list[Any]]) -> list[dict[Key, Any]]:
    """All that may be known: every combination of values, where any of them may be absent."""
    gone = object()
    rows = product(*([gone, *several] for several in fields.values()))
    return [{key: value for key, value in zip(fields, row, strict=True) if value is not gone} for row in rows]


def less(evidence: Evidence, but: Key | None) -> Iterator[dict[Key, Any]]:
    """The same without some of it; `but` stays where it is."""
    free = [key for key in evidence if key != but]
    for kept in product((False, True), repeat=len(free)):
        gone = {key for key, stays in zip(free, kept, strict=True) if not stays}
        if gone:
            yield {key: value for key, value in evidence.items() if key not in gone}


def spelt(evidence: Evidence) -> tuple[tuple[Key, str], ...]:
    return tuple((key, repr(value)) for key, value in evidence.items())


@pytest.mark.parametrize("name", WITH_EVIDENCE)
def test_a_fault_does_not_pass_by_looking_less(name):
    rule = WITH_EVIDENCE[name]
    known = lattice(choices(rule))
    for declared in _declared()[name]:
        (judged,) = evaluate([rule], {rule.kind: [subject(rule, declared, one) for one in known]}, 1)
        states = {spelt(one): judged.state(number) for number, one in enumerate(known)}
        assert "error" not in states.values()
        for evidence in (one for one in known if states[spelt(one)] == "fail"):
            for rest in less(evidence, BESIDE.get(name)):
                found = states[spelt(rest)]
                if found in ("fail", "unknown") or (name in EITHER and _other_tier_tells(evidence, rest)):
                    continue
                pytest.fail(f"{name} fails on {evidence} and is {found} on {rest}")


def _other_tier_tells(evidence: Evidence, rest: Evidence) -> bool:
    """Whether what is left is all that one of two tiers told."""
    gone = {tier for tier, _ in evidence.keys() - rest.keys()}
    return len(gone) == 1 and bool(rest) and {tier for tier, _ in rest}.isdisjoint(gone)


@pytest.mark.parametrize("name", sorted(EITHER | BESIDE.keys()))
def test_each_exception_is_one(name):
    """What stands above is needed: an exception that is none any more is to go."""
    rule = RULES[name]
    if name in BESIDE:
        assert BESIDE[name] in choices(rule)
    else:
        assert {tier for tier, _ in choices(rule)} == {"configured", "observed"}


@pytest.mark.parametrize("name", WITH_EVIDENCE)
def test_what_passes_without_evidence_is_decided_by_what_is_declared(name):
    """A pass that stands on live evidence does not outlive it."""
    rule = WITH_EVIDENCE[name]
    known = lattice(choices(rule))
    for declared in _declared()[name]:
        (judged,) = evaluate([rule], {rule.kind: [subject(rule, declared, one) for one in known]}, 1)
        nothing = known.index({})
        if judged.state(nothing) == "pass":
            assert judged.evidence.get(nothing, "declared") == "declared"
            assert set(judged.count()) == {"pass"}
