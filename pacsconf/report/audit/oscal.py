"""An audit as OSCAL 1.2 (NIST): assessment results, and the plan of action and milestones.

Each rule is an objective of ours, and a finding says whether it was satisfied where it could be judged; controls of
frameworks are named as what a rule supports. UUIDs follow from the audit and from what they name, so that the same
audit gives the same bytes. What is not known makes a finding *not satisfied*, of reason *other*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID, uuid5

from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule, AuditedWaiver
from pacsconf.policy.results import STATES, State
from pacsconf.policy.rule import Framework, Tier
from pacsconf.report.audit.oscal_words import control_ids, line, prop, prose, text_of, token, without_empty
from pacsconf.report.words import counted

OSCAL_VERSION = "1.2.1"
_OURS = UUID("5d2c5c2e-0f3b-5f0e-9a57-0b1f0e5a3c11")
"""What UUIDs of this product are derived from (RFC 9562 section 5.5)."""

_METHODS: Mapping[Tier, str] = {"declared": "EXAMINE", "configured": "EXAMINE", "observed": "TEST"}
_TOLD: Mapping[State, str] = {
    "fail": "does not hold",
    "error": "could not be judged, since the rule is broken",
    "unknown": "could not be looked at",
    "waived": "does not hold, and is waived",
    "pass": "holds",
    "n/a": "does not apply",
}


def assessment_results(audit: Audit) -> str:
    """The OSCAL assessment results of an audit, as JSON."""
    made = _Made(audit)
    body = {
        "assessment-results": {
            "uuid": made.uuid("assessment-results"),
            "metadata": made.metadata("Assessment results"),
            "import-ap": {"href": f"#{made.uuid('plan')}"},
            "results": [made.result()],
            "back-matter": {"resources": [made.plan()]},
        }
    }
    return text_of(body)


def plan_of_action(audit: Audit) -> str | None:
    """The OSCAL plan of action and milestones: what fails, is waived or not known. None where there is nothing."""
    made = _Made(audit)
    items = [made.item(rule) for rule in audit.rules if made.to_do(rule)]
    if not items:
        return None
    body = {
        "plan-of-action-and-milestones": {
            "uuid": made.uuid("plan-of-action"),
            "metadata": made.metadata("Plan of action and milestones"),
            "system-id": {"identifier-type": "urn:pacsconf:environment", "id": line(audit.environment)},
            "local-definitions": {"inventory-items": made.inventory(_OPEN)},
            "observations": [one for rule in audit.rules for one in made.observations(rule, _OPEN)],
            "risks": made.risks(),
            "poam-items": items,
        }
    }
    return text_of(without_empty(body))


_OPEN: tuple[State, ...] = ("fail", "error", "unknown", "waived")
_RISKS: tuple[State, ...] = ("fail", "error", "waived")


class _Made:
    """The parts of both documents, which refer to each other by UUID."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._results: dict[str, list[AuditedResult]] = {}
        for one in audit.results:
            self._results.setdefault(one.rule, []).append(one)
        self._waivers: dict[str, list[AuditedWaiver]] = {}
        for waiver in audit.waivers:
            self._waivers.setdefault(waiver.rule, []).append(waiver)

    def uuid(self, *names: str) -> str:
        """The UUID of a part of this audit."""
        return str(uuid5(uuid5(_OURS, self._audit.id), "\n".join(names)))

    def subject(self, one: AuditedResult) -> str:
        """The UUID of a resource: the same from audit to audit."""
        return str(uuid5(uuid5(_OURS, self._audit.environment), f"{one.kind}:{one.name}"))

    def of(self, rule: AuditedRule, *states: State) -> list[AuditedResult]:
        found = self._results.get(rule.id, [])
        return [one for one in found if one.state in states] if states else found

    def to_do(self, rule: AuditedRule) -> bool:
        return bool(self.of(rule, *_OPEN))

    # --- what it is ---------------------------------------------------------------------------------------------

    def metadata(self, title: str) -> dict[str, Any]:
        audit = self._audit
        facts = {
            "environment": audit.environment,
            "inventory-commit": audit.commit,
            "policies-sha256": audit.policies,
            "record-head": audit.chain.head,
            "changeset-chain": audit.chain.digest,
        }
        return {
            "title": line(f"{title}: {audit.environment}, audit {audit.id}"),
            "last-modified": audit.at,
            "version": line(audit.id),
            "oscal-version": OSCAL_VERSION,
            "props": [prop(name, value) for name, value in facts.items() if value],
            "remarks": "A rule supports a control; that a control is met is for an assessor to say.",
        }

    def plan(self) -> dict[str, Any]:
        """What was to be looked at: the rules as they stood."""
        return {
            "uuid": self.uuid("plan"),
            "title": "Rules of the inventory's repository",
            "description": prose(
                f"Folder policies at commit {self._audit.commit or 'unknown'} (SHA-256 {self._audit.policies}), "
                f"judged by pacsconf {self._audit.version}."
            ),
        }

    def result(self) -> dict[str, Any]:
        audit = self._audit
        reviewed = [one for one in audit.rules if not one.off]
        return without_empty(
            {
                "uuid": self.uuid("result"),
                "title": line(f"Audit {audit.id}"),
                "description": prose(self._covered()),
                "start": audit.at,
                "end": audit.at,
                "local-definitions": {
                    "components": [self._component(one.name) for one in audit.coverage.systems],
                    "inventory-items": self.inventory(STATES),
                },
                "reviewed-controls": {"control-selections": list(self._selections())},
                "observations": [one for rule in reviewed for one in self.observations(rule, STATES)],
                "risks": self.risks(),
                "findings": [self._finding(rule) for rule in reviewed if self.of(rule)],
            }
        )

    def _covered(self) -> str:
        """How much was looked at, and what lies outside: no result is to be read without it."""
        said = [
            f"{counted(sum(ways.values()), what)}: " + ", ".join(f"{n} {way}" for way, n in ways.items() if n)
            for what, ways in self._audit.coverage.counts.items()
            if any(ways.values())
        ]
        unreached = [one.name for one in self._audit.coverage.systems if one.how == "unreached"]
        said += [f"not reached: {', '.join(unreached)}"] if unreached else []
        outside = self._audit.coverage.outside
        said += [f"outside pacsconf: {', '.join(outside)}"] if outside else []
        return f"Coverage. {'. '.join(said)}." if said else "Coverage is not known."

    def _component(self, name: str) -> dict[str, Any]:
        one = next(each for each in self._audit.coverage.systems if each.name == name)
        facts = {"how-known": one.how, "resources": str(one.resources), "at": one.at}
        return {
            "uuid": str(uuid5(uuid5(_OURS, self._audit.environment), f"component:{name}")),
            "type": "system",
            "title": line(name),
            "description": prose(one.why or f"A system of type {one.type}."),
            "props": [prop(key, value) for key, value in facts.items() if value],
            "status": {"state": "other" if one.how in ("unreached", "outside") else "operational"},
        }

    def inventory(self, states: Iterable[State]) -> list[dict[str, Any]]:
        """The resources of results in these states, each once."""
        wanted = frozenset(states)
        found = {self.subject(one): one for one in self._audit.results if one.state in wanted}
        return [
            without_empty(
                {
                    "uuid": uuid,
                    "description": prose(f"{one.kind} {one.name}"),
                    "props": [
                        prop(name, value)
                        for name, value in {
                            "site": one.site,
                            "device": one.device,
                            "declared-at": one.file,
                        }.items()
                        if value
                    ],
                }
            )
            for uuid, one in found.items()
        ]

    def _selections(self) -> Iterator[dict[str, Any]]:
        """Per framework the controls that the rules support."""
        by_framework: dict[Framework, set[str]] = {}
        for rule in self._audit.rules:
            for framework, supported in rule.controls.items():
                by_framework.setdefault(framework, set()).update(supported)
        asked = self._audit.frameworks or tuple(by_framework)
        chosen = {name: by_framework[name] for name in asked if by_framework.get(name)}
        if not chosen:
            yield {"include-all": {}}
        for framework in sorted(chosen):
            ids = control_ids(framework, chosen[framework])
            yield {
                "description": prose(f"{framework}: controls that rules support"),
                "include-controls": [{"control-id": control} for control in sorted(ids)],
            }

    # --- what was seen ------------------------------------------------------------------------------------------

    def observations(self, rule: AuditedRule, states: Iterable[State]) -> Iterator[dict[str, Any]]:
        """One of what passed or does not apply, and one for each resource where there is something to say."""
        for state in states:
            found = self.of(rule, state)
            if not found:
                continue
            if state in ("pass", "n/a"):
                yield self._observation(rule, state, found, self.uuid("observation", rule.id, state))
                continue
            for one in found:
                yield self._observation(rule, state, [one], self._seen(one))

    def _seen(self, one: AuditedResult) -> str:
        return self.uuid("observation", *one.key)

    def _observation(
        self, rule: AuditedRule, state: State, found: list[AuditedResult], uuid: str
    ) -> dict[str, Any]:
        methods = sorted({_METHODS[one.evidence] for one in found})
        place = f" ({found[0].file}:{found[0].line})" if len(found) == 1 and found[0].file else ""
        told = f": {found[0].message}" if len(found) == 1 and found[0].message else ""
        return {
            "uuid": uuid,
            "title": line(f"{rule.id} {_TOLD[state]}"),
            "description": prose(f"{rule.title} {_TOLD[state]}{told}{place}"),
            "props": [prop("state", state.replace("/", "")), prop("rule", rule.id)],
            "methods": methods,
            "types": ["control-objective" if state in ("pass", "n/a") else "finding"],
            "subjects": [
                {"subject-uuid": self.subject(one), "type": "inventory-item", "title": line(one.name)}
                for one in found
            ],
            "collected": self._audit.at,
        }

    def risks(self) -> list[dict[str, Any]]:
        """One for each rule that fails or is waived somewhere."""
        return [self._risk(rule) for rule in self._audit.rules if self.of(rule, *_RISKS)]

    def _risk(self, rule: AuditedRule) -> dict[str, Any]:
        waived, broken = self.of(rule, "waived"), self.of(rule, "fail", "error")
        waivers = [one for one in self._waivers.get(rule.id, ()) if one.used]
        ends = sorted(one.until for one in waivers)
        return without_empty(
            {
                "uuid": self.uuid("risk", rule.id),
                "title": line(rule.title),
                "description": prose(rule.why or rule.title),
                "statement": prose(
                    f"Without a waiver: {counted(len(broken), 'resource')}; with one: {len(waived)}."
                ),
                "props": [prop("severity", rule.severity)],
                "status": "open" if broken else "deviation-approved",
                "mitigating-factors": [
                    {
                        "uuid": self.uuid("waiver", one.id),
                        "description": prose(
                            f"Waiver {one.id} until {one.until}: {one.control or one.reason}. "
                            f"Owner {one.owner}, approved by {one.approver or 'nobody else'}."
                        ),
                    }
                    for one in waivers
                ],
                "deadline": f"{ends[0]}T23:59:59Z" if ends and not broken else "",
                "remediations": [
                    {
                        "uuid": self.uuid("remediation", rule.id),
                        "lifecycle": "recommendation",
                        "title": "What to do",
                        "description": prose(rule.fix or "See the rule."),
                    }
                ],
                "related-observations": [{"observation-uuid": self._seen(one)} for one in (*broken, *waived)],
            }
        )

    def _finding(self, rule: AuditedRule) -> dict[str, Any]:
        state, reason = self._verdict(rule)
        risky = self.of(rule, *_RISKS)
        controls = [
            {**prop("control", control), "class": framework}
            for framework, ids in rule.controls.items()
            for control in ids
        ]
        related = [one["uuid"] for one in self.observations(rule, STATES)]
        return without_empty(
            {
                "uuid": self.uuid("finding", rule.id),
                "title": line(f"{rule.id} {rule.title}"),
                "description": prose(rule.why or rule.title),
                "props": [prop("severity", rule.severity), prop("proof", rule.proof), *controls],
                "target": {
                    "type": "objective-id",
                    "target-id": token(rule.id),
                    "title": line(rule.title),
                    "status": {"state": state, "reason": reason},
                },
                "related-observations": [{"observation-uuid": uuid} for uuid in related],
                "related-risks": [{"risk-uuid": self.uuid("risk", rule.id)}] if risky else [],
            }
        )

    def _verdict(self, rule: AuditedRule) -> tuple[str, str]:
        """Satisfied only where everything was judged and held; what is not known is not satisfied."""
        if self.of(rule, "fail", "waived"):
            return "not-satisfied", "fail"
        if self.of(rule, "unknown", "error"):
            return "not-satisfied", "other"
        return ("satisfied", "pass") if self.of(rule, "pass") else ("satisfied", "other")

    def item(self, rule: AuditedRule) -> dict[str, Any]:
        """What is to be done about a rule."""
        found = self.of(rule, *_OPEN)
        counts = {state: sum(one.state == state for one in found) for state in _OPEN}
        said = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
        return without_empty(
            {
                "uuid": self.uuid("item", rule.id),
                "title": line(f"{rule.id} {rule.title}"),
                "description": prose(f"{said}. {rule.fix}"),
                "props": [prop("severity", rule.severity)],
                "related-observations": [{"observation-uuid": self._seen(one)} for one in found],
                "related-risks": (
                    [{"risk-uuid": self.uuid("risk", rule.id)}] if self.of(rule, *_RISKS) else []
                ),
            }
        )
