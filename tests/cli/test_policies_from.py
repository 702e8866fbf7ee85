"""`validate --policies-from`: what a change brings of policies neither helps nor hides it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pacsconf.cli import main

DEVICES = """\
devices:
  us-1: {type: modality, ae_title: US_1, host: 10.0.0.1, port: 104, offers: verification}
"""
TWINS = "  us-2: {type: modality, ae_title: US_1, host: 10.0.0.2, port: 104, offers: verification}\n"
RULE = """\
rules:
  - {id: OUR-AE-001, title: Titles begin with CT, severity: high, kind: ae, condition: title.startsWith("CT")}
"""
WAIVER = """\
waivers:
  w: {{rule: {rule}, scope: {scope}, owner: a, approver: b, reason: r, control: c, since: {since}, until: {until}}}
"""


def git(root: Path, *args: str) -> None:
    who = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    subprocess.run(["git", *who, *args], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "inventory" / "all.yaml").write_text(DEVICES)
    (tmp_path / "policies" / "ours.yaml").write_text(RULE)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "Begin")
    return tmp_path


@pytest.fixture
def validate(root: Path, capsys):
    """How `validate` ends with these options, and all that it says, in one line."""

    def call(*options: str) -> tuple[int, str]:
        code = main._code(["--chdir", str(root), "validate", *options])
        printed = capsys.readouterr()
        return code, " ".join((printed.out + printed.err).split())

    return call


def waiver(rule: str, scope: str) -> str:
    from datetime import timedelta

    from pacsconf.cli.workspace import now

    today = now().date()
    return WAIVER.format(rule=rule, scope=scope, since=today, until=today + timedelta(30))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("waivers.yaml", waiver("OUR-AE-001", "ae:us-1/US_1")),
        ("site.yaml", "gate: critical\n"),
        ("site.yaml", "overrides: {OUR-AE-001: {off: not needed here}}\n"),
        ("ours.yaml", RULE.replace("high", "low")),
        ("ours.yaml", None),
        ("more.yml", RULE.replace("OUR-AE-001", "OUR-AE-002").replace("high", "low")),
    ],
)
def test_what_a_change_brings_of_policies_does_not_count_and_is_told(
    root, validate, file: str, text: str | None
):
    path = root / "policies" / file
    path.unlink() if text is None else path.write_text(text)
    code, said = validate("--policies-from", "main")
    assert code == 4
    assert "high[OUR-AE-001]" in said
    assert f"Altered here, which does not count: policies/{file}." in said


def test_a_waiver_that_a_change_brings_accepts_nothing_of_built_in_checks(root, validate):
    (root / "inventory" / "all.yaml").write_text(DEVICES + TWINS)
    (root / "policies" / "waivers.yaml").write_text(waiver("PACS-AE-003", "ae:*/US_1"))
    assert validate()[0] == 4
    code, said = validate("--policies-from", "main")
    assert (code, "PACS-AE-003" in said) == (3, True)


def test_mistakes_in_the_policies_of_a_change_are_told_all_the_same(root, validate):
    (root / "policies" / "more.yaml").write_text("rules: [{id: x}]\n")
    code, said = validate("--policies-from", "main")
    assert (code, "policies/more.yaml:1" in said) == (3, True)


def test_nothing_is_said_to_be_altered_where_nothing_is(validate):
    code, said = validate("--policies-from", "HEAD")
    assert (code, "Altered" in said) == (4, False)
    assert "Judged by the policies of HEAD (" in said


@pytest.mark.parametrize("name", ["nowhere", "--upload-pack=touch x", "-h"])
def test_a_revision_that_git_does_not_know_is_an_error(validate, name: str):
    code, said = validate(f"--policies-from={name}")
    assert (code, f'git knows no branch, tag or commit "{name}" here' in said) == (1, True)
