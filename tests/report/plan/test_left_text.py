"""What a plan says of fields that a system's own program writes."""

from __future__ import annotations

from pacsconf.core.address import Address
from pacsconf.core.plan import Basis, Plan
from pacsconf.report.lines import plain
from pacsconf.report.plan.plan_markdown import plan_markdown
from pacsconf.report.plan.sections import left_text
from pacsconf.report.view import View

ARC = Address("directory", "device", "arc")
ENTITY = Address("directory", "network-ae", "arc/ARC")
LEFT = {ENTITY: {"dcm4chee.object_storages": "it is full"}, ARC: {"software_versions": "it starts"}}


def text(**keys):
    return plain(left_text(View(width=100, **keys))).splitlines()


def test_nothing_is_said_of_nothing():
    assert text() == []


def test_one_line_says_how_many_there_are():
    (told,) = text(left=LEFT)
    assert told.startswith("2 fields differ, but are written by a system's own program, and left alone")
    assert text(left={ARC: LEFT[ARC]})[0].startswith("1 field differs, but is written")


def test_all_of_them_are_named_when_it_is_asked_for():
    told = text(left=LEFT, verbose=True)
    assert "    directory/device/arc software_versions: it starts" in told
    assert "    directory/network-ae/arc/ARC dcm4chee.object_storages: it is full" in told
    assert told[-1].strip().startswith("Compared all the same")


def test_a_review_sees_them_too():
    plan = Plan("lab", Basis("", "", "", "", "", "2026-11-26"))
    assert "2 fields left alone" in plan_markdown(plan, View(left=LEFT))
