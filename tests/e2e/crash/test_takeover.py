"""Whoever comes after a killed apply, or beside a living one: another clone, a new apply, a person who unlocks."""

from __future__ import annotations

import pytest

from tests.e2e.crash.hospital import AFTER_THE_LEASE, SECOND, git, killed, require_shut_out

THIRD = SECOND.replace("Siemens Healthineers", "Siemens Healthineers AG")
FIRST_LAYER = [
    "directory/device/ct-1",
    "directory/device/mr-1",
    "directory/network-ae/us-1/US_1",
    "directory/unique-ae-title/MR_1",
]


@pytest.mark.parametrize(
    "point",
    [
        "open.published",
        "open.after",
        "write.sent*5",
        "write.after*9",
        "outcomes.half*5",
        "renewed.published",
        "closed.written",
    ],
)
def test_killed_in_one_clone_it_is_resumed_in_another(one, cloned, point):
    two = cloned("two")
    killed(one, point)
    require_shut_out(two)
    resumed = two.run("resume", later=AFTER_THE_LEASE)
    assert (resumed.code, "9 of 9 changes done" in resumed.text) == (0, True), resumed.text
    two.require_converged()
    one.require_converged()


@pytest.mark.parametrize("point", ["closed.published", "finish.after"])
def test_closed_in_the_remote_is_closed_for_every_clone(one, cloned, point):
    killed(one, point)
    cloned("two").require_converged()
    one.require_converged()


def test_killed_before_the_push_nobody_else_sees_it(one, cloned):
    two = cloned("two")
    killed(one, "open.written")
    assert two.run("apply", two.stage.plan).code == 0
    two.require_converged()
    one.require_converged()


def test_whoever_resumes_may_be_killed_too(one, cloned):
    two = cloned("two")
    killed(one, "write.sent*3")
    again = two.run("resume", later=AFTER_THE_LEASE, point="write.after", nth=2)
    assert again.code == -9
    shut_out = one.run("resume", later=AFTER_THE_LEASE)
    assert (shut_out.code, "its lease runs until" in shut_out.text) == (7, True)
    assert one.run("resume", later=2 * AFTER_THE_LEASE).code == 0
    one.require_converged()
    two.require_converged()


@pytest.mark.parametrize("point", ["open.after", "write.sent*5", "outcomes.half*9", "closed.written"])
def test_the_same_apply_again_carries_it_to_its_end(alone, point):
    killed(alone, point)
    ran = alone.run("apply", alone.stage.plan, later=AFTER_THE_LEASE)
    assert (ran.code, "9 of 9 changes done" in ran.text) == (0, True), ran.text
    assert "was left open; it is carried to its end first." in ran.text
    alone.require_converged()


def test_a_new_apply_first_resumes_and_then_plans_afresh(alone):
    killed(alone, "write.after*2")
    alone.declare(THIRD, "inventory: the maker of ct-1 has another name")
    ran = alone.run("apply", answer="yes\n", later=AFTER_THE_LEASE)
    assert ran.code == 0, ran.text
    before, after = ran.text.index("9 of 9 changes done"), ran.text.index("1 of 1 change done")
    assert before < after
    live = {**alone.stage.entries}
    dn = "dicomDeviceName=ct-1,cn=Devices,cn=DICOM Configuration,dc=hospital,dc=example"
    live[dn] = {**live[dn], "dicomManufacturer": [b"Siemens Healthineers AG"]}
    assert alone.stage.directory.entries() == live
    assert alone.run("plan", "--detailed-exitcode", later=AFTER_THE_LEASE).code == 0


def test_what_the_journal_knows_to_be_applied_is_not_done_again(alone):
    """Somebody puts a value back after the crash: that is drift to be shown, not a change to be repeated."""
    killed(alone, "write.after*5")
    dn = "dicomDeviceName=ct-1,cn=Devices,cn=DICOM Configuration,dc=hospital,dc=example"
    assert alone.stage.directory.pacsconf.modify(dn, {"dicomManufacturer": [("MODIFY_REPLACE", ["SIEMENS"])]})
    assert alone.run("resume", later=AFTER_THE_LEASE).code == 0
    assert alone.stage.directory.entries()[dn]["dicomManufacturer"] == [b"SIEMENS"]
    drifted = alone.run("drift", later=AFTER_THE_LEASE)
    assert drifted.code == 2
    assert ["live", "SIEMENS"] in [line.split() for line in drifted.text.splitlines()]


def test_what_was_handed_to_a_person_is_not_handed_over_again(alone):
    console = "  console: {type: memory, file: ../console.json, mode: write, waits: [device]}\nenvironments:"
    inventory = alone.path / "inventory" / "systems.yaml"
    inventory.write_text(inventory.read_text().replace("environments:", console))
    alone.git("commit", "-q", "-a", "-m", "inventory: a console that a person edits")
    plan = str(alone.plan())
    assert alone.run("apply", plan, point="closed.before").code == -9
    resumed = alone.run("resume", later=AFTER_THE_LEASE, point="intents.before")  # would die of any intent
    assert (resumed.code, "11 of 15 changes done, 4 for a person to do" in resumed.text) == (0, True)
    assert len([line for line in resumed.text.splitlines() if " waiting  " in line]) == 4
    planned = alone.run("plan", "--detailed-exitcode", later=AFTER_THE_LEASE)
    assert planned.code == 0, planned.text


