"""What an audit comes to: counts and words, and that nothing is called free of failures without coverage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from pacsconf.policy.audit import AuditedResult, Coverage
from pacsconf.report.audit import summary
from tests.audits import audits
from tests.report.audit.sample import AUDIT, clean


def test_the_worst_rule_is_first_and_what_is_switched_off_is_not_judged():
    assert [(one.rule.id, one.worst) for one in summary.judged(AUDIT)] == [
        ("PACS-AE-003", "fail"),
        ("PACS-RET-006", "fail"),
        ("PACS-AE-009", "fail"),
        ("PACS-NET-002", "fail"),
        ("PACS-AE-012", "fail"),
        ("SITE-001", "error"),
        ("PACS-USR-001", "unknown"),
    ]


def test_a_result_of_a_rule_that_the_audit_does_not_have_is_shown_all_the_same():
    strange = AuditedResult("X-1", "ae", "ct-1/CT", "fail")
    (one,) = summary.judged(replace(AUDIT, rules=(), results=(strange,)))
    assert (one.rule.id, one.rule.severity, one.results) == ("X-1", "critical", (strange,))


def test_what_is_mended_first_is_what_is_worst_and_most():
    more = tuple(
        replace(one, name=f"d-{at}")
        for at in range(3)
        for one in AUDIT.of("fail")
        if one.rule == "PACS-NET-002"
    )
    rules = summary.judged(replace(AUDIT, results=(*AUDIT.results, *more)))
    assert [one.rule.id for one in summary.to_mend(rules)] == [
        "PACS-AE-003", "PACS-RET-006", "PACS-NET-002", "PACS-AE-009", "PACS-AE-012",
    ]  # fmt: skip


def test_the_verdict_of_a_busy_audit():
    found, stands_on = summary.verdict(AUDIT, summary.judged(AUDIT))
    assert found == "5 failures (2 critical, 2 high, 1 low), 1 broken rule, 22 unknown, 2 waived"
    assert stands_on == (
        "Looked at 8 network AEs: 5 observed, 1 configured, 1 attested, 1 unreachable; 60 accounts: 40 configured, "
        "20 unreachable; 7 rules: 2 observed, 3 configured, 1 only declared, 1 unreachable. Attested: ris; not "
        "reached: pacs-2; outside pacsconf: viewer-3, worklist-old. Wire last probed 27 Nov 2026 04:30 UTC."
    )


def test_where_nothing_fails_what_was_looked_at_stands_beside_it():
    found, stands_on = summary.verdict(clean(), summary.judged(clean()))
    assert found == "No failures"
    assert stands_on.startswith("Looked at 8 network AEs: 5 observed,")


def test_where_nothing_was_looked_at_that_is_said():
    nothing = replace(AUDIT, rules=(), results=(), waivers=(), coverage=Coverage(), probed="")
    assert summary.verdict(nothing, ()) == (
        "Nothing was judged",
        "Looked at 0 network AEs; 0 accounts; 0 rules. Wire never probed.",
    )


@settings(max_examples=40, deadline=None)
@given(audits())
def test_every_result_is_counted_once(audit):
    rules = summary.judged(audit)
    assert sum(len(one.results) for one in rules) == len(audit.results)
    assert sum(summary.failures(rules).values()) == audit.count()["fail"]


@pytest.mark.parametrize(
    ("names", "words"), [([], ""), (["a", "b"], "a, b"), (list("abcdefgh"), "a, b, c, d, e, f and 2 more")]
)
def test_long_lists_of_names_are_cut(names, words):
    assert summary.some_of(names) == words


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("", "nothing was looked at that could tell"),
        ("worker-south was not reached", "worker-south was not reached"),
        ("not known: configured.x (what it is), self.y (more; and more); pacs-2: refused", "pacs-2: refused"),
        ("not known: self.y (days since; absent: none)", "not known: self.y"),
        ("not known: self.y (days)", "not known: self.y"),
    ],
)
def test_what_is_unknown_is_counted_by_its_cause(message, why):
    one = AuditedResult("PACS-AE-009", "ae", "ct-1/CT", "unknown", message=message)
    found = summary.reasons(summary.judged(replace(AUDIT, results=(one, replace(one, name="b")))))
    assert [(reason.why, reason.times, reason.rules) for reason in found] == [(why, 2, ("PACS-AE-009",))]
