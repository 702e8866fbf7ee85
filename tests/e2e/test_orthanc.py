"""One network in a directory and in an Orthanc that somebody else filled: taken over, changed, repaired."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.loader import load
from pacsconf.lab import orthanc, practice, slapd
from tests.e2e.conftest import BASE, HOSPITAL, Directory, Hospital, Ran, device_dn

SYSTEMS = f"""\
systems:
  directory: {{type: dicom-directory, url: ldaps://ldap.example.org, base: "{BASE}"}}
  orthanc: {{type: orthanc, url: "https://archive.example.org:8042", ae: archive}}
flows: {{echo: {{from: {{device: ws-1}}, to: {{ae_title: ARCHIVE}}, services: verification}}}}
environments: {{lab: {{}}}}
"""
STORES = ("store", "echo", "transcoding")
RIGHTS = {
    "echo": "AllowEcho",
    "find": "AllowFind",
    "get": "AllowGet",
    "move": "AllowMove",
    "n-action": "AllowNAction",
    "n-event-report": "AllowEventReport",
    "store": "AllowStore",
    "transcoding": "AllowTranscoding",
    "worklist": "AllowFindWorklist",
}


@dataclass(frozen=True)
class Archive:
    """The lab's Orthanc as another program sees it."""

    server: orthanc.Orthanc

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
        passwords.add_password(None, self.server.url, "jdoe", self.server.password, is_authenticated=True)
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.server.url}{path}", data, method=method)  # noqa: S310
        with opener.open(request, timeout=10) as answer:
            said = answer.read()
        return json.loads(said) if said else None

    def put(
        self, title: str, host: str, port: int = 104, allow: tuple[str, ...] = STORES, **more: Any
    ) -> None:
        """Another tool writes a modality, with the rights that it names and no others."""
        flags = {flag: right in allow for right, flag in RIGHTS.items()}
        self("PUT", f"/modalities/{title}", {"AET": title, "Host": host, "Port": port, **flags, **more})

    def modality(self, title: str) -> Any:
        return self("GET", "/modalities?expand")[title]

    def titles(self) -> list[str]:
        return sorted(self("GET", "/modalities"))

    def empty(self) -> None:
        for title in self.titles():
            self("DELETE", f"/modalities/{title}")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Directory, Archive]]:
    """A practice lab with a directory and an Orthanc, for the tests of this module."""
    folder = tmp_path_factory.mktemp("both")
    inventory = folder / "hospital" / "inventory"
    inventory.mkdir(parents=True)
    (inventory / "hospital.yaml").write_text(HOSPITAL)
    (inventory / "systems.yaml").write_text(SYSTEMS)
    loaded = load(inventory.parent).inventory
    assert loaded is not None
    place = folder / "lab"
    try:
        practice.up(for_environment(loaded, "lab")[0], place)
        tree = slapd.attach(place / "directories" / "directory")
        server = orthanc.attach(place / "orthancs" / "orthanc")
        assert tree is not None
        assert server is not None
        directory = Directory(place, tree)
        try:
            yield directory, Archive(server)
        finally:
            directory.close()
    finally:
        practice.down(place)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def archive(both: tuple[Directory, Archive]) -> Archive:
    """An Orthanc that another tool filled: as declared, but for the host of ct-2 and a scanner of its own."""
    _, archive = both
    archive.empty()
    archive.put("CT1", "10.20.4.17", Manufacturer="Generic")
    archive.put("CT2", "10.20.4.99")
    archive.put("MR1", "10.20.5.17")
    archive.put("MR2", "10.20.5.18")
    archive.put("US9", "10.20.7.9")
    return archive


@pytest.fixture
def hospital(
    repository: Callable[..., Hospital],
    both: tuple[Directory, Archive],
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
) -> Hospital:
    directory, _ = both
    directory.empty()
    made = repository(hospital=HOSPITAL, systems=SYSTEMS)
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(directory.folder))
    made.env["PACSCONF_LAB_DIR"] = str(directory.folder)
    made.secrets += [directory.server.password, archive.server.password]
    return made


def directory_hosts(both: tuple[Directory, Archive]) -> dict[str, str]:
    """The hosts of the scanners as the directory has them."""
    return {
        name: host
        for name in ("ct-1", "ct-2", "mr-1", "mr-2")
        for host in both[0].values(f"cn=dicom,{device_dn(name)}", "dicomHostname")
    }


def orthanc_hosts(archive: Archive) -> dict[str, str]:
    return {title: modality["Host"] for title, modality in archive("GET", "/modalities?expand").items()}


@contextmanager
def refusing(server: orthanc.Orthanc, title: str) -> Iterator[None]:
    """For the length of a `with` block, a server that refuses every change of this modality."""
    script = server.folder / "filter.lua"
    before = script.read_text()
    refusal = f"""
local others = IncomingHttpRequestFilter
function IncomingHttpRequestFilter(method, uri, ...)
  return (method == "GET" or uri ~= "/modalities/{title}") and others(method, uri, ...)
end
"""
    script.write_text(before + refusal)
    orthanc.restart(server)
    try:
        yield
    finally:
        script.write_text(before)
        orthanc.restart(server)


