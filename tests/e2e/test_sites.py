"""Sites that only their own machines reach, each a network of its own, with a scheduler and workers of Dask."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dicom.sites.workers import Cluster, cluster, identity
from tests.e2e.networks import HUB_ADDRESS, Network, apart, cannot, inside

PACSCONF = Path(sys.executable).with_name("pacsconf")
DEVICES = {"north": "10.21.0.10", "south": "10.22.0.10"}
SILENT = 11113
INVENTORY = """\
sites:
  main: {name: Main}
  north: {name: North, probe_as: prober/NORTH_PROBE}
  south: {name: South}
  east: {name: East}
environments:
  production: {}
pacsconf: {probe_as: prober/PROBE}
profiles:
  scanner: {type: modality, probe: echo, offers: verification}
devices:
  prober: {type: workstation, site: main, host: 172.31.0.1, ae_titles: {PROBE: {}, NORTH_PROBE: {}}}
  ct-north:
    {profile: scanner, site: north, ae_title: CT_NORTH,
     connections: {dicom: {host: 10.21.0.10, port: 104, seen_from: {main: {host: 192.0.2.7, port: 4104}}}}}
  ct-south: {profile: scanner, site: south, ae_title: CT_SOUTH, host: 10.22.0.10, port: 104}
  ct-east: {profile: scanner, site: east, ae_title: CT_EAST, host: 10.23.0.10, port: 104}
  mr-east: {profile: scanner, site: east, ae_title: MR_EAST, host: 10.23.0.11, port: 104}
  silent-north: {profile: scanner, site: north, ae_title: SILENT, host: 10.21.0.10, port: 11113}
"""
LISTENER = """
import socket, sys
with socket.create_server(("10.21.0.10", int(sys.argv[1]))) as listener:
    print("listening", flush=True)
    held = []
    while True:
        held.append(listener.accept())
        print("called", flush=True)
"""


@dataclass
class Hospital:
    """The networks with what runs in them, and the repository of their inventory."""

    hub: Network
    sites: dict[str, Network]
    workers: Cluster
    repository: Path
    logs: Path
    stack: ExitStack

    def words(self, *words: str) -> list[str | Path]:
        """A command of pacsconf in the middle."""
        return [*self.hub.prefix, PACSCONF, "--chdir", self.repository, "-e", "production", *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.words(*words), capture_output=True, text=True, timeout=60, check=False)

    def start(self, site: str, words: Sequence[str | Path], **more: object) -> subprocess.Popen[str]:
        """Something that runs in a site's network, until all is over."""
        log = (self.logs / f"device-{site}.log").open("w")
        self.stack.enter_context(log)
        options = {"stdout": log, "stderr": log} | more
        process = subprocess.Popen([*self.sites[site].prefix, *words], text=True, **options)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        return process

    @property
    def executor(self) -> list[str]:
        tls = self.workers.tls
        files = (("ca", tls.ca_file), ("cert", tls.certificate), ("key", tls.key))
        return [
            "--executor",
            self.workers.url,
            *(word for name, file in files for word in (f"--executor-tls-{name}", file)),
        ]


@pytest.fixture(scope="module")
def hospital(tmp_path_factory) -> Iterator[Hospital]:
    if why := cannot():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("sites")
    with ExitStack() as stack:
        hub, sites = stack.enter_context(apart(tuple(DEVICES)))
        url = f"tls://{HUB_ADDRESS}:8786"
        workers = stack.enter_context(cluster(url, folder, identity(folder)))
        made = Hospital(
            hub, sites, workers, _repository(folder / "hospital"), folder, stack.enter_context(ExitStack())
        )
        workers.scheduler(hub.prefix)
        for site, network in sites.items():
            inside(network, DEVICES[site])
            made.start(site, ["/usr/bin/storescp", "-d", "--ignore", "104"])
            workers.worker(site, network.address, network.prefix)
        for site in sites:
            workers.until_logged(site, "Registered to")
        yield made


def _repository(folder: Path) -> Path:
    (folder / "inventory").mkdir(parents=True)
    (folder / "inventory" / "hospital.yaml").write_text(INVENTORY)
    return folder


