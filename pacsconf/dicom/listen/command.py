"""What a caller wants of a listener that stores nothing: DIMSE requests, and the answers to them. Pure (PS3.7).

A C-ECHO is answered with success. Everything else is refused with the status of a server that is out of resources:
the caller keeps what it wanted to send, and tries again later or elsewhere. Data sets are never looked into.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SUCCESS, OUT_OF_RESOURCES = 0x0000, 0xA700
_NO_DATA = 0x0101
"""Command Data Set Type of a message without a data set; any other value: one follows (PS3.7 section E.1)."""

_CANCEL = 0x0FFF

_MESSAGES: Mapping[int, tuple[str, int]] = {
    0x0001: ("C-STORE", OUT_OF_RESOURCES),
    0x0010: ("C-GET", 0xA702),
    0x0020: ("C-FIND", OUT_OF_RESOURCES),
    0x0021: ("C-MOVE", 0xA702),
    0x0030: ("C-ECHO", SUCCESS),
    0x0100: ("N-EVENT-REPORT", 0x0213),
    0x0110: ("N-GET", 0x0213),
    0x0120: ("N-SET", 0x0213),
    0x0130: ("N-ACTION", 0x0213),
    0x0140: ("N-CREATE", 0x0213),
    0x0150: ("N-DELETE", 0x0213),
}
"""By command field (PS3.7 section E.1): the name, and the status we answer with (PS3.7 annex C, PS3.4)."""

_UNRECOGNISED = 0x0211
_COMMENT = b"pacsconf listen stores nothing"


@dataclass(frozen=True, slots=True)
class Command:
    """A DIMSE request: its name, and the SOP class it is about."""

    field: int
    message_id: int
    sop_class: str
    instance: bytes = b""
    has_data: bool = False

    @property
    def name(self) -> str:
        return _MESSAGES[self.field][0] if self.field in _MESSAGES else f"message {self.field:04X}H"

    @property
    def status(self) -> int:
        """The status that answers it."""
        return _MESSAGES[self.field][1] if self.field in _MESSAGES else _UNRECOGNISED

    @property
    def wants_answer(self) -> bool:
        """Not a response, and no C-CANCEL, which has none (PS3.7 section 9.3.2.3)."""
        return not self.field & 0x8000 and self.field != _CANCEL


def command(data: bytes) -> Command:
    """The command in a command set, implicit little endian (PS3.7 section 6.3.1).

    Raises: ValueError when it has no command field.
    """
    elements = dict(_elements(data))
    field = _number(elements.get(0x0100, b""))
    if field is None:
        raise ValueError("a message without a command field")
    return Command(
        field=field,
        message_id=_number(elements.get(0x0110, b"")) or 0,
        sop_class=_uid(elements.get(0x0002) or elements.get(0x0003) or b""),
        instance=elements.get(0x1000) or elements.get(0x1001) or b"",
        has_data=_number(elements.get(0x0800, b"")) not in (_NO_DATA, None),
    )


def response(asked: Command) -> bytes:
    """The command set that answers a request; elements in the order of their tags."""
    refuses = asked.status != SUCCESS
    elements = {
        0x0002: _even(asked.sop_class.encode("ascii", "replace"), b"\0"),
        0x0100: struct.pack("<H", asked.field | 0x8000),
        0x0120: struct.pack("<H", asked.message_id),
        0x0800: struct.pack("<H", _NO_DATA),
        0x0900: struct.pack("<H", asked.status),
        0x0902: _even(_COMMENT, b" ") if refuses else b"",
        0x1000: _even(asked.instance, b"\0"),
    }
    body = b"".join(_element(tag, value) for tag, value in elements.items() if value)
    return _element(0x0000, struct.pack("<I", len(body))) + body


def fragment(number: int, data: bytes) -> bytes:
    """A P-DATA-TF with one whole command for this presentation context (PS3.8 section 9.3.5)."""
    value = struct.pack(">IBB", len(data) + 2, number, 0b11) + data
    return struct.pack(">BBI", 0x04, 0, len(value)) + value


@dataclass(frozen=True, slots=True)
class Fragment:
    """One PDV: of a command or of a data set, and whether it is the last one of that (PS3.8 annex E.2)."""

    number: int
    of_command: bool
    last: bool
    data: bytes


def fragments(body: bytes) -> Iterator[Fragment]:
    """The PDVs in a P-DATA-TF.

    Raises: ValueError where one is cut short.
    """
    at = 0
    while at < len(body):
        size = int.from_bytes(body[at : at + 4], "big")
        end = at + 4 + size
        if size < 2 or end > len(body):
            raise ValueError("a part of a message is longer than the PDU that holds it")
        control = body[at + 5]
        yield Fragment(body[at + 4], bool(control & 1), bool(control & 2), body[at + 6 : end])
        at = end


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Element number and value of each element of group 0000, up to one that is cut short."""
    at = 0
    while at + 8 <= len(data):
        group, element, size = struct.unpack_from("<HHI", data, at)
        end = at + 8 + size
        if end > len(data):
            return
        if group == 0:
            yield element, data[at + 8 : end]
        at = end


def _element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHI", 0, number, len(value)) + value


def _number(value: bytes) -> int | None:
    return int.from_bytes(value, "little") if len(value) == 2 else None


def _uid(value: bytes) -> str:
    return value.decode("ascii", "backslashreplace").rstrip("\0 ")[:64]


def _even(value: bytes, padding: bytes) -> bytes:
    return value + padding if len(value) % 2 else value
