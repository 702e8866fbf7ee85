"""Bytes to and from a peer, each within a deadline, and called off at once when the sweep is.

Sockets do not block: every wait is a poll in short slices, between which `stop` is looked at. So a peer that hangs
holds nobody, and a person who presses Ctrl-C is rid of all peers within one slice.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections.abc import Sequence
from typing import Protocol

_SLICE = 0.2
"""Seconds between two looks at whether to stop."""

_CHUNK = 65536

_QUICKACK = getattr(socket, "TCP_QUICKACK", None)
"""Linux alone has it. DCMTK sends a message in two parts, the second once the first is acknowledged (3.6.7, seen
2026-11): an acknowledgement that waits, as is usual, adds 40 ms to each answer, and to the latency that is told."""

_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)
"""What a connection that does not block begins with."""


class Stop(Protocol):
    """Says that nobody waits for the answer any more; a `threading.Event` does."""

    def is_set(self) -> bool: ...


class CalledOff(Exception):
    """Nobody waits for the answer any more."""


class Stream(Protocol):
    """Where an association goes over. Both raise TimeoutError at the deadline, OSError and CalledOff."""

    def send(self, data: bytes, deadline: float) -> None: ...

    def some(self, deadline: float) -> bytes:
        """What came, once something has; nothing: the peer hung up."""

    def close(self) -> None: ...


class Plain:
    """A stream over a connected socket, which it closes. `deadline` is on the clock of `time.monotonic`."""

    def __init__(self, sock: socket.socket, stop: Stop | None = None) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._stop = stop
        self._hurries = _QUICKACK is not None and sock.family in (socket.AF_INET, socket.AF_INET6)

    def send(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._sock.send(rest) :]
            except BlockingIOError:
                wait(self._sock, select.POLLOUT, deadline, self._stop)

    def some(self, deadline: float) -> bytes:
        while True:
            if self._hurries and _QUICKACK is not None:  # each time: the kernel takes it back by itself
                self._sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
            wait(self._sock, select.POLLIN, deadline, self._stop)
            try:
                return self._sock.recv(_CHUNK)
            except BlockingIOError:
                continue

    def close(self) -> None:
        self._sock.close()


def wait(sock: socket.socket, event: int, deadline: float, stop: Stop | None) -> None:
    """Until the socket is ready for it. It is looked at once at least, however late it is: we may be the slow ones.

    Raises: TimeoutError, CalledOff.
    """
    poll = select.poll()
    poll.register(sock, event)
    while True:
        if stop is not None and stop.is_set():
            raise CalledOff
        remaining = deadline - time.monotonic()
        if poll.poll(max(0.0, min(remaining, _SLICE)) * 1000):
            return
        if remaining <= 0:
            raise TimeoutError


def connect(addresses: Sequence[str], port: int, timeout: float, stop: Stop | None = None) -> Plain:
    """A connection to the first of these addresses that takes one, each tried for `timeout` seconds.

    Raises: OSError as the last of them gave it (TimeoutError: no answer), CalledOff.
    """
    last: OSError = OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    for address in addresses:
        try:
            return _connected(address, port, time.monotonic() + timeout, stop)
        except OSError as exc:
            last = exc
    raise last


def _connected(address: str, port: int, deadline: float, stop: Stop | None) -> Plain:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun = sock.connect_ex((address, port))
        if begun == errno.EINPROGRESS:
            wait(sock, select.POLLOUT, deadline, stop)
            begun = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if begun not in _UNDER_WAY:
            raise OSError(begun, os.strerror(begun))
        return Plain(sock, stop)
    except BaseException:
        sock.close()
        raise
