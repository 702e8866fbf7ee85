"""Rules that are broken on some resources, among rules that are not: each comes to what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.policy.engine import evaluate
from pacsconf.policy.packs import parse
from pacsconf.policy.results import RuleResults, stopping
from pacsconf.policy.rule import Rule
from pacsconf.policy.subject import Subject
from tests.policy.engine.test_judge import ae, rule

TITLE = "It is as it should"
Said = Callable[[dict[str, Any]], tuple[str, str]]
"""State and message that a rule comes to on fields; of an error no message."""


def _tls(one: dict[str, Any]) -> tuple[str, str]:
    if "tls" not in one:
        return "unknown", ""
    return ("pass", "") if one["tls"] else ("fail", TITLE)


POOL: dict[str, tuple[Rule, Said]] = {
    "when": (
        rule("size(ports) > 2", "X-when", when="10 / size(ports) > 3"),
        lambda one: (
            ("error", "") if not one["ports"] else ("n/a", "") if len(one["ports"]) > 2 else ("fail", TITLE)
        ),
    ),
    "when it is not known": (
        rule("size(ports) > 0", "X-unknown", when="configured.tls"),
        lambda one: (
            ("unknown", "")
            if "tls" not in one
            else ("n/a", "")
            if not one["tls"]
            else ("pass", "")
            if one["ports"]
            else ("fail", TITLE)
        ),
    ),
    "condition": (
        rule("ports[1] == 2", "X-condition"),
        lambda one: (
            ("error", "")
            if len(one["ports"]) < 2
            else ("pass", "")
            if one["ports"][1] == 2
            else ("fail", TITLE)
        ),
    ),
    "absorbed": (
        rule("ports[1] == 2 || zone == '('", "X-absorbed"),
        lambda one: (
            ("pass", "")
            if one["zone"] == "(" or one["ports"][1:2] == [2]
            else ("error", "")
            if len(one["ports"]) < 2
            else ("fail", TITLE)
        ),
    ),
    "expression": (
        rule("title.matches(zone)", "X-expression"),
        lambda one: (
            ("error", "")
            if one["zone"] == "("
            else ("pass", "")
            if one["zone"] in ("", "A")
            else ("fail", TITLE)
        ),
    ),
    "message": (
        rule("size(ports) > 2", "X-message", message="'its second port is ' + string(ports[1])"),
        lambda one: (
            ("pass", "")
            if len(one["ports"]) > 2
            else ("fail", f"its second port is {one['ports'][1]}" if len(one["ports"]) > 1 else TITLE)
        ),
    ),
    "message not known": (
        rule("zone == 'A'", "X-said", message="configured.tls ? 'with' : 'without'"),
        lambda one: (
            ("pass", "")
            if one["zone"] == "A"
            else ("fail", {True: "with", False: "without", None: TITLE}[one.get("tls")])
        ),
    ),
    "empty message": (
        rule("zone == 'A'", "X-empty", message="''"),
        lambda one: ("pass", "") if one["zone"] == "A" else ("fail", TITLE),
    ),
    "evidence": (rule("configured.tls", "X-evidence"), _tls),
    "parameter": (
        rule("params.names[size(ports)] == 'a'", "X-parameter", params={"names": ("a", "b")}),
        lambda one: ([("pass", ""), ("fail", TITLE)] + [("error", "")] * 9)[len(one["ports"])],
    ),
}

resources = st.lists(
    st.fixed_dictionaries(
        {"ports": st.lists(st.integers(1, 3), max_size=4), "zone": st.sampled_from(("", "A", "Z", "("))},
        optional={"tls": st.booleans()},
    ),
    min_size=1,
    max_size=12,
)
chosen = st.lists(st.sampled_from(sorted(POOL)), min_size=1, unique=True)


def made_of(fields: dict[str, Any], number: int) -> Subject:
    configured = {"tls": fields["tls"]} if "tls" in fields else None
    return ae(f"d-{number}/A", configured=configured, ports=fields["ports"], zone=fields["zone"])


def hold(results: tuple[RuleResults, ...], names: list[str], fields: list[dict[str, Any]]) -> None:
    for name, one in zip(names, results, strict=True):
        for told, result in zip(fields, one, strict=True):
            state, message = POOL[name][1](told)
            assert result.state == state, (name, told)
            if state == "fail":
                assert result.message == message, (name, told)
            if state == "error":
                assert result.message.startswith("the rule is broken: ")
            if state == "unknown":
                assert result.message.startswith("not known: ")
        assert sum(one.count().values()) == len(fields)


@settings(max_examples=60)
@given(chosen, resources)
def test_each_rule_comes_to_what_it_says_whatever_is_broken_beside_it(names, fields):
    subjects = [made_of(one, number) for number, one in enumerate(fields)]
    hold(evaluate([POOL[name][0] for name in names], {"ae": subjects}, processes=1), names, fields)


def test_the_same_over_several_processes():
    fields = [
        {"ports": [1, 2, 3][:many], "zone": zone} | ({} if tls is None else {"tls": tls})
        for many in range(4)
        for zone in ("", "A", "(")
        for tls in (None, True, False)
    ]
    names = sorted(POOL)
    subjects = [made_of(one, number) for number, one in enumerate(fields)]
    hold(evaluate([POOL[name][0] for name in names], {"ae": subjects}, processes=2), names, fields)


def test_a_broken_rule_stops_as_a_failure_does():
    (found,) = evaluate([POOL["condition"][0]], {"ae": [ae(ports=[]), ae(ports=[1, 2])]}, 1)
    assert [one.state for one in stopping([found], "high")] == ["error"]
    assert list(stopping([found], "critical")) == []


@pytest.mark.parametrize("subjects", [{}, {"ae": ()}, {"device": ()}])
def test_where_there_is_nothing_to_judge_nothing_has_passed(subjects):
    (found,) = evaluate([POOL["condition"][0]], subjects)
    assert (found.states, found.count(), list(found), list(stopping([found], "info"))) == (b"", {}, [], [])


PACK = b"""\
rules:
  - id: X-1
    title: it
    severity: high
    kind: ae
    condition: size(ports) < params.most && !(title in params.names) && params.asked
    params: {most: 3, names: [A], asked: true}
"""


@pytest.mark.parametrize(
    "written",
    [
        *("most: many", "most: [3]", "most: true", "most: {a: 1}", "most: 1.5", "most: 99999999999999999999"),
        *("most:", "names: 3", "names: {a: b}", "asked: maybe", "asked: 1", "asked: [true]", "other: 1"),
    ],
)
def test_a_parameter_of_another_shape_is_told_and_the_rule_judges_as_it_did(written):
    site = f"overrides:\n  X-1: {{params: {{{written}}}}}\n".encode()
    found = parse({"policies/ours.yaml": PACK, "policies/site.yaml": site})
    assert [one.severity for one in found.findings] == ["error"]
    assert [dict(one.params) for one in found.rules] == [{"most": 3, "names": ("A",), "asked": True}]
    (judged,) = evaluate(
        found.rules, {"ae": [ae(title="B"), ae(title="A"), ae(title="B", ports=[1, 2, 3])]}, 1
    )
    assert [one.state for one in judged] == ["pass", "fail", "fail"]
