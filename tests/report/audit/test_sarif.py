"""Audits as SARIF: valid for the schema of OASIS, at the line, and no unknown ever passes."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings

from pacsconf.policy.audit import Audit, AuditedResult
from pacsconf.report.audit import sarif
from tests.report.audit.nasty import audits
from tests.report.audit.sample import AUDIT

DATA = Path(__file__).parents[2] / "data" / "sarif" / "sarif-schema-2.1.0.json"


@cache
def schema() -> jsonschema.Draft4Validator:
    return jsonschema.Draft4Validator(
        json.loads(DATA.read_text()), format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER
    )


def run(audit: Audit) -> dict[str, Any]:
    log = json.loads(sarif.render(audit))
    schema().validate(log)
    return dict(log["runs"][0])


def only(**changes: Any) -> dict[str, Any]:
    """One result of the first rule, with these changes."""
    (found,) = run(replace(AUDIT, results=(replace(AUDIT.results[0], **changes),)))["results"]
    return dict(found)


def test_it_is_valid_and_every_result_is_there():
    found = run(AUDIT)["results"]
    assert [(one["ruleId"], one["properties"]["state"]) for one in found] == [
        (one.rule, one.state) for one in AUDIT.results
    ]


@pytest.mark.parametrize(
    ("state", "kind", "level"),
    [
        ("fail", "fail", "error"),
        ("waived", "fail", "error"),
        ("unknown", "open", "none"),
        ("error", "open", "none"),
        ("pass", "pass", "none"),
        ("n/a", "notApplicable", "none"),
    ],
)
def test_a_state_is_a_kind_and_only_what_fails_has_a_level(state, kind, level):
    found = only(state=state)
    assert (found["kind"], found["level"]) == (kind, level)


def test_a_result_stands_at_the_line_that_declares_its_resource():
    (failing,) = [one for one in run(AUDIT)["results"] if one["kind"] == "fail" and "US_7" in str(one)]
    assert failing["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "inventory/devices/us.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 14, "startColumn": 7},
            },
            "logicalLocations": [
                {"name": "us-7/US_7", "fullyQualifiedName": "ae:us-7/US_7", "kind": "resource"}
            ],
        }
    ]


def test_what_is_declared_nowhere_is_shown_at_the_inventory():
    (place,) = only(file="", line=0, column=0)["locations"]
    assert place["physicalLocation"] == {"artifactLocation": {"uri": "inventory", "uriBaseId": "%SRCROOT%"}}


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("inventory/a b.yaml", "inventory/a%20b.yaml"),
        ("../../etc/passwd", "etc/passwd"),
        ("//evil.example/x", "evil.example/x"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
    ],
)
def test_a_place_stays_within_the_repository(file, uri):
    assert only(file=file)["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_rule_tells_what_it_supports_and_how_bad_it_is():
    rule = run(AUDIT)["tool"]["driver"]["rules"][0]
    assert (rule["id"], rule["defaultConfiguration"]) == ("PACS-AE-003", {"level": "error", "enabled": True})
    assert rule["help"]["text"].endswith("Supports: nist-800-53 CM-8, csf ID.AM-1, dicom PS3.15 H.1.2")
    assert rule["properties"]["tags"] == [
        "security", "critical", "nist-800-53/CM-8", "csf/ID.AM-1", "dicom/PS3.15 H.1.2",
    ]  # fmt: skip
    assert rule["properties"]["security-severity"] == "9.5"


def test_a_rule_that_is_off_is_there_with_its_reason():
    (off,) = [
        one for one in run(AUDIT)["tool"]["driver"]["rules"] if not one["defaultConfiguration"]["enabled"]
    ]
    assert off["properties"]["off"].startswith("The directory does not record sign-ins")


def test_what_is_accepted_is_suppressed_with_its_reason():
    waived = [one for one in run(AUDIT)["results"] if "suppressions" in one]
    assert len(waived) == AUDIT.count()["waived"]
    assert waived[0]["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "W-7; until 2026-12-24; The portable ultrasound cannot encrypt; it is replaced in the "
            "new year.; Instead: Its VLAN has no way out but to the archive.",
        }
    ]


def test_a_broken_rule_and_a_system_that_was_not_reached_are_told():
    (invocation,) = run(AUDIT)["invocations"]
    (fault,) = invocation["toolConfigurationNotifications"]
    assert (fault["level"], fault["associatedRule"]["id"]) == ("error", "SITE-001")
    (blind,) = invocation["toolExecutionNotifications"]
    assert blind["message"]["text"].startswith("pacs-2 was not reached")


def test_a_fingerprint_stays_from_audit_to_audit():
    before, after = only(message="x", line=3), only(message="y", line=4, state="pass")
    assert before["partialFingerprints"] == after["partialFingerprints"]
    assert before["partialFingerprints"] != only(name="other")["partialFingerprints"]


def test_text_is_no_link_and_no_placeholder():
    said = only(message="see [here](https://evil.example) {0} \\")["message"]["text"]
    assert said.endswith(r"see \[here\](https://evil.example) {{0}} \\")


def test_of_more_results_than_code_hosts_take_what_passed_is_counted_alone(monkeypatch):
    monkeypatch.setattr(sarif, "MOST", 10)
    found = run(AUDIT)
    counts = AUDIT.count()
    assert len(found["results"]) == len(AUDIT.results) - counts["pass"] - counts["n/a"]
    assert found["properties"]["results"]["pass"] == counts["pass"]


@settings(max_examples=30)
@given(audits())
@example(replace(AUDIT, environment="\ud800", id="\ud800", commit="\ud800"))
def test_whatever_is_in_it_it_is_valid_and_whole(audit):
    sarif.render(audit).encode("utf-8")
    found = run(audit)["results"]
    assert len(found) == len(audit.results)
    assert [one["kind"] == "pass" for one in found] == [one.state == "pass" for one in audit.results]


def test_a_result_whose_rule_is_gone_is_there():
    gone = AuditedResult("PACS-X-1", "ae", "a", "fail")
    (found,) = run(replace(AUDIT, results=(gone,)))["results"]
    assert (found["ruleId"], found["level"], "ruleIndex" in found) == ("PACS-X-1", "error", False)
