"""DIMSE messages: ours written by pynetdicom, the peer's put together from what came (PS3.7, PS3.8 annex E).

What came is never trusted: bounded in size, and read without raising anything but ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from pacsconf.dicom.upper_layer.pdu import MAX_PDU, Fragment, fragments, printable

if TYPE_CHECKING:
    from pydicom import Dataset

Value = int | str

_NO_DATA, _DATA = 0x0101, 0x0000
"""What CommandDataSetType says of a message without a data set, and what we say where one follows (annex E.1)."""

_LEAST = 64
"""Bytes of the shortest PDU that we send: who takes less is sent this nonetheless, since no message fits in it."""

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
        "MoveDestination",
        "ErrorComment",
        "AffectedSOPClassUID",
        "RequestedSOPClassUID",
        "AffectedSOPInstanceUID",
        "RequestedSOPInstanceUID",
    }
)
_REPEATED = {
    "AffectedSOPClassUID": ("AffectedSOPClassUID", "RequestedSOPClassUID"),
    "AffectedSOPInstanceUID": ("AffectedSOPInstanceUID", "RequestedSOPInstanceUID"),
    "EventTypeID": ("EventTypeID",),
}
"""What a response says, and where its request said it (PS3.7 sections 9.3 and 10.3)."""

C_STORE, C_GET, C_FIND, C_MOVE, C_ECHO, C_CANCEL = 0x0001, 0x0010, 0x0020, 0x0021, 0x0030, 0x0FFF
N_EVENT_REPORT, N_GET, N_SET, N_ACTION, N_CREATE, N_DELETE = 0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150
RESPONSE = 0x8000
"""Added to a command field it is that of the answer."""

SUCCESS = 0x0000
PENDING = (0xFF00, 0xFF01)
MOST_COMMAND = 64 * 1024
MOST_DATA = 16 * 1024 * 1024
"""Bytes of one command and of one data set; of ours the longest data set has a few hundred thousand."""
_LONGEST_TEXT = 256
_LONGEST_COMMENT = 64
"""Characters of an Error Comment (0000,0902), which is a LO."""


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
        """A text, fit to be shown, empty where it is absent."""
        value = self.elements.get(keyword, "")
        return printable(value) if isinstance(value, str) else ""

    @property
    def field(self) -> int:
        return self.number("CommandField")

    @property
    def status(self) -> int:
        return self.number("Status")


def message(context: int, elements: Mapping[str, Value], data: bytes | None, max_pdu: int = MAX_PDU) -> bytes:
    """A message as P-DATA-TF PDUs, none longer than `max_pdu` bytes (0: no limit), nor than we would take."""
    longest = max(min(max_pdu or MAX_PDU, MAX_PDU), _LEAST)
    told = tuple(sorted(elements.items()))
    return _written(context, told, data, longest) if data else _command_alone(context, told, longest)


def response(request: Message, status: int, max_pdu: int, comment: str = "") -> bytes:
    """The answer to a request, without a data set."""
    elements: dict[str, Value] = {
        "CommandField": request.field | RESPONSE,
        "MessageIDBeingRespondedTo": request.number("MessageID"),
        "Status": status,
    }
    for keyword, sources in _REPEATED.items():
        if said := [request.elements[source] for source in sources if source in request.elements]:
            elements[keyword] = said[0]
    if comment:
        elements["ErrorComment"] = comment[:_LONGEST_COMMENT]
    return message(request.context, elements, None, max_pdu)


@lru_cache(256)
def _command_alone(context: int, elements: tuple[tuple[str, Value], ...], longest: int) -> bytes:
    """A message without a data set: a sweep sends the same echo to everybody."""
    return _written(context, elements, None, longest)


def _written(
    context: int, elements: tuple[tuple[str, Value], ...], data: bytes | None, longest: int
) -> bytes:
    from pynetdicom.dimse_messages import DIMSEMessage
    from pynetdicom.pdu import P_DATA_TF

    built = DIMSEMessage()
    built.command_set = _command({**dict(elements), "CommandDataSetType": _DATA if data else _NO_DATA})
    built.data_set = BytesIO(data or b"")
    out = b""
    for primitive in built.encode_msg(context, longest):
        part = P_DATA_TF()
        part.from_primitive(primitive)
        out += part.encode()
    return out


def _command(elements: Mapping[str, Value]) -> Dataset:
    """A command set with its length. Its values are not judged: what a peer made up is told to it again."""
    from pydicom import Dataset
    from pydicom.config import IGNORE
    from pydicom.datadict import dictionary_VR, tag_for_keyword
    from pydicom.dataelem import DataElement
    from pynetdicom.dsutils import encode

    found = Dataset()
    for keyword, value in elements.items():
        tag = tag_for_keyword(keyword)
        assert tag is not None, "elements of group 0000 by their keywords"
        found.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=IGNORE))
    found.CommandGroupLength = len(encode(found, True, True) or b"")
    return found


@dataclass(slots=True)
class Assembler:
    """Puts messages together from the bodies of P-DATA-TF PDUs. `keeps` False: data sets are counted alone."""

    keeps: bool = True
    _part: bytes = b""
    _waiting: Message | None = None
    _data: bytearray = field(default_factory=bytearray)
    _size: int = 0

    def add(self, body: bytes) -> Iterator[Message]:
        """The messages that are whole with this PDU.

        Raises: ValueError when it cannot be read, or is larger than we take.
        """
        for part in fragments(body):
            whole = self._commanded(part) if part.of_command else self._more(part)
            if whole is not None:
                yield whole

    def _commanded(self, part: Fragment) -> Message | None:
        self._part += part.data
        if len(self._part) > MOST_COMMAND:
            raise ValueError(f"a command of more than {MOST_COMMAND} bytes")
        if not part.last:
            return None
        whole, self._part = _parsed(part.number, self._part), b""
        if whole.number("CommandDataSetType") == _NO_DATA:
            return whole
        self._waiting, self._data, self._size = whole, bytearray(), 0
        return None

    def _more(self, part: Fragment) -> Message | None:
        if self._waiting is None:
            raise ValueError("a data set without a command")
        self._size += len(part.data)
        if self._size > MOST_DATA:
            raise ValueError(f"a data set of more than {MOST_DATA} bytes")
        if self.keeps:
            self._data += part.data
        if not part.last:
            return None
        whole, self._waiting = self._waiting, None
        return Message(whole.context, whole.elements, bytes(self._data))


def _parsed(context: int, data: bytes) -> Message:
    """A command set, implicit little endian (PS3.7 section 6.3.1); what is of no use here is passed over."""
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
            elements[name] = value[:_LONGEST_TEXT].decode("latin-1").rstrip("\0 ")
        elif size == 2:
            elements[name] = int.from_bytes(value, "little")
    if "CommandField" not in elements:
        raise ValueError("a message without a command field")
    return Message(context, elements)
