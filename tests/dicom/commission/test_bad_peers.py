"""Peers that hang, talk nonsense or break off: a failure by name within the time limit, and no thread stays."""

from __future__ import annotations

import threading
import time

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pynetdicom import AE, evt

from pacsconf.dicom.commission import asking, looking, performing, storing
from pacsconf.dicom.commission.listening import Listening
from pacsconf.dicom.commission.scope import GET, MOVE
from pacsconf.dicom.commission.trial import fitting
from pacsconf.dicom.listen.request import accepted, request
from pacsconf.dicom.upper_layer.proposals import proposal
from pacsconf.inventory import uids
from pacsconf.lab import processes
from pacsconf.report.wire.commission_text import step_text
from tests.dicom.commission.cases import SYNTAXES, device, inventory, running, trial

CT = "ct-image-storage"
CT_CLASS = uids.sop_class(CT)
ALL = [CT, "storage-commitment", "mpps", "modality-worklist"]
ACCEPTED = accepted(request(proposal("PROBE", "ANY", [(uids.VERIFICATION, ("1.2.840.10008.1.2",))])[6:]))


@pytest.fixture(autouse=True)
def no_thread_stays():
    before = threading.active_count()
    yield
    until = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < until:
        threading.Event().wait(0.05)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("answer", "hang_up", "said"),
    [
        (b"", False, "no answer"),
        (b"", True, "closed the connection"),
        (b"\x02\x00\x00\x00\x01\x00half", False, "no answer"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", True, "not DICOM"),
        (b"\x02\x00\xff\xff\xff\xff", False, "not DICOM"),
        (b"\x15\x03\x01\x00\x02\x02\x46", True, "TLS is expected"),
        (b"\x07\x00\x00\x00\x00\x04\x00\x00\x02\x00", True, "aborted"),
        (b"\x03\x00\x00\x00\x00\x04\x00\x02\x03\x01", True, "congestion"),
        (b"\x03\x00\x00\x00\x00\x04\x00\x09\x09\x09", True, "9/9/9"),
    ],
    ids=["silent", "hangs up", "half a PDU", "HTTP", "huge", "TLS", "abort", "congested", "reserved"],
)
@pytest.mark.parametrize(
    "step",
    [looking.contexts, storing.store, storing.commitment, performing.mpps, asking.worklist],
    ids=["contexts", "store", "commitment", "mpps", "worklist"],
)
def test_a_bad_peer_is_a_failure_by_name(stranger, step, answer, hang_up, said):
    peer = stranger(answer, hang_up=hang_up)
    offers = ("storage", "storage-commitment", "mpps", "modality-worklist")
    run = trial(
        inventory(device("any", "ANY", peer.port, offers=offers), uses=ALL), timeout=0.5, port=Listening(1)
    )
    if step is storing.commitment:
        run.run = run.run.keeping(
            [storing.as_stored(run.scope.peers[0], one, taken=True) for one in _some(run)]
        )
    began = time.monotonic()
    done = step(run)
    assert done.result == "failed", done
    assert said in done.items[0].text
    assert time.monotonic() - began < 10


def _some(run):
    from pacsconf.dicom.commission.specimens import specimens

    return specimens(run.origin, run.scope.peers[0].stores)


def test_a_peer_that_accepts_and_then_says_nothing_is_a_failure(stranger):
    peer = stranger(ACCEPTED)
    run = trial(inventory(device("any", "ANY", peer.port, offers=("storage",)), uses=[CT]), timeout=0.5)
    step = storing.store(run)
    assert step.result == "failed"


def test_what_the_inventory_says_fits_into_an_object():
    assert fitting(None) == ""
    assert fitting("SIEMENS\\Healthineers\n") == "SIEMENS Healthineers"
    assert fitting("x" * 80) == "x" * 64
    assert fitting("Gerät", 16) == "Gerät"


def test_a_device_with_odd_facts_makes_objects_all_the_same():
    from pacsconf.dicom import data_sets
    from pacsconf.dicom.commission import objects
    from pacsconf.dicom.commission.specimens import specimens
    from pacsconf.dicom.commission.trial import origin

    given = inventory(
        device("any", "ANY", 1, offers=("storage",)),
        uses=[CT],
        manufacturer="Ä" * 100,
        model="a\\b",
        station_name="a station of a long name",
        serial_number="\t1",
        software_versions=("", "v" * 90),
    )
    run = trial(given)
    made = origin(run.run, run.scope)
    specimen = next(specimens(made, run.scope.peers[0].stores))
    data = data_sets.to_bytes(objects.made(specimen, made), specimen.transfer_syntax)
    back = data_sets.from_bytes(data, specimen.transfer_syntax)
    assert (back.Manufacturer, back.ManufacturerModelName, back.SoftwareVersions) == (
        "Ä" * 64,
        "a b",
        "v" * 64,
    )


# --- archives that misbehave half-way -----------------------------------------------------------------------------


