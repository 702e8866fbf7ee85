"""DIMSE messages with data sets, as bytes to send and put together from what came (PS3.7, PS3.8 annex E).

What came is never trusted: bounded in size, and read without raising anything but ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pacsconf.dicom.listen.command import fragments

Value = int | str

_NO_DATA, _DATA = 0x0101, 0x0000
_FRAGMENT = 12
"""Bytes of a P-DATA-TF around one fragment."""

_NUMBERS = {
    "AffectedSOPClassUID": 0x0002,
    "RequestedSOPClassUID": 0x0003,
    "CommandField": 0x0100,
    "MessageID": 0x0110,
    "MessageIDBeingRespondedTo": 0x0120,
    "MoveDestination": 0x0600,
    "Priority": 0x0700,
    "CommandDataSetType": 0x0800,
    "Status": 0x0900,
    "OffendingElement": 0x0901,
    "ErrorComment": 0x0902,
    "AffectedSOPInstanceUID": 0x1000,
    "RequestedSOPInstanceUID": 0x1001,
    "EventTypeID": 0x1002,
    "ActionTypeID": 0x1008,
    "NumberOfRemainingSuboperations": 0x1020,
    "NumberOfCompletedSuboperations": 0x1021,
    "NumberOfFailedSuboperations": 0x1022,
    "NumberOfWarningSuboperations": 0x1023,
}
"""Element numbers of group 0000 (PS3.7 annex E)."""

_NAMES = {number: name for name, number in _NUMBERS.items()}
_TEXTS = frozenset(
    {
        "AffectedSOPClassUID",
        "RequestedSOPClassUID",
        "AffectedSOPInstanceUID",
        "RequestedSOPInstanceUID",
        "MoveDestination",
        "ErrorComment",
    }
)
_SPACES = frozenset({"MoveDestination", "ErrorComment"})
"""Padded by spaces, not by zeros."""

C_STORE, C_GET, C_FIND, C_MOVE, C_ECHO = 0x0001, 0x0010, 0x0020, 0x0021, 0x0030
N_EVENT_REPORT, N_SET, N_ACTION, N_CREATE = 0x0100, 0x0120, 0x0130, 0x0140
RESPONSE = 0x8000
"""Added to a command field it is that of the answer."""

PENDING = (0xFF00, 0xFF01)
MOST_COMMAND = 64 * 1024
MOST_DATA = 16 * 1024 * 1024
"""Bytes of one data set: ours have a few thousand."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its context, its command elements by keyword, its data set as it came."""

    context: int
    elements: Mapping[str, Value]
    data: bytes = b""

    def number(self, keyword: str) -> int:
        """A number, 0 where it is absent."""
        value = self.elements.get(keyword, 0)
        return value if isinstance(value, int) else 0

    def text(self, keyword: str) -> str:
        value = self.elements.get(keyword, "")
        return value if isinstance(value, str) else ""

    @property
    def field(self) -> int:
        return self.number("CommandField")

    @property
    def status(self) -> int:
        return self.number("Status")


def message(context: int, elements: Mapping[str, Value], data: bytes | None, max_pdu: int) -> bytes:
    """A message as P-DATA-TF PDUs, none longer than `max_pdu` bytes (0: no limit)."""
    room = max((max_pdu or 16384) - _FRAGMENT, 64)
    kind = _NO_DATA if data is None else _DATA
    out = _pdus(context, _command({**elements, "CommandDataSetType": kind}), 1, room)
    return out if data is None else out + _pdus(context, data, 0, room)


def _command(elements: Mapping[str, Value]) -> bytes:
    body = b"".join(_element(name, elements[name]) for name in sorted(elements, key=_NUMBERS.__getitem__))
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def _element(name: str, value: Value) -> bytes:
    if isinstance(value, int):
        data = value.to_bytes(2, "little")
    else:
        data = value.encode("ascii", "replace")
        data += (b" " if name in _SPACES else b"\0") * (len(data) % 2)
    return struct.pack("<HHI", 0, _NUMBERS[name], len(data)) + data


def _pdus(context: int, data: bytes, of_command: int, room: int) -> bytes:
    out = b""
    for at in range(0, max(len(data), 1), room):
        part = data[at : at + room]
        control = of_command | (2 if at + room >= len(data) else 0)
        out += struct.pack(">BBI", 4, 0, len(part) + 6)
        out += struct.pack(">IBB", len(part) + 2, context, control) + part
    return out


@dataclass(slots=True)
class Assembler:
    """Puts messages together from the bodies of P-DATA-TF PDUs."""

    _part: bytes = b""
    _waiting: Message | None = None
    _data: bytearray = field(default_factory=bytearray)

    def add(self, body: bytes) -> Iterator[Message]:
        """The messages that are whole with this PDU.

        Raises: ValueError when it cannot be read, or is larger than we take.
        """
        for part in fragments(body):
            if part.of_command:
                self._part += part.data
                if len(self._part) > MOST_COMMAND:
                    raise ValueError(f"a command of more than {MOST_COMMAND} bytes")
                if not part.last:
                    continue
                whole, self._part = _parsed(part.number, self._part), b""
                if whole.number("CommandDataSetType") == _NO_DATA:
                    yield whole
                else:
                    self._waiting, self._data = whole, bytearray()
            elif (whole_now := self._more(part.data, last=part.last)) is not None:
                yield whole_now

    def _more(self, data: bytes, *, last: bool) -> Message | None:
        if self._waiting is None:
            raise ValueError("a data set without a command")
        self._data += data
        if len(self._data) > MOST_DATA:
            raise ValueError(f"a data set of more than {MOST_DATA} bytes")
        if not last:
            return None
        whole, self._waiting = self._waiting, None
        return Message(whole.context, whole.elements, bytes(self._data))


def _parsed(context: int, data: bytes) -> Message:
    """A command set, implicit little endian; elements that are not of use here are passed over."""
    elements: dict[str, Value] = {"CommandDataSetType": _NO_DATA}
    at = 0
    while at + 8 <= len(data):
        group, number, size = struct.unpack_from("<HHI", data, at)
        value = data[at + 8 : at + 8 + size]
        at += 8 + size
        if group or number not in _NAMES or len(value) < size:
            continue
        name = _NAMES[number]
        if name in _TEXTS:
            elements[name] = value[:256].decode("ascii", "backslashreplace").rstrip("\0 ")
        elif size == 2:
            elements[name] = int.from_bytes(value, "little")
    if "CommandField" not in elements:
        raise ValueError("a message without a command field")
    return Message(context, elements)
