"""A look at a worklist for one modality: how many entries there are, and which filter leaves none of them.

Answers are counted. Of what comes back, station title and modality code are read, and nothing else is asked for or
kept (PS3.4 annex K.6). The day is today's on the clock that is handed in. Three queries at most, over one
association, each cancelled beyond `MOST` answers: with the declared filter; without one where that has none; on any
day where today has nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from pacsconf.dicom.diagnose.evidence import WorklistSeen
from pacsconf.dicom.names import Names
from pacsconf.dicom.observation import Step
from pacsconf.dicom.probe.attempt import Attempt, since
from pacsconf.dicom.probe.way import connected, encrypted, way_to
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.acceptance import context_id
from pacsconf.dicom.upper_layer.association import Association
from pacsconf.dicom.upper_layer.peer_fault import PeerFault, context_result
from pacsconf.dicom.upper_layer.query import WORKLIST, WRITTEN, Keys, identifier
from pacsconf.dicom.upper_layer.stream import Stream
from pacsconf.dicom.wire import Wire

if TYPE_CHECKING:
    from pydicom import Dataset

MOST = 500
"""Answers to one query that are counted."""

Found = Counter[tuple[str, str]]
"""How many entries there are for each station title and modality code."""


def look(target: Target, wire: Wire, station: str, modality: str, today: date) -> WorklistSeen:
    """What the worklist of this target holds for a station title and a modality code; empty ones filter nothing.

    Nothing is sent where the target may not be asked for services, or nobody is named to call as.
    """
    if target.level != "services" or target.calling is None:
        return WorklistSeen(station, modality)
    began = time.monotonic()
    attempt = Attempt(target)
    way = way_to(attempt, wire, Names(), None)
    plain = connected(attempt, way) if way else None
    stream: Stream | None = plain
    if way is not None and plain is not None and target.tls:
        stream = encrypted(attempt, way, plain)
    if stream is None:
        failed = next((step for step in attempt.steps if step.passed is False), None)
        return WorklistSeen(station, modality, step=failed)
    try:
        association = Association(stream, wire.timeout)
        with association:
            return _asked(association, target, station, modality, today)
    except PeerFault as fault:
        step = Step("worklist", False, str(fault), since(began), fault.fault)
        return WorklistSeen(station, modality, step=step)


def _asked(
    association: Association, target: Target, station: str, modality: str, today: date
) -> WorklistSeen:
    assert target.calling is not None, "who calls has looked"
    proposed = tuple((WORKLIST, (syntax,)) for syntax in WRITTEN)
    answer = association.request(target.calling, target.title, proposed)
    taken = next((at for at, seen in enumerate(answer.results) if seen.result == 0), None)
    if taken is None:
        result = answer.results[0].result if answer.results else 2
        raise PeerFault(f"it takes no worklist queries: {context_result(result)}", "context", (result,))
    query = _Query(association, context_id(taken), WRITTEN[taken])
    day = f"{today:%Y%m%d}"
    asked = (station, modality)
    matching, more = query.count(station, modality, day)
    if matching:
        return _seen(asked, matching, more=more)
    entries = Counter[tuple[str, str]]()
    if station or modality:
        entries, more = query.count("", "", day)
    if entries:
        return _seen(asked, matching, entries, more=more)
    ever, more = query.count("", "", "")
    return _seen(asked, matching, entries, ever, more=more)


def _seen(
    asked: tuple[str, str],
    matching: Found,
    today: Found | None = None,
    ever: Found | None = None,
    *,
    more: bool,
) -> WorklistSeen:
    """What the queries came to."""
    return WorklistSeen(
        *asked,
        matching.total(),
        None if today is None else tuple((*key, today[key]) for key in sorted(today)),
        None if ever is None else ever.total(),
        more,
    )


class _Query:
    """Queries over one accepted context."""

    def __init__(self, association: Association, context: int, syntax: str) -> None:
        self._association = association
        self._context = context
        self._syntax = syntax

    def count(self, station: str, modality: str, day: str) -> tuple[Found, bool]:
        """Entries by station title and modality code, and whether there are more than were counted."""
        keys: Keys = {
            "ScheduledProcedureStepSequence": {
                "ScheduledStationAETitle": station,
                "ScheduledProcedureStepStartDate": day,
                "Modality": modality,
            }
        }
        found: Found = Counter()
        asked = identifier(keys, self._syntax)
        for data in self._association.matches(self._context, WORKLIST, asked):
            found[self._of(data)] += 1
            if found.total() >= MOST:
                self._association.cancel(self._context)
                return found, True
        return found, False

    def _of(self, data: bytes) -> tuple[str, str]:
        """Station title and modality code of an entry; empty ones where it cannot be read."""
        from pacsconf.dicom.data_sets import from_bytes, items

        try:
            steps = items(from_bytes(data, self._syntax), "ScheduledProcedureStepSequence")
        except ValueError:
            return "", ""
        step = next(iter(steps), None)
        return _text(step, "ScheduledStationAETitle"), _text(step, "Modality")


def _text(step: Dataset | None, name: str) -> str:
    value = step.get(name) if step is not None else None
    texts = value if isinstance(value, list | tuple) else [value]
    return "\\".join(str(each).strip() for each in texts if each)[:64]
