"""The rules that come with pacsconf: whole, honest about what they stand on, each with cases that pass and fail."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, is_typeddict

import jsonschema
import pytest
import yaml

from pacsconf.cli.main import _code
from pacsconf.cli.policy_files import load_cases, load_policies
from pacsconf.policy.cases import tried
from pacsconf.policy.controls import FILE, catalogue
from pacsconf.policy.engine import check, evaluate
from pacsconf.policy.packs import Policies, parse
from pacsconf.policy.reading import Reading
from pacsconf.policy.rule import FRAMEWORKS, Rule
from pacsconf.policy.scan import looks, tokens
from pacsconf.policy.schema import json_schema
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import KINDS, Hints
from pacsconf.policy.vocabulary.hints import empty, may_be_absent, member, plain

ROOT = Path(__file__).resolve().parents[2]
STARTER = [
    path
    for path in sorted((ROOT / "policies").glob("*.yaml"))
    if path.stem not in ("controls", "site", "waivers")
]
CORE = tuple(
    """
    AE-001 AE-003 AE-004 AE-005 AE-006 AE-009 AE-010 AE-011 AE-012 LC-001 LC-002 LC-003 LC-005
    NET-001 NET-002 NET-003 NET-004 NET-005 NET-006 NET-008 TLS-001 TLS-002 TLS-003 TLS-004 TLS-005 TLS-007
    SVC-001 SVC-002 SVC-003 USR-001 USR-002 USR-003 USR-004 USR-005 USR-006 USR-007 USR-008 USR-009 USR-011 USR-012
    RET-001 RET-002 RET-003 RET-005 RET-006 STO-001 STO-003 BKP-001 AUD-001 TIM-002
