"""Things broken by hand in a practice lab, each named with its cause and place by `pacsconf diagnose`."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pacsconf.dicom.heard import Heard
from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.loader import load
from pacsconf.lab import certificates, orthanc, practice, worklist
from pacsconf.lab.listeners import profile_of
from pacsconf.lab.place import write
from pacsconf.lab.profiles import profile
from pacsconf.lab.switchboard import CLOSED, HEEDED
from pacsconf.record.heard import HeardLog
from tests.e2e.conftest import Hospital, Ran
from tests.e2e.test_orthanc import Archive

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT, EXPLICIT, JPEG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.70"
INVENTORY = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
profiles:
  archive: {type: archive, offers: [verification, ct-image-storage]}
  ct:
    type: modality
    modality: [CT]
    uses: [ct-image-storage, modality-worklist]
    offers: [verification]
    worklist: {from: ris/RIS_MWL, modality_code: CT}
devices:
  research: {profile: archive, site: main, ae_title: RESEARCH, host: 10.20.0.6, port: 4242}
  store: {profile: archive, site: main, ae_title: STORE, host: 10.20.0.5, port: 11112}
  safe:
    profile: archive
    site: main
    connections: {dicom: {host: 10.20.0.8, port: 2762, tls: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]}}
    ae_titles: {SAFE: {connections: [dicom]}}
  ris:
    type: information-system
    site: main
    probe: services
    ae_title: RIS_MWL
    host: 10.20.0.7
    port: 11112
    offers: [verification, modality-worklist]
  ct-er-1:
    profile: ct
    site: main
    host: 10.20.7.17
    port: 104
    ae_title: CT_ER_1
  ct-tls:
    profile: ct
    site: main
    connections: {dicom: {host: 10.20.7.18, port: 2762, tls: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]}}
    ae_titles: {CT_TLS: {connections: [dicom]}}
  ws-1:
    type: workstation
    site: main
    ae_title: WS1
    host: 10.20.9.1
    port: 104
    uses: [verification, modality-worklist]
flows:
  images: {from: {device: ct-er-1}, to: {ae_title: [RESEARCH, STORE]}, services: storage}
  secret-images: {from: {device: ct-tls}, to: {ae_title: SAFE}, services: storage}
  worklists: {from: {type: modality}, to: {ae_title: RIS_MWL}, services: modality-worklist}
  looking:
    from: {device: ws-1}
    to: {device: [research, store, safe, ris, ct-er-1]}
    services: [verification, modality-worklist]
systems:
  orthanc: {type: orthanc, url: "https://research.example.org:8042", ae: research}
environments: {lab: {}}
pacsconf: {probe_as: ws-1/WS1}
"""


class Broken:
    """The lab, what is broken in it by hand, and the command that looks."""

    def __init__(self, hospital: Hospital, folder: Path, archive: Archive) -> None:
        self.hospital = hospital
        self.folder = folder
        self.dicom = folder / "dicom"
        self.archive = archive

    def __call__(self, *words: str) -> Ran:
        return self.hospital("diagnose", *words)

    def place(self, text: str) -> str:
        """Where this stands in the inventory: file and line."""
        lines = self.hospital.file().read_text().splitlines()
        return f"inventory/hospital.yaml:{next(at for at, line in enumerate(lines, 1) if text in line)}"

    def close(self, *addresses: str) -> None:
        """Have nothing listen there."""
        write(self.dicom / CLOSED, {"closed": list(addresses)})
        until = time.monotonic() + 30
        while self._heeded() != list(addresses):
            assert time.monotonic() < until, "the switchboard does not heed it"
            time.sleep(0.05)

    def _heeded(self) -> object:
        file = self.dicom / HEEDED
        return json.loads(file.read_text())["closed"] if file.exists() else []

    def certificate(self, lasts: timedelta) -> None:
        """Give the encrypted archive a certificate that holds so long."""
        files = certificates.of_address(self.dicom, "10.20.0.8:2762")
        certificates.issue(self.dicom, files, ("10.20.0.8",), datetime.now(UTC), lasts)

    def takes(self, contexts: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
        """What STORE accepts."""
        verification = ("1.2.840.10008.1.1", (IMPLICIT, EXPLICIT))
        profile_of(self.dicom, "store/STORE").write_text(profile((verification, *contexts)))

    def orders(self) -> list[Path]:
        return sorted((self.dicom / worklist.FOLDER).glob("*/*.wl"))


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("broken")
    inventory = folder / "hospital" / "inventory"
    inventory.mkdir(parents=True)
    (inventory / "hospital.yaml").write_text(INVENTORY)
    loaded = load(inventory.parent).inventory
    assert loaded is not None
    place = folder / "lab"
    try:
        practice.up(for_environment(loaded, "lab")[0], place)
        yield place
    finally:
        practice.down(place)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def broken(
    repository: Callable[..., Hospital], laboratory: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Broken]:
    """The hospital as declared, applied; whatever a test breaks is mended afterwards."""
    made = repository(hospital=INVENTORY)
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(laboratory))
    made.env["PACSCONF_LAB_DIR"] = str(laboratory)
    server = orthanc.attach(laboratory / "orthancs" / "orthanc")
    assert server is not None
    made.secrets.append(server.password)
    lab = Broken(made, laboratory, Archive(server))
    lab.archive.empty()
    made.applied()
    orders = {path: path.read_bytes() for path in lab.orders()}
    kept = profile_of(lab.dicom, "store/STORE").read_text()
    yield lab
    for path, body in orders.items():
        path.write_bytes(body)
    profile_of(lab.dicom, "store/STORE").write_text(kept)
    if (lab.dicom / CLOSED).exists():
        lab.close()
    lab.certificate(certificates.LASTS)


