"""A change set is taken back, as its users meet it: shown, asked, held, proposed, and taken back again."""

from __future__ import annotations

import json

import pytest

from pacsconf.cli.plan_file import load_plan
from tests import ldif_compare
from tests.e2e.conftest import HOSPITAL, Directory, Hospital, Memory, Ran
from tests.e2e.test_reload import begun

CT_1 = "memory/device/ct-1"
SIEMENS, VARIAN = "manufacturer: SIEMENS", "manufacturer: Varian"


@pytest.fixture
def stands(small: Hospital) -> Hospital:
    small.applied()
    return small


def applied(hospital: Hospital, *acks: str) -> str:
    """Everything that differs now is applied. Returns the id of the change set."""
    hospital("plan", "--out", "plan.json")
    digest = json.loads(hospital.plan_file.read_text())["digest"][:8]
    given = [word for ack in acks for word in ("--ack", f"{digest}:{ack}")]
    ran = hospital("apply", "plan.json", *given, *(["--reason", "a test"] if acks else []))
    assert ran.code == 0, ran
    return last(hospital)


def last(hospital: Hospital) -> str:
    """The id of the change set that was closed last."""
    entries = hospital.ok("history", "--format", "json").json["entries"]
    return next(one["id"] for one in entries if one["kind"] == "closed")


def digest_of(hospital: Hospital, changeset: str) -> str:
    ran = hospital("rollback", changeset, "--format", "json")
    assert ran.code in (0, 5), ran
    digest: str = ran.json["digest"]
    return digest[:8]


def taken_back(hospital: Hospital, changeset: str, *more: str) -> Ran:
    """The change set is taken back by somebody who looked at the plan."""
    return hospital.ok("rollback", changeset, "--expect", digest_of(hospital, changeset), *more)


# --- the whole way --------------------------------------------------------------------------------------------


def test_what_was_applied_is_taken_back_held_and_proposed_for_the_inventory(stands: Hospital, memory: Memory):
    before = memory.entries()
    stands.edit(SIEMENS, VARIAN)
    commit = stands.git("rev-parse", "HEAD")
    changeset = applied(stands)
    assert memory.entries() != before

    ran = taken_back(stands, changeset, "--reason", "the archive refused it")
    assert memory.entries() == before
    assert "1 of 1 change done" in ran.said
    assert "1 resource held as the inventory has them now" in ran.said
    assert f"pacsconf -e lab release {CT_1}" in ran.said
    assert f"git revert {commit[:10]}" in ran.said

    plan = stands.ok("plan", "--detailed-exitcode")
    assert "Held: not applied until released or declared otherwise" in plan.out
    assert "No changes to make" in plan.out
    assert "rolled back: the archive refused it" in stands.git("show", "pacsconf/lab:held.json")

    stands.git("revert", "--no-edit", commit[:10])
    again = stands.ok("plan", "--detailed-exitcode")
    assert "No changes." in again.out
    assert "Held" not in again.out


def test_devices_that_came_went_and_changed_are_as_before_in_a_directory(
    hospital: Hospital, directory: Directory
):
    hospital.applied()
    before = ldif_compare.of_server(directory.server)
    hospital.remove("mr-2")
    hospital.edit("host: 10.20.4.17, port: 104", "host: 10.20.4.99, port: 11112")
    hospital.edit(
        "  ws-1:",
        "  us-1: {profile: mr, site: main, ae_title: US1, host: 10.20.6.1, port: 104}\n  ws-1:",
    )
    changeset = applied(hospital, "GUARD-VANISHED")
    assert ldif_compare.differences(before, ldif_compare.of_server(directory.server))

    ran = taken_back(hospital, changeset)
    assert ldif_compare.differences(before, ldif_compare.of_server(directory.server)) == []
    assert "Does not come back" in ran.out
    assert "what pacsconf does not model of it was not recorded" in ran.said
    assert "No changes to make" in hospital.ok("plan", "--detailed-exitcode").out


def test_a_rollback_is_taken_back_too_and_what_it_held_is_held_no_longer(stands: Hospital, memory: Memory):
    stands.edit(SIEMENS, VARIAN)
    changeset = applied(stands)
    after = memory.entries()
    taken_back(stands, changeset)
    ran = taken_back(stands, last(stands))
    assert memory.entries() == after
    assert "held as the inventory" not in ran.said
    plan = stands.ok("plan", "--detailed-exitcode")
    assert "No changes. " in plan.said


