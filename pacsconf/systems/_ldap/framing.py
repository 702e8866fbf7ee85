"""From a socket's bytes to whole LDAP messages (RFC 4511 section 5.1: BER, definite lengths only).

What is no message raises `Garbled`; an end or a silence raises what the socket raises, an `OSError`. After either
the connection is of no more use, since nobody knows where the next message begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

LIMIT = 64 * 1024 * 1024
"""Bytes in one message at most, so that a length that was made up is not believed. Entries are far smaller."""

_CHUNK = 256 * 1024
_DEEPEST = 8
"""How far elements may nest in a message other than an entry: referrals and controls need five."""

SEQUENCE, INTEGER, ENUMERATED, OCTETS, CONTROLS = 0x30, 0x02, 0x0A, 0x04, 0xA0


Element = tuple[int, int, int]
"""A tag, and where the content starts and ends."""


class Garbled(ValueError):
    """Bytes that are no LDAP message, or not the one that must come here."""


class Source(Protocol):
    """What bytes arrive at: a socket, or what sends while it waits."""

    def recv(self, size: int, /) -> bytes: ...


class Frames:
    """What arrives at a socket, cut into whole messages of at most `limit` bytes.

    The socket's own timeout bounds each wait. `rest` is what arrived and was not handed out yet.
    """

    __slots__ = ("_limit", "_socket", "rest")

    def __init__(self, source: Source, limit: int = LIMIT) -> None:
        self._socket = source
        self._limit = limit
        self.rest = b""

    def block(self) -> bytes:
        """All that is here, beginning with a whole message, for which it waits; `rest` is empty afterwards.

        What the caller does not use it puts back into `rest`.

        Raises: OSError (TimeoutError among them) when it ends or falls silent; Garbled.
        """
        pieces, held = [self.rest], len(self.rest)
        end = self.extent(self.rest, 0)
        while not 0 < end <= held:
            piece = self._socket.recv(_CHUNK)
            if not piece:
                raise ConnectionAbortedError("the connection ended before the answer did")
            pieces.append(piece)
            held += len(piece)
            if not end:
                pieces = [b"".join(pieces)]
                end = self.extent(pieces[0], 0)
        self.rest = b""
        return b"".join(pieces)

    def messages(self) -> Iterator[bytes]:
        """One whole message after the other, without end. Raises: as `block`."""
        while True:
            block = self.block()
            at, end = 0, self.extent(block, 0)
            while 0 < end <= len(block):
                self.rest = block[end:]
                yield block[at:end]
                at, end = end, self.extent(block, end)

    def extent(self, data: bytes, at: int) -> int:
        """Where the message that begins at `at` ends, maybe beyond `data`; 0 while too little of it is here.

        Raises: Garbled when no message begins there, or one that is too long.
        """
        if at < len(data) and data[at] != SEQUENCE:
            raise Garbled("no LDAP message begins here")
        if len(data) < at + 2 or (0x80 < data[at + 1] <= 0x88 and len(data) < at + (data[at + 1] & 0x7F) + 2):
            return 0
        size, inner = length(data, at + 1)
        if size > self._limit:
            raise Garbled(f"an LDAP message of {size} bytes is more than is taken")
        return inner + size


def length(data: bytes, at: int) -> tuple[int, int]:
    """The length of an element whose length begins at `at`, and where its content does.

    Raises: Garbled when it is cut off, of the indefinite form, or longer than any message.
    """
    if at >= len(data):
        raise Garbled("an element without a length")
    first = data[at]
    if first < 0x80:
        return first, at + 1
    inner = at + 1 + (first & 0x7F)
    if first == 0x80 or first > 0x88 or inner > len(data):
        raise Garbled("a length that LDAP does not allow")
    return int.from_bytes(data[at + 1 : inner], "big"), inner


def elements(data: bytes, start: int, stop: int, depth: int = 0) -> list[Element]:
    """The elements that fill `data` from `start` to `stop`.

    Those inside are looked at as well. Raises: Garbled when any of them does not end where it should.
    """
    found = []
    while start < stop:
        tag = data[start]
        size, inner = length(data, start + 1)
        end = inner + size
        if end > stop or depth > _DEEPEST or tag & 0x1F == 0x1F:
            raise Garbled("an element that does not fit where it stands")
        if tag & 0x20:
            elements(data, inner, end, depth + 1)
        found.append((tag, inner, end))
        start = end
    return found


def head(message: bytes) -> tuple[int, int, list[Element]]:
    """The message id of a whole message, the tag of its operation, and the parts of that, all of it looked at.

    Raises: Garbled.
    """
    outer = elements(message, 0, len(message))
    if [tag for tag, _, _ in outer] != [SEQUENCE]:
        raise Garbled("not one LDAP message")
    first, *rest = elements(message, *outer[0][1:]) or [(0, 0, 0)]
    tags = [tag for tag, _, _ in rest]
    if (
        first[0] != INTEGER
        or not 1 <= first[2] - first[1] <= 4
        or tags[1:] not in ([], [CONTROLS])
        or not tags
    ):
        raise Garbled("an LDAP message of the wrong parts")
    parts = elements(message, *rest[0][1:]) if tags[0] & 0x20 else []
    return int.from_bytes(message[first[1] : first[2]], "big", signed=True), tags[0], parts


def integer(number: int) -> bytes:
    """A number of 0 or more as an INTEGER element of the shortest form (X.690 section 8.3)."""
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes((INTEGER, len(content))) + content


def element(tag: int, content: bytes) -> bytes:
    """Tag, length and content; lengths in the shortest form (X.690 section 8.1.3)."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    long = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(long))) + long + content
