"""`plan --at DAY`: what a day to come brings, shown and never applied."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pacsconf.cli import workspace

TODAY = datetime.now(UTC).date()
AFTER = TODAY + timedelta(days=91)


@pytest.fixture
def retired(small):
    """A device was retired today, so that its title is free again after 90 days."""
    small.applied()
    small.edit("manufacturer: GE,", "manufacturer: GE, lifecycle: retired,")
    small.ok("plan", "--out", "plan.json")
    small.ok("apply", "plan.json")
    small.remove("ct-2")
    return small


def test_a_day_to_come_shows_what_it_brings(retired, memory):
    assert "No changes." in retired.ok("plan").out
    ahead = retired.ok("plan", "--at", str(AFTER))
    assert f"Plan for lab as of {AFTER}" in ahead.out
    assert "- memory/title/CT2" in ahead.out
    assert f"Nothing of it can be applied before {AFTER}." in ahead.said
    assert "Next:" not in ahead.out
    assert retired("plan", "--at", str(AFTER), "--detailed-exitcode").code == 2
    assert "No changes." in retired.ok("plan", "--at", str(TODAY + timedelta(days=89))).out
    assert "memory/title/CT2" in memory.entries()


def test_markdown_and_json_say_which_day_it_is_of(retired):
    told = retired.ok("plan", "--at", str(AFTER), "--format", "json").json
    assert (told["options"]["at"], told["basis"]["as_of"]) == ([str(AFTER)], str(AFTER))
    comment = retired.ok("plan", "--at", str(AFTER), "--format", "markdown").out
    assert f"Nothing of it can be applied before {AFTER}." in comment
    assert "--ack" not in comment


def test_a_look_ahead_is_not_saved_and_what_was_saved_of_one_is_stale(retired, memory):
    refused = retired("plan", "--at", str(AFTER), "--out", "plan.json")
    assert refused.code == 64
    assert "a look ahead is not saved" in refused.said
    kept = retired.path / "ahead.json"
    kept.write_text(retired.ok("plan", "--at", str(AFTER), "--format", "json").out)
    stale = retired("apply", "ahead.json")
    assert stale.code == 6
    assert f"this plan is a look ahead to {AFTER}: nothing of it can be applied before" in stale.said
    assert "memory/title/CT2" in memory.entries()


def test_what_is_planned_of_a_day_to_come_keeps_its_day_when_it_is_spelt_anew(retired):
    made = retired.ok("plan", "--at", str(AFTER), "--format", "json").json
    kept = retired.path / "ahead.json"
    kept.write_text(json.dumps(made, indent=7))
    assert retired("apply", "ahead.json").code == 6
    assert f"as of {AFTER}" in retired.ok("show", "ahead.json").out


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (str(TODAY), "is not to come"),
        ("2020-01-01", "is not to come"),
        ("31.12.2026", "--at"),
        ("2026-02-30", "--at"),
    ],
)
def test_only_a_day_to_come_can_be_looked_ahead_to(small, day, why):
    ran = small("plan", "--at", day)
    assert (ran.code, why in ran.said) == (64, True)


def test_what_a_baseline_accepts_for_a_time_is_told_once_that_is_over(small):
    until = TODAY + timedelta(days=10)
    small.edit("host: 10.20.4.18", "host: 10.20.4.17")
    rule = next(
        one
        for one in small("validate", "--format", "json").json["findings"]
        if one["severity"] in ("error", "warning")
    )
    at = ".".join(rule["path"])
    small.edit(
        "pacsconf:",
        f'baseline:\n  same: {{rule: {rule["rule"]}, at: {at}, owner: me, until: {until}, reason: "x"}}\npacsconf:',
    )

    def accepted(day):
        found = workspace.opened(small.path, "lab", day).findings
        return {bool(one.accepted) for one in found if ".".join(map(str, one.path)) == at}

    assert (accepted(None), accepted(until), accepted(until + timedelta(days=1))) == ({True}, {True}, {False})


def test_what_is_accepted_until_then_only_is_told_and_in_nobodys_way(small):
    until = TODAY + timedelta(days=10)
    later = str(until + timedelta(days=1))
    small.file("people").write_text(
        "users: {room: {kind: shared, owner: pacs-team, purpose: reading, device: ct-1}}\n"
        "baseline:\n"
        f"  room: {{rule: PACS-USR-005, at: users.room, owner: me, until: {until}, reason: as found}}\n"
    )
    small.commit("a shared account")
    ahead = small.ok("plan", "--at", later, "--format", "json")
    wrong = "room is shared by several people (PACS-USR-005)"
    told = f"On {later} the inventory would not stand as it is now: {wrong}."
    assert told in ahead.said
    assert ahead.json["changes"]
    assert told not in small.ok("plan", "--at", str(until)).said
    small.file("people").write_text("users: [")
    assert small("plan", "--at", later).code == 3
