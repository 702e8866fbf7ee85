"""The screen of an audit."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.policy.audit import AuditedResult
from pacsconf.report.audit.text import MOST, audit_text
from pacsconf.report.lines import plain
from tests.audits import audits
from tests.report.audit.sample import AUDIT, NET_002, clean


def text(audit, width=80, **more):
    return plain(audit_text(audit, width, **more))


def test_a_busy_audit(golden):
    shown = text(AUDIT, command="pacsconf -e production", page="audit/report.html", kept="c0ffee1a2b3c4d")
    golden("audit.txt", shown)
    assert max(map(len, shown.splitlines())) <= 80


def test_that_nothing_fails_is_said_with_what_was_looked_at(golden):
    golden("audit-clean.txt", text(clean()))


def test_of_many_resources_the_first_few_are_named():
    many = tuple(
        AuditedResult(NET_002.id, "flow", f"f-{at}", "fail", "observed", "In the clear.") for at in range(40)
    )
    shown = text(replace(AUDIT, results=many))
    assert shown.count("flow:f-") == MOST
    assert "… 35 more (all: --out DIR)" in shown


def test_the_gate_counts_broken_rules_too():
    assert "Gate medium: 5 results of that severity or worse\n" in text(AUDIT, gate="medium")
    assert "Gate critical: 2 results of that severity or worse\n" in text(AUDIT, gate="critical")


@settings(max_examples=40, deadline=None)
@given(audits(), st.integers(40, 140))
def test_whatever_is_in_it_coverage_is_first_and_nothing_acts_on_the_terminal(audit, width):
    shown = text(audit, width)
    assert shown.index("Coverage") < min(
        shown.find(word) for word in ("failure", "No failures", "Nothing was judged") if word in shown
    )
    assert all(char.isprintable() or char == "\n" for char in shown)
