"""From where a scanner calls, in a network namespace of its own: real addresses, real callers, nothing leaves it.

The listener runs where pacsconf is declared. Which address echoscu calls from is the kernel's choice, and the route
to the listener tells it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.networks import cannot

pytestmark = pytest.mark.skipif(bool(cannot()), reason=cannot() or "network namespaces can be made")

IP, UNSHARE, ECHOSCU = "ip", "/usr/bin/unshare", "/usr/bin/echoscu"
HERE, PORT = "10.20.9.1", 11112
DECLARED, FORMER, OF_MR, ELSEWHERE, SIX = "10.20.4.17", "10.20.4.7", "10.20.5.17", "10.20.4.99", "fd00:20::17"
HOSPITAL = f"""\
devices:
  archive: {{type: archive, ae_title: ARCHIVE, host: 10.20.0.5, port: 11112, offers: [verification, storage]}}
  ct-er-1:
    type: modality
    connections: {{dicom: {{host: {DECLARED}, port: 104, was: {{host: {FORMER}, until: 2099-01-01}}}}}}
    ae_titles: {{CT_ER_1: {{connections: [dicom]}}}}
    uses: [ct-image-storage]
  mr-1: {{type: modality, ae_title: MR1, host: {OF_MR}, port: 104, uses: [mr-image-storage]}}
  us-1:
    type: modality
    connections: {{dicom: {{host: 10.20.6.17, port: 104, calls_from: [10.20.4.0/24]}}}}
    ae_titles: {{US1: {{connections: [dicom]}}}}
    uses: [ultrasound-image-storage]
  gateway: {{type: workstation, ae_title: PACSCONF, host: {HERE}, port: {PORT}, uses: [verification]}}
flows:
  images: {{from: {{type: modality}}, to: {{ae_title: ARCHIVE}}, services: [storage]}}
pacsconf: {{probe_as: gateway}}
environments: {{production: {{}}}}
"""


class Network:
    """A namespace with every address on its loopback, and the commands that run in it."""

    def __init__(self, hospital: Any) -> None:
        self.hospital = hospital
        self.holder = subprocess.Popen([UNSHARE, "-n", "sleep", "600"])
        self._inside = ("/usr/bin/nsenter", "-n", "-t", str(self.holder.pid))
        until = time.monotonic() + 10
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            assert time.monotonic() < until
            time.sleep(0.01)
        self.run(IP, "link", "set", "lo", "up")
        for address in (HERE, DECLARED, FORMER, OF_MR, ELSEWHERE):
            self.run(IP, "addr", "add", f"{address}/32", "dev", "lo")

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [*self._inside, *command], capture_output=True, text=True, check=False, timeout=30
        )
        assert done.returncode == 0, done
        return done.stdout

    def heard(self, title: str, source: str) -> tuple[int, str]:
        """What `pacsconf listen` says of one call under this title from this address."""
        self.run(IP, "route", "replace", "local", HERE, "dev", "lo", "table", "local", "src", source)
        with subprocess.Popen(
            [*self._inside, sys.executable, "-m", "pacsconf", "-e", "production", "listen", "--count", "1"],
            cwd=self.hospital.path,
            env=self.hospital.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as listener:
            try:
                assert listener.stdout is not None
                first = listener.stdout.readline()
                assert f"at {HERE} port {PORT}" in first, (first, listener.communicate())
                self.run(ECHOSCU, "-aet", title, "-aec", "PACSCONF", HERE, str(PORT))
                out, err = listener.communicate(timeout=30)
            finally:
                listener.kill()
        assert err == ""
        return listener.returncode, " ".join(out.split())

    def diagnose(self, *words: str) -> str:
        command = (sys.executable, "-m", "pacsconf", "-e", "production", "diagnose", *words, "--offline")
        done = subprocess.run(
            [*self._inside, *command],
            cwd=self.hospital.path,
            env=self.hospital.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return " ".join(done.stdout.split())


@pytest.fixture
def network(repository: Any) -> Iterator[Network]:
    made = Network(repository(hospital=HOSPITAL))
    yield made
    made.holder.kill()
    made.holder.wait()


def place(network: Network, text: str) -> str:
    lines = Path(network.hospital.file()).read_text().splitlines()
    return f"inventory/hospital.yaml:{next(at for at, line in enumerate(lines, 1) if text in line)}"


def test_from_its_own_address_it_is_as_declared(network):
    code, said = network.heard("CT_ER_1", DECLARED)
    assert (code, "as declared" in said, "HEARD-ADDRESS" in said) == (0, True, False)


def test_from_a_network_that_is_declared_it_is_as_declared(network):
    code, said = network.heard("US1", ELSEWHERE)
    assert (code, "HEARD-ADDRESS" in said) == (0, False)


def test_from_an_address_that_nobody_has_it_is_found_with_the_line_and_diagnosed(network):
    code, said = network.heard("CT_ER_1", ELSEWHERE)
    assert code == 2
    assert f"error[HEARD-ADDRESS] CT_ER_1 of ct-er-1 called from {ELSEWHERE}" in said
    assert "That lies in a network from which us-1 may call." in said
    assert place(network, f"host: {DECLARED}") in said
    assert said.endswith("Next: pacsconf -e production diagnose ct-er-1 ARCHIVE")
    told = network.diagnose("ct-er-1", "ARCHIVE")
    assert f"Most likely: CT_ER_1 calls from {ELSEWHERE}, and is declared at {DECLARED}." in told
    assert "declare it under calls_from" in told


def test_from_the_address_of_another_device_that_one_is_named(network):
    code, said = network.heard("CT_ER_1", OF_MR)
    assert code == 2
    assert "error[HEARD-ADDRESS]" in said
    assert "That is an address of mr-1" in said


def test_from_its_former_address_the_move_is_not_done(network):
    code, said = network.heard("CT_ER_1", FORMER)
    assert (code, "warning[HEARD-WAS]" in said, "HEARD-ADDRESS" in said) == (2, True, False)


def test_a_wrong_title_from_its_own_address_is_surely_its_own_and_takes_a_direction(network):
    code, said = network.heard("CTER1", DECLARED)
    assert (code, "error[HEARD-NEAR]" in said) == (2, True)
    assert f"It called from {DECLARED}, which is an address of ct-er-1." in said
    told = network.diagnose("ct-er-1", "ARCHIVE")
    assert "Most likely: the caller calls under CTER1, not under CT_ER_1." in told
    assert ("By the title alone" in told, "Set the title to CT_ER_1 at the device itself" in told) == (
        False,
        True,
    )


def test_its_title_from_this_machine_proves_nothing_and_is_no_direction(network):
    network.heard("CT_ER1", HERE)
    told = network.diagnose("ct-er-1", "ARCHIVE")
    assert "? heard CT_ER_1 itself was never heard" in told
