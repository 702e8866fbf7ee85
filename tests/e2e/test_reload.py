"""Archives are told of a change, as their users meet it: applied, refused, slow, and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pacsconf import engine
from pacsconf.cli import workspace
from pacsconf.cli import world as worlds
from pacsconf.cli.plan_file import load_plan
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.core.changeset import ChangeSet, changeset_id
from pacsconf.core.plan import Options, Plan
from pacsconf.lab import servers, slapd, stand_ins
from pacsconf.record.record import Record
from tests.e2e.conftest import BASE, DEVICES, Hospital
from tests.e2e.test_engine import MARIA, Quiet
from tests.ldif_compare import differences, load, of_server

HOSPITAL = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
pacsconf: {probe_as: ws-1}
devices:
  ws-1: {type: workstation, site: main, ae_title: WS1, host: 10.20.9.1, uses: [verification]}
  arc:
    type: archive
    site: main
    host: 10.20.0.5
    port: 11112
    ae_title: ARCHIVE
    offers: [verification]
    probe: none
    description: first
    vendor: {dcm4chee: {fuzzy_algorithm: org.dcm4che3.soundex.ESoundex}}
"""
SYSTEMS = f"""\
systems:
  directory:
    type: dicom-directory
    url: ldaps://ldap.example.org
    base: "{BASE}"
    mode: read-only
    extensions: [dcm4chee]
    reload:
      arc-1: {{url: "https://arc-1.example.org:8443/dcm4chee-arc", token: "env:ARC_TOKEN", timeout: 1}}
      arc-2: {{url: "https://arc-2.example.org:8443/dcm4chee-arc"}}
environments: {{lab: {{}}}}
"""
FIRST = "description: first"
OLD = f"""\
dn: cn=Old,dicomDeviceName=arc,{DEVICES}
objectClass: dcmStudyRetentionPolicy
dcmRetentionPeriod: 10 years
"""


@pytest.fixture
def hospital(repository, monkeypatch, tmp_path: Path) -> Iterator[Hospital]:
    """In a lab of its own that is up, applied once."""
    lab = tmp_path / "the lab"
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(lab))
    made = repository(hospital=HOSPITAL, systems=SYSTEMS)
    made.env["PACSCONF_LAB_DIR"] = str(lab)
    up = made.here("lab", "up")
    assert up.code == 0, up
    assert "arc-1, arc-2 told to reload" in up.out
    token = lab / "directories" / "directory" / stand_ins.FOLDER / "arc-1" / "secret"
    made.secrets.append(token.read_text())
    yield made
    made.here("lab", "down")


@pytest.fixture
def directory(hospital: Hospital) -> Path:
    """The folder of the lab's directory."""
    return servers.of_system(Path(hospital.env["PACSCONF_LAB_DIR"]), "directory")[1]


def applied(hospital: Hospital, code: int = 0) -> str:
    """What was said when a new plan was applied; its changes are in the directory."""
    hospital.ok("plan", "--out", "plan.json")
    ran = hospital("apply", "plan.json")
    assert ran.code == code, ran
    assert "failed directory/" not in ran.said
    return ran.said


def last(hospital: Hospital) -> str:
    """The id of the change set that was closed last."""
    entries = hospital.ok("history", "--format", "json").json["entries"]
    return next(one["id"] for one in entries if one["kind"] == "closed")


def owned(hospital: Hospital) -> str:
    return hospital.git("ls-tree", "-r", "--name-only", "pacsconf/lab", "owned/")


def test_each_archive_is_told_and_one_that_refuses_is_named_with_its_reason(
    hospital: Hospital, directory: Path
):
    """A colleague leaves a period that no archive can read; after it is mended, all are told again."""
    hospital.here("record", "init")
    said = applied(hospital)
    assert "✓ reloaded directory/reload/arc-1" in said
    assert "✓ reloaded directory/reload/arc-2" in said

    server = slapd.attach(directory)
    assert server is not None
    policy = f"cn=Old,dicomDeviceName=arc,{DEVICES}"
    load(server, f"dn: {policy}\nobjectClass: dcmStudyRetentionPolicy\ndcmRetentionPeriod: 10 years\n")
    hospital.edit("description: first", "description: second")
    said = applied(hospital, 8)
    assert "✗ refused directory/reload/arc-1" in said
    assert "✗ refused directory/reload/arc-2" in said
    assert "the archive refuses its new configuration: dcmRetentionPeriod is not a period" in said
    assert '"10 years", in cn=Old,dicomDeviceName=arc,' in said
    assert "What was written stands in the directory" in said

    change = f"dn: {policy}\nchangetype: modify\nreplace: dcmRetentionPeriod\ndcmRetentionPeriod: P10Y\n"
    load(server, change)
    hospital.edit("description: second", "description: third")
    said = applied(hospital)
    assert "✓ reloaded directory/reload/arc-1" in said
    assert "✓ reloaded directory/reload/arc-2" in said