@pytest.fixture
def archive(request):
    """Starts an archive of pynetdicom with these handlers, and gives its port."""

    def start(*handlers, offers=(CT_CLASS, GET, MOVE)) -> int:
        ae = AE("ANY")
        for uid in offers:
            ae.add_supported_context(uid, list(SYNTAXES), scu_role=True, scp_role=True)
        server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=list(handlers))
        request.addfinalizer(server.shutdown)
        return server.socket.getsockname()[1]

    return start


def a_run(port: int, uses=(CT,), offers=("storage", "query-retrieve"), **more):
    return trial(inventory(device("any", "ANY", port, offers=offers), uses=list(uses), **more), timeout=0.5)


NONE = ["failed"] * 3 + ["not done"] * 3


@pytest.mark.parametrize(
    ("way", "came"),
    [
        (["--abort-after"], NONE),
        (["--abort-during"], NONE),
        (["--sleep-after", "2"], ["passed", "failed"] * 3),
    ],
    ids=["aborts", "aborts half-way", "hangs after the first"],
)
def test_an_archive_that_breaks_off_while_it_stores_loses_no_uid(tmp_path, way, came):
    port = processes.free_port()
    command = ["/usr/bin/storescp", "--fork", *way, "+uf", "-od", str(tmp_path), str(port)]
    run = a_run(port, uses=[CT, "mr-image-storage", "secondary-capture-image-storage"])
    with running(command, port, tmp_path / "log"):
        began = time.monotonic()
        step = storing.store(run)
        assert time.monotonic() - began < 10
    assert [item.result for item in step.items] == came
    there = {
        str(dcmread(path, force=True).SOPInstanceUID) for path in tmp_path.iterdir() if path.name != "log"
    }
    listed = {one.instance_uid for one in run.run.stored}
    assert there <= listed
    assert len(listed) == 6 - came.count("not done")


def test_an_archive_that_gives_nothing_back_is_asked_three_times_and_not_for_each_object(archive):
    asked = []

    def get(event):
        asked.append(event)
        yield 0

    run = a_run(archive((evt.EVT_C_STORE, lambda _: 0), (evt.EVT_C_GET, get)), syntaxes=SYNTAXES)
    assert storing.store(run).result == "passed"
    assert len(run.run.stored) > 4
    step = asking.retrieve(run)
    assert len(asked) == 3
    assert [item.result for item in step.items[:3]] == ["failed"] * 3
    assert {item.text for item in step.items[3:]} == {"those before it did not come back"}


def test_of_a_real_patients_object_that_comes_back_nothing_is_told(archive):
    kept = []

    def store(event):
        ds = event.dataset
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = event.context.transfer_syntax
        kept.append(ds)
        return 0

    def get(event):
        yield 1
        found = next(one for one in kept if one.SOPInstanceUID == event.identifier.SOPInstanceUID)
        found.PatientName, found.PatientID = "DOE^JOHN", "4711"
        yield 0xFF00, found

    run = a_run(archive((evt.EVT_C_STORE, store), (evt.EVT_C_GET, get)), syntaxes=SYNTAXES[1:2])
    storing.store(run)
    step = asking.retrieve(run)
    assert (step.result, step.items[0].text) == (
        "failed",
        "it came back changed: PatientName was changed; PatientID was changed",
    )


def test_a_warning_is_told_and_is_to_be_looked_at(archive):
    run = a_run(archive((evt.EVT_C_STORE, lambda _: 0xB000)))
    step = storing.store(run)
    assert (step.result, step.text) == ("passed", "2 of 2, 2 to be looked at")
    shown = "\n".join(str(row) for row in step_text(step, 80))
    assert "coercion" in shown


def test_under_the_modalitys_title_nothing_is_moved_to_the_modality(archive):
    moved = []

    def move(event):
        moved.append(event)
        yield None, None

    port = archive((evt.EVT_C_STORE, lambda _: 0), (evt.EVT_C_MOVE, move))
    run = trial(
        inventory(device("any", "ANY", port, offers=("storage", "study-root-move")), uses=[CT]),
        as_itself=True,
        port=Listening(1),
    )
    storing.store(run)
    step = asking.retrieve(run)
    assert (step.result, moved) == ("not done", [])
    assert "would send them to it" in step.text


def test_answers_that_do_not_end_are_given_up(archive, monkeypatch):
    monkeypatch.setattr("pacsconf.dicom.commission.exchange.LONGEST", 0.0)

    match = Dataset()
    match.PatientID = "ONE"

    def find(_event):
        for _ in range(40):  # 8 s: each answer comes in time
            threading.Event().wait(0.2)
            yield 0xFF00, match

    run = a_run(
        archive((evt.EVT_C_FIND, find), offers=[uids.MODALITY_WORKLIST]),
        uses=["modality-worklist"],
        offers=("modality-worklist",),
    )
    began = time.monotonic()
    step = asking.worklist(run)
    assert (step.result, "no answer to the C-FIND" in step.text) == ("failed", True)
    assert time.monotonic() - began < 5
