"""What is applied is what was looked at: saved plans, digests, a person's yes, and guards let through by name."""

from __future__ import annotations

import json

import pytest

NEXT = "memory/device/ct-1"


@pytest.fixture
def edited(small):
    """Everything applied, then one manufacturer declared differently."""
    small.applied()
    small.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    small.ok("plan", "--out", "plan.json")
    return small


def digest(hospital) -> str:
    stated: str = json.loads(hospital.plan_file.read_text())["digest"]
    return stated[:8]


# --- who may say yes ----------------------------------------------------------------------------------------


def test_without_a_plan_and_without_a_person_nothing_is_applied(edited, memory):
    ran = edited("apply")
    assert ran.code == 5
    assert "refused apply needs a reviewed plan when nobody is here to be asked" in ran.said
    assert "pacsconf -e lab plan --out plan.json pacsconf -e lab apply plan.json" in ran.said
    assert memory.entries()[NEXT]["fields"]["manufacturer"] == "SIEMENS"


def test_a_person_who_says_yes_gets_it(edited, memory):
    ran = edited.on_terminal("apply", answers="yes\n")
    assert ran.code == 0
    assert "manufacturer      SIEMENS → Varian" in ran.out
    assert "Only yes is taken as yes:" in ran.err
    assert ran.err.rindex("\x1b[?25h") > ran.err.rindex("\x1b[?25l"), "the cursor is left hidden"
    assert memory.entries()[NEXT]["fields"]["manufacturer"] == "Varian"


@pytest.mark.parametrize("answer", ["no\n", "y\n", "\n", "\x04"], ids=["no", "y", "nothing", "end"])
def test_everything_but_yes_is_a_no(edited, memory, answer):
    ran = edited.on_terminal("apply", answers=answer)
    assert ran.code == 5
    assert "not applied: the answer was not yes" in ran.said
    assert memory.entries()[NEXT]["fields"]["manufacturer"] == "SIEMENS"


def test_on_a_terminal_apply_offers_to_begin_the_record(small):
    ran = small.on_terminal("apply", answers="y\nyes\n")
    assert ran.code == 0
    assert "lab has no record yet. Begin it now (pacsconf record init)? [y/N]" in ran.said
    assert "History of lab, 3 entries" in small.ok("history").out


def test_without_a_record_nothing_is_applied(small):
    small.ok("plan", "--out", "plan.json")
    ran = small("apply", "plan.json")
    assert ran.code == 5
    assert "lab has no record yet: nothing could say later what was applied" in ran.said
    assert ran.err.endswith("fix  pacsconf -e lab record init\n")


def test_the_expected_digest_is_as_good_as_the_file(edited):
    assert "1 of 1 change done" in edited.ok("apply", "--expect", digest(edited)).out


def test_another_digest_than_the_expected_one_is_stale(edited):
    ran = edited("apply", "--expect", "0123456789")
    assert ran.code == 6
    assert f"the plan has digest {digest(edited)} now, not the expected 01234567" in ran.said


@pytest.mark.parametrize(
    "args",
    [
        ["plan.json", "--expect", "0123456789"],
        ["plan.json", "--repair", NEXT],
        ["plan.json", "--target", NEXT],
        ["plan.json", "--exclude", NEXT],
        ["--expect", "0123"],
    ],
)
def test_what_was_reviewed_is_said_in_one_way(edited, args):
    ran = edited("apply", *args)
    assert ran.code == 64
    assert ran.err.startswith("usage: Invalid value for")


# --- saved plans --------------------------------------------------------------------------------------------


def test_a_plan_that_was_edited_is_told_from_one_that_was_made(edited):
    edited.plan_file.write_text(edited.plan_file.read_text().replace("Varian", "Evil"))
    ran = edited("apply", "plan.json")
    assert ran.code == 1
    assert "the plan was edited after it was made: its contents do not match its digest" in ran.said
    assert "Change the inventory instead" in ran.said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{}", "this is not a plan of format version 1"),
        ("[", "plan.json is no plan"),
        ("\xff", "plan.json is no plan"),
        ('{"format_version": 1}', "the plan is damaged"),
        ("[" * 100_000, "plan.json is no plan"),
    ],
    ids=["empty", "cut", "bytes", "damaged", "deep"],
)
def test_a_file_that_is_no_plan_is_refused_in_words(edited, content, words):
    edited.plan_file.write_text(content, encoding="latin-1")
    ran = edited("apply", "plan.json")
    assert ran.code == 1
    assert words in ran.said


def test_a_plan_that_is_not_there_says_how_to_make_it(edited):
    ran = edited("apply", "none.json")
    assert ran.code == 1
    assert "the plan none.json cannot be read: No such file" in ran.said


def test_live_changed_where_the_plan_writes_makes_it_stale_and_shows_the_difference(edited, memory):
    memory.set(NEXT, manufacturer="Canon")
    ran = edited("apply", "plan.json")
    assert ran.code == 6
    assert f"plan {digest(edited)} no longer fits" in ran.said
    assert f"- {NEXT}: live manufacturer was SIEMENS then, is Canon now" in ran.said
    assert memory.entries()[NEXT]["fields"]["manufacturer"] == "Canon"


