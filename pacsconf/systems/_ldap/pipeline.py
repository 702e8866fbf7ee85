"""Writes on one connection, many on their way at once, at most `WINDOW` without an answer.

A server may carry out what is on its way in any order: whoever hands requests over here sees to it that none of
them needs another, and that no two are about one entry. What one answers does not stop the others. Answers come in
any order and are told apart by message id (RFC 4511 section 4.1.1.1).

The first request goes alone, and each answer makes room for one more, so that a server or a way that is broken is
noticed with one request on it rather than a window of them. Room is filled when half of it is free: a server gets
several requests with one write, and has work while they are made. What a socket does not take at once waits while
answers are read, so that neither side can wait for the other to read.
"""

from __future__ import annotations

import select
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Generic, TypeVar

from pacsconf.systems._ldap import wire
from pacsconf.systems._ldap.answers import Answer
from pacsconf.systems._ldap.framing import Frames, Garbled
from pacsconf.systems._ldap.requests import Request, encode

WINDOW = 64
"""How many requests may be without an answer. More is not faster (docs/decisions/0018) and ends later when somebody
wants it to; slapd hangs up at about a thousand."""

Key = TypeVar("Key")
"""What the one who writes knows a request by."""


@dataclass(frozen=True, slots=True)
class _Pending(Generic[Key]):
    key: Key
    request: Request
    sent: float


class Pipeline(Generic[Key]):
    """One run of requests over a connection that nobody else uses meanwhile."""

    def __init__(self, conn: Any, window: int = WINDOW) -> None:
        self._conn = conn
        self._window = window
        self._room = 1
        self._pending: dict[int, _Pending[Key]] = {}
        self.beyond = False
        """Whether something came after the last answer, so that the connection is of no more use."""

    def run(self, requests: Iterable[tuple[Key, Request]]) -> Iterator[tuple[Key, Answer, float]]:
        """The answer to each request, and after how many milliseconds it came.

        Requests are drawn when there is room for them; when they end, what is on its way is still answered.

        Raises: OSError when the connection broke or fell silent, Garbled when what came is no answer; then what
        became of `unanswered` is not known, and the connection is of no more use.
        """
        left = iter(requests)
        with _BothWays(self._conn.socket) as line:
            frames = Frames(line)
            messages = frames.messages()
            line.send(self._more(left))
            while self._pending:
                one, answer = self._matched(next(messages))
                yield one.key, answer, (perf_counter() - one.sent) * 1000
                self._room = min(self._window, self._room + 1)
                if 2 * len(self._pending) <= self._room:
                    line.send(self._more(left))
            self.beyond = bool(frames.rest)

    @property
    def unanswered(self) -> list[tuple[Key, Request]]:
        """What was sent, wholly or in part, and not answered."""
        return [(one.key, one.request) for one in self._pending.values()]

    def _more(self, left: Iterator[tuple[Key, Request]]) -> bytes:
        """Further requests, as many as there is room for."""
        batch = []
        while len(self._pending) < self._room and (drawn := next(left, None)) is not None:
            key, request = drawn
            number = wire.next_id(self._conn)
            batch.append(encode(request, number))
            self._pending[number] = _Pending(key, request, perf_counter())
        return b"".join(batch)

    def _matched(self, message: bytes) -> tuple[_Pending[Key], Answer]:
        """Whose answer this is."""
        result = wire.result(message)
        if result.message_id == 0:
            raise ConnectionAbortedError("the server said that it hangs up")
        one = self._pending.get(result.message_id)
        if one is None or one.request.answered_by != result.kind:
            raise Garbled("an answer to nothing that was asked")
        del self._pending[result.message_id]
        return one, result.answer


class _BothWays:
    """A socket whose `recv` goes on sending what it did not take at once."""

    def __init__(self, sock: Any) -> None:
        self._socket = sock
        self._timeout: float | None = sock.gettimeout()
        self._unsent = memoryview(b"")
        self._full = False

    def __enter__(self) -> _BothWays:
        self._socket.setblocking(False)
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket.fileno() >= 0:
            self._socket.settimeout(self._timeout)

    def send(self, data: bytes) -> None:
        """Send as much as is taken now, and the rest while waiting for answers."""
        self._unsent = memoryview(bytes(self._unsent) + data)
        self._push()

    def recv(self, size: int) -> bytes:
        """What arrived, at least one byte, or none at the end. Raises: OSError; TimeoutError when nothing moves."""
        while True:
            try:
                received: bytes = self._socket.recv(size)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._wait()
                self._push()
            else:
                return received

    def _push(self) -> None:
        self._full = False
        try:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except (BlockingIOError, ssl.SSLWantWriteError):
            self._full = True
        except ssl.SSLWantReadError:
            pass  # TLS has something to hear first

    def _wait(self) -> None:
        """Until something can be read, or more be sent."""
        writing = [self._socket] if self._full else []
        readable, writable, _ = select.select([self._socket], writing, [], self._timeout)
        if not readable and not writable:
            raise TimeoutError("no answer came in time")
