"""What machines read: each form carries `format_version`, and in ASCII nothing of it acts on a terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from datetime import date
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.approval import Applier, PlanApproval, approval_to_json, standings
from pacsconf.core.attestation import Attestation
from pacsconf.core.change import state_to_json
from pacsconf.core.changeset import ChangeSet, changeset_to_json
from pacsconf.core.finding import Finding, Place
from pacsconf.core.plan import Plan, plan_to_json
from pacsconf.core.spelling import indented
from pacsconf.report.diagnostics import PlaceOf, placed
from pacsconf.report.plan.history_text import Entry
from pacsconf.report.status import DueDay, Status
from pacsconf.report.wire_news import WireNews

FORMAT_VERSION = 1


def plan_json(
    plan: Plan,
    news: WireNews | None = None,
    approvals: Sequence[PlanApproval] | None = None,
    left: Mapping[Address, Mapping[str, str]] | None = None,
    policies: Mapping[str, Any] | None = None,
) -> str:
    """The plan, as it is saved: what `apply` takes.

    Beside it, undigested: what it purges in words, which approvals it needs and has (if that was looked up), what
    is left to programs of systems, what is known of the wire, and what policies say of it.
    """
    beside = _needed(plan, approvals) | _left(left or {}) | _wire(news)
    said = {"policies": dict(policies)} if policies else {}
    return as_text(_purges(plan) | plan_to_json(plan) | beside | said)


def _left(left: Mapping[Address, Mapping[str, str]]) -> dict[str, Any]:
    found = [
        {"address": str(address), "field": name, "why": why}
        for address in sorted(left)
        for name, why in sorted(left[address].items())
    ]
    return {"left_alone": found} if found else {}


def _purges(plan: Plan) -> dict[str, Any]:
    purging = [
        {"action": one.action, "address": str(one.address), "does": one.purge, "mode": one.mode}
        for one in plan.purges
    ]
    return {"purges": purging} if purging else {}


def _needed(plan: Plan, approvals: Sequence[PlanApproval] | None) -> dict[str, Any]:
    if approvals is None or not plan.asked:
        return {}
    found = [
        {
            "risk": one.risk,
            "approvers": list(one.rule.approvers),
            "count": one.rule.count,
            "met": one.is_met,
            "given": [approval_to_json(given) for given in one.counted],
            "refused": [approval_to_json(given) | {"why": why} for given, why in one.others],
        }
        for one in standings(plan.asked, approvals, Applier(""))
    ]
    return {"needs_approvals": found}


def _wire(news: WireNews | None) -> dict[str, Any]:
    return {"wire": news.body()} if news else {}


def drift_json(plan: Plan, news: WireNews | None = None) -> str:
    """What was changed outside, with who and when where the system tells; beside it what is known of the wire."""
    whole = plan_to_json(plan)
    addresses = {str(difference.address) for difference in plan.drifts}
    return as_text(
        {
            "format_version": FORMAT_VERSION,
            "environment": plan.environment,
            "as_of": plan.basis.as_of,
            "counts": whole["counts"],
            "drifts": whole["drifts"],
            "notes": {address: text for address, text in whole["notes"].items() if address in addresses},
            **_wire(news),
        }
    )


def findings_json(
    findings: Iterable[Finding],
    *,
    place_of: PlaceOf,
    failures: Iterable[Finding] = (),
    policies: Mapping[str, Any] | None = None,
) -> str:
    """All findings in the order of the files, and how many there are of each severity.

    `failures` are those of policies, which stand among the findings and are counted in `policies` alone.
    """
    found = placed(findings, place_of)
    counts = Counter("accepted" if finding.accepted else finding.severity for finding, _ in found)
    return as_text(
        {
            "format_version": FORMAT_VERSION,
            "counts": {severity: counts[severity] for severity in ("error", "warning", "info", "accepted")},
            "findings": [
                finding_as_json(finding, place)
                for finding, place in placed((*(one for one, _ in found), *failures), place_of)
            ],
            **({"policies": dict(policies)} if policies else {}),
        }
    )


def finding_as_json(finding: Finding, place: Place | None) -> dict[str, Any]:
    """One finding, spelled the same in every command's JSON."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "verdict": finding.verdict,
        "evidence": finding.evidence,
        "accepted": finding.accepted,
        "summary": finding.summary,
        "detail": finding.detail,
        "fix": finding.fix,
        "path": list(finding.path),
        "place": place._asdict() if place else None,
        "also": [{"place": other._asdict(), "text": text} for other, text in finding.also],
        "about": str(finding.about) if finding.about else None,
        **({"policy": finding.policy} if finding.policy else {}),
    }


def history_json(environment: str, entries: Sequence[Entry]) -> str:
    """The record's entries as they are given."""
    body = [asdict(entry) for entry in entries]
    return as_text({"format_version": FORMAT_VERSION, "environment": environment, "entries": body})


def changeset_json(changeset: ChangeSet, *, commit: str = "") -> str:
    """A change set in full, and the commit that holds it."""
    return as_text({"format_version": FORMAT_VERSION, "commit": commit, **changeset_to_json(changeset)})


def attestations_json(environment: str, said: Sequence[Attestation], *, commit: str) -> str:
    """What one commit of the record attests."""
    body = [
        {
            "address": str(one.address),
            "state": state_to_json(one.state),
            **{name: getattr(one, name) for name in ("how", "by", "at", "reason", "basis")},
        }
        for one in said
    ]
    return as_text(
        {
            "format_version": FORMAT_VERSION,
            "environment": environment,
            "commit": commit,
            "attestations": body,
        }
    )


def approvals_json(environment: str, given: Sequence[PlanApproval], *, commit: str) -> str:
    """What one commit of the record approves; `flaw` is why it does not count, as far as that was checked."""
    body = [approval_to_json(one) | {"flaw": one.flaw} for one in given]
    return as_text(
        {
            "format_version": FORMAT_VERSION,
            "environment": environment,
            "commit": commit,
            "approvals": body,
        }
    )


def status_json(statuses: Sequence[Status], due: Sequence[DueDay] = ()) -> str:
    """How each environment stands, and what falls due in the inventory; a moment is ISO 8601 with its zone."""
    environments = [_plain(one) for one in statuses]
    return as_text(
        {"format_version": FORMAT_VERSION, "environments": environments, "due": _plain(tuple(due))}
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Address):
        return str(value)
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in sorted(value.items())}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def as_text(body: Mapping[str, Any]) -> str:
    """Indented JSON in ASCII; DEL, which JSON would leave as it is, escaped too."""
    return indented(body, by=2).replace("\x7f", "\\u007f") + "\n"


def as_line(body: Mapping[str, Any]) -> str:
    """The same on one line."""
    return json.dumps(body).replace("\x7f", "\\u007f")
