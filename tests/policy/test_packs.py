"""From files to rules: every mistake is told at its place, all in one report."""

from __future__ import annotations

import pytest

from pacsconf.policy.packs import Policies, parse
from pacsconf.report.diagnostics import findings_text
from pacsconf.report.lines import plain

GOOD = """\
pack: {name: site, title: Of the site, version: "2"}
rules:
  - id: SITE-AE-001
    title: Titles begin with the site
    severity: medium
    kind: ae
    when: acceptor
    condition: title.startsWith(params.prefix) && size(title) <= params.longest
    message: "'the title is ' + title"
    why: Otherwise nobody knows whose they are.
    fix: Rename it.
    params: {prefix: GEN_, longest: 12, strict: true, exempt: [A, B]}
    controls: {hipaa: 164.312(d), nist-800-53: [CM-2, CM-6]}
    since: 1.0
"""


def parsed(**files: str | bytes) -> Policies:
    return parse(
        {
            f"policies/{name}.yaml": text.encode() if isinstance(text, str) else text
            for name, text in files.items()
        }
    )


def told(policies: Policies) -> list[tuple[str, str]]:
    """Rule and place of each finding but for unused parameters."""
    return [(one.rule, str(one.place)) for one in policies.findings if one.rule != "PACS-POL-020"]


def rule(condition: str = "acceptor", **more: str) -> str:
    keys = {"id": "X-1", "title": "x", "severity": "low", "kind": "ae", "condition": condition} | more
    return "rules:\n  - " + "\n    ".join(f"{key}: {value}" for key, value in keys.items() if value) + "\n"


def test_a_pack():
    policies = parsed(site_rules=GOOD)
    assert told(policies) == []
    (pack,) = policies.packs
    assert (pack.name, pack.title, pack.version) == ("site", "Of the site", "2")
    (made,) = policies.rules
    assert (made.id, made.severity, made.kind, made.pack, made.since) == (
        "SITE-AE-001",
        "medium",
        "ae",
        "site",
        "1.0",
    )
    assert made.params == {"prefix": "GEN_", "longest": 12, "strict": True, "exempt": ("A", "B")}
    assert made.controls == {"hipaa": ("164.312(d)",), "nist-800-53": ("CM-2", "CM-6")}
    assert made.tiers == ("declared",)
    assert str(made.place) == "policies/site_rules.yaml:3:9"
    assert policies.gate == "high"


@pytest.mark.parametrize(("one", "other"), [("a_1", "a1"), ("a__b", "a_b")])
def test_names_of_parameters_may_be_much_alike(one, other):
    policies = parsed(ours=rule(f"params.{one} != params.{other}", params=f"{{{one}: x, {other}: y}}"))
    assert (told(policies), len(policies.rules)) == ([], 1)


def test_a_rule_has_a_hundred_parameters_at_most():
    many = ", ".join(f"p{number}: x" for number in range(70_000))
    assert told(parsed(ours=rule(params=f"{{{many}}}"))) == [("PACS-POL-012", "policies/ours.yaml:7:5")]


def test_parameters_that_change_nothing_are_warned_of():
    found = parsed(site_rules=GOOD).findings
    assert {(one.rule, one.severity, one.summary) for one in found} == {
        ("PACS-POL-020", "warning", f"SITE-AE-001 does not look at its parameter {name}")
        for name in ("strict", "exempt")
    }


def test_no_files_are_no_rules():
    assert parse({}) == Policies()
    assert parsed(empty="", remark="# nothing\n").rules == ()


