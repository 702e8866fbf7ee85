"""Moments as people read them."""

from datetime import UTC, date, datetime, timedelta, timezone

from pacsconf.core.moment import day_in_words, in_words, iso_in_words


def test_a_moment_has_its_month_as_a_word_and_its_zone():
    assert in_words(datetime(2026, 11, 4, 17, 8, 26, tzinfo=UTC)) == "04 Nov 2026 17:08 UTC"
    assert iso_in_words("2026-11-24T17:38:26Z") == "24 Nov 2026 17:38 UTC"


def test_a_day_is_spelled_as_in_a_moment():
    assert day_in_words(date(2027, 4, 3)) == day_in_words("2027-04-03") == "03 Apr 2027"
    assert [day_in_words(none) for none in (None, "")] == ["", ""]


def test_a_moment_of_another_zone_is_told_in_utc():
    east = timezone(timedelta(hours=2))
    assert in_words(datetime(2026, 11, 24, 1, 0, tzinfo=east)) == "23 Nov 2026 23:00 UTC"


def test_what_is_no_moment_stays_as_it_is():
    assert [iso_in_words(text) for text in ("", "yesterday")] == ["", "yesterday"]
