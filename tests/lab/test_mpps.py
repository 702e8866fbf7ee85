from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import ModalityPerformedProcedureStep, Verification

from pacsconf.lab import processes


def begun(**more: object) -> Dataset:
    """What a scanner says when an examination begins."""
    step = Dataset()
    step.ScheduledStepAttributesSequence = [Dataset()]
    step.ScheduledStepAttributesSequence[0].StudyInstanceUID = generate_uid()
    step.PerformedProcedureStepID = "P1"
    step.PerformedStationAETitle = "CT1"
    step.PerformedProcedureStepStartDate = "20261126"
    step.PerformedProcedureStepStartTime = "120000"
    step.PerformedProcedureStepStatus = "IN PROGRESS"
    step.Modality = "CT"
    for keyword, value in more.items():
        setattr(step, keyword, value)
    return step


def ended(status: str = "COMPLETED", **more: object) -> Dataset:
    """What it says at the end."""
    step = Dataset()
    step.PerformedProcedureStepStatus = status
    if status == "COMPLETED":
        step.PerformedProcedureStepEndDate = "20261126"
        step.PerformedProcedureStepEndTime = "121000"
        step.PerformedSeriesSequence = [Dataset()]
        step.PerformedSeriesSequence[0].SeriesInstanceUID = generate_uid()
    for keyword, value in more.items():
        setattr(step, keyword, value)
    return step


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder: Path = tmp_path_factory.mktemp("mpps")
    (folder / "titles.json").write_text('["RIS_MPPS"]')
    log, ports = folder / "mpps.log", folder / "mpps.json"
    command = [sys.executable, "-P", "-m", "pacsconf.lab.mpps", str(folder / "titles.json")]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            processes.wait_for(ports.exists, process.pid, log, "MPPS")
            yield json.loads(ports.read_text())["RIS_MPPS"]
        finally:
            process.terminate()


@pytest.fixture
def ris(port: int) -> Iterator[object]:
    ae = AE(ae_title="CT1")
    ae.add_requested_context(ModalityPerformedProcedureStep)
    ae.add_requested_context(Verification)
    association = ae.associate("127.0.0.1", port, ae_title="RIS_MPPS")
    assert association.is_established
    yield association
    association.release()


def create(ris, attributes: Dataset, uid: str | None) -> int:
    return ris.send_n_create(attributes, ModalityPerformedProcedureStep, uid)[0].Status


def change(ris, attributes: Dataset, uid: str) -> int:
    return ris.send_n_set(attributes, ModalityPerformedProcedureStep, uid)[0].Status


def test_it_answers_an_echo(ris):
    assert ris.send_c_echo().Status == 0


def test_it_answers_to_its_own_title_alone(port):
    ae = AE(ae_title="CT1")
    ae.add_requested_context(Verification)
    association = ae.associate("127.0.0.1", port, ae_title="RIS")
    assert (association.is_rejected, association.acceptor.primitive.result_str) == (
        True,
        "Rejected Permanent",
    )


def test_an_examination_begins_goes_on_and_ends(ris):
    uid = generate_uid()
    assert create(ris, begun(), uid) == 0
    assert change(ris, ended("IN PROGRESS", PerformedProcedureStepDescription="head"), uid) == 0
    assert change(ris, ended(), uid) == 0


@pytest.mark.parametrize("status", ["COMPLETED", "DISCONTINUED"])
def test_what_ended_may_not_be_changed(ris, status):
    uid = generate_uid()
    create(ris, begun(), uid)
    assert change(ris, ended(status), uid) == 0
    answer, _ = ris.send_n_set(ended(), ModalityPerformedProcedureStep, uid)
    assert (answer.Status, answer.ErrorID) == (0x0110, 0xA710)


def test_an_examination_begins_once(ris):
    uid = generate_uid()
    assert [create(ris, begun(), uid) for _ in range(2)] == [0, 0x0111]


def test_without_a_uid_it_is_given_one(ris):
    heard: list[str] = []
    ris.bind(evt.EVT_DIMSE_RECV, lambda event: heard.append(event.message.command_set.AffectedSOPInstanceUID))
    assert create(ris, begun(), None) == 0
    ris.unbind(evt.EVT_DIMSE_RECV, ris.get_handlers(evt.EVT_DIMSE_RECV)[0][0])
    assert change(ris, ended(), heard[0]) == 0


def test_it_must_begin_in_progress(ris):
    assert create(ris, begun(PerformedProcedureStepStatus="COMPLETED"), generate_uid()) == 0x0106


def test_what_is_needed_must_be_there(ris):
    answer, _ = ris.send_n_create(begun(Modality=""), ModalityPerformedProcedureStep, generate_uid())
    assert (answer.Status, answer.ErrorComment) == (0x0120, "missing or empty: Modality")


def test_it_ends_with_its_series(ris):
    uid = generate_uid()
    create(ris, begun(), uid)
    assert change(ris, ended(PerformedSeriesSequence=[]), uid) == 0x0120
    assert change(ris, ended("FINISHED"), uid) == 0x0106
    assert change(ris, ended(), uid) == 0


def test_what_was_never_begun_cannot_go_on(ris):
    assert change(ris, ended(), generate_uid()) == 0x0112
