"""Access, reviews and the report as a person and a machine read them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date

import pytest

from pacsconf.core.review import Decision, Review, ReviewLine
from pacsconf.inventory.people import Grant
from pacsconf.people import access
from pacsconf.people.remarks import looked_at
from pacsconf.people.reviewing import RoleDue
from pacsconf.report.access.access_json import device_json, role_json, user_json
from pacsconf.report.access.access_text import RoleShown, device_text, role_text, user_text
from pacsconf.report.access.known import Applied, Known, Origin
from pacsconf.report.access.remarks_text import Report, report_csv, report_json, report_text
from pacsconf.report.access.review_text import reviews_text, rows_of, sheet_csv, sheet_text
from pacsconf.report.lines import plain
from tests.people.staff import NOW, TODAY, account, accounts_config, device, group, hospital, live, role, user

COVER = Grant(role="chief", until="2026-12-31", reason="cover", ticket="T-1", written=("roles", 1))
OVER = Grant(role="reader", until="2026-11-01", written=("roles", 2))
MM = user("mm", Grant(role="reader", written=("roles", 0)), COVER, OVER, profession="physician", site="main")
ROLES = (
    role("reader", "pacs-reader", permissions=("study:view",), approvers=("role:chief",), review_every=180),
    role("chief", "pacs-chief", permissions=("study:view",), conflicts_with=("reader",), max_holders=3),
)
INVENTORY = hospital((MM,), ROLES, config=accounts_config(nested={"pacs-all": ["pacs-reader"]}))
THERE = live(
    (account("mm", locked=True, expires=date(2027, 1, 1)),),
    group("pacs-reader", "mm"),
    group("desk", "mm"),
    group("pacs-admin", groups=("desk",)),
)
COMMIT = "3f2a9c1" + "0" * 33
KNOWN = Known(
    {
        MM.path: Origin("inventory/people.yaml:4", COMMIT, date(2026, 1, 12), in_git=True),
        (*MM.path, "roles", 1): Origin("inventory/people.yaml:5", in_git=True),
    },
    {"mm": "Max Müller"},
    {("accounts", "pacs-reader"): Applied("2026-11-24T14:12:05Z", "c0ffee1" + "0" * 33)},
)


def test_a_user_is_told_by_roles_permissions_and_ways():
    found = access.of_user(INVENTORY, MM, {"accounts": THERE})
    assert (
        plain(user_text(found, KNOWN, 110))
        == """\
mm (Max Müller)  person, active
  physician · main
  inventory/people.yaml:4, since 3f2a9c1 (12 Jan 2026)

Roles
  +  reader
  +  chief   until 31 Dec 2026 · cover · T-1 · inventory/people.yaml:5, not committed yet
  -  reader  until 01 Nov 2026 · does not count now

Permissions
  study:view  reader, chief

Groups
  !  accounts/desk         live, not declared · live by desk
  !  accounts/pacs-admin   live, not declared · live by desk → pacs-admin
  ✗  accounts/pacs-all     reader → pacs-reader → pacs-all · declared, not live
  ✗  accounts/pacs-chief   chief → pacs-chief · declared, not live
  ✓  accounts/pacs-reader  reader → pacs-reader · declared and live · applied 24 Nov 2026 14:12 UTC (c0ffee1)

Accounts
  ·  accounts  enabled · locked · until 01 Jan 2027 · last seen 26 Nov 2026
