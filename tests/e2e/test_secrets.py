"""A password is used and never seen: not in what is put out, nor in plans, the record, the journal or the log."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.e2e.conftest import HOSPITAL, device_dn

SYSTEM = """\
systems:
  directory:
    {type: dicom-directory, url: "URL", base: "dc=hospital,dc=example", mode: write,
     bind: {dn: "cn=pacsconf,dc=hospital,dc=example", password: env:LDAP_PASSWORD}}
environments: {lab: {dial: {"*": none}}}
"""
WRONG = "hunter2-is-wrong-here"


def test_no_command_ever_tells_a_password(repository, directory, tmp_path: Path, monkeypatch):
    secret = directory.server.password
    config = tmp_path / "operator.toml"
    config.write_text(f'[[secret]]\nref = "env:LDAP_PASSWORD"\nfor = "{directory.server.url}"\n')
    monkeypatch.setenv("PACSCONF_CONFIG", str(config))
    monkeypatch.setenv("LDAP_PASSWORD", secret)
    hospital = repository(hospital=HOSPITAL, systems=SYSTEM.replace("URL", directory.server.url))
    hospital.secrets += [secret, WRONG]  # every run looks for them in what it put out

    def run(*args: str):
        return hospital("--log", *args)

    run("doctor")
    run("validate", "--format", "json")
    run("record", "init", "--reason", "begin")
    run("plan", "--verbose", "--out", "plan.json")
    run("apply", "plan.json")
    directory.by_hand(device_dn("ct-1"), "dicomManufacturer", "Philips")
    for form in ("text", "json"):
        run("drift", "--format", form)
        run("history", "--format", form)
        run("show", "plan.json", "--format", form)
        run("show", hospital.git("rev-parse", "pacsconf/lab"), "--format", form)
        run("plan", "--format", form)
    run("plan", "--format", "markdown")
    run("hold", "directory/device/mr-1", "--reason", "wait")
    run("release", "directory/device/mr-1")

    monkeypatch.setenv("LDAP_PASSWORD", WRONG)
    assert run("plan").code == 1
    hospital.edit("127.0.0.1", "localhost", "systems")
    assert run("plan").code == 5

    kept = [path for path in hospital.path.rglob("*") if path.is_file()]
    assert any("pacsconf" in path.parts for path in kept), "the journal is looked at too"
    blobs = subprocess.run(
        ["git", "cat-file", "--batch", "--batch-all-objects"],
        cwd=hospital.path, env=hospital.env, capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert b"dicomManufacturer" in blobs or b"manufacturer" in blobs
    for text in (blobs, *(path.read_bytes() for path in kept)):
        assert secret.encode() not in text
        assert WRONG.encode() not in text