def test_the_inventory_changed_where_the_plan_writes_makes_it_stale(edited):
    edited.edit("manufacturer: Varian", "manufacturer: Canon")
    ran = edited("apply", "plan.json")
    assert ran.code == 6
    assert f"- {NEXT}: declared manufacturer was Varian then, is Canon now" in ran.said


def test_a_plan_that_was_applied_is_stale(edited):
    edited.ok("apply", "plan.json")
    ran = edited("apply", "plan.json")
    assert ran.code == 6
    assert f"nothing of plan {digest(edited)} is left to do: it was applied already" in ran.said


def test_drift_elsewhere_does_not_make_a_plan_stale_and_is_left_alone(edited, memory):
    memory.set("memory/device/mr-1", manufacturer="Canon")
    assert "1 of 1 change done" in edited.ok("apply", "plan.json").out
    assert memory.entries()["memory/device/mr-1"]["fields"]["manufacturer"] == "Canon"


def test_a_new_change_elsewhere_does_not_make_a_plan_stale_and_is_not_applied(edited, memory):
    edited.edit("manufacturer: GE", "manufacturer: Canon")
    assert "1 of 1 change done" in edited.ok("apply", "plan.json").out
    assert memory.entries()["memory/device/ct-2"]["fields"]["manufacturer"] == "GE"


def test_another_commit_of_the_record_does_not_make_a_plan_stale(edited):
    edited.ok("hold", "memory/device/mr-1", "--reason", "an unrelated matter")
    edited.ok("apply", "plan.json")


def test_a_plan_goes_where_it_was_made_for(small, tmp_path):
    small.edit("environments: {lab: {", "environments: {practice: {}, lab: {", "systems")
    config = tmp_path / "operator.toml"
    config.write_text('[environments]\nwrite = ["practice"]\n')
    small.applied()
    small.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    small.ok("plan", "--out", "plan.json")
    allowed = {"PACSCONF_CONFIG": str(config)}
    assert small.run("-e", "practice", "record", "init", env=allowed).code == 0
    ran = small.run("-e", "practice", "apply", "plan.json", env=allowed)
    assert ran.code == 6
    assert "it was made for environment lab, this is practice" in ran.said


def test_an_environment_that_the_operator_file_does_not_name_is_not_written(small):
    small.edit("environments: {lab: {", "environments: {practice: {}, lab: {", "systems")
    ran = small.run("-e", "practice", "apply", "--expect", "01234567")
    assert ran.code == 5
    assert "the operator file does not let environment practice be written from here" in ran.said
    assert '[environments]\n        write = ["practice"]' in ran.err


# --- clash and drift ----------------------------------------------------------------------------------------


def test_changed_outside_and_in_the_inventory_is_applied_only_when_asked_by_name(edited, memory):
    memory.set(NEXT, manufacturer="Canon")
    plan = edited.ok("plan", "--out", "plan.json")
    assert "changed outside and in the inventory: neither wins until you choose" in plan.said
    assert "manufacturer last SIEMENS · live Canon · declared Varian" in plan.said
    assert "nothing was written" in edited.ok("apply", "plan.json").out
    assert memory.entries()[NEXT]["fields"]["manufacturer"] == "Canon"

    edited.ok("plan", "--repair", NEXT, "--out", "plan.json")
    edited.ok("apply", "plan.json")
    assert memory.entries()[NEXT]["fields"]["manufacturer"] == "Varian"


def test_a_system_that_enforces_puts_drift_back_without_being_asked(small, memory):
    small.applied()
    memory.set(NEXT, manufacturer="Canon")
    small.edit("mode: write", "mode: write, on_drift: enforce", "systems")
    small.ok("plan", "--out", "plan.json")
    small.ok("apply", "plan.json")
    assert memory.entries()[NEXT]["fields"]["manufacturer"] == "SIEMENS"


# --- read-only ----------------------------------------------------------------------------------------------


def test_a_read_only_system_is_shown_and_never_written(edited, memory):
    edited.edit("mode: write", "mode: read-only", "systems")
    plan = edited.ok("plan", "--out", "plan.json")
    assert f"~ {NEXT} read-only" in plan.said
    assert "1 read-only, never executed" in plan.out
    ran = edited("apply", "plan.json")
    assert ran.code == 5
    assert "every change is in a read-only system (memory); set `mode: write` there to change it" in ran.said
    assert memory.entries()[NEXT]["fields"]["manufacturer"] == "SIEMENS"


def test_a_record_of_a_read_only_system_can_be_begun(small, memory):
    small.edit("mode: write", "mode: read-only", "systems")
    memory.add(NEXT, manufacturer="SIEMENS", installed=True, hosts=["10.20.4.17:104"])
    assert "1 resource" in small.ok("record", "init").out
    assert memory.entries().keys() == {NEXT}


def test_with_a_record_that_was_rewritten_even_nothing_to_do_is_refused(small):
    """What would have to be deleted is not known then, so that nothing to do may not be true."""
    small.applied()
    small.git("branch", "--force", "pacsconf/lab", "pacsconf/lab~2")

    ran = small("apply", "--expect", small("plan", "--format", "json").json["digest"])

    assert ran.code == 5
    assert "was rewritten" in ran.said
