"""Our own port, where an archive calls back: commitments (N-EVENT-REPORT), and objects that it is told to send.

A thread for the port and one for each caller, all of which end within a slice of a second when the run does. What
is sent is kept in memory for as long as the run waits for it, and only if it is an object of ours.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pacsconf.core.errors import PacsconfError
from pacsconf.dicom.listen.request import Request, accepted, request
from pacsconf.dicom.upper_layer import pdu
from pacsconf.dicom.upper_layer.messages import (
    C_ECHO,
    C_STORE,
    N_EVENT_REPORT,
    SUCCESS,
    Assembler,
    Message,
    response,
)
from pacsconf.dicom.upper_layer.stream import CalledOff, Plain

logger = logging.getLogger(__name__)

_LONGEST = 1024 * 1024
"""Bytes of one PDU that are read: an association request with all its contexts."""
_AT_ONCE = 8
_PATIENCE = 10.0
"""Seconds for a PDU that was begun, or is due."""
_KEPT, _KEPT_BYTES = 500, 64 * 1024 * 1024
"""Messages that are kept, and bytes of them; of more, the newest: others than the archive may call this port."""

NOT_WANTED, UNRECOGNISED = 0xA700, 0x0211


@dataclass(frozen=True, slots=True)
class Came:
    """A message that somebody sent here. `syntax` is the transfer syntax of its context."""

    message: Message
    calling: str
    called: str
    host: str
    syntax: str


@dataclass
class Listening:
    """What came so far, and how to wait for more."""

    port: int
    stop: threading.Event = field(default_factory=threading.Event)
    _came: list[Came] = field(default_factory=list)
    _more: threading.Condition = field(default_factory=threading.Condition)

    def tell(self, came: Came) -> None:
        """Keep a message, and no longer the oldest where there are too many."""
        with self._more:
            self._came.append(came)
            while len(self._came) > _KEPT or sum(len(one.message.data) for one in self._came) > _KEPT_BYTES:
                del self._came[0]
            self._more.notify_all()

    def forget(self, unwanted: Callable[[Came], bool]) -> None:
        """Keep these no longer."""
        with self._more:
            self._came[:] = [came for came in self._came if not unwanted(came)]

    def take(self, wanted: Callable[[Came], bool], seconds: float) -> Came | None:
        """The first message that is wanted, which is then kept no longer; None when none came within the time."""
        deadline = time.monotonic() + seconds
        with self._more:
            while True:
                for at, came in enumerate(self._came):
                    if wanted(came):
                        return self._came.pop(at)
                remaining = deadline - time.monotonic()
                if remaining <= 0 or self.stop.is_set():
                    return None
                self._more.wait(min(remaining, 0.2))


@contextmanager
def listening(address: str, port: int, is_ours: Callable[[str], bool]) -> Iterator[Listening]:
    """Listen at `address` (empty: everywhere) for as long as the `with` block lasts.

    `is_ours` says of a SOP instance UID whether it is of this run: no other object is kept.

    Raises: PacsconfError when the port cannot be listened at.
    """
    try:
        server = socket.create_server((address, port), backlog=16)
    except OSError as exc:
        raise PacsconfError(
            f"pacsconf cannot listen at port {port}: {exc.strerror}",
            fix="Give the port under which the archive knows pacsconf's title, and see that nothing else uses it.",
        ) from exc
    made = Listening(server.getsockname()[1])
    callers: list[threading.Thread] = []
    accepting = threading.Thread(
        target=_accept, args=(server, made, callers, is_ours), name="commission-port"
    )
    accepting.start()
    try:
        yield made
    finally:
        made.stop.set()
        accepting.join()
        for caller in callers:
            caller.join()


def _accept(
    server: socket.socket, made: Listening, callers: list[threading.Thread], is_ours: Callable[[str], bool]
) -> None:
    server.settimeout(0.1)
    with server:
        while not made.stop.is_set():
            try:
                connection, (host, *_) = server.accept()
            except OSError:
                continue  # nobody called, or hung up already
            callers[:] = [thread for thread in callers if thread.is_alive()]
            if len(callers) >= _AT_ONCE:
                connection.close()
                continue
            visit = _Visit(Plain(connection, made.stop), host, made, is_ours)
            thread = threading.Thread(target=visit.serve, name="commission-caller")
            callers.append(thread)
            thread.start()


class _Visit:
    """One connection from its first byte to its end."""

    def __init__(self, stream: Plain, host: str, made: Listening, is_ours: Callable[[str], bool]) -> None:
        self._stream = stream
        self._host = host
        self._made = made
        self._is_ours = is_ours
        self._read = bytearray()

    def serve(self) -> None:
        try:
            self._converse()
        except (OSError, ValueError, CalledOff) as exc:  # a TimeoutError is an OSError
            logger.info("a call from %s ended: %s", self._host, exc)
        finally:
            self._stream.close()

    def _converse(self) -> None:
        kind, body = self._pdu()
        if kind != pdu.REQUEST:
            return
        asked = request(body)
        if asked.rejection is not None:
            self._send(pdu.rejected(*asked.rejection))
        elif asked.unusable:
            self._send(pdu.aborted(2, 6))
        else:
            self._send(accepted(asked))
            self._associated(asked)

    def _associated(self, asked: Request) -> None:
        assembler = Assembler()
        while True:
            kind, body = self._pdu()
            if kind == pdu.RELEASE:
                self._send(pdu.RELEASE_ANSWER)
            if kind != pdu.DATA:
                return
            for message in tuple(assembler.add(body)):
                self._send(response(message, self._status(message, asked), asked.max_pdu or 0))

    def _status(self, message: Message, asked: Request) -> int:
        """Keep what is ours, and say how a message is answered."""
        if message.field == C_STORE and not self._is_ours(message.text("AffectedSOPInstanceUID")):
            return NOT_WANTED
        if message.field not in (C_STORE, N_EVENT_REPORT, C_ECHO):
            return UNRECOGNISED
        syntax = next((one.syntaxes[0] for one in asked.contexts if one.number == message.context), "")
        came = Came(message, asked.calling.strip(), asked.called.strip(), self._host, syntax)
        self._made.tell(came)
        return SUCCESS

    def _send(self, data: bytes) -> None:
        self._stream.send(data, time.monotonic() + _PATIENCE)

    def _pdu(self) -> tuple[int, bytes]:
        deadline = time.monotonic() + _PATIENCE
        head = self._exactly(6, deadline)
        size = int.from_bytes(head[2:], "big")
        if not pdu.REQUEST <= head[0] <= pdu.ABORT or size > _LONGEST:
            raise ValueError("what it sent is not DICOM")
        return head[0], self._exactly(size, deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        while len(self._read) < size:
            data = self._stream.some(deadline)
            if not data:
                raise ValueError("it hung up")
            self._read += data
        data = bytes(self._read[:size])
        del self._read[:size]
        return data
