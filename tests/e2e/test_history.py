"""What was done can be read again: history, show, and the forms for machines and reviewers."""

from __future__ import annotations

import json
import re

import pytest


@pytest.fixture
def lived(small, memory):
    """The hospital applied with a reason and a ticket, then one drift and one pending change."""
    small.ok("record", "init", "--reason", "begin")
    small.ok("plan", "--out", "plan.json")
    small.ok("apply", "plan.json", "--reason", "first rollout", "--ticket", "RAD-1")
    memory.set("memory/device/ct-2", manufacturer="General Electric")
    small.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    small.ok("plan", "--out", "plan.json")
    return small


def changeset_id(hospital) -> str:
    found = re.search(r"\[(\d{8}-\d{6}-[0-9a-f]{4})\]", hospital.ok("history").out)
    assert found
    return found[1]


def test_history_tells_newest_first_who_did_what_and_why(lived):
    head, _, *rows = lived.ok("history").out.splitlines()
    assert head == "History of lab, 3 entries"
    told = " ".join(" ".join(rows).split())
    assert re.search(r"closed Maria Weber 18 applied · first rollout .* open .* init Maria Weber", told)


def test_history_is_cut_to_as_many_as_are_asked_for(lived):
    assert "1 entry" in lived.ok("history", "--limit", "1").out


def test_a_change_set_is_shown_by_its_id_and_by_its_commit(lived):
    by_id = lived.ok("show", changeset_id(lived))
    commit = lived.git("rev-parse", "pacsconf/lab")
    assert lived.ok("show", commit[:10]).out == by_id.out
    for words in ("Maria Weber <mweber@example.org>", "first rollout", "RAD-1", "18 of 18 changes done"):
        assert words in by_id.out


def test_a_saved_plan_is_shown_as_it_was_planned(lived):
    shown = lived.ok("show", "plan.json").out
    assert "~ memory/device/ct-1" in shown
    assert "manufacturer      SIEMENS → Varian" in shown


def test_what_is_not_there_to_be_shown_says_where_to_look(lived):
    ran = lived("show", "20260101-000000-ffff")
    assert ran.code == 1
    assert 'pacsconf/lab holds no change set "20260101-000000-ffff" fix pacsconf -e lab history' in ran.said


@pytest.mark.parametrize(
    ("command", "code", "key"),
    [
        (["plan", "--format", "json"], 0, "changes"),
        (["drift", "--format", "json"], 2, "drifts"),
        (["history", "--format", "json"], 0, "entries"),
        (["validate", "--format", "json"], 0, "findings"),
        (["show", "plan.json", "--format", "json"], 0, "changes"),
    ],
    ids=["plan", "drift", "history", "validate", "show"],
)
def test_every_reading_command_has_a_form_for_machines(lived, command, code, key):
    ran = lived(*command)
    assert ran.code == code
    assert ran.json["format_version"] == 1
    assert isinstance(ran.json[key], list)


def test_a_change_set_has_a_form_for_machines(lived):
    told = lived.ok("show", changeset_id(lived), "--format", "json").json
    assert told["format_version"] == 1
    assert [one["status"] for one in told["outcomes"]] == ["applied"] * 18
    assert told["ticket"] == "RAD-1"


def test_the_drift_of_machines_names_the_three_sides(lived):
    (drift,) = lived("drift", "--format", "json").json["drifts"]
    assert drift["address"] == "memory/device/ct-2"
    (field,) = drift["fields"]
    assert (field["last"], field["live"], field["declared"]) == ("GE", "General Electric", "GE")


def test_the_plan_of_machines_is_the_plan_that_apply_takes(lived):
    lived.plan_file.write_text(lived.ok("plan", "--format", "json").out)
    lived.ok("apply", "plan.json")


def test_the_plan_of_reviewers_is_markdown_with_a_headline_and_collapsible_parts(lived):
    text = lived.ok("plan", "--format", "markdown").out
    assert text.startswith("<!-- pacsconf plan lab -->\n## Plan for lab: 1 to change on 1 device\n")
    assert text.count("<details") == text.count("</details>") == 2
    assert "1 drifted" in text


def test_the_repository_may_have_its_own_form_of_the_plan_of_reviewers(lived):
    (lived.path / "templates").mkdir()
    (lived.path / "templates" / "plan.md.j2").write_text("Ours: {{ headline }}\n")
    assert lived.ok("plan", "--format", "markdown").out == "Ours: 1 to change on 1 device\n"


def test_json_on_stdout_is_alone_there(lived):
    ran = lived.run("--log", "-e", "lab", "plan", "--format", "json")
    assert json.loads(ran.out)["environment"] == "lab"
    assert "read 18 resources of memory" in ran.err
