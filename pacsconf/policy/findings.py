"""Results as findings: what `validate` and `plan` show beside what is built in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pacsconf.core.finding import Finding
from pacsconf.core.finding import Severity as Degree
from pacsconf.policy.results import Result, shown
from pacsconf.policy.rule import SEVERITIES, Severity
from pacsconf.policy.vocabulary import KINDS


def reaches(severity: Severity, gate: Severity) -> bool:
    """Whether it is as bad as the gate, or worse."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(gate)


def as_finding(result: Result, gate: Severity) -> Finding:
    """One failure, accepted or not, or one broken rule; an error from the gate's severity on."""
    rule, subject = result.rule, result.subject
    degree: Degree = (
        "error" if reaches(rule.severity, gate) else "warning" if rule.severity != "info" else "info"
    )
    accepted = result.waiver if result.state == "waived" else ""
    if result.state == "error":
        return Finding(
            rule.id,
            degree,
            f"This rule cannot be judged on {subject.where}: {shown(result.message)}",
            "A rule that is broken has not passed.",
            "Mend its expressions, or report it where its pack comes from.",
            place=rule.place,
            evidence=result.evidence,
            verdict="unknown",
            policy=rule.severity,
        )
    return Finding(
        rule.id,
        degree,
        f"{rule.title}: {subject.name}",
        " ".join(filter(None, (_sentence(shown(result.message), subject.name), rule.why))),
        rule.fix,
        path=subject.path,
        about=None if subject.path else next(iter(subject.about), None),
        evidence=result.evidence,
        accepted=accepted,
        policy=rule.severity,
    )


def by_device(findings: Iterable[Finding]) -> dict[str, tuple[str, ...]]:
    """By device, the rules of what was found about it and nobody accepted."""
    found: dict[str, set[str]] = {}
    for one in findings:
        if one.path[:1] == ("devices",) and len(one.path) > 1 and not one.accepted:
            found.setdefault(str(one.path[1]), set()).add(one.rule)
    return {device: tuple(sorted(rules)) for device, rules in found.items()}


def _sentence(text: str, name: str) -> str:
    """The text as a sentence; a name that it begins with keeps its letters, since those of ids count."""
    if text.split(" ", 1)[0] not in name.split("/"):
        text = f"{text[:1].upper()}{text[1:]}"
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def grouped(results: Iterable[Result], gate: Severity) -> Iterator[Finding]:
    """Failures one by one from the gate's severity on; of what is below it, and of broken rules, one for each rule.

    A hospital that takes up a pack has hundreds of small ones, and the few that count must be seen between them.
    """
    crowds: dict[tuple[str, str], list[Result]] = {}
    for one in results:
        if one.state == "fail" and reaches(one.rule.severity, gate):
            yield as_finding(one, gate)
        else:
            crowds.setdefault((one.rule.id, one.state), []).append(one)
    for several in crowds.values():
        if len(several) > _FEW:
            yield _of_several(several, gate)
        else:
            yield from (as_finding(one, gate) for one in several)


_FEW = 3
"""Failures of a rule that are told one by one, whatever their severity."""
_NAMED = 6


def _of_several(several: list[Result], gate: Severity) -> Finding:
    first = several[0]
    names = ", ".join(one.subject.name for one in several[:_NAMED])
    more = f" and {len(several) - _NAMED} more" if len(several) > _NAMED else ""
    told, crowd = as_finding(first, gate), f"{len(several)} {KINDS[first.subject.kind].title}: {names}{more}"
    if first.state == "error":
        return replace(told, detail=f"The same is so for {crowd}. {told.detail}")
    return replace(
        told,
        summary=f"{first.rule.title}: {crowd}",
        detail=first.rule.why,
        path=(),
        about=None,
        place=first.rule.place,
    )
