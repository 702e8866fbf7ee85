"""Moments and lengths of time as Active Directory keeps them: in steps of 100 ns, moments from 1601 on.

Source: [MS-DTYP] 2.3.3 (FILETIME), [MS-ADTS] 3.1.1.1.6.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NEVER = (1 << 63) - 1
"""`accountExpires` of an account that does not end; 0 says the same ([MS-ADA1] 2.1)."""
FOR_EVER = -1 << 63
"""A length of time without an end, as the maximum age of passwords has it ([MS-ADTS] 3.1.1.1.6)."""

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_SECOND = 10_000_000


def moment(text: str | None) -> datetime | None:
    """The moment that a number says; None for 0, for never, for what no calendar has, and for what is no number."""
    number = integer(text)
    if number is None or not 0 < number < NEVER:
        return None
    try:
        return _EPOCH + timedelta(microseconds=number // 10)
    except OverflowError:
        return None


def filetime(moment: datetime) -> int:
    """A moment as a number, to the second."""
    return (moment - _EPOCH) // timedelta(seconds=1) * _SECOND


def length(seconds: int) -> int:
    """A length of time, which is kept as a negative number."""
    return -seconds * _SECOND


def seconds(text: str | None) -> int | None:
    """How many seconds a length of time has, begun ones counted; 0 where it has no end."""
    number = integer(text)
    if number is None:
        return None
    return 0 if number == FOR_EVER else -(-abs(number) // _SECOND)


def integer(text: str | None) -> int | None:
    """The whole number in a text; None where there is none."""
    try:
        return None if text is None else int(text)
    except ValueError:
        return None
