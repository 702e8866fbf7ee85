"""The steps of an acceptance run against real peers: dcmqrscp, storescp, wlmscpfs, the lab's MPPS provider."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, StorageCommitmentPushModel

from pacsconf.dicom.commission import asking, looking, performing, storing
from pacsconf.dicom.commission.exchange import Exchange
from pacsconf.dicom.commission.listening import listening
from pacsconf.dicom.commission.run import Ticked
from pacsconf.dicom.commission.scope import FIND, GET
from pacsconf.dicom.data_sets import to_bytes
from pacsconf.dicom.upper_layer import messages
from pacsconf.dicom.upper_layer.stream import connect
from pacsconf.inventory import uids
from pacsconf.lab import processes
from tests.dicom.commission.cases import (
    ORIGIN,
    SYNTAXES,
    device,
    inventory,
    results,
    running,
    trial,
    worklist,
)

CT, CAPTURE = "ct-image-storage", "secondary-capture-image-storage"
IMPLICIT, EXPLICIT = SYNTAXES[:2]
SHORT = {"implicit": IMPLICIT, "explicit": EXPLICIT}

ARCHIVE = """NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 4
HostTable BEGIN
probe = (PROBE, 127.0.0.1, {listen})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
ARCHIVE {folder} {access} (200, 100mb) {whom}
AETable END
"""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def archive(stack, tmp_path) -> Callable[..., tuple[int, int]]:
    """Starts a dcmqrscp that is ARCHIVE, and gives its port and the one at which it calls PROBE back."""

    def start(access: str = "RW", whom: str = "probe") -> tuple[int, int]:
        port, listen, folder = processes.free_port(), processes.free_port(), tmp_path / "archive"
        folder.mkdir()
        config = tmp_path / "dcmqrscp.cfg"
        config.write_text(ARCHIVE.format(port=port, listen=listen, folder=folder, access=access, whom=whom))
        command = ["/usr/bin/dcmqrscp", "--disable-host-lookup", "-c", str(config)]
        stack.enter_context(running(command, port, tmp_path / "archive.log"))
        return port, listen

    return start


def an_archive(port: int, offers=("storage", "query-retrieve")):
    return device("archive", "ARCHIVE", port, offers=offers, type="archive")


# --- store, query, retrieve ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["C-GET", "C-MOVE"])
def test_what_was_stored_is_found_and_comes_back_identical(archive, stack, by):
    port, listen = archive()
    run = trial(
        inventory(an_archive(port), uses=[CT, "x-ray-radiation-dose-sr-storage", "encapsulated-pdf-storage"])
    )
    if by == "C-MOVE":
        ours = {one.instance_uid for one in run.run.stored}
        run.port = stack.enter_context(
            listening("127.0.0.1", listen, lambda uid: uid in {one.instance_uid for one in run.run.stored})
        )
        assert ours == set()

    stored = storing.store(run)
    assert (stored.result, stored.text) == ("passed", "6 of 6")
    assert len(run.run.stored) == 6
    assert all(one.taken for one in run.run.stored)
    assert asking.query(run).result == "passed"
    back = asking.retrieve(run)
    assert back.result == "passed", back
    assert len(back.items) == 6
    assert all(item.text.startswith("identical") for item in back.items)


def test_a_title_that_the_archive_does_not_know_is_a_failure_with_advice(archive):
    port, _ = archive()
    given = inventory(an_archive(port), uses=[CT])
    device_of = given.devices["probe"]
    stranger = device("probe", "STRANGER", 1, ("verification",))
    given = given.model_copy(update={"devices": {**given.devices, "probe": stranger}})
    assert device_of.name == "probe"

    step = storing.store(trial(given))
    assert step.result == "failed"
    assert "1/1/7" in step.items[0].text
    assert len(step.items[0].text) > len("association rejected") + 60


def test_a_rejection_under_the_modalitys_own_title_proves_nothing(archive):
    port, _ = archive()
    step = storing.store(trial(inventory(an_archive(port), uses=[CT]), as_itself=True))
    assert step.result == "unknown"
    assert "under the modality's title" in step.items[0].text


def test_an_archive_that_may_only_be_read_refuses_each_class_by_name(archive):
    port, _ = archive(access="R")
    step = storing.store(trial(inventory(an_archive(port), uses=[CT])))
    assert results(step) == {
        f"ct-image-storage, {name}-vr-little-endian → archive/ARCHIVE": "failed" for name in SHORT
    }
    assert all("not accepted" in item.text for item in step.items)


def test_what_is_not_declared_to_be_asked_is_left_out(archive):
    port, _ = archive()
    run = trial(inventory(an_archive(port, offers=("storage",)), uses=[CT]))
    storing.store(run)
    assert asking.query(run).result == "skipped"
    assert asking.retrieve(run).result == "skipped"
    moving = trial(inventory(an_archive(port, offers=("storage", "study-root-move")), uses=[CT]))
    storing.store(moving)
    retrieve = asking.retrieve(moving)
    assert (retrieve.result, "--listen" in retrieve.text) == ("not done", True)


def test_a_move_to_where_nobody_listens_fails_with_a_reason(archive, stack):
    port, _ = archive()
    run = trial(inventory(an_archive(port), uses=[CT]), timeout=2)
    storing.store(run)
    run.port = stack.enter_context(listening("127.0.0.1", 0, lambda _: True))  # not where the archive calls
    back = asking.retrieve(run)
    assert back.result == "failed"
    assert all("C-MOVE" in item.text for item in back.items)


def test_an_object_that_was_changed_on_the_way_is_named(archive, tmp_path):
    port, _ = archive()
    run = trial(inventory(an_archive(port), uses=[CT]))
    storing.store(run)
    for path in (tmp_path / "archive").glob("CT*"):
        command = ["/usr/bin/dcmodify", "-nb", "-m", "(0018,0060)=70", "-e", "(0008,1030)", str(path)]
        subprocess.run(command, check=True, capture_output=True)
    step = asking.retrieve(run)
    assert step.result == "failed"
    assert {item.text for item in step.items} == {
        'it came back changed: StudyDescription is missing; KVP is "70", not "120"'
    }


# --- commitment ---------------------------------------------------------------------------------------------------


@pytest.fixture
def committing(stack) -> Callable[..., int]:
    """Starts a pynetdicom peer that stores, and reports commitment on the association that asked.

    `when` is how many seconds after its answer to N-ACTION; `keeps` says whether it promises everything.
    """

    def start(*, when: float, keeps: bool = False) -> int:
        ae = AE("ANY")
        ae.add_supported_context(CTImageStorage)
        ae.add_supported_context(StorageCommitmentPushModel)
        had: set[str] = set()
        threads: list[threading.Timer] = []

        def store(event) -> int:
            had.add(event.dataset.SOPInstanceUID)
            return 0

        def report(assoc, asked: Dataset) -> None:
            answer = Dataset()
            answer.TransactionUID = asked.TransactionUID
            named = list(asked.ReferencedSOPSequence)
            answer.ReferencedSOPSequence = [
                one for one in named if keeps or one.ReferencedSOPInstanceUID in had
            ]
            failed = [one for one in named if not keeps and one.ReferencedSOPInstanceUID not in had]
            for one in failed:
                one.FailureReason = 0x0112
            if failed:
                answer.FailedSOPSequence = failed
            assoc.send_n_event_report(
                answer, 2 if failed else 1, StorageCommitmentPushModel, "1.2.840.10008.1.20.1.1"
            )

        def action(event) -> tuple[int, None]:
            threads.append(threading.Timer(when, report, (event.assoc, event.action_information)))
            threads[-1].start()
            return 0, None

        handlers = [(evt.EVT_C_STORE, store), (evt.EVT_N_ACTION, action)]
        server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        stack.callback(server.shutdown)
        stack.callback(lambda: [thread.cancel() or thread.join() for thread in threads])
        return server.socket.getsockname()[1]

    return start


def asked_to_commit(port: int, stack: ExitStack) -> Ticked:
    offers = ("storage", "storage-commitment")
    given = inventory(device("any", "ANY", port, offers=offers), uses=[CT, "storage-commitment"])
    run = trial(given, wait=1.0)
    run.port = stack.enter_context(listening("127.0.0.1", 0, bool))
    assert storing.store(run).result == "passed"
    return storing.commitment(run)


def test_a_commitment_may_come_on_the_association_that_asked(committing, stack):
    step = asked_to_commit(committing(when=0.3), stack)
    assert [item.result for item in step.items] == ["passed", "passed"], step
    assert "0112H" in step.items[1].text


def test_an_archive_that_promises_what_it_never_got_fails(committing, stack):
    step = asked_to_commit(committing(when=0.3, keeps=True), stack)
    assert [item.result for item in step.items] == ["passed", "failed"], step


def test_a_commitment_that_does_not_come_says_where_to_look(committing, stack):
    step = asked_to_commit(committing(when=8), stack)
    assert [item.result for item in step.items] == ["failed", "failed"]
    assert "compare them, and look whether a firewall" in step.items[0].text


STRAY = Dataset()
STRAY.TransactionUID, STRAY.ReferencedSOPSequence = "2.25.7", []


def fair(asked: Dataset, number: int) -> Dataset:
    """All of the first request is kept, and nothing of the second, which asks for what was never sent."""
    answer = Dataset()
    answer.TransactionUID = asked.TransactionUID
    for one in asked.ReferencedSOPSequence:
        one.FailureReason = 0x0112
    answer.add_new(0x00081199 if number == 0 else 0x00081198, "SQ", asked.ReferencedSOPSequence)
    return answer


def unfair(asked: Dataset, number: int) -> Dataset:
    """One of them is kept and failed at once."""
    answer = fair(asked, number)
    answer.FailedSOPSequence = [asked.ReferencedSOPSequence[0]]
    return answer


@pytest.mark.parametrize(
    ("reports", "came"),
    [
        (lambda asked, number: [fair(asked, number)] * 2, ["passed", "passed"]),
        (lambda asked, number: [STRAY, fair(asked, number), STRAY], ["passed", "passed"]),
        (lambda asked, number: [b"\xff" * 20, b"", fair(asked, number)], ["passed", "passed"]),
        (lambda asked, number: [unfair(asked, number)], ["failed", "passed"]),
        (lambda _asked, _number: [STRAY], ["failed", "failed"]),
    ],
    ids=["twice", "among others'", "after garbage", "kept and failed", "another's alone"],
)
def test_reports_at_our_port_count_by_their_transaction(stack, reports, came):
    asked: list[Dataset] = []
    calls: list[threading.Thread] = []
    ours = stack.enter_context(listening("127.0.0.1", 0, bool))

    def call_back(several) -> None:
        sop_class = str(StorageCommitmentPushModel)
        with Exchange(connect(["127.0.0.1"], ours.port, 3), 3) as exchange:
            exchange.open("ANY", "PROBE", [(sop_class, (IMPLICIT,))])
            context, syntax = exchange.context(sop_class)
            about = {"AffectedSOPClassUID": sop_class, "AffectedSOPInstanceUID": "1.2", "EventTypeID": 1}
            for one in several:
                data = one if isinstance(one, bytes) else to_bytes(one, syntax)
                exchange.last(context, messages.N_EVENT_REPORT, about, data, name="N-EVENT-REPORT")

    def action(event) -> tuple[int, None]:
        asked.append(event.action_information)
        calls.append(threading.Thread(target=call_back, args=(reports(asked[-1], len(asked) - 1),)))
        calls[-1].start()
        return 0, None

    ae = AE("ANY")
    ae.add_supported_context(CTImageStorage)
    ae.add_supported_context(StorageCommitmentPushModel)
    handlers = [(evt.EVT_C_STORE, lambda _event: 0), (evt.EVT_N_ACTION, action)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    stack.callback(server.shutdown)

    offers = ("storage", "storage-commitment")
    given = inventory(
        device("any", "ANY", server.socket.getsockname()[1], offers=offers), uses=[CT, "storage-commitment"]
    )
    run = trial(given, wait=1.0, port=ours)
    storing.store(run)
    step = storing.commitment(run)
    for call in calls:
        call.join()
    assert [item.result for item in step.items] == came, step


# --- contexts -----------------------------------------------------------------------------------------------------

PROFILE = """[[TransferSyntaxes]]
[Plain]
TransferSyntax1 = LittleEndianExplicit
TransferSyntax2 = LittleEndianImplicit
[Some]
TransferSyntax1 = 1.2.840.10008.1.2.4.70
[[PresentationContexts]]
[Ctx]
PresentationContext1 = VerificationSOPClass\\Plain
PresentationContext2 = CTImageStorage\\Plain
PresentationContext3 = SecondaryCaptureImageStorage\\Some
[[Profiles]]
[Lab]
PresentationContexts = Ctx
"""


@pytest.fixture
def storescp(stack, tmp_path) -> Callable[..., int]:
    def start(*options: str) -> int:
        port = processes.free_port()
        (tmp_path / "scp.cfg").write_text(PROFILE)
        command = ["/usr/bin/storescp", "--fork", "-od", str(tmp_path), *options, str(port)]
        stack.enter_context(running(command, port, tmp_path / "storescp.log"))
        return port

    return start


def kept(folder: Path) -> list[Path]:
    """The objects that storescp wrote."""
    return [path for path in folder.iterdir() if path.suffix not in (".cfg", ".log")]


def test_each_class_and_syntax_is_proposed_alone(storescp, tmp_path):
    port = storescp("-xf", str(tmp_path / "scp.cfg"), "Lab")
    sv1 = uids.transfer_syntax("jpeg-lossless-sv1")
    given = inventory(
        device("archive", "ANY", port, offers=("storage",), type="archive"),
        uses=[CT, CAPTURE, "mr-image-storage"],
        syntaxes=(EXPLICIT, sv1),
    )
    run = trial(given)
    accepted = {what for what, result in results(looking.contexts(run)).items() if result == "passed"}
    assert accepted == {
        f"{CT}, explicit-vr-little-endian → archive/ANY",
        f"{CAPTURE}, jpeg-lossless-sv1 → archive/ANY",
    }
    assert kept(tmp_path) == []

    stored = results(storing.store(run))
    assert {what for what, result in stored.items() if result == "passed"} == accepted
    found = {dcmread(path).SOPInstanceUID for path in kept(tmp_path)}
    assert found == {one.instance_uid for one in run.run.stored if one.taken}


def test_objects_that_cannot_be_made_are_left_out_with_the_reason(storescp):
    port = storescp("+xa")
    given = inventory(
        device("archive", "ANY", port, offers=("storage",), type="archive"),
        uses=[CT],
        syntaxes=(
            EXPLICIT,
            *map(uids.transfer_syntax, ("mpeg2-main-profile-main-level", "jpeg-baseline-8-bit")),
        ),
    )
    step = storing.store(trial(given))
    assert (step.result, step.text) == ("passed", "1 of 1, 2 left out")
    assert sorted(item.text for item in step.items if item.result == "skipped") == [
        "JPEG Baseline (Process 1) holds fewer bits than this picture has",
        "not tried: no encoder for MPEG2 Main Profile / Main Level",
    ]


def test_an_archive_that_breaks_off_leaves_the_rest_untried(storescp):
    port = storescp("--abort-after")
    given = inventory(
        device("archive", "ANY", port, offers=("storage",), type="archive"),
        uses=["digital-x-ray-image-storage-for-presentation", CT, CAPTURE, "mr-image-storage"],
    )
    run = trial(given)
    step = storing.store(run)
    came = list(results(step).values())
    assert came == ["failed"] * 3 + ["not done"] * 5
    assert run.run.stored
    assert not any(one.taken for one in run.run.stored), (
        "what was sent is told, though nobody knows what became of it"
    )


@pytest.mark.parametrize("step", [looking.contexts, storing.store], ids=["contexts", "store"])
def test_nobody_there_is_a_failure_of_the_peer(step):
    port = processes.free_port()
    done: Ticked = step(trial(inventory(an_archive(port), uses=[CT])))
    assert done.result == "failed"
    assert "nothing listens" in done.items[0].text


@pytest.mark.parametrize(
    "step", [storing.store, storing.commitment, performing.mpps], ids=["store", "commitment", "mpps"]
)
def test_nothing_is_left_behind_unless_that_was_agreed_to(step):
    run = trial(inventory(an_archive(1), uses=[CT, "storage-commitment", "mpps"]), may_store=False)
    done = step(run)
    assert (done.result, "--yes-store-test-objects" in done.text) == ("not done", True)


def test_a_partner_outside_is_never_called(storescp):
    given = inventory(device("partner", "ANY", storescp(), offers=("storage",), external=True), uses=[CT])
    run = trial(given)
    assert (storing.store(run).result, run.run.stored) == ("skipped", ())
    assert looking.contexts(run).text == "a partner outside is never called"


# --- worklist -----------------------------------------------------------------------------------------------------


def order(folder: Path, name: str, station: str, *, modality: str = "CT", **more: str) -> None:
    """One item of a worklist, as wlmscpfs reads it."""
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = modality, station
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20261126", "120000"
    step.ScheduledPerformingPhysicianName = "X"
    step.ScheduledProcedureStepDescription, step.ScheduledProcedureStepID = "TEST", "S1"
    item = Dataset()
    item.SpecificCharacterSet, item.AccessionNumber = "ISO_IR 100", "A1"
    item.PatientName, item.PatientID = name, "ZZTEST-1" if name.startswith("ZZTEST") else "12345"
    item.PatientBirthDate, item.PatientSex = "19000101", "O"
    item.StudyInstanceUID = ORIGIN.uid("order", name, station)
    item.RequestingPhysician, item.RequestedProcedureDescription = "X", "TEST"
    item.ScheduledProcedureStepSequence = [step]
    item.RequestedProcedureID, item.RequestedProcedurePriority = "R1", "LOW"
    for keyword, value in more.items():
        setattr(item, keyword, value)
    item.file_meta = FileMetaDataset()
    item.file_meta.MediaStorageSOPClassUID = uids.MODALITY_WORKLIST
    item.file_meta.MediaStorageSOPInstanceUID = ORIGIN.uid("file", name, station)
    item.file_meta.TransferSyntaxUID = EXPLICIT
    item.save_as(folder / f"{station}-{len(list(folder.iterdir()))}.wl", enforce_file_format=True)


@pytest.fixture
def ris(stack, tmp_path) -> tuple[int, Path]:
    """The port of a wlmscpfs that is RIS, and the folder of its orders."""
    port, folder = processes.free_port(), tmp_path / "worklists" / "RIS"
    folder.mkdir(parents=True)
    (folder / "lockfile").touch()
    command = ["/usr/bin/wlmscpfs", "-dfp", str(folder.parent), str(port)]
    stack.enter_context(running(command, port, tmp_path / "ris.log"))
    return port, folder


def asked(port: int) -> Ticked:
    ris = device("ris", "RIS", port, offers=("modality-worklist",), type="ris")
    return asking.worklist(trial(inventory(ris, uses=["modality-worklist"], worklist=worklist())))


def test_the_test_order_comes_and_those_of_other_stations_do_not(ris):
    port, folder = ris
    order(folder, "ZZTEST^PACSCONF", "CT9")
    order(folder, "SOMEBODY^ELSE", "MR1", modality="MR")
    step = asked(port)
    assert step.result == "passed", step
    assert results(step)["ris/RIS, orders of others"] == "passed"
    assert "SOMEBODY" not in str(step)


def test_a_worklist_without_a_test_order_says_what_to_enter(ris):
    port, folder = ris
    order(folder, "SOMEBODY^ELSE", "CT9")
    step = asked(port)
    assert results(step)["ris/RIS, test order"] == "failed"
    assert "Have one entered for ZZTEST^PACSCONF" in step.items[0].text
    assert "SOMEBODY" not in str(step)


def test_an_order_that_images_would_not_find_again_is_a_failure(ris):
    port, folder = ris
    order(folder, "ZZTEST^PACSCONF", "CT9", AccessionNumber="")
    assert "it lacks AccessionNumber" in str(asked(port))


# --- statuses -----------------------------------------------------------------------------------------------------


@pytest.fixture
def answering(stack) -> Callable[..., int]:
    """Starts a pynetdicom peer, ANY, that answers each message with the status it is told for it."""

    def start(**statuses: int) -> int:
        ae = AE("ANY")
        for uid in (CTImageStorage, uids.MPPS, uids.MODALITY_WORKLIST, FIND, GET):
            ae.add_supported_context(uid)
        answers = {name: iter(several) for name, several in statuses.items()}

        def status(name: str):
            return lambda _event: next(answers[name])

        def data(name: str):
            return lambda _event: (next(answers[name]), None)

        def several(name: str):
            def handle(_event) -> Iterator[tuple[int, None]]:
                yield next(answers[name]), None

            return handle

        kinds = {"store": (evt.EVT_C_STORE, status), "find": (evt.EVT_C_FIND, several)}
        kinds |= {"create": (evt.EVT_N_CREATE, data), "set": (evt.EVT_N_SET, data)}
        handlers = [(kinds[name][0], kinds[name][1](name)) for name in statuses]
        server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        stack.callback(server.shutdown)
        return server.socket.getsockname()[1]

    return start


@pytest.mark.parametrize(
    ("status", "result", "said"),
    [
        (0x0000, "passed", "stored"),
        (0xB000, "passed", "look at it: some values were changed (coercion) (status 0xB000)"),
        (0xB007, "passed", "look at it"),
        (0xA700, "failed", "0xA700, out of resources"),
        (0xA900, "failed", "0xA900"),
        (0xC123, "failed", "0xC123, unable to process"),
        (0x0124, "failed", "not authorised"),
    ],
    ids=lambda value: f"{value:04X}" if isinstance(value, int) else "",
)
def test_a_status_of_storing_is_told_for_what_it_is(answering, status, result, said):
    port = answering(store=[status] * 2)
    run = trial(inventory(device("any", "ANY", port, offers=("storage",)), uses=[CT]))
    step = storing.store(run)
    assert {item.result for item in step.items} == {result}
    assert said in step.items[0].text
    assert {one.taken for one in run.run.stored} == {result == "passed"}


@pytest.mark.parametrize(
    ("create", "sets", "came"),
    [
        ([0, 0], [0x0000, 0x0110, 0x0000], ["passed", "passed", "passed", "passed", "passed"]),
        ([0, 0], [0x0000, 0x0000, 0x0000], ["passed", "passed", "failed", "passed", "passed"]),
        ([0, 0], [0x0106, 0x0000], ["passed", "failed", "passed", "passed"]),
        ([0, 0], [0x0000, 0x0110, 0x0106], ["passed", "passed", "passed", "passed", "failed"]),
        ([0x0120, 0], [0x0000], ["failed", "passed", "passed"]),
    ],
    ids=["as it should be", "changed after its end", "not completed", "not given up", "not begun"],
)
def test_each_part_of_a_procedure_step_may_fail(answering, create, sets, came):
    port = answering(create=create, set=sets)
    run = trial(inventory(device("any", "ANY", port, offers=("mpps",)), uses=["mpps"]))
    step = performing.mpps(run)
    assert [item.result for item in step.items] == came
    assert [one.taken for one in run.run.stored] == [status == 0 for status in create]


@pytest.mark.parametrize("status", [0xA700, 0xC001, 0xFE00], ids=hex)
def test_a_query_that_is_refused_is_a_failure_with_its_status(answering, status):
    port = answering(find=[status] * 2, store=[0, 0])
    offers = ("storage", "study-root-find", "modality-worklist")
    run = trial(inventory(device("any", "ANY", port, offers=offers), uses=[CT, "modality-worklist"]))
    storing.store(run)
    for step in (asking.query(run), asking.worklist(run)):
        assert (step.result, f"0x{status:04X}" in step.items[0].text) == ("failed", True), step


def test_a_study_that_is_not_found_is_a_failure(answering):
    port = answering(find=[0x0000], store=[0, 0])
    given = inventory(device("any", "ANY", port, offers=("storage", "study-root-find")), uses=[CT])
    run = trial(given)
    storing.store(run)
    step = asking.query(run)
    assert (step.result, step.text) == ("failed", "0 studies are found under the UID of one that it stored")


# --- MPPS ---------------------------------------------------------------------------------------------------------


def test_a_procedure_step_is_completed_and_final_and_another_given_up(tmp_path):
    (tmp_path / "titles.json").write_text('["RIS"]')
    log, ports = tmp_path / "mpps.log", tmp_path / "mpps.json"
    command = [sys.executable, "-P", "-m", "pacsconf.lab.mpps", str(tmp_path / "titles.json")]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            processes.wait_for(ports.exists, process.pid, log, "MPPS")
            port = json.loads(ports.read_text())["RIS"]
            run = trial(inventory(device("ris", "RIS", port, offers=("mpps",), type="ris"), uses=["mpps"]))
            step = performing.mpps(run)
        finally:
            process.terminate()
    assert step.result == "passed", step
    assert results(step) == {
        "ris/RIS, in progress, to be completed": "passed",
        "ris/RIS, completed": "passed",
        "ris/RIS, changed after its end": "passed",
        "ris/RIS, in progress, to be discontinued": "passed",
        "ris/RIS, discontinued": "passed",
    }
    assert "0x0110" in step.items[2].text
    assert [(one.peer, one.sop_class, one.taken) for one in run.run.stored] == [
        ("ris/RIS", uids.MPPS, True)
    ] * 2
    assert run.stored_at(run.scope.peers[0]) == (), "it is no object that could be fetched"


def test_a_peer_without_mpps_is_a_failure_by_name(archive):
    port, _ = archive()
    run = trial(inventory(device("ris", "ARCHIVE", port, offers=("mpps",), type="ris"), uses=["mpps"]))
    step = performing.mpps(run)
    assert step.result == "failed"
    assert "abstract syntax not supported" in step.items[0].text
