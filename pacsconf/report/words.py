"""Counting in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

ACTIONS = {
    "create": "created",
    "update": "changed",
    "delete": "deleted",
    "reload": "reloaded",
    "invite": "invited",
}
"""What an action is called once it is done."""


def plural(noun: str) -> str:
    """The plural of a kind or another plain English noun."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 error`, `3 devices`."""
    return f"{number} {noun if number == 1 else plural(noun)}"


def ago(then: datetime, now: datetime) -> str:
    """How long ago `then` was, in the largest unit that fits: `just now`, `5 minutes ago`, `2 days ago`."""
    seconds = int((now - then).total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return f"{counted(seconds // length, unit)} ago"
    return "just now"


def listed(parts: Iterable[str], separator: str = ", ") -> str:
    """The parts that are not empty, separated."""
    return separator.join(part for part in parts if part)
