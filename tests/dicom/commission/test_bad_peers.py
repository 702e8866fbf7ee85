"""Peers that hang, talk nonsense or break off: a failure by name within the time limit, and no thread stays."""

from __future__ import annotations

import threading
import time

import pytest

from pacsconf.dicom.commission import asking, looking, storing
from pacsconf.dicom.commission.listening import Listening
from pacsconf.dicom.commission.trial import fitting
from pacsconf.dicom.listen.request import accepted, request
from pacsconf.dicom.upper_layer.proposals import proposal
from pacsconf.inventory import uids
from tests.dicom.commission.cases import device, inventory, trial

CT = "ct-image-storage"
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
    [looking.contexts, storing.store, storing.commitment, storing.mpps, asking.worklist],
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
    data = objects.to_bytes(objects.made(specimen, made), specimen.transfer_syntax)
    back = objects.from_bytes(data, specimen.transfer_syntax)
    assert (back.Manufacturer, back.ManufacturerModelName, back.SoftwareVersions) == (
        "Ä" * 64,
        "a b",
        "v" * 64,
    )
