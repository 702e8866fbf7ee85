"""One association as its requestor: open, ask, release, each within a deadline (PS3.8, PS3.7).

The exchange is ours: pynetdicom 3.0.4 waits without bound for the rest of a half-sent PDU, in a thread that keeps
the process from ending (seen 2026-11), and it does not tell a refused connection from a silent host. Answers come
from unknown software, so they are read with a size limit and never trusted to be well-formed.
"""

from __future__ import annotations

import logging
import math
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from pacsconf.dicom.alerts import alert_of
from pacsconf.dicom.upper_layer import messages, pdu
from pacsconf.dicom.upper_layer.acceptance import Acceptance, Contexts, acceptance, context_id
from pacsconf.dicom.upper_layer.messages import C_ECHO, C_FIND, PENDING, Assembler, Message, Value
from pacsconf.dicom.upper_layer.pdu import MAX_PDU
from pacsconf.dicom.upper_layer.peer_fault import PeerFault, rejection, status_words, unexpected
from pacsconf.dicom.upper_layer.proposals import VERIFICATION_ALONE, proposal
from pacsconf.dicom.upper_layer.stream import Stream
from pacsconf.inventory import uids

_VERIFICATION_CONTEXT = context_id(0)
"""Verification is what we propose first."""

_TLS_ALERT = 0x15
"""How a TLS server begins its answer to what is no TLS (RFC 8446 section 6)."""

MOST_BYTES = 1 << 20
"""What is read as the answers to one message, or to a release, in bytes."""

_PDU_COSTS = 128
"""Bytes that a PDU counts for at least: empty ones do not come without an end either."""

MOST_MATCHES = 200
"""Answers that are read to a query that should have none, before it is cancelled."""

_LOW = 2
"""The priority of what we ask: nobody waits for us (PS3.7 section 9.1.2.1)."""

Took = Callable[[Message], int]
"""Takes a request that the peer makes meanwhile, and says with which status it is answered."""


_IN_VAIN = "answers to a key that matches nothing"