def first(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = ran.json["causes"][0]
    return found


@pytest.mark.parametrize(
    "pair", [("ct-er-1", "RESEARCH"), ("ct-er-1", "STORE"), ("ct-er-1", "RIS_MWL"), ("ct-tls", "SAFE")]
)
def test_what_is_as_declared_works(broken, pair):
    ran = broken(*pair)
    assert (ran.code, ran.err) == (0, ""), ran
    assert "It works, as far as can be seen" in ran.said


# --- five things broken by hand -----------------------------------------------------------------------------------


def test_a_wrong_title_in_the_archive(broken):
    broken.archive(
        "PUT", "/modalities/CT_ER_1", {"AET": "CT_ER1", "Host": "10.20.4.17", "Port": 104, "AllowStore": True}
    )
    ran = broken("ct-er-1", "RESEARCH")
    assert ran.code == 2
    place = broken.place("ae_title: CT_ER_1")
    for words in (
        "✗ orthanc knows CT_ER1, not CT_ER_1",
        "Most likely: orthanc does not know the title CT_ER_1; it knows CT_ER1.",
        'CT_ER1 at 10.20.4.17:104 live, peer "CT_ER_1"',
        f"CT_ER_1 at 10.20.7.17:104 {place}",
        "They differ by one character (_ missing) and by host.",
        "Somebody changed orthanc outside of pacsconf since the last apply.",
        "it sends CT_ER_1: pacsconf -e lab plan --repair orthanc/peer/CT_ER_1",
        f"it sends CT_ER1: correct {place} (CT_ER1).",
        "Unknown: what the caller itself sends. Run pacsconf -e lab listen",
        "Next: pacsconf -e lab listen",
    ):
        assert words in ran.said
    assert max(map(len, ran.out.splitlines())) <= 80


def test_a_closed_port(broken):
    broken.close("10.20.0.5:11112")
    ran = broken("ct-er-1", "STORE")
    assert ran.code == 2
    assert "Most likely: nothing listens at 10.20.0.5:11112" in ran.said
    assert broken.place("ae_title: STORE") in ran.said
    assert "(ECONNREFUSED)" in ran.said


def test_an_expired_certificate(broken):
    broken.certificate(timedelta(days=-2))
    ran = broken("ct-tls", "SAFE", "--format", "json")
    cause = first(ran)
    assert (ran.code, cause["key"], cause["layer"]) == (2, "certificate-expired", "tls")
    assert cause["sentence"] == "The certificate of SAFE at 10.20.0.8:2762 has expired."
    assert cause["place"] == broken.place("host: 10.20.0.8")
    assert cause["refusal"]["who"] == "the called side's administrator"


def test_a_transfer_syntax_that_was_removed(broken):
    broken.takes(((CT, (EXPLICIT,)),))
    ran = broken("ct-er-1", "STORE")
    assert ran.code == 2
    said = (
        "Most likely: STORE does not take CT Image Storage in Implicit VR Little Endian, and is declared to."
    )
    assert said in ran.said
    assert broken.place("ae_title: STORE") in ran.said


def test_a_class_that_was_removed(broken):
    broken.takes(())
    ran = broken("ct-er-1", "STORE")
    assert ran.code == 2
    assert "Most likely: STORE does not take CT Image Storage, and is declared to." in ran.said


def test_an_empty_worklist(broken):
    for path in broken.orders():
        path.unlink()
    ran = broken("ct-er-1", "RIS_MWL")
    assert ran.code == 2
    assert "Most likely: the worklist of RIS_MWL is empty: nothing is scheduled at all." in ran.said
    assert "See whether orders arrive from the RIS (HL7 feed), and where they are kept." in ran.said


def test_a_worklist_that_has_entries_for_others_alone(broken):
    for path in broken.orders():
        if "CT_ER_1" in path.name:
            path.unlink()
    ran = broken("ct-er-1", "RIS_MWL", "--format", "json")
    cause = first(ran)
    assert (ran.code, cause["key"]) == (2, "worklist-station")
    assert "1 for CT_TLS, CT" in [proof["says"] for proof in cause["evidence"]]
    assert "ZZ" not in ran.out  # no patient, not even an invented one


# --- what was heard -----------------------------------------------------------------------------------------------


def test_a_side_to_change_is_named_once_the_scanner_was_heard(broken):
    broken.archive(
        "PUT", "/modalities/CT_ER_1", {"AET": "CT_ER1", "Host": "10.20.7.17", "Port": 104, "AllowStore": True}
    )
    before = first(broken("ct-er-1", "RESEARCH", "--format", "json"))
    assert (before["key"], before["direction"]) == ("title-differs", None)
    heard = Heard("CT_ER_1", "PACSCONF", "10.20.7.17", "2026-11-24T10:00:00Z")
    HeardLog.open(broken.hospital.path, "lab").append([heard])
    after = broken("ct-er-1", "RESEARCH", "--format", "json")
    cause = first(after)
    assert (cause["key"], cause["direction"]) == ("title-differs", "called")
    assert after.json["next"] == ["pacsconf -e lab plan --repair orthanc/peer/CT_ER_1"]


def test_a_log_of_the_called_side_tells_what_the_scanner_sends(broken):
    server = broken.archive.server
    where = ("127.0.0.1", str(server.dicom_port))
    called = subprocess.run(
        ["/usr/bin/echoscu", "-aet", "CTER1", "-aec", "RESEARCH", *where], capture_output=True, check=False
    )
    assert called.returncode != 0
    ran = broken("ct-er-1", "RESEARCH", "--log", str(server.log))
    assert ran.code == 2, ran
    assert "Most likely: the caller calls under CTER1, not under CT_ER_1." in ran.said
    assert "They differ by spaces, underscores or hyphens alone." in ran.said
    assert "Set the title to CT_ER_1 at the device itself." in ran.said


def test_a_call_under_the_scanners_title_counts_as_a_hint(broken):
    broken.archive("DELETE", "/modalities/CT_ER_1")
    ran = broken("ct-er-1", "RESEARCH", "--impersonate", "--format", "json")
    keys = {cause["key"]: cause for cause in ran.json["causes"]}
    assert ran.code == 2
    assert keys["caller-refused"]["refusal"]["standard"].endswith("(PS3.8 9.3.4: 1/1/3)")
    assert first(ran)["ways"][0]["command"] == "pacsconf -e lab plan --repair orthanc/peer/CT_ER_1"


def test_a_call_under_anothers_title_is_recorded(broken):
    ran = broken("ct-er-1", "RESEARCH", "--impersonate")
    assert ran.code == 0, ran
    assert "✓ as caller CT_ER_1 is let in, from this machine; recorded" in ran.said
    kept = broken.hospital.git("show", "pacsconf/lab:evidence/probes/impersonated.jsonl").splitlines()
    assert json.loads(kept[0])["impersonated"] == "CT_ER_1"
    target = json.loads(kept[1])["seen"]["target"]
    assert (target["title"], target["calling"]) == ("RESEARCH", "CT_ER_1")
    told = broken.hospital.ok("history", "--format", "json").json
    assert "called as CT_ER_1" in json.dumps(told)


# --- what cannot be looked at, and wrong words --------------------------------------------------------------------


def test_offline_nothing_is_sent_or_read(broken):
    broken.close("10.20.0.5:11112")
    ran = broken("ct-er-1", "STORE", "--offline")
    assert (ran.code, "not called: --offline" in ran.said) == (0, True)


def test_offline_the_last_recorded_probe_is_looked_at_with_its_age(broken):
    broken.close("10.20.0.5:11112")
    assert broken.hospital("probe", "STORE").code == 2
    broken.close()
    ran = broken("ct-er-1", "STORE", "--offline")
    assert ran.code == 2
    assert "? wire as the last recorded probe saw it," in ran.said
    assert "Most likely: nothing listens at 10.20.0.5:11112" in ran.said
    assert "Unknown: whether STORE answers now (--offline)." in ran.said


def test_a_system_that_cannot_be_read_is_a_line_and_not_the_end(broken):
    password = broken.archive.server.password_file
    aside = password.rename(password.with_name("elsewhere"))
    try:
        ran = broken("ct-er-1", "RESEARCH")
    finally:
        aside.rename(password)
    assert ran.code == 0
    assert "? orthanc could not be read:" in ran.said
    assert "Unknown: what orthanc holds:" in ran.said
    assert "✓ echo answered" in ran.said


def test_one_name_alone_is_called_by_pacsconf_itself(broken):
    ran = broken("RESEARCH")
    assert ran.code == 0, ran
    assert ran.out.startswith("WS1 → RESEARCH (10.20.0.6:4242)\n")
    assert "heard" not in ran.out


def test_what_pacsconf_itself_sends_is_nothing_that_was_heard(broken):
    HeardLog.open(broken.hospital.path, "lab").append(
        [Heard("WS_1", "X", "10.20.9.1", "2026-11-24T10:00:00Z")]
    )
    ran = broken("RESEARCH")
    assert (ran.code, "heard" in ran.out, "WS_1" in ran.out) == (0, False, False)


def test_what_is_not_declared_is_asked_by_its_address(broken):
    port = broken.archive.server.dicom_port
    ran = broken(f"NOBODY@127.0.0.1:{port}")
    assert ran.code == 0  # in a lab nothing leads there
    assert "nothing leads to this address" in ran.said


def test_no_flow_is_said(broken):
    ran = broken("ct-er-1", "SAFE", "--offline")
    assert ran.code == 2
    assert "No flow of the inventory lets CT_ER_1 call SAFE." in ran.said.replace(
        "Most likely: no", "Most likely: No"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ct-er-9", "STORE"), '"ct-er-9" is no declared device or AE title; did you mean "ct-er-1"?'),
        (("ct-er-1", "STORE", "RIS_MWL"), "two at most"),
        (("ct-er-1", "ct-er-1"), "does not call itself"),
        (("ct-er-1", "X@nowhere"), "AET@HOST:PORT is needed"),
        (("ct-er-1", "STORE", "--service", "nonsense"), "is no service or SOP class"),
        (("STORE", "--log", "nowhere.log"), "cannot be read"),
    ],
    ids=["no such device", "three", "itself", "no address", "no service", "no log"],
)
def test_wrong_words_are_refused_in_words(broken, words, said):
    ran = broken(*words)
    assert ran.code in (1, 64)
    assert said in ran.said


