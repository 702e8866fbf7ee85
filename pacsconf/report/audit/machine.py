"""What the forms for machines have in common: what a result is called from audit to audit, and how it is told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule, AuditedWaiver
from pacsconf.policy.results import State
from pacsconf.report.lines import visible

WORDS: Mapping[State, str] = {
    "fail": "It does not hold",
    "error": "The rule is broken",
    "unknown": "It could not be looked at",
    "waived": "It does not hold, and that is accepted",
    "pass": "It holds",
    "n/a": "The rule does not apply here",
}


def stable_id(one: AuditedResult) -> str:
    """Sixteen digits that stand for rule, kind and name of a result: the same in every audit."""
    return hashlib.sha256("\0".join(one.key).encode("utf-8", "replace")).hexdigest()[:16]


def told(one: AuditedResult) -> str:
    """What is said of a result, on one line; of one that says nothing what its state is."""
    return line(one.message) or f"{WORDS[one.state]}."


def where(one: AuditedResult) -> str:
    """Kind and name of the resource."""
    return line(f"{one.kind}:{one.name}")


def place(one: AuditedResult | AuditedRule) -> str:
    """`inventory/ct.yaml:14`; empty where it is declared nowhere."""
    return line(f"{one.file}:{one.line}" if one.file and one.line else one.file)


def line(text: str) -> str:
    """Text on one line, without anything in it that is not seen."""
    return visible(" ".join(text.split()))


def controls(rule: AuditedRule) -> Iterator[str]:
    """The controls that a rule supports: `hipaa 164.312(b)`."""
    yield from (line(f"{framework} {each}") for framework, ids in rule.controls.items() for each in ids)


def rules_by_id(audit: Audit) -> dict[str, AuditedRule]:
    return {one.id: one for one in audit.rules}


def waivers_by_id(audit: Audit) -> dict[str, AuditedWaiver]:
    return {one.id: one for one in audit.waivers}
