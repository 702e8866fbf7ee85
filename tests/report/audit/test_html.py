"""The page of an audit: whole, self-contained, and what came from elsewhere is text on it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from pacsconf.policy.audit import Coverage
from pacsconf.report.audit.html import audit_html
from pacsconf.report.audit.parts import in_order
from pacsconf.report.lines import visible
from tests.audits import NASTY, audits
from tests.report.audit.sample import AUDIT, TITLES, TREND, clean, large

EMPTY = {"meta", "input", "br", "col", "link", "img"}
DRAWN = {"svg", "defs", "pattern", "rect", "circle", "line", "text", "polyline", "path"}
WRITTEN = {
    "html", "head", "meta", "title", "style", "script", "body", "header", "main", "nav", "section", "div", "span",
    "p", "a", "h1", "h2", "h3", "h4", "strong", "em", "b", "br", "code", "ul", "li", "dl", "dt", "dd", "details",
    "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "label", "input", "fieldset",
    "colgroup", "col", "legend", "button",
}  # fmt: skip


class Read(HTMLParser):
    """A page as a browser takes it apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.ids: list[str] = []
        self.policy = ""
        self.raw: dict[str, str] = {}
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        if tag == "br":
            self.text.append(" ")
        self.attributes |= {name for name, _ in attrs}
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links |= {
            value for name, value in attrs if name in ("src", "href", "action", "data", "xlink:href")
        }
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]
        if tag not in EMPTY and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ("td", "th", "p", "dt", "dd", "summary", "strong"):
            self.text.append(" ")
        if tag not in DRAWN or self.open[-1] == tag:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            assert self.open[-1] not in self.raw
            self.raw[self.open[-1]] = data
        else:
            self.text.append(data)

    @property
    def said(self) -> str:
        return "".join(self.text)


def page(audit=AUDIT, trend=TREND, titles=TITLES) -> Read:
    return Read(audit_html(audit, trend, titles))


OURS = page(clean(), (), {}).raw
"""The script and the style."""


def section(text: str, name: str) -> str:
    """The words of a section, spaces as one."""
    found = re.search(rf'<section id="{name}">.*?</section>', text, re.DOTALL)
    assert found
    return re.sub(r"\s+", " ", Read(f"<main>{found[0]}</main>").said)


def test_the_page_is_whole_and_fetches_nothing():
    found = page()
    assert (found.open, found.names - WRITTEN - DRAWN) == ([], set())
    assert {link[0] for link in found.links} == {"#"}
    assert {link[1:] for link in found.links} <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))


