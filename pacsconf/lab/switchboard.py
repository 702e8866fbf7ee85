"""A process that answers for many DICOM devices: one loopback port each, and a `storescp` for each association.

`storescp` listens on all interfaces when it listens itself. Here it takes a connection that was accepted
already, as from a super server, so nothing outside this machine can reach a practice device; and sixty devices
cost one process while nobody calls. `storescp` asks neither whom it is called as nor who calls; so the two titles
of a request are looked at before, as devices do. What other programs play is led on to them.

Run as `python -m pacsconf.lab.switchboard FOLDER/PARTS.json`; it writes the ports to `ports.json` beside it once
it listens. It heeds `closed.json`: a list of addresses where nothing is to listen.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import ssl
import struct
import subprocess
import sys
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import Any

from pacsconf.inventory.uids import MODALITY_WORKLIST, MPPS
from pacsconf.lab import relay
from pacsconf.lab.place import write
from pacsconf.lab.profiles import PROFILE

PORTS = "ports.json"
CLOSED = "closed.json"
HEEDED = "heeded.json"
"""What of `closed.json` is done."""
_MOST = 64
"""Associations at once; further callers wait to be accepted."""
_PATIENCE = 30
"""Seconds that a silent caller is waited for."""
_LOOK = 0.2
"""Seconds after which `closed.json` is looked at again."""
_UNKNOWN_CALLED, _UNKNOWN_CALLING = 7, 3
"""PS3.8 table 9-21."""

Plain = dict[str, Any]


class Switchboard:
    """The listeners by declared address, and what is played there."""

    def __init__(self, folder: Path, parts: Plain) -> None:
        self.folder = folder
        self.played: Plain = parts["addresses"]
        self.storescp: str = parts["storescp"]
        self.selector = selectors.DefaultSelector()
        self.room = BoundedSemaphore(_MOST)
        self.sockets = {address: socket.create_server(("127.0.0.1", 0)) for address in self.played}
        self.ports = {address: int(sock.getsockname()[1]) for address, sock in self.sockets.items()}
        self.closed: list[str] = []
        for address, sock in self.sockets.items():
            self.selector.register(sock, selectors.EVENT_READ, address)

    def serve(self) -> None:
        """Listen for ever."""
        while True:
            for key, _ in self.selector.select(timeout=_LOOK):
                self.accept(key.data)
            self.heed()

    def accept(self, address: str) -> None:
        self.room.acquire()
        with suppress(OSError):
            connection, _ = self.sockets[address].accept()
            Thread(target=self.answer, args=(connection, self.played[address]), daemon=True).start()
            return
        self.room.release()

    # --- one association

    def answer(self, connection: socket.socket, played: Plain) -> None:
        try:
            with suppress(OSError), connection:
                if played["tls"]:
                    self.encrypted(connection, played)
                else:
                    self.open(connection, played)
        finally:
            self.room.release()

    def open(self, connection: socket.socket, played: Plain) -> None:
        if played.get("through"):
            relay.lead_through(connection, played["through"], _PATIENCE)
            return
        head = _peek(connection)
        if not head:
            return
        part, reason = _meant(relay.titles(head), played)
        if reason:
            relay.refuse(connection, relay.take(connection, len(head)), reason, _PATIENCE)
        elif part["port"]:
            port, title = _led(part, relay.titles(head), _whole(connection, head) if part["mpps"] else b"")
            relay.lead_on(connection, relay.take(connection, len(head)), port, title, _PATIENCE)
        else:
            self.hand_over(connection, part["profile"])

    def encrypted(self, connection: socket.socket, played: Plain) -> None:
        """The titles of a request are not to be seen before, so `storescp` takes any."""
        tls, led = played["tls"], [part for part in played["parts"] if part["port"]]
        if not led and not played.get("through"):
            secure = ["+tls", tls["key"], tls["certificate"], "+cf", tls["ca_file"], "--require-peer-cert"]
            self.hand_over(connection, played["profile"], secure)
            return
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls["ca_file"])
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(tls["certificate"], tls["key"])
        connection.settimeout(_PATIENCE)
        with context.wrap_socket(connection, server_side=True) as spoken:
            if played.get("through"):
                relay.lead_through(spoken, played["through"], _PATIENCE)
                return
            head = relay.take(spoken, relay.HEAD)
            part, reason = _meant(relay.titles(head), {"parts": led})
            if reason:
                relay.refuse(spoken, head, reason, _PATIENCE)
            else:
                port, title = _led(part, relay.titles(head), b"")
                relay.lead_on(spoken, head, port, title, _PATIENCE)

    def hand_over(
        self, connection: socket.socket, profile: str | None, secure: list[str] | None = None
    ) -> None:
        """Received objects are answered and thrown away."""
        patience = [word for option in ("-ts", "-ta", "-td") for word in (option, str(_PATIENCE))]
        contexts = ["-xf", profile, PROFILE] if profile else ["--promiscuous", "--accept-all"]
        command = [self.storescp, "--inetd", "--ignore", "--quiet", "--disable-host-lookup", *patience]
        command += [*contexts, *(secure or ()), "-od", str(self.folder)]
        child = subprocess.Popen(command, stdin=connection.fileno(), stdout=subprocess.DEVNULL)
        connection.close()
        child.wait()

    # --- doors shut by hand

    def heed(self) -> None:
        """Stop listening where it is wanted, and listen again where it is not any more."""
        wanted = closed(self.folder)
        if wanted == self.closed:
            return
        for address in set(wanted) ^ set(self.closed):
            self.shut(address) if address in wanted else self.reopen(address)
        self.closed = wanted
        write(self.folder / HEEDED, {"closed": wanted})

    def shut(self, address: str) -> None:
        """A port that is bound and does not listen refuses connections, and nobody else can take it."""
        if address in self.sockets:
            self.selector.unregister(self.sockets[address])
            self.sockets[address].close()
            self.sockets[address] = _bound(self.ports[address])

    def reopen(self, address: str) -> None:
        if address in self.sockets:
            self.sockets[address].listen()
            self.selector.register(self.sockets[address], selectors.EVENT_READ, address)


def closed(folder: Path) -> list[str]:
    """The addresses where nothing is to listen."""
    return _listed(folder / CLOSED)


def heeded(folder: Path) -> list[str]:
    """The addresses where nothing listens any more."""
    return _listed(folder / HEEDED)


def _listed(path: Path) -> list[str]:
    try:
        found: list[str] = json.loads(path.read_text())["closed"]
    except FileNotFoundError:
        return []
    return found


def _bound(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    return sock


def _peek(connection: socket.socket, count: int = relay.HEAD) -> bytes:
    """The first bytes, left where they are; nothing when the caller is silent or goes."""
    _wait(connection, _PATIENCE)
    head = connection.recv(count, socket.MSG_PEEK | socket.MSG_WAITALL)
    _wait(connection, 0)
    return head


def _wait(connection: socket.socket, seconds: int) -> None:
    """How long a read waits; not by a timeout of Python's, with which MSG_WAITALL would wait for nothing."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0))


