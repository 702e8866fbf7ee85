"""An audit as SARIF 2.1.0 (OASIS), which code hosts show at the line that declares a resource.

A state is a result's `kind`: `fail`, `open` for what is not known, `pass`, `notApplicable`; what is accepted is a
`fail` with a suppression. A broken rule says so as a notification, too, since it judged nothing. Text is plain:
what SARIF would take for a placeholder or a link is escaped (3.11.5, 3.11.6).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule, AuditedWaiver
from pacsconf.policy.results import STATES, State
from pacsconf.policy.rule import Severity
from pacsconf.policy.unknowns import details
from pacsconf.report.audit.machine import (
    controls,
    line,
    rules_by_id,
    stable_id,
    told,
    waivers_by_id,
    where,
)
from pacsconf.report.markdown import escaped

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST = 25_000
"""Results that code hosts take of one run. Of larger audits what passed or does not apply is counted alone."""
_ROOT = "%SRCROOT%"
_HOME = "inventory"
"""Where what is declared nowhere is shown: the folder of what is declared."""

_LEVELS: Mapping[Severity, str] = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
_SCORES: Mapping[Severity, str] = {
    "critical": "9.5",
    "high": "8.0",
    "medium": "5.5",
    "low": "2.0",
    "info": "0.0",
}
"""`security-severity`, by which code hosts sort: the middle of what CVSS calls so."""
_KINDS: Mapping[State, str] = {
    "fail": "fail",
    "waived": "fail",
    "error": "open",
    "unknown": "open",
    "pass": "pass",
    "n/a": "notApplicable",
}


ALERTS: frozenset[State] = frozenset({"fail", "error"})
"""What a code host is to show. GitHub takes each result for an alert, also one that passed or is suppressed
(PSRule issue 955, read 2026-11-27), so what is no alert must not be in what it is sent."""


def render(audit: Audit, states: frozenset[State] = frozenset(STATES)) -> str:
    """The audit as a SARIF log of one run, as JSON, with its results in these states; all are counted."""
    run = {
        "tool": {"driver": _driver(audit)},
        "automationDetails": {"id": quote(f"pacsconf/{audit.environment}/{audit.id}", errors="replace")},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the inventory's repository."}}},
        "invocations": [_invocation(audit)],
        "results": _results(audit, states),
        "properties": _properties(audit),
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1, ensure_ascii=False) + "\n"


# --- rules --------------------------------------------------------------------------------------------------------


def _driver(audit: Audit) -> dict[str, Any]:
    return {
        "name": "pacsconf",
        "version": line(audit.version) or "0",
        "rules": [_rule(one) for one in audit.rules],
    }


def _rule(rule: AuditedRule) -> dict[str, Any]:
    title, why = line(rule.title), line(rule.why)
    tags = ["security", rule.severity, *(each.replace(" ", "/", 1) for each in controls(rule))]
    return {
        "id": line(rule.id),
        "shortDescription": {"text": title or line(rule.id)},
        "fullDescription": {"text": why or title or line(rule.id)},
        "help": {"text": _help(rule, str), "markdown": _help(rule, escaped)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": not rule.off},
        "properties": {
            "tags": list(dict.fromkeys(tags)),
            "precision": "very-high",
            "problem.severity": _LEVELS[rule.severity].replace("note", "recommendation"),
            "security-severity": _SCORES[rule.severity],
            "kind": line(rule.kind),
            "proof": rule.proof,
            **({"off": line(rule.off)} if rule.off else {}),
            **({"pack": line(rule.pack)} if rule.pack else {}),
            **({"changed": [line(each) for each in rule.changed]} if rule.changed else {}),
        },
    }


def _help(rule: AuditedRule, form: Any) -> str:
    """Why a rule matters, what to do, and what it supports, a paragraph each."""
    supported = ", ".join(controls(rule))
    parts = (line(rule.why), line(rule.fix), f"Supports: {supported}" if supported else "")
    return "\n\n".join(str(form(part)) for part in parts if part) or str(form(line(rule.title) or rule.id))


# --- results ------------------------------------------------------------------------------------------------------


def _results(audit: Audit, states: frozenset[State]) -> list[dict[str, Any]]:
    numbers = {one.id: number for number, one in enumerate(audit.rules)}
    rules, waivers = rules_by_id(audit), waivers_by_id(audit)
    return [
        _result(one, rules.get(one.rule), numbers.get(one.rule), waivers.get(one.waiver))
        for one in _shown(audit)
        if one.state in states
    ]


def _shown(audit: Audit) -> Sequence[AuditedResult]:
    """All results; of more than code hosts take, those that somebody has to look at."""
    if len(audit.results) <= MOST:
        return audit.results
    return tuple(audit.of("fail", "error", "unknown", "waived"))


def _result(
    one: AuditedResult, rule: AuditedRule | None, number: int | None, waiver: AuditedWaiver | None
) -> dict[str, Any]:
    kind = _KINDS[one.state]
    level = _LEVELS[rule.severity] if rule and kind == "fail" else "error" if kind == "fail" else "none"
    made: dict[str, Any] = {
        "ruleId": line(one.rule),
        **({"ruleIndex": number} if number is not None else {}),
        "kind": kind,
        "level": level,
        "message": {"text": plain(_said(one))},
        "locations": [_location(one)],
        "partialFingerprints": {"pacsconf/v1": stable_id(one)},
    }
    if one.state == "waived":
        made["suppressions"] = [_suppression(one, waiver)]
    properties = {
        name: line(getattr(one, name)) for name in ("state", "evidence", "site", "device", "system")
    }
    return made | {"properties": {name: value for name, value in properties.items() if value}}


def _said(one: AuditedResult) -> str:
    begins = "Not known: " if one.state == "unknown" else ""
    return f"{where(one)}: {begins}{details(told(one))}"


def plain(text: str) -> str:
    """Text of a message that nothing is filled into and that holds no link."""
    return re.sub(r"([\\\[\]])", r"\\\1", text).replace("{", "{{").replace("}", "}}")


def _location(one: AuditedResult) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(one.file) or _HOME, "uriBaseId": _ROOT}}
    if one.file and one.line > 0:
        physical["region"] = {
            "startLine": one.line,
            **({"startColumn": one.column} if one.column > 0 else {}),
        }
    name = line(one.name)
    logical = {"name": name, "fullyQualifiedName": where(one), "kind": "resource"}
    return {"physicalLocation": physical, "logicalLocations": [logical]}


def _uri(file: str) -> str:
    """A path in the repository as a relative reference, whatever it is made of."""
    parts = [part for part in file.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return quote("/".join(parts), errors="replace")


def _suppression(one: AuditedResult, waiver: AuditedWaiver | None) -> dict[str, Any]:
    said = (
        f"{line(one.waiver)}" if one.waiver else "accepted",
        f"until {line(waiver.until)}" if waiver and waiver.until else "",
        line(waiver.reason) if waiver else "",
        f"Instead: {line(waiver.control)}" if waiver and waiver.control else "",
    )
    return {
        "kind": "external",
        "status": "accepted",
        "justification": "; ".join(part for part in said if part),
    }


# --- the run ------------------------------------------------------------------------------------------------------


def _invocation(audit: Audit) -> dict[str, Any]:
    """That it ran, and what it could not look at: a system that was not reached, a rule that is broken."""
    blind = [
        _notice(f"{one.name} was not reached{f': {one.why}' if one.why else ''}", "warning")
        for one in audit.coverage.systems
        if one.how == "unreached"
    ]
    broken = dict.fromkeys((one.rule, line(one.message)) for one in audit.of("error"))
    numbers = {one.id: number for number, one in enumerate(audit.rules)}
    faults = [_fault(rule, message, numbers.get(rule)) for rule, message in broken]
    return {
        "executionSuccessful": True,
        **({"endTimeUtc": audit.at} if _MOMENT.fullmatch(audit.at) else {}),
        **({"toolExecutionNotifications": blind} if blind else {}),
        **({"toolConfigurationNotifications": faults} if faults else {}),
    }


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _notice(text: str, level: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": plain(line(text))}}


def _fault(rule: str, message: str, number: int | None) -> dict[str, Any]:
    notice = _notice(f"The rule {rule} is broken: {message or 'it judged nothing'}", "error")
    index = {"index": number} if number is not None else {}
    return {**notice, "associatedRule": {"id": line(rule), **index}}


def _properties(audit: Audit) -> dict[str, Any]:
    """What the audit is of, and how many results are in which state, with what is left out above."""
    counts: Iterable[tuple[State, int]] = sorted(audit.count().items())
    return {
        "environment": line(audit.environment),
        "commit": line(audit.commit),
        "inventory": line(audit.inventory),
        "policies": line(audit.policies),
        "results": dict(counts),
    }
