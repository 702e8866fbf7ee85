"""One association as its requestor: open, verify, release, each within a deadline (PS3.8, PS3.7).

Messages are built by pynetdicom, the exchange is ours: pynetdicom 3.0.4 waits without bound for the rest of
a half-sent PDU, in a thread that keeps the process from ending (seen 2026-11), and it does not tell a
refused connection from a silent host. Answers come from unknown software, so they are read with a size limit
and never trusted to be well-formed.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Literal

MAX_PDU = 16384
"""What we offer to receive, in bytes; an answer longer than four of these is not read."""

VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
CONTEXT = 1
"""The id of the first presentation context that we propose, which is Verification's."""

Contexts = Sequence[tuple[str, Sequence[str]]]
"""SOP classes to propose, each with its transfer syntaxes; their ids are 1, 3, 5 ... (PS3.8 section 9.3.2.2)."""

VERIFICATION_ALONE: Contexts = ((VERIFICATION, (IMPLICIT_LITTLE_ENDIAN,)),)

How = Literal["rejected", "aborted", "closed", "silent", "not DICOM", "otherwise"]
"""What a peer did instead of its part: `closed` hung up, `silent` said nothing in time."""

_ACCEPT, _REJECT, _DATA, _RELEASE_ANSWER, _ABORT = 0x02, 0x03, 0x04, 0x06, 0x07
_TLS_ALERT = 0x15
"""How a TLS server begins its answer to what is no TLS (RFC 8446 section 6)."""

REASONS = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognised",
    (1, 7): "called AE title not recognised",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}
"""Source and reason of a rejection (PS3.8 section 9.3.4)."""

_RESULTS = {1: "permanent", 2: "transient"}
_SOURCES = {1: "service user", 2: "service provider (ACSE)", 3: "service provider (presentation)"}
_CONTEXT_RESULTS = {
    1: "user rejection",
    2: "no reason given",
    3: "abstract syntax not supported",
    4: "transfer syntaxes not supported",
}
_STATUSES = {
    0x0122: "SOP class not supported",
    0x0210: "duplicate invocation",
    0x0211: "unrecognised operation",
    0x0212: "mistyped argument",
}
"""Failures of C-ECHO (PS3.7 section 9.1.5.1.4)."""


class PeerFault(Exception):
    """The peer did not do its part; the text says what it did instead, `how` in one word.

    `why` are source and reason of a rejection, as in `REASONS`.
    """

    def __init__(self, text: str, how: How = "otherwise", why: tuple[int, int] | None = None) -> None:
        super().__init__(text)
        self.how = how
        self.why = why


def rejection(result: int, source: int, reason: int) -> str:
    """A-ASSOCIATE-RJ in words, with its numbers (PS3.8 section 9.3.4)."""
    words = REASONS.get((source, reason), "reserved reason")
    how, by = _RESULTS.get(result, "unknown result"), _SOURCES.get(source, "unknown source")
    return f'association rejected: {how}, by {by}, "{words}" (PS3.8 9.3.4: {result}/{source}/{reason})'


