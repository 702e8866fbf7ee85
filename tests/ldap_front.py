"""A proxy between us and a real directory that counts what is on its way, and cuts or reorders it."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

WRITES = frozenset({0x66, 0x68, 0x4A})
"""Modify, add and delete, by tag (RFC 4511)."""
ANSWERS = frozenset({0x67, 0x69, 0x6B})


class Line:
    """A running proxy: `most` is how many writes were without an answer at once, `written` how many came in all.

    `reverse` gives answers back in the opposite order, when all that was asked is answered. `at_answer` is called
    with the number of each answer to a write, from 1, before it is passed on; when it returns False, all is cut.
    """

    def __init__(
        self, upstream: int, *, reverse: bool = False, at_answer: Callable[[int], bool] = lambda _: True
    ) -> None:
        self.most = self.written = self.answered = 0
        self._upstream = upstream
        self._reverse = reverse
        self._at_answer = at_answer
        self._open: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"ldap://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        for each in self._open:
            with suppress(OSError):  # closed already
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            try:
                with client, socket.create_connection(("127.0.0.1", self._upstream), timeout=10) as server:
                    self._relay(client, server)
            except OSError:
                pass  # the server is gone, or the client hung up
            self.answered = self.written

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        self._open = [client, server]
        rest = {client: b"", server: b""}
        held: list[bytes] = []
        while ready := select.select([client, server], [], [], 10)[0]:
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                messages, rest[source] = cut(rest[source] + data)
                if source is client:
                    self._asked(messages)
                    server.sendall(b"".join(messages))
                elif not self._given_back(client, messages, held):
                    return

    def _asked(self, messages: list[bytes]) -> None:
        self.written += sum(_tag(each) in WRITES for each in messages)
        self.most = max(self.most, self.written - self.answered)

    def _given_back(self, client: socket.socket, messages: list[bytes], held: list[bytes]) -> bool:
        """Pass these on, or keep them in `held` until all is answered; whether to go on."""
        for each in messages:
            if _tag(each) not in ANSWERS:
                client.sendall(each)
                continue
            self.answered += 1
            if not self._at_answer(self.answered):
                return False
            held.insert(0 if self._reverse else len(held), each)
        if not self._reverse or self.answered == self.written:
            client.sendall(b"".join(held))
            held.clear()
        return True


def cut(data: bytes) -> tuple[list[bytes], bytes]:
    """Whole messages, and what is left."""
    messages = []
    while len(data) >= 2:
        size, start = data[1], 2
        if size > 0x7F:
            start += size & 0x7F
            size = int.from_bytes(data[2:start], "big")
        if len(data) < start or len(data) < start + size:
            break
        messages.append(data[: start + size])
        data = data[start + size :]
    return messages, data


def _tag(message: bytes) -> int:
    """The tag of the operation."""
    start = 2 + (message[1] & 0x7F if message[1] > 0x7F else 0)
    return message[start + 2 + message[start + 1]]


@contextmanager
def line(upstream: int, **options: object) -> Iterator[Line]:
    """A proxy for the length of a `with` block."""
    running = Line(upstream, **options)  # type: ignore[arg-type]
    try:
        yield running
    finally:
        running.close()