def seen(result: subprocess.CompletedProcess[str]) -> dict[str, str]:
    told = json.loads(result.stdout)["observations"]
    return {one["target"]["device"]: one["verdict"] for one in told}


def test_this_machine_does_not_reach_them_itself(hospital):
    result = hospital.run("probe", "ct-*", "--no-record", "--format", "json")
    assert set(seen(result).values()) <= {"failing", "unknown"}, result.stderr


def test_workers_at_the_sites_do_and_those_of_a_site_without_one_are_unknown(hospital):
    result = hospital.run("probe", "ct-*", "mr-*", "--no-record", "--format", "json", *hospital.executor)
    assert seen(result) == {
        "ct-north": "healthy",
        "ct-south": "healthy",
        "ct-east": "unknown",
        "mr-east": "unknown",
    }, result.stderr
    assert result.returncode == 0
    where = {one["target"]["device"]: one["where"] for one in json.loads(result.stdout)["observations"]}
    assert where["ct-north"] == "worker at north"


def test_a_site_without_a_worker_is_one_finding(hospital):
    result = hospital.run("probe", "*-east", "--no-record", *hospital.executor)
    told = " ".join(result.stdout.split())
    assert told.count("warning[WIRE-SITE]") == 1, result.stdout
    assert "why site east: no worker of this site has reported to the scheduler." in told
    assert "inventory/hospital.yaml:5:" in told


def test_each_site_calls_under_its_own_title(hospital):
    hospital.run("probe", "ct-*", "--no-record", *hospital.executor)
    assert "NORTH_PROBE" in (hospital.logs / "device-north.log").read_text()
    assert "NORTH_PROBE" not in (south := (hospital.logs / "device-south.log").read_text())
    assert "PROBE" in south


def test_ctrl_c_does_not_wait_for_a_worker_that_waits(hospital):
    listener = hospital.start("north", [sys.executable, "-c", LISTENER, str(SILENT)], stdout=subprocess.PIPE)
    hospital.stack.enter_context(listener.stdout)
    assert listener.stdout.readline() == "listening\n"
    asked = hospital.words("probe", "silent-north", "--no-record", "--timeout", "120", *hospital.executor)
    with subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as probe:
        assert listener.stdout.readline() == "called\n"
        probe.send_signal(signal.SIGINT)
        out, err = probe.communicate(timeout=20)
    assert (probe.returncode, "Traceback" in out + err) == (130, False), err


def test_nobody_at_the_schedulers_address_is_said_and_nothing_is_asked(hospital):
    files = hospital.executor[2:]
    result = hospital.run("probe", "--no-record", "--executor", f"tls://{HUB_ADDRESS}:9", *files)
    assert result.returncode == 9
    assert f"the scheduler at tls://{HUB_ADDRESS}:9 cannot be reached" in " ".join(result.stderr.split())


def test_the_key_must_be_ours_alone(hospital, tmp_path):
    key = tmp_path / "key.pem"
    key.write_bytes(Path(hospital.workers.tls.key).read_bytes())
    key.chmod(0o644)
    result = hospital.run("probe", "--no-record", *hospital.executor[:-1], str(key))
    assert result.returncode == 5
    assert "other users of this machine may read or change" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--site", "north", "--executor", "tls://h:1"], "leave one of the two out"),
        (["--executor-tls-ca", "ca.pem"], "name the scheduler that it is for"),
        (["import", "x.json", "--executor", "tls://h:1"], "nothing is asked when runs are imported"),
    ],
)
def test_options_that_do_not_go_together_are_refused(tmp_path, words, says):
    command = [PACSCONF, "--chdir", _repository(tmp_path / "hospital"), "-e", "production", "probe", *words]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, says in " ".join(result.stderr.split())) == (64, True), result.stderr


def test_an_unencrypted_scheduler_elsewhere_is_refused(tmp_path):
    repository = _repository(tmp_path / "hospital")
    words = [PACSCONF, "--chdir", repository, "-e", "production", "probe", "--no-record"]
    result = subprocess.run(
        [*words, "--executor", "tcp://172.31.0.1:8786"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert "is not encrypted: whoever reaches such a scheduler" in " ".join(result.stderr.split())
