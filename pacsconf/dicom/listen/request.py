"""An association as its acceptor sees it: what was asked, and the answers to it (PS3.8 section 9.3). Pure.

A request comes from unknown software, so whatever it holds is taken as it is, and only what cannot be read is a
fault. Answers are bytes of our own: they repeat the titles of the request as they came, which pynetdicom refuses
to do with a title that the standard does not allow, and such titles are what a listener is there to find.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pacsconf.dicom.heard import LISTEN, Heard

REQUEST, ACCEPT, REJECT, DATA, RELEASE, RELEASED, ABORT = range(1, 8)
"""PDU types (PS3.8 section 9.3.1)."""

MOST_CONTEXTS = 128
"""Their ids are the odd numbers from 1 to 255 (PS3.8 section 9.3.2.2)."""

_APPLICATION_CONTEXT = b"1.2.840.10008.3.1.1.1"
_LONGEST = 128
"""Bytes that are read of a UID or a name: a UID has 64."""
_MOST_SYNTAXES = 128
"""That are told of one SOP class: the standard has half of that."""
_FIXED = 68
"""Bytes before the first item: protocol version, titles and what is reserved."""

_IMPLEMENTATION = b"2.25.211464898892357392456515719969230229731"
"""What we call ourselves: a UID made of a UUID, which needs no root of anybody's (PS3.5 section B.2)."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """One presentation context: its id, its SOP class and its transfer syntaxes in the order of the caller."""

    number: int
    sop_class: str
    syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """An A-ASSOCIATE-RQ. Titles have all their 16 characters, one for each byte, whatever it is.

    `max_pdu` is the longest PDU that the caller takes, in bytes, 0 for no limit; None where it does not say.
    `fixed` are the bytes that an answer repeats. `as_scp` are the SOP classes in which the caller wants the part
    of the SCP alone. `unusable` says in words why it cannot be accepted, empty where it can.
    """

    calling: str
    called: str
    contexts: tuple[Proposed, ...]
    implementation: str = ""
    version: str = ""
    max_pdu: int | None = None
    as_scp: tuple[str, ...] = ()
    fixed: bytes = b"\0" * 64
    protocol: int = 1
    application_context: str = _APPLICATION_CONTEXT.decode()

    @property
    def unusable(self) -> str:
        if len(self.contexts) > MOST_CONTEXTS:
            return f"it proposes {len(self.contexts)} presentation contexts, and there can be {MOST_CONTEXTS}"
        counts = Counter(context.number for context in self.contexts)
        wrong = sorted(number for number, count in counts.items() if count > 1 or not number % 2)
        if wrong:
            return f"presentation context ids are odd and each is there once; this one is not: {wrong[0]}"
        return "" if self.contexts else "it proposes no presentation context"

    @property
    def rejection(self) -> tuple[int, int, int] | None:
        """Result, source and reason of the rejection that the standard asks for; None: it can be accepted."""
        if not self.protocol & 1:
            return 1, 2, 2
        return (1, 1, 2) if self.application_context != _APPLICATION_CONTEXT.decode() else None


def request(body: bytes) -> Request:
    """The request in the body of an A-ASSOCIATE-RQ (PS3.8 section 9.3.2).

    Raises: ValueError when it is too short to be one.
    """
    if len(body) < _FIXED:
        raise ValueError(f"an association request has {_FIXED} bytes at least, not {len(body)}")
    found = list(_items(body[_FIXED:]))
    told = {kind: value for outer, item in found if outer == 0x50 for kind, value in _items(item)}
    roles = [value for outer, item in found if outer == 0x50 for kind, value in _items(item) if kind == 0x54]
    longest = told.get(0x51, b"")
    return Request(
        calling=body[20:36].decode("latin-1"),
        called=body[4:20].decode("latin-1"),
        contexts=tuple(_proposed(item) for kind, item in found if kind == 0x20 and len(item) >= 4),
        implementation=_text(told.get(0x52, b"")),
        version=_text(told.get(0x55, b"")),
        max_pdu=int.from_bytes(longest, "big") if len(longest) == 4 else None,
        as_scp=tuple(_as_scp(roles)),
        fixed=body[4:_FIXED],
        protocol=int.from_bytes(body[:2], "big"),
        application_context=_text(next((item for kind, item in found if kind == 0x10), b"")),
    )


