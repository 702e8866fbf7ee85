"""Lists of people that personnel keeps, through the command line: checked, part of every plan, shown to nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

PEOPLE = """\
roles: {radiologist: {permissions: study:view}}
users_from:
  csv: people/hr.csv
  columns: {id: NO, name: NAME, ends: LEFT}
  roles_by: {column: JOB, map: {R: radiologist}}
"""
LIST = "NO,NAME,LEFT,JOB\n17,Maria Musterfrau,,R\n18,Hans Muster,2027-06-30,R\n"


@pytest.fixture
def staffed(small):
    """The small hospital with two people from a list."""
    small.secrets += ["Musterfrau", "Hans"]
    (small.path / "people").mkdir()
    (small.path / "people" / "hr.csv").write_text(LIST)
    small.file("people").write_text(PEOPLE)
    small.commit("people")
    return small


def rewritten(hospital, before, after):
    file = hospital.path / "people" / "hr.csv"
    text = file.read_text()
    assert text.count(before) == 1
    file.write_text(text.replace(before, after))


def test_a_list_is_checked_with_the_place_of_the_cell_and_without_its_line(staffed):
    assert "6 devices, 6 AEs, 1 flow, 2 users, 1 role checked in" in staffed.ok("validate").out
    rewritten(staffed, "2027-06-30", "30.06.2027")
    ran = staffed("validate")
    assert ran.code == 3
    assert "people/hr.csv:3:16" in ran.said
    assert "What stands here for ends is no day that is written YYYY-MM-DD" in " ".join(ran.said.split())


def test_a_plan_is_of_the_list_as_well(staffed):
    staffed.ok("record", "init")
    clean = staffed.ok("plan", "--format", "json").json["basis"]
    assert not clean["commit"].endswith("-dirty")
    rewritten(staffed, ",,R", ",2027-01-31,R")
    changed = staffed.ok("plan", "--format", "json").json["basis"]
    assert changed["commit"] == f"{clean['commit']}-dirty"
    assert changed["inventory"] != clean["inventory"]


def test_what_leaves_is_due(staffed):
    staffed.ok("record", "init")
    rewritten(staffed, "2027-06-30", str(datetime.now(UTC).date() + timedelta(days=9)))
    staffed.commit("18 leaves soon")
    assert "18 leaves" in staffed("status").out


def test_another_commit_is_read_with_its_own_list(staffed):
    staffed.git("checkout", "-q", "-b", "other")
    staffed.edit("CT1", "CT7")
    rewritten(staffed, "18,", "19,")
    staffed.commit("somebody else")
    staffed.git("checkout", "-q", "-")
    ran = staffed("reach", "--all", "--what-if", "other")
    assert "CT7" in ran.out
    assert ran.code in (0, 2)