class Association:
    """An association over `stream`, which it closes. Each call has `timeout` seconds.

    Every method raises PeerFault when the peer answers otherwise, wrongly, or not in time. What subclasses
    use: `_came`, `_read`, `_some`, `_next`, `_deadline`; and they may set the two bounds.
    """

    most_bytes = MOST_BYTES
    most_seconds: float | None = None
    """For all answers to one request; None: as long as each message comes within `timeout`."""

    def __init__(self, stream: Stream, timeout: float) -> None:
        self._stream = stream
        self._timeout = timeout
        self._read = bytearray()
        self._established = False
        self._usable = True
        """Whether the next PDU would be where one begins, and somebody there to send it."""
        self._max_pdu = MAX_PDU
        self._assembler = Assembler()
        self._came: deque[Message] = deque()
        self._taken = 0
        """Bytes that were read since the last message of ours."""
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        """Release what was established, or abort it if something went wrong; then hang up in any case."""
        try:
            if self._established and self._usable and kind is None:
                self.release()
            elif self._established:
                self._abort()
        except PeerFault as fault:
            logging.getLogger(__name__).debug("while closing: %s", fault)
        finally:
            self._stream.close()

    def request(
        self, calling: str, called: str, contexts: Contexts = VERIFICATION_ALONE, taking: Sequence[str] = ()
    ) -> Acceptance:
        """Establish an association for these contexts: what became of each.

        Of the SOP classes `taking`, objects are sent to us (PS3.7 section D.3.3.4).
        """
        deadline = self._deadline()
        self._send(proposal(calling, called, contexts, taking), deadline)
        kind, body = self._receive(deadline, "association request")
        if kind == pdu.REJECT and len(body) >= 4:
            raise PeerFault(rejection(*body[1:4]), "rejected", (body[1], body[2], body[3]))
        if kind != pdu.ACCEPT:
            raise self._unexpected(kind, body, "association request")
        self._established = True
        answer = acceptance(body, contexts)
        self._max_pdu = answer.software.max_pdu
        return answer

    def echo(self, context: int = _VERIFICATION_CONTEXT) -> None:
        """Verify: one C-ECHO (PS3.7 section 9.1.5)."""
        about: dict[str, Value] = {"AffectedSOPClassUID": uids.VERIFICATION}
        for answer in self.ask(context, C_ECHO, about, None, name="C-ECHO", deadline=self._deadline()):
            _succeeded("C-ECHO", answer)

    def find(self, context: int, sop_class: str, identifier: bytes) -> None:
        """Query for what nothing can match (PS3.4 section C.4.1): success, without a match.

        Matches are read to the end and not kept; when they do not end, the query is cancelled.
        """
        matches = 0
        try:
            for _ in self.matches(context, sop_class, identifier):
                matches += 1
                if matches == MOST_MATCHES:
                    self.cancel(context)
                    break
        except PeerFault as fault:
            if not matches:
                raise
            text = f"{matches} {_IN_VAIN}, then: {fault}"
            raise PeerFault(text, fault.how, fault.fault.numbers, fault.fault.alert) from fault
        if matches == MOST_MATCHES:
            raise PeerFault(f"more than {matches} {_IN_VAIN}: cancelled", "status", (0xFF00,))
        if matches:
            raise PeerFault(f"{matches} {_IN_VAIN}: it does not look at the key", "status", (0xFF00,))

    def matches(self, context: int, sop_class: str, identifier: bytes) -> Iterator[bytes]:
        """The data sets that a query is answered with, all of them within `timeout` (PS3.7 section 9.1.2)."""
        about: dict[str, Value] = {"AffectedSOPClassUID": sop_class, "Priority": _LOW}
        for answer in self.ask(context, C_FIND, about, identifier, name="C-FIND", deadline=self._deadline()):
            if answer.status in PENDING:
                yield answer.data
            else:
                _succeeded("C-FIND", answer)

    def cancel(self, context: int) -> None:
        """Cancel the query that was asked last, and read on until it has ended or time is up."""
        deadline = self._deadline()
        about: dict[str, Value] = {
            "CommandField": messages.C_CANCEL,
            "MessageIDBeingRespondedTo": self._number,
        }
        self._send(messages.message(context, about, None, self._max_pdu), deadline)
        while self._next("C-CANCEL", deadline).status in PENDING:
            pass

    def ask(
        self,
        context: int,
        field: int,
        elements: Mapping[str, Value],
        data: bytes | None,
        *,
        name: str,
        take: Took | None = None,
        deadline: float | None = None,
    ) -> Iterator[Message]:
        """Send a request, and yield each answer up to the last; requests of the peer's go to `take` meanwhile.

        Each message that comes has `timeout` seconds, and all must be over at `deadline`, or within `most_seconds`.
        """
        if deadline is None and self.most_seconds is not None:
            deadline = time.monotonic() + self.most_seconds
        self._number += 1
        asked = {**elements, "CommandField": field, "MessageID": self._number}
        self._send(messages.message(context, asked, data, self._max_pdu), deadline or self._deadline())
        self._taken = 0
        while True:
            came = self._next(name, min(deadline or math.inf, self._deadline()))
            if came.field == field | messages.RESPONSE:
                if "Status" not in came.elements:
                    raise PeerFault(f"the answer to the {name} has no status")
                yield came
                if came.status not in PENDING:
                    return
            elif take is not None and not came.field & messages.RESPONSE:
                self.answer(came, take(came))
            else:
                raise PeerFault(f"the peer answered the {name} with another message ({came.field:04X})")

    def answer(self, request: Message, status: int) -> None:
        """Answer a request of the peer's."""
        self._send(messages.response(request, status, self._max_pdu), self._deadline())

    def release(self) -> None:
        """Release the association in order (PS3.8 section 7.2)."""
        deadline = self._deadline()
        self._established = False
        self._send(pdu.RELEASE_REQUEST, deadline)
        read = 0
        while True:
            kind, body = self._receive(deadline, "release request")
            read += max(len(body), _PDU_COSTS)
            if kind != pdu.DATA or read > MOST_BYTES:  # data may still be on its way
                break
        if kind != pdu.RELEASED:
            raise self._unexpected(kind, body, "release request")

    def _next(self, asked: str, deadline: float) -> Message:
        """The next message that comes."""
        while not self._came:
            kind, body = self._receive(deadline, asked)
            if kind != pdu.DATA:
                raise self._unexpected(kind, body, asked)
            self._taken += max(len(body), _PDU_COSTS)
            if self._taken > self.most_bytes:
                raise PeerFault(f"it answers the {asked} without an end")
            try:
                self._came.extend(self._assembler.add(body))
            except ValueError as exc:
                raise PeerFault(f"the answer to the {asked} cannot be read: {exc}") from exc
        return self._came.popleft()

    def _abort(self) -> None:
        self._established = False
        self._send(pdu.aborted(0, 0), time.monotonic() + min(self._timeout, 0.5))

    def _deadline(self) -> float:
        return time.monotonic() + self._timeout

    def _send(self, data: bytes, deadline: float) -> None:
        with _as_faults("while sending", self._silent):
            self._stream.send(data, deadline)

    def _receive(self, deadline: float, asked: str) -> tuple[int, bytes]:
        """The type and body of the next PDU (PS3.8 section 9.3.1)."""
        header = self._exactly(6, deadline, asked)
        length = int.from_bytes(header[2:], "big")
        if header[0] == _TLS_ALERT:
            text = f"the answer to the {asked} is not DICOM: TLS is expected at this port"
            raise PeerFault(text, "not DICOM", alert="TLS expected")
        if not pdu.ACCEPT <= header[0] <= pdu.ABORT or length > 4 * MAX_PDU:
            text = f"the answer to the {asked} is not DICOM: something else listens at this port"
            raise PeerFault(text, "not DICOM")
        return header[0], self._exactly(length, deadline, asked)

    def _unexpected(self, kind: int, body: bytes, asked: str) -> PeerFault:
        self._usable = False
        return unexpected(kind, body, asked)

    def _exactly(self, size: int, deadline: float, asked: str) -> bytes:
        usable, self._usable = self._usable, False
        while len(self._read) < size:
            self._read += self._some(deadline, asked)
        self._usable = usable
        data = bytes(self._read[:size])
        del self._read[:size]
        return data

    def _some(self, deadline: float, asked: str) -> bytes:
        with _as_faults(f"after the {asked}", self._silent):
            data = self._stream.some(deadline)
        if not data:
            raise PeerFault(f"the peer closed the connection after the {asked}", "closed")
        return data

    def _silent(self, when: str) -> PeerFault:
        if when == "while sending":
            return PeerFault(f"the peer took nothing that was sent within {self._timeout:g} s", "silent")
        asked = when.removeprefix("after the ")
        return PeerFault(f"connected, but no answer to the {asked} within {self._timeout:g} s", "silent")


@contextmanager
def _as_faults(when: str, silent: Callable[[str], PeerFault]) -> Iterator[None]:
    """Maps how a stream fails."""
    try:
        yield
    except TimeoutError as exc:
        raise silent(when) from exc
    except ssl.SSLError as exc:
        alert = alert_of(exc)
        raise PeerFault(f"the peer ended TLS {when}: {alert}", "TLS", alert=alert) from exc
    except OSError as exc:
        text = f"the peer broke the connection {when} ({exc.strerror})"
        raise PeerFault(text, "closed", (exc.errno,) if exc.errno else ()) from exc


def _succeeded(asked: str, answer: Message) -> None:
    if answer.status != messages.SUCCESS:
        text = f"{asked} answered with {status_words(answer.status)}"
        raise PeerFault(text, "status", (answer.status,))
