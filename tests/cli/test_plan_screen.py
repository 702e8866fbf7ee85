"""What is said beside a plan about the record that it was computed from."""

from __future__ import annotations

from pacsconf.cli.plan_screen import note_record
from pacsconf.cli.screen import Screen
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.plan import Basis, Plan
from pacsconf.record.branch import Tip
from pacsconf.record.contents import Contents
from pacsconf.record.state import RecordState

TIP = Tip("c0ffee1", "c0ffee1", "c0ffee1")


def said(capsys, record: RecordState, behind: str = "none") -> str:
    note_record(Screen(color=None), record, lambda commit: commit == behind)
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_nothing_is_said_of_a_record_that_is_whole_and_free(capsys):
    assert said(capsys, RecordState(TIP)) == ""


def test_a_remote_that_does_not_answer_is_told(capsys):
    record = RecordState(TIP, note="origin does not answer: timed out; the record may be newer there")

    assert said(capsys, record) == "note  origin does not answer: timed out; the record may be newer there\n"


def test_an_open_change_set_is_told(capsys):
    plan = Plan("lab", Basis("", "", "", "", "", "2026-11-24"))
    opened = ChangeSet(
        id="20261124-162917-bdb0",
        plan=plan,
        operator="M. Weber <m@x.example>",
        runner="root@vm:1",
        opened="2026-11-24T16:29:17Z",
        lease_until="2026-11-24T16:44:17Z",
    )

    assert said(capsys, RecordState(TIP, contents=Contents(changeset=opened))) == (
        "note  change set 20261124-162917-bdb0 is open, so what is shown may still move:\n"
        "   M. Weber <m@x.example> is applying, or was cut off (lease until 24 Nov 2026\n"
        "   16:44 UTC)\n"
    )


def test_an_inventory_that_misses_what_was_applied_last_is_told(capsys):
    plan = Plan("lab", Basis("", "", "", "a6afffe0-dirty", "", "2026-11-24"))
    closed = ChangeSet("id", plan, "M. Weber", "vm", "", "", status="closed")

    assert said(capsys, RecordState(TIP, contents=Contents(changeset=closed)), behind="a6afffe0") == (
        "note  the last apply was of inventory a6afffe, which is not part of what is\n"
        "   checked out here: what others changed may show as to be taken back. Bring\n"
        "   their commits here first: git pull\n"
    )
