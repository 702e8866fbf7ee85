"""A process that is told when examinations begin and end: the MPPS provider of the practice lab.

There is no ready one to install (DCMTK 3.6.7, Orthanc 1.10 and pynetdicom's programs have none, looked up 2026),
so this one is ours, upon pynetdicom. It keeps the states in memory, as PS3.4 annex F wants them kept: an
examination is created in progress, and once it is completed or discontinued nothing of it may be changed.

Run as `python -m pacsconf.lab.mpps FOLDER/TITLES.json`, a list of AE titles; it writes the port of each to
`mpps.json` beside it once it listens.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import N_CREATE, N_SET
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # pynetdicom makes these names when it is loaded
    ModalityPerformedProcedureStep,
    Verification,
)

from pacsconf.lab.place import write

PORTS = "mpps.json"

SUCCESS = 0x0000
INVALID_VALUE = 0x0106
MAY_NOT_CHANGE = 0x0110
DUPLICATE = 0x0111
NO_SUCH = 0x0112
MISSING = 0x0120
"""Status codes of PS3.7 annex C; 0110H with the error ID A710H as in PS3.4 section F.7.2.2.2."""
NOT_ANY_MORE = 0xA710

NEEDED = (
    "ScheduledStepAttributesSequence",
    "PerformedProcedureStepID",
    "PerformedStationAETitle",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime",
    "PerformedProcedureStepStatus",
    "Modality",
)
"""What must be there with a value when an examination begins (PS3.4 table F.7.2-1, type 1)."""
NEEDED_AT_THE_END = (
    "PerformedProcedureStepEndDate",
    "PerformedProcedureStepEndTime",
    "PerformedSeriesSequence",
)
_MOST = 10_000
"""Examinations kept; the oldest is forgotten."""

Answer = tuple[Dataset | int, Dataset | None]


class Steps:
    """The performed procedure steps, by SOP instance UID. Several associations may be at it at once."""

    def __init__(self) -> None:
        self._steps: dict[str, Dataset] = {}
        self._lock = Lock()

    def create(self, uid: str | None, attributes: Dataset) -> Answer:
        """Begin an examination; without a UID it is given one."""
        missing = _without(attributes, NEEDED)
        if missing:
            return _refusal(MISSING, f"missing or empty: {missing}"), None
        if attributes.PerformedProcedureStepStatus != "IN PROGRESS":
            return _refusal(INVALID_VALUE, "an examination begins IN PROGRESS"), None
        given = uid is not None
        with self._lock:
            uid = uid or generate_uid()
            if uid in self._steps:
                return _refusal(DUPLICATE, "there is such an examination already"), None
            self._steps[uid] = attributes
            if len(self._steps) > _MOST:
                del self._steps[next(iter(self._steps))]
        return SUCCESS, (None if given else _named(uid))

    def change(self, uid: str, attributes: Dataset) -> Answer:
        """Go on with an examination, or end it."""
        with self._lock:
            step = self._steps.get(uid)
            if step is None:
                return _refusal(NO_SUCH, "no such examination was begun"), None
            if step.PerformedProcedureStepStatus != "IN PROGRESS":
                return _refusal(MAY_NOT_CHANGE, "ended: may no longer be updated", NOT_ANY_MORE), None
            changed = Dataset()
            changed.update(step)
            changed.update(attributes)
            wrong = _wrong_end(changed)
            if wrong is not None:
                return wrong, None
            self._steps[uid] = changed
        return SUCCESS, attributes


def _named(uid: str) -> Dataset:
    """An answer that says what the examination is called; pynetdicom puts it where it belongs."""
    answer = Dataset()
    answer.AffectedSOPInstanceUID = uid
    return answer


def _wrong_end(step: Dataset) -> Dataset | None:
    """Why an examination cannot stand as it is now said to; None when it can."""
    status = step.PerformedProcedureStepStatus
    if status not in ("IN PROGRESS", "COMPLETED", "DISCONTINUED"):
        return _refusal(INVALID_VALUE, "a status is IN PROGRESS, COMPLETED or DISCONTINUED")
    missing = _without(step, NEEDED_AT_THE_END) if status == "COMPLETED" else ""
    return _refusal(MISSING, f"missing or empty at the end: {missing}") if missing else None


def _without(attributes: Dataset, needed: tuple[str, ...]) -> str:
    return ", ".join(keyword for keyword in needed if not attributes.get(keyword))


def _refusal(status: int, comment: str, error: int | None = None) -> Dataset:
    """A status with its comment, which may be 64 characters long (LO)."""
    answer = Dataset()
    answer.Status = status
    answer.ErrorComment = comment[:64]
    if error is not None:
        answer.ErrorID = error
    return answer


def serve(titles: list[str]) -> Iterator[tuple[str, int]]:
    """Answer as each of these AE titles, at a port of its own of the loopback: title and port."""
    for title in titles:
        steps = Steps()
        ae = AE(ae_title=title)
        ae.require_called_aet = True
        ae.maximum_associations = 32
        ae.add_supported_context(Verification)
        ae.add_supported_context(ModalityPerformedProcedureStep)
        server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=_handlers(steps))
        assert server is not None, "one that does not block is given back"
        yield title, int(server.server_address[1])


def _handlers(steps: Steps) -> list[evt.EventHandlerType]:
    def create(event: evt.Event) -> Answer:
        assert isinstance(event.request, N_CREATE), "it is what this handler is for"
        uid = event.request.AffectedSOPInstanceUID
        return steps.create(str(uid) if uid else None, event.attribute_list)

    def change(event: evt.Event) -> Answer:
        assert isinstance(event.request, N_SET), "it is what this handler is for"
        return steps.change(str(event.request.RequestedSOPInstanceUID), event.modification_list)

    return [(evt.EVT_N_CREATE, create), (evt.EVT_N_SET, change)]


if __name__ == "__main__":
    asked = Path(sys.argv[1])
    os.chdir(asked.parent)
    write(asked.parent / PORTS, dict(serve(json.loads(asked.read_text()))))
    signal.pause()
