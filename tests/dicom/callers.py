"""Callers for our listener: a listener in a thread, DCMTK's programs against it, and raw bytes."""

from __future__ import annotations

import asyncio
import queue
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from pacsconf.dicom.listen.listener import Event, Listener, Ready, Settings

ECHOSCU, STORESCU, FINDSCU = "/usr/bin/echoscu", "/usr/bin/storescu", "/usr/bin/findscu"
CT = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT = "1.2.840.10008.1.2"


@dataclass
class Listening:
    """A listener that runs in a thread of the test."""

    port: int = 0
    events: list[Event] = field(default_factory=list)
    _queue: queue.Queue[Event] = field(default_factory=queue.Queue)

    def tell(self, event: Event) -> None:
        self.events.append(event)
        self._queue.put(event)

    def wait(self, kind: type[Event]) -> Event:
        """The next event of this kind."""
        while True:
            event = self._queue.get(timeout=20)
            if isinstance(event, kind):
                return event

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@contextmanager
def listening(**more) -> Iterator[Listening]:
    """A listener on the loopback; it is cancelled at the end, as Ctrl-C does."""
    made = Listening()
    settings = Settings(**({"address": "127.0.0.1", "port": 0, "patience": 5.0} | more))
    loops: list[Callable[[], None]] = []

    async def run() -> None:
        task = asyncio.ensure_future(Listener(settings, made.tell).run())
        loop = asyncio.get_running_loop()
        loops.append(lambda: loop.call_soon_threadsafe(task.cancel))
        with suppress(asyncio.CancelledError):
            await task

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        ready = made.wait(Ready)
        assert isinstance(ready, Ready)
        made.port = ready.port
        yield made
    finally:
        if thread.is_alive():
            with suppress(RuntimeError):  # the loop is closed: it ended by itself
                loops[0]()
        thread.join(20)
        assert not thread.is_alive(), "the listener does not end"


def run(
    program: str, port: int, *options: str, files: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """One of DCMTK's callers, which says what it was answered."""
    return subprocess.run(
        [program, "-v", *options, "127.0.0.1", str(port), *files],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def item(kind: int, value: bytes) -> bytes:
    return bytes([kind, 0]) + len(value).to_bytes(2, "big") + value


def context(number: int, sop_class: str = VERIFICATION, syntaxes: Sequence[str] = (IMPLICIT,)) -> bytes:
    inner = item(0x30, sop_class.encode()) + b"".join(item(0x40, each.encode()) for each in syntaxes)
    return item(0x20, bytes([number, 0, 0, 0]) + inner)


def request_of(
    calling: bytes = b"CT_ER1".ljust(16),
    called: bytes = b"ARCHIVE".ljust(16),
    contexts: bytes | None = None,
    *,
    user: bytes = b"\x51\0\0\4\0\0\x40\0",
    protocol: int = 1,
    application: bytes = b"1.2.840.10008.3.1.1.1",
) -> bytes:
    """An A-ASSOCIATE-RQ with anything in it."""
    body = protocol.to_bytes(2, "big") + bytes(2) + called + calling + bytes(32)
    body += item(0x10, application) + (context(1) if contexts is None else contexts) + item(0x50, user)
    return bytes([1, 0]) + len(body).to_bytes(4, "big") + body


@contextmanager
def dialled(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        yield sock


def answer(sock: socket.socket) -> bytes:
    """All that comes until the other side hangs up."""
    data = b""
    sock.settimeout(20)
    with suppress(ConnectionError):
        while part := sock.recv(65536):
            data += part
    return data
