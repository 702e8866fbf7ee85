"""What became of one change in a directory of people: its status, and why in words."""

from __future__ import annotations

from pacsconf.core.change import Status

Verdict = tuple[Status, str]

MADE_SINCE = "somebody else made it since, with other values. Nothing was written; plan again."


class Impossible(Exception):
    """A change cannot be made; in words."""