def test_what_is_reverted_in_the_inventory_first_is_taken_back_and_not_held(stands: Hospital, memory: Memory):
    before = memory.entries()
    stands.edit(
        "  ws-1:", "  ct-3: {profile: ct, site: main, ae_title: CT3, host: 10.20.4.19, port: 104}\n  ws-1:"
    )
    changeset = applied(stands)
    stands.git("revert", "--no-edit", "HEAD")
    ran = taken_back(stands, changeset)
    assert memory.entries() == before
    assert "held as the inventory" not in ran.said
    assert "git revert" not in ran.said


# --- how it is asked for --------------------------------------------------------------------------------------


def test_nothing_is_taken_back_where_nobody_is_asked_and_the_way_on_is_said(stands: Hospital, memory: Memory):
    stands.edit(SIEMENS, VARIAN)
    changeset = applied(stands)
    after = memory.entries()
    ran = stands("rollback", changeset)
    assert ran.code == 5
    assert f"Rollback of change set {changeset} on lab" in ran.said
    assert "Varian → SIEMENS" in ran.said
    assert "nothing was taken back: nobody is here to be asked" in ran.said
    assert f"pacsconf -e lab rollback {changeset} --expect {digest_of(stands, changeset)}" in ran.said
    assert memory.entries() == after


def test_a_person_is_asked(stands: Hospital, memory: Memory):
    before = memory.entries()
    stands.edit(SIEMENS, VARIAN)
    changeset = applied(stands)
    assert stands.on_terminal("rollback", changeset, answers="no\n").code == 5
    assert stands.on_terminal("rollback", changeset, answers="yes\n").code == 0
    assert memory.entries() == before


def test_a_saved_plan_is_applied_like_any_other(stands: Hospital, memory: Memory):
    before = memory.entries()
    stands.edit(SIEMENS, VARIAN)
    changeset = applied(stands)
    saved = stands.ok("rollback", changeset, "--out", "back.json")
    assert "pacsconf -e lab apply back.json" in saved.said
    assert f"Rollback of change set {changeset}" in stands.ok("show", "back.json").said
    ran = stands.ok("apply", "back.json")
    assert "held as the inventory has them now" in ran.said
    assert memory.entries() == before
    shown = stands.ok("show", last(stands)).said
    assert f"takes back {changeset}" in shown
    assert stands("apply", "back.json").code == 6


def test_markdown_and_json_say_what_is_taken_back_and_apply_nothing(stands: Hospital, memory: Memory):
    stands.edit(SIEMENS, VARIAN)
    changeset = applied(stands)
    after = memory.entries()
    assert (
        f"## Rollback of change set {changeset} on lab"
        in stands.ok("rollback", changeset, "--format", "markdown").out
    )
    body = stands.ok("rollback", changeset, "--format", "json").json
    assert body["options"]["rollback"] == [changeset]
    assert [one["action"] for one in body["changes"]] == ["update"]
    assert memory.entries() == after


def test_another_digest_than_the_expected_one_is_stale(stands: Hospital):
    stands.edit(SIEMENS, VARIAN)
    changeset = applied(stands)
    ran = stands("rollback", changeset, "--expect", "0123456789")
    assert ran.code == 6
    assert f"pacsconf -e lab rollback {changeset}" in ran.said


@pytest.mark.parametrize(
    "words", [["--expect", "0123"], ["--expect", "01234567", "--out", "x.json"]], ids=["short", "out"]
)
def test_words_that_do_not_go_together_are_wrong_usage(stands: Hospital, words: list[str]):
    assert stands("rollback", last(stands), *words).code == 64


def test_a_change_set_that_is_not_there_is_an_error(stands: Hospital):
    ran = stands("rollback", "20200101-000000-abcd")
    assert ran.code == 1
    assert 'holds no change set "20200101-000000-abcd"' in ran.said


def test_one_that_was_abandoned_did_what_nobody_recorded(stands: Hospital):
    stands.edit(SIEMENS, VARIAN)
    stands.ok("plan", "--out", "plan.json")
    begun(stands, load_plan(stands.plan_file))
    entries = stands.ok("history", "--format", "json").json["entries"]
    opened = next(one["id"] for one in entries if one["kind"] == "open")
    assert stands("rollback", opened).code == 7
    stands.ok("unlock", "--reason", "it died")
    ran = stands("rollback", opened)
    assert ran.code == 1
    assert f"change set {opened} is abandoned: what became of its changes is not recorded" in ran.said


