"""Windows of study dates: every study is found once, however an archive cuts its answers off."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.dicom.studies.windows import Answer, Span, Window, sweep

TODAY = date(2026, 11, 26)
Day = st.dates(min_value=date(1890, 1, 1), max_value=date(2029, 1, 1))
Held = list[tuple[date, int]]


def within(window: Window, day: date) -> bool:
    return (window.first or day) <= day <= (window.last or day)


class Archive:
    """Holds studies by day, and tells at most `limit` at once: honestly, or without a word."""

    def __init__(self, days: list[date], limit: int = 10**9, *, honest: bool = True) -> None:
        self.held = [(day, number) for number, day in enumerate(days)]
        self.limit = limit
        self.honest = honest
        self.asked: list[str] = []

    def __call__(self, window: Window) -> Answer[tuple[date, int]]:
        self.asked.append(str(window))
        found = [one for one in self.held if within(window, one[0])]
        cut = len(found) > self.limit
        return Answer(tuple(found[: self.limit]), whole=not (cut and self.honest))


def swept(archive: Archive, since: date | None = None, until: date | None = None, days: int = 30):
    return list(sweep(archive, Span(since, until, TODAY, days)))


def found(parts) -> Counter:
    return Counter(one for part in parts for one in part.studies)


@given(st.lists(Day, max_size=60), st.integers(1, 400))
def test_without_bounds_every_study_with_a_date_is_found_once(days, step):
    archive = Archive(days)
    parts = swept(archive, days=step)
    assert found(parts) == Counter(archive.held)
    assert all(part.whole for part in parts)


@given(st.lists(Day, max_size=60), Day, Day)
def test_between_two_days_those_of_the_days_between_are_found_once(days, one, other):
    since, until = sorted((one, other))
    archive = Archive(days)
    assert found(swept(archive, since, until)) == Counter(
        held for held in archive.held if since <= held[0] <= until
    )


@given(st.lists(Day, max_size=60, unique=True), st.integers(1, 30))
def test_an_archive_that_says_that_it_cut_off_is_asked_about_halves(days, limit):
    archive = Archive(days, limit)
    parts = swept(archive)
    missing = sum(day < date(1900, 1, 1) or day > TODAY + timedelta(days=366) for day in days)
    if missing <= limit:
        assert found(parts) == Counter(archive.held)


def test_an_archive_that_cuts_off_without_a_word_is_found_out():
    days = [TODAY - timedelta(days=number % 60) for number in range(600)]
    archive = Archive(days, 100, honest=False)
    assert found(swept(archive)) == Counter(archive.held)


def test_a_round_number_that_was_looked_at_twice_is_believed_from_then_on():
    days = [TODAY - timedelta(days=number % 20) for number in range(100)]
    again = [TODAY - timedelta(days=40 + number % 20) for number in range(100)]
    archive = Archive([*days, *again])
    parts = swept(archive, since=TODAY - timedelta(days=89))
    assert [len(part.studies) for part in parts] == [100, 100, 0]
    assert found(parts) == Counter(archive.held)


def test_a_day_of_which_not_all_is_told_is_said_to_be_so():
    archive = Archive([TODAY] * 7, 5)
    parts = swept(archive, since=TODAY, until=TODAY)
    assert [(str(part.window), len(part.studies), part.whole) for part in parts] == [("20261126", 5, False)]


def test_most_of_a_century_is_asked_about_in_few_questions():
    archive = Archive([TODAY])
    swept(archive)
    assert archive.asked[0] == "20261028-"
    assert archive.asked[-1].startswith("-")
    assert len(archive.asked) < 40
