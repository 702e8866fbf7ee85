"""Studies of a real Orthanc and a real dcmqrscp, counted through the command line: the same numbers either way."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import httpx2
import pytest

from pacsconf.lab import orthanc, processes
from tests.e2e.conftest import Hospital
from tests.made_up import NAME, MadeUp, put

HELD = MadeUp(1, ("CT",), "20000101", patient="ZZHELD")
STUDIES = (
    HELD,
    MadeUp(2, ("MG",), "20100105", "19600229", patient="ZZMAM"),
    MadeUp(3, ("MG", "SR"), "20250105", "19600229", patient="ZZMAM"),
    MadeUp(4, ("CT",), "20240105", "20200229"),
    MadeUp(5, ("CT",), "20240106", ""),
    MadeUp(6, ("US",), "20100106"),
    *(MadeUp(100 + number, ("MR",), f"2021{1 + number % 12:02d}15") for number in range(24)),
)
RETENTION = f"""\
retention:
  default: {{keep: {{for: 5y}}, source: House rules 3}}
  rules:
    mammography: {{match: {{modality: MG}}, keep: {{for: 10y}}, source: Act 1 (2)}}
    minors: {{match: {{age_at_study: {{under: 18}}}}, keep: {{until_age: 28}}, source: Act 1 (2)}}
  floors:
    ultrasound: {{match: {{modality: US}}, keep: {{for: 30y}}, source: Act 1 (2)}}
  holds:
    case-1: {{studies: ["{HELD.reference}"], reason_ref: L-1, placed_by: legal, since: 2026-03-02}}
"""
DEVICES = """\
devices:
  archive: {{type: archive, ae_title: ORTHANC, host: 10.20.0.5, port: 11112, probe: services,
    offers: [verification, study-root-find]}}
  other: {{type: archive, ae_title: ARCHIVE, host: 10.20.0.6, port: 11112, probe: services,
    offers: [verification, study-root-find]}}
  quiet: {{type: archive, ae_title: QUIET, host: 10.20.0.7, port: 11112, probe: echo, offers: [verification]}}
  prober: {{type: workstation, ae_title: PROBE, host: 10.20.0.8, port: 104}}
pacsconf: {{probe_as: prober}}
systems:
  pacs: {{type: orthanc, url: "{url}", ae: archive, settings_file: "{settings}",
    login: {{user: pacsconf, password: env:WEB_PASSWORD}}}}
  list: {{type: memory}}
environments: {{main: {{dial: {{"10.20.0.5:11112": "127.0.0.1:{dicom}", "10.20.0.6:11112": "127.0.0.1:{other}",
    "*": none}}}}}}
"""
QRSCP = """\
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 4
HostTable BEGIN
known = (PROBE, 127.0.0.1, 104)
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
ARCHIVE {folder} RW (200, 10mb) known
AETable END
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[orthanc.Orthanc]:
    """An Orthanc that tells ten studies at once by C-FIND."""
    modalities = {"probe": {"AET": "PROBE", "Host": "127.0.0.1", "Port": 104}}
    options = orthanc.Options(
        settings={"LimitFindResults": 10}, modalities=modalities, modalities_in_database=False
    )
    with orthanc.started(tmp_path_factory.mktemp("preview") / "orthanc", options) as running:
        put(running, STUDIES)
        yield running


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Iterator[int]:
    """The port of a dcmqrscp with the same studies."""
    folder, port = tmp_path_factory.mktemp("qrscp"), processes.free_port()
    (folder / "config").write_text(QRSCP.format(port=port, folder=folder))
    command = ["/usr/bin/dcmqrscp", "--disable-host-lookup", "-c", str(folder / "config")]
    pid = processes.spawn(command, folder, folder / "log")
    processes.wait_for(lambda: processes.answers(port), pid, folder / "log", "dcmqrscp")
    files = [
        (folder / f"{study.number}-{at}.dcm", data)
        for study in STUDIES
        for at, data in enumerate(study.objects())
    ]
    for file, data in files:
        file.write_bytes(data)
    names = [str(file) for file, _ in files]
    storing = ["/usr/bin/storescu", "-aet", "PROBE", "-aec", "ARCHIVE", "127.0.0.1", str(port), *names]
    subprocess.run(storing, check=True, capture_output=True)
    yield port
    processes.end(folder, ["dcmqrscp"])


