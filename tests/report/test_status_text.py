"""The morning screen: what stands where, and what to type next."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Outcome
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.compare import Difference
from pacsconf.core.finding import Finding
from pacsconf.core.plan import Basis, Plan
from pacsconf.policy.audit import Point
from pacsconf.report import status
from pacsconf.report.as_json import status_json
from pacsconf.report.lines import plain
from pacsconf.report.status import (
    Accepting,
    Applied,
    Console,
    Drift,
    DueDay,
    Held,
    Lock,
    Pending,
    Seen,
    Status,
    StillLive,
    ToLookAt,
    Trouble,
    Waiting,
)
from pacsconf.report.status_text import next_step, status_text
from tests.dicom.probe.runs import a_run, a_target, healthy, left_alone, shut

NOW = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
CT = Address.parse("directory/device/ct-1")
PEER = Address.parse("ris/peer/CT_ER_2")
QUIET = Status(
    "production",
    NOW,
    "pacsconf -e production",
    applied=Applied(
        "20261122-140000-3eb7", NOW - timedelta(days=2), "M. Weber", "ci@runner-3:17", ticket="PR 118"
    ),
    drift=Drift(0, None, 0),
    pending=Pending(0, 0, "", ()),
)
BUSY = replace(
    QUIET,
    drift=Drift(3, NOW - timedelta(days=2, hours=4), 1),
    pending=Pending(2, 0, "1 to create, 1 to change on 2 devices", ("GUARD-REMOVE is tripped",)),
    troubles=(Trouble("orthanc", "https://orthanc.example.org cannot be reached: nothing listens there"),),
    wire=(
        Seen("ct-1/CT1", "healthy", "echo 3 ms", NOW - timedelta(days=2)),
        Seen("mr-1/MR1", "failing", "connection refused", NOW - timedelta(days=9)),
        Seen("us-1/US1", "asleep", "silent", NOW - timedelta(days=2)),
    ),
    waiting=(Waiting(PEER, "update", NOW - timedelta(days=4), "20261120-090000-aaaa"),),
    consoles=(Console("ris", "Ms Roth, 4711", "sheets/ris-20261120-090000-aaaa.html"),),
    held=(Held(CT, "vendor on site", "M. Weber", NOW - timedelta(hours=5)),),
    reserved={Address.parse("directory/unique-ae-title/CT_OLD"): date(2027, 2, 22)},
    due=(
        DueDay(date(2026, 11, 21), "PACS-X-001 at devices.ct-1 is accepted no longer", "inventory/b.yaml:3"),
        DueDay(date(2026, 12, 6), "ct-1 is on loan and goes back to Siemens", "inventory/ct.yaml:9"),
    ),
)


def screen(*found: Status, due: tuple[DueDay, ...] = ()) -> str:
    return plain(status_text(found, due))


def test_a_quiet_morning_is_four_lines():
    assert screen(QUIET) == (
        "production · last apply 2 days ago by M. Weber (PR 118) on ci@runner-3 ·\n"
        "             no lock\n"
        "  drift       none\n"
        "  pending     nothing to apply\n"
        "Nothing to do today.\n"
    )


def test_a_busy_morning_tells_all_on_one_screen():
    assert screen(BUSY) == (
        "production · last apply 2 days ago by M. Weber (PR 118) on ci@runner-3 ·\n"
        "             no lock\n"
        "  ! orthanc   https://orthanc.example.org cannot be reached: nothing listens\n"
        "              there\n"
        "  drift       3 resources, the oldest 2 days ago, 22 Nov 2026 03:30 UTC; of 1 it\n"
        "              is not told                           pacsconf -e production drift\n"
        "  pending     1 to create, 1 to change on 2 devices  pacsconf -e production plan\n"
        "  refused     apply would refuse this plan\n"
        "              ✗ GUARD-REMOVE is tripped\n"
        "  wire        1 of 3 healthy, 1 failing, 1 asleep, last tried 2 days ago\n"
        "                                                    pacsconf -e production probe\n"
        "              ✗ mr-1/MR1 connection refused (9 days ago)\n"
        "  waiting     1 for a person to key in; the plan shows the values\n"
        "                                                     pacsconf -e production plan\n"
        "              ? ris: peer CT_ER_2 is to be changed, since 20 Nov 2026 (4 days)\n"
        "              ris: sheet sheets/ris-20261120-090000-aaaa.html, Ms Roth, 4711\n"
        "              keyed in at ris?  pacsconf -e production attest ris\n"
        "  held        1 resource left alone by every apply\n"
        '              = directory/device/ct-1: "vendor on site", M. Weber, 5 hours ago\n'
        "              let one go  pacsconf -e production release directory/device/ct-1\n"
        "  reserved    1 name not to be given away yet\n"
        "              · CT_OLD (directory) until 22 Feb 2027\n"
        "  due         1 overdue, 1 within 30 days\n"
        "              ! 21 Nov 2026, 3 days ago: PACS-X-001 at devices.ct-1 is accepted\n"
        "                no longer (inventory/b.yaml:3)\n"
        "              ! 06 Dec 2026, in 12 days: ct-1 is on loan and goes back to\n"
        "                Siemens (inventory/ct.yaml:9)\n"
        "Next: pacsconf -e production doctor\n"
    )


def test_the_last_audit_is_told_with_what_was_unknown():
    states = {"fail": 2, "unknown": 5, "waived": 1, "pass": 60, "n/a": 9}
    last = Point("20261120-090000-aaaa", "2026-11-20T09:00:00Z", "f69062d", states, {"high": 2})
    assert (
        "  audit       3 days ago: 2 failed (2 high) · 5 unknown · 1 waived · 60 passed\n"
        "                                pacsconf -e production show 20261120-090000-aaaa\n"
        "Next: pacsconf -e production show 20261120-090000-aaaa\n"
    ) in screen(replace(QUIET, audited=last))


def test_what_falls_due_in_every_environment_is_told_once():
    text = screen(QUIET, replace(QUIET, environment="test"), due=(BUSY.due[0],))
    assert text.endswith(
        "all environments\n"
        "  due         1 overdue\n"
        "              ! 21 Nov 2026, 3 days ago: PACS-X-001 at devices.ct-1 is accepted\n"
        "                no longer (inventory/b.yaml:3)\n"
        "Next: edit inventory/b.yaml:3\n"
    )
    assert text.count("PACS-X-001") == 1


def test_acceptance_runs_that_are_not_signed_are_told_with_how_to_see_them():
    found = replace(
        QUIET,
        accepting=(
            Accepting("dx-rad-3", 11, 20, 0),
            Accepting("mr-9", 20, 20, 0, ("pacs-admin",), ("clinical-lead",)),
            Accepting("ct-9", 8, 20, 2),
        ),
    )
    said = screen(found)
    assert (
        "  acceptance  dx-rad-3: 11 of 20 steps, not signed\n"
        "                               pacsconf -e production commission dx-rad-3 --show\n"
        "              mr-9: 20 of 20 steps, signed by pacs-admin, not by clinical-lead\n"
        "                                   pacsconf -e production commission mr-9 --show\n"
        "              ct-9: 8 of 20 steps, 2 failed, not signed\n"
    ) in said
    assert said.endswith("Next: pacsconf -e production commission dx-rad-3 --show\n")
    assert all(len(row) <= 80 for row in said.splitlines())


def test_who_can_sign_in_and_must_not_is_told_before_what_changed_and_once():
    open_door = "Orthanc pacs lets anybody in over REST, without a password"
    refused = Pending(0, 0, "", (f"{open_door} (ORTHANC-REST-OPEN)", "GUARD-REMOVE is tripped"))
    shown = screen(replace(QUIET, logins=(open_door,), pending=refused))
    assert shown.count("lets anybody in") == 1
    assert "  logins      who should not can sign in" in shown
    assert shown.index("logins") < shown.index("drift")
    assert "GUARD-REMOVE is tripped" in shown
    assert next_step(replace(QUIET, logins=(open_door,))) == "pacsconf -e production plan"


def test_an_accepted_open_door_is_not_told_every_morning():
    door = Finding("ORTHANC-REST-OPEN", "warning", "it is open")
    other = Finding("ORTHANC-USERS-MISSING", "warning", "somebody is missing")
    assert status.logins([door, replace(door, accepted="until then"), other]) == ("it is open",)


def test_of_a_long_list_the_first_few_are_shown_and_the_rest_is_counted():
    many = tuple(replace(BUSY.waiting[0], address=Address.of("ris", "peer", f"CT{n}")) for n in range(9))
    text = screen(replace(QUIET, waiting=many))
    assert "9 for a person to key in" in text
    assert text.count("is to be changed") == 5
    assert "… 4 more\n" in text


def test_where_a_device_failed_there_is_something_to_do():
    text = screen(replace(QUIET, wire=BUSY.wire))
    assert "1 failing" in text
    assert text.endswith("Next: pacsconf -e production probe\n")


def test_a_running_apply_is_told_and_nothing_is_to_be_typed():
    lock = Lock("20261124-070000-aaaa", "J. Doe", "jdoe@ws-3:9", NOW + timedelta(minutes=8), ended=False)
    text = screen(replace(QUIET, lock=lock))
    assert "J. Doe is applying on jdoe@ws-3, until 24 Nov 2026 07:38 UTC at\n" in text
    assert "no lock" not in text
    assert text.endswith("Nothing to do today.\n")


def test_an_apply_that_was_cut_off_names_both_ways_out():
    lock = Lock("20261124-040000-aaaa", "J. Doe", "jdoe@ws-3:9", NOW - timedelta(hours=3), ended=True)
    text = screen(replace(BUSY, lock=lock))
    assert "its time ran out 3 hours ago" in text
    assert "carry it to its end  pacsconf -e production resume\n" in text
    assert 'give it up           pacsconf -e production unlock --reason "..."\n' in text
    assert text.endswith("Next: pacsconf -e production resume\n")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replace(QUIET, record="not begun", applied=None), "no record yet"),
        (replace(QUIET, record="unknown", applied=None, why="it was rewritten"), "the record is unknown"),
        (replace(QUIET, record="unreadable", applied=None), "the record cannot be read"),
        (replace(QUIET, applied=None), "nothing was applied yet · no lock"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_record_without_an_apply_says_why(found, said):
    assert screen(found).startswith(f"production · {said}\n")


def test_why_the_record_is_unknown_stands_below():
    why = "pacsconf/production was rewritten. Compare aaa with bbb"
    refused = Pending(0, 0, "", (why,))
    text = screen(replace(QUIET, record="unknown", applied=None, why=why, pending=refused))
    assert "record      unknown, so nothing is applied or deleted: pacsconf/production was\n" in text
    assert "refused" not in text, "it is said once"
    assert "drift " not in text


def test_a_name_of_others_cannot_act_on_the_terminal():
    held = Held(CT, "\x1b[2Jgone", "M. \u202eWeber", NOW)
    text = screen(replace(QUIET, held=(held,)))
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("more", "command"),
    [
        ({}, ""),
        ({"offline": True}, "status"),
        ({"waiting": BUSY.waiting}, "plan"),
        ({"pending": Pending(2, 0, "2 to create", ())}, "plan --out plan.json"),
        ({"pending": Pending(0, 2, "2 to create", ())}, ""),
        ({"drift": Drift(1, None, 1), "pending": Pending(2, 0, "2 to create", ())}, "drift"),
        ({"pending": Pending(2, 0, "2 to create", ("it is refused",)), "drift": Drift(1, None, 1)}, "plan"),
        ({"record": "not begun"}, "record init"),
        ({"troubles": (Trouble("directory", "down"),), "record": "not begun"}, "doctor"),
        ({"troubles": (Trouble("plan", "a cycle"),)}, "plan"),
        ({"troubles": (Trouble("record", "no git"),), "record": "unreadable"}, ""),
    ],
)
def test_the_next_step_is_what_stands_in_the_way_of_all_else(more, command):
    expected = f"pacsconf -e production {command}" if command else ""
    assert next_step(replace(QUIET, **more)) == expected


def test_a_lab_is_started_without_naming_its_environment():
    found = replace(
        QUIET, environment="lab", command="pacsconf --chdir x -e lab", troubles=(Trouble("lab", "not up"),)
    )
    assert next_step(found) == "pacsconf --chdir x lab up"


# --- the parts --------------------------------------------------------------------------------------------------

BASIS = Basis("", "", "", "3f2a9c1", "", "2026-11-24")
OTHER = Address.parse("directory/device/mr-1")
CLOSED = ChangeSet(
    "20261122-140000-3eb7",
    Plan("production", BASIS),
    "M. Weber <mweber@example.org>",
    "ci@runner-3:17",
    "2026-11-22T14:00:00Z",
    "",
    "closed",
    closed="2026-11-22T14:02:00Z",
)


def test_the_oldest_drift_is_the_one_that_was_changed_first():
    drifts = tuple(Difference(address, None, None, None, "drift") for address in (CT, OTHER, PEER))
    changed = {CT: NOW - timedelta(days=1), OTHER: NOW - timedelta(days=3)}
    found = status.drift(Plan("production", BASIS, drifts=drifts), changed)
    assert found == Drift(3, NOW - timedelta(days=3), 1)


def test_the_last_apply_tells_how_it_ended_only_where_that_matters():
    done = Outcome(CT, "create", "applied")
    handed = Outcome(PEER, "create", "waiting")
    failed = Outcome(OTHER, "create", "failed", "no")
    assert status.applied(replace(CLOSED, outcomes=(done, handed))).result == ""
    ended = status.applied(replace(CLOSED, outcomes=(done, failed)))
    assert (ended.by, ended.result) == ("M. Weber", "1 of 2 changes done, 1 failed")


def test_the_wire_is_counted_by_target_as_a_plan_does():
    over_tls = shut(target=a_target(connection="tls"))
    run = a_run(shut("mr-1", "MR1", verdict="asleep"), over_tls, healthy(), left_alone("us-1", "US1"))
    found = [(one.subject, one.verdict) for one in status.wire(run.sightings)]
    assert found == [("ct-1/CT1", "healthy"), ("ct-1/CT1", "failing"), ("mr-1/MR1", "asleep")]


# --- people


def seen(**more) -> list[str]:
    return plain(status_text([replace(QUIET, **more)])).splitlines()


def test_access_that_has_ended_stands_above_all_else():
    two = (
        StillLive("ada", "ended 2026-11-23", ("accounts",)),
        StillLive("bob", "has left", ("a", "b"), waits=True),
    )
    first, second, *_, last = seen(still_live=two)
    assert f"{first} {second.strip()}" == (
        "!! 2 users of production with access that has ended: ada ended 2026-11-23 (accounts), "
        "bob has left (a, b, asked of the identity team)"
    )
    assert last == "Next: pacsconf -e production apply --due"


@pytest.mark.parametrize(
    ("one", "command"),
    [
        (StillLive("ada", "qc ended 2026-11-23", ("accounts",)), "apply --due"),
        (StillLive("ada", "has left", ("accounts",)), "plan --out plan.json"),
        (StillLive("ada", "has left", ("accounts",), waits=True), "render accounts-sheet"),
    ],
    ids=["a day has come", "left otherwise", "somebody was asked"],
)
def test_what_takes_it_away_is_what_comes_next(one, command):
    assert next_step(replace(QUIET, still_live=(one,))).removeprefix("pacsconf -e production ") == command


def test_of_many_with_access_the_first_few_are_named():
    many = tuple(StillLive(f"u{n}", "has left", ("accounts",)) for n in range(8))
    said = " ".join(" ".join(seen(still_live=many)).split())
    assert "8 users of production" in said
    assert "u4 has left (accounts), and 3 more" in said
    assert "u5" not in said


def test_what_somebody_else_has_to_look_at_says_until_when():
    late = ToLookAt("ada", "M. Weber", NOW - timedelta(days=5), date(2026, 11, 23))
    soon = ToLookAt("bob", "M. Weber", NOW, date(2026, 11, 26))
    said = " ".join(" ".join(seen(offboarded=(late, soon))).split())
    assert "look at 2 for somebody else to look at" in said
    assert "ada, whose access M. Weber took away at once 5 days ago; until 23 Nov 2026, which is over" in said
    assert "bob, whose access M. Weber took away at once just now; until 26 Nov 2026" in said
    assert 'pacsconf -e production offboard ada --looked-at --reason "..."' in said


def test_what_was_asked_of_the_identity_team_is_said_as_the_plan_says_it():
    ada = Address.of("accounts", "user", "ada")
    asked = Waiting(ada, "update", NOW - timedelta(days=4), "20261120-090000-aaaa", "disable the account ada")
    assert "? accounts: disable the account ada, since 20 Nov 2026 (4 days)" in screen(
        replace(QUIET, asked=(asked,))
    )


def test_what_falls_due_is_told_by_its_day_wherever_it_is_written():
    review = DueDay(date(2026, 12, 10), "review AR-1 is to be answered")
    leaves = DueDay(date(2026, 11, 27), "ada leaves", "inventory/people.yaml:3")
    shown = screen(replace(QUIET, due=(review,)), due=(leaves,))
    assert shown.index("ada leaves") < shown.index("review AR-1")


def test_machines_get_the_same_in_json():
    body = json.loads(status_json([BUSY], BUSY.due))
    environment = body["environments"][0]
    assert body["format_version"] == 1
    assert environment["applied"]["at"] == "2026-11-22T07:30:00+00:00"
    assert environment["waiting"][0] == {
        "address": "ris/peer/CT_ER_2",
        "action": "update",
        "since": "2026-11-20T07:30:00+00:00",
        "changeset": "20261120-090000-aaaa",
        "what": "",
    }
    assert environment["reserved"] == {"directory/unique-ae-title/CT_OLD": "2027-02-22"}
    assert environment["lock"] is None
    assert body["due"][0]["place"] == "inventory/b.yaml:3"
