"""Archives that run out of resources, or never end, played by pynetdicom: what they do tell is not lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from pacsconf.dicom.studies import asking
from pacsconf.dicom.studies.asking import archive
from pacsconf.dicom.studies.windows import Span
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.wire import Wire
from pacsconf.inventory.uids import STUDY_ROOT_FIND

# pynetdicom's server may leave a socket to the garbage collector when its caller hangs up first.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

TODAY = date(2026, 11, 26)
HELD = {f"1.2.{number}": TODAY - timedelta(days=number % 25) for number in range(60)}
MONTH = Span(TODAY - timedelta(days=29), TODAY, TODAY, 30)
OUT_OF_RESOURCES, UNABLE = 0xA700, 0xC001


def answer(uid: str, on: date) -> Dataset:
    ds = Dataset()
    ds.QueryRetrieveLevel = "STUDY"
    ds.StudyInstanceUID = uid
    ds.StudyDate = f"{on:%Y%m%d}"
    return ds


def matching(key: Dataset) -> list[Dataset]:
    first, dash, last = str(key.StudyDate).partition("-")
    low, high = first or "0", (last or "9" * 8) if dash else first
    return [answer(uid, on) for uid, on in HELD.items() if low <= f"{on:%Y%m%d}" <= high]


@pytest.fixture
def playing(free_port) -> Iterator[Callable[..., int]]:
    """Starts an archive that answers a C-FIND as this handler does."""
    with ExitStack() as stack:

        def start(handler: Callable[..., Iterator]) -> int:
            ae = AE("ARCHIVE")
            ae.add_supported_context(STUDY_ROOT_FIND)
            server = ae.start_server(
                ("127.0.0.1", free_port), False, evt_handlers=[(evt.EVT_C_FIND, handler)]
            )
            stack.callback(server.shutdown)
            return free_port

        yield start


@pytest.fixture
def ask(playing, a_target):
    def asked(handler) -> list:
        target = a_target(playing(handler), title="ARCHIVE", level="services")
        with archive(target, Wire(), ()) as found:
            return list(found.sweep(MONTH))

    return asked


def test_who_is_out_of_resources_is_asked_about_halves(ask):
    def short(event):
        for at, found in enumerate(matching(event.identifier)):
            if at == 7:
                yield OUT_OF_RESOURCES, None
                return
            yield 0xFF00, found

    parts = ask(short)
    assert Counter(found.uid for part in parts for found in part.studies) == Counter(list(HELD))
    assert all(part.whole for part in parts)


def test_who_refuses_at_once_is_asked_about_halves_too(ask):
    def refusing(event):
        found = matching(event.identifier)
        if len(found) > 10:
            yield OUT_OF_RESOURCES, None
            return
        yield from ((0xFF00, one) for one in found)

    assert Counter(found.uid for part in ask(refusing) for found in part.studies) == Counter(list(HELD))


def test_who_cannot_answer_is_a_fault_with_its_status(ask):
    def unable(event):
        yield UNABLE, None

    with pytest.raises(PeerFault, match="0xC001"):
        ask(unable)


def test_what_does_not_end_is_cancelled_and_asked_for_in_halves(ask, monkeypatch):
    monkeypatch.setattr(asking, "MOST_STUDIES", 20)

    def everything(event):
        for found in matching(event.identifier):
            if event.is_cancelled:
                yield 0xFE00, None
                return
            yield 0xFF00, found

    parts = ask(everything)
    assert Counter(found.uid for part in parts for found in part.studies) == Counter(list(HELD))


def test_an_answer_that_names_no_study_is_a_fault(ask):
    def nameless(event):
        ds = Dataset()
        ds.StudyDate = "20260101"
        yield 0xFF00, ds

    with pytest.raises(PeerFault, match="names no study"):
        ask(nameless)
