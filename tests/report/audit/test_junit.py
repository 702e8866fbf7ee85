"""Audits as JUnit XML: valid for Jenkins' schema, read by junitparser, and no unknown ever passes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import junitparser
import pytest
from hypothesis import given, settings
from lxml import etree

from pacsconf.policy.audit import Audit
from pacsconf.report.audit import junit
from tests.report.audit.nasty import audits
from tests.report.audit.sample import AUDIT

DATA = Path(__file__).parents[2] / "data" / "junit" / "junit-10.xsd"


@cache
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(DATA))


def suites(audit: Audit) -> dict[str, junitparser.TestSuite]:
    """By rule; valid on the way."""
    text = junit.render(audit)
    schema().assertValid(etree.fromstring(text.encode("utf-8")))
    return {one.name.partition(" ")[0]: one for one in junitparser.JUnitXml.fromstring(text.encode("utf-8"))}


def outcome(case: junitparser.TestCase) -> str:
    return ", ".join(type(one).__name__ for one in case.result) or "passed"


def test_there_is_a_suite_for_each_rule_that_was_judged():
    found = suites(AUDIT)
    judged = {one.rule for one in AUDIT.results}
    assert list(found) == [one.id for one in AUDIT.rules if one.id in judged]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("fail", "Failure"),
        ("error", "Error"),
        ("unknown", "Skipped"),
        ("waived", "Skipped"),
        ("pass", "passed"),
    ],
)
def test_what_a_state_is_shown_as(state, expected):
    (suite,) = suites(replace(AUDIT, results=(replace(AUDIT.results[0], state=state),))).values()
    assert [outcome(case) for case in suite] == [expected]


def test_where_a_rule_does_not_apply_there_is_no_case():
    (suite,) = suites(replace(AUDIT, results=(replace(AUDIT.results[0], state="n/a"),))).values()
    assert list(suite) == []
    assert {one.name: one.value for one in suite.properties()}["not applicable"] == "1"


def test_a_failure_says_what_is_wrong_how_bad_that_is_where_and_what_to_do():
    (failing,) = [case for case in suites(AUDIT)["PACS-AE-003"] if case.result]
    assert (failing.name, failing.classname) == ("ae:us-7/US_7", "PACS-AE-003.north")
    (failure,) = failing.result
    assert (failure.message, failure.type) == (
        'The title "US_7" is also that of us-1 in Orthanc.',
        "critical",
    )
    assert failure.text.splitlines() == [
        "inventory/devices/us.yaml:14",
        "Peers address a device by its title alone: images may reach the wrong one.",
        "Give one of them another title.",
    ]


def test_what_is_accepted_says_by_which_waiver_and_until_when():
    waived = [case for case in suites(AUDIT)["PACS-NET-002"] if outcome(case) == "Skipped"]
    assert waived[0].result[0].message == (
        "accepted by W-7 until 2026-12-24: It sends images in the clear from zone clinic to zone core."
    )


def test_the_sums_are_those_of_the_audit():
    whole = junitparser.JUnitXml.fromstring(junit.render(AUDIT).encode())
    counts = AUDIT.count()
    assert (whole.tests, whole.failures, whole.errors) == (
        len(AUDIT.results) - counts["n/a"],
        counts["fail"],
        counts["error"],
    )


@settings(max_examples=50)
@given(audits())
def test_whatever_is_in_it_it_is_valid_and_whole(audit):
    text = junit.render(audit)
    root = etree.fromstring(text.encode("utf-8"))
    schema().assertValid(root)
    assert len(root.findall(".//testcase")) == sum(one.state != "n/a" for one in audit.results)
    assert len(root.findall(".//failure")) == sum(one.state == "fail" for one in audit.results)
