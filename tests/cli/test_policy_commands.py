"""`policy list`, `explain` and `test` on a small repository, and the JSON Schema of its files."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml

from pacsconf.cli import main
from pacsconf.cli.exits import Exit

ROOT = Path(__file__).parents[2]

PACK = """\
pack: site
rules:
  - id: SITE-AE-001
    title: Titles begin with the site
    severity: medium
    kind: ae
    when: acceptor
    condition: title.startsWith(params.prefix)
    message: "title + ' does not begin with ' + params.prefix"
    why: Nobody knows whose they are.
    params: {prefix: GEN_}
    controls: {hipaa: 164.312(d)}
  - {id: SITE-AE-002, title: TLS, severity: high, kind: ae, condition: observed.tls}
"""
CASES = """\
rule: SITE-AE-001
cases:
  - {name: as it should be, expect: pass, self: {title: GEN_A, acceptor: true}}
  - {name: another title, expect: fail, message: does not begin with GEN_, self: {title: A, acceptor: true}}
"""


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "tests" / "cases").mkdir(parents=True)
    (tmp_path / "policies" / "site-rules.yaml").write_text(PACK)
    (tmp_path / "policies" / "site.yaml").write_text("overrides: {SITE-AE-002: {severity: critical}}\n")
    controls = "controls: {hipaa: {164.312(d): {title: Who is who}}}\n"
    (tmp_path / "policies" / "controls.yaml").write_text(controls)
    (tmp_path / "tests" / "cases" / "SITE-AE-001.yaml").write_text(CASES)
    return tmp_path


@pytest.fixture
def said(repository, capsys):
    """What a command prints, on stdout and on stderr, and how it ends."""

    def call(*words: str) -> tuple[int, str, str]:
        code = main._code(["--chdir", str(repository), *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_list(said):
    code, out, _ = said("policy", "list")
    assert code == Exit.OK
    assert out == (
        "site\n"
        "  SITE-AE-001  medium    ae  declared  Titles begin with the site\n"
        "  SITE-AE-002  critical  ae  observed  TLS\n"
        "      changed here: severity: high → critical\n"
        "\n"
        "2 rules, 1 look at live systems or the wire, 1 changed here\n"
    )


def test_list_for_machines_and_documents(said):
    listed = json.loads(said("policy", "list", "--format", "json")[1])
    assert [(one["id"], one["severity"], one["proof"]) for one in listed["rules"]] == [
        ("SITE-AE-001", "medium", "declared"),
        ("SITE-AE-002", "critical", "observed"),
    ]
    assert listed["gate"] == "high"
    out = said("policy", "list", "--format", "markdown")[1]
    assert "| `SITE-AE-001` | medium | ae | declared | Titles begin with the site | hipaa 164.312(d) |" in out


def test_explain(said):
    code, out, _ = said("policy", "explain", "SITE-AE-001")
    assert code == Exit.OK
    for text in (
        "SITE-AE-001 Titles begin with the site",
        "medium, about network AEs; its strongest proof is what the inventory says",
        "policies/site-rules.yaml:3",
        "why  Nobody knows whose they are.",
        "    title.startsWith(params.prefix)\n",
        "    title     its AE title\n    acceptor  it takes associations\n",
        "    prefix  GEN_\n",
        "    hipaa 164.312(d): Who is who\n",
        "    pass: as it should be\n    fail: another title\n",
    ):
        assert text in out
    made = json.loads(said("policy", "explain", "SITE-AE-001", "--format", "json")[1])
    assert made["looks_at"] == {
        "title": {"type": "text", "says": "its AE title"},
        "acceptor": {"type": "true or false", "says": "it takes associations"},
    }


def test_explain_a_kind(said):
    _, out, _ = said("policy", "explain", "--kind", "hold")
    assert "hold: legal holds" in out
    assert "review_days  whole number, may be absent: days until it is to be reviewed" in out
    made = json.loads(said("policy", "explain", "--kind", "ae", "--format", "json")[1])
    assert made["rules"] == ["SITE-AE-001", "SITE-AE-002"]
    assert made["observed"]["tls"]["type"] == "true or false"


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["policy", "explain", "SITE-AE-003"], Exit.ERROR, 'there is no rule "SITE-AE-003"; did you mean'),
        (["policy", "explain", "--kind", "aes"], Exit.ERROR, 'there is no kind "aes"; did you mean "ae"?'),
        (["policy", "explain"], Exit.USAGE, "name a rule, or a kind with --kind KIND"),
        (["policy", "list", "sit"], Exit.ERROR, 'there is no pack "sit"; did you mean "site"?'),
        (["policy", "test", "--cases", "nowhere"], Exit.ERROR, "there is no folder nowhere"),
    ],
)
def test_what_does_not_exist(said, words, code, text):
    got, out, err = said(*words)
    assert (got, out) == (code, "")
    assert text in " ".join(err.split())


def test_test(said):
    code, out, err = said("policy", "test")
    assert (code, err) == (Exit.OK, "")
    assert out == (
        "! SITE-AE-002 no case that is expected to pass or to fail\n\n2 cases of 1 rule: all passed\n"
    )


def test_many_rules_without_cases_are_told_in_one_paragraph(said, repository):
    more = "".join(
        f"  - {{id: SITE-AE-0{n}, title: T, severity: low, kind: ae, condition: acceptor}}\n"
        for n in range(10, 40)
    )
    (repository / "policies" / "site-rules.yaml").write_text(PACK + more)
    _, out, _ = said("policy", "test")
    assert out == (
        "! 31 rules have no case that is expected to pass or to fail: SITE-AE-002,\n"
        "    SITE-AE-010, SITE-AE-011 and 28 more\n"
        "\n"
        "2 cases of 1 rule: all passed\n"
    )


def test_test_fails_where_a_case_does(said, repository):
    file = repository / "tests" / "cases" / "SITE-AE-001.yaml"
    file.write_text(CASES.replace("title: GEN_A", "title: gen_a"))
    code, out, _ = said("policy", "test", "site")
    assert code == Exit.POLICY
    assert out.startswith(
        "✗ SITE-AE-001 as it should be\n"
        "    expected pass, got fail: gen_a does not begin with GEN_\n"
        "    tests/cases/SITE-AE-001.yaml:3:12\n"
    )
    assert "2 cases of 1 rule: 1 failed" in out
    code, out, _ = said("policy", "test", "--format", "junit")
    suite = ElementTree.fromstring(out).find("testsuite")  # noqa: S314 - of our own
    assert code == Exit.POLICY
    assert suite is not None
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("SITE-AE-001", "2", "1")
    made = json.loads(said("policy", "test", "--format", "json")[1])
    assert [one["passed"] for one in made["cases"]] == [False, True]
    assert made["lacking"] == {"SITE-AE-002": ["pass", "fail"]}


def test_cases_of_another_folder(said, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "a.yaml").write_text(
        "rule: SITE-AE-002\ncases: [{name: a, expect: pass, observed: {tls: true}}]\n"
    )
    code, out, _ = said("policy", "test", "--cases", str(folder))
    assert code == Exit.OK
    assert "1 case of 1 rule: all passed" in out


def test_bad_policies_end_every_command_with_their_places(said, repository):
    (repository / "policies" / "more.yaml").write_text(
        "rules:\n  - {id: X-1, title: x, severity: low, kind: ae, condition: titel == 'x'}\n"
    )
    for words in (["list"], ["explain", "SITE-AE-001"], ["test"]):
        code, out, err = said("policy", *words)
        assert (code, out) == (Exit.INVALID, "")
        assert "error[PACS-POL-011]" in err
        assert "policies/more.yaml:2:61" in err
        assert 'ae has no field "titel"; did you mean "title"?' in " ".join(err.split())
    code, out, _ = said("policy", "test", "--format", "json")
    assert code == Exit.INVALID
    assert json.loads(out)["findings"][0]["rule"] == "PACS-POL-011"


def test_a_bad_case_ends_the_test(said, repository):
    (repository / "tests" / "cases" / "b.yaml").write_text("rule: SITE-AE-009\n")
    code, out, err = said("policy", "test")
    assert (code, out) == (Exit.INVALID, "")
    assert "error[PACS-POL-018] There is no rule SITE-AE-009" in err


def test_a_link_out_of_the_repository_is_not_followed(said, repository, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "x.yaml"
    outside.write_text("rules: []\n")
    (repository / "policies" / "link.yaml").symlink_to(outside)
    code, _, err = said("policy", "list")
    assert code == Exit.INVALID
    assert "PACS-FILE-005" in err


def test_a_repository_without_policies_has_no_rules(capsys, tmp_path):
    assert main._code(["--chdir", str(tmp_path), "policy", "list"]) == Exit.OK
    assert "There are no rules" in capsys.readouterr().out
    assert main._code(["--chdir", str(tmp_path), "policy", "test"]) == Exit.OK
    assert "There are no cases." in capsys.readouterr().out


def test_the_schema_takes_what_policies_are(said):
    schema = json.loads(said("schema", "--policies")[1])
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    files = [path for path in (ROOT / "policies").glob("*.yaml") if path.stem not in {"controls", "waivers"}]
    texts = [PACK, 'gate: low\noverrides: {X-1: {"off": why}}\n', *(path.read_text() for path in files)]
    assert len(texts) > 2
    for text in texts:
        judge.validate(yaml.safe_load(text))
    for text in (
        "rules: [{id: X-1}]",
        "rules: [{id: x}]",
        "gate: worst",
        "overrides: {X-1: {on: 1}}",
        "rule: []",
    ):
        assert not judge.is_valid(yaml.safe_load(text))


def test_all_files_together_are_bounded(repository, said):
    for number in range(6):
        (repository / "policies" / f"long-{number}.yaml").write_text("# " + "x" * 950_000)
    code, out, err = said("policy", "list")
    assert (code, out) == (Exit.INVALID, "")
    assert "policies/long-5.yaml:1:1" in err
    assert "all of the folder have more than 5 MB" in " ".join(err.split())
