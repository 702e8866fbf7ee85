"""Names of hosts, looked up within a time limit. A lookup cannot be called off, so it has a thread of its own."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable

from pacsconf.dicom.observation import How
from pacsconf.dicom.upper_layer.stream import CalledOff, Stop

_SLICE = 0.2
"""Seconds between two looks at whether to stop."""

_UNASKED = "cannot be looked up: no name server answers"


class NotFound(Exception):
    """The name leads nowhere; `how` says whether it does not exist or could not be looked up."""

    def __init__(self, text: str, how: How) -> None:
        super().__init__(text)
        self.how = how


def is_address(host: str) -> bool:
    """Whether this is an IP address, which needs no lookup."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


Lookup = Callable[[str], tuple[str, ...]]


def lookup(host: str) -> tuple[str, ...]:
    """The addresses of a host, each once, in the resolver's order. Waits as long as the resolver likes."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Names:
    """What names lead to, each looked up once. For one thread."""

    def __init__(self, stop: Stop | None = None, lookup: Lookup = lookup) -> None:
        self._stop = stop
        self._lookup = lookup
        self._known: dict[str, tuple[str, ...]] = {}

    def addresses(self, host: str, timeout: float) -> tuple[str, ...]:
        """The addresses of a host, each once, in the resolver's order.

        Raises: NotFound, CalledOff.
        """
        if host not in self._known:
            self._known[host] = _looked_up(host, self._lookup, timeout, self._stop)
        return self._known[host]


def _looked_up(host: str, lookup: Lookup, timeout: float, stop: Stop | None) -> tuple[str, ...]:
    answers: queue.SimpleQueue[tuple[str, ...] | NotFound] = queue.SimpleQueue()
    threading.Thread(target=_ask, args=(host, lookup, answers), daemon=True, name="name").start()
    deadline = time.monotonic() + timeout
    while True:
        if stop is not None and stop.is_set():
            raise CalledOff
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise NotFound(f"{_UNASKED} within {timeout:g} s", "no name server")
        try:
            answer = answers.get(timeout=min(remaining, _SLICE))
        except queue.Empty:
            continue
        if isinstance(answer, NotFound):
            raise answer
        return answer


def _ask(host: str, lookup: Lookup, answers: queue.SimpleQueue[tuple[str, ...] | NotFound]) -> None:
    try:
        answers.put(lookup(host))
    except socket.gaierror as exc:
        away = exc.errno in (socket.EAI_AGAIN, socket.EAI_FAIL)
        answers.put(NotFound(_UNASKED, "no name server") if away else _no_such_name())
    except (OSError, UnicodeError):  # the latter: a label that no name can have
        answers.put(_no_such_name())


def _no_such_name() -> NotFound:
    return NotFound("does not exist", "no such name")
