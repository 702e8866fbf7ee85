"""Whole days of the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.period import Period, period
from pacsconf.retention.days import after, age_on, birthday, months_after


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("begun", "how_long", "end"),
    [
        ("2015-03-01", "10y", "2025-03-01"),
        ("2016-02-29", "10y", "2026-03-01"),
        ("2016-02-29", "4y", "2020-02-29"),
        ("2015-01-31", "1m", "2015-03-01"),
        ("2016-01-31", "1m", "2016-03-01"),
        ("2015-08-31", "18m", "2017-03-01"),
        ("2015-12-31", "2m", "2016-03-01"),
        ("2015-12-15", "1m", "2016-01-15"),
        ("2015-02-28", "2w", "2015-03-14"),
        ("2016-02-28", "2w", "2016-03-13"),
        ("2015-01-01", "365d", "2016-01-01"),
        ("2016-01-01", "365d", "2016-12-31"),
        ("9990-01-01", "10y", "9999-12-31"),
        ("9999-12-31", "1d", "9999-12-31"),
        ("9999-11-30", "1m", "9999-12-30"),
    ],
)
def test_a_period_ends_on_the_later_of_two_days_that_could_be_meant(begun, how_long, end):
    assert after(day(begun), period(how_long)) == day(end)


@pytest.mark.parametrize(
    ("born", "age", "on"),
    [
        ("2000-02-29", 18, "2018-03-01"),
        ("2000-02-29", 20, "2020-02-29"),
        ("2000-03-01", 18, "2018-03-01"),
        ("2000-12-31", 25, "2025-12-31"),
    ],
)
def test_a_birthday_of_29_february_is_on_1_march(born, age, on):
    assert birthday(day(born), age) == day(on)
    assert (age_on(day(born), day(on)), age_on(day(born), day(on) - timedelta(days=1))) == (age, age - 1)


DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@given(DAYS, st.integers(0, 110))
def test_somebody_becomes_an_age_on_that_birthday(born: date, age: int):
    assert age_on(born, birthday(born, age)) == age
    assert age_on(born, birthday(born, age) - timedelta(days=1)) == age - 1


@given(DAYS, st.integers(1, 2000), st.integers(1, 2000))
def test_more_months_are_later(begun: date, months: int, more: int):
    assert after(begun, Period(months + more)) > after(begun, Period(months)) > begun


@given(DAYS, DAYS, st.integers(0, 2000))
def test_who_begins_later_ends_no_earlier(first: date, then: date, months: int):
    first, then = sorted((first, then))
    assert months_after(first, months) <= months_after(then, months)


@given(DAYS, st.integers(-1200, 1200))
def test_months_go_back_as_well(begun: date, months: int):
    moved = months_after(begun, months)
    assert abs((moved.year - begun.year) * 12 + moved.month - begun.month - months) <= (moved.day == 1)
