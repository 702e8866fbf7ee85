"""What an observation comes to: findings with the place in the inventory that they belong to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pacsconf.core.finding import Finding, Path
from pacsconf.dicom.observation import Doors, Observation, Step, StepName
from pacsconf.dicom.probe.strangers import let_in, must_refuse, took
from pacsconf.dicom.targets import Target

SOON = 30
"""Days before its end from which a certificate is due (facts of practice: a month is one maintenance window)."""

_RULES: Mapping[StepName, tuple[str, str]] = {
    "name": ("WIRE-NAME", "Correct the host in the inventory, or have the name entered in DNS."),
    "tcp": ("WIRE-TCP", "See that the device is on, in the network, and listens where it is declared to."),
    "tls": ("WIRE-TLS", "Correct its certificate or its TLS settings, or what is declared of them."),
    "mllp": (
        "WIRE-HL7",
        "See that the HL7 application listens there, and speaks MLLP as its connection says (protocol, tls).",
    ),
    "association": ("WIRE-ASSOC", "Compare the AE titles and addresses that both sides hold."),
    "contexts": (
        "WIRE-CONTEXT",
        "Switch the services on there, or take them out of the inventory: peers are promised them.",
    ),
    "echo": ("WIRE-ECHO", "Ask the device's owner: it answers associations, but not a verification."),
    "query": (
        "WIRE-QUERY",
        "See what it allows this caller: it takes associations for queries, and does not answer one.",
    ),
    "worklist": (
        "WIRE-WORKLIST",
        "See what it allows this caller: it takes associations for its worklist, and does not answer a query.",
    ),
}
"""By the step that failed: the rule, and what to do."""

SITE = "WIRE-SITE"
"""The rule for a site whose devices could not be looked at from there."""

_OF_THE_AE: frozenset[StepName] = frozenset({"association", "contexts", "echo", "query", "worklist"})


def finding(seen: Observation) -> Finding | None:
    """What is wrong first, or could not be looked at; None when healthy, asleep or not to be probed."""
    return next(iter(findings(seen)), None) if seen.verdict in ("failing", "unknown") else None


def findings(seen: Observation) -> tuple[Finding, ...]:
    """Everything that is wrong, in the order of the steps; then what will be wrong soon."""
    return tuple(_found(seen))


def _found(seen: Observation) -> Iterator[Finding]:
    if any(step.name == "site" for step in seen.steps):
        yield _of_site(seen)
    elif seen.verdict == "unknown":
        yield _unknown(seen)
    elif seen.verdict == "failing" and seen.target.standby:
        yield _standby(seen)
    elif seen.verdict == "failing":
        yield from (_failed(seen, step) for step in seen.steps if step.passed is False)
    yield from _due(seen)
    if seen.doors is not None:
        yield from strangers(seen.target, seen.doors)
        yield from _less_tls(seen, seen.doors)


def _failed(seen: Observation, step: Step) -> Finding:
    rule, fix = _RULES[step.name]
    return _finding(seen, rule, step.text, fix, path(seen.target, step.name))


def _standby(seen: Observation) -> Finding:
    fix = "Stop the standby, or declare it as an active node."
    return _finding(seen, "WIRE-STANDBY", seen.reason, fix, path(seen.target, None))


def _finding(seen: Observation, rule: str, reason: str, fix: str, at: Path) -> Finding:
    return Finding(
        rule=rule,
        severity="error",
        summary=f"{who(seen.target)} fails on the wire",
        detail=f"{reason} ({_asked(seen.target)}).",
        fix=fix,
        path=at,
        evidence="observed",
    )


def _unknown(seen: Observation) -> Finding:
    last = seen.steps[-1] if seen.steps else None
    rule = "WIRE-TCP" if last is None else _RULES[last.name][0]
    if last is not None and last.passed and last.name in ("tcp", "tls"):
        rule = "WIRE-HL7" if seen.target.speaks_hl7 else "WIRE-ECHO"  # as far as it came
    return Finding(
        rule=rule,
        severity="warning",
        summary=f"{who(seen.target)} could not be proven on the wire",
        detail=f"{seen.reason} ({_asked(seen.target)}).",
        path=path(seen.target, last.name if last else None),
        evidence="observed",
        verdict="unknown",
    )


def _of_site(seen: Observation) -> Finding:
    """That nobody could look from its site: the same of every target there, so that it is said once."""
    site = seen.target.site or ""
    return Finding(
        rule=SITE,
        severity="warning",
        summary=f"Devices of site {site} could not be looked at from there",
        detail=f"{seen.reason}. Whether they answer is not known.",
        fix=f"See to the worker of that site, or probe there: pacsconf probe --site {site} --out {site}.json",
        path=("sites", site),
        evidence="observed",
        verdict="unknown",
    )


def _due(seen: Observation) -> Iterator[Finding]:
    """A certificate that still holds, and not for long."""
    encryption = seen.encryption
    if encryption is None or encryption.days_left is None or not 0 <= encryption.days_left <= SOON:
        return
    yield Finding(
        rule="WIRE-CERT",
        severity="warning",
        summary=f"The certificate of {who(seen.target)} ends in {encryption.days_left} days",
        detail=f"{encryption.subject or 'It'} is good until {encryption.not_after} ({_asked(seen.target)}).",
        fix="Have a new one issued and installed before then.",
        path=path(seen.target, "tls"),
        evidence="observed",
    )


def strangers(target: Target, doors: Doors) -> Iterator[Finding]:
    """What strangers were let in for, against what is declared."""
    where = f"{who(target)} ({target.host}:{target.port})"
    at = path(target, "association")
    if doors.unknown_calling == "open" and (target.accepts is None or must_refuse(target.accepts)):
        yield let_in(where, doors, target.accepts, at)
    if doors.wrong_called == "open":
        yield took(where, at)


def _less_tls(seen: Observation, doors: Doors) -> Iterator[Finding]:
    """How it can be talked out of good TLS."""
    plain = ("DICOM without TLS",) if doors.plain == "open" else ()
    taken = (*plain, *(doors.old_tls or ()), *(doors.weak_ciphers or ()))
    if taken:
        yield Finding(
            rule="WIRE-TLS-WEAK",
            severity="warning",
            summary=f"{who(seen.target)} can be talked into less than good TLS: {', '.join(taken)}",
            detail=f"Whoever is between two devices may choose it for them ({_asked(seen.target)}).",
            fix="Have it take TLS 1.2 and 1.3 alone at this port, with suites that exchange keys by ECDHE or DHE.",
            path=path(seen.target, "tls"),
            evidence="observed",
        )


def who(target: Target) -> str:
    node = f", node {target.node}" if target.node else ""
    return f"{target.title} of {target.device}{node}"


def _asked(target: Target) -> str:
    return f"asked at {target.host}:{target.port}"


def path(target: Target, step: StepName | None) -> Path:
    """Where in the inventory it belongs: the AE, or where it is reached."""
    device: Path = ("devices", target.device)
    if target.node:
        return (*device, "nodes", target.node)
    if step in _OF_THE_AE:
        return (*device, "ae_titles", target.title)
    if step == "mllp":
        return (*device, "hl7_applications", target.title)
    return (*device, "connections", target.connection, "tls" if step == "tls" else "host")
