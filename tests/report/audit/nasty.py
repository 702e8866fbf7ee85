"""Audits whose every text is as bad as it can be: it comes from live systems and from files of others."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule, AuditedSystem, AuditedWaiver, Coverage
from pacsconf.policy.results import STATES
from pacsconf.policy.rule import SEVERITIES, TIERS
from tests.report.audit.sample import AUDIT

BAD = (
    "=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\x00", "\x1b[31m",  # noqa: RUF001
    "]]>", "<![CDATA[", "<?xml ?>", "&amp;", "</testcase>", '"', "a,b;c\n", "\u202e", "\ufffe", "\ud800", "\x85",
    "{0}", "[x](https://evil.example)", "\\", "../../etc", "//evil.example/x", "javascript:x", "%2e", "ä→中",
)  # fmt: skip
texts = st.one_of(st.text(max_size=12), st.sampled_from(BAD), st.lists(st.sampled_from(BAD)).map("".join))

rules = st.builds(
    AuditedRule, texts, texts, st.sampled_from(SEVERITIES), texts, st.sampled_from(TIERS), why=texts, fix=texts,
    pack=texts, controls=st.dictionaries(st.sampled_from(("hipaa", "gdpr")), st.tuples(texts), max_size=2),
    off=texts, changed=st.tuples(texts), file=texts, line=st.integers(0, 9),
)  # fmt: skip
waivers = st.builds(
    AuditedWaiver, texts, texts, st.tuples(texts), texts, texts, texts, texts, texts, texts,
)  # fmt: skip
systems = st.builds(AuditedSystem, texts, texts, st.just("unreached"), texts)


@st.composite
def audits(draw: st.DrawFn) -> Audit:
    known = draw(st.lists(rules, max_size=3, unique_by=lambda one: one.id))
    accepting = draw(st.lists(waivers, max_size=2))
    results = st.builds(
        AuditedResult,
        st.one_of(texts, st.sampled_from([one.id for one in known] or ["x"])),
        texts, texts, st.sampled_from(STATES), st.sampled_from(TIERS), texts, texts, texts, texts,
        st.integers(-1, 9), st.integers(-1, 9),
        st.one_of(texts, st.sampled_from([one.id for one in accepting] or ["x"])), texts,
    )  # fmt: skip
    return replace(
        AUDIT,
        id=draw(texts), at=draw(texts), environment=draw(texts), version=draw(texts), commit=draw(texts),
        rules=tuple(known),
        results=tuple(draw(st.lists(results, max_size=6))),
        waivers=tuple(accepting),
        coverage=Coverage(systems=tuple(draw(st.lists(systems, max_size=2)))),
    )  # fmt: skip
