"""A moment as people read it; what machines read stays ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime


def in_words(moment: datetime) -> str:
    """`24 Nov 2026 17:38 UTC`: 3/4 would be one day here and another there, and clocks on walls are not in UTC."""
    return f"{moment.astimezone(UTC):%d %b %Y %H:%M} UTC"


def iso_in_words(text: str) -> str:
    """The same for a moment in ISO 8601; what is none, or not known yet, stays as it is."""
    try:
        return in_words(datetime.fromisoformat(text))
    except ValueError:
        return text
