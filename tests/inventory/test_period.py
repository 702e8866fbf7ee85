"""Periods of the calendar: what is one, and what is said of what is none."""

from __future__ import annotations

import pytest

from pacsconf.inventory.period import Period, period


@pytest.mark.parametrize(
    ("text", "found", "words", "iso"),
    [
        ("10y", Period(120), "10 years", "P10Y"),
        ("1y", Period(12), "1 year", "P1Y"),
        ("18m", Period(18), "18 months", "P18M"),
        ("24m", Period(24), "2 years", "P2Y"),
        ("2w", Period(0, 14), "2 weeks", "P2W"),
        ("30d", Period(0, 30), "30 days", "P30D"),
        ("7d", Period(0, 7), "1 week", "P1W"),
        ("1827d", Period(0, 1827), "1827 days", "P1827D"),
        ("200y", Period(2400), "200 years", "P200Y"),
    ],
)
def test_a_period_is_a_number_and_a_unit(text, found, words, iso):
    assert (period(text), found.words, found.iso) == (found, words, iso)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10 years", "a period is written as 10y here, not as 10 years"),
        ("1 month", "a period is written as 1m here, not as 1 month"),
        ("P10Y", "a period is written as 10y here, not as P10Y"),
        ("P18M", "a period is written as 18m here, not as P18M"),
        ("10Y", "a period is written as 10y here, not as 10Y"),
        ("10", "10 has no unit: write 10y (years), 10m (months), 10w (weeks) or 10d (days)"),
        ("0", "a period is a number and a unit: 10y (years), 18m (months), 2w (weeks), 30d (days)"),
        ("0y", "0y keeps nothing; leave the rule out, or say how long"),
        ("-5y", "a period is a number and a unit: 10y (years), 18m (months), 2w (weeks), 30d (days)"),
        ("1y6m", "a period is a number and a unit: 10y (years), 18m (months), 2w (weeks), 30d (days)"),
        ("ten years", "a period is a number and a unit: 10y (years), 18m (months), 2w (weeks), 30d (days)"),
        ("201y", "201y is longer than 200 years; was another unit meant?"),
        ("99999d", "99999d is longer than 200 years; was another unit meant?"),
        ("", "a period is a number and a unit: 10y (years), 18m (months), 2w (weeks), 30d (days)"),
    ],
)
def test_what_is_none_is_told_with_what_to_write(text, told):
    with pytest.raises(ValueError, match=r".") as error:
        period(text)
    assert str(error.value) == told
