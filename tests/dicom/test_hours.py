from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pacsconf.dicom.hours import outside_hours, spans

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment in the week of Monday 23 November 2026, UTC."""
    return MONDAY.replace(day=23 + day, hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("expected", "now", "outside"),
    [
        pytest.param("mon-fri 07:00-18:00", at(0, 7), False, id="first minute"),
        pytest.param("mon-fri 07:00-18:00", at(0, 6, 59), True, id="minute before"),
        pytest.param("mon-fri 07:00-18:00", at(4, 18), True, id="end is not in it"),
        pytest.param("mon-fri 07:00-18:00", at(5, 12), True, id="weekend"),
        pytest.param("mon-fri 07:00-18:00, sat 08:00-12:00", at(5, 9), False, id="second span"),
        pytest.param("07:00-24:00", at(6, 23, 59), False, id="every day to midnight"),
        pytest.param("fri-mon 10:00-11:00", at(6, 10), False, id="days around the week's end"),
        pytest.param("fri-mon 10:00-11:00", at(2, 10), True, id="day outside them"),
        pytest.param("sun 22:00-06:00", at(0, 5), False, id="past midnight"),
        pytest.param("sun 22:00-06:00", at(6, 5), True, id="morning of the day it begins on"),
    ],
)
def test_hours_are_read_as_a_roster_is(expected, now, outside):
    assert outside_hours(expected, now, None) is outside


def test_hours_are_on_the_clock_of_the_site():
    assert outside_hours("07:00-08:00", at(0, 6, 30), "Europe/Berlin") is False
    assert outside_hours("07:00-08:00", at(0, 6, 30), "UTC") is True


def test_an_unknown_zone_leaves_the_clock_as_it_is():
    assert outside_hours("06:00-07:00", at(0, 6, 30), "Mars/Olympus") is False


def test_what_is_not_hours_is_refused():
    with pytest.raises(ValueError, match='"noon" is not hours such as mon-fri 07:00-18:00'):
        spans("noon")