def test_a_pack_is_called_as_its_file_if_it_says_nothing():
    assert [pack.name for pack in parsed(own=rule()).packs] == ["own"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- a\n", [("PACS-POL-003", "1:1")]),
        ("pack: [\n", [("PACS-YAML-001", "2:1")]),
        ("pack: x\nruls: []\n", [("PACS-POL-002", "2:1")]),
        ("overrides: {}\n", [("PACS-POL-002", "1:1")]),
        ("rules: {}\n", [("PACS-POL-003", "1:1")]),
        ("rules: [x]\n", [("PACS-POL-003", "1:9")]),
        (rule(), []),
        (rule(id=""), [("PACS-POL-004", "2:5")]),
        (rule(title=""), [("PACS-POL-004", "2:5")]),
        (rule(condition=""), [("PACS-POL-004", "2:5")]),
        (rule("' '"), [("PACS-POL-004", "2:5")]),
        (rule(kind="aes"), [("PACS-POL-007", "5:11")]),
        (rule(severity="urgent"), [("PACS-POL-008", "4:15")]),
        (rule(id="x"), [("PACS-POL-005", "2:9")]),
        (rule(titel="y"), [("PACS-POL-002", "7:5")]),
        (rule(title="[a]"), [("PACS-POL-003", "3:5")]),
        (rule(controls="{hippa: x}"), [("PACS-POL-009", "7:16")]),
        (rule(controls="{hipaa: {a: b}}"), [("PACS-POL-003", "7:16")]),
        (rule(params="{Days: 1}"), [("PACS-POL-012", "7:20")]),
        (rule(params="{days: 1.5}"), [("PACS-POL-003", "7:20")]),
        (rule(params="{days: {a: 1}}"), [("PACS-POL-003", "7:14")]),
        (rule("prts == []"), [("PACS-POL-011", "6:16")]),
        (rule("title =="), [("PACS-POL-010", "6:22")]),
        (rule("title == 1"), [("PACS-POL-013", "6:22")]),
        (rule("title"), [("PACS-POL-013", "6:16")]),
        (rule("title.matches('(')"), [("PACS-POL-014", "6:30")]),
        (rule("title.matches(params.p)", params="{p: '('}"), [("PACS-POL-014", "7:17")]),
        (rule(message="title + 1", when="acceptr"), [("PACS-POL-011", "8:11"), ("PACS-POL-013", "7:20")]),
        (rule("!observed.tls"), [("PACS-YAML-008", "6:16"), ("PACS-POL-004", "2:5")]),
        (rule("title != '" + "x" * 4000 + "'"), [("PACS-POL-010", "6:16")]),
        (rule(title="y\n    title: z"), [("PACS-YAML-004", "4:5")]),
    ],
)
def test_each_mistake_is_told_at_its_place(text, found):
    assert sorted(told(parsed(p=text))) == sorted((which, f"policies/p.yaml:{at}") for which, at in found)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"rules: []\n# " + b"x" * 1_000_000, "it has 1.0 MB, and 1 MB are the most"),
        (b"pack: caf\xe9\n", "it is not UTF-8 text (byte 10)"),
    ],
)
def test_a_file_that_cannot_be_read(content, why):
    (found,) = parsed(p=content).findings
    assert (found.rule, found.summary) == ("PACS-POL-001", f"The file was not read: {why}")


def test_all_mistakes_are_told_at_once_and_the_other_rules_stand():
    text = (
        rule("prts == []")
        + rule("title == 1", id="X-2").removeprefix("rules:\n")
        + rule(id="X-3").removeprefix("rules:\n")
    )
    policies = parsed(a=text, b="pack: [\n")
    assert [made.id for made in policies.rules] == ["X-3"]
    assert [one.rule for one in policies.findings] == ["PACS-POL-011", "PACS-POL-013", "PACS-YAML-001"]


def test_two_rules_with_one_id_are_told_with_both_places():
    policies = parsed(a=rule(), b="pack: b\n" + rule(title="other"))
    (found,) = policies.findings
    assert (found.rule, str(found.place)) == ("PACS-POL-006", "policies/b.yaml:3:9")
    assert [(str(place), words) for place, words in found.also] == [
        ("policies/a.yaml:2:9", "the first one: x")
    ]
    assert [made.title for made in policies.rules] == ["x"]