def test_a_certificate_of_ours_that_cannot_be_used_is_a_line(broken):
    files = certificates.of_prober(broken.dicom)
    aside = files.key.rename(files.key.with_name("elsewhere"))
    try:
        ran = broken.hospital.run("-e", "lab", "diagnose", "ct-tls", "SAFE")
    finally:
        aside.rename(files.key)
    assert (ran.code, "– wire not called:" in ran.said) == (0, True)  # noqa: RUF001
    assert "Unknown: whether SAFE answers" in ran.said


@pytest.mark.parametrize(
    ("fault", "device", "pair", "key"),
    [
        ("title", "ct-er-1", ("ct-er-1", "RESEARCH"), "title-differs"),
        ("port", "store", ("ct-er-1", "STORE"), "port-closed"),
        ("certificate", "safe", ("ct-tls", "SAFE"), "certificate-expired"),
        ("syntax", "store", ("ct-er-1", "STORE"), "syntax-refused"),
        ("worklist", "ct-er-1", ("ct-er-1", "RIS_MWL"), "worklist-station"),
    ],
)
def test_each_fault_that_the_lab_has_is_found_and_gone_once_it_is_mended(broken, fault, device, pair, key):
    broken.hospital.ok("lab", "break", fault, device)
    try:
        ran = broken(*pair, "--format", "json")
    finally:
        broken.hospital.ok("lab", "mend")
    assert (ran.code, first(ran)["key"]) == (2, key)
    assert first(ran)["place"].startswith("inventory/hospital.yaml:")
    assert broken(*pair).code == 0
