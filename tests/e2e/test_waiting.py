"""Changes that a person must make by hand: handed over, listed while they wait, closed by what is live."""

from __future__ import annotations

import re

import pytest

DEVICE, ENTITY = "memory/device/ct-1", "memory/entity/ct-1/CT1"
ONE = "devices: {ct-1: {type: modality, ae_title: CT1, host: 10.20.4.17, port: 104, manufacturer: SIEMENS}}\n"


@pytest.fixture
def by_hand(repository, tmp_path):
    """One scanner on a system where only a person can change devices."""
    systems = f"""\
systems: {{memory: {{type: memory, file: "{tmp_path}/memory.json", mode: write, waits: [device]}}}}
environments: {{lab: {{dial: {{"*": none}}}}}}
"""
    made = repository(hospital=ONE, systems=systems)
    made.ok("record", "init")
    made.ok("plan", "--out", "plan.json")
    return made


def key_in(memory, manufacturer="SIEMENS"):
    memory.add(DEVICE, manufacturer=manufacturer, installed=True, hosts=["10.20.4.17:104"])


def test_what_a_person_must_do_is_handed_over_and_waiting_alone_is_no_failure(by_hand, memory):
    ran = by_hand.ok("apply", "plan.json")
    assert re.search(rf"waiting {DEVICE} (\d+ ms )?a person must create this by hand", ran.said)
    assert f"waiting {ENTITY} what it needs is for a person to do" in ran.said
    assert "1 of 3 changes done, 2 for a person to do" in ran.out
    assert "Next: fix the cause" not in ran.out
    assert memory.entries().keys() == {"memory/title/CT1"}


def test_what_waits_is_listed_and_is_no_change(by_hand):
    by_hand.ok("apply", "plan.json")
    plan = by_hand.ok("plan", "--detailed-exitcode")
    keyed = plan.out.partition("Waiting for a person")[2]
    assert f"? {DEVICE}\n" in keyed
    assert "manufacturer" in keyed
    assert f"then follows  {ENTITY}" in keyed
    assert "2 waiting" in plan.out


def test_what_was_keyed_in_is_recorded_and_what_waited_for_it_follows(by_hand, memory):
    by_hand.ok("apply", "plan.json")
    key_in(memory)
    plan = by_hand("plan", "--detailed-exitcode", "--out", "plan.json")
    assert plan.code == 2
    assert f"+ {ENTITY}" in plan.out
    assert "waiting" not in plan.out
    by_hand.ok("apply", "plan.json")
    assert ENTITY in memory.entries()
    assert "No changes." in by_hand.ok("plan", "--detailed-exitcode").out
    by_hand.ok("drift")


def test_a_typing_mistake_at_the_console_is_seen(by_hand, memory):
    by_hand.ok("apply", "plan.json")
    key_in(memory, manufacturer="SIMENS")
    plan = by_hand("plan", "--detailed-exitcode")
    assert "SIMENS → SIEMENS" in plan.said


def test_a_change_that_waits_no_longer_when_something_else_is_declared(by_hand):
    by_hand.ok("apply", "plan.json")
    by_hand.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    assert by_hand("plan", "--detailed-exitcode").code == 2
    by_hand.edit("manufacturer: Varian", "manufacturer: SIEMENS")
    assert by_hand("plan", "--detailed-exitcode").code == 0


def test_an_update_by_hand_waits_too(by_hand, memory):
    by_hand.ok("apply", "plan.json")
    key_in(memory)
    by_hand.ok("plan", "--out", "plan.json")
    by_hand.ok("apply", "plan.json")
    by_hand.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    by_hand.ok("plan", "--out", "plan.json")
    assert "1 for a person to do" in by_hand.ok("apply", "plan.json").out
    memory.set(DEVICE, manufacturer="Varian")
    assert "No changes." in by_hand.ok("plan", "--detailed-exitcode").out
    by_hand.ok("drift")


def test_what_is_not_declared_any_more_is_asked_of_nobody(by_hand):
    """Neither declared nor live nor owned: only the record remembers it, until the next apply."""
    by_hand.ok("apply", "plan.json")
    by_hand.edit(ONE.strip(), "devices: {}")
    plan = by_hand.ok("plan", "--out", "plan.json")
    assert "Out of the record" in plan.out
    by_hand.ok("apply", "plan.json")
    assert "Out of the record" not in by_hand.ok("plan").out
    assert by_hand.git("show", "pacsconf/lab:waiting.json").strip() == "[]"