def test_two_packs_with_one_name():
    (found,) = parsed(a="pack: p\n", b="pack: p\n").findings
    assert (found.rule, str(found.place)) == ("PACS-POL-022", "policies/b.yaml:1:7")


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("title == prts", 6),
        ("'title == prts'", 6),
        ('"title != \\"\\" && prts"', 6),
        ("|\n      acceptor &&\n      prts == []", 8),
        (">-\n      acceptor &&\n      prts == []", 8),
        ("acceptor &&\n      prts == []", 7),
    ],
    ids=["plain", "single", "double", "block", "folded", "plain over lines"],
)
def test_the_carets_stand_under_the_word(written, line):
    policies = parsed(p=rule(written))
    findings = [one for one in policies.findings if one.rule == "PACS-POL-011"]
    shown = plain(findings_text(findings, place_of=lambda _: None, line_of=policies.line))
    source, carets = (row for row in shown.splitlines() if " | " in row)
    assert source[carets.index("^") : carets.rindex("^") + 1] == "prts"
    assert [one.place.line for one in findings if one.place] == [line]


# --- what a site changes -------------------------------------------------------------------------------------


def test_a_site_changes_severity_and_parameters_and_switches_off():
    site = """\
gate: medium
overrides:
  SITE-AE-001: {severity: low, params: {longest: 16, exempt: C}}
  X-1: {off: Not used here.}
"""
    policies = parsed(a=GOOD, b=rule(), site=site)
    assert told(policies) == []
    assert policies.gate == "medium"
    changed, off = policies.rules
    assert changed.severity == "low"
    assert changed.params == {"prefix": "GEN_", "longest": 16, "strict": True, "exempt": ("C",)}
    assert changed.changed == ("severity: medium → low", "longest: 12 → 16", "exempt: A, B → C")
    assert (off.off, off.changed) == ("Not used here.", ("off: Not used here.",))
    assert [made.id for made in policies.active] == ["SITE-AE-001"]
    assert [made.severity for made in policies.packs[0].rules] == ["medium"]


def test_a_site_has_rules_of_its_own():
    assert [made.pack for made in parsed(site=rule()).rules] == ["site"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ("X-1: {off: true}", ("PACS-POL-017", "2:9")),
        ("X-1: {off: ''}", ("PACS-POL-017", "2:9")),
        ("X-2: {severity: low}", ("PACS-POL-015", "2:3")),
        ("X-1: {severity: lowest}", ("PACS-POL-008", "2:19")),
        ("X-1: {params: {day: 1}}", ("PACS-POL-016", "2:18")),
        ("X-1: {params: {days: many}}", ("PACS-POL-016", "2:24")),
        ("X-1: {params: {days: true}}", ("PACS-POL-016", "2:24")),
        ("X-1: {params: {p: 3}}", ("PACS-POL-016", "2:21")),
        ("X-1: {params: {p: '('}}", ("PACS-POL-014", "2:21")),
        ("X-1: {condition: 'true'}", ("PACS-POL-002", "2:9")),
        ("X-1: low", ("PACS-POL-003", "2:8")),
    ],
)
def test_what_a_site_cannot_change(changes, found):
    own = rule("title.matches(params.p) && size(ports) < params.days", params="{p: a, days: 3}")
    policies = parsed(a=own, site=f"overrides:\n  {changes}\n")
    assert told(policies) == [(found[0], f"policies/site.yaml:{found[1]}")]


def test_waivers_and_titles_of_controls_are_no_packs():
    controls = "controls: {hipaa: {164.312(d): {title: Who is who}}, hippa: {}}\n"
    policies = parsed(waivers="waivers: []\n", controls=controls)
    assert policies.packs == ()
    assert policies.titles == {"hipaa": {"164.312(d)": "Who is who"}}
    assert told(policies) == [("PACS-POL-009", "policies/controls.yaml:1:54")]
