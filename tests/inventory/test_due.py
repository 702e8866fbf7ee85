"""What falls due, and when a person is told of it."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.baseline import Accepted
from pacsconf.inventory.due import Due, dues, soon
from pacsconf.inventory.model import Connection, Device, Inventory, Loan, Was
from pacsconf.inventory.people import Grant, User

TODAY = date(2026, 11, 24)


def device(name: str, **keys) -> Device:
    return Device(name=name, type="modality", **keys)


def test_accepted_faults_loans_and_former_addresses_fall_due():
    moved = Connection(host="10.0.0.2", port=104, was=Was(host="10.0.0.1", until="2026-12-24"))
    accepted = Accepted(rule="PACS-X-001", at="devices.ct-1", owner="radiology", until="2026-12-01")
    inventory = Inventory(
        devices={
            "ct-1": device("ct-1", loan=Loan(until="2027-01-31", returns_to="Siemens")),
            "mr-1": device("mr-1", connections={"dicom": moved}),
        },
        baseline={"old-ct": accepted},
    )
    assert tuple(dues(inventory)) == (
        Due(
            date(2026, 12, 1),
            "PACS-X-001 at devices.ct-1 is accepted no longer (radiology)",
            ("baseline", "old-ct", "until"),
        ),
        Due(
            date(2027, 1, 31),
            "ct-1 is on loan and goes back to Siemens",
            ("devices", "ct-1", "loan", "until"),
        ),
        Due(
            date(2026, 12, 24),
            "the former address 10.0.0.1 of mr-1 is accepted no longer",
            ("devices", "mr-1", "connections", "dicom", "was", "until"),
        ),
    )


def test_what_has_no_end_or_is_retired_falls_never_due():
    endless = Connection(host="10.0.0.2", port=104, was=Was(host="10.0.0.1"))
    gone = device("ct-9", lifecycle="retired", loan=Loan(until="2020-01-01", returns_to="GE"))
    inventory = Inventory(devices={"mr-1": device("mr-1", connections={"dicom": endless}), "ct-9": gone})
    assert tuple(dues(inventory)) == ()


def test_ends_of_people_and_of_what_they_have_for_a_time_fall_due():
    grants = (
        Grant(role="qc", until="2026-12-01", reason="cover"),
        Grant(role="emergency", until="2026-11-27", emergency=True),
        Grant(role="later", until="2027-06-30"),
        Grant(role="for-good"),
    )
    users = {
        "mm": User(id="mm", ends="2027-06-30", grants=grants),
        "sv": User(id="sv", kind="vendor", ends="2026-12-31"),
        "old": User(id="old", ends="2026-01-01", status="left", grants=grants),
        "svc": User(id="svc", kind="service", ends="2026-12-31", collection="service_accounts"),
    }
    assert [(str(one.day), one.what, one.path) for one in dues(Inventory(users=users))] == [
        ("2027-06-30", "mm leaves", ("users", "mm", "ends")),
        ("2026-12-01", "mm has qc no longer (cover)", ("users", "mm", "grants", 0, "until")),
        (
            "2026-11-27",
            "the emergency access of mm ends: emergency",
            ("users", "mm", "grants", 1, "until"),
        ),
        ("2026-12-31", "sv (vendor) ends", ("users", "sv", "ends")),
        ("2026-12-31", "svc (service) ends", ("service_accounts", "svc", "ends")),
    ]


@given(st.lists(st.integers(-400, 400)))
def test_what_is_overdue_or_near_is_told_by_day(days):
    found = [Due(TODAY + timedelta(days=day), "it ends") for day in days]
    told = [(one.day - TODAY).days for one in soon(found, TODAY, 30)]
    assert told == sorted(day for day in days if day <= 30)
