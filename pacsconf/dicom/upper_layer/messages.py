"""DIMSE messages as bytes: ours built by pynetdicom, the peer's read without trust (PS3.7, PS3.8 annex E)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.upper_layer.proposals import MAX_PDU, VERIFICATION

if TYPE_CHECKING:
    from pydicom import Dataset

NO_DATA = 0x0101
"""What (0000,0800) says of a message without a data set (PS3.7 section 9.3)."""

_FIELD, _DATA_SET_TYPE, _STATUS = 0x0100, 0x0800, 0x0900
_SMALLEST_PDU = 64
"""Bytes: who claims to take less is sent this nonetheless, since no message fits in it."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a message (PS3.8 annex E.2)."""

    command: bool
    last: bool
    data: bytes


def fragments(body: bytes) -> Iterator[Fragment]:
    """The fragments in a P-DATA-TF (PS3.8 section 9.3.5).

    Raises: PeerFault when their lengths do not add up.
    """
    at = 0
    while at < len(body):
        end = at + 4 + int.from_bytes(body[at : at + 4], "big")
        if at + 6 > end or end > len(body):
            raise PeerFault("its message is not DICOM: the lengths in it do not add up", "not DICOM")
        control = body[at + 5]
        yield Fragment(bool(control & 1), bool(control & 2), body[at + 6 : end])
        at = end


@dataclass(frozen=True, slots=True)
class Command:
    """What matters of a command set; None: it is not in it."""

    field: int | None
    status: int | None
    has_data: bool


def command(data: bytes) -> Command:
    """What matters of a command set, implicit little endian (PS3.7 section 6.3.1)."""
    numbers = {tag: int.from_bytes(value, "little") for tag, value in _elements(data) if len(value) == 2}
    return Command(numbers.get(_FIELD), numbers.get(_STATUS), numbers.get(_DATA_SET_TYPE, NO_DATA) != NO_DATA)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number in group 0000 and value of each element, up to one that is cut short."""
    at = 0
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 2] == b"\0\0" and end <= len(data):
            yield int.from_bytes(data[at + 2 : at + 4], "little"), data[at + 8 : end]
        at = end


@lru_cache(64)
def echo(context: int, max_pdu: int = MAX_PDU) -> bytes:
    """C-ECHO-RQ as message 1 (PS3.7 section 9.3.5.1)."""
    from pynetdicom.dimse_messages import C_ECHO_RQ
    from pynetdicom.dimse_primitives import C_ECHO

    primitive = C_ECHO()
    primitive.MessageID = 1
    primitive.AffectedSOPClassUID = VERIFICATION
    message = C_ECHO_RQ()
    message.primitive_to_message(primitive)
    return _encoded(message, context, max_pdu)


def find(context: int, sop_class: str, number: int, identifier: bytes, max_pdu: int = MAX_PDU) -> bytes:
    """C-FIND-RQ as message `number` (PS3.7 section 9.3.2.1)."""
    from io import BytesIO

    from pynetdicom.dimse_messages import C_FIND_RQ
    from pynetdicom.dimse_primitives import C_FIND

    primitive = C_FIND()
    primitive.MessageID = number
    primitive.AffectedSOPClassUID = sop_class
    primitive.Priority = 2  # low
    primitive.Identifier = BytesIO(identifier)
    message = C_FIND_RQ()
    message.primitive_to_message(primitive)
    return _encoded(message, context, max_pdu)


def cancel(context: int, number: int, max_pdu: int = MAX_PDU) -> bytes:
    """C-CANCEL-RQ for message `number` (PS3.7 section 9.3.2.3)."""
    from pynetdicom.dimse_messages import C_CANCEL_RQ
    from pynetdicom.dimse_primitives import C_CANCEL

    primitive = C_CANCEL()
    primitive.MessageIDBeingRespondedTo = number
    message = C_CANCEL_RQ()
    message.primitive_to_message(primitive)
    return _encoded(message, context, max_pdu)


def identifier(keys: Mapping[str, object], syntax: str) -> bytes:
    """A data set with these keys by their names; of a sequence, the keys of its one item.

    `syntax` is implicit or explicit little endian.
    """
    from pynetdicom.dsutils import encode

    encoded = encode(_data_set(keys), syntax == "1.2.840.10008.1.2", True)
    assert encoded is not None, "our own keys can be written"
    return encoded


def _data_set(keys: Mapping[str, object]) -> Dataset:
    from pydicom import Dataset

    made = Dataset()
    for name, value in keys.items():
        setattr(made, name, [_data_set(value)] if isinstance(value, Mapping) else value)
    return made


def _encoded(message: object, context: int, max_pdu: int) -> bytes:
    from pynetdicom.pdu import P_DATA_TF

    longest = min(max_pdu or MAX_PDU, MAX_PDU)
    data = b""
    for fragment in message.encode_msg(context, max(longest, _SMALLEST_PDU)):  # type: ignore[attr-defined]
        pdu = P_DATA_TF()
        pdu.from_primitive(fragment)
        data += pdu.encode()
    return data
