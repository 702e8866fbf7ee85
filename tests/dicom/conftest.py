"""Devices and peers: declared ones, DCMTK's programs, and listeners that misbehave."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pacsconf.dicom.targets import Target
from pacsconf.inventory.model import Connection, Device, NetworkAE
from pacsconf.lab import processes

STORESCP, DCMQRSCP = "/usr/bin/storescp", "/usr/bin/dcmqrscp"
CONFIG = """NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 4
HostTable BEGIN
known = (PROBE, 127.0.0.1, 104)
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
ARCHIVE {folder} RW (10, 1mb) known
AETable END
"""


@pytest.fixture
def a_device() -> Callable[..., Device]:
    """Makes a device with one AE on one connection, probed by echo."""

    def make(
        name="ct-1", title="CT1", *, host="10.20.0.1", port=104, connection=None, ae=None, **more
    ) -> Device:
        spoken = {"title": title, "connections": ("dicom",), "initiator": True, "acceptor": True} | (ae or {})
        return Device(
            name=name,
            connections={"dicom": Connection(**({"host": host, "port": port} | (connection or {})))},
            ae_titles={title: NetworkAE(**spoken)},
            **({"type": "modality", "probe": "echo"} | more),
        )

    return make


@pytest.fixture
def a_target() -> Callable[..., Target]:
    """Makes a target: CT1 of ct-1 at a port of the loopback, called as PROBE by echo."""
    usual = {"device": "ct-1", "title": "CT1", "connection": "dicom", "host": "127.0.0.1", "calling": "PROBE"}
    usual |= {"declared": "10.20.0.1:104", "level": "echo"}
    return lambda port, **more: Target(**(usual | {"port": port} | more))


@pytest.fixture
def free_port() -> int:
    return processes.free_port()


@contextmanager
def running(command: list[str], port: int) -> Iterator[int]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + 10
            while not processes.answers(port):
                assert process.poll() is None, f"{command[0]} ended"
                assert time.monotonic() < until, f"{command[0]} does not listen"
                time.sleep(0.02)
            yield port
        finally:
            process.terminate()


@pytest.fixture
def storescp(free_port: int, tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Starts DCMTK's storescp with further options and gives its port."""
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(
            running(
                [STORESCP, "--fork", "--ignore", "-od", str(tmp_path), *options, str(free_port)], free_port
            )
        )


@pytest.fixture
def archive(free_port: int, tmp_path: Path) -> Iterator[int]:
    """The port of a dcmqrscp that is ARCHIVE and knows PROBE alone."""
    config = tmp_path / "dcmqrscp.cfg"
    config.write_text(CONFIG.format(port=free_port, folder=tmp_path))
    with running([DCMQRSCP, "--disable-host-lookup", "-c", str(config)], free_port) as port:
        yield port


@dataclass
class Stranger:
    """A listener that answers each connection with the same bytes, or none, and records what it was sent."""

    port: int
    heard: list[bytes] = field(default_factory=list)


@pytest.fixture
def stranger() -> Iterator[Callable[..., Stranger]]:
    """Starts a Stranger: `answer` is what it sends once it was spoken to; then it hangs, or hangs up."""
    with ExitStack() as stack:

        def start(answer: bytes = b"", *, hang_up: bool = False) -> Stranger:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            made = Stranger(listener.getsockname()[1])
            thread = threading.Thread(target=_behave, args=(listener, made, answer, hang_up))
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(lambda: listener.shutdown(socket.SHUT_RDWR))
            return made

        yield start


def _behave(listener: socket.socket, made: Stranger, answer: bytes, hang_up: bool) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, suppress(ConnectionError):  # the caller may have hung up on us
            connection.settimeout(10)
            made.heard.append(connection.recv(65536))
            connection.sendall(answer)
            if not hang_up:
                connection.recv(65536)