def test_one_that_fails_or_is_slow_does_not_keep_the_others_from_it(hospital: Hospital, directory: Path):
    hospital.here("record", "init")
    stand_ins.disturb(directory, "arc-1", status=500)
    said = applied(hospital, 8)
    assert "? not told directory/reload/arc-1" in said
    assert "HTTP 500" in said
    assert "✓ reloaded directory/reload/arc-2" in said

    stand_ins.disturb(directory, "arc-1", seconds=50)
    hospital.edit("description: first", "description: second")
    said = applied(hospital, 8)
    assert "? not told directory/reload/arc-1" in said
    assert "✓ reloaded directory/reload/arc-2" in said
    assert "HTTP 500" not in said
    assert f"rollback {last(hospital)}" not in said  # it may well take what was written


# --- what is kept of it, and what to do ----------------------------------------------------------------------


def test_a_refused_change_set_is_taken_back_and_all_is_as_before(hospital: Hospital, directory: Path):
    """An interval that the archive does not read: refused, taken back, reloaded, held, and reverted."""
    hospital.here("record", "init")
    applied(hospital)
    server = slapd.attach(directory)
    assert server is not None
    before = of_server(server)

    hospital.edit(FIRST, f"{FIRST}\n    extra: {{dcmCalculateStudySizePollingInterval: hourly}}")
    commit = hospital.git("rev-parse", "HEAD")
    said = applied(hospital, 8)
    changeset = last(hospital)
    assert (
        "the archive refuses its new configuration: dcmCalculateStudySizePollingInterval is not a duration"
        in said
    )
    assert f"Next: pacsconf -e lab rollback {changeset}" in said
    assert "or: mend the cause, then pacsconf -e lab reload directory" in said
    assert "1 of 1 change done · 2 refused" in said

    digest = hospital("rollback", changeset, "--format", "json").json["digest"][:8]
    ran = hospital.ok("rollback", changeset, "--expect", digest)
    assert "✓ reloaded directory/reload/arc-1" in ran.said
    assert "✓ reloaded directory/reload/arc-2" in ran.said
    assert f"git revert {commit[:10]}" in ran.said
    assert differences(before, of_server(server)) == []
    assert "1 held" in hospital.ok("plan", "--detailed-exitcode").out

    hospital.git("revert", "--no-edit", commit)
    assert "No changes. " in hospital.ok("plan", "--detailed-exitcode").said


def test_what_became_of_it_is_in_the_change_set_and_never_owned(hospital: Hospital, directory: Path):
    hospital.here("record", "init")
    stand_ins.disturb(directory, "arc-1", status=500)
    applied(hospital, 8)
    changeset = last(hospital)
    shown = hospital.ok("show", changeset)
    assert "? not told directory/reload/arc-1" in shown.said
    assert "1 program reloaded" in shown.said
    outcomes = hospital.ok("show", changeset, "--format", "json").json["outcomes"]
    told = {one["address"]: one["status"] for one in outcomes if one["action"] == "reload"}
    assert told == {"directory/reload/arc-1": "unknown", "directory/reload/arc-2": "applied"}
    assert "10 applied, 1 not reloaded, 1 reloaded" in hospital.ok("history").said
    assert "reload" not in owned(hospital)
    assert hospital.ok("plan", "--detailed-exitcode").code == 0