class Association:
    """An association over `sock`, which it closes. Each call has `timeout` seconds.

    Every method raises PeerFault when the peer answers otherwise, wrongly, or not in time.
    """

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        self._sock = sock
        self._timeout = timeout
        self._established = False

    def __enter__(self) -> Association:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        """Release what was established, or abort it if something went wrong; then hang up in any case."""
        with self._sock:
            try:
                if self._established and kind is None:
                    self.release()
                elif self._established:
                    self._send(_abort(), self._deadline())
            except PeerFault as fault:
                logging.getLogger(__name__).debug("while closing: %s", fault)

    def request(self, proposal: bytes) -> None:
        """Establish the association that `proposal` asks for, Verification among its contexts."""
        body = self.negotiate(proposal)
        result = next((result for number, result, _ in contexts(body) if number == CONTEXT), 2)
        if result != 0:
            raise PeerFault(f"accepted, but not for Verification: {context_result(result)}")

    def negotiate(self, proposal: bytes) -> bytes:
        """Establish the association that `proposal` asks for: the body of the A-ASSOCIATE-AC that answers it."""
        deadline = self._deadline()
        self._send(proposal, deadline)
        kind, body = self._receive(deadline, "association request")
        if kind == _REJECT and len(body) >= 4:
            raise PeerFault(rejection(*body[1:4]), "rejected", (body[2], body[3]))
        if kind != _ACCEPT:
            raise _unexpected(kind, body, "association request")
        self._established = True
        return body

    def echo(self) -> None:
        """Verify: one C-ECHO (PS3.7 section 9.1.5)."""
        deadline = self._deadline()
        self._send(_echo(), deadline)
        command = b""
        while (status := _status(command)) is None:
            kind, body = self._receive(deadline, "C-ECHO")
            if kind != _DATA:
                raise _unexpected(kind, body, "C-ECHO")
            command += b"".join(_fragments(body))
            if len(command) > MAX_PDU:
                raise PeerFault("the answer to C-ECHO has no status")
        if status != 0:
            words = _STATUSES.get(status, "unknown status")
            raise PeerFault(f"C-ECHO answered with status 0x{status:04X}, {words}")

    def release(self) -> None:
        """Release the association in order (PS3.8 section 7.2)."""
        deadline = self._deadline()
        self._established = False
        self._send(_release(), deadline)
        kind, body = self._receive(deadline, "release request")
        if kind != _RELEASE_ANSWER:
            raise _unexpected(kind, body, "release request")

    def _deadline(self) -> float:
        return time.monotonic() + self._timeout

    def _send(self, data: bytes, deadline: float) -> None:
        try:
            self._sock.settimeout(max(deadline - time.monotonic(), 0.001))
            self._sock.sendall(data)
        except OSError as exc:
            text = f"the connection broke while sending ({exc.strerror or 'timed out'})"
            raise PeerFault(text, "closed") from exc

    def _receive(self, deadline: float, asked: str) -> tuple[int, bytes]:
        """The type and body of the next PDU (PS3.8 section 9.3.1)."""
        header = self._exactly(6, deadline, asked)
        length = int.from_bytes(header[2:], "big")
        if not _ACCEPT <= header[0] <= _ABORT or length > 4 * MAX_PDU:
            what = "TLS is expected" if header[0] == _TLS_ALERT else "something else listens"
            raise PeerFault(f"the answer to the {asked} is not DICOM: {what} at this port", "not DICOM")
        return header[0], self._exactly(length, deadline, asked)

    def _exactly(self, size: int, deadline: float, asked: str) -> bytes:
        data = b""
        while len(data) < size:
            data += self._some(size - len(data), deadline, asked)
        return data

    def _some(self, size: int, deadline: float, asked: str) -> bytes:
        remaining = deadline - time.monotonic()
        try:
            if remaining <= 0:
                raise TimeoutError
            self._sock.settimeout(remaining)
            data = self._sock.recv(size)
        except TimeoutError as exc:
            text = f"connected, but no answer to the {asked} within {self._timeout:g} s"
            raise PeerFault(text, "silent") from exc
        except OSError as exc:
            text = f"the peer broke the connection after the {asked} ({exc.strerror})"
            raise PeerFault(text, "closed") from exc
        if not data:
            raise PeerFault(f"the peer closed the connection after the {asked}", "closed")
        return data


def _unexpected(kind: int, body: bytes, asked: str) -> PeerFault:
    if kind == _ABORT:
        numbers = f"{body[2]}/{body[3]}" if len(body) >= 4 else "no reason"
        text = f"the peer aborted the association after the {asked} (PS3.8 9.3.8: {numbers})"
        return PeerFault(text, "aborted")
    return PeerFault(f"the peer answered the {asked} with a PDU of type {kind:02X}")


