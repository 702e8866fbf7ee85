"""Evidence packs by the command line: made at the hospital, checked by an auditor who has nothing but the file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Hospital, here
from tests.e2e.test_audit_compare import RULES

ALLOWED = '[signatures]\nallowed_signers = "{}"\n'


@pytest.fixture
def hospital(small: Hospital) -> Hospital:
    (small.path / "policies").mkdir()
    (small.path / "policies" / "house.yaml").write_text(RULES)
    small.commit("rules of the house")
    small.applied()
    assert small("audit").code in (0, 4)
    return small


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


@pytest.fixture
def signing(hospital: Hospital, key: Path) -> None:
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(key)), ("commit.gpgsign", "true")):
        hospital.git("config", name, value)


@pytest.fixture
def auditor(tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no repository, and an operator file that names whose signatures count."""
    allowed = tmp_path / "allowed"
    allowed.write_text(f"mweber@example.org {key.with_suffix('.pub').read_text()}")
    operator = tmp_path / "auditor.toml"
    operator.write_text(ALLOWED.format(allowed))
    for each in (allowed, operator):
        each.chmod(0o600)
    monkeypatch.setenv("PACSCONF_CONFIG", str(operator))
    folder = tmp_path / "auditor"
    folder.mkdir()
    return folder


@pytest.mark.usefixtures("signing")
def test_evidence_is_written_and_checked_by_somebody_else(hospital: Hospital, auditor: Path, tmp_path: Path):
    out = tmp_path / "evidence.bundle"
    made = hospital.ok("audit", "pack", "--out", str(out))
    assert f"in {out}" in made.said
    assert "not signed" not in made.said
    ran = here(auditor, ["audit", "verify", str(out), "--into", "files"])
    assert ran.code == 0, ran
    assert "it holds" in ran.said
    assert "by mweber@example.org with SHA256:" in ran.said
    files = {path.relative_to(auditor / "files").as_posix() for path in (auditor / "files").rglob("*.*")}
    assert {
        "manifest.json",
        "audit/audit.jsonl",
        "report/report.html",
        "report/results.csv",
        "report/oscal-assessment-results.json",
        "policies/house.yaml",
    } <= files
    [head, row] = (auditor / "files" / "report" / "changesets.csv").read_text().splitlines()
    assert head.startswith("changeset,opened,closed,state,applied_by,on,reason,ticket,approved_by,")
    assert ",closed,Maria Weber <mweber@example.org>," in row
    assert "report/since-the-audit-before.md" not in files
    assert "Begin with report/report.html." in ran.said
    [changeset] = [
        json.loads((auditor / "files" / path).read_text()) for path in files if "changesets/" in path
    ]
    assert changeset["status"] == "closed"


@pytest.mark.usefixtures("signing")
def test_the_record_here_is_compared(hospital: Hospital, auditor: Path, tmp_path: Path):
    out = tmp_path / "evidence.bundle"
    hospital.ok("audit", "pack", "--out", str(out))
    ran = hospital.ok("audit", "verify", str(out), "--format", "json").json
    verdicts = {one["what"]: one["verdict"] for one in ran["checks"]}
    assert (ran["holds"], ran["signed"], verdicts["own record"]) == (True, True, "holds")
    tree = hospital.git("rev-parse", "pacsconf/lab^{tree}")
    other = hospital.git("commit-tree", "-m", "another record", tree)
    hospital.git("update-ref", "refs/heads/pacsconf/lab", other)
    again = hospital("audit", "verify", str(out))
    assert (again.code, "was rewritten" in again.said) == (5, True)


def test_without_a_signature_it_is_believed_only_when_told_to(hospital: Hospital, tmp_path: Path):
    out = tmp_path / "evidence.bundle"
    made = hospital.ok("audit", "pack", "last", "--out", str(out))
    assert "It is not signed" in made.said
    ran = hospital("audit", "verify", str(out), "--into", "files")
    assert ran.code == 5
    assert "anybody can have made it" in ran.said
    assert not (hospital.path / "files").exists()
    assert hospital("audit", "verify", str(out), "--unsigned").code == 0


def test_what_changed_since_the_audit_before_is_in_it(hospital: Hospital, tmp_path: Path):
    (hospital.path / "policies" / "site.yaml").write_text("overrides: {HOUSE-002: {off: asked elsewhere}}\n")
    hospital.commit("one rule less")
    hospital("audit")
    out = tmp_path / "evidence.bundle"
    hospital.ok("audit", "pack", "--out", str(out))
    hospital("audit", "verify", str(out), "--unsigned", "--into", "files")
    said = (hospital.path / "files" / "report" / "since-the-audit-before.md").read_text()
    assert "switched off: asked elsewhere" in said
    assert "one rule less" in said


def test_the_policies_are_those_that_were_audited(hospital: Hospital, tmp_path: Path):
    (hospital.path / "policies" / "house.yaml").write_text(RULES.replace("HOUSE-002", "HOUSE-009"))
    hospital.commit("another number")
    out = tmp_path / "evidence.bundle"
    hospital.ok("audit", "pack", "--out", str(out))
    hospital("audit", "verify", str(out), "--unsigned", "--into", "files")
    assert "HOUSE-002" in (hospital.path / "files" / "policies" / "house.yaml").read_text()


def test_what_was_not_committed_is_told(hospital: Hospital, tmp_path: Path):
    hospital.file().write_text(hospital.file().read_text() + "# a note\n")
    hospital("audit")
    out = tmp_path / "evidence.bundle"
    made = hospital.ok("audit", "pack", "--out", str(out))
    assert "Not in it: what was not committed of the inventory" in made.said
    assert "not in it: what was not committed" in hospital("audit", "verify", str(out), "--unsigned").said


def test_a_secret_is_never_packed(hospital: Hospital, tmp_path: Path):
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n"
    (hospital.path / "policies" / "notes.txt").write_text(key)
    hospital.commit("notes")
    hospital("audit")
    out = tmp_path / "evidence.bundle"
    ran = hospital("audit", "pack", "--out", str(out))
    assert (ran.code, out.exists()) == (5, False)
    assert "policies/notes.txt holds a private key" in ran.said
    assert "b3Blbn" not in ran.said


def test_nothing_is_written_over(hospital: Hospital, tmp_path: Path):
    out = tmp_path / "evidence.bundle"
    out.write_text("mine")
    ran = hospital("audit", "pack", "--out", str(out))
    assert (ran.code, out.read_text()) == (1, "mine")
    assert hospital("audit", "pack").code == 64


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), (b"hello\n", "is no bundle of git"), (b"# v2 git bundle\n", "is cut short")],
    ids=["nothing", "text", "cut"],
)
def test_what_is_no_pack_is_an_error(small: Hospital, tmp_path: Path, content: bytes | None, words: str):
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    ran = small("audit", "verify", str(file))
    assert (ran.code, words in ran.said) == (1, True)


def test_a_repository_is_never_opened(small: Hospital):
    ran = small("audit", "verify", str(small.path))
    assert (ran.code, "is not opened" in ran.said) == (1, True)