def test_those_that_were_not_told_are_told_again(hospital: Hospital, directory: Path):
    hospital.here("record", "init")
    stand_ins.disturb(directory, "arc-1", status=503)
    assert "Next: mend the cause, then pacsconf -e lab reload directory" in applied(hospital, 8)
    again = hospital("reload")
    assert again.code == 8
    assert "? not told directory/reload/arc-1" in again.said
    assert "1 reloaded, 1 not told" in again.said

    for command in ("plan", "drift"):
        reminded = hospital.ok(command).err
        assert "1 did not take what was applied" in " ".join(reminded.split())
        assert "pacsconf -e lab reload" in " ".join(reminded.split())

    morning = hospital.ok("status").out
    assert "1 did not take what was applied, when they were told last" in " ".join(morning.split())
    assert morning.splitlines()[-1] == "Next: pacsconf -e lab reload"

    stand_ins.disturb(directory, "arc-1")
    stand_ins.disturb(directory, "arc-2")
    ran = hospital.ok("reload", "directory", "--reason", "arc-1 is up again")
    assert "✓ reloaded directory/reload/arc-1" in ran.said
    assert "2 reloaded" in ran.out
    history = hospital.ok("history").said
    assert "reload Maria Weber 2 reloaded · arc-1 is up again" in history
    assert "1 not reloaded, 1 reloaded" in history
    assert hospital.ok("plan").err == ""
    morning = hospital.ok("status").out
    assert "archives" not in morning
    assert "not told" not in morning


def test_where_no_archive_answers_nothing_is_reachable(hospital: Hospital, directory: Path):
    hospital.here("record", "init")
    for name in ("arc-1", "arc-2"):
        stand_ins.disturb(directory, name, status=503)
    ran = hospital("reload")
    assert ran.code == 9
    assert "2 not told" in ran.out


def test_an_archive_that_refuses_what_stands_is_told_of_by_name(hospital: Hospital, directory: Path):
    hospital.here("record", "init")
    applied(hospital)
    server = slapd.attach(directory)
    assert server is not None
    load(server, OLD)
    ran = hospital("reload")
    assert ran.code == 8
    assert "dcmRetentionPeriod is not a period" in ran.said
    assert f"Next: pacsconf -e lab rollback {last(hospital)}" in ran.said


def test_nothing_is_told_where_nothing_was_applied(hospital: Hospital, directory: Path):
    hospital.here("record", "init")
    applied(hospital)
    for name in ("arc-1", "arc-2"):
        stand_ins.disturb(directory, name, status=500)
    hospital.ok("plan", "--out", "plan.json")
    ran = hospital.ok("apply", "plan.json")
    assert "directory/reload" not in ran.said


def test_a_system_that_is_only_read_is_not_told(hospital: Hospital):
    hospital.here("record", "init")
    overlay = Path(hospital.env["PACSCONF_LAB_DIR"]) / "overlay.json"
    body = json.loads(overlay.read_text())
    body["systems"]["directory"]["mode"] = "read-only"
    overlay.write_text(json.dumps(body))
    assert "Nobody is to be told" in hospital.ok("reload").said
    named = hospital("reload", "directory")
    assert named.code == 5
    assert "directory is read-only here" in named.said


def test_a_system_that_is_not_there_is_told_with_those_that_are(hospital: Hospital):
    hospital.here("record", "init")
    ran = hospital("reload", "direktory")
    assert ran.code == 1
    assert 'no system is called "direktory" There are: directory.' in ran.said.replace(" fix", "")


def test_without_a_record_nobody_is_told(hospital: Hospital):
    assert hospital("reload").code == 5


# --- an apply that was stopped, or died ----------------------------------------------------------------------


def test_what_was_applied_before_somebody_stopped_it_is_told(hospital: Hospital, monkeypatch):
    hospital.here("record", "init")
    monkeypatch.chdir(hospital.path)
    work, watching = workspace.opened(Path(), "lab"), Quiet()
    with worlds.world_of(work, Reporter(Screen(None))) as world:
        stopped = replace(world, progress=watching, stopping=lambda: bool(watching.outcomes))
        changeset = engine.apply(stopped, engine.plan(stopped, Options()), MARIA)
    assert {one.status for one in changeset.done} == {"applied", "skipped"}
    assert [(str(one.address), one.status) for one in changeset.told] == [
        ("directory/reload/arc-1", "applied"),
        ("directory/reload/arc-2", "applied"),
    ]


def begun(hospital: Hospital, made: Plan) -> None:
    """An apply that died right after it got the lock, an hour ago."""
    now = datetime.now(UTC)
    at = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    whole = ChangeSet(changeset_id(at, made.digest), made, MARIA.operator, MARIA.runner, at, "")
    ended = timedelta(hours=-1)
    with Record.open(hospital.path, "lab", clock=lambda: now, lease=ended, remote="") as record:
        record.begin(whole, record.state()).release()


