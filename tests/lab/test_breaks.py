"""The five faults, on a clinic with everything that can break: what a probe sees, not what was written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from pacsconf.core.errors import Unavailable
from pacsconf.dicom.observation import Observation
from pacsconf.dicom.probe.knock import knock
from pacsconf.dicom.probe.observer import observe
from pacsconf.dicom.targets import targets
from pacsconf.dicom.wire import Identity, Wire
from pacsconf.inventory import uids
from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.lab import listeners, place, practice, processes, switchboard

HOSPITAL = """
pacsconf: {probe_as: admin}
systems:
  orthanc: {type: orthanc, url: "https://research.example.org:8042", ae: research,
            login: {user: pacsconf, password: "env:PW"}}
devices:
  admin: {type: workstation, ae_title: ADMIN, host: 10.20.0.9, port: 104,
          uses: [study-root-find, modality-worklist, storage-commitment, verification]}
  ct-1: {type: modality, modality: CT, ae_title: CT_1, host: 10.20.0.1, port: 104, probe: contexts,
         uses: [ct-image-storage, storage-commitment], offers: verification,
         worklist: {from: ris/MWL, modality_code: CT}}
  read-1: {type: workstation, ae_title: READ_1, host: 10.20.0.2, port: 104, probe: contexts,
           offers: [ct-image-storage, verification],
           transfer_syntaxes: [implicit-vr-little-endian, jpeg2000-lossless]}
  gateway: {type: router, ae_title: GW, host: gw.example.org, port: 2762, probe: contexts,
            tls: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, offers: [ct-image-storage, verification]}
  archive: {type: archive, ae_title: ARCHIVE, host: 10.20.0.5, port: 104, probe: services, answers_to: OLD,
            uses: storage-commitment,
            offers: [ct-image-storage, "1.2.826.0.1.3680043.2.1", study-root-find, storage-commitment,
                     verification],
            transfer_syntaxes: [implicit-vr-little-endian, explicit-vr-little-endian, rle-lossless]}
  secure: {type: worklist, ae_title: MWL_TLS, host: 10.20.0.4, port: 2762, probe: services,
           tls: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, offers: [modality-worklist, verification]}
  ris:
    {type: worklist, host: 10.20.0.6, port: 104, probe: services,
     ae_titles: {MWL: {offers: [modality-worklist, verification]}, MPPS: {offers: [mpps, verification]}}}
  broker: {type: worklist, ae_title: BROKER, host: 10.20.0.3, port: 104, probe: echo,
           offers: [modality-worklist, mpps, verification]}
  research: {type: archive, ae_title: RESEARCH, host: 10.20.0.7, port: 4242, probe: services,
             offers: [ct-image-storage, study-root-find, verification]}
  mr-9: {type: modality, modality: MR, ae_title: MR_9, host: 10.20.0.8, port: 104, lifecycle: commissioning,
         uses: [mr-image-storage, storage-commitment], offers: verification}
flows:
  asks: {from: {device: admin}, to: {device: [archive, research]}, services: study-root-find}
  accepts: {from: {device: admin}, to: {device: archive}, services: storage-commitment}
  stores: {from: {device: ct-1}, to: {device: [archive, research]}, services: [storage, storage-commitment]}
  confirms: {from: {device: archive}, to: {device: ct-1}, services: storage-commitment}
