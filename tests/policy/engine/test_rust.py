"""Another CEL, written in Rust, comes to the same: for every case of the repository's rules, and for made-up ones.

It keeps an error of an earlier member of a list where CEL's definition lets a later one decide (0.10), so that no
made-up loop looks at what may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.cli.policy_files import CASES, load_cases, load_policies
from pacsconf.policy.engine import check, evaluate
from pacsconf.policy.rule import Rule
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import KINDS
from pacsconf.policy.vocabulary.hints import empty, may_be_absent, member, plain

ROOT = Path(__file__).parents[3]
NO_ANSWER = object()


def in_rust(expression: str, rule: Rule, subject: Subject) -> Any:
    """What the other engine says: a value, or that there is none."""
    nowhere = {name: empty(hint) for name, hint in KINDS["site"].fields("declared").items()}
    variables = {
        **subject.declared,
        "self": dict(subject.declared),
        "site": dict(nowhere if subject.site is None else subject.site),
        "configured": dict(subject.configured or {}),
        "observed": dict(subject.observed or {}),
        "params": {name: list(one) if isinstance(one, tuple) else one for name, one in rule.params.items()},
    }
    try:
        return cel.compile(expression).execute(variables)
    except (KeyError, RuntimeError, TypeError, ValueError):  # how its errors come
        return NO_ANSWER


def agree(rule: Rule, subject: Subject) -> bool:
    """Whether both come to the same."""
    (one,) = evaluate([rule], {rule.kind: [subject]}, processes=1)
    state = one.state(0)
    applies = in_rust(rule.when, rule, subject) if rule.when else True
    if applies is False:
        return state == "n/a"
    found = in_rust(rule.condition, rule, subject) if applies is True else NO_ANSWER
    if found is NO_ANSWER:
        return state in {"unknown", "error"}
    return found is (state == "pass") and state in {"pass", "fail"}


POLICIES = load_policies(ROOT)
MADE, _ = load_cases(ROOT / CASES, ROOT, POLICIES)


@pytest.mark.parametrize("rule", [rule.id for rule in POLICIES.rules])
def test_cases_of_the_starter_pack(rule):
    cases = [case for case in MADE if case.rule.id == rule]
    assert [case.name for case in cases if not agree(case.rule, case.subject)] == []


# --- made-up rules and resources ----------------------------------------------------------------------------------

WORDS = st.sampled_from(["", "a", "CT_1", "archive", "é", "a'b", "x y"])
NUMBERS = st.integers(-3, 40)


def values(hint: object) -> st.SearchStrategy[Any]:
    of = member(hint)
    if of is not None:
        return st.lists(values(of), max_size=3)
    simple = {bool: st.booleans(), int: NUMBERS, str: WORDS}
    return simple[plain(hint)] if plain(hint) in simple else st.just(empty(hint))


def facts(fields: Mapping[str, object], *, all_there: bool) -> st.SearchStrategy[dict[str, Any]]:
    there = {name: hint for name, hint in fields.items() if all_there and not may_be_absent(hint)}
    return st.fixed_dictionaries(
        {name: values(hint) for name, hint in there.items()},
        optional={name: values(hint) for name, hint in fields.items() if name not in there},
    )


def literal(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else '"' + str(value) + '"'


@st.composite
def atoms(draw: st.DrawFn, kind: str) -> str:
    """Something about one field of a kind that is true or false."""
    known = KINDS[kind]
    tier = draw(st.sampled_from([one for one in ("declared", "configured", "observed") if known.fields(one)]))
    name, hint = draw(st.sampled_from(sorted(known.fields(tier).items(), key=lambda one: one[0])))
    own = name if tier == "declared" and not may_be_absent(hint) else f"self.{name}"
    field = own if tier == "declared" else f"{tier}.{name}"
    if tier != "declared" and draw(st.integers(0, 4)) == 0:
        return f"has({field})"
    of = member(hint)
    if of in (str, int):
        value = literal(draw(values(of)))
        forms = [f"size({field}) > 1", f"{value} in {field}"]
        if tier == "declared":
            forms += [f"{field}.exists(x, x == {value})", f"{field}.all(x, x != {value})"]
        return draw(st.sampled_from(forms))
    if of is not None:
        return f"size({field}) == 0"
    if plain(hint) is bool:
        return field
    value = literal(draw(values(hint)))
    if plain(hint) is int:
        return f"{field} {draw(st.sampled_from(['==', '!=', '<', '<=', '>', '>=']))} {value}"
    form = draw(
        st.sampled_from(["{} == {}", "{} != {}", "{}.startsWith({})", "{}.contains({})", "{} in [{}, 'a']"])
    )
    return form.format(field, value)


def conditions(kind: str) -> st.SearchStrategy[str]:
    return st.recursive(
        atoms(kind),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda one: f"({' '.join(one)})"),
            inner.map(lambda one: f"!({one})"),
            st.tuples(inner, inner, inner).map(lambda one: f"({one[0]} ? {one[1]} : {one[2]})"),
        ),
        max_leaves=6,
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Rule, Subject]:
    kind = draw(st.sampled_from(sorted(KINDS)))
    known = KINDS[kind]
    rule = Rule(
        "X-1", "x", "low", kind, draw(conditions(kind)), draw(st.one_of(st.just(""), conditions(kind)))
    )
    subject = Subject(
        kind,
        "x",
        draw(facts(known.fields("declared"), all_there=True)),
        draw(st.one_of(st.none(), facts(known.fields("configured"), all_there=False))),
        draw(st.one_of(st.none(), facts(known.fields("observed"), all_there=False))),
    )
    return rule, subject


@settings(max_examples=120, deadline=None)
@given(cases())
def test_any_rule_over_the_vocabulary(case):
    rule, subject = case
    assert check(rule) == ()
    assert agree(rule, subject)
