"""One association as its requestor: open, verify, query, release, each within a deadline (PS3.8, PS3.7).

Messages are built by pynetdicom, the exchange is ours: pynetdicom 3.0.4 waits without bound for the rest of
a half-sent PDU, in a thread that keeps the process from ending (seen 2026-11), and it does not tell a
refused connection from a silent host. Answers come from unknown software, so they are read with a size limit
and never trusted to be well-formed.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from pacsconf.dicom.alerts import alert_of
from pacsconf.dicom.upper_layer import messages
from pacsconf.dicom.upper_layer.acceptance import Acceptance, Contexts, acceptance, context_id
from pacsconf.dicom.upper_layer.messages import Command
from pacsconf.dicom.upper_layer.peer_fault import ABORT, PeerFault, rejection, status_words, unexpected
from pacsconf.dicom.upper_layer.proposals import (
    ABORT_REQUEST,
    MAX_PDU,
    VERIFICATION_ALONE,
    proposal,
    release_request,
)
from pacsconf.dicom.upper_layer.stream import Stream

CONTEXT = context_id(0)
"""The id of the first presentation context that we propose, which is Verification's."""

_ACCEPT, _REJECT, _DATA, _RELEASE_ANSWER = 0x02, 0x03, 0x04, 0x06
_TLS_ALERT = 0x15
"""How a TLS server begins its answer to what is no TLS (RFC 8446 section 6)."""

_ECHO_ANSWER, _FIND_ANSWER = 0x8030, 0x8020
_PENDING = (0xFF00, 0xFF01)

MOST_BYTES = 1 << 20
"""What is read as the answer to one message, or to a release, in bytes."""

_PDU_COSTS = 128
"""Bytes that a PDU counts for at least: empty ones do not come without an end either."""

MOST_MATCHES = 200
"""Answers that are read to a query that should have none, before it is cancelled."""


class Association:
    """An association over `stream`, which it closes. Each call has `timeout` seconds.

    Every method raises PeerFault when the peer answers otherwise, wrongly, or not in time.
    """

    def __init__(self, stream: Stream, timeout: float) -> None:
        self._stream = stream
        self._timeout = timeout
        self._read = bytearray()
        self._established = False
        self._usable = True
        """Whether the next PDU would be where one begins, and somebody there to send it."""
        self._max_pdu = MAX_PDU

    def __enter__(self) -> Association:
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

    def request(self, calling: str, called: str, contexts: Contexts = VERIFICATION_ALONE) -> Acceptance:
        """Establish an association for these contexts: what became of each."""
        deadline = self._deadline()
        self._send(proposal(calling, called, contexts), deadline)
        kind, body = self._receive(deadline, "association request")
        if kind == _REJECT and len(body) >= 4:
            raise PeerFault(rejection(*body[1:4]), "rejected", (body[1], body[2], body[3]))
        if kind != _ACCEPT:
            raise self._unexpected(kind, body, "association request")
        self._established = True
        answer = acceptance(body, contexts)
        self._max_pdu = answer.software.max_pdu
        return answer

    def echo(self, context: int = CONTEXT) -> None:
        """Verify: one C-ECHO (PS3.7 section 9.1.5)."""
        deadline = self._deadline()
        self._send(messages.echo(context, self._max_pdu), deadline)
        answer = next(self._answers("C-ECHO", _ECHO_ANSWER, deadline))
        _succeeded("C-ECHO", answer)

    def find(self, context: int, sop_class: str, identifier: bytes, number: int) -> None:
        """Query for what nothing can match (PS3.4 section C.4.1), as message `number`: success, without a match.

        Matches are read to the end and not kept; when they do not end, the query is cancelled.
        """
        deadline = self._deadline()
        self._send(messages.find(context, sop_class, number, identifier, self._max_pdu), deadline)
        matches = 0
        for answer in self._answers("C-FIND", _FIND_ANSWER, deadline):
            if answer.status not in _PENDING:
                _succeeded("C-FIND", answer)
                break
            matches += 1
            if matches == MOST_MATCHES:
                self._cancel(context, number)
                text = f"more than {MOST_MATCHES} answers to a key that matches nothing: cancelled"
                raise PeerFault(text, "status", (0xFF00,))
        if matches:
            text = f"{matches} answers to a key that matches nothing: it does not look at the key"
            raise PeerFault(text, "status", (0xFF00,))

    def release(self) -> None:
        """Release the association in order (PS3.8 section 7.2)."""
        deadline = self._deadline()
        self._established = False
        self._send(release_request(), deadline)
        read = 0
        while True:
            kind, body = self._receive(deadline, "release request")
            read += max(len(body), _PDU_COSTS)
            if kind != _DATA or read > MOST_BYTES:  # data may still be on its way
                break
        if kind != _RELEASE_ANSWER:
            raise self._unexpected(kind, body, "release request")

    def _cancel(self, context: int, number: int) -> None:
        """Cancel a query, and read on until it has ended or time is up."""
        deadline = self._deadline()
        self._send(messages.cancel(context, number, self._max_pdu), deadline)
        for answer in self._answers("C-CANCEL", _FIND_ANSWER, deadline):
            if answer.status not in _PENDING:
                return

    def _answers(self, asked: str, field: int, deadline: float) -> Iterator[Command]:
        """The messages that come, each with its data set passed over; it is for the caller to know the last."""
        read, expects_data = 0, False
        answer, data = None, b""
        while True:
            kind, body = self._receive(deadline, asked)
            if kind != _DATA:
                raise self._unexpected(kind, body, asked)
            read += max(len(body), _PDU_COSTS)
            if read > MOST_BYTES:
                raise PeerFault(f"it answers the {asked} without an end", "otherwise")
            for part in messages.fragments(body):
                if part.command:
                    data += part.data
                    answer = _command(data, asked, field, last=part.last)
                    expects_data = answer is not None and answer.has_data
                    data = b"" if answer is not None else data
                ended = part.last and (not part.command or not expects_data)
                if ended and answer is not None:
                    yield answer
                    answer = None

    def _abort(self) -> None:
        self._established = False
        self._send(ABORT_REQUEST, time.monotonic() + min(self._timeout, 0.5))

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
        if not _ACCEPT <= header[0] <= ABORT or length > 4 * MAX_PDU:
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


def _command(data: bytes, asked: str, field: int, *, last: bool) -> Command | None:
    """The command set, once it is whole."""
    if len(data) > MAX_PDU:
        raise PeerFault(f"the answer to {asked} has no status")
    if not last:
        return None
    found = messages.command(data)
    if found.field not in (None, field):
        raise PeerFault(f"the peer answered {asked} with another message ({found.field:04X})")
    if found.status is None:
        raise PeerFault(f"the answer to {asked} has no status")
    return found


def _succeeded(asked: str, answer: Command) -> None:
    status = answer.status or 0
    if status != 0:
        raise PeerFault(f"{asked} answered with {status_words(status)}", "status", (status,))
