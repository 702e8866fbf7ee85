"""Attributes under `extra` that are known to delete studies: what has no words of ours must not purge unasked.

A directory that speaks no extension, an entry that stands whole under `entries`, an attribute of a younger release:
there is nothing to reckon with, so that any value that is new counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pacsconf.core.decide import shortened
from pacsconf.core.resource import Fields, Value

EXTRA = "extra."
_DELETES = re.compile(
    r"dcm(RejectExpired\w+|Delete(?!UPS|MWL)\w+|PurgeStorage\w+|AllowDelete\w+|AllowRejectionForDataRetentionPolicyExpired"
    r"|RejectForDataRetentionExpiry|NoDeletionConstraint|StorageDuration|PreserveStudyInterval|(Max)?RetentionPeriod)",
    re.IGNORECASE,
)
_SPARES = re.compile(r"dcm(Allow\w+|PreserveStudyInterval|(Max)?RetentionPeriod)", re.IGNORECASE)
"""Those of which it matters too that they are taken away."""
_RULES = re.compile(
    r"dcm((Max)?RetentionPeriod|DeleteRejectedInstanceDelay|StorageDuration|DeleteStudyFromStorageID)",
    re.IGNORECASE,
)
"""Of entries that say what is deleted, and when: whatever else of them changes says so of others."""
_REJECTS = ("dcmrejectionnotetype", "DATA_RETENTION_POLICY_EXPIRED")
"""What makes a note one with which expired studies are rejected."""


def note(before: Fields | None, after: Fields | None) -> str | None:
    """What of such attributes changes, in words; None when nothing does."""
    was, now = _extras(before), _extras(after)
    told = [
        f"{name} is {_words(now.get(name))}, so far {_words(was.get(name))}"
        for name in sorted({*was, *now})
        if was.get(name) != now.get(name) and _counts(name, now.get(name))
    ]
    if not told and was and now and was != now and any(_RULES.fullmatch(_plain(name)) for name in now):
        told.append("it says what is deleted, or how long it is kept, and about others than so far")
    return "; ".join(told) or None


def _counts(name: str, value: Value | None) -> bool:
    """Whether an attribute deletes by this value, or spares no more when it has none; by its number none tells."""
    plain = _plain(name)
    if value is None:
        return _SPARES.fullmatch(plain) is not None
    rejects = (plain.lower(), _words(value)) == _REJECTS
    return rejects or plain[:1].isdigit() or _DELETES.fullmatch(plain) is not None


def _plain(name: str) -> str:
    """An attribute's name without options such as `;lang-en`."""
    return name.partition(";")[0]


def _extras(fields: Fields | None) -> Mapping[str, Value]:
    return {
        name.removeprefix(EXTRA): value for name, value in (fields or {}).items() if name.startswith(EXTRA)
    }


def _words(value: Value | None) -> str:
    words = "none" if value is None else ", ".join(value) if isinstance(value, tuple) else str(value)
    return shortened(words, _LONGEST)


_LONGEST = 120
