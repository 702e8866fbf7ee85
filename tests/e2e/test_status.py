"""The morning screen on real records and real systems: what can be looked at is told, whatever cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pacsconf import engine
from pacsconf.cli import workspace
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.cli.world import world_of
from pacsconf.core.changeset import ChangeSet, changeset_id
from pacsconf.core.plan import Options
from pacsconf.lab import slapd
from pacsconf.record.record import Record
from tests.e2e.conftest import HOSPITAL, Hospital, device_dn

TODAY = datetime.now(UTC).date()
ELSEWHERE = """\
systems:
  memory: {type: memory, file: FILE, mode: write}
  directory: {type: dicom-directory, url: "URL", base: "dc=hospital,dc=example", timeout: 5}
environments: {lab: {dial: {"*": none}}}
"""


@pytest.fixture
def stands(small: Hospital) -> Hospital:
    small.applied()
    return small


@pytest.fixture
def left_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Hospital, timedelta], ChangeSet]]:
    """Leaves a change set open, as a run does that was cut off so long ago."""
    with ExitStack() as stack:

        def leave(hospital: Hospital, since: timedelta) -> ChangeSet:
            monkeypatch.chdir(hospital.path)
            work = workspace.opened(Path(), "lab")
            world = stack.enter_context(world_of(work, Reporter(Screen(None))))
            then = datetime.now(UTC) - since
            planned = engine.plan(world, Options())
            now = f"{then:%Y-%m-%dT%H:%M:%SZ}"
            changeset = ChangeSet(
                changeset_id(now, planned.plan.digest),
                planned.plan,
                "John Doe <jdoe@example.org>",
                "jdoe@ws-3:4711",
                now,
                "",
            )
            with Record.open(hospital.path, "lab", clock=lambda: then) as record:
                record.begin(changeset, planned.record).release()
            return changeset

        yield leave


def test_a_hospital_without_a_record_is_told_to_begin_one(small):
    ran = small.ok("status")
    assert ran.out.startswith("lab · no record yet\n")
    assert ran.out.endswith("Next: pacsconf -e lab record init\n")


def test_a_quiet_morning(stands):
    ran = stands.ok("status")
    assert ran.said.startswith("lab · last apply just now by Maria Weber on ")
    assert "· no lock" in ran.out
    assert "drift       none\n" in ran.out
    assert "pending     nothing to apply\n" in ran.out
    assert ran.out.endswith("Nothing to do today.\n")


def test_without_an_environment_each_has_a_block_and_a_record_of_its_own(repository, tmp_path):
    systems = f"""\
systems: {{memory: {{type: memory, file: "{tmp_path}/memory.json", mode: write}}}}
environments:
  lab: {{dial: {{"*": none}}}}
  test: {{dial: {{"*": none}}, systems: {{memory: {{file: "{tmp_path}/test.json"}}}}}}
"""
    hospital = repository(hospital=HOSPITAL, systems=systems)
    hospital.applied()
    ran = hospital.run("status")
    assert ran.code == 0
    assert [block.partition(" ·")[0] for block in ran.out.split("\n\n")] == ["lab", "test"]
    assert "Next: pacsconf -e test record init\n" in ran.out
    assert [one["record"] for one in hospital.run("status", "--format", "json").json["environments"]] == [
        "known",
        "not begun",
    ]


def test_an_environment_that_does_not_stand_does_not_hide_the_others(repository, tmp_path):
    systems = f"""\
