from dataclasses import replace

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.report.lines import plain
from pacsconf.report.plan.changes_text import changes_text
from pacsconf.report.plan.group import groups, highest_risk
from pacsconf.report.view import View


def test_changes_are_gathered_by_what_a_person_counts(plan):
    found = [(str(group.root), group.action, len(group.contained)) for group in groups(plan.changes)]
    assert found == [
        ("directory/device/ct-er-1", "update", 2),
        ("directory/device/ct-er-2", "create", 11),
        ("directory/device/us-old", "delete", 2),
        ("directory/unique-ae-title/CT_ER_2", "create", 0),
    ]


def test_the_order_of_the_plan_makes_no_difference(plan, view):
    assert changes_text(plan.changes, view) == changes_text(tuple(reversed(plan.changes)), view)


def test_the_highest_risk_is_that_of_the_worst_change(plan):
    assert highest_risk(plan.changes) == "access"
    assert highest_risk(()) == "none"


def test_a_lone_change_is_shown_by_its_whole_address(plan):
    moved = next(change for change in plan.changes if change.action == "update")
    assert plain(changes_text((moved,), View())) == (
        "  ~ directory/network-connection/ct-er-1/dicom                            access\n"
        "      hostname          10.20.4.17 → 10.20.7.17\n"
    )


def test_what_is_special_about_a_change_is_said_beside_it(plan):
    moved = next(change for change in plan.changes if change.action == "update")
    special = replace(moved, takes_over=True, repairs=True, mode="read-only", risk="data-loss")
    head = plain(changes_text((special,), View(width=100))).splitlines()[0]
    assert head.endswith("takes over · repair · read-only · data-loss")


def test_a_value_too_long_for_a_line_is_folded_without_losing_a_character(plan):
    made = next(change for change in plan.changes if str(change.address) == "directory/device/ct-er-2")
    text = "x" * 200
    long = replace(made, after=made.state.with_fields({"description": text}))
    shown = plain(changes_text((long,), View()))
    assert shown.replace("\n", "").replace(" ", "").endswith(f"description{text}")
    assert max(map(len, shown.splitlines())) <= 80


def test_what_an_entry_holds_stands_below_a_name_that_leaves_no_room_beside_it(plan):
    scanner = next(change for change in plan.changes if str(change.address) == "directory/device/ct-er-2")
    name = "CT_ER_2/modality-worklist-information-model-find-scu"
    where = Address.parse(f"directory/transfer-capability/ct-er-2/{name}")
    made = replace(scanner, after=State(where, scanner.root, {"role": "SCU", "sop_class": "1.2"}))
    shown = plain(changes_text((scanner, made), View())).splitlines()
    at = shown.index(f"      + transfer-capability {name}")
    assert shown[at + 1].split() == ["role", "SCU,", "sop_class", "1.2"]
