"""When a storage is full: a line through its samples, told with care, and kept in the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.retention.capacity import (
    MOST_SAMPLES,
    Forecast,
    Stock,
    Unreadable,
    forecast,
    from_lines,
    remembered,
    to_lines,
)

START = datetime(2026, 9, 1, 3, tzinfo=UTC)
GB = 1024**3


def stock(day: float, size: float, most: int | None = 500 * GB, **more) -> Stock:
    at = (START + timedelta(days=day)).isoformat(timespec="seconds")
    return Stock(at, int(size * GB), 10, 20, 30, 40, most, **more)


def test_a_storage_that_grows_evenly_is_full_when_the_line_reaches_its_maximum():
    found = forecast([stock(day, 400 + day) for day in range(0, 61, 10)])
    assert (found.trend, found.points, found.days, found.limit) == ("grows", 7, 60, "size")
    assert found.per_day == pytest.approx(GB)
    assert found.full == date(2026, 10, 31) + timedelta(days=40)


@pytest.mark.parametrize(
    ("samples", "points", "days"),
    [
        ([], 0, 0),
        ([stock(0, 1)], 1, 0),
        ([stock(0, 1), stock(30, 2)], 2, 30),
        ([stock(day, day) for day in range(10)], 10, 9),
    ],
    ids=["none", "one", "two", "nine days"],
)
def test_of_few_samples_no_trend_is_told(samples, points, days):
    assert forecast(samples) == Forecast("too few", points, days)


def test_what_is_older_than_ninety_days_does_not_count():
    old = [stock(day, 450 - day) for day in range(0, 50, 5)]
    new = [stock(day, 100 + day) for day in (200, 230, 260)]
    assert forecast([*old, *new]).per_day == pytest.approx(GB)


@pytest.mark.parametrize(
    ("sizes", "trend"),
    [([400, 400, 400], "steady"), ([400, 300, 200], "shrinks"), ([400, 400.001, 400], "steady")],
)
def test_what_does_not_grow_is_never_full(sizes, trend):
    found = forecast([stock(20 * at, size) for at, size in enumerate(sizes)])
    assert (found.trend, found.full, found.limit) == (trend, None, "")


def test_what_was_emptied_in_between_is_said_to_be():
    assert forecast([stock(0, 400), stock(20, 200), stock(40, 300)]).emptied
    assert not forecast([stock(0, 200), stock(20, 300), stock(40, 400)]).emptied


@pytest.mark.parametrize("most", [0, None])
def test_without_a_limit_it_grows_and_is_never_full(most):
    found = forecast([stock(20 * at, 100 * (1 + at), most) for at in range(3)])
    assert (found.trend, found.full) == ("grows", None)


def test_the_number_of_patients_may_be_reached_first():
    samples = [replace(stock(20 * at, 100), patients=50 + 10 * at, maximum_patients=90) for at in range(3)]
    found = forecast(samples)
    assert (found.limit, found.full) == ("patients", date(2026, 10, 11) + timedelta(days=40))


def test_what_is_full_is_full_today():
    found = forecast([stock(20 * at, 500 + at) for at in range(3)])
    assert found.full == date(2026, 10, 11)


@pytest.mark.parametrize(
    ("more", "armed", "filled"),
    [
        ({"mode": "recycle"}, True, 0.5),
        ({"mode": "reject"}, False, 0.5),
        ({"mode": "recycle", "most": 0, "maximum_patients": 0}, False, None),
        ({"mode": "recycle", "most": None}, None, None),
        ({"mode": None}, None, 0.5),
        ({"mode": "recycle", "most": 0, "maximum_patients": 10}, True, 1.0),
    ],
)
def test_whether_it_deletes_by_itself_and_how_full_it_is(more, armed, filled):
    found = stock(0, 250, **({"most": 500 * GB} | more))
    assert (found.armed, found.filled) == (armed, filled)


# --- in the record ------------------------------------------------------------------------------------------------


Samples = st.lists(
    st.builds(
        stock,
        st.integers(0, 2000),
        st.integers(0, 600),
        st.sampled_from([None, 0, GB]),
        maximum_patients=st.sampled_from([None, 0, 7]),
        mode=st.sampled_from([None, "reject", "recycle"]),
    ),
    max_size=20,
)


@given(Samples)
def test_what_is_written_is_read_again(samples):
    assert from_lines(to_lines(samples)) == tuple(samples)


@given(Samples)
def test_a_forecast_never_fails_and_never_lies_in_the_past(samples):
    found = forecast(samples)
    assert found.full is None or found.full >= max(one.moment for one in samples).date()


def test_of_a_day_the_last_sample_is_kept_and_of_all_the_newest():
    history: tuple[Stock, ...] = ()
    for day in range(MOST_SAMPLES + 5):
        history = remembered(history, stock(day, 1))
    again = remembered(history, stock(MOST_SAMPLES + 4.2, 7))
    assert len(again) == MOST_SAMPLES
    assert again[-1].bytes == 7 * GB
    assert again[:-1] == history[:-1]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"kind": "pacsconf storage", "format_version": 2}',
        b'{"kind": "pacsconf probe", "format_version": 1}',
        b'{"kind": "pacsconf storage", "format_version": 1}\n{"at": "2026-01-01"}',
        b'{"kind": "pacsconf storage", "format_version": 1}\n[1]',
        b"[" * 100_000,
        b"\xff\xfe",
        to_lines([stock(0, 1)]).replace(b'"bytes": ', b'"bytes": -'),
        to_lines([stock(0, 1)]).replace(b'"patients": 10', b'"patients": "10"'),
        to_lines([stock(0, 1)]).replace(b"+00:00", b""),
        to_lines([stock(0, 1, mode="reject")]).replace(b"reject", b"purge"),
        to_lines([stock(0, 1)]).replace(b'"at"', b'"name": "x", "at"'),
    ],
)
def test_what_is_no_history_is_refused(data):
    with pytest.raises(Unreadable):
        from_lines(data)