systems: {{memory: {{type: memory, file: "{tmp_path}/memory.json"}}}}
environments: {{lab: {{}}, test: {{systems: {{memroy: {{mode: write}}}}}}}}
"""
    ran = repository(hospital=HOSPITAL, systems=systems).run("status")
    assert ran.code == 3
    assert "PACS-ENV-003" in ran.err
    assert ran.out.startswith("lab · no record yet\n")


def test_drift_has_the_age_that_the_directory_tells(hospital, directory):
    hospital.applied()
    directory.by_hand(device_dn("ct-1"), "dicomManufacturer", "somebody")
    ran = hospital.ok("status")
    assert "drift 1 resource, changed just now, " in ran.said
    assert "pacsconf -e lab drift" in ran.out
    assert hospital("status", "--format", "json").json["environments"][0]["drift"]["untold"] == 0


def test_drift_of_a_system_that_tells_no_time_is_told_without(stands, memory):
    memory.set("memory/device/ct-1", manufacturer="somebody")
    assert "drift 1 resource, since when is not told" in stands.ok("status").said


def test_what_the_wire_said_after_an_apply_is_kept(hospital):
    hospital.applied()
    assert "wire 5 of 5 healthy, last tried just now" in hospital.ok("status").said


def test_a_system_that_is_down_is_a_line_and_the_rest_is_told(stands, tmp_path):
    systems = ELSEWHERE.replace("FILE", str(tmp_path / "memory.json")).replace("URL", "ldap://127.0.0.1:1")
    stands.file("systems").write_text(systems)
    ran = stands("status")
    assert ran.code == 9
    assert "! directory ldap://127.0.0.1:1 cannot be reached: nothing listens there" in ran.said
    assert "last apply just now by Maria Weber" in ran.said
    assert "pending nothing to apply, as far as the systems could be read" in ran.said
    assert ran.out.endswith("Next: pacsconf -e lab doctor\n")


def test_offline_nothing_is_contacted(stands, tmp_path):
    systems = ELSEWHERE.replace("FILE", str(tmp_path / "memory.json")).replace("URL", "ldap://127.0.0.1:1")
    stands.file("systems").write_text(systems)
    ran = stands.ok("status", "--offline")
    assert "from files and record only" in ran.said
    assert "last apply just now by Maria Weber" in ran.said
    assert "directory" not in ran.out
    assert ran.out.endswith("Next: pacsconf -e lab status\n")


def test_a_secret_that_is_not_bound_is_a_line_and_the_rest_is_told(stands, tmp_path, monkeypatch, directory):
    systems = ELSEWHERE.replace("FILE", str(tmp_path / "memory.json")).replace("URL", directory.server.url)
    bind = 'bind: {dn: "cn=viewer,dc=hospital,dc=example", password: env:LDAP_PASSWORD}, timeout'
    stands.file("systems").write_text(systems.replace("timeout", bind))
    monkeypatch.setenv("LDAP_PASSWORD", directory.server.password)
    stands.secrets.append(directory.server.password)
    ran = stands("status")
    assert ran.code == 5
    assert f"! directory env:LDAP_PASSWORD is not bound to {directory.server.url}" in ran.said
    assert "pending nothing to apply, as far as" in ran.said


def test_a_lab_that_is_not_up_is_told_and_is_no_fault(repository):
    systems = """\
