"""How much of the hospital an audit saw, and how: without it nobody may say that nothing is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pacsconf.policy.audit import AuditedSystem, Coverage
from pacsconf.policy.evidence import Evidence
from pacsconf.policy.results import RuleResults
from pacsconf.policy.subject import Subject

WAYS = ("observed", "configured", "attested", "declared", "unreachable")
"""How something is known, the strongest evidence first; `declared`: the inventory alone says so, and nothing that
could tell failed to answer; `unreachable`: what could tell did not answer."""

KEEPERS = frozenset({"archive", "pacs", "router", "ris", "vna", "workstation", "gateway"})
"""Types of devices that keep images, pass them on or decide who sees them: what is not read there stays unknown."""


def coverage(
    evidence: Evidence, subjects: Mapping[str, Sequence[Subject]], results: Iterable[RuleResults]
) -> Coverage:
    """What was looked at, and how."""
    attested = {name for name, one in evidence.systems.items() if one.how == "attested"}
    counts = {
        "ae": _counted(subjects.get("ae", ()), attested),
        "account": _counted(subjects.get("user", ()), attested),
        "rule": Counter(map(_of_rule, results)),
    }
    systems = tuple(
        AuditedSystem(one.name, one.type, one.how, one.why, one.resources, one.at)
        for _, one in sorted(evidence.systems.items())
    )
    return Coverage(
        {what: {way: found[way] for way in WAYS} for what, found in counts.items()},
        systems,
        tuple(_outside(subjects)),
    )


def _counted(subjects: Iterable[Subject], attested: set[str]) -> Counter[str]:
    current = (one for one in subjects if one.declared.get("lifecycle") not in ("planned", "retired"))
    return Counter(_way(one, attested) for one in current)


def _way(one: Subject, attested: set[str]) -> str:
    if one.observed and "answers" in one.observed:
        return "observed"
    if one.configured and (one.configured.get("held") or one.configured.get("exists")):
        return "configured"
    if any(address.system in attested for address in one.about):
        return "attested"
    return "unreachable" if one.blind else "declared"


def _of_rule(one: RuleResults) -> str:
    """The strongest evidence on which a rule was judged anywhere; `unreachable`: it could be judged nowhere."""
    judged = [result.evidence for result in one if result.state not in ("unknown", "error", "n/a")]
    for way in ("observed", "configured", "declared"):
        if way in judged:
            return way
    return "unreachable" if any(one.of("unknown", "error")) else "declared"


def _outside(subjects: Mapping[str, Sequence[Subject]]) -> Iterable[str]:
    """Devices that keep or pass on images and of which no live system tells anything but where others find them."""
    told = {str(one.declared.get("device", "")) for one in subjects.get("system", ())}
    for one in subjects.get("device", ()):
        if one.declared.get("type") in KEEPERS and one.declared.get("lifecycle") not in (
            "planned",
            "retired",
        ):
            held = bool(one.configured and one.configured.get("held_by"))
            if one.name not in told and not held:
                yield one.name
