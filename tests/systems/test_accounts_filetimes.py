"""Moments and lengths of time as Active Directory keeps them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pacsconf.systems._accounts.filetimes import FOR_EVER, NEVER, filetime, length, moment, seconds
from pacsconf.systems._accounts.flavour import end_of, last_day


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, None),
        ("0", None),
        (str(NEVER), None),
        ("-1", None),
        ("soon", None),
        (str(NEVER - 1), None),  # year 30828
        ("132223104000000000", datetime(2020, 1, 1, tzinfo=UTC)),
        ("1", datetime(1601, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_number_is_a_moment_or_none(text, found):
    assert moment(text) == found


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year > 1601))
@example(datetime(2146, 1, 1, 0, 0, 0, 999_999, tzinfo=UTC))
def test_a_moment_comes_back_to_the_second(at):
    assert moment(str(filetime(at))) == at.replace(microsecond=0)


@given(st.dates(date(1970, 1, 1), date(2999, 1, 1)), st.timezones())
def test_the_last_day_comes_back_wherever_it_is(day, zone):
    assert last_day(moment(str(filetime(end_of(day, zone)))), zone) == day


@given(st.integers(0, 10**8))
def test_a_length_of_time_comes_back(number):
    assert seconds(str(length(number))) == number


@pytest.mark.parametrize(
    ("text", "found"),
    [(None, None), (str(FOR_EVER), 0), ("-1", 1), ("-10000001", 2), ("no", None), ("0", 0)],
)
def test_a_length_without_an_end_is_0_and_a_begun_second_counts(text, found):
    assert seconds(text) == found


def test_the_day_is_over_at_midnight_where_somebody_works():
    assert end_of(date(2026, 12, 31), UTC) == datetime(2027, 1, 1, tzinfo=UTC)
    assert end_of(date(2026, 12, 31), ZoneInfo("Europe/Berlin")) == datetime(2026, 12, 31, 23, tzinfo=UTC)