def test_what_another_tool_filled_is_taken_over_and_then_nothing_is_left_to_do(hospital, both, archive):
    assert "6 resources owned" in hospital.ok("record", "init").out

    plan = hospital.ok("plan", "--out", "plan.json")

    assert "~ orthanc/peer/CT2 takes over" in plan.said
    assert "host 10.20.4.99 → 10.20.4.18" in plan.said
    assert "orthanc/peer/CT1" not in plan.out
    assert "1 unmanaged (--show-unmanaged)" in plan.out
    applied = hospital.ok("apply", "plan.json")
    assert "✓ archive/ARCHIVE healthy" in applied.said
    assert orthanc_hosts(archive)["CT2"] == "10.20.4.18"
    assert orthanc_hosts(archive)["US9"] == "10.20.7.9"
    assert hospital.ok("plan", "--detailed-exitcode").out.count("No changes.") == 1
    hospital.ok("drift")


def test_a_new_host_lands_in_both_in_one_plan_and_a_second_one_is_empty(hospital, both, archive):
    hospital.applied()
    before = archive.modality("CT1")
    hospital.edit("host: 10.20.4.17", "host: 10.20.4.27")

    plan = hospital.ok("plan", "--out", "plan.json")

    assert "2 to change on 1 device, 1 peer" in plan.out
    assert [line.split()[1] for line in plan.out.splitlines() if line.startswith("  ~ ")] == [
        "directory/network-connection/ct-1/dicom",
        "orthanc/peer/CT1",
    ]
    assert plan.said.count("host 10.20.4.17 → 10.20.4.27 inventory/hospital.yaml:9") == 2
    hospital("apply", "plan.json")  # the lab does not play the new address yet, so the proof is unknown
    assert (directory_hosts(both)["ct-1"], orthanc_hosts(archive)["CT1"]) == ("10.20.4.27", "10.20.4.27")
    assert archive.modality("CT1") == {**before, "Host": "10.20.4.27"}
    assert "No changes." in hospital.ok("plan", "--detailed-exitcode").out


def test_a_scanner_that_goes_leaves_both_and_the_foreign_peer_stays(hospital, both, archive):
    hospital.applied()
    hospital.edit("mr-2: {profile: mr,", "mr-2: {profile: mr, lifecycle: retired,")
    hospital.ok("plan", "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    assert "mr-2" not in directory_hosts(both)
    assert sorted(orthanc_hosts(archive)) == ["CT1", "CT2", "MR1", "US9", "WS1"]


def test_a_change_by_hand_is_drift_and_is_put_back_only_when_asked(hospital, archive):
    hospital.applied()
    archive("PUT", "/modalities/MR1", {"AET": "MR1", "Host": "10.20.5.17", "Port": 11112})

    drift = hospital("drift")

    assert drift.code == 2
    assert "! orthanc/peer/MR1" in drift.out
    assert "port 104 11112 104" in drift.said
    assert "live + find + get + move" in drift.said
    assert "nothing was written" in _nothing(hospital).out
    assert archive.modality("MR1")["Port"] == 11112
    hospital.ok("plan", "--repair", "orthanc/peer/MR1", "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    assert (archive.modality("MR1")["Port"], archive.modality("MR1")["AllowFind"]) == (104, False)
    hospital.ok("drift")


def _nothing(hospital: Hospital) -> Ran:
    hospital.ok("plan", "--out", "plan.json")
    return hospital.ok("apply", "plan.json")


def test_a_peer_deleted_by_hand_is_drift_too(hospital, archive):
    hospital.applied()
    archive("DELETE", "/modalities/CT1")
    drift = hospital("drift")
    assert (drift.code, "! orthanc/peer/CT1" in drift.out) == (2, True)
    assert "deleted outside pacsconf" in drift.out


def test_an_orthanc_that_cannot_be_reached_ends_the_plan_and_nothing_is_written(hospital, both, archive):
    hospital.applied()
    hospital.edit("host: 10.20.4.17", "host: 10.20.4.27")
    hospital.ok("plan", "--out", "plan.json")
    archive.server.stop()
    try:
        head = hospital.git("rev-parse", "pacsconf/lab")
        for command in (("plan",), ("drift",), ("apply", "plan.json")):
            ran = hospital(*command)
            assert (ran.code, ran.out) == (9, "")
            assert "orthanc" in ran.err
            assert "cannot be reached" in ran.said
        assert directory_hosts(both)["ct-1"] == "10.20.4.17"
        assert hospital.git("rev-parse", "pacsconf/lab") == head
    finally:
        orthanc.restart(archive.server)


def test_a_peer_that_orthanc_refuses_is_left_and_the_rest_is_done(hospital, both, archive):
    hospital.applied()
    hospital.edit("host: 10.20.4.17", "host: 10.20.4.27")
    hospital.edit("host: 10.20.5.17", "host: 10.20.5.27")
    hospital.ok("plan", "--out", "plan.json")

    with refusing(archive.server, "MR1"):
        ran = hospital("apply", "plan.json")

    assert ran.code == 8
    assert "✗ failed orthanc/peer/MR1" in ran.said
    assert "3 of 4 changes done, 1 failed" in ran.out
    assert (directory_hosts(both)["mr-1"], orthanc_hosts(archive)["MR1"]) == ("10.20.5.27", "10.20.5.17")
    assert orthanc_hosts(archive)["CT1"] == "10.20.4.27"
    rest = hospital.ok("plan", "--out", "plan.json")
    assert "1 to change on 1 peer" in rest.out
    hospital.ok("apply", "plan.json")
    assert orthanc_hosts(archive)["MR1"] == "10.20.5.27"
    assert "No changes." in hospital.ok("plan").out
