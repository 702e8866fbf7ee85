"""Retention rules and legal holds as rules see them."""

from __future__ import annotations

import pytest

RULES = """\
devices:
  ct-1: {type: modality, modality: [CT, SR], host: a, ae_title: A}
  mr-1: {type: modality, modality: MR, host: b, ae_title: B}
  us-1: {type: modality, modality: US, lifecycle: retired, host: c, ae_title: C}
retention:
  sources: {law: {cite: "42 CFR 482.26", verified: true}, memo: {cite: a memo}}
  rules:
    ct: {match: {modality: CT}, keep: {for: 10y}, source: law, approval: {by: somebody, on: 2026-11-20}}
    young: {match: {age_at_study: {under: 18}}, keep: {until_age: 25}, source: memo}
    later:
      match: {modality: MG}
      keep: [{for: 5y, when: later_same_class_study}, {for: 8y, otherwise: true}]
      review: {max: 30y}
  floors: {ours: {match: {modality: CT}, keep: {for: 12y}}}
  holds:
    case:
      studies: ["sha256:7f2d1c0a5be94d1f8c3a6072e9b1d4c85a6f3e207d9c8b1a4e5f60718293a4b5"]
      reason_ref: L-1
      placed_by: legal
      since: 2026-01-01
      review_by: 2026-11-20
    over:
      studies: ["sha256:0c1b2a394857667584930a1b2c3d4e5f60718293a4b5c6d7e8f9a0b1c2d3e4f5"]
      reason_ref: L-2
      placed_by: legal
      since: 2026-01-01
      released: {on: 2026-02-01, by: legal}
"""


@pytest.fixture
def found(of):
    return of(RULES)


def test_the_whole_says_what_nothing_keeps_and_what_is_too_short(found):
    whole = found["retention"]["retention"].declared
    assert (whole["approved"], whole["has_default"]) == (False, False)
    assert whole["uncovered"] == ["MR studies", "whatever no rule matches"]
    assert len(whole["below_minimum"]) == 1
    assert "kept until" in whole["below_minimum"][0]


def test_a_default_keeps_everything(of):
    whole = of(f"{RULES}  default: {{keep: {{for: 12y}}}}\n")["retention"]["retention"].declared
    assert (whole["has_default"], whole["uncovered"], whole["below_minimum"]) == (True, [], [])


def test_two_rules_that_tie_are_named(of):
    text = (
        "retention: {rules: {a: {match: {modality: CT}, keep: {for: 10y}},"
        " b: {match: {department: ER}, keep: {for: 10y}}}}"
    )
    assert of(text)["retention"]["retention"].declared["ambiguous"] == ["a and b"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ct", {"keeps_days": 3652, "verified": True, "approved": True, "approved_days": 7, "source": "law"}),
        ("young", {"verified": False, "approved": False, "source": "memo", "has_maximum": False}),
        ("later", {"keeps_days": 1826, "has_maximum": True, "source": ""}),
    ],
)
def test_a_rule_says_how_long_and_by_what_right(found, rule, expected):
    facts = found["retention-rule"][rule].declared
    assert {name: facts[name] for name in expected} == expected


def test_a_rule_by_age_alone_keeps_no_number_of_days(found):
    assert "keeps_days" not in found["retention-rule"]["young"].declared
    assert "approved_days" not in found["retention-rule"]["young"].declared


def test_a_hold_says_whether_it_is_over_and_when_it_is_looked_at(found):
    case, over = found["hold"]["case"].declared, found["hold"]["over"].declared
    assert (case["released"], case["review_days"], case["studies"]) == (False, -7, 1)
    assert over["released"] is True
    assert "review_days" not in over


def test_without_rules_there_is_no_retention_to_look_at(of):
    found = of("devices: {a: {type: x}}")
    assert (found["retention"], found["retention-rule"], found["hold"]) == ({}, {}, {})
