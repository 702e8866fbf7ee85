"""OSCAL that others read: valid against NIST's schema, loaded by compliance-trestle, and true to the audit."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from hypothesis import Phase, given, settings

from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule, AuditedWaiver
from pacsconf.report.audit.oscal import assessment_results, plan_of_action
from tests.audits import audits

ROOT = Path(__file__).parents[3]
SLOW = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without making a failure smaller: each look at a schema of that size takes a second."""
TRESTLE = ROOT / ".venv" / "trestle" / "bin" / "python"


@cache
def _validator(name: str) -> jsonschema.Draft7Validator:
    text = (ROOT / "tests/data/oscal" / f"oscal_{name}_schema.json").read_text(encoding="utf-8")
    # Python's regular expressions have no \p{L} (any letter) and \p{N} (any digit).
    schema = json.loads(text.replace(r"\\p{L}", "[A-Za-z]").replace(r"\\p{N}", "[0-9]"))
    return jsonschema.Draft7Validator(schema)


def _faults(name: str, text: str) -> list[str]:
    return [
        f"{list(one.path)}: {one.message[:200]}" for one in _validator(name).iter_errors(json.loads(text))
    ]


@given(audits())
@settings(max_examples=15, deadline=None, phases=SLOW)
def test_whatever_an_audit_holds_is_valid(audit: Audit):
    assert _faults("assessment-results", assessment_results(audit)) == []
    plan = plan_of_action(audit)
    if plan is not None:
        assert _faults("poam", plan) == []


@given(audits())
@settings(max_examples=25, deadline=None)
def test_every_reference_leads_somewhere_and_no_uuid_stands_twice(audit: Audit):
    for text in filter(None, (assessment_results(audit), plan_of_action(audit))):
        body = json.loads(text)
        own, meant = list(_own(body)), set(_meant(body))
        assert len(own) == len(set(own))
        assert meant <= set(own)


def _own(value):
    if isinstance(value, dict):
        if "uuid" in value:
            yield value["uuid"]
        for one in value.values():
            yield from _own(one)
    elif isinstance(value, list):
        for one in value:
            yield from _own(one)


def _meant(value):
    if isinstance(value, dict):
        yield from (one for name, one in value.items() if name.endswith("-uuid"))
        for one in value.values():
            yield from _meant(one)
    elif isinstance(value, list):
        for one in value:
            yield from _meant(one)


def made_up() -> Audit:
    """One rule that holds, one that does not know, one that fails and is waived elsewhere."""
    controls = {"hipaa": ("164.312(e)(1)",), "nist-800-53": ("CM-8(3)",)}
    rules = tuple(
        AuditedRule(f"PACS-NET-00{n}", title, "high", "ae", "observed", controls=controls, fix="Mend it.")
        for n, title in enumerate(("Holds", "Not known", "Fails"), start=1)
    )
    results = (
        AuditedResult("PACS-NET-001", "ae", "ct-1/CT_1", "pass", "observed"),
        AuditedResult("PACS-NET-002", "ae", "ct-1/CT_1", "unknown", message="never asked"),
        AuditedResult("PACS-NET-003", "ae", "ct-1/CT_1", "fail", "configured", "lets anybody in"),
        AuditedResult("PACS-NET-003", "ae", "ct-2/CT_2", "waived", "configured", waiver="W-1"),
    )
    waiver = AuditedWaiver(
        "W-1",
        "PACS-NET-003",
        ("ae:ct-2/CT_2",),
        "him",
        "ciso",
        "old",
        "own VLAN",
        "2026-11-01",
        "2026-12-31",
        used=1,
    )
    return Audit(
        "20261127-1900-abcd", "2026-11-27T19:00:00Z", "ci", "lab", "0.1", "3f2a9c1", "", "", ("hipaa",),
        rules, results, (waiver,),
    )  # fmt: skip


def test_what_is_not_known_is_not_satisfied():
    result = json.loads(assessment_results(made_up()))["assessment-results"]["results"][0]
    states = {one["target"]["target-id"]: one["target"]["status"] for one in result["findings"]}
    assert states == {
        "PACS-NET-001": {"state": "satisfied", "reason": "pass"},
        "PACS-NET-002": {"state": "not-satisfied", "reason": "other"},
        "PACS-NET-003": {"state": "not-satisfied", "reason": "fail"},
    }
    selections = result["reviewed-controls"]["control-selections"]
    assert [one["include-controls"] for one in selections] == [[{"control-id": "hipaa_164.312.e.1"}]]


def test_the_plan_of_action_names_what_makes_up_for_a_waived_fault():
    plan = json.loads(plan_of_action(made_up()) or "{}")["plan-of-action-and-milestones"]
    assert [one["title"].split()[0] for one in plan["poam-items"]] == ["PACS-NET-002", "PACS-NET-003"]
    (risk,) = plan["risks"]
    assert risk["status"] == "open"
    assert "own VLAN" in risk["mitigating-factors"][0]["description"]


def test_nothing_to_do_is_no_plan():
    audit = made_up()
    held = Audit(**{**_fields(audit), "results": audit.results[:1]})
    assert plan_of_action(held) is None


def _fields(audit: Audit) -> dict[str, object]:
    return {name: getattr(audit, name) for name in audit.__dataclass_fields__}


@pytest.mark.skipif(not TRESTLE.exists(), reason="scripts/setup tests makes its environment")
def test_compliance_trestle_loads_both(tmp_path: Path):
    (tmp_path / "ar.json").write_text(assessment_results(made_up()), encoding="utf-8")
    (tmp_path / "poam.json").write_text(plan_of_action(made_up()) or "", encoding="utf-8")
    code = (
        "import sys, pathlib\n"
        "from trestle.oscal.assessment_results import AssessmentResults\n"
        "from trestle.oscal.poam import PlanOfActionAndMilestones\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "results = AssessmentResults.oscal_read(folder / 'ar.json')\n"
        "plan = PlanOfActionAndMilestones.oscal_read(folder / 'poam.json')\n"
        "print(len(results.results[0].findings), len(plan.poam_items))\n"
    )
    done = subprocess.run(
        [TRESTLE, "-c", code, tmp_path], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "3 2\n", done.stderr
