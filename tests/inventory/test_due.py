"""What falls due, and when a person is told of it."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.baseline import Accepted
from pacsconf.inventory.due import Due, dues, soon
from pacsconf.inventory.model import Connection, Device, Inventory, Loan, Was

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


@given(st.lists(st.integers(-400, 400)))
def test_what_is_overdue_or_near_is_told_by_day(days):
    found = [Due(TODAY + timedelta(days=day), "it ends") for day in days]
    told = [(one.day - TODAY).days for one in soon(found, TODAY, 30)]
    assert told == sorted(day for day in days if day <= 30)
