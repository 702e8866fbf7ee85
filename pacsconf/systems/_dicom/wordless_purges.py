"""Attributes under `extra` that are known to delete studies: what has no words of ours must not purge unasked.

A directory that speaks no extension, an entry that stands whole under `entries`, an attribute of a younger release:
there is nothing to reckon with, so that any value that is new counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pacsconf.core.resource import Fields, Value

EXTRA = "extra."
_DELETES = re.compile(
    r"dcm(RejectExpired\w+|Delete(?!UPS|MWL)\w+|PurgeStorage\w+|AllowDelete\w+|AllowRejectionForDataRetentionPolicyExpired"
    r"|RejectForDataRetentionExpiry|NoDeletionConstraint|StorageDuration|PreserveStudyInterval|(Max)?RetentionPeriod)",
    re.IGNORECASE,
)
_SPARES = re.compile(r"dcm(Allow\w+|PreserveStudyInterval|(Max)?RetentionPeriod)", re.IGNORECASE)
"""Those of which it matters too that they are taken away."""
_KEEPS = re.compile(r"dcm(Max)?RetentionPeriod", re.IGNORECASE)


def note(before: Fields | None, after: Fields | None) -> str | None:
    """What of such attributes changes, in words; None when nothing does."""
    was, now = _extras(before), _extras(after)
    told = [
        f"{name} is {_words(now.get(name))}, so far {_words(was.get(name))}"
        for name in sorted({*was, *now})
        if was.get(name) != now.get(name) and (_DELETES if name in now else _SPARES).fullmatch(name)
    ]
    if not told and was and now and was != now and any(map(_KEEPS.fullmatch, now)):
        told.append("it says how long studies are kept, and about others than so far")
    return "; ".join(told) or None


def _extras(fields: Fields | None) -> Mapping[str, Value]:
    return {
        name.removeprefix(EXTRA): value for name, value in (fields or {}).items() if name.startswith(EXTRA)
    }


def _words(value: Value | None) -> str:
    return "none" if value is None else ", ".join(value) if isinstance(value, tuple) else str(value)
