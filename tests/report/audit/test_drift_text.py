"""Two audits compared, as a person, a script and a comment see it; and the list of audits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from pacsconf.core.address import Address
from pacsconf.policy.audit import AuditedSystem, Coverage, point_of
from pacsconf.policy.drift import Applied, Edited, compare, since
from pacsconf.policy.drift_causes import Between, causes
from pacsconf.report.audit.drift_text import drift_json, drift_markdown, drift_text
from pacsconf.report.audit.list_text import audits_json, audits_text
from pacsconf.report.lines import plain
from tests.audits import audit_of, audits, result, rule

RULE = "PACS-NET-001"
LOST = Coverage(systems=(AuditedSystem("orthanc", "orthanc", "configured"),))


@pytest.fixture
def compared():
    rules = (rule(RULE), rule("PACS-AE-001", severity="low"))
    more = {"evidence": "configured", "system": "directory", "device": "ct-1"}
    before = audit_of(
        {},
        rules=rules,
        results=(result("PACS-AE-001", "mr-1", "pass"), result(RULE, "ct-1", "pass", **more)),
        coverage=LOST,
    )
    middle = audit_of({}, number=5, rules=rules, results=before.results, coverage=LOST)
    after = audit_of(
        {},
        number=9,
        rules=(rule(RULE), rule("PACS-AE-001", severity="medium", condition="false")),
        results=(
            result("PACS-AE-001", "mr-1", "unknown", message="orthanc was not reached"),
            result(RULE, "ct-1", "fail", message="anybody may echo", **more),
            result(RULE, "ct-2", "pass"),
        ),
    )
    drift = since(compare(before, after), before, [middle], after)
    edited = (Edited("abcdef0" + "0" * 33, "2026-11-08", "ct-1: open | `it`"),)
    applied = Applied(
        Address.of("directory", "device", "ct-1"), "20261108-x", "c" * 40, "2026-11-08T10:00:00Z"
    )
    known = Between(middle, after, [applied], {("", 0): edited})
    found = {one.key: causes(one, known) for one in drift.results}
    return drift, found


def test_the_screen_tells_the_worst_first_with_since_when_and_why(compared):
    assert (
        plain(drift_text(*compared, 100, ["a note"]))
        == """\
Audits of lab compared
  from  20261101-120000 · 01 Nov 2026 12:00 UTC · inventory 3f2a9c1
  to    20261109-120000 · 09 Nov 2026 12:00 UTC · inventory 3f2a9c1
  1 newly failing · 1 newly unknown · 1 rule changed · as before: 1 passed
  a note
  not looked at any more: orthanc

Newly failing
  ✗ PACS-NET-001  high  ae:ct-1
      anybody may echo
      since 09 Nov 2026 12:00 UTC: pacsconf changed directory/device/ct-1 in change set 20261108-x,
      08 Nov 2026 10:00 UTC

Newly unknown
  ? PACS-AE-001  medium  ae:mr-1
      orthanc was not reached
      since 09 Nov 2026 12:00 UTC: the rule was changed: severity, condition

Rules
  ~ PACS-AE-001  severity: low → medium; its condition was changed
"""
    )


def test_scripts_get_the_same(compared):
    body = json.loads(drift_json(*compared, ["a note"]))
    assert (body["worse"], body["notes"], body["steady"]) == (True, ["a note"], {"pass": 1})
    first = body["drifted"][0]
    assert (first["drift"], first["before"], first["after"]) == ("failing", "pass", "fail")
    assert first["since"]["after"]["id"] == "20261105-120000"
    assert first["causes"][0]["applied"]["changeset"] == "20261108-x"
    assert body["rules"][0]["fields"][0] == {"name": "severity", "before": "low", "after": "medium"}
    assert body["systems"] == {"lost": ["orthanc"], "found": []}


@settings(max_examples=25, deadline=None)
@given(audits(), audits())
def test_no_text_breaks_out_of_a_comment(before, after):
    drift = compare(before, after)
    found = {one.key: causes(one, Between(before, after)) for one in drift.results}
    comment = drift_markdown(drift, found)
    assert "<script" not in comment
    assert "<img" not in comment
    assert all(row.count("|") in (0, 3, 5) for row in comment.splitlines() if not row.startswith("From"))
    assert "\x1b" not in plain(drift_text(drift, found)) + comment


def test_nothing_that_drifted_is_said_so():
    one = audit_of({(RULE, "ct-1"): "pass"})
    assert "nothing drifted · as before: 1 passed" in plain(drift_text(compare(one, one), {}))


def test_audits_are_listed_with_what_they_came_to():
    points = [point_of(audit_of({(RULE, "a"): "fail", (RULE, "b"): "unknown"}, number=3))]
    assert (
        plain(audits_text("lab", points, 100, more=True))
        == """\
Audits of lab, the newest 1 audit (--limit shows more)

  20261103-120000  03 Nov 2026 12:00 UTC  3f2a9c1  1 failed (1 high) · 1 unknown
"""
    )
    assert plain(audits_text("lab", [])) == "No audit of lab is recorded yet.\n"
    assert json.loads(audits_json("lab", points))["audits"][0]["failures"] == {"high": 1}


def test_a_list_says_which_audits_were_for_some_frameworks_alone():
    narrow = replace(audit_of({(RULE, "a"): "pass"}, number=3), frameworks=("hipaa", "gdpr"))
    assert "0 failed · 1 passed · for hipaa, gdpr alone" in plain(audits_text("lab", [point_of(narrow)], 120))


def test_what_drifted_alike_is_told_in_one_paragraph():
    many = {("PACS-AE-001", f"ct-{number}"): "fail" for number in range(12)}
    drift = compare(audit_of(many, number=1), audit_of(dict.fromkeys(many, "pass"), number=2))

    screen = plain(drift_text(drift, {}))

    assert "12 network AEs: ct-0, ct-1, ct-10, ct-11, ct-2, ct-3, ct-4, ct-5 and 4 more" in " ".join(
        screen.split()
    )
    assert screen.count("PACS-AE-001") == 1