""".split()  # noqa: SIM905 - fifty names
)


def policies() -> Policies:
    """The packs as they are shipped, without what the example hospital changes of them."""
    return parse({path.relative_to(ROOT).as_posix(): path.read_bytes() for path in STARTER})


POLICIES = policies()
RULES = {rule.id: rule for rule in POLICIES.rules}
each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def test_nothing_is_wrong_with_the_packs():
    assert POLICIES.findings == ()
    assert all(pack.title and pack.version for pack in POLICIES.packs)


@pytest.mark.parametrize(
    "path",
    [
        *STARTER,
        *sorted((ROOT / "policies" / "profiles").iterdir()),
        ROOT / "pacsconf" / "cli" / "starter" / "site.yaml",
    ],
    ids=lambda path: path.stem,
)
def test_an_editor_finds_nothing_wrong_with_them_either(path: Path):
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), json_schema())


def test_the_core_is_there():
    assert [which for which in CORE if f"PACS-{which}" not in RULES] == []
    assert len(CORE) == 50


def test_a_secret_in_a_file_is_no_rule_since_such_an_inventory_is_not_loaded():
    assert "PACS-ADM-006" not in RULES
    assert "PACS-SECRET-001" in (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")


@each_rule
def test_a_rule_says_what_is_wrong_why_it_matters_and_what_to_do(rule: Rule):
    assert rule.title
    assert rule.message
    assert 40 <= len(rule.why) <= 320
    assert len(rule.fix) >= 20
    assert rule.why.endswith(".")
    assert rule.fix.endswith(".")
    assert rule.since == "0.1"
    assert len(rule.why.split(". ")) <= 3
    assert "compliant" not in f"{rule.why} {rule.fix} {rule.title}"


@each_rule
def test_a_rule_supports_controls(rule: Rule):
    assert rule.controls
    assert set(rule.controls) <= set(FRAMEWORKS)
    assert all(rule.controls.values())


@each_rule
def test_every_parameter_is_looked_at(rule: Rule):
    asked = looks(rule.when, rule.condition, rule.message).of("params")
    assert asked == set(rule.params)


@each_rule
def test_every_field_is_in_the_vocabulary(rule: Rule):
    asked = looks(rule.when, rule.condition, rule.message)
    kind = KINDS[rule.kind]
    for holder, tier in (("self", "declared"), ("configured", "configured"), ("observed", "observed")):
        assert asked.of(holder) <= set(kind.fields(tier))


@pytest.mark.parametrize(
    "which",
    [
        "AE-001",
        "AE-003",
        "AE-004",
        "AE-005",
        "AE-011",
        "AE-012",
        "LC-005",
        "NET-008",
        "USR-005",
        "RET-001",
        "RET-002",
    ],
)
def test_what_is_declared_can_be_judged_without_a_live_system(which):
    assert RULES[f"PACS-{which}"].tiers == ("declared",)


def test_every_control_has_a_title_and_every_title_is_used():
    known = catalogue(Reading(FILE), Reading(FILE).tree((ROOT / FILE).read_bytes()))
    supported = {
        (framework, control)
        for rule in RULES.values()
        for framework, controls in rule.controls.items()
        for control in controls
    }
    listed = {(framework, control) for framework, controls in known.items() for control in controls}
    assert supported == listed
    assert all(one.title and one.checked for controls in known.values() for one in controls.values())
    assert all(one.csf2 for one in known["csf"].values())


def test_every_case_comes_to_what_is_expected(monkeypatch, capsys):
    monkeypatch.setenv("PACSCONF_CONFIG", str(ROOT / "none.toml"))
    assert _code(["--chdir", str(ROOT), "policy", "test", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["lacking"] == {}
    assert len(told["cases"]) > 400


_OTHERWISE = {
    "&&": "||",
    "||": "&&",
    "==": "!=",
    "!=": "==",
    "<=": "<",
    ">=": ">",
    "<": "<=",
    ">": ">=",
    "!": "",
}


def test_no_sign_in_a_rule_can_be_changed_without_a_case_that_notices():
    cases, _ = load_cases(ROOT / "tests" / "cases", ROOT, POLICIES)
    unnoticed = []
    for rule in RULES.values():
        own = [case for case in cases if case.rule.id == rule.id]
        for which in ("when", "condition"):
            text = getattr(rule, which)
            for token in tokens(text):
                if token.kind != "sign" or token.text not in _OTHERWISE:
                    continue
                changed = {which: f"{text[: token.at]}{_OTHERWISE[token.text]}{text[token.end :]}"}
                if check(replace(rule, **changed)):
                    continue
                if not tried([replace(one, rule=replace(one.rule, **changed)) for one in own], ()).failed:
                    unnoticed.append((rule.id, which, text[token.at - 20 : token.end + 20]))
    assert unnoticed == []


def test_what_needs_live_evidence_is_unknown_without():
    """A rule that looks at live evidence has a case without it that is no pass."""
    cases, found = load_cases(ROOT / "tests" / "cases", ROOT, load_policies(ROOT))
    assert [one for one in found.findings if one.severity == "error"] == []
    unknown = {case.rule.id for case in cases if case.expect == "unknown"}
    live = {rule.id for rule in RULES.values() if rule.needs_live}
    assert live <= unknown


_WORDS = (
    "",
    "active",
    "retired",
    "commissioning",
    "archive",
    "modality",
    "orthanc",
    "always",
    "left",
    "service",
    "x",
)
_NUMBERS = (-400, -1, 0, 1, 5, 30, 59, 90, 365, 5000)


def any_value(hint: object, random: Random) -> Any:
    of = member(hint)
    if of is not None:
        return [] if random.random() < 0.5 else [empty(of) if is_typeddict(of) else any_value(of, random)]
    return {bool: random.random() < 0.5, int: random.choice(_NUMBERS), str: random.choice(_WORDS)}[
        plain(hint)
    ]


def any_facts(hints: Hints, random: Random, share: float, *, declared: bool = False) -> dict[str, Any]:
    """Values for some of the fields: of declared ones for all that are always there."""
    return {
        name: any_value(hint, random)
        for name, hint in hints.items()
        if (declared and not may_be_absent(hint)) or random.random() < share
    }


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_known_no_rule_breaks_and_each_failure_is_said(kind):
    random = Random(kind)  # noqa: S311 - no secret
    known, rules = KINDS[kind], [rule for rule in RULES.values() if rule.kind == kind]
    subjects = [
        Subject(
            kind,
            str(number),
            any_facts(known.fields("declared"), random, 0.6, declared=True),
            any_facts(known.fields("configured"), random, random.choice((0, 0.5, 1))),
            any_facts(known.fields("observed"), random, random.choice((0, 0.5, 1))),
        )
        for number in range(250)
    ]
    for results in evaluate(rules, {kind: subjects}, processes=1):
        assert list(results.of("error")) == []
        assert [one.message for one in results.of("fail") if one.message == one.rule.title] == []


@pytest.mark.parametrize("name", ["baseline", "strict", "us-hipaa", "eu-gdpr"])
def test_a_profile_changes_rules_that_are_there(name):
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in STARTER}
    file = f"policies/profiles/{name}.yaml"
    found = parse(
        files | {file: (ROOT / file).read_bytes(), "policies/site.yaml": f"profile: {name}\n".encode()}
    )
    assert found.findings == ()
    said = [rule.id for rule in found.rules if rule.changed]
    assert len(said) == (ROOT / file).read_text(encoding="utf-8").count("\n  PACS-")


def test_for_a_first_look_no_rule_about_tls_between_devices_stops():
    """Plain DICOM is what there is nearly everywhere: it is told, and blocks nobody's first import."""
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in STARTER}
    file = "policies/profiles/baseline.yaml"
    site = {file: (ROOT / file).read_bytes(), "policies/site.yaml": b"profile: baseline\n"}
    found = {rule.id: rule.severity for rule in parse(files | site).rules}
    assert {found[f"PACS-TLS-00{number}"] for number in (1, 7, 9)} <= {"low", "medium"}
    assert found["PACS-NET-001"] == "critical"


# --- docs/policies.md -----------------------------------------------------------------------------------------


def test_the_table_of_the_documentation_is_that_of_the_packs():
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    section = page.partition("\n## The starter pack\n")[2].partition("\n## ")[0]
    written = re.findall(r"^\| `(PACS-[A-Z]+-\d+)` \| (\w+) \| (\w+) \| (.+) \|$", section, re.MULTILINE)
    assert written == [(rule.id, rule.severity, rule.proof, rule.title) for rule in RULES.values()]
    assert f"{len(RULES)} rules in {len(POLICIES.packs)} packs" in section
    declared = sum(1 for rule in RULES.values() if not rule.needs_live)
    assert f"{declared} rules look at nothing but what is declared" in section
