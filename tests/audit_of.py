"""Small audits with given results, for whatever keeps or compares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule
from pacsconf.policy.results import State

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