def _whole(connection: socket.socket, head: bytes) -> bytes:
    """The whole request, where it is not longer than any that fits into a socket's buffer."""
    length = 6 + int.from_bytes(head[2:6], "big")
    return _peek(connection, length) if length <= 32768 else head


def _meant(asked: tuple[str, str] | None, played: Plain) -> tuple[Plain, int]:
    """Who is asked for, and the reason to refuse (0: none).

    What is no request is for somebody else to refuse. A program that is led to refuses by itself who is not it, or
    whom it does not know; of several the first.
    """
    parts: list[Plain] = played["parts"]
    first = next((part for part in parts if part["port"]), parts[0])
    if asked is None:
        return first, 0
    called, calling = asked
    part = next((part for part in parts if called in part["titles"]), None)
    if part is None:
        return first, 0 if first["port"] else _UNKNOWN_CALLED
    known = part["callers"] is None or any(fnmatchcase(calling, pattern) for pattern in part["callers"])
    return part, 0 if known or part["knows"] else _UNKNOWN_CALLING


def _led(part: Plain, asked: tuple[str, str] | None, request: bytes) -> tuple[int, str | None]:
    """The port to lead to, and the title to call there: None is the one that was called."""
    if part["mpps"] and MPPS.encode() in request and MODALITY_WORKLIST.encode() not in request:
        return int(part["mpps"]), str(part["titles"][0])
    return int(part["port"]), part["there"] if asked and asked[0] in part["titles"] else None


if __name__ == "__main__":
    given = Path(sys.argv[1])
    os.chdir(given.parent)
    asked_for = json.loads(given.read_text())
    board = Switchboard(given.parent, asked_for)
    silent = {address: _bound(0) for address in asked_for["silent"]}
    ports = {address: int(sock.getsockname()[1]) for address, sock in silent.items()}
    write(given.parent / PORTS, {**board.ports, **ports})
    board.serve()
