"""Rules and what their cases came to, for machines: JSON, markdown and JUnit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pacsconf.policy.cases import Case, Trial
from pacsconf.policy.rule import TIERS, Rule, Severity
from pacsconf.policy.vocabulary import Kind
from pacsconf.policy.vocabulary.hints import in_words, may_be_absent, sentence
from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.lines import visible
from pacsconf.report.markdown import code, escaped
from pacsconf.report.policy_text import fields_of_rule


def rules_json(rules: Sequence[Rule], gate: Severity) -> str:
    """Every rule."""
    return as_text(
        {"format_version": FORMAT_VERSION, "gate": gate, "rules": [rule_dict(one) for one in rules]}
    )


def rule_json(rule: Rule, cases: Sequence[Case]) -> str:
    """One rule with the fields that it looks at and its cases."""
    fields = {name: {"type": in_words(hint), "says": sentence(hint)} for name, hint in fields_of_rule(rule)}
    tests = [{"name": case.name, "expect": case.expect} for case in cases]
    return as_text({"format_version": FORMAT_VERSION, **rule_dict(rule), "looks_at": fields, "cases": tests})


def rule_dict(rule: Rule) -> dict[str, Any]:
    """A rule as plain data: what is empty is left out."""
    found = {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "kind": rule.kind,
        "proof": rule.proof,
        "tiers": list(rule.tiers),
        "pack": rule.pack,
        "when": rule.when,
        "condition": rule.condition,
        "message": rule.message,
        "why": rule.why,
        "fix": rule.fix,
        "params": {name: list(one) if isinstance(one, tuple) else one for name, one in rule.params.items()},
        "controls": {name: list(controls) for name, controls in rule.controls.items()},
        "since": rule.since,
        "off": rule.off,
        "changed": list(rule.changed),
        "file": rule.place.file if rule.place else "",
        "line": rule.place.line if rule.place else 0,
    }
    return {name: value for name, value in found.items() if value}


def kind_json(kind: Kind, rules: Sequence[Rule]) -> str:
    """The vocabulary of a kind."""
    tiers: dict[str, Any] = {
        tier: {
            name: {"type": in_words(hint), "may_be_absent": may_be_absent(hint), "says": sentence(hint)}
            for name, hint in kind.fields(tier).items()
        }
        for tier in TIERS
    }
    body: dict[str, Any] = {
        "kind": kind.name,
        "title": kind.title,
        **tiers,
        "rules": [rule.id for rule in rules],
    }
    return as_text({"format_version": FORMAT_VERSION, **body})


def rules_markdown(rules: Sequence[Rule]) -> str:
    """Every rule as a table."""
    rows = ["| rule | severity | about | proof | what it asks | supports |", "|---|---|---|---|---|---|"]
    for rule in rules:
        controls = "; ".join(f"{name} {', '.join(ids)}" for name, ids in rule.controls.items())
        title = f"{rule.title} ({'; '.join(rule.changed)})" if rule.changed else rule.title
        cells = (rule.kind, rule.proof, title, controls)
        severity = "off" if rule.off else rule.severity
        rows.append(f"| {code(rule.id)} | {severity} | {' | '.join(map(str, map(escaped, cells)))} |")
    return "\n".join(rows)


def trial_json(trial: Trial) -> str:
    """What each case came to."""
    cases = [
        {
            "rule": one.case.rule.id,
            "name": one.case.name,
            "expect": one.case.expect,
            "got": one.result.state,
            "message": one.result.message,
            "passed": one.passed,
            "place": str(one.case.place),
        }
        for one in trial.tried
    ]
    lacking: Mapping[str, list[str]] = {which: list(states) for which, states in trial.lacking.items()}
    return as_text({"format_version": FORMAT_VERSION, "cases": cases, "lacking": lacking})


def trial_junit(trial: Trial) -> str:
    """The cases as JUnit XML: a suite for each rule."""
    from junitparser import Failure, JUnitXml, TestCase, TestSuite

    whole = JUnitXml("pacsconf policy test")
    suites: dict[str, TestSuite] = {}
    for one in trial.tried:
        which = one.case.rule.id
        suite = suites.setdefault(which, TestSuite(which))
        case = TestCase(visible(one.case.name), which)
        if not one.passed:
            case.result = [Failure(visible(one.difference), "PolicyCase")]
        suite.add_testcase(case)
    for suite in suites.values():
        whole.add_testsuite(suite)
    text: bytes = whole.tostring()  # type: ignore[no-untyped-call]
    return text.decode("utf-8")