systems: {directory: {type: dicom-directory, url: ldaps://ldap.example.org, base: "dc=hospital,dc=example"}}
environments: {lab: {}, production: {}}
"""
    ran = repository(hospital=HOSPITAL, systems=systems)("status")
    assert ran.code == 0
    assert "! lab the practice lab is not up" in ran.said
    assert ran.out.endswith("Next: pacsconf lab up\n")


def test_an_apply_that_runs_is_told_with_who_and_until_when(stands, left_open):
    stands.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    left_open(stands, timedelta(minutes=1))
    ran = stands.ok("status")
    assert "lock John Doe is applying on jdoe@ws-3, until " in ran.said
    assert "resume" not in ran.out


def test_an_apply_that_was_cut_off_is_told_with_both_ways_out(stands, left_open):
    stands.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    changeset = left_open(stands, timedelta(hours=3))
    ran = stands.ok("status")
    assert f"lock change set {changeset.id} of John Doe on jdoe@ws-3 was not brought to its end" in ran.said
    assert "its time ran out 2 hours ago" in ran.said
    assert 'pacsconf -e lab unlock --reason "..."' in ran.out
    assert ran.out.endswith("Next: pacsconf -e lab resume\n")


def test_what_is_held_is_told_with_the_reason(stands):
    stands.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    stands.ok("hold", "memory/device/ct-1", "--reason", "vendor on site")
    ran = stands.ok("status")
    assert "held 3 resources left alone by every apply" in ran.said
    assert '= memory/device/ct-1 and 2 more: "vendor on site", Maria Weber, just now' in ran.said
    assert "pacsconf -e lab release memory/device/ct-1" in ran.out


def test_a_hold_is_told_no_longer_once_the_inventory_says_something_else(stands):
    stands.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    stands.ok("hold", "memory/device/ct-1", "--reason", "vendor on site")
    stands.edit("manufacturer: Varian", "manufacturer: SIEMENS")
    assert "No changes." in stands.ok("plan").said
    assert "memory/device/ct-1" not in stands.ok("status").said


def test_a_reserved_title_is_told_and_falls_due_when_its_day_is_near(small):
    small.edit("pacsconf: {", "pacsconf: {quarantine: 20d, ")
    small.applied()
    small.edit("manufacturer: GE,", "manufacturer: GE, lifecycle: retired,")
    small.ok("plan", "--out", "plan.json")
    small.ok("apply", "plan.json")
    until = TODAY + timedelta(days=20)
    ran = small.ok("status")
    assert f"reserved 1 name not to be given away yet · CT2 (memory) until {until:%d %b %Y}" in ran.said
    assert f"! {until:%d %b %Y}, in 20 days: CT2 may be given away (memory)" in ran.said


def test_what_a_person_must_key_in_is_told_until_it_is_live(repository, tmp_path, memory):
    systems = f"""\
systems: {{memory: {{type: memory, file: "{tmp_path}/memory.json", mode: write, waits: [device]}}}}
environments: {{lab: {{dial: {{"*": none}}}}}}
"""
    one = "devices: {ct-1: {type: modality, ae_title: CT1, host: 10.20.4.17, port: 104}}\n"
    hospital = repository(hospital=one, systems=systems)
    hospital.applied()
    ran = hospital.ok("status")
    assert "waiting 1 for a person to key in" in ran.said
    assert f"? memory: device ct-1 is to be created, since {TODAY:%d %b %Y}" in ran.said
    memory.add("memory/device/ct-1", installed=True, hosts=["10.20.4.17:104"])
    assert "waiting" not in hospital.ok("status").out
    assert "waiting" in hospital.ok("status", "--offline").out, "the record alone cannot know"


def test_what_waits_at_a_console_names_its_sheet_and_how_to_say_that_it_is_done(repository):
    systems = """\
systems: {ris: {type: console, ae: archive/ARCHIVE, mode: write, contact: "Ms Roth, 4711"}}
environments: {lab: {dial: {"*": none}}}
"""
    hospital = repository(hospital=HOSPITAL, systems=systems)
    hospital.applied()
    (sheet,) = (hospital.path / "sheets").glob("ris-*.html")
    ran = hospital.ok("status")
    assert "? ris: peer CT1 is to be created, since" in ran.said
    assert f"ris: sheet sheets/{sheet.name}, Ms Roth, 4711" in ran.said
    assert "pacsconf -e lab attest ris\n" in ran.out
    hospital.ok("attest", "ris", "--reason", "keyed in")
    assert "waiting" not in hospital.ok("status").out


def test_what_falls_due_names_its_line(stands):
    near, past = TODAY + timedelta(days=3), TODAY - timedelta(days=2)
    stands.file("baseline").write_text(
        "baseline:\n"
        f"  a: {{rule: PACS-X-001, at: devices.ct-1, owner: radiology, until: {past}}}\n"
        f"  b: {{rule: PACS-X-001, at: devices.mr-1, owner: radiology, until: {near}}}\n"
        f"  c: {{rule: PACS-X-001, at: devices.mr-2, owner: radiology, until: {near + timedelta(days=90)}}}\n"
    )
    ran = stands.ok("status")
    assert "due 1 overdue, 1 within 30 days" in ran.said
    assert "2 days ago: PACS-X-001 at devices.ct-1 is accepted no longer" in ran.said
    assert "in 3 days: PACS-X-001 at devices.mr-1" in ran.said
    assert "mr-2" not in ran.out
    assert ran.out.endswith("Next: edit inventory/baseline.yaml:2\n")


def test_a_record_that_was_deleted_is_unknown_and_the_systems_are_told(stands):
    stands.git("update-ref", "-d", "refs/heads/pacsconf/lab")
    ran = stands.ok("status")
    assert "lab · the record is unknown" in ran.out
    assert "record unknown, so nothing is applied or deleted: pacsconf/lab was deleted here" in ran.said


def test_a_directory_that_refuses_is_an_error_and_the_record_is_told(hospital, tmp_path):
    hospital.applied()
    with slapd.started(
        tmp_path / "shut", slapd.Options(tls=False, access=("access to * by * none",))
    ) as shut:
        systems = f"""\
systems:
  directory: {{type: dicom-directory, url: "{shut.url}", base: "dc=hospital,dc=example", timeout: 5}}
environments: {{other: {{}}}}
"""
        hospital.file("systems").write_text(systems)
        ran = hospital.run("status")
    assert ran.code == 1
    assert "other · no record yet" in ran.out
    assert "! directory reading " in ran.said