environments: {lab: {systems: {orthanc: {mode: write}}}}
"""


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    root = tmp_path_factory.mktemp("clinic")
    (root / "inventory").mkdir()
    (root / "inventory" / "all.yaml").write_text(HOSPITAL)
    loaded = load(root)
    assert loaded.inventory is not None, loaded.findings
    return for_environment(loaded.inventory, "lab")[0]


@pytest.fixture(scope="module")
def lab(clinic: Inventory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("x") / "my lab"
    practice.up(clinic, folder)
    yield folder
    practice.down(folder)
    assert processes.of(folder.resolve()) == {}


@pytest.fixture
def broken(lab: Path) -> Iterator[Callable[[str, str], str]]:
    """Breaks something, and takes it back after the test."""
    yield lambda fault, device: practice.break_it(lab, fault, device)
    practice.mend(lab)


def wire(lab: Path) -> Wire:
    laid = place.overlay(lab)
    assert laid is not None
    return Wire(laid["dial"], tls=Identity(**laid["probe_tls"]))


def seen(clinic: Inventory, lab: Path, *devices: str) -> dict[str, Observation]:
    asked = targets(clinic, devices or None, "admin", anytime=True)
    return {f"{one.device}/{one.title}": one for one in observe(asked, wire(lab))}


def verdicts(clinic: Inventory, lab: Path) -> dict[str, str]:
    return {name: one.verdict for name, one in seen(clinic, lab).items()}


def port(lab: Path, declared: str) -> int:
    return int(wire(lab).dial[declared].rpartition(":")[2])


def associate(lab: Path, declared: str, called: str, calling: str, *contexts: str, **more):
    ae = AE(ae_title=calling)
    for context in contexts or (Verification,):
        ae.add_requested_context(context)
    return ae.associate("127.0.0.1", port(lab, declared), ae_title=called, **more)


def worklist(lab: Path, station: str) -> list[str]:
    """The patients that a station is to examine."""
    association = associate(lab, "10.20.0.6:104", "MWL", station, ModalityWorklistInformationFind)
    query, step = Dataset(), Dataset()
    query.PatientName = ""
    step.ScheduledStationAETitle, step.Modality = station, ""
    step.ScheduledProcedureStepStartDate = f"{practice.today():%Y%m%d}"
    query.ScheduledProcedureStepSequence = [step]
    answers = [item for _, item in association.send_c_find(query, ModalityWorklistInformationFind)]
    association.release()
    return [str(item.PatientName) for item in answers if item is not None]


HEALTHY = {
    "archive/ARCHIVE": "healthy",
    "broker/BROKER": "healthy",
    "ct-1/CT_1": "healthy",
    "gateway/GW": "healthy",
    "read-1/READ_1": "healthy",
    "research/RESEARCH": "healthy",
    "ris/MPPS": "healthy",
    "ris/MWL": "healthy",
    "secure/MWL_TLS": "healthy",
}


# --- whole --------------------------------------------------------------------------------------------------------


def test_a_new_lab_is_as_declared_up_to_services(clinic, lab):
    assert verdicts(clinic, lab) == HEALTHY


def test_contexts_that_are_not_declared_are_refused(lab):
    mr = "1.2.840.10008.5.1.4.1.1.4"
    for declared, called in (("10.20.0.2:104", "READ_1"), ("10.20.0.1:104", "CT_1")):
        association = associate(lab, declared, called, "ADMIN", Verification, mr)
        assert [(c.abstract_syntax, c.result) for c in association.rejected_contexts] == [(mr, 3)]
        association.release()


@pytest.mark.parametrize(
    ("declared", "called", "calling", "reason"),
    [
        ("10.20.0.1:104", "NOBODY", "ADMIN", 7),
        ("10.20.0.1:104", "CT_1", "NOBODY", 3),
        ("10.20.0.5:104", "NOBODY", "ADMIN", 7),
        ("10.20.0.5:104", "ARCHIVE", "NOBODY", 3),
        ("10.20.0.6:104", "NOBODY", "ADMIN", 7),
        ("10.20.0.6:104", "MWL", "NOBODY", 3),
        ("10.20.0.6:104", "MPPS", "NOBODY", 3),
        ("10.20.0.7:4242", "RESEARCH", "NOBODY", 3),
    ],
)
def test_who_is_not_declared_is_refused(lab, declared, called, calling, reason):
    found = knock(called, "127.0.0.1", port(lab, declared), calling)
    assert (found.came, found.why) == ("rejected", (1, reason))


def test_an_alias_leads_to_the_archive_and_is_what_the_caller_reads(lab):
    heard: list[bytes] = []
    handlers = [(evt.EVT_PDU_RECV, lambda event: heard.append(event.pdu.encode()))]
    association = associate(lab, "10.20.0.5:104", "OLD", "ADMIN", evt_handlers=handlers)
    assert association.send_c_echo().Status == 0
    association.release()
    assert heard[0][10:26] == b"OLD             "


def test_an_archive_answers_who_may_ask_and_aborts_who_may_not(lab):
    find = StudyRootQueryRetrieveInformationModelFind
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", "2.999.1"
    said = {}
    for title in ("ADMIN", "CT_1"):
        association = associate(lab, "10.20.0.5:104", "ARCHIVE", title, find)
        said[title] = [status.get("Status") for status, _ in association.send_c_find(query, find)]
        association.abort()
    assert said == {"ADMIN": [0], "CT_1": [None]}


def test_an_archive_commits_to_storage_and_calls_back_where_pacsconf_listens(lab):
    told: list[str] = []

    def reported(event: evt.Event) -> tuple[int, None]:
        told.append(event.event_information.TransactionUID)
        return 0, None

    ae = AE(ae_title="ADMIN")
    ae.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    handlers = [(evt.EVT_N_EVENT_REPORT, reported)]
    server = ae.start_server(("127.0.0.1", port(lab, "10.20.0.9:104")), block=False, evt_handlers=handlers)
    association = associate(lab, "10.20.0.5:104", "ARCHIVE", "ADMIN", StorageCommitmentPushModel)
    request, item = Dataset(), Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "2.999.5"
    request.TransactionUID, request.ReferencedSOPSequence = "2.999.4", [item]
    status, _ = association.send_n_action(request, 1, StorageCommitmentPushModel, "1.2.840.10008.1.20.1.1")
    association.release()
    _until(lambda: bool(told))
    server.shutdown()
    assert (status.Status, told) == (0, ["2.999.4"])


def _until(done: Callable[[], bool]) -> None:
    import time

    until = time.monotonic() + 10
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_device_that_is_being_installed_answers(lab):
    association = associate(lab, "10.20.0.8:104", "MR_9", "ADMIN")
    assert association.send_c_echo().Status == 0
    association.release()


def test_a_station_finds_its_own_examination_of_today(clinic, lab):
    assert worklist(lab, "CT_1") == ["ZZTEST^PACSCONF^001"]


def test_orders_are_renewed_with_the_day(clinic, lab):
    folder = lab.resolve() / "dicom"
    net = listeners.played(folder)
    listeners.renew(folder, net, date(2031, 1, 2))
    assert worklist(lab, "CT_1") == []
    practice.up(clinic, lab)
    assert worklist(lab, "CT_1") == ["ZZTEST^PACSCONF^001"]


def test_the_title_that_worklists_have_inside_the_lab_is_told_to_nobody(lab):
    """It is made of 56 random bits, and stands in a folder that its owner alone can read."""
    parts = json.loads((lab.resolve() / "dicom" / "parts.json").read_text())["addresses"]
    (open_to_all,) = [part for part in parts["10.20.0.6:104"]["parts"] if part["titles"] == ["MWL"]]
    said = {}
    for title in ("MWL", "CT_1", open_to_all["there"]):
        ae = AE(ae_title="ADMIN")
        ae.add_requested_context(Verification)
        association = ae.associate("127.0.0.1", open_to_all["port"], ae_title=title)
        said[title] = association.is_established
        association.abort()
    assert said == {"MWL": False, "CT_1": False, open_to_all["there"]: True}
    assert lab.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ([ModalityPerformedProcedureStep, Verification], []),
        ([ModalityWorklistInformationFind, Verification], []),
        ([ModalityWorklistInformationFind, ModalityPerformedProcedureStep], [ModalityPerformedProcedureStep]),
    ],
    ids=["mpps", "worklist", "both"],
)
def test_one_title_for_worklist_and_mpps_answers_what_is_asked_alone(lab, asked, refused):
    association = associate(lab, "10.20.0.3:104", "BROKER", "CT_1", *asked)
    assert association.is_established
    assert [each.abstract_syntax for each in association.rejected_contexts] == refused
    association.release()


def test_tls_demands_a_client_certificate_and_says_how_long_its_own_lasts(clinic, lab):
    for one in seen(clinic, lab, "gateway", "secure").values():
        assert one.encryption is not None
        assert one.encryption.version == "TLS 1.3"
        assert one.encryption.days_left is not None
        assert one.encryption.days_left > 390


def test_without_a_certificate_tls_is_not_spoken(clinic, lab):
    laid = place.overlay(lab)
    assert laid is not None
    bare = Wire(laid["dial"], tls=Identity(ca_file=laid["probe_tls"]["ca_file"]))
    found = observe(targets(clinic, ["gateway", "secure"], "admin", anytime=True), bare)
    assert {one.verdict for one in found} == {"failing"}


# --- broken -------------------------------------------------------------------------------------------------------


def only(clinic: Inventory, lab: Path, name: str) -> Observation:
    """What was seen of this one, after looking that all others are well."""
    found = seen(clinic, lab)
    assert {each: one.verdict for each, one in found.items()} == HEALTHY | {name: "failing"}
    return found[name]


def test_a_port_is_closed_and_opened(clinic, lab, broken):
    assert broken("port", "ct-1") == "nothing listens at 10.20.0.1:104 any more"
    assert "connection refused" in only(clinic, lab, "ct-1/CT_1").reason
    assert [part.running for part in practice.status(lab).parts] == [True] * 5
    assert practice.status(lab).broken == ("nothing listens at 10.20.0.1:104 any more",)
    assert practice.mend(lab) == ("nothing listens at 10.20.0.1:104 any more",)
    assert verdicts(clinic, lab) == HEALTHY
    assert practice.status(lab).broken == ()


@pytest.mark.parametrize("device", ["gateway", "secure"])
def test_a_certificate_runs_out_and_is_renewed(clinic, lab, broken, device):
    broken("certificate", device)
    name = next(each for each in HEALTHY if each.startswith(device))
    assert "expired" in only(clinic, lab, name).reason
    practice.mend(lab)
    assert verdicts(clinic, lab) == HEALTHY


def test_a_station_accepts_a_transfer_syntax_no_more_and_again(clinic, lab, broken):
    assert broken("syntax", "read-1") == "READ_1 does not accept jpeg2000-lossless any more"
    refused = [each for each in only(clinic, lab, "read-1/READ_1").contexts if each.result]
    assert [(each.sop_class, uids.label(each.transfer_syntax)) for each in refused] == [
        ("1.2.840.10008.5.1.4.1.1.2", "jpeg2000-lossless")
    ]
    practice.mend(lab)
    assert verdicts(clinic, lab) == HEALTHY


def test_an_archive_accepts_a_transfer_syntax_no_more_and_again(clinic, lab, broken):
    broken("syntax", "archive")
    refused = [each for each in only(clinic, lab, "archive/ARCHIVE").contexts if each.result]
    assert {uids.label(each.transfer_syntax) for each in refused} == {"rle-lossless"}
    practice.mend(lab)
    assert verdicts(clinic, lab) == HEALTHY


@pytest.mark.parametrize("device", ["ct-1", "ris"])
def test_a_worklist_is_empty_and_filled(clinic, lab, broken, device):
    assert broken("worklist", device) == f"1 order of {device} gone from the worklist"
    assert worklist(lab, "CT_1") == []
    practice.up(clinic, lab)
    assert worklist(lab, "CT_1") == []
    practice.mend(lab)
    assert worklist(lab, "CT_1") == ["ZZTEST^PACSCONF^001"]


def test_a_title_is_mistyped_in_an_orthanc_and_corrected(clinic, lab, broken):
    assert broken("title", "admin") == "orthanc knows ADMIN as ADMNI instead of ADMIN"
    assert "calling AE title not" in only(clinic, lab, "research/RESEARCH").reason.lower().replace("ae", "AE")
    practice.mend(lab)
    assert verdicts(clinic, lab) == HEALTHY


def test_what_is_broken_is_whole_when_stations_begin_anew(clinic, lab):
    for fault, device in (("port", "ct-1"), ("certificate", "gateway"), ("title", "admin")):
        practice.break_it(lab, fault, device)
    processes.end(lab.resolve() / "dicom", [processes.SWITCHBOARD])
    state = practice.up(clinic, lab)
    assert (state.renewed, state.broken) == ("part", ("orthanc knows ADMIN as ADMNI instead of ADMIN",))
    assert verdicts(clinic, lab) == HEALTHY | {"research/RESEARCH": "failing"}
    practice.mend(lab)
    assert verdicts(clinic, lab) == HEALTHY


@pytest.mark.parametrize(
    ("fault", "device", "said"),
    [
        ("port", "admin", "admin is not played"),
        ("certificate", "ct-1", "ct-1 speaks no TLS"),
        ("syntax", "ris", "ris has no transfer syntax"),
        ("worklist", "read-1", "read-1 has no orders"),
        ("title", "read-1", "read-1 is in the table of no Orthanc"),
        ("port", "ct-2", 'there is no device "ct-2"; did you mean "ct-1"?'),
    ],
)
def test_what_is_not_there_cannot_be_broken(lab, fault, device, said):
    with pytest.raises(Unavailable, match=said.replace("?", r"\?")):
        practice.break_it(lab, fault, device)
    assert practice.status(lab).broken == ()


def test_nothing_is_broken_twice(lab, broken):
    broken("port", "ct-1")
    with pytest.raises(Unavailable, match="port of ct-1 is broken already"):
        broken("port", "ct-1")


def test_without_a_lab_nothing_can_be_broken_or_mended(tmp_path):
    for attempt in (
        lambda: practice.break_it(tmp_path / "x", "port", "ct-1"),
        lambda: practice.mend(tmp_path / "x"),
    ):
        with pytest.raises(Unavailable, match="no practice lab is up"):
            attempt()


# --- callers that misbehave ---------------------------------------------------------------------------------------


def test_a_caller_that_hangs_up_sends_nothing_or_garbage_harms_nobody(clinic, lab):
    import socket

    threads = switchboard_threads(lab)
    for declared in (
        "10.20.0.1:104",
        "10.20.0.5:104",
        "10.20.0.6:104",
        "gw.example.org:2762",
        "10.20.0.4:2762",
    ):
        for said in (b"", b"\x01", b"GET / HTTP/1.1\r\n\r\n" * 4, b"\x01\x00\xff\xff\xff\xff" + b"x" * 60):
            with socket.create_connection(("127.0.0.1", port(lab, declared))) as sock:
                sock.sendall(said)
    assert verdicts(clinic, lab) == HEALTHY
    _until(lambda: switchboard_threads(lab) <= threads)


def switchboard_threads(lab: Path) -> int:
    """How many threads the switchboard has."""
    (pid,) = [pid for pid, runs in processes.of(lab.resolve()).items() if runs == processes.SWITCHBOARD]
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def test_what_is_closed_is_told_by_a_file(lab):
    assert switchboard.closed(lab.resolve() / "dicom") == []
