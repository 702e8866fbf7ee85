"""A moment as people read it; what machines read stays ISO 8601."""

from __future__ import annotations

from datetime import UTC, date, datetime


def in_words(moment: datetime) -> str:
    """`24 Nov 2026 17:38 UTC`: 3/4 would be one day here and another there, and clocks on walls are not in UTC."""
    return f"{moment.astimezone(UTC):%d %b %Y %H:%M} UTC"


def iso_in_words(text: str) -> str:
    """The same for a moment in ISO 8601; what is none, or not known yet, stays as it is."""
    try:
        return in_words(datetime.fromisoformat(text))
    except ValueError:
        return text


def day_in_words(day: date | str | None) -> str:
    """`03 Apr 2027`, of a day or of one in ISO 8601; nothing for none."""
    if not day:
        return ""
    return f"{date.fromisoformat(day) if isinstance(day, str) else day:%d %b %Y}"


def iso_day(value: object) -> str:
    """The day that this spells, in ISO 8601 as it is written here.

    Raises: ValueError when it is none.
    """
    text = str(value)
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError(f'"{text}" is no day such as 2026-11-24')
    return text


def iso_day_or_none(value: object) -> str:
    """The same; nothing stays nothing."""
    return iso_day(value) if value != "" else ""


def iso_moment(value: object) -> str:
    """The moment with a zone that this spells, in ISO 8601.

    Raises: ValueError when it is none.
    """
    text = str(value)
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f'"{text}" is no moment such as 2026-11-24T17:38:00Z')
    return text