def test_whoever_takes_a_change_set_up_tells_the_archives_of_all_of_it(hospital: Hospital):
    hospital.here("record", "init")
    hospital.ok("plan", "--out", "plan.json")
    begun(hospital, load_plan(hospital.plan_file))
    ran = hospital.ok("resume")
    assert "10 of 10 changes done · 2 reloaded" in ran.said


def test_whoever_breaks_a_lock_hears_that_archives_may_not_know(hospital: Hospital):
    hospital.here("record", "init")
    hospital.ok("plan", "--out", "plan.json")
    begun(hospital, load_plan(hospital.plan_file))
    assert "pacsconf -e lab reload" in hospital.ok("unlock", "--reason", "it died").said


def test_what_stands_already_when_it_is_taken_up_is_told_too(hospital: Hospital):
    hospital.here("record", "init")
    hospital.ok("plan", "--out", "plan.json")
    made = load_plan(hospital.plan_file)
    applied(hospital)
    begun(hospital, made)
    assert "10 of 10 changes done · 2 reloaded" in hospital.ok("resume").said


# --- who may be told -----------------------------------------------------------------------------------------


def test_a_token_that_no_operator_file_lets_be_sent_there_is_asked_before_anything_is_written(
    hospital: Hospital, directory: Path
):
    """The lab's own file is a secret of the lab; another one is bound to no place."""
    hospital.here("record", "init")
    hospital.ok("plan", "--out", "plan.json")
    overlay = Path(hospital.env["PACSCONF_LAB_DIR"]) / "overlay.json"
    body = json.loads(overlay.read_text())
    body["systems"]["directory"]["reload"]["arc-1"]["token"] = "env:ARC_TOKEN"
    overlay.write_text(json.dumps(body))
    server = slapd.attach(directory)
    assert server is not None
    before = of_server(server)
    for command in (["apply", "plan.json"], ["reload"], ["resume"]):
        ran = hospital(*command)
        assert ran.code == 5, ran
        assert "env:ARC_TOKEN is not bound to http" in ran.said
    assert differences(before, of_server(server)) == []


def test_doctor_asks_and_writes_where_each_token_may_be_sent(repository):
    made = repository(hospital=HOSPITAL, systems=SYSTEMS)
    operator = Path(made.env["XDG_CONFIG_HOME"]) / "pacsconf" / "operator.toml"
    ran = made.on_terminal("doctor", "--write", answers="y\nn\n")
    assert "May env:ARC_TOKEN be sent to https://arc-1.example.org:8443?" in " ".join(ran.err.split())
    assert (
        '[[secret]]\nref = "env:ARC_TOKEN"\nfor = "https://arc-1.example.org:8443"\n' in operator.read_text()
    )
    assert "arc-2" not in operator.read_text(), "nothing is sent there that is a secret"


def test_a_lab_never_leads_to_the_real_archives_of_another_environment(repository):
    """Its directory is here, and the archives that are told would be those of production."""
    environments = "environments: {lab: {systems: {directory: {url: ldap://127.0.0.1:1}}}, production: {}}"
    made = repository(hospital=HOSPITAL, systems=SYSTEMS.replace("environments: {lab: {}}", environments))
    ran = made("plan")
    assert ran.code == 1
    assert "environment lab would lead to the real directory" in ran.said


def test_a_lab_of_its_own_whose_archives_are_elsewhere_is_not_written_without_a_word(repository):
    here = SYSTEMS.replace("ldaps://ldap.example.org", "ldap://127.0.0.1:1").replace("read-only", "write")
    made = repository(hospital=HOSPITAL, systems=here)
    ran = made("reload")
    assert ran.code == 5
    assert "does not let environment lab be written from here, which is more than this machine" in ran.said


def test_an_archive_that_the_lab_does_not_play_is_never_told_from_there(hospital: Hospital):
    """One was added after the lab was brought up: the real one would be told of what was practised."""
    more = '      arc-3: {url: "https://arc-3.example.org:8443/dcm4chee-arc"}'
    hospital.edit(
        "environments: {lab: {}}", f"{more}\nenvironments: {{lab: {{}}, production: {{}}}}", "systems"
    )
    ran = hospital("plan")
    assert ran.code == 1
    assert "the practice lab has no server for every system" in ran.said
