"""Audits for whatever keeps, compares or shows one: small ones with given results, and any that could be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hypothesis import strategies as st

from pacsconf.policy.audit import (
    Audit,
    AuditedResult,
    AuditedRule,
    AuditedSystem,
    AuditedWaiver,
    Chain,
    Coverage,
)
from pacsconf.policy.results import STATES, State
from pacsconf.policy.rule import FRAMEWORKS, SEVERITIES, TIERS

Results = Mapping[tuple[str, str], State]
"""By rule and name of the resource."""


def rule(id: str = "PACS-AE-001", **more: Any) -> AuditedRule:  # noqa: A002
    return AuditedRule(
        **{
            "id": id,
            "title": f"title of {id}",
            "severity": "high",
            "kind": "ae",
            "proof": "declared",
            "condition": "true",
            **more,
        }
    )


def result(rule: str, name: str, state: State, **more: Any) -> AuditedResult:
    return AuditedResult(**{"rule": rule, "kind": "ae", "name": name, "state": state, **more})


def audit_of(states: Results, *, number: int = 1, **more: Any) -> Audit:
    """The audit of this number, made on the day of that number."""
    found = tuple(result(rule, name, state) for (rule, name), state in sorted(states.items()))
    rules = tuple(rule(one) for one in sorted({one for one, _ in states}))
    return Audit(
        **{
            "id": f"202611{number:02d}-120000",
            "at": f"2026-11-{number:02d}T12:00:00Z",
            "by": "Maria Weber <mweber@example.org>",
            "environment": "lab",
            "version": "0.1",
            "commit": "3f2a9c1",
            "inventory": "1" * 64,
            "policies": "2" * 64,
            "frameworks": (),
            "rules": rules,
            "results": found,
            **more,
        }
    )


# --- any ---------------------------------------------------------------------------------------------------------

NASTY = (
    "",
    "plain words",
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '"><b>&amp;',
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "]]>",
    "two\nlines",
    "\x00\x07\x1b[31m",
    "{{ 7 * 7 }}",
    "*bold* `code` [link](http://x)",
    "Röntgen 放射線",
    "\u202egnp.exe",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
)
"""Texts that somebody could write into a description, or a device into its name."""

texts = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=("C", "Z")), max_size=20)
ids = st.from_regex(r"PACS-[A-Z]{2,4}-[0-9]{3}", fullmatch=True)
names = st.from_regex(r"[a-z][a-z0-9-]{0,8}(/[A-Z0-9_]{1,8})?", fullmatch=True)
days = st.dates(date(2001, 1, 1), date(2199, 12, 31)).map(str)

_CONTROLS = {
    "hipaa": ("164.312(e)(1)", "164.308(a)(1)(ii)(D)"),
    "nist-800-53": ("AC-3", "CM-8(3)"),
    "csf": ("PR.AC-1",),
    "iso27799": ("9.2.6",),
    "gdpr": ("32(1)(a)",),
    "dicom": ("PS3.15 B.12",),
    "ihe": ("ITI-19",),
}


def rules():
    return st.builds(
        AuditedRule,
        id=ids,
        title=texts,
        severity=st.sampled_from(SEVERITIES),
        kind=st.sampled_from(("ae", "device", "user")),
        proof=st.sampled_from(TIERS),
        condition=texts,
        why=texts,
        fix=texts,
        params=st.dictionaries(st.just("limit"), st.integers(0, 9) | st.just(("A", "B"))),
        controls=st.sets(st.sampled_from(FRAMEWORKS)).map(
            lambda chosen: {name: _CONTROLS[name] for name in sorted(chosen)}
        ),
        off=st.just("") | texts,
        changed=st.just(()) | st.just(("severity: high → low",)),
    )


def _results(rule):
    return st.builds(
        AuditedResult,
        rule=st.just(rule),
        kind=st.just("ae"),
        name=names,
        state=st.sampled_from(STATES),
        evidence=st.sampled_from(TIERS),
        message=texts,
        site=st.sampled_from(("", "main", "north")),
        device=names,
        file=st.sampled_from(("", "inventory/devices/ct.yaml")),
        line=st.integers(0, 99),
        column=st.integers(0, 99),
    )


def _waivers(rule):
    return st.builds(
        AuditedWaiver,
        id=st.from_regex(r"W-[0-9]{1,3}", fullmatch=True),
        rule=st.just(rule),
        scope=st.just(("ae:*/*",)),
        owner=texts,
        approver=texts,
        reason=texts,
        control=texts,
        since=days,
        until=days,
        renewals=st.lists(days, max_size=2).map(tuple),
        used=st.integers(0, 3),
    )


@st.composite
def audits(draw):
    """Any audit: each rule once, each result of it once for each resource."""
    chosen = draw(st.lists(rules(), max_size=4, unique_by=lambda one: one.id))
    results, waivers = [], []
    for rule in sorted(chosen, key=lambda one: one.id):
        most = 0 if rule.off else 5
        found = draw(st.lists(_results(rule.id), max_size=most, unique_by=lambda one: one.name))
        results += sorted(found, key=lambda one: one.key)
        waivers += draw(st.lists(_waivers(rule.id), max_size=2, unique_by=lambda one: one.id))
    return Audit(
        id="20261127-1900-abcd",
        at="2026-11-27T19:00:00Z",
        by="ci <ci@hospital.example>",
        environment="lab",
        version="0.1",
        commit="3f2a9c1",
        inventory="0" * 64,
        policies="1" * 64,
        frameworks=FRAMEWORKS,
        rules=tuple(sorted(chosen, key=lambda one: one.id)),
        results=tuple(results),
        waivers=tuple(waivers),
        coverage=Coverage(
            {"ae": {"observed": 3, "declared": 1}, "rule": {"configured": 2}},
            (
                AuditedSystem("directory", "dicom-directory", "configured", resources=12),
                AuditedSystem("orthanc", "orthanc", "unreached", draw(texts)),
            ),
            ("router-1",),
        ),
        chain=Chain("c" * 40, "20261124-1412-5be1", "d" * 64, 3),
        probed="2026-11-27T18:00:00Z",
    )