# --- what stands, and what not --------------------------------------------------------------------------------


def test_what_somebody_changed_since_is_left_and_told(stands: Hospital, memory: Memory):
    stands.edit(SIEMENS, VARIAN)
    stands.edit("manufacturer: GE", "manufacturer: Canon")
    changeset = applied(stands)
    memory.set(CT_1, manufacturer="Philips")
    shown = stands("rollback", changeset)
    assert "Left as it is" in shown.out
    assert "was changed since: manufacturer is Philips now, not Varian" in shown.said
    assert "1 to change on 1 device · 1 left as it is" in shown.said
    taken_back(stands, changeset)
    entries = memory.entries()
    assert entries[CT_1]["fields"]["manufacturer"] == "Philips"
    assert entries["memory/device/ct-2"]["fields"]["manufacturer"] == "GE"


def test_taken_back_twice_nothing_is_left_to_do(stands: Hospital):
    stands.edit(SIEMENS, VARIAN)
    changeset = applied(stands)
    taken_back(stands, changeset)
    again = stands.ok("rollback", changeset)
    assert "Nothing is left to take back." in again.out
    assert "is as it was before already" in again.said
    with_digest = stands.ok("rollback", changeset, "--expect", digest_of(stands, changeset))
    assert "Nothing is left to take back." in with_digest.out


def test_guards_count_a_rollback_as_they_count_any_plan(stands: Hospital, memory: Memory):
    changeset = last(stands)
    shown = stands("rollback", changeset)
    assert shown.code == 5
    assert "refused[GUARD-REMOVE] 6 of 6 devices of memory" in shown.said
    assert "GUARD-VANISHED" not in shown.said
    digest = digest_of(stands, changeset)
    assert f"rollback {changeset} --expect {digest} --ack {digest}:GUARD-REMOVE" in shown.said
    ack = ("--ack", f"{digest}:GUARD-REMOVE", "--reason", "the wrong hospital")
    stands.ok("rollback", changeset, "--expect", digest, *ack)
    assert memory.entries() == {}
    assert "held" in stands.ok("plan", "--detailed-exitcode").said


def test_a_system_that_is_only_read_by_now_is_not_written(stands: Hospital, memory: Memory):
    stands.edit(SIEMENS, VARIAN)
    changeset = applied(stands)
    stands.edit("mode: write", "mode: read-only", file="systems")
    after = memory.entries()
    ran = stands("rollback", changeset, "--expect", digest_of(stands, changeset))
    assert ran.code == 5
    assert "every change is in a read-only system (memory)" in ran.said
    assert memory.entries() == after


def test_a_system_that_is_declared_no_longer_keeps_what_was_applied(stands: Hospital):
    stands.edit(SIEMENS, VARIAN)
    changeset = applied(stands)
    stands.file("systems").write_text('environments: {lab: {dial: {"*": none}}}\n')
    stands.commit("no system")
    ran = stands.ok("rollback", changeset)
    assert "system memory is not looked at here" in ran.said
    assert "Nothing is left to take back." in ran.out


def test_only_what_is_targeted_is_taken_back(stands: Hospital, memory: Memory):
    stands.edit(SIEMENS, VARIAN)
    stands.edit("manufacturer: GE", "manufacturer: Canon")
    changeset = applied(stands)
    ran = stands("rollback", changeset, "--target", CT_1, "--format", "json")
    digest = ran.json["digest"][:8]
    stands.ok("rollback", changeset, "--target", CT_1, "--expect", digest)
    entries = memory.entries()
    assert entries[CT_1]["fields"]["manufacturer"] == "SIEMENS"
    assert entries["memory/device/ct-2"]["fields"]["manufacturer"] == "Canon"


def test_an_inventory_that_was_not_committed_has_no_commit_to_revert(stands: Hospital):
    stands.file().write_text(HOSPITAL.replace(SIEMENS, VARIAN))
    ran = taken_back(stands, applied(stands))
    assert "git revert" not in ran.said
    assert "was made of files that were not committed" in ran.said