def _proposed(item: bytes) -> Proposed:
    """One presentation context item (PS3.8 section 9.3.2.2)."""
    inner = list(_items(item[4:]))
    sop_class = next((value for kind, value in inner if kind == 0x30), b"")
    return Proposed(item[0], _text(sop_class), tuple(_text(value) for kind, value in inner if kind == 0x40))


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each item in a row of them, up to one that is cut short (PS3.8 section 9.3.2)."""
    at = 0
    while at + 4 <= len(data):
        end = at + 4 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data):
            return
        yield data[at], data[at + 4 : end]
        at = end


def _text(value: bytes) -> str:
    """A UID or a name, as callers send it: padded by zeros or spaces, and with whatever else (PS3.8 annex F)."""
    return value[:_LONGEST].decode("ascii", "backslashreplace").rstrip("\0 ")


def _as_scp(roles: Iterable[bytes]) -> Iterator[str]:
    """SOP classes with SCU role 0 and SCP role 1 (PS3.7 section D.3.3.4)."""
    for item in roles:
        size = int.from_bytes(item[:2], "big")
        if item[2 + size : 4 + size] == b"\x00\x01":
            yield _text(item[2 : 2 + size])


def heard(asked: Request, host: str, at: str = "", source: str = LISTEN, answer: str = "") -> Heard:
    """What was heard of a request; the contexts of one SOP class are joined, in the order of the caller."""
    syntaxes: dict[str, dict[str, None]] = {}
    for context in asked.contexts[:MOST_CONTEXTS]:
        syntaxes.setdefault(context.sop_class, {}).update(dict.fromkeys(context.syntaxes))
    return Heard(
        calling=asked.calling,
        called=asked.called,
        host=host,
        at=at,
        source=source,
        contexts=tuple((uid, tuple(islice(several, _MOST_SYNTAXES))) for uid, several in syntaxes.items()),
        implementation=asked.implementation,
        version=asked.version,
        max_pdu=asked.max_pdu,
        as_scp=asked.as_scp[:MOST_CONTEXTS],
        answer=answer,
    )


# --- answers -----------------------------------------------------------------------------------------------------


def accepted(asked: Request, max_pdu: int) -> bytes:
    """An A-ASSOCIATE-AC that accepts every context with the first transfer syntax that its caller lists.

    Source: PS3.8 section 9.3.3. A context without a transfer syntax has result 4, transfer syntaxes not supported.
    """
    contexts = b"".join(_answer(context) for context in asked.contexts)
    roles = b"".join(_item(0x54, _sized(uid.encode("ascii", "replace")) + b"\0\1") for uid in asked.as_scp)
    told = (
        _item(0x51, struct.pack(">I", max_pdu))
        + _item(0x52, _IMPLEMENTATION)
        + roles
        + _item(0x55, b"PACSCONF")
    )
    body = b"\0\1\0\0" + asked.fixed + _item(0x10, _APPLICATION_CONTEXT) + contexts + _item(0x50, told)
    return _pdu(ACCEPT, body)


def _answer(context: Proposed) -> bytes:
    syntax = context.syntaxes[0].encode("ascii", "replace") if context.syntaxes else b"1.2.840.10008.1.2"
    result = 0 if context.syntaxes else 4
    return _item(0x21, bytes([context.number, 0, result, 0]) + _item(0x40, syntax))


def rejected(result: int, source: int, reason: int) -> bytes:
    """An A-ASSOCIATE-RJ (PS3.8 section 9.3.4)."""
    return _pdu(REJECT, bytes([0, result, source, reason]))


def released() -> bytes:
    """An A-RELEASE-RP (PS3.8 section 9.3.7)."""
    return _pdu(RELEASED, bytes(4))


def aborted(source: int, reason: int) -> bytes:
    """An A-ABORT (PS3.8 section 9.3.8)."""
    return _pdu(ABORT, bytes([0, 0, source, reason]))


def _pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBI", kind, 0, len(body)) + body


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(value)) + value


def _sized(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value
