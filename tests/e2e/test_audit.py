"""An audit of real servers: what is found live, what could not be looked at, what is kept of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pacsconf.cli.policy_files import load_policies
from pacsconf.lab import orthanc, servers, slapd
from tests.e2e.conftest import BASE, HOSPITAL, Hospital, Ran

ROOT = Path(__file__).parents[2]
SYSTEMS = f"""\
systems:
  directory: {{type: dicom-directory, url: ldaps://ldap.example.org, base: "{BASE}"}}
  orthanc: {{type: orthanc, url: "https://archive.example.org:8042", ae: archive}}
flows: {{echo: {{from: {{device: ws-1}}, to: {{ae_title: ARCHIVE}}, services: verification}}}}
environments: {{lab: {{}}}}
"""
RULES = """\
pack: house
rules:
  - id: HOUSE-001
    title: A full archive refuses rather than deletes
    severity: high
    kind: system
    when: type == "orthanc"
    condition: configured.storage_mode == "reject" || !configured.storage_limited
    message: '"when it is full it goes on by " + configured.storage_mode'
    controls: {hipaa: ["164.312(c)(1)"], nist-800-53: [SI-12]}
  - id: HOUSE-002
    title: It holds nothing that nobody declared
    severity: medium
    kind: system
    when: type == "dicom-directory"
    condition: size(configured.undeclared) == 0
    controls: {nist-800-53: [CM-8]}
  - id: HOUSE-003
    title: Somebody answers for it
    severity: low
    kind: device
    condition: owner != ""
    message: '"nobody answers for " + name'
    controls: {gdpr: ["32(1)(b)"]}
  - id: HOUSE-004
    title: It answers
    severity: high
    kind: ae
    condition: observed.answers
"""


@pytest.fixture
def hospital(in_a_lab: Callable[..., Hospital]) -> Hospital:
    made = in_a_lab(hospital=HOSPITAL, systems=SYSTEMS)
    (made.path / "policies").mkdir()
    (made.path / "policies" / "house.yaml").write_text(RULES)
    made.commit("rules of the house")
    return made


def found(ran: Ran) -> dict[tuple[str, str], str]:
    """The states of an audit in JSON, by rule and resource."""
    return {(one["rule"], f"{one['kind']}:{one['name']}"): one["state"] for one in ran.json["results"]}


def stop(hospital: Hospital, *names: str) -> None:
    """The lab's servers of these systems are down, as if their machines were off."""
    folder = Path(hospital.env["PACSCONF_LAB_DIR"])
    for name in names:
        kind, place = servers.of_system(folder, name)
        server: Any = {"directories": slapd, "orthancs": orthanc}[kind].attach(place)
        assert server is not None
        server.stop()


def test_what_is_wrong_live_is_found_with_its_evidence_and_kept(hospital: Hospital, tmp_path: Path):
    hospital.applied()
    hospital.here("-e", "lab", "probe")

    audit = hospital("audit", "--out", str(tmp_path / "report"))

    assert audit.code == 0, audit
    assert "low[HOUSE-003] Somebody answers for it" in audit.out
    assert "nobody answers for ct-1" in audit.said
    assert audit.out.index("Coverage") < audit.out.index("HOUSE-003")
    assert "directory, orthanc" in audit.said
    written = {path.name for path in (tmp_path / "report").iterdir()}
    assert written == {
        "audit.json", "oscal-assessment-results.json", "oscal-poam.json", "report.html",
        "results.csv", "results.junit.xml", "results.sarif",
    }  # fmt: skip
    states = found(hospital("audit", "--format", "json", "--no-record"))
    assert states["HOUSE-002", "system:directory"] == "pass"
    assert states["HOUSE-004", "ae:archive/ARCHIVE"] == "pass"
    kept = hospital.ok("history").out
    assert kept.count(" audit ") == 1


def test_what_could_not_be_looked_at_is_unknown_and_no_failure(hospital: Hospital):
    hospital.applied()
    stop(hospital, "directory")

    audit = hospital("audit", "--format", "json")

    assert audit.code == 0, audit
    states = found(audit)
    assert states["HOUSE-002", "system:directory"] == "unknown"
    assert states["HOUSE-001", "system:orthanc"] == "pass"
    systems = {one["name"]: one["how"] for one in audit.json["coverage"]["systems"]}
    assert systems == {"directory": "unreached", "orthanc": "configured"}
    said = hospital("audit").said
    assert "unreached directory" in said
    assert "clean" not in said


def test_no_fault_of_the_starter_pack_passes_once_its_system_is_down(hospital: Hospital):
    hospital.applied()
    for pack in (ROOT / "policies").glob("*.yaml"):
        if pack.stem not in ("site", "waivers"):
            (hospital.path / "policies" / pack.name).write_bytes(pack.read_bytes())
    hospital.commit("the starter pack")
    hospital.here("-e", "lab", "probe", "--negatives")

    whole = found(hospital("audit", "--format", "json"))
    stop(hospital, "orthanc")
    less = found(hospital("audit", "--format", "json"))

    failing = {key for key, state in whole.items() if state == "fail"}
    assert {less.get(key, "gone") for key in failing} == {"fail", "unknown"}
    of_orthanc = {key for key in failing if key[1] == "system:orthanc"}
    assert of_orthanc
    rules = load_policies(ROOT).rules
    live = {rule.id for rule in rules if rule.tiers == ("declared", "configured") and rule.kind == "system"}
    assert {less[key] for key in of_orthanc if key[0] in live} == {"unknown"}
    told = hospital("audit", "diff")
    assert "newly unknown" in told.said
    assert "closed" not in told.said


def test_nothing_live_at_all_ends_with_nine(hospital: Hospital):
    hospital.applied()
    stop(hospital, "directory", "orthanc")

    audit = hospital("audit")

    assert audit.code == 9, audit
    assert "directory" in audit.said
    assert "orthanc" in audit.said


def test_a_console_that_nobody_attested_was_not_looked_at_either(hospital: Hospital):
    console = """systems: {console: {type: console, ae: ws-1, contact: extension 5120}}\n"""
    (hospital.path / "inventory" / "console.yaml").write_text(console)
    hospital.commit("a console")
    hospital.ok("record", "init")
    stop(hospital, "directory", "orthanc")
    assert hospital("audit").code == 9


def test_what_reaches_the_gate_ends_with_four(hospital: Hospital):
    hospital.ok("record", "init")

    assert hospital("audit", "--fail-on", "low").code == 4
    assert hospital("audit", "--fail-on", "medium").code == 0
    assert hospital("audit", "--fail-on", "high").code == 0


def test_one_framework_is_asked_for(hospital: Hospital):
    hospital.ok("record", "init")

    audit = hospital("audit", "--framework", "gdpr", "--format", "json")

    assert {rule for rule, _ in found(audit)} == {"HOUSE-003"}
    assert audit.json["frameworks"] == ["gdpr"]
    wrong = hospital("audit", "--framework", "hippa")
    assert wrong.code == 64
    assert 'did you mean "hipaa"' in wrong.said


def test_without_a_rule_nothing_is_audited(hospital: Hospital):
    (hospital.path / "policies" / "house.yaml").unlink()

    audit = hospital("audit")

    assert audit.code == 1
    assert "no rule to audit by" in audit.said


def test_without_a_record_it_is_shown_and_said_not_to_be_kept(hospital: Hospital):
    audit = hospital("audit", "--format", "json")

    assert audit.code == 0, audit
    assert "Not recorded: there is no record yet" in audit.err.replace("\n", " ")


def test_a_formula_in_a_name_is_no_formula_in_a_spreadsheet(hospital: Hospital):
    hospital.edit("manufacturer: SIEMENS", "manufacturer: \"=HYPERLINK('http://x')\"")
    rules = RULES.replace('"nobody answers for " + name', "manufacturer")
    (hospital.path / "policies" / "house.yaml").write_text(rules)

    rows = list(csv.reader(io.StringIO(hospital("audit", "--format", "csv").out)))

    assert any("HYPERLINK" in cell for row in rows for cell in row)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_what_is_recorded_names_nobody(hospital: Hospital):
    hospital.ok("record", "init")
    hospital("audit")

    kept = hospital.git("show", "pacsconf/lab:evidence/audits/last.jsonl")

    head = json.loads(kept.splitlines()[0])
    assert head["kind"] == "pacsconf audit"
    assert head["commit"] == hospital.git("rev-parse", "HEAD")


WATCHED = """\
import sys

def watch(event, args):
    if event == "socket.connect" or event == "socket.sendto":
        with open({log!r}, "a") as log:
            print(*args[1][:2] if isinstance(args[1], tuple) else args[1:], file=log)

sys.addaudithook(watch)
"""


def test_only_systems_are_asked_and_no_device(hospital: Hospital, tmp_path: Path):
    log = tmp_path / "asked"
    (tmp_path / "sitecustomize.py").write_text(WATCHED.format(log=str(log)))
    lab = Path(hospital.env["PACSCONF_LAB_DIR"])
    systems = json.loads((lab / "overlay.json").read_text())["systems"].values()

    audit = hospital.run("audit", "--out", str(tmp_path / "report"), env={"PYTHONPATH": str(tmp_path)})

    assert audit.code == 0, audit
    asked = {line.replace(" ", ":") for line in log.read_text().splitlines()}
    assert asked == {one["url"].partition("//")[2] for one in systems}


def test_no_password_of_the_lab_is_in_any_form(hospital: Hospital, tmp_path: Path):
    lab = Path(hospital.env["PACSCONF_LAB_DIR"])
    secrets = {file.read_text().strip() for file in lab.rglob("password")}
    for file in lab.rglob("configuration.json"):
        secrets |= {*json.loads(file.read_text()).get("RegisteredUsers", {}).values()}
    hospital.ok("record", "init")

    hospital("audit", "--out", str(tmp_path / "report"))
    hospital.ok("audit", "pack", "--out", str(tmp_path / "evidence"))
    hospital.ok(
        "audit", "verify", str(tmp_path / "evidence"), "--unsigned", "--into", str(tmp_path / "packed")
    )

    folders = (tmp_path / "report", tmp_path / "packed")
    written = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    told = [*(file.read_bytes().decode("utf-8", "replace") for file in written)]
    told.append(hospital.git("log", "-p", "--text", "pacsconf/lab"))
    assert (len(secrets) > 1, len(told) > 10) == (True, True)
    assert [secret for secret in secrets if any(secret in text for text in told)] == []
