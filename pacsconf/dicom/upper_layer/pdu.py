"""Protocol data units and what they are made of, as bytes (PS3.8 section 9.3, PS3.7 annex D.3.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

REQUEST, ACCEPT, REJECT, DATA, RELEASE, RELEASED, ABORT = range(1, 8)
"""PDU types."""

APPLICATION_CONTEXT, CONTEXT, ANSWERED_CONTEXT, USER = 0x10, 0x20, 0x21, 0x50
ABSTRACT_SYNTAX, TRANSFER_SYNTAX = 0x30, 0x40
LONGEST, CLASS_UID, ROLE, VERSION = 0x51, 0x52, 0x54, 0x55
"""Item types: of a request or its answer, inside a presentation context, and inside the user information."""

FIXED = 68
"""Bytes before the first item of a request or an acceptance: protocol version, titles, and what is reserved."""

DICOM = b"1.2.840.10008.3.1.1.1"
"""The application context name, of which there is one (PS3.7 annex A.2.1)."""

MAX_PDU = 16384
"""What we offer to receive, in bytes; of an established association a PDU longer than four of these is not read."""

MOST_CONTEXTS = 128
"""Of one association: their ids are the odd numbers of one byte (section 9.3.2.2)."""

IMPLEMENTATION, VERSION_NAME = "2.25.211464898892357392456515719969230229731", "PACSCONF"
"""What we call ourselves: a UID made of a UUID, which needs no root of anybody's (PS3.5 section B.2)."""

_LONGEST_TEXT = 128
"""Bytes that are read of a UID or a name: a UID has 64, a version name 16."""


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBI", kind, 0, len(body)) + body


def item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(value)) + value


def items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each item in a row of them, up to one that is cut short."""
    at = 0
    while at + 4 <= len(data):
        end = at + 4 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data):
            return
        yield data[at], data[at + 4 : end]
        at = end


def user_information(*roles: str) -> bytes:
    """Who we are and how long a PDU we take; the requestor is the SCP of the classes `roles` (PS3.7 D.3.3.4)."""
    told = item(LONGEST, struct.pack(">I", MAX_PDU)) + item(CLASS_UID, IMPLEMENTATION.encode("ascii"))
    for sop_class in dict.fromkeys(roles):
        uid = sop_class.encode("ascii", "replace")
        told += item(ROLE, struct.pack(">H", len(uid)) + uid + b"\0\1")
    return item(USER, told + item(VERSION, VERSION_NAME.encode("ascii")))


def text_of(value: bytes) -> str:
    """A UID or a name, as peers send it: padded by zeros or spaces, and with whatever else (annex F)."""
    return printable(value[:_LONGEST_TEXT].decode("latin-1").rstrip("\0 "))


def printable(text: str) -> str:
    """ASCII as it is, everything else as its code."""
    return "".join(each if " " <= each <= "~" else f"\\x{ord(each):02x}" for each in text)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a command or of a data set, in the context `number`; `last`: the last of that (annex E.2)."""

    number: int
    of_command: bool
    last: bool
    data: bytes


def fragments(body: bytes) -> Iterator[Fragment]:
    """The parts of messages in a P-DATA-TF (section 9.3.5).

    Raises: ValueError where one is longer than the PDU that holds it.
    """
    at = 0
    while at < len(body):
        end = at + 4 + int.from_bytes(body[at : at + 4], "big")
        if at + 6 > end or end > len(body):
            raise ValueError("a part of a message is longer than the PDU that holds it")
        control = body[at + 5]
        yield Fragment(body[at + 4], bool(control & 1), bool(control & 2), body[at + 6 : end])
        at = end


def rejected(result: int, source: int, reason: int) -> bytes:
    """An A-ASSOCIATE-RJ (section 9.3.4)."""
    return pdu(REJECT, bytes([0, result, source, reason]))


def aborted(source: int, reason: int) -> bytes:
    """An A-ABORT (section 9.3.8)."""
    return pdu(ABORT, bytes([0, 0, source, reason]))


RELEASE_REQUEST, RELEASE_ANSWER = pdu(RELEASE, bytes(4)), pdu(RELEASED, bytes(4))
"""A-RELEASE-RQ and A-RELEASE-RP (sections 9.3.6 and 9.3.7)."""
