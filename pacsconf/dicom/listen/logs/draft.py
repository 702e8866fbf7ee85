"""One association as it takes shape from the lines of a log."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pacsconf.dicom.heard import Heard

LONGEST = 256
"""Characters that are kept of any value: a UID has 64, a title 16."""
MOST = 128
"""SOP classes, and transfer syntaxes of each, that are kept (PS3.8 section 9.3.2.2)."""
MOST_LINES = 20_000
"""Of one request in words: 128 contexts with all transfer syntaxes that there are have half of that."""


@dataclass(slots=True)
class Draft:
    """What is known so far; None where the log does not say. `said` are the kinds of lines that it was made of."""

    line: int
    at: str = ""
    calling: str | None = None
    called: str | None = None
    host: str = ""
    implementation: str = ""
    version: str = ""
    max_pdu: int | None = None
    answer: str = ""
    contexts: dict[str, dict[str, None]] = field(default_factory=dict)
    as_scp: dict[str, None] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)

    def propose(self, sop_class: str, syntax: str = "") -> None:
        """Note a SOP class, or one more transfer syntax of it."""
        if sop_class not in self.contexts and len(self.contexts) >= MOST:
            return
        syntaxes = self.contexts.setdefault(sop_class[:LONGEST], {})
        if syntax and len(syntaxes) < MOST:
            syntaxes[syntax[:LONGEST]] = None

    def heard(self, source: str) -> Heard | None:
        """The association; None where the log does not name the caller."""
        if self.calling is None or not self.calling.strip(" \0"):
            return None
        return Heard(
            calling=self.calling[:LONGEST],
            called=(self.called or "")[:LONGEST],
            host=self.host[:LONGEST],
            at=self.at,
            source=f"{source}:{self.line}",
            contexts=tuple((uid, tuple(syntaxes)) for uid, syntaxes in self.contexts.items()),
            implementation=self.implementation[:LONGEST],
            version=self.version[:LONGEST],
            max_pdu=self.max_pdu,
            as_scp=tuple(self.as_scp),
            answer=self.answer[:LONGEST],
        )


Finished = Callable[[Draft], None]
"""Takes a draft to which nothing will be added."""


_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d+)? ?(Z|[+-]\d\d:?\d\d)\b")


def length(text: str) -> int | None:
    """The bytes of the longest PDU, as a log writes them; None for what is no number of ten digits at most."""
    return int(text) if text.isdecimal() and len(text) < 11 else None


def moment(line: str) -> str:
    """When a line was written, in UTC; empty where it does not say, or not in which time zone."""
    found = _STAMP.search(line[:64])
    if not found:
        return ""
    try:
        then = datetime.fromisoformat("".join((found[1], "T", found[2], found[3])))
    except ValueError:
        return ""
    return then.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
