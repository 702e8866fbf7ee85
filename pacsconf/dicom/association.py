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
from collections.abc import Iterator
from types import TracebackType

MAX_PDU = 16384
"""What we offer to receive, in bytes; an answer longer than four of these is not read."""

VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
CONTEXT = 1

_ACCEPT, _REJECT, _DATA, _RELEASE_ANSWER, _ABORT = 0x02, 0x03, 0x04, 0x06, 0x07

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
    """The peer did not do its part; the text says what it did instead."""


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
        """Establish the association that `proposal` asks for."""
        deadline = self._deadline()
        self._send(proposal, deadline)
        kind, body = self._receive(deadline, "association request")
        if kind == _REJECT and len(body) >= 4:
            raise PeerFault(rejection(body[1], body[2], body[3]))
        if kind != _ACCEPT:
            raise PeerFault(_unexpected(kind, body, "association request"))
        self._established = True
        result = dict(_contexts(body)).get(CONTEXT, 2)
        if result != 0:
            words = _CONTEXT_RESULTS.get(result, "reserved result")
            raise PeerFault(f"accepted, but not for Verification: {words} (PS3.8 9.3.3.2: {result})")

    def echo(self) -> None:
        """Verify: one C-ECHO (PS3.7 section 9.1.5)."""
        deadline = self._deadline()
        self._send(_echo(), deadline)
        command = b""
        while (status := _status(command)) is None:
            kind, body = self._receive(deadline, "C-ECHO")
            if kind != _DATA:
                raise PeerFault(_unexpected(kind, body, "C-ECHO"))
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
            raise PeerFault(_unexpected(kind, body, "release request"))

    def _deadline(self) -> float:
        return time.monotonic() + self._timeout

    def _send(self, data: bytes, deadline: float) -> None:
        try:
            self._sock.settimeout(max(deadline - time.monotonic(), 0.001))
            self._sock.sendall(data)
        except OSError as exc:
            raise PeerFault(f"the connection broke while sending ({exc.strerror or 'timed out'})") from exc

    def _receive(self, deadline: float, asked: str) -> tuple[int, bytes]:
        """The type and body of the next PDU (PS3.8 section 9.3.1)."""
        header = self._exactly(6, deadline, asked)
        length = int.from_bytes(header[2:], "big")
        if not _ACCEPT <= header[0] <= _ABORT or length > 4 * MAX_PDU:
            raise PeerFault(f"the answer to the {asked} is not DICOM: something else listens at this port")
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
            raise PeerFault(f"connected, but no answer to the {asked} within {self._timeout:g} s") from exc
        except OSError as exc:
            raise PeerFault(f"the peer broke the connection after the {asked} ({exc.strerror})") from exc
        if not data:
            raise PeerFault(f"the peer closed the connection after the {asked}")
        return data


def _unexpected(kind: int, body: bytes, asked: str) -> str:
    if kind == _ABORT:
        numbers = f"{body[2]}/{body[3]}" if len(body) >= 4 else "no reason"
        return f"the peer aborted the association after the {asked} (PS3.8 9.3.8: {numbers})"
    return f"the peer answered the {asked} with a PDU of type {kind:02X}"


def _contexts(body: bytes) -> Iterator[tuple[int, int]]:
    """The id and result of each presentation context in an A-ASSOCIATE-AC (PS3.8 section 9.3.3)."""
    at = 68
    while at + 4 <= len(body):
        end = at + 4 + int.from_bytes(body[at + 2 : at + 4], "big")
        if body[at] == 0x21 and end <= len(body) and end - at >= 8:
            yield body[at + 4], body[at + 6]
        at = end


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


def proposal(calling: str, called: str) -> bytes:
    """An A-ASSOCIATE-RQ for Verification alone (PS3.8 section 9.3.2)."""
    from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, build_context
    from pynetdicom.pdu import A_ASSOCIATE_RQ
    from pynetdicom.pdu_primitives import (
        A_ASSOCIATE,
        ImplementationClassUIDNotification,
        MaximumLengthNotification,
    )

    context = build_context(VERIFICATION, IMPLICIT_LITTLE_ENDIAN)
    context.context_id = CONTEXT
    length = MaximumLengthNotification()
    length.maximum_length_received = MAX_PDU
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = PYNETDICOM_IMPLEMENTATION_UID

    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title = calling
    primitive.called_ae_title = called
    primitive.presentation_context_definition_list = [context]
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