@pytest.fixture
def hospital(repository, server, other, tmp_path, monkeypatch) -> Hospital:
    operator = tmp_path / "operator.toml"
    operator.write_text(f'[[secret]]\nref = "env:WEB_PASSWORD"\nfor = "{server.url}"\n')
    monkeypatch.setenv("PACSCONF_CONFIG", str(operator))
    monkeypatch.setenv("WEB_PASSWORD", server.password)
    ports = {"dicom": server.dicom_port, "other": other}
    devices = DEVICES.format(url=server.url, settings=server.settings_file, **ports)
    made = repository(hospital=devices, retention=RETENTION)
    made.secrets += [server.password, NAME, "ZZMAM", "ZZHELD", *(one.uid for one in STUDIES[:6])]
    return made


def preview(hospital: Hospital, *words: str):
    return hospital.here("-e", "main", "retention", "preview", *words)


CLASSES = {"(on hold)": 1, "default": 25, "mammography": 2, "minors": 2}


@pytest.mark.parametrize("whom", ["pacs", "archive", "other/ARCHIVE"])
def test_the_numbers_are_the_same_however_they_are_asked_for(hospital, whom):
    ran = preview(hospital, whom, "--format", "json", "--list-expiring", "2")
    assert ran.code == 4, ran
    told = ran.json
    assert {one["rule"]: one["studies"] for one in told["classes"]} == CLASSES
    assert (told["studies"], told["below_floor"], told["whole"]) == (30, 1, True)
    assert told["missing"] == {"birth_date": 1}
    assert told["states"]["held"] == 1
    assert told["purge_armed"] is (None if whom == "other/ARCHIVE" else False)
    assert [one["until"] for one in told["expiring"]] == ["2015-01-06", "2020-01-05"]
    assert told["expiring"][1]["study"] == STUDIES[1].reference


def test_a_person_reads_counts_and_hashes(hospital):
    ran = preview(hospital, "archive", "--list-expiring", "1")
    assert "archive/ORTHANC: 30 studies, all days, asked by C-FIND" in ran.said
    assert "1 below the legal floor; 1 needs a birth date; 1 on hold; purge armed: no" in ran.said
    assert STUDIES[5].reference in ran.said


@pytest.mark.parametrize("whom", ["pacs", "archive", "other/ARCHIVE"])
def test_no_log_names_a_patient_or_a_study(hospital, server, whom):
    with httpx2.Client(base_url=server.url, auth=(server.colleague, server.password)) as client:
        hospital.secrets += [*client.get("/patients").json(), *client.get("/studies").json()]
    ran = hospital.here("--log", "-e", "main", "retention", "preview", whom, "--list-expiring", "30")
    assert ran.code == 4
    assert "Traceback" not in ran.said


def test_days_may_be_bounded(hospital):
    for whom in ("pacs", "archive"):
        told = preview(
            hospital,
            whom,
            "--since",
            "2021-01-01",
            "--until",
            "2021-12-31",
            "--window",
            "90d",
            "--format",
            "json",
        ).json
        assert told["studies"] == 24


def test_a_day_that_is_not_told_whole_makes_the_count_one_of_at_least(hospital, server):
    put(server, [MadeUp(500 + number, ("XA",), "20110401") for number in range(12)])
    ran = preview(hospital, "archive", "--since", "2011-04-01", "--until", "2011-04-01")
    assert ran.code == 1, ran
    assert "at least 10 studies" in ran.said
    assert "Not all was told: of 1 day" in ran.said


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["quiet"], 1, "no more than echo may be sent to it"),
        (["nobody"], 64, "no declared device or AE title"),
        (["list"], 64, "keeps no studies"),
        (["prober"], 1, "do not probe"),
        (["pacs", "--since", "2026-13-01"], 64, "calendar"),
        (["pacs", "--since", "2026-02-01", "--until", "2026-01-01"], 64, "it is after"),
        (["pacs", "--window", "0d"], 64, "1d to 3650d"),
    ],
)
def test_what_cannot_be_asked_is_said(hospital, words, code, text):
    ran = preview(hospital, *words)
    assert ran.code == code, ran
    assert text in ran.said


def test_an_archive_that_does_not_know_us_is_unreachable(hospital, server):
    hospital.edit("ae_title: PROBE", "ae_title: STRANGER")
    ran = preview(hospital, "archive")
    assert ran.code == 9, ran
    assert "diagnose archive/ORTHANC" in ran.said
