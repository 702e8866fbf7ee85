"""A network to sweep over: real listeners of DCMTK, each a process on a port and an address of its own.

They answer one association at a time and fork for none, so that starting processes is not what is measured. All
take any title; the loopback has an address for each, as hosts in a network have.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.hospital import committed

STORESCP = "/usr/bin/storescp"  # by its path: pynetdicom installs a program of that name as well
_WITHIN = 60.0
"""Seconds until all listen; 500 take about ten."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One process, by number from 0."""

    number: int
    port: int

    @property
    def host(self) -> str:
        return f"127.0.{1 + self.number // 250}.{1 + self.number % 250}"


@contextmanager
def started(count: int, folder: Path, options: Sequence[str] = ()) -> Iterator[list[Listener]]:
    """So many listeners, ended by their process ids afterwards. They need about 3 MiB each."""
    ports = _free_ports(count)
    running = [
        subprocess.Popen(
            [STORESCP, "--ignore", *options, str(port)],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for port in ports
    ]
    try:
        until = time.monotonic() + _WITHIN
        for port, process in zip(ports, running, strict=True):
            while not _listens(port):
                if process.poll() is not None:
                    raise OSError(f"somebody else took port {port} meanwhile")
                if time.monotonic() > until:
                    raise TimeoutError(f"storescp does not listen at port {port}")
                time.sleep(0.02)
        yield [Listener(number, port) for number, port in enumerate(ports)]
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _free_ports(count: int) -> list[int]:
    """Ports that nobody has, below those that the system gives to who calls (from 32768 on Linux)."""
    return list(islice(filter(_is_free, range(20_000, 32_768)), count))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("", port)).close()
    except OSError:
        return False
    return True


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def titles(listener: Listener, count: int) -> list[str]:
    """The AE titles behind a listener."""
    return [f"AE{listener.number:03}_{number:03}" for number in range(count)]


def write_list(path: Path, listeners: Sequence[Listener], each: int) -> None:
    """Title, host and port of every AE, a line each."""
    lines = (f"{title} {one.host} {one.port}\n" for one in listeners for title in titles(one, each))
    path.write_text("".join(lines))


def write_inventory(folder: Path, listeners: Sequence[Listener], each: int, facts: str) -> None:
    """A git repository that declares them, a device for each listener; `facts` is YAML of their profile."""
    inventory = folder / "inventory"
    inventory.mkdir(parents=True)
    (inventory / "hospital.yaml").write_text(
        "sites:\n  main: {name: Main Campus, networks: [127.0.0.0/8]}\n"
        "environments:\n  bench: {description: What the benchmarks run in}\n"
        "pacsconf: {probe_as: prober}\n"
        f"profiles:\n  peer: {{type: archive, site: main, {facts}}}\n"
        "devices:\n  prober: {type: workstation, site: main, host: 127.0.0.1, ae_title: BENCH}\n"
    )
    devices = (
        f"  d{one.number:03}: {{profile: peer, host: {one.host}, port: {one.port}, "
        f"ae_titles: {{{', '.join(f'{title}: {{}}' for title in titles(one, each))}}}}}\n"
        for one in listeners
    )
    (inventory / "devices.yaml").write_text("devices:\n" + "".join(devices))
    committed(folder)
