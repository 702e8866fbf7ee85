"""A process that plays many DICOM devices: one loopback port each, and a `storescp` for each association.

`storescp` listens on all interfaces when it listens itself. Here it takes a connection that was accepted
already, as from a super server, so nothing outside this machine can reach a practice device; and sixty devices
cost one process while nobody calls.

Run as `python -m pacsconf.lab.switchboard FOLDER/ADDRESSES.json STORESCP`; it writes the ports to
`ports.json` beside it once it listens.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
from pathlib import Path

from pacsconf.lab.place import write

PORTS = "ports.json"
_MOST = 64
"""Associations at once; further callers wait to be accepted."""
_PATIENCE = "30"
"""Seconds that storescp waits for a silent caller."""


def serve(addresses: Path, storescp: str) -> None:
    """Listen for ever."""
    folder = addresses.parent
    wanted = json.loads(addresses.read_text())
    listeners = {address: socket.create_server(("127.0.0.1", 0)) for address in wanted["stations"]}
    # A port that is bound and does not listen refuses connections, and nobody else can take it.
    nobody = socket.socket()
    nobody.bind(("127.0.0.1", 0))
    ports = {address: listener.getsockname()[1] for address, listener in listeners.items()}
    ports |= dict.fromkeys(wanted["silent"], nobody.getsockname()[1])
    write(folder / PORTS, ports)
    _answer(tuple(listeners.values()), [storescp, *_options(folder)])


def _options(folder: Path) -> list[str]:
    """Received objects are answered and thrown away."""
    patience = ["-ts", _PATIENCE, "-ta", _PATIENCE, "-td", _PATIENCE]
    return ["--inetd", "--ignore", "--quiet", "--disable-host-lookup", *patience, "-od", str(folder)]


def _answer(listeners: tuple[socket.socket, ...], storescp: list[str]) -> None:
    selector = selectors.DefaultSelector()
    for listener in listeners:
        selector.register(listener, selectors.EVENT_READ, listener)
    running: list[subprocess.Popen[bytes]] = []
    while True:
        for key, _ in selector.select(timeout=1.0):
            listener = key.data
            connection, _ = listener.accept()
            with connection:
                running.append(subprocess.Popen(storescp, stdin=connection, stdout=subprocess.DEVNULL))
        running = [child for child in running if child.poll() is None]
        if len(running) >= _MOST:
            running.pop(0).wait()


if __name__ == "__main__":
    os.chdir(Path(sys.argv[1]).parent)
    serve(Path(sys.argv[1]), sys.argv[2])
