"""Choosing what a plan is about: targets, excludes, holds, and what is nobody's here."""

from __future__ import annotations

import pytest


@pytest.fixture
def two_edits(small):
    """Two devices declared differently from what is live."""
    small.applied()
    small.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    small.edit("manufacturer: GE", "manufacturer: Philips")
    return small


def changed(hospital, *args):
    return [
        change["after"]["address"] for change in hospital("plan", "--format", "json", *args).json["changes"]
    ]


def test_a_target_is_planned_alone(two_edits):
    assert changed(two_edits) == ["memory/device/ct-1", "memory/device/ct-2"]
    assert changed(two_edits, "--target", "memory/device/ct-2") == ["memory/device/ct-2"]


def test_an_exclude_is_left_out(two_edits):
    assert changed(two_edits, "--exclude", "memory/device/ct-2") == ["memory/device/ct-1"]


def test_a_target_brings_what_it_needs(small):
    wanted = ["memory/device/ct-1", "memory/title/CT1", "memory/entity/ct-1/CT1"]
    assert changed(small, "--target", "memory/entity/ct-1/CT1") == wanted


def test_an_exclude_that_others_need_is_refused_by_name(small):
    ran = small("plan", "--exclude", "memory/title/CT1")
    assert ran.code == 5
    assert "refused what is excluded is needed by other changes - memory/title/CT1 is needed" in ran.said


@pytest.mark.parametrize("flag", ["--target", "--exclude", "--repair"])
def test_a_pattern_that_names_nothing_is_an_error(small, flag):
    ran = small("plan", flag, "memory/device/ct-9")
    assert ran.code == 1
    assert f'error {flag} "memory/device/ct-9" names nothing that is declared, live or recorded' in ran.said


def test_the_next_step_repeats_the_choice(two_edits):
    ran = two_edits.ok("plan", "--target", "memory/device/ct-*")
    assert ran.out.endswith("Next: pacsconf -e lab plan --target 'memory/device/ct-*' --out plan.json\n")


def test_a_system_that_is_left_out_is_not_even_read(two_edits, memory):
    two_edits.git("update-ref", "-d", "refs/heads/pacsconf/lab")  # no record could tell that it exists
    (two_edits.path / ".git" / "pacsconf").rename(two_edits.path / "forgotten")
    memory.path.write_text("broken")
    assert two_edits("plan").code == 1
    assert "No system was read." in two_edits.ok("plan", "--exclude", "memory").out


def test_what_is_nobodys_here_is_counted_and_listed_when_asked_for(small, memory):
    small.applied()
    memory.add("memory/device/theirs", description="not ours", installed=True)
    counted = small.ok("plan").out
    assert "1 unmanaged (--show-unmanaged)" in counted
    assert "memory/device/theirs" not in counted
    assert "    memory/device/theirs\n" in small.ok("plan", "--show-unmanaged").out


def test_a_hold_is_shown_skipped_and_ends_by_release(two_edits):
    held = two_edits.ok("hold", "memory/device/ct-1", "--reason", "the vendor asked for a week")
    assert "  held  memory/device/ct-1\n" in held.out
    plan = two_edits.ok("plan", "--out", "plan.json")
    assert "Held: not applied until released or declared otherwise ~ memory/device/ct-1" in plan.said
    assert "1 to change on 1 device · 1 held" in plan.out
    assert "1 of 1 change done" in two_edits.ok("apply", "plan.json").out

    alone = two_edits.ok("plan", "--detailed-exitcode")
    assert "1 held" in alone.out
    assert "  released  memory/device/ct-1\n" in two_edits.ok("release", "memory/device/ct-1").out
    assert two_edits("plan", "--detailed-exitcode").code == 2


def test_a_hold_ends_when_something_else_is_declared(two_edits):
    two_edits.ok("hold", "memory/device/ct-1", "--reason", "wait")
    two_edits.edit("manufacturer: Varian", "manufacturer: Canon")
    assert "memory/device/ct-1" in changed(two_edits)


def test_only_what_is_held_can_be_released(two_edits):
    ran = two_edits("release", "memory/device/ct-1")
    assert ran.code == 1
    assert '"memory/device/ct-1" is not held' in ran.err
