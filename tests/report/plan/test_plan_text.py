import unicodedata
from dataclasses import replace

import pytest

from pacsconf.core.plan import Basis, Plan
from pacsconf.report.lines import plain, width_of
from pacsconf.report.plan.guards_text import refusals_text
from pacsconf.report.plan.plan_text import plan_text
from pacsconf.report.view import View


def test_a_working_days_plan(plan, view, golden):
    golden("plan.txt", plain(plan_text(plan, view)))


def test_everything_beside_ordinary_changes(busy_plan, view, golden):
    golden("plan-busy.txt", plain(plan_text(busy_plan, replace(view, show_unmanaged=True, next_step=""))))


def test_verbose_shows_every_field_of_every_entry(plan, view, golden):
    golden("plan-verbose.txt", plain(plan_text(plan, replace(view, verbose=True, width=110))))


def test_of_very_many_new_ones_only_the_heads_are_shown(first_plan, view, golden):
    golden("plan-first.txt", plain(plan_text(first_plan, replace(view, plan_file="", next_step=""))))


def test_nothing_to_change_says_what_was_compared():
    basis = Basis("", "", "", "3f2a9c1d-dirty", "", "2026-11-24")
    plan = Plan("lab", basis, counts={"directory": 212, "orthanc": 1})
    assert plain(plan_text(plan, View())) == (
        "Plan for lab · inventory 3f2a9c1 with uncommitted changes\n"
        "  directory    212 resources read\n"
        "  orthanc         1 resource read\n"
        "\n"
        "No changes. 212 resources of directory, 1 resource of orthanc compared with what\n"
        "the inventory declares.\n"
    )


def test_nothing_to_change_is_not_called_well_while_something_drifted(plan, view):
    shown = plain(plan_text(replace(plan, changes=(), guards=()), view))
    assert "No changes to make; see below for what is not as declared." in shown


def test_a_plan_that_was_not_saved_is_let_through_by_its_digest(busy_plan):
    one_guard = replace(busy_plan, guards=busy_plan.guards[:1])
    digest = one_guard.digest[:8]
    chosen = f"--expect {digest} --target 'directory/*'"
    command = f'pacsconf -e production apply {chosen} --ack {digest}:GUARD-REMOVE --reason "..."'
    shown = " ".join(plain(refusals_text(one_guard, View())).split())
    assert f"If that is right: {command}" in shown


def test_several_tripped_guards_are_let_through_by_one_command(busy_plan, view):
    digest = busy_plan.digest[:8]
    acks = f"--ack {digest}:GUARD-REMOVE --ack {digest}:GUARD-VANISHED"
    shown = plain(refusals_text(busy_plan, view))
    assert f'      pacsconf -e production apply plan.json {acks} --reason "..."\n' in shown


def test_without_a_refusal_nothing_is_said(plan, view):
    assert refusals_text(plan, view) == ()


def test_the_default_environment_needs_no_flag(plan):
    shown = plain(plan_text(replace(plan, environment="default"), View()))
    assert "pacsconf plan --repair directory/network-connection/mr-1/dicom" in shown


@pytest.mark.parametrize("name", ["plan", "busy_plan", "first_plan"])
@pytest.mark.parametrize("verbose", [False, True], ids=["short", "verbose"])
def test_eighty_columns_suffice_for_all_but_what_is_copied_whole(name, verbose, view, request):
    plan = request.getfixturevalue(name)
    lines = plan_text(plan, replace(view, verbose=verbose, show_unmanaged=True))
    too_wide = [plain((this,)).strip(" +~-!?\n") for this in lines if width_of(this) > 80]
    assert [text for text in too_wide if " " in text and not text.startswith("pacsconf -e")] == []


@pytest.mark.parametrize("name", ["plan", "busy_plan"])
def test_a_wide_terminal_is_used_up_to_where_the_eye_can_follow(name, view, request):
    plan = request.getfixturevalue(name)
    assert plan_text(plan, replace(view, width=400)) == plan_text(plan, replace(view, width=120))


def test_what_live_systems_hold_never_acts_on_the_terminal(hostile_plan):
    shown = plain(plan_text(hostile_plan, View(show_unmanaged=True, verbose=True)))
    acting = [char for char in shown if unicodedata.category(char) in ("Cc", "Cf") and char != "\n"]
    assert acting == []
    assert r"\x1b]0;owned\x07\x1b[2J" in shown
    assert r"\u202egpj.exe\u2069" in shown
    assert r'"CT\xa01"' in shown
