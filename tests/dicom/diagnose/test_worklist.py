"""A worklist is counted, by a real wlmscpfs; what misbehaves is a named fault in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from pacsconf.dicom.diagnose.worklist import MOST, look
from pacsconf.dicom.targets import Target
from pacsconf.dicom.wire import Wire
from tests.dicom.conftest import running
from tests.dicom.peer_bytes import accepting, command, context, pdu, response

TODAY = date(2026, 11, 24)
WORKLIST = "1.2.840.10008.5.1.4.31"


def entry(folder: Path, number: int, station: str, modality: str, day: date = TODAY) -> None:
    """One entry of a worklist, of a patient that nobody is."""
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 100"
    item.AccessionNumber = f"A{number}"
    item.ReferringPhysicianName = ""
    item.PatientName = "ZZTEST^PACSCONF"
    item.PatientID = f"ZZ{number}"
    item.PatientBirthDate = ""
    item.PatientSex = "O"
    item.StudyInstanceUID = f"2.999.{number}"
    item.RequestedProcedureDescription = "practice"
    item.RequestedProcedureID = f"R{number}"
    item.RequestedProcedurePriority = "ROUTINE"
    step = Dataset()
    step.Modality = modality
    step.ScheduledStationAETitle = station
    step.ScheduledProcedureStepStartDate = f"{day:%Y%m%d}"
    step.ScheduledProcedureStepStartTime = "080000"
    step.ScheduledPerformingPhysicianName = ""
    step.ScheduledProcedureStepDescription = "practice"
    step.ScheduledProcedureStepID = f"S{number}"
    step.ScheduledStationName = station
    step.ScheduledProcedureStepLocation = ""
    item.ScheduledProcedureStepSequence = [step]
    item.file_meta = FileMetaDataset()
    item.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    item.file_meta.MediaStorageSOPClassUID = UID(WORKLIST)
    item.file_meta.MediaStorageSOPInstanceUID = UID(f"2.999.{number}.1")
    dcmwrite(folder / f"{number:04}.wl", item, enforce_file_format=True)


@pytest.fixture
def ris(free_port: int, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of a worklist RIS, and the folder where its entries are."""
    folder = tmp_path / "lists" / "RIS"
    folder.mkdir(parents=True)
    (folder / "lockfile").touch()
    command = ["/usr/bin/wlmscpfs", "--disable-host-lookup", "-dfp", str(folder.parent), str(free_port)]
    with running(command, free_port) as port:
        yield port, folder


def target(port: int, **more: object) -> Target:
    usual = {
        "device": "ris",
        "title": "RIS",
        "connection": "dicom",
        "host": "127.0.0.1",
        "port": port,
        "declared": "10.20.0.7:104",
        "level": "services",
        "calling": "PROBE",
    }
    return Target(**(usual | more))  # type: ignore[arg-type]


def ask(port: int, station: str = "CT1", modality: str = "CT", **more: object):
    return look(target(port, **more), Wire(timeout=5), station, modality, TODAY)


def test_entries_of_the_station_are_counted_and_nothing_further_is_asked(ris):
    port, folder = ris
    for number in range(3):
        entry(folder, number, "CT1", "CT")
    entry(folder, 9, "MR1", "MR")
    found = ask(port)
    assert (found.matching, found.today, found.ever, found.more, found.step) == (3, None, None, False, None)


def test_where_the_filter_leaves_nothing_all_of_today_is_counted_by_station(ris):
    port, folder = ris
    entry(folder, 1, "CT_1", "CT")
    entry(folder, 2, "CT_1", "CT")
    entry(folder, 3, "MR1", "MR")
    entry(folder, 4, "CT1", "CT", date(2026, 11, 25))
    found = ask(port)
    assert (found.matching, found.today) == (0, (("CT_1", "CT", 2), ("MR1", "MR", 1)))


def test_where_today_has_nothing_other_days_are_counted(ris):
    port, folder = ris
    entry(folder, 1, "CT1", "CT", date(2026, 11, 25))
    found = ask(port)
    assert (found.matching, found.today, found.ever) == (0, (), 1)


def test_an_empty_worklist_is_empty_on_any_day(ris):
    port, _ = ris
    found = ask(port)
    assert (found.matching, found.today, found.ever, found.step) == (0, (), 0, None)


def test_counting_stops_at_a_limit(ris, monkeypatch):
    port, folder = ris
    monkeypatch.setattr("pacsconf.dicom.diagnose.worklist.MOST", 5)
    for number in range(9):
        entry(folder, number, "CT1", "CT")
    found = ask(port)
    assert (found.matching, found.more) == (5, True)
    assert MOST == 500


def test_a_title_that_is_not_there_is_a_rejection(ris):
    port, _ = ris
    found = ask(port, title="NOBODY")
    assert found.step is not None
    assert found.step.fault is not None
    assert found.step.fault.numbers == (1, 1, 7)


def test_who_takes_no_worklist_queries_says_so(storescp):
    found = ask(storescp())
    assert found.step is not None
    assert found.step.fault is not None
    assert (found.step.fault.how, found.step.fault.numbers) == ("context", (3,))


@pytest.mark.parametrize("more", [{"level": "echo"}, {"level": "none"}, {"calling": None}], ids=str)
def test_who_is_to_be_left_alone_is_not_asked(stranger, more):
    listener = stranger()
    found = ask(listener.port, **more)
    assert (found.matching, found.step, listener.heard) == (None, None, [])


def test_nobody_there(free_port):
    found = ask(free_port)
    assert found.step is not None
    assert found.step.name == "tcp"


# --- a peer that misbehaves ---------------------------------------------------------------------------------------


ACCEPTED = accepting(context(1))
FIND_ANSWER = 0x8020


@pytest.mark.parametrize(
    ("said", "how"),
    [
        (b"", "silent"),
        (ACCEPTED, "closed"),
        (ACCEPTED + response(FIND_ANSWER, 0xA700), "status"),
        (ACCEPTED + bytes([7, 0, 0, 0, 0, 4, 0, 0, 0, 0]), "aborted"),
        (ACCEPTED + b"garbage", "not DICOM"),
        (ACCEPTED + command((0x0100, b"\x20\x80")), "otherwise"),
        (ACCEPTED + pdu(0x04, b"\0\0\0\xff\1\3"), "otherwise"),
    ],
    ids=[
        "silent",
        "accepts and hangs up",
        "refuses",
        "aborts",
        "garbage",
        "no status",
        "lengths that do not fit",
    ],
)
def test_a_peer_that_misbehaves_is_a_named_fault(stranger: Callable, said: bytes, how: str):
    found = look(target(stranger(said).port), Wire(timeout=0.5), "CT1", "CT", TODAY)
    assert found.step is not None
    assert found.step.fault is not None
    assert (found.step.passed, found.step.fault.how) == (False, how)


def test_an_entry_that_is_no_data_set_is_counted_and_not_read(stranger):
    said = ACCEPTED + response(FIND_ANSWER, 0xFF00, more=b"\xff\xff\xff\xff nonsense")
    said += response(FIND_ANSWER, 0)
    found = look(target(stranger(said).port), Wire(timeout=0.5), "CT1", "CT", TODAY)
    assert found.matching == 1