def test_a_directory_that_is_down_keeps_nobody_out_for_another_lease(alone):
    killed(alone, "write.after*2")
    inventory = alone.path / "inventory" / "systems.yaml"
    up = inventory.read_text()
    inventory.write_text(up.replace(alone.stage.directory.slapd.url, "ldap://127.0.0.1:1"))
    head = alone.record_head()
    refused = alone.run("resume", later=AFTER_THE_LEASE)
    assert refused.code in (5, 9), refused.text
    assert alone.record_head() == head
    inventory.write_text(up)
    assert alone.run("resume", later=AFTER_THE_LEASE).code == 0
    alone.require_converged()


def test_a_system_that_is_declared_no_more_is_named(alone):
    killed(alone, "write.after*2")
    inventory = alone.path / "inventory" / "systems.yaml"
    declared = inventory.read_text()
    inventory.write_text(declared.replace("  directory:", "  elsewhere:"))
    refused = alone.run("resume", later=AFTER_THE_LEASE)
    assert refused.code == 1, refused.text
    words = " ".join(refused.text.split())
    assert "changes systems that the inventory does not declare any more: directory" in words
    inventory.write_text(declared)
    assert alone.run("resume", later=AFTER_THE_LEASE).code == 0
    alone.require_converged()


# --- beside a living run ----------------------------------------------------------------------------------------


def test_a_run_that_was_unlocked_stops_at_its_next_layer(alone):
    living = alone.stopped("apply", alone.stage.plan, point="write.after", nth=2)
    unlocked = alone.run("unlock", "--reason", "the runner is gone")
    assert unlocked.code == 0, unlocked.text
    ended = living.end()
    assert ended.code == 8, ended.text
    words = " ".join(ended.text.split())
    assert "abandoned by Maria Weber <mweber@example.org>" in words
    assert "(the runner is gone). What was done so far is in the journal of this clone" in words
    assert alone.journal() == dict.fromkeys(FIRST_LAYER, "applied")
    assert alone.run("apply", str(alone.plan())).code == 0
    alone.require_converged()


def test_a_run_that_slept_through_its_lease_finds_its_work_done(one, cloned):
    two = cloned("two")
    living = one.stopped("apply", one.stage.plan, point="write.before", nth=2)
    assert two.run("resume", later=AFTER_THE_LEASE).code == 0
    ended = living.end()
    assert ended.code == 8, ended.text
    assert "is not ours any more: closed by Maria Weber" in " ".join(ended.text.split())
    assert one.journal() == dict.fromkeys(FIRST_LAYER, "applied")
    one.require_converged()


def test_a_run_that_is_overtaken_while_closing_keeps_its_outcomes(one, cloned):
    two = cloned("two")
    living = one.stopped("apply", one.stage.plan, point="closed.written")
    assert two.run("unlock", "--reason", "it hangs").code == 0
    ended = living.end()
    assert ended.code == 8, ended.text
    assert sorted(one.journal().values()) == ["applied"] * 9
    assert one.run("apply", str(one.plan())).code == 0
    one.require_converged()


def test_a_run_whose_record_was_deleted_says_so_and_is_resumed(one, server):
    living = one.stopped("apply", one.stage.plan, point="write.after", nth=2)
    head = one.record_head()
    git(server.path, "update-ref", "-d", "refs/heads/pacsconf/test", home=one.stage.home)
    ended = living.end()
    assert ended.code == 8, ended.text
    lost = f"is not ours any more: pacsconf/test was deleted from origin; it was at {head[:10]}."
    assert lost in " ".join(ended.text.split())
    refused = one.run("resume", later=AFTER_THE_LEASE)
    assert (refused.code, "Put it back: git push origin" in " ".join(refused.text.split())) == (5, True)
    one.git("push", "-q", "origin", f"{head}:refs/heads/pacsconf/test")
    assert one.run("resume", later=AFTER_THE_LEASE).code == 0
    one.require_converged()


def test_nobody_resumes_in_the_clone_of_a_living_run(alone):
    living = alone.stopped("apply", alone.stage.plan, point="write.before", nth=2)
    refused = alone.run("resume", later=AFTER_THE_LEASE)
    assert refused.code == 7
    assert f"process {living.pid} on " in refused.text
    assert "is applying from this clone" in refused.text
    assert living.end().code == 0
    alone.require_converged()


def test_of_two_in_one_clone_the_second_is_shut_out(alone):
    first = alone.stopped("apply", alone.stage.plan, point="open.written")
    second = alone.run("apply", alone.stage.plan)
    assert (second.code, "is applying from this clone" in second.text) == (7, True)
    assert first.end().code == 0
    alone.require_converged()


def test_of_two_clones_the_one_that_pushes_first_has_the_lock(one, cloned):
    two = cloned("two")
    late = one.stopped("apply", one.stage.plan, point="open.written")
    early = two.stopped("apply", two.stage.plan, point="intents.before")
    ended = late.end()
    assert (ended.code, "is open on test: by Maria Weber" in ended.text) == (7, True), ended.text
    assert one.journal() == {}
    assert early.end().code == 0
    one.require_converged()
    two.require_converged()


def test_whoever_comes_after_the_other_ended_has_a_stale_plan(one, cloned):
    two = cloned("two")
    late = one.stopped("apply", one.stage.plan, point="open.written")
    assert two.run("apply", two.stage.plan).code == 0
    ended = late.end()
    assert (ended.code, "moved while this was prepared: closed by Maria Weber" in ended.text) == (6, True)
    one.require_converged()


def test_two_at_the_same_moment_are_one_winner_and_one_who_is_told(one, cloned):
    two = cloned("two")
    both = [clone.stopped("apply", clone.stage.plan, point="open.before") for clone in (one, two)]
    for living in both:
        living.go_on()
    codes = sorted(living.clone.end(living.job, living.pid).code for living in both)
    assert codes in ([0, 6], [0, 7])  # 6 when the winner has ended already
    one.require_converged()
    two.require_converged()
