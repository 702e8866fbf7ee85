"""Retention rules, what they come to as a whole, and legal holds, as the inventory declares them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pacsconf.inventory.model import Inventory
from pacsconf.inventory.retention import AUXILIARY, LegalHold, Retention
from pacsconf.policy.evidence import Evidence
from pacsconf.policy.facts.places import Sites
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import retention as vocabulary
from pacsconf.retention.classes import ELSEWHERE, OTHER_AE, TooMany
from pacsconf.retention.days import after
from pacsconf.retention.decide import decide
from pacsconf.retention.policy import Minimum, Prepared, is_in_force, policy
from pacsconf.retention.prove import glimpsed, tied
from pacsconf.retention.rules import floor_finding, source_of
from pacsconf.retention.study import StudyFacts

_DAY = date(2000, 3, 1)
"""A day to count from: the next leap day is as far away as can be."""
_BIRTH = date(1960, 3, 1)
"""Of somebody of no age that rules speak of."""


def subjects(evidence: Evidence, sites: Sites) -> dict[str, tuple[Subject, ...]]:
    """The retention rules as a whole, each of them, and holds, by kind."""
    declared, today = evidence.inventory.retention, sites.today(None)
    none = sites.of(None)
    whole = [_whole(evidence.inventory, declared)] if declared.rules or declared.default else []
    return {
        "retention": tuple(
            Subject("retention", "retention", facts, site=none, path=("retention",)) for facts in whole
        ),
        "retention-rule": tuple(_rules(declared, today, sites)),
        "hold": tuple(
            Subject(
                "hold",
                name,
                _hold(name, declared.holds[name], today),
                site=none,
                path=("retention", "holds", name),
            )
            for name in sorted(declared.holds)
        ),
    }


def _whole(inventory: Inventory, declared: Retention) -> vocabulary.Retention:
    rules = policy(declared)
    facts: vocabulary.Retention = {
        "name": "retention",
        "approved": all(rule.is_approved for rule in rules.rules),
        "has_default": declared.default is not None,
        "uncovered": list(_uncovered(inventory, declared)),
        "packs": sorted(declared.packs),
    }
    try:
        ambiguous = [f"{tie.one.name} and {tie.other.name}" for tie in tied(declared)]
        below = [floor_finding(broken, declared, lambda _: None).summary for broken in glimpsed(declared)]
    except TooMany:
        return facts
    return {**facts, "ambiguous": ambiguous, "below_minimum": below}


def _uncovered(inventory: Inventory, declared: Retention) -> Iterator[str]:
    """Kinds of studies that are made here and that no rule is sure to keep."""

    if declared.default is not None:
        return
    rules = policy(declared)
    made = {
        code
        for device in inventory.devices.values()
        if device.lifecycle != "retired"
        for code in device.modality
    }
    for code in sorted(made - AUXILIARY):
        study = StudyFacts(
            "",
            frozenset({code}),
            study_date=_DAY,
            birth_date=_BIRTH,
            institution=ELSEWHERE,
            department=ELSEWHERE,
            calling_ae=OTHER_AE,
        )
        if decide(rules, study, _DAY).state == "no-rule":
            yield f"{code} studies"
    if all(not rule.match.is_empty for rule in declared.rules.values()):
        yield "whatever no rule matches"


def _rules(declared: Retention, today: date, sites: Sites) -> Iterator[Subject]:
    def facts(rule: Prepared) -> vocabulary.RetentionRule:
        cited = source_of(rule, declared)
        found: vocabulary.RetentionRule = {
            "name": rule.name,
            "source": rule.source or "",
            "verified": cited is not None and cited.verified,
            "has_maximum": rule.review is not None,
            "approved": rule.is_approved,
        }
        if days := _shortest(rule):
            found["keeps_days"] = days
        if rule.approval is not None:
            found["approved_days"] = (today - date.fromisoformat(rule.approval.on)).days
        return found

    for rule in policy(declared).rules:
        yield Subject("retention-rule", rule.name, facts(rule), site=sites.of(None), path=rule.path)


def _shortest(rule: Prepared) -> int | None:
    """The fewest days that a rule keeps anything; None where it counts by age alone.

    Minimums without a condition count always, the longest of them. Of the others either those with `when` count,
    or those that stand in for them (`otherwise`).
    """
    always = max((_days(one) for one in rule.minimums if not one.when and not one.otherwise), default=0)
    conditional = [_days(one) for one in rule.minimums if one.when]
    otherwise = [_days(one) for one in rule.minimums if one.otherwise]
    least = min((max(side) for side in (conditional, otherwise) if side), default=0)
    return max(always, least) or None


def _days(minimum: Minimum) -> int:
    """A period in days, as it is counted where no leap day makes it longer; 0 of an age."""
    return (after(_DAY, minimum.period) - _DAY).days if minimum.period else 0


def _hold(name: str, hold: LegalHold, today: date) -> vocabulary.Hold:
    facts: vocabulary.Hold = {
        "name": name,
        "studies": len(hold.studies),
        "released": not is_in_force(hold, today),
        "owner": hold.placed_by,
    }
    if hold.review_by is not None:
        facts["review_days"] = (date.fromisoformat(hold.review_by) - today).days
    return facts
