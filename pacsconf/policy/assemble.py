"""What rules came to, and the waivers, as an audit has them: with the place where each resource is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pacsconf.core.finding import Finding, Path, Place
from pacsconf.inventory.baseline import Accepted, Baseline, entries
from pacsconf.policy.audit import AuditedResult, AuditedRule, AuditedWaiver
from pacsconf.policy.results import STATES, Result, shown
from pacsconf.policy.rule import Rule, Severity
from pacsconf.policy.subject import Subject
from pacsconf.policy.waiver import WARNED, Waiver
from pacsconf.policy.waiver_remarks import state_of
from pacsconf.policy.waivers import Waived, waiver_of

PlaceOf = Callable[[Path], Place | None]


@dataclass(frozen=True, slots=True)
class Assembled:
    """The three parts of an audit that come from judging."""

    rules: tuple[AuditedRule, ...] = ()
    results: tuple[AuditedResult, ...] = ()
    waivers: tuple[AuditedWaiver, ...] = ()


def audited(
    rules: Iterable[Rule],
    waived: Waived,
    waivers: Iterable[Waiver],
    baseline: Baseline,
    place_of: PlaceOf,
    today: date,
) -> Assembled:
    """All of it in the order that audits have: by rule, kind and name; waivers by their end.

    `rules` are those that are switched off, too. `place_of` leads from a path of the inventory to its place.
    """
    results = sorted(
        (_result(one, place_of) for each in waived.results for one in each), key=lambda one: one.key
    )
    held = sorted(
        (
            *(_waiver(one, waived.uses, today) for one in waivers),
            *(_agreed(name, one, waived.uses, today) for name, one in _of_policies(baseline, waived)),
        ),
        key=lambda one: (one.until, one.id),
    )
    made = sorted((_rule(one) for one in rules), key=lambda one: one.id)
    return Assembled(tuple(made), tuple(results), tuple(held))


def together(parts: Iterable[Assembled]) -> Assembled:
    """Of several environments one: of each result the worst, of each waiver the most it is used."""
    rules: dict[str, AuditedRule] = {}
    results: dict[tuple[str, str, str], AuditedResult] = {}
    waivers: dict[str, AuditedWaiver] = {}
    for part in parts:
        rules |= {one.id: one for one in part.rules}
        for one in part.results:
            known = results.setdefault(one.key, one)
            if STATES.index(one.state) < STATES.index(known.state):
                results[one.key] = one
        for held in part.waivers:
            if held.used >= waivers.setdefault(held.id, held).used:
                waivers[held.id] = held
    ordered = sorted(results.values(), key=lambda one: one.key)
    return Assembled(tuple(rules.values()), tuple(ordered), tuple(waivers.values()))


_AS_BAD: Mapping[str, Severity] = {"error": "high", "warning": "medium", "info": "info"}
"""How bad a finding of a built-in check is, in the words of policies."""


def of_built_in(findings: Iterable[Finding], place_of: PlaceOf) -> Assembled:
    """What built-in checks found, as results; checks that found nothing are not among them."""
    rules: dict[str, AuditedRule] = {}
    results: dict[tuple[str, str, str], AuditedResult] = {}
    for one in findings:
        severity = _AS_BAD[one.severity]
        rules.setdefault(
            one.rule,
            AuditedRule(one.rule, "a check that is built in", severity, "inventory", "declared", fix=one.fix),
        )
        place = one.place or place_of(one.path)
        told = shown(" ".join(filter(None, (f"{one.summary}.", one.detail))))
        name = ".".join(map(str, one.path)) or str(one.about or place or one.summary)
        result = AuditedResult(
            one.rule,
            "inventory",
            shown(name),
            "waived" if one.accepted else "unknown" if one.verdict == "unknown" else "fail",
            message=told,
            file=place.file if place else "",
            line=place.line if place else 0,
            column=place.column if place else 0,
            waiver=one.accepted,
        )
        results[(*result.key[:2], f"{result.name} {result.line}:{result.column} {told}")] = result
    return Assembled(tuple(rules.values()), tuple(results.values()))


def _rule(rule: Rule) -> AuditedRule:
    file, line = (rule.place.file, rule.place.line) if rule.place else ("", 0)
    return AuditedRule(
        rule.id,
        rule.title,
        rule.severity,
        rule.kind,
        rule.proof,
        rule.condition,
        rule.when,
        rule.why,
        rule.fix,
        rule.pack,
        rule.params,
        rule.controls,
        rule.off,
        rule.changed,
        file,
        line,
    )


def _result(one: Result, place_of: PlaceOf) -> AuditedResult:
    place = place_of(one.subject.path) if one.subject.path else None
    file, line, column = (place.file, place.line, place.column) if place else ("", 0, 0)
    site = one.subject.site.get("name", "") if one.subject.site else ""
    return AuditedResult(
        one.rule.id,
        one.subject.kind,
        one.subject.name,
        one.state,
        one.evidence,
        shown(one.message),
        str(site),
        one.subject.device,
        file,
        line,
        column,
        waiver_of(one),
        system_of(one.subject),
    )


def system_of(subject: Subject) -> str:
    """The one live system that has what a subject is; empty where none has, or several."""
    if subject.kind == "system":
        return subject.name
    systems = {address.system for address in subject.about}
    return systems.pop() if len(systems) == 1 else ""


def _waiver(one: Waiver, uses: Mapping[str, int], today: date) -> AuditedWaiver:
    return AuditedWaiver(
        one.id,
        one.rule,
        one.scope,
        one.owner,
        one.approver,
        one.reason,
        one.control,
        one.since.isoformat(),
        one.until.isoformat(),
        tuple(day.isoformat() for day in one.renewals),
        state_of(one, uses, today),
        uses.get(one.id, 0),
    )


def _of_policies(baseline: Baseline, waived: Waived) -> Iterator[tuple[str, Accepted]]:
    """The entries of the baseline that are about rules that were judged."""
    judged = {one.rule.id for one in waived.results}
    for name, one in entries(baseline).items():
        if one.rule in judged:
            yield f"baseline/{name}", one


def _agreed(name: str, one: Accepted, uses: Mapping[str, int], today: date) -> AuditedWaiver:
    """An entry of the baseline; it has one who answers for it, and nobody who approved it."""
    left = (date.fromisoformat(one.until) - today).days
    unused, soon = uses.get(name) == 0, left <= WARNED
    return AuditedWaiver(
        name,
        one.rule,
        (one.at,),
        one.owner,
        "",
        one.reason,
        "",
        "",
        one.until,
        (),
        "ended" if left < 0 else "unused" if unused else "ends soon" if soon else "active",
        uses.get(name, 0),
        baseline=True,
    )
