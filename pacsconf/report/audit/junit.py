"""An audit as JUnit XML, which CI servers show as tests: a suite for each rule, a case for each resource.

What could not be looked at and what is accepted is *skipped*, with the reason, and never passes; a broken rule is
an *error*. Where a rule does not apply there is no case; how often is a property of the suite.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule, AuditedWaiver
from pacsconf.policy.unknowns import details
from pacsconf.report.audit.machine import (
    controls,
    line,
    place,
    rules_by_id,
    stable_id,
    told,
    waivers_by_id,
    where,
)

if TYPE_CHECKING:
    from junitparser import Error, Failure, Skipped, TestCase, TestSuite


def render(audit: Audit) -> str:
    """The audit as XML, in UTF-8."""
    from junitparser import JUnitXml

    results: dict[str, list[AuditedResult]] = defaultdict(list)
    for one in audit.results:
        results[one.rule].append(one)
    waivers = waivers_by_id(audit)
    rules = rules_by_id(audit)
    whole = JUnitXml(line(f"pacsconf audit {audit.environment}"))
    names = (*(one for one in rules if one in results), *(one for one in results if one not in rules))
    suites = [_suite(audit, name, rules.get(name), results[name], waivers) for name in names]
    for suite in suites:
        whole.append(suite)  # type: ignore[no-untyped-call]
    # By hand, since its own sum has an attribute `skipped` that Jenkins' schema does not know here.
    whole.tests = sum(one.tests for one in suites)
    whole.failures = sum(one.failures for one in suites)
    whole.errors = sum(one.errors for one in suites)
    body: bytes = whole.tostring()  # type: ignore[no-untyped-call]
    return f"{_HEAD}\n{_DECLARATION.sub('', body.decode('utf-8'))}\n"


_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_DECLARATION = re.compile(r"\A<\?xml[^>]*>\s*")
"""As Python's own library begins; lxml, where it is installed, leaves it out."""


def _suite(
    audit: Audit,
    name: str,
    rule: AuditedRule | None,
    results: list[AuditedResult],
    waivers: dict[str, AuditedWaiver],
) -> TestSuite:
    from junitparser import TestSuite

    suite = TestSuite(f"{line(name)} {line(rule.title)}" if rule else line(name))
    suite.timestamp = line(audit.at)
    passed_over = sum(one.state == "n/a" for one in results)
    for key, value in (*_properties(rule), ("not applicable", str(passed_over))):
        suite.add_property(key, value)
    for one in results:
        if one.state != "n/a":
            suite.append(_case(one, rule, waivers))  # type: ignore[no-untyped-call]
    suite.update_statistics()  # type: ignore[no-untyped-call]
    return suite


def _properties(rule: AuditedRule | None) -> list[tuple[str, str]]:
    if rule is None:
        return []
    said = {
        "severity": rule.severity,
        "proof": rule.proof,
        "supports": "; ".join(controls(rule)),
        "rule": place(rule),
        "changed here": "; ".join(rule.changed),
    }
    return [(name, line(value)) for name, value in said.items() if value]


def _case(one: AuditedResult, rule: AuditedRule | None, waivers: dict[str, AuditedWaiver]) -> TestCase:
    from junitparser import TestCase

    case = TestCase(where(one), f"{line(one.rule)}.{line(one.site) or 'no site'}")
    if (result := _result(one, rule, waivers)) is not None:
        case.result = [result]
    case.system_out = f"{stable_id(one)} stands on: {one.evidence}"
    return case


def _result(
    one: AuditedResult, rule: AuditedRule | None, waivers: dict[str, AuditedWaiver]
) -> Failure | Error | Skipped | None:
    from junitparser import Error, Failure, Skipped

    severity = rule.severity if rule else ""
    if one.state == "fail":
        failure = Failure(told(one), severity)
        failure.text = _more(one, rule)
        return failure
    if one.state == "error":
        error = Error(told(one), "broken rule")
        error.text = _more(one, rule)
        return error
    if one.state == "unknown":
        return Skipped(f"not known: {details(told(one))}", "unknown")
    if one.state == "waived":
        return Skipped(_accepted(one, waivers), "waived")
    return None


def _accepted(one: AuditedResult, waivers: dict[str, AuditedWaiver]) -> str:
    waiver = waivers.get(one.waiver)
    by = f" by {line(one.waiver)}" if one.waiver else ""
    until = f" until {line(waiver.until)}" if waiver and waiver.until else ""
    return f"accepted{by}{until}: {told(one)}"


def _more(one: AuditedResult, rule: AuditedRule | None) -> str:
    """Where it stands, why it matters and what to do, a line each."""
    parts = (place(one), line(rule.why) if rule else "", line(rule.fix) if rule else "")
    return "\n".join(part for part in parts if part)