"""
    )


def test_an_account_that_lets_in_who_left_is_not_as_declared():
    gone = user("mm", Grant(role="reader"), status="left")
    there = live((account("mm"),), group("pacs-reader"))
    found = access.of_user(hospital((gone,), ROLES), gone, {"accounts": there})
    assert "  !  accounts  enabled, and should not be" in plain(user_text(found, Known(), 80))
    assert json.loads(user_json(found, Known()))["as_declared"] is False
    shut = live((account("mm", enabled=False),), group("pacs-reader"))
    assert access.of_user(hospital((gone,), ROLES), gone, {"accounts": shut}).is_as_declared


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_screen(width):
    found = access.of_user(INVENTORY, MM, {"accounts": THERE})
    rows = plain(user_text(found, KNOWN, width)).splitlines()
    assert max(map(len, rows)) <= max(60, width)


def test_a_user_for_scripts_has_no_name_unless_it_was_asked_for():
    found = access.of_user(INVENTORY, MM)
    body = json.loads(user_json(found, Known()))
    assert "name" not in body["user"]
    assert body["user"]["accounts"] == {}
    assert json.loads(user_json(found, KNOWN))["user"]["name"] == "Max Müller"


def test_what_a_text_hides_is_shown():
    odd = user("mm", Grant(role="reader", reason="\x1b[31mred\u202e"))
    text = plain(user_text(access.of_user(hospital((odd,), ROLES), odd), Known(), 80))
    assert "\\x1b[31mred\\u202e" in text


def test_a_role_is_told_with_who_has_it_and_its_rules():
    due = RoleDue("reader", date(2027, 5, 25), "AR-20261126-1", date(2026, 11, 26))
    found = access.of_role(INVENTORY, ROLES[0], {"accounts": THERE})
    text = plain(role_text(RoleShown(found, due), Known(), 100))
    assert "Holders: 1\n  +  mm\n  -  mm  until 01 Nov 2026 · does not count now\n" in text
    assert "  conflicts with  chief\n" in text
    assert "  approved by     role:chief · now: mm\n" in text
    assert "every 180 days · last 26 Nov 2026 · due 25 May 2027 (AR-20261126-1)" in text
    body = json.loads(role_json(RoleShown(found, due), Known()))["role"]
    assert body["review"] == {"due": "2027-05-25", "last": "2026-11-26", "open": "AR-20261126-1"}


def test_a_role_tells_who_is_otherwise_live():
    found = access.of_role(INVENTORY, ROLES[1], {"accounts": live(("mm", "eve"), group("pacs-chief", "eve"))})
    text = plain(role_text(RoleShown(found), Known(), 80))
    assert "Holders: 1 of at most 3\n" in text
    assert "  !  eve  in accounts/pacs-chief, without the role\n" in text
    assert "  ✗  mm   not in accounts/pacs-chief, though they have the role\n" in text
    assert "  approved by     nobody is named\n" in text


def test_of_very_many_on_a_device_the_first_are_named():
    many = tuple(user(f"u{number:02}", "reader") for number in range(20))
    found = access.of_device(hospital(many, ROLES), device("ct-1", modality=("CT",)))
    short = plain(device_text(found, Known(), 200))
    assert "chief, reader (20): u00, u01" in short
    assert "8 more (--verbose)" in short
    assert "u19" in plain(device_text(found, Known(), 200, verbose=True))
    assert json.loads(device_json(found, Known()))["device"]["permissions"][0]["users"][-1] == "u19"


# --- the report


BEN = user("ben", "reader")


def reported(*systems, **more) -> Report:
    looked = tuple(looked_at(hospital((BEN,), ROLES), one, NOW) for one in systems)
    return Report(TODAY, looked, **more)


def test_a_report_tells_the_worst_first_and_what_to_do():
    found = reported(live(("ben", "eve"), group("pacs-chief", "eve"), group("pacs-reader")))
    assert plain(report_text(found, Known({BEN.path: Origin("inventory/people.yaml:9")}), 90)) == (
        "accounts  2 accounts · 2 groups\n"
        "  error PACS-USR-003 In a group, and not declared at all (1)\n"
        "    ! eve is in pacs-chief\n"
        "      Declare them under users with a role, or take them out: a plan shows how.\n"
        "  warning PACS-USR-040 Not in a group that a role leads to (1)\n"
        "    ! ben is not in pacs-reader (reader) · inventory/people.yaml:9\n"
        "      apply puts them in. Somebody took them out, or it was not applied yet.\n"
        "\n"
        "2 things not as declared.\n"
    )


def test_a_note_is_called_so_and_no_line_is_wider_than_the_screen():
    unused = tuple(account(f"svc-{n}", last_seen=None) for n in range(12))
    config = hospital((BEN, *(user(f"svc-{n}", Grant(role="reader")) for n in range(12))), ROLES)
    there = live((*unused, account("ben")), group("pacs-reader", "ben", *(f"svc-{n}" for n in range(12))))
    rows = plain(report_text(Report(TODAY, (looked_at(config, there, NOW),)), Known(), 80)).splitlines()
    assert "  note PACS-USR-004 Nobody has ever signed in, as far as the server has kept it" in rows
    assert max(map(len, rows)) <= 80


def test_of_very_many_remarks_of_a_kind_the_first_are_shown():
    eves = tuple(f"e{number:02}" for number in range(25))
    found = reported(live(("ben", *eves), group("pacs-chief", *eves), group("pacs-reader", "ben")))
    short = plain(report_text(found, Known(), 80))
    assert ("e19" in short, "e20" in short, "5 more (--verbose)" in short) == (True, False, True)
    assert "e24 is in pacs-chief" in plain(report_text(found, Known(), 80, verbose=True))


def test_what_is_not_known_is_said_and_is_not_called_fine_nor_counted():
    found = reported(live((account("ben", last_seen_known=False),), group("pacs-reader", "ben")))
    text = plain(report_text(found, Known(), 80))
    assert "Not known (1)" in text
    assert text.endswith("All is as declared, as far as the servers tell.\n")
    assert found.is_as_declared


def test_a_system_that_was_not_read_is_no_good_news():
    found = reported(not_read=("accounts",))
    text = plain(report_text(found, Known(), 80))
    assert "accounts could not be read, so nothing is known of it." in text
    assert "What could be read is as declared; not all could." in text
    assert json.loads(report_json(found, Known()))["as_declared"] is False


def test_reviews_that_are_late_and_removals_are_told():
    line = ReviewLine(
        "ben", "reader", decision=Decision("remove", "K", "kw", "2026-11-20T08:00:00Z", "moved")
    )
    one = Review("AR-20261120-1", ("reader",), "2026-12-04", "K", "2026-11-20T08:00:00Z", (line,))
    fine = live(("ben",), group("pacs-reader", "ben"))
    late = RoleDue("chief", date(2026, 11, 1))
    found = reported(fine, overdue=(late,), to_go=((one, line),), gone=(("AR-1", ("eve", "chief")),))
    text = plain(report_text(found, Known(), 100))
    assert "warning PACS-USR-014 chief was due 01 Nov 2026: no review is open, never yet" in text
    assert "  ! ben as reader is to go (AR-20261120-1, 20 Nov 2026), and is not gone\n" in text
    assert "  ✓ eve as chief is gone (AR-1)\n" in text
    assert not found.is_as_declared


def test_a_table_of_remarks_is_safe_in_a_spreadsheet():
    found = reported(live(("ben", "=1+1"), group("pacs-chief", "=1+1"), group("pacs-reader", "ben")))
    (row,) = csv.DictReader(io.StringIO(report_csv(found, Known(names={"=1+1": "@x"}))))
    assert (row["user"], row["name"], row["kind"]) == ("'=1+1", "'@x", "undeclared")


# --- reviews


LINES = (
    ReviewLine("mm", "reader", groups={"accounts": ("pacs-reader",)}),
    ReviewLine("eve", "reader", declared=False, groups={"accounts": ("pacs-reader",)}),
)
REVIEW = Review("AR-20261126-1", ("reader",), "2026-12-10", "K <k@x>", "2026-11-26T08:00:00Z", LINES)


def test_a_sheet_tells_what_is_known_of_each_line():
    there = live(
        ("mm", account("eve", last_seen=None)), group("pacs-reader", groups=("in",)), group("in", "eve")
    )
    rows = rows_of(INVENTORY, REVIEW, {"accounts": there}, KNOWN)
    assert [(one.stage, one.roles, one.live, one.last_seen, one.path) for one in rows] == [
        ("active", ("reader", "chief"), "no", "2026-11-26", "accounts: pacs-reader"),
        ("not declared", (), "yes", "never", "accounts: in > pacs-reader"),
    ]
    assert [one.last_seen for one in rows_of(INVENTORY, REVIEW, {}, KNOWN)] == ["unknown", "unknown"]
    cells = list(csv.DictReader(io.StringIO(sheet_csv(REVIEW, rows))))
    assert [(one["user"], one["name"], one["declared"], one["decision"]) for one in cells] == [
        ("mm", "Max Müller", "yes", ""),
        ("eve", "", "no", ""),
    ]


def test_a_sheet_on_a_screen_says_what_to_type_next():
    text = plain(sheet_text(REVIEW, rows_of(INVENTORY, REVIEW, {}, Known()), TODAY, "pacsconf -e lab", 100))
    assert "  ?  mm   reader\n" in text
    assert "  ?  eve  reader  not declared: only live\n" in text
    assert "2 of 2 lines without an answer" in text
    assert "pacsconf -e lab access sign-off AR-20261126-1 AR-20261126-1.csv" in text


def test_a_command_that_is_too_wide_has_a_line_of_its_own():
    text = plain(sheet_text(REVIEW, rows_of(INVENTORY, REVIEW, {}, Known()), TODAY, "pacsconf", 80))
    assert max(map(len, text.splitlines())) <= 80
    assert "access review AR-20261126-1 --format csv --out AR-20261126-1.csv\n" in text


def test_reviews_are_listed_with_how_they_stand():
    word = Decision("keep", "a", "b", "2026-11-27T08:00:00Z")
    kept = replace(REVIEW, id="AR-2", lines=tuple(replace(line, decision=word) for line in LINES))
    goes = replace(REVIEW, id="AR-3", lines=(replace(LINES[0], decision=replace(word, word="remove")),))
    rows = plain(reviews_text((REVIEW, kept, goes), date(2026, 12, 11), "pacsconf", 100)).splitlines()[1:]
    assert [row.rpartition(" · ")[2] for row in rows] == [
        "2 of 2 lines without an answer, overdue",
        "closed",
        "signed off, 1 removal not seen live yet",
    ]