def context_result(result: int) -> str:
    """Why a presentation context was not accepted, in words with its number (PS3.8 section 9.3.3.2)."""
    return f"{_CONTEXT_RESULTS.get(result, 'reserved result')} (PS3.8 9.3.3.2: {result})"


def contexts(body: bytes) -> Iterator[tuple[int, int, str]]:
    """Id, result and transfer syntax of each presentation context in an A-ASSOCIATE-AC (PS3.8 section 9.3.3)."""
    for kind, item in items(body[68:]):
        if kind == 0x21 and len(item) >= 4:
            syntax = next((value for kind, value in items(item[4:]) if kind == 0x40), b"")
            yield item[0], item[2], text_of(syntax)


def items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each item in a row of them, up to one that is cut short (PS3.8 section 9.3.2)."""
    at = 0
    while at + 4 <= len(data):
        end = at + 4 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data):
            return
        yield data[at], data[at + 4 : end]
        at = end


def text_of(value: bytes) -> str:
    """A UID or a name, as peers send it: padded by zeros or spaces, and with whatever else (PS3.8 annex F)."""
    return value.decode("ascii", "backslashreplace").rstrip("\0 ")


def _fragments(body: bytes) -> Iterator[bytes]:
    """The command fragments in a P-DATA-TF (PS3.8 section 9.3.5, annex E)."""
    at = 0
    while at + 6 <= len(body):
        end = at + 4 + int.from_bytes(body[at : at + 4], "big")
        if body[at + 5] & 1:
            yield body[at + 6 : end]
        at = max(end, at + 6)


def _status(command: bytes) -> int | None:
    """Status (0000,0900) of a command set, implicit little endian (PS3.7 section 6.3.1); None: not yet."""
    at = 0
    while at + 8 <= len(command):
        end = at + 8 + int.from_bytes(command[at + 4 : at + 8], "little")
        if command[at : at + 4] == b"\x00\x00\x00\x09" and end <= len(command):
            return int.from_bytes(command[at + 8 : end], "little")
        at = end
    return None


def proposal(calling: str, called: str, proposed: Contexts = VERIFICATION_ALONE) -> bytes:
    """An A-ASSOCIATE-RQ for these contexts, 128 at most (PS3.8 section 9.3.2)."""
    from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, build_context
    from pynetdicom.pdu import A_ASSOCIATE_RQ
    from pynetdicom.pdu_primitives import (
        A_ASSOCIATE,
        ImplementationClassUIDNotification,
        MaximumLengthNotification,
    )

    built = [build_context(sop_class, list(syntaxes)) for sop_class, syntaxes in proposed]
    for at, context in enumerate(built):
        context.context_id = CONTEXT + 2 * at
    length = MaximumLengthNotification()
    length.maximum_length_received = MAX_PDU
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = PYNETDICOM_IMPLEMENTATION_UID

    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title = calling
    primitive.called_ae_title = called
    primitive.presentation_context_definition_list = built
    primitive.user_information = [length, implementation]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(primitive)
    return pdu.encode()


def _echo() -> bytes:
    from pynetdicom.dimse_messages import C_ECHO_RQ
    from pynetdicom.dimse_primitives import C_ECHO
    from pynetdicom.pdu import P_DATA_TF

    primitive = C_ECHO()
    primitive.MessageID = 1
    primitive.AffectedSOPClassUID = VERIFICATION
    message = C_ECHO_RQ()
    message.primitive_to_message(primitive)
    data = b""
    for fragment in message.encode_msg(CONTEXT, MAX_PDU):
        pdu = P_DATA_TF()
        pdu.from_primitive(fragment)
        data += pdu.encode()
    return data


def _release() -> bytes:
    from pynetdicom.pdu import A_RELEASE_RQ

    return A_RELEASE_RQ().encode()


def _abort() -> bytes:
    """A-ABORT by the service user (PS3.8 section 9.3.8)."""
    return bytes([_ABORT, 0, 0, 0, 0, 4, 0, 0, 0, 0])