def test_only_its_own_script_and_style_may_run():
    found = page()
    digests = {
        name: base64.b64encode(hashlib.sha256(found.raw[name].encode()).digest()).decode()
        for name in ("style", "script")
    }
    assert found.policy == (
        f"default-src 'none'; style-src 'sha256-{digests['style']}'; script-src 'sha256-{digests['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert "style" not in found.attributes
    assert not [name for name in found.attributes if name.startswith("on")]


def test_script_and_style_are_the_same_whatever_the_audit_says():
    assert page().raw == OURS


@settings(max_examples=25, deadline=None)
@given(audits())
def test_what_came_from_elsewhere_is_text(audit):
    found = page(audit, (), {})
    assert (found.open, found.names - WRITTEN - DRAWN) == ([], set())
    assert not [name for name in found.attributes if name.startswith("on")]
    assert found.raw == OURS
    words = {one.reason for one in audit.waivers} | {one.message for one in audit.of("fail", "unknown")}
    assert [word for word in words if "\n".join(map(visible, word.split("\n"))) not in found.said] == []


@pytest.mark.parametrize("evil", [text for text in NASTY if text.strip()])
def test_wherever_it_stands(evil):
    """Everything that is a text of an audit, one after the other."""
    rule = replace(AUDIT.rules[1], id=evil, title=evil, why=evil, fix=evil, condition=evil, when=evil, pack=evil,
                   file=evil, params={evil: evil}, changed=(evil,), controls={"hipaa": (evil,)})  # fmt: skip
    result = replace(next(AUDIT.of("fail")), rule=evil, kind=evil, name=evil, site=evil, device=evil, file=evil,
                     message=evil, system=evil, waiver=evil)  # fmt: skip
    waiver = replace(AUDIT.waivers[0], id=evil, rule=evil, scope=(evil,), owner=evil, approver=evil, reason=evil,
                     control=evil, since=evil, until=evil, renewals=(evil,))  # fmt: skip
    system = replace(AUDIT.coverage.systems[0], name=evil, type=evil, why=evil, at=evil)
    found = page(
        replace(
            AUDIT, id=evil, at=evil, by=evil, environment=evil, version=evil, commit=evil, inventory=evil,
            rules=(rule, replace(rule, id=f"{evil}2", off=evil)), results=(result,), waivers=(waiver,),
            coverage=Coverage({"ae": {evil: 1}, evil: {"observed": 1}}, (system,), (evil,)), probed=evil,
        ),
        (replace(TREND[0], id=evil, at=evil, commit=evil),),
        {"hipaa": {evil: evil, "other": evil}},
    )  # fmt: skip
    assert (found.open, found.names - WRITTEN - DRAWN) == ([], set())
    assert {link[0] for link in found.links} == {"#"}
    assert found.raw == OURS


def test_the_first_section_is_what_was_looked_at():
    text = audit_html(AUDIT, TREND, TITLES)
    assert re.findall(r'<section id="(\w+)">', text) == [
        "coverage", "summary", "trend", "controls", "rules", "devices", "waivers", "off", "reading", "identity",
    ]  # fmt: skip
    said = section(text, "coverage")
    for words in (
        "network AEs 8 5 1 1 0 1",
        "accounts 60 0 40 0 0 20",
        "last probed 27 Nov 2026 04:30 UTC",
        "✗ not reached pacs-2 orthanc connection refused at pacs-2.example.org:8042",
        "~ attested ris console 14 02 Oct 2026 09:00 UTC",
        "Outside pacsconf lie viewer-3, worklist-old",
    ):
        assert words in said


def test_that_nothing_fails_always_has_what_was_looked_at_beside_it():
    text = audit_html(clean())
    said = re.sub(r"\s+", " ", Read(text).said)
    assert (
        said.count("No failures")
        == len(re.findall("No failures Looked at 8 network AEs: 5 observed,", said))
        == 1
    )
    assert "Looked at 8 network AEs" in section(text, "summary")
    assert not re.search(r"\bclean\b|compliant", said)


def test_a_rule_tells_what_held_and_on_what_evidence_not_only_what_failed():
    said = section(audit_html(AUDIT), "rules")
    assert "✗ fail main mr-1/MR_1 inventory/devices/mr.yaml:14 No answer for 19 days" in said
    assert "✓ pass main 3: ct-er-1/CT_ER_1, ct-er-2/CT_ER_2, archive/ARCHIVE held observed" in said
    assert "- n/a main us-1/US_1 does not apply" in said
    assert "accepted by W-7 until 24 Dec 2026" in said
    assert "Changed by the site ! stale: 7 → 14" in said
    assert "? unknown north 20: u0041, u0042" in said


def test_controls_are_supported_and_those_without_a_rule_are_told():
    said = section(audit_html(AUDIT, (), TITLES), "controls")
    assert "? 164.308(a)(3)(ii)(C) Termination procedures 0 0 20 0 40 0 ? PACS-USR-001" in said
    assert "supported by no rule here: 164.308(a)(1)(ii)(A) (Risk analysis);" in said
    assert said.index("AC-2 Account Management") < said.index("AC-10 Concurrent")
    assert "GDPR" not in section(audit_html(replace(AUDIT, frameworks=("hipaa",))), "controls")


def test_controls_need_no_titles():
    assert "? 164.308(a)(3)(ii)(C) 0 0 20" in section(audit_html(AUDIT), "controls")


def test_waivers_stand_by_the_day_on_which_they_end():
    said = section(audit_html(AUDIT), "waivers")
    order = [
        said.index(words)
        for words in ("✗ ended W-2", "! ends soon W-7", "? unused W-9", "baseline/2026-03-01")
    ]
    assert order == sorted(order)
    assert "renewed 1 time, ended before: 26 Jun 2026" in said


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["AC-10", "AC-2", "AC-2(11)", "AC-2(3)"], ["AC-2", "AC-2(3)", "AC-2(11)", "AC-10"]),
        (["164.312(b)", "164.308(a)(1)"], ["164.308(a)(1)", "164.312(b)"]),
        (["", "9" * 30, "a"], ["", "9" * 30, "a"]),
    ],
)
def test_controls_are_ordered_as_people_count(names, ordered):
    assert sorted(names, key=in_order) == ordered


def test_a_large_audit_names_everybody_and_stays_small():
    text = audit_html(large(1_000))
    assert len(text) < 3_000_000
    assert [name for at in range(1_000) if (name := f"modality-{at:05}") not in text] == []


def test_very_many_failures_of_a_rule_are_still_all_named():
    failing = tuple(
        replace(one, state="fail", message=f"{one.name} is wrong.") for one in large(2_000, 1).results
    )
    text = audit_html(replace(large(2_000, 1), results=failing))
    assert text.count("is wrong.") == 500
    assert "These as well" in text
    assert [one.name for one in failing if one.name not in text] == []
