"""What rules come to: three-valued, never passed by mistake, in words that people understand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.policy.engine import evaluate
from pacsconf.policy.engine import judge as judging
from pacsconf.policy.results import RuleResults
from pacsconf.policy.rule import Rule
from pacsconf.policy.scan import looks
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import KINDS
from pacsconf.policy.vocabulary.hints import empty, may_be_absent

DECLARED = {
    name: empty(hint) for name, hint in KINDS["ae"].fields("declared").items() if not may_be_absent(hint)
}


def rule(condition: str, which: str = "X-1", kind: str = "ae", **more: Any) -> Rule:
    made = Rule(which, "It is as it should", "high", kind, condition, **more)
    return replace(made, tiers=looks(made.when, made.condition, made.message).tiers)


def ae(
    name: str = "d/A", configured: Any = None, observed: Any = None, blind: str = "", **declared: Any
) -> Subject:
    return Subject("ae", name, DECLARED | {"title": "A"} | declared, configured, observed, blind=blind)


def states(rules: list[Rule], subjects: list[Subject]) -> list[list[str]]:
    return [[each.state for each in one] for one in evaluate(rules, {"ae": subjects}, processes=1)]


def state(condition: str, subject: Subject, **more: Any) -> str:
    return states([rule(condition, **more)], [subject])[0][0]


@pytest.mark.parametrize(
    ("condition", "configured", "observed", "said"),
    [
        ("!configured.any_caller", None, None, "unknown"),
        ("!configured.any_caller", {}, {}, "unknown"),
        ("!configured.any_caller", {"any_caller": False}, None, "pass"),
        ("!configured.any_caller", {"any_caller": True}, None, "fail"),
        ("configured.any_caller == false || !observed.stranger_store", {"any_caller": False}, None, "pass"),
        (
            "configured.any_caller == false || !observed.stranger_store",
            None,
            {"stranger_store": False},
            "pass",
        ),
        ("configured.any_caller == false || !observed.stranger_store", {"any_caller": True}, None, "unknown"),
        ("!configured.any_caller && !observed.any_caller", None, {"any_caller": True}, "fail"),
        ("!configured.any_caller && !observed.any_caller", None, {"any_caller": False}, "unknown"),
        ("has(observed.tls) ? observed.tls : configured.tls", None, {"tls": True}, "pass"),
        ("has(observed.tls) ? observed.tls : configured.tls", {"tls": False}, {}, "fail"),
        ("has(observed.tls) ? observed.tls : configured.tls", {}, {}, "unknown"),
        ("title == 'A' || configured.tls", None, None, "pass"),
        ("title == 'B' && configured.tls", None, None, "fail"),
        ("[1, 2].exists(x, x == 2 || configured.tls)", None, None, "pass"),
        ("size(configured) == 0", None, None, "pass"),
    ],
)
def test_unknown_is_where_evidence_is_missing_and_counts(condition, configured, observed, said):
    assert state(condition, ae(configured=configured, observed=observed)) == said


@pytest.mark.parametrize("condition", ["configured.tls != true", "observed.tls_version != '1.0'"])
def test_a_field_that_is_none_is_absent(condition):
    assert state(condition, ae(configured={"tls": None}, observed={"tls_version": None})) == "unknown"


@pytest.mark.parametrize("value", [("a",), {"a"}, 2**70, {"a": object()}])
def test_a_value_that_cel_does_not_know_is_an_error(value):
    assert state("title == 'A' && size(flows_in) == 0", ae(flows_in=value)) == "error"


def test_a_rule_that_does_not_apply_needs_no_evidence():
    assert state("!configured.tls", ae(acceptor=False), when="acceptor") == "n/a"
    assert state("!configured.tls", ae(acceptor=True), when="acceptor") == "unknown"
    assert state("true", ae(), when="configured.tls") == "unknown"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("1 / size(ports) == 1", "it divides by zero"),
        ("ports[3] == 1", "it takes member 3 of a list of 0"),
        ("dyn(title) > 1", "it puts values together that do not fit"),
        ("title.matches(title + '(')", "it matches by what is no regular expression: missing ): A("),
        ("dyn(self).nothing == 1", "it looks at nothing, which is not there; ask has(self.nothing) first"),
        ("dyn(configured).nothing == 1", "it looks at nothing, which is not there"),
    ],
)
def test_a_broken_rule_is_an_error_and_never_passed(condition, words):
    (one,) = evaluate([rule(condition)], {"ae": [ae()]}, processes=1)
    (result,) = one
    assert result.state == "error"
    assert result.message.startswith("the rule is broken: " + words)


def test_loops_over_everything_are_stopped():
    many = [str(number) for number in range(300)]
    said = "callers.all(a, callers.all(b, callers.all(c, callers.all(d, a + b + c + d != ''))))"
    (one,) = evaluate([rule(said)], {"ae": [ae(callers=many)]}, processes=1)
    (result,) = one
    assert result.state == "error"
    assert result.message == (
        "the rule is broken: it goes through too much (loops within loops, over long lists)"
    )


def test_what_all_rules_together_go_through_is_no_budget():
    many = [str(number) for number in range(900)]
    rules = [rule(f"callers.all(x, x != '{number}x')", f"X-{number}") for number in range(30)]
    assert states(rules, [ae(callers=many), ae(callers=many), ae()]) == [["pass"] * 3] * 30


def test_a_list_that_goes_too_far_is_split_and_not_tried_again_for_every_resource(monkeypatch):
    times = []
    plainly = judging.Judge._one_by_one
    monkeypatch.setattr(judging.Judge, "_one_by_one", lambda *given: times.append(1) or plainly(*given))
    many = [str(number) for number in range(900)]
    rules = [rule(f"callers.all(x, x != '{number}x')", f"X-{number}") for number in range(30)]
    evaluate(rules, {"ae": [ae(callers=many) for _ in range(40)]}, processes=1)
    assert len(times) < 10


def test_a_regular_expression_that_is_a_catastrophe_elsewhere_is_harmless():
    assert state("title.matches('^(a+)+$')", ae(title="a" * 200_000 + "b")) == "fail"


def test_one_broken_rule_hides_no_other():
    rules = [rule("1 / size(ports) == 1", "X-1"), rule("title == 'A'", "X-2"), rule("configured.tls", "X-3")]
    subjects = [ae(ports=[1]), ae(), ae(ports=[1, 2], title="B"), ae(ports=[1], configured={"tls": True})]
    assert states(rules, subjects) == [
        ["pass", "error", "fail", "pass"],
        ["pass", "pass", "fail", "pass"],
        ["unknown", "unknown", "unknown", "pass"],
    ]


def results(made: Rule, *subjects: Subject) -> RuleResults:
    (one,) = evaluate([made], {"ae": list(subjects)}, processes=1)
    return one


def test_messages():
    said = rule("title == 'B'", message="title + ' has ports ' + ports.map(p, string(p)).join(', ')")
    assert [each.message for each in results(said, ae(ports=[1, 2]), ae(title="B"))] == [
        "A has ports 1, 2",
        "",
    ]
    assert [each.message for each in results(rule("false"), ae())] == ["It is as it should"]
    broken = rule("false", message="configured.tls ? 'a' : 'b'")
    assert [(each.state, each.message) for each in results(broken, ae())] == [("fail", "It is as it should")]


def test_unknown_says_which_evidence_is_missing_and_why():
    made = rule("configured.tls || observed.tls")
    blind = "directory was not reached"
    said = [
        each.message
        for each in results(made, ae(blind=blind), ae(configured={"tls": False}), ae(observed={}))
    ]
    configured = "configured.tls (its own configuration speaks TLS, and nothing else)"
    observed = KINDS["ae"].fields("observed")["tls"]
    words = observed.__metadata__[0]
    assert said[1] == f"not known: observed.tls ({words}); it was not looked at on the wire"
    assert said[0].endswith(f"; {blind}")
    assert configured in said[0]
    assert said[2].endswith("; no live configuration of it was read")


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (
            "!observed.stranger_store",
            "strangers were not tried, or not answered (pacsconf probe --negatives)",
        ),
        ("!observed.stranger_store || observed.tls", "what was looked at does not tell it"),
        ("observed.tls", "what was looked at does not tell it"),
    ],
)
def test_what_only_a_stranger_finds_out_is_said_to_be_untried(condition, why):
    (one,) = results(rule(condition), ae(observed={"answers": True}))
    assert one.state == "unknown"
    assert one.message.endswith(f"; {why}")


@pytest.mark.parametrize("condition", ["self.accepted", "self.accepted || lifecycle == 'planned'"])
def test_what_nobody_declared_is_not_known(condition):
    device = Subject("device", "d", {"name": "d", "lifecycle": "active"})
    made = rule(condition, kind="device")
    (one,) = evaluate([made], {"device": [device]})
    assert [each.state for each in one] == ["unknown"]
    assert "self.accepted (an acceptance run" in next(iter(one)).message


def test_a_site_that_is_none_has_empty_fields():
    assert state("site.name == '' && size(site.networks) == 0", ae()) == "pass"


def test_the_evidence_of_a_result_is_the_strongest_that_was_there():
    made = rule("has(observed.tls) ? observed.tls : configured.tls")
    subjects = [
        ae(configured={"tls": True}),
        ae(observed={"tls": True}),
        ae(),
        ae(configured={"tls": False}, observed={}),
    ]
    assert [each.evidence for each in results(made, *subjects)] == [
        "configured",
        "observed",
        "declared",
        "configured",
    ]


def test_of_two_kinds_of_evidence_the_wire_is_the_stronger():
    made = rule("configured.tls == observed.tls")
    (each,) = results(made, ae(configured={"tls": True}, observed={"tls": True}))
    assert (each.state, each.evidence) == ("pass", "observed")


def test_params():
    made = rule(
        "title in params.names && size(ports) <= params.most",
        params={"names": ("A", 'quo"te\\'), "most": 1},
    )
    assert states([made], [ae(), ae(title='quo"te\\'), ae(ports=[1, 2]), ae(title="C")]) == [
        ["pass", "pass", "fail", "fail"]
    ]


def test_rules_that_are_off_are_not_judged():
    off = replace(rule("true", "X-2"), off="not here")
    assert [one.rule.id for one in evaluate([rule("true"), off, rule("true", "X-3")], {"ae": [ae()]})] == [
        "X-1",
        "X-3",
    ]


def test_results_come_in_the_order_of_the_rules_whatever_their_kinds():
    rules = [rule("true", "X-1"), rule("true", "X-2", kind="device"), rule("true", "X-3")]
    assert [one.rule.id for one in evaluate(rules, {"ae": [ae()]})] == ["X-1", "X-2", "X-3"]
    assert [len(one.states) for one in evaluate(rules, {"ae": [ae()]})] == [1, 0, 1]


def test_more_rules_than_fit_in_one_list():
    rules = [rule(f"title != '{'x' * 3000}{number}'", f"X-{number}") for number in range(40)]
    assert states(rules, [ae()]) == [["pass"]] * 40


def test_remarks_and_texts_in_expressions():
    said = "title == 'A' // (not ) all\n// of it"
    assert states([rule(said, when="acceptor // )"), rule("true", "X-2")], [ae(acceptor=True)]) == [
        ["pass"],
        ["pass"],
    ]


# --- the quick way and the plain one -----------------------------------------------------------------------------

FIELDS = ["configured.tls", "observed.tls", "configured.any_caller", "acceptor", "initiator", "true", "false"]
ATOMS = st.sampled_from(
    [
        *FIELDS,
        "has(configured.tls)",
        "has(observed.tls)",
        "(1 / size(ports) == 1)",
        "(size(configured.same_title) == 0)",
    ]
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||", "=="]), inner).map(lambda one: f"({' '.join(one)})"),
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, inner, inner).map(lambda one: f"({one[0]} ? {one[1]} : {one[2]})"),
        inner.map(lambda one: f"ports.all(p, {one})"),
    ),
    max_leaves=5,
)
LIVE = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {}, optional={"tls": st.booleans(), "any_caller": st.booleans(), "same_title": st.just([])}
    ),
)
SUBJECTS = st.builds(
    lambda configured, observed, ports, acceptor: ae(
        "x", configured, observed, ports=ports, acceptor=acceptor
    ),
    LIVE,
    LIVE,
    st.sampled_from([[], [1], [1, 2]]),
    st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(CONDITIONS, st.one_of(st.just(""), CONDITIONS)), min_size=1, max_size=4),
    st.lists(SUBJECTS, min_size=1, max_size=6),
)
def test_all_rules_together_come_to_what_each_does_alone(conditions, subjects):
    rules = [rule(said, f"X-{number}", when=when) for number, (said, when) in enumerate(conditions)]
    together = [list(one) for one in evaluate(rules, {"ae": subjects}, processes=1)]
    alone = [
        [next(iter(evaluate([made], {"ae": [subject]}, processes=1)[0])) for subject in subjects]
        for made in rules
    ]
    shown = [[(each.state, each.message, each.evidence) for each in one] for one in together]
    assert shown == [[(each.state, each.message, each.evidence) for each in one] for one in alone]


@settings(max_examples=150, deadline=None)
@given(CONDITIONS, st.one_of(st.just(""), CONDITIONS), SUBJECTS)
def test_nothing_is_assumed_of_a_rule_that_cel_does_not_say(condition, when, subject):
    """A condition is judged with its missing evidence filled in both ways: what is known must agree with both."""
    made = rule(condition, when=when)
    got = next(iter(evaluate([made], {"ae": [subject]}, processes=1)[0])).state
    assert got in {"pass", "fail", "unknown", "n/a", "error"}
    if got in {"pass", "fail", "n/a"} and "has(" not in condition + when:
        for value in (True, False):
            filled = {"tls": value, "any_caller": value, "same_title": []}
            other = replace(
                subject,
                configured=filled | dict(subject.configured or {}),
                observed=filled | dict(subject.observed or {}),
            )
            assert next(iter(evaluate([made], {"ae": [other]}, processes=1)[0])).state == got


def test_a_rule_without_an_answer_is_taken_out_of_the_list_once(monkeypatch):
    times = []
    plainly = judging.Judge._one_by_one
    monkeypatch.setattr(judging.Judge, "_one_by_one", lambda *given: times.append(1) or plainly(*given))
    rules = [rule("configured.tls || observed.tls"), rule("title == 'A'", "X-2")]
    evaluate(rules, {"ae": [ae() for _ in range(50)]}, processes=1)
    assert len(times) == 1


TWENTY_FIVE = [[0] * 25] * 2
LONG_WAY = (
    f"{TWENTY_FIVE[0]}.all(a, {TWENTY_FIVE[1]}.all(b, !title.matches('(x{{900}}|y{{900}}|z{{900}})+')))"
)
"""What takes a second: a pattern of thousands of states, some hundred times."""


def test_a_rule_that_takes_too_long_is_broken_and_judged_no_more(monkeypatch):
    monkeypatch.setattr(judging, "SLOW", 0.2)
    subjects = [ae(f"d/{number}") for number in range(200)]
    rules = [rule("title == 'A'", "X-1"), rule(LONG_WAY, "X-2"), rule("title == 'B'", "X-3")]
    quick, slow, other = evaluate(rules, {"ae": subjects}, processes=1)
    assert {one.state for one in quick} == {"pass"}
    assert {one.state for one in other} == {"fail"}
    assert {(one.state, one.message) for one in slow} == {("error", judging.SLOW_RULE)}


def test_a_message_that_takes_too_long_gives_way_to_the_title(monkeypatch):
    monkeypatch.setattr(judging, "SLOW", 0.2)
    said = rule("false", message=f"{LONG_WAY} ? 'a' : 'b'")
    (results,) = evaluate([said], {"ae": [ae(f"d/{number}") for number in range(200)]}, processes=1)
    assert [one.message for one in results] == ["a", *[said.title] * 199]


def test_what_is_left_when_the_time_is_over_has_not_passed(monkeypatch):
    monkeypatch.setattr(judging, "MOST", -1.0)
    found = evaluate([rule("true", "X-1"), rule("false", "X-2")], {"ae": [ae(), ae("d/B")]}, processes=1)
    assert {(one.state, one.message) for results in found for one in results} == {("error", judging.TIME)}


def test_the_time_is_looked_at_between_the_rules_of_one_resource(monkeypatch):
    monkeypatch.setattr(judging, "SLOW", 0.2)
    monkeypatch.setattr(judging, "MOST", 0.3)
    rules = [rule(f"{LONG_WAY} || {number} == 0", f"X-{number}") for number in range(6)]
    found = evaluate(rules, {"ae": [ae()]}, processes=1)
    assert {one.message for results in found for one in results} <= {judging.TIME, judging.SLOW_RULE}
    assert sum(one.message == judging.TIME for results in found for one in results) > 2


def test_a_rule_that_needs_more_memory_than_there_is_is_broken(monkeypatch):
    def evaluated(expression: Any, data: Any) -> tuple[Any, str]:
        return (None, judging.MEMORY) if expression is program.alone else known(expression, data)

    judge = judging.Judge("ae", [rule("title == 'A'", "X-1"), rule("title != 'B'", "X-2")])
    program, known = judge.programs[1], judging._evaluated
    monkeypatch.setattr(judging, "_evaluated", evaluated)
    monkeypatch.setattr(judging, "_codes", lambda lists, data, end: None)
    outcome = judge.judged([ae()])
    assert outcome.messages == ({}, {0: "the rule is broken: " + MORE_MEMORY})


MORE_MEMORY = "it needs more memory than there is (long texts put together in a loop)"


class Exhausted:
    """An expression for which CEL finds no memory."""

    def eval(self, data: Any) -> Any:
        raise MemoryError("std::bad_alloc")


def test_where_cel_finds_no_memory_there_is_no_answer():
    none: Any = Exhausted()
    assert judging._codes([none], none, float("inf")) is None
    assert judging._evaluated(none, none) == (None, judging.MEMORY)
