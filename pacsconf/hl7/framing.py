"""Blocks of MLLP: a byte that begins one, what is in it, two bytes that end it.

Release 1 carries messages alone; in release 2 each message is answered by a block of one byte first, the commit
acknowledgement. Source: HL7 Transport Specification: MLLP, release 1 (2003) and release 2 (2006).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

START, END = b"\x0b", b"\x1c\x0d"
ACK, NAK = b"\x06", b"\x15"
"""What is in the block of a commit acknowledgement: it is kept, or it is not."""

MOST = 1 << 18
"""Bytes of an answer: an acknowledgement has some hundred."""

Other = Literal["HTTP", "TLS", "DICOM", "HL7 without MLLP", "a bare acknowledgement byte", "something else"]
"""What is spoken where MLLP should be, by how it begins."""


class NotMLLP(Exception):
    """What came does not begin as a block does."""

    def __init__(self, head: bytes) -> None:
        super().__init__(f"it begins with {head.hex(' ')}")
        self.spoken = spoken(head)
        self.head = head


class TooLong(Exception):
    """More came than any answer has."""


def framed(content: bytes) -> bytes:
    """The block with this in it."""
    return START + content + END


class Blocks:
    """What is in the blocks that came, however they are cut into pieces. It holds `most` bytes at the most."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held = bytearray()

    @property
    def begun(self) -> bytes:
        """What came of a block that has no end yet."""
        return bytes(self._held)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The contents of the blocks that end in `data`.

        Raises: NotMLLP, TooLong.
        """
        looked = max(0, len(self._held) - len(END) + 1)
        self._held += data
        while self._held:
            if self._held[:1] != START:
                raise NotMLLP(bytes(self._held[:_HEAD]))
            at = self._held.find(END, max(1, looked))
            if at < 0:
                break
            content = bytes(self._held[1:at])
            del self._held[: at + len(END)]
            looked = 0
            if len(content) > self._most:
                raise TooLong
            yield content
        if len(self._held) > self._most + len(START + END):
            raise TooLong


_HEAD = 8
"""Bytes of what is no block that are told."""


def spoken(head: bytes) -> Other:
    """What begins like this."""
    if head.startswith((b"HTTP/", b"<!DOCT", b"<html", b"<HTML")):
        return "HTTP"
    if len(head) > 1 and head[0] in (0x14, 0x15, 0x16, 0x17) and head[1] == 3:  # RFC 8446 section 5.1
        return "TLS"
    if len(head) > 5 and 1 <= head[0] <= 7 and head[1] == 0:  # PS3.8 section 9.3
        return "DICOM"
    if head.startswith((b"MSH", b"\rMSH", b"\nMSH")):
        return "HL7 without MLLP"
    return "a bare acknowledgement byte" if head[:1] in (ACK, NAK) else "something else"
