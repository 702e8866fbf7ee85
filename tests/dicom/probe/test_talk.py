"""Contexts and queries: what DCMTK's programs and Orthanc really take and answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pacsconf.dicom.observation import Fault, Negotiated
from pacsconf.dicom.probe.findings import findings
from pacsconf.dicom.probe.observer import probe
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.query import PATIENT_ROOT, STUDY_ROOT, WORKLIST
from pacsconf.dicom.wire import Wire
from pacsconf.inventory import uids
from pacsconf.lab import orthanc
from tests.dicom.conftest import running

CT, MR, US = ("1.2.840.10008.5.1.4.1.1." + arc for arc in ("2", "4", "6.1"))
IMPLICIT, EXPLICIT, JPEG2000 = uids.IMPLICIT_VR_LE, uids.EXPLICIT_VR_LE, "1.2.840.10008.1.2.4.90"
BOTH = (IMPLICIT, EXPLICIT)

PROFILE = """[[TransferSyntaxes]]
[Plain]
TransferSyntax1 = LittleEndianExplicit
TransferSyntax2 = LittleEndianImplicit
[J2K]
TransferSyntax1 = JPEG2000LosslessOnly
[[PresentationContexts]]
[Ctx]
PresentationContext1 = VerificationSOPClass\\Plain
PresentationContext2 = CTImageStorage\\Plain
PresentationContext3 = MRImageStorage\\J2K
[[Profiles]]
[Lab]
PresentationContexts = Ctx
"""


@pytest.fixture
def station(storescp: Callable[..., int], tmp_path: Path) -> int:
    """A storescp that takes CT uncompressed and MR as JPEG 2000 alone."""
    (tmp_path / "scp.cfg").write_text(PROFILE)
    return storescp("-xf", str(tmp_path / "scp.cfg"), "Lab")


@pytest.fixture
def worklist(free_port: int, tmp_path: Path) -> Iterator[int]:
    """The port of a wlmscpfs that is WLSCP and has one item."""
    from pydicom import Dataset
    from pydicom.filewriter import dcmwrite

    folder = tmp_path / "worklist" / "WLSCP"
    folder.mkdir(parents=True)
    (folder / "lockfile").touch()
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = "CT", "CT1"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20260101", "080000"
    step.ScheduledPerformingPhysicianName = "ZZTEST^PACSCONF"
    step.ScheduledProcedureStepDescription, step.ScheduledProcedureStepID = "TEST", "1"
    item = Dataset()
    item.AccessionNumber, item.PatientName, item.PatientID = "1", "ZZTEST^PACSCONF", "ZZ1"
    item.PatientBirthDate, item.PatientSex, item.StudyInstanceUID = "19700101", "O", "2.25.1"
    item.RequestingPhysician, item.RequestedProcedureDescription = "ZZTEST^PACSCONF", "TEST"
    item.RequestedProcedureID, item.RequestedProcedurePriority = "1", "LOW"
    item.ScheduledProcedureStepSequence = [step]
    dcmwrite(folder / "item.wl", item, implicit_vr=False, little_endian=True)
    command = ["/usr/bin/wlmscpfs", "-dhl", "-dfr", "-dfp", str(tmp_path / "worklist"), str(free_port)]
    with ExitStack() as stack:
        yield stack.enter_context(running(command, free_port))


@pytest.fixture
def asked(a_target: Callable[..., Target]) -> Callable[..., Target]:
    """A target at level `services`, unless said otherwise."""
    return lambda port, **more: a_target(port, **({"level": "services"} | more))


def steps(observation) -> list[tuple[str, bool | None, str]]:
    return [(step.name, step.passed, step.text) for step in observation.steps]


def test_each_transfer_syntax_is_a_context_of_its_own(station, asked):
    declared = ((CT, BOTH), (MR, (EXPLICIT, JPEG2000)), (US, (EXPLICIT,)))
    seen = probe(asked(station, level="contexts", contexts=declared), Wire())
    assert seen.contexts == (
        Negotiated(CT, IMPLICIT, 0),
        Negotiated(CT, EXPLICIT, 0),
        Negotiated(MR, EXPLICIT, 4),
        Negotiated(MR, JPEG2000, 0),
        Negotiated(US, EXPLICIT, 3),
    )
    assert [step.name for step in seen.steps] == ["tcp", "association", "contexts", "echo"]
    assert seen.steps[2].fault == Fault("context", (4,))
    assert seen.reason == (
        "3 of 5 accepted; not MR Image Storage (Explicit VR Little Endian: transfer syntaxes not supported "
        "(PS3.8 9.3.3.2: 4)), Ultrasound Image Storage (Explicit VR Little Endian: abstract syntax not supported "
        "(PS3.8 9.3.3.2: 3))"
    )
    (finding,) = findings(seen)
    assert (finding.rule, finding.path) == ("WIRE-CONTEXT", ("devices", "ct-1", "ae_titles", "CT1"))


def test_who_answers_is_told(station, asked):
    seen = probe(asked(station, level="contexts", contexts=((CT, BOTH),)), Wire())
    assert seen.verdict == "healthy"
    assert seen.software is not None
    assert seen.software.implementation_version.startswith("OFFIS_DCMTK_36")
    assert seen.software.max_pdu == 16384
    assert seen.at.endswith("+00:00")


def test_more_contexts_than_fit_are_asked_in_further_associations(storescp, asked):
    declared = tuple((f"1.2.3.{number}", BOTH) for number in range(150))
    seen = probe(asked(storescp("-pm"), contexts=declared), Wire())
    assert seen.verdict == "healthy"
    assert [one.result for one in seen.contexts] == [0] * 300
    assert steps(seen)[1:] == [
        ("association", True, "accepted"),
        ("contexts", True, "300 of 300 accepted"),
        ("echo", True, "answered"),
    ]


def test_an_archive_answers_queries_in_the_association_of_the_contexts(archive, asked):
    declared = ((CT, BOTH), (PATIENT_ROOT, BOTH), (STUDY_ROOT, BOTH))
    seen = probe(asked(archive, title="ARCHIVE", contexts=declared), Wire())
    assert (seen.verdict, seen.reason) == ("healthy", "")
    assert steps(seen) == [
        ("tcp", True, "connected"),
        ("association", True, "accepted"),
        ("contexts", True, "6 of 6 accepted"),
        ("echo", True, "answered"),
        ("query", True, "answered"),
    ]


def test_a_worklist_is_queried_for_what_nobody_has(worklist, asked):
    seen = probe(asked(worklist, title="WLSCP", contexts=((WORKLIST, BOTH),)), Wire())
    assert (seen.verdict, seen.reason) == ("healthy", "")
    assert steps(seen)[-1] == ("worklist", True, "answered")


def test_what_is_not_accepted_is_not_queried(storescp, asked):
    seen = probe(asked(storescp(), contexts=((STUDY_ROOT, BOTH),)), Wire())
    assert seen.verdict == "failing"
    assert steps(seen)[-2:] == [
        ("echo", True, "answered"),
        ("query", None, "not asked: no context for it was accepted"),
    ]
    assert [finding.rule for finding in findings(seen)] == ["WIRE-CONTEXT"]


def test_an_orthanc_that_aborts_a_query_is_told_so_and_its_worklist_is_asked_nonetheless(tmp_path, asked):
    (tmp_path / "worklist").mkdir()
    options = orthanc.Options(
        modalities_in_database=False,
        modalities={
            "probe": {
                "AET": "PROBE",
                "Host": "127.0.0.1",
                "Port": 104,
                "AllowEcho": True,
                "AllowFind": False,
                "AllowFindWorklist": True,
            }
        },
        settings={
            "Plugins": ["/usr/share/orthanc/plugins/libModalityWorklists.so"],
            "Worklists": {"Enable": True, "Database": str(tmp_path / "worklist")},
        },
    )
    declared = ((WORKLIST, BOTH), (STUDY_ROOT, BOTH))
    with orthanc.started(tmp_path / "pacs", options) as server:
        seen = probe(asked(server.dicom_port, title=server.aet, contexts=declared), Wire())
    assert steps(seen)[1:4] == [
        ("association", True, "accepted"),
        ("contexts", True, "4 of 4 accepted"),
        ("echo", True, "answered"),
    ]
    query, worklist = seen.steps[4:]
    assert (query.name, query.passed, query.fault) == ("query", False, Fault("aborted", (0, 0)))
    assert (worklist.name, worklist.passed, worklist.text) == ("worklist", True, "answered")
    assert [finding.rule for finding in findings(seen)] == ["WIRE-QUERY"]
