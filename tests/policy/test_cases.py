"""Cases of rules: resources made up for a test, and what a rule must come to on each."""

from __future__ import annotations

import pytest

from pacsconf.policy.cases import Trial, read, tried
from pacsconf.policy.packs import Policies, parse

PACK = b"""\
pack: p
rules:
  - id: X-1
    title: Short titles
    severity: low
    kind: ae
    when: acceptor
    condition: size(title) <= params.most && (title == 'A' || !configured.any_caller) && site.name == ''
    message: "title + ' is too long'"
    params: {most: 3}
  - {id: X-2, title: Members, severity: low, kind: flow, condition: "callers.all(c, c.zone != '')"}
  - {id: X-3, title: Untested, severity: low, kind: flow, condition: "encrypted"}
"""
SITE = b"overrides: {X-1: {params: {most: 30}}, X-2: {off: not here}}\n"


def policies() -> Policies:
    found = parse({"policies/p.yaml": PACK, "policies/site.yaml": SITE})
    assert found.findings == ()
    return found


def trial(text: str, name: str = "tests/cases/X.yaml") -> Trial:
    made = policies()
    cases, findings = read({name: text.encode()}, made)
    assert findings == ()
    return tried(cases, made.rules)


def test_cases_are_judged_by_the_rule_as_its_pack_states_it():
    found = trial("""\
rule: X-1
cases:
  - {name: short, expect: pass, self: {title: A, acceptor: true}}
  - {name: long, expect: fail, message: too long, self: {title: ABCD, acceptor: true}}
  - {name: longer is allowed, expect: unknown, params: {most: 4}, self: {title: ABCD, acceptor: true}}
  - {name: seen, expect: pass, self: {title: B, acceptor: true}, configured: {any_caller: false}}
  - {name: elsewhere, expect: fail, self: {title: A, acceptor: true}, site: {name: north}}
  - {name: of no listener, expect: n/a}
""")
    assert [one.difference for one in found.tried] == [""] * 6
    assert found.lacking == {"X-2": ("pass", "fail"), "X-3": ("pass", "fail")}


def test_a_rule_that_is_off_is_tested_too():
    found = trial("""\
rule: X-2
cases:
  - {name: in a zone, expect: pass, self: {callers: [{title: A, zone: imaging}]}}
  - {name: in none, expect: fail, self: {callers: [{title: A}]}}
""")
    assert found.failed == ()


def test_what_is_not_as_expected_is_told():
    found = trial("""\
rule: X-1
cases:
  - {name: a, expect: pass, self: {title: ABCD, acceptor: true}}
  - {name: b, expect: fail, message: too short, self: {title: ABCD, acceptor: true}}
""")
    assert [(one.case.place.line, one.difference) for one in found.failed] == [
        (3, "expected pass, got fail: ABCD is too long"),
        (4, 'expected a message with "too short", got "ABCD is too long"'),
    ]


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ("rule: X-9\n", "PACS-POL-018", "1:7"),
        ("cases: []\n", "PACS-POL-018", "1:1"),
        ("rule: X-1\ncase: []\n", "PACS-POL-002", "2:1"),
        ("rule: X-1\ncases: {}\n", "PACS-POL-003", "2:1"),
        ("rule: X-1\ncases: [{expect: pass}]\n", "PACS-POL-004", "2:9"),
        ("rule: X-1\ncases: [{name: a, expect: passed}]\n", "PACS-POL-019", "2:27"),
        ("rule: X-1\ncases: [{name: a, expect: waived}]\n", "PACS-POL-019", "2:27"),
        ("rule: X-1\ncases: [{name: a, expect: pass, self: {titel: x}}]\n", "PACS-POL-019", "2:40"),
        ("rule: X-1\ncases: [{name: a, expect: pass, self: {acceptor: yes}}]\n", "PACS-POL-019", "2:50"),
        ("rule: X-1\ncases: [{name: a, expect: pass, self: {ports: 104}}]\n", "PACS-POL-019", "2:47"),
        ("rule: X-1\ncases: [{name: a, expect: pass, self: {ports: ['104']}}]\n", "PACS-POL-019", "2:40"),
        ("rule: X-1\ncases: [{name: a, expect: pass, self: {title: [A]}}]\n", "PACS-POL-019", "2:40"),
        ("rule: X-1\ncases: [{name: a, expect: pass, site: {nam: x}}]\n", "PACS-POL-019", "2:40"),
        ("rule: X-1\ncases: [{name: a, expect: pass, observed: {tls: 1}}]\n", "PACS-POL-019", "2:49"),
        ("rule: X-1\ncases: [{name: a, expect: pass, params: {mst: 1}}]\n", "PACS-POL-016", "2:42"),
        (
            "rule: X-2\ncases: [{name: a, expect: pass, self: {callers: [{zon: x}]}}]\n",
            "PACS-POL-019",
            "2:51",
        ),
    ],
)
def test_what_is_wrong_with_a_case_is_told_at_its_place(text, rule, place):
    _, findings = read({"c.yaml": text.encode()}, policies())
    assert [(one.rule, str(one.place)) for one in findings] == [(rule, f"c.yaml:{place}")]
