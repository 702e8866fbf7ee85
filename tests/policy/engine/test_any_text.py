"""Whatever stands in a rule, it is told what is wrong at a place that exists, or the rule can be judged."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.policy.engine import check, evaluate
from pacsconf.policy.packs import parse
from pacsconf.policy.rule import Rule
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import KINDS
from pacsconf.policy.vocabulary.hints import empty, may_be_absent

WORDS = (
    *(
        "title",
        "ports",
        "acceptor",
        "self.title",
        "self",
        "site.name",
        "configured.tls",
        "observed.tls",
        "params.p",
    ),
    *(
        "params",
        "x",
        "has(",
        "size(",
        ".all(x,",
        ".exists(",
        ".map(x,",
        ".filter(",
        ".matches(",
        ".join(",
        "dyn(",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        "?",
        ":",
        "&&",
        "||",
        "!",
        "==",
        "<",
        "+",
        "-",
        "in",
        "'a'",
        '"b"',
        "r'('",
    ),
    *(
        "1",
        "99999999999999999999",
        "1.5",
        "1u",
        "true",
        "null",
        "// remark",
        "\n",
        "'",
        '"""',
        "\\",
        "é",
        "type",
        "`a`",
    ),
)
EXPRESSIONS = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map("".join),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
)
DECLARED = {
    name: empty(hint) for name, hint in KINDS["ae"].fields("declared").items() if not may_be_absent(hint)
}
SUBJECTS = [
    Subject("ae", "a", DECLARED | {"title": "A", "ports": [104]}),
    Subject("ae", "b", DECLARED, {"tls": True}, {}, {"name": "north"}),
]


@settings(max_examples=400, deadline=None)
@given(EXPRESSIONS, EXPRESSIONS, EXPRESSIONS)
def test_it_is_refused_with_a_place_or_judged(condition, when, message):
    rule = Rule("X-1", "x", "low", "ae", condition, when, message, params={"p": "a"})
    for fault in check(rule):
        text = getattr(rule, fault.which)
        assert 0 <= fault.at <= len(text)
        assert fault.length >= 1
        assert fault.summary
    for one in (rule, replace(rule, when=""), replace(rule, message="")):
        if not check(one):
            (results,) = evaluate([one], {"ae": SUBJECTS}, processes=1)
            assert all(each.message or each.state in {"pass", "n/a"} for each in results)


@settings(max_examples=150, deadline=None)
@given(st.one_of(EXPRESSIONS, st.text(max_size=60)), st.sampled_from(["plain", "single", "block", "folded"]))
def test_any_scalar_of_a_pack_is_read(text, style):
    printable = "".join(char for char in text if char.isprintable())
    written = {
        "plain": printable,
        "single": "'" + printable.replace("'", "''") + "'",
        "block": "|\n      " + printable,
        "folded": ">\n      " + printable,
    }[style]
    pack = f"rules:\n  - id: X-1\n    title: x\n    severity: low\n    kind: ae\n    condition: {written}\n"
    policies = parse({"policies/p.yaml": pack.encode("utf-8", "surrogatepass")})
    assert policies.rules or policies.findings
    for one in policies.findings:
        assert one.place is not None
        assert one.place.line <= len(pack.splitlines()) + 1
