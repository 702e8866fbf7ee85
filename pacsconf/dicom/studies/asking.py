"""Asking one archive for its studies, over one association, window after window (PS3.4 section C.4.1).

Gently: one question at a time, of low priority, for as few attributes as are needed, and never for a name.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from pydicom.dataset import Dataset

from pacsconf.dicom import data_sets
from pacsconf.dicom.names import Names, NotFound, is_address
from pacsconf.dicom.probe.way import NowhereToCall, Way, dialled
from pacsconf.dicom.studies import answers
from pacsconf.dicom.studies.answers import Fact, FoundStudy
from pacsconf.dicom.studies.windows import Answer, Span, Swept, Window, sweep
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer import query
from pacsconf.dicom.upper_layer.acceptance import context_id
from pacsconf.dicom.upper_layer.association import Association
from pacsconf.dicom.upper_layer.messages import C_FIND, PENDING, SUCCESS, Value
from pacsconf.dicom.upper_layer.peer_fault import PeerFault, context_result, status_words
from pacsconf.dicom.wire import Wire
from pacsconf.inventory.uids import STUDY_ROOT_FIND

log = logging.getLogger(__name__)

MOST_STUDIES = 5000
"""Studies that are read of one window; when there are more, the rest is cancelled and halves are asked for."""
_CUT_OFF = frozenset({0xA700, 0xFE00})
"""Out of resources (PS3.4 table C.4-1); cancelled though nobody cancelled it, as Orthanc says of its limit."""
_LOW = 2
_CONTEXT = context_id(0)


class NotAsked(Exception):
    """Nothing was sent; the text says why."""


class _Questions(Association):
    """An association whose answers may be long; each message still has the time-out."""

    most_bytes = 64 * 1024 * 1024


@dataclass
class Archive:
    """An archive that is being asked."""

    assoc: Association
    syntax: str
    facts: frozenset[Fact]
    asked: int = 0

    def sweep(self, span: Span) -> Iterator[Swept[FoundStudy]]:
        """Every window of this span with its studies. Raises: PeerFault."""
        return sweep(self._asked, span)

    def _asked(self, window: Window) -> Answer[FoundStudy]:
        """The studies of a window, with the modalities of each."""
        answer = self._told(window)
        log.debug("window %s: %d studies%s", window, len(answer.studies), "" if answer.whole else ", cut off")
        if "modalities" not in self.facts or not answer.whole:
            return answer
        return Answer(tuple(map(self._with_modalities, answer.studies)))

    def _told(self, window: Window) -> Answer[FoundStudy]:
        found: list[FoundStudy] = []
        for status, data in self._find(answers.studies_in(window, self.facts)):
            if status in PENDING:
                found.append(_read(partial(answers.study, data, self.syntax, self.facts)))
                if len(found) == MOST_STUDIES:
                    self.assoc.cancel(_CONTEXT)
                    return Answer(tuple(found), whole=False)
            elif status in _CUT_OFF:
                return Answer(tuple(found), whole=False)
            elif status != SUCCESS:
                raise PeerFault(f"C-FIND answered with {status_words(status)}", "status", (status,))
        return Answer(tuple(found))

    def _with_modalities(self, found: FoundStudy) -> FoundStudy:
        if found.texts.get("ModalitiesInStudy"):
            return found
        modalities = set()
        for status, data in self._find(answers.series_of(found.uid)):
            if status in PENDING:
                modalities.add(_read(partial(answers.modality, data, self.syntax)))
            elif status != SUCCESS:
                return found  # it does not tell, so it is not known
        return replace(found, texts={**found.texts, "ModalitiesInStudy": tuple(sorted(modalities - {""}))})

    def _find(self, key: Dataset) -> Iterator[tuple[int, bytes]]:
        """Each answer's status and data."""
        self.asked += 1
        about: dict[str, Value] = {"AffectedSOPClassUID": STUDY_ROOT_FIND, "Priority": _LOW}
        data = data_sets.to_bytes(key, self.syntax)
        for answer in self.assoc.ask(_CONTEXT, C_FIND, about, data, name="C-FIND"):
            yield answer.status, answer.data


Read = TypeVar("Read")


def _read(read: Callable[[], Read]) -> Read:
    """What an answer says. Raises: PeerFault when it cannot be read."""
    try:
        return read()
    except ValueError as exc:
        raise PeerFault(f"the answer to the C-FIND cannot be read: {exc}") from exc


@contextmanager
def archive(target: Target, wire: Wire, facts: Collection[Fact]) -> Iterator[Archive]:
    """The archive at this address, ready to be asked for these facts.

    Raises: NotAsked when it may not be; PeerFault.
    """
    _require_allowed(target)
    assert target.calling is not None, "what may be called is called as somebody"
    with _Questions(_way(target, wire).again(), wire.timeout) as assoc:
        (result,) = assoc.request(target.calling, target.title, [(STUDY_ROOT_FIND, query.WRITTEN)]).results
        if result.result != 0:
            words = context_result(result.result)
            raise PeerFault(f"queries (study root) are not accepted: {words}", "context", (result.result,))
        yield Archive(assoc, result.syntax, frozenset(facts))


def _require_allowed(target: Target) -> None:
    if target.level != "services":
        why = target.why or f"no more than {target.level} may be sent to it, and queries need probe: services"
        raise NotAsked(why)
    if target.calling is None:
        raise NotAsked("no device is named to call as (probe_as)")


def _way(target: Target, wire: Wire) -> Way:
    stop = threading.Event()
    try:
        host, port = dialled(target, wire.dial)
        addresses = (host,) if is_address(host) else Names(stop).addresses(host, wire.timeout)
    except NowhereToCall as exc:
        raise NotAsked(str(exc)) from exc
    except NotFound as exc:
        raise PeerFault(f'the name "{target.host}" {exc}', exc.how) from exc
    return Way(target, wire, addresses, port, stop)
