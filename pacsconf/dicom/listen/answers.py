"""What a listener that stores nothing answers to messages (PS3.7 annex C, PS3.4).

A C-ECHO is answered with success. Everything else is refused with the status of a server that is out of resources:
the caller keeps what it wanted to send, and tries again later or elsewhere. Data sets are never looked into.
"""

from __future__ import annotations

from collections.abc import Mapping

from pacsconf.dicom.upper_layer import messages
from pacsconf.dicom.upper_layer.messages import RESPONSE, SUCCESS, Message

_OUT_OF_RESOURCES, _CANNOT_RETRIEVE, _RESOURCE_LIMITATION, _UNRECOGNISED = 0xA700, 0xA702, 0x0213, 0x0211

_MESSAGES: Mapping[int, tuple[str, int]] = {
    messages.C_STORE: ("C-STORE", _OUT_OF_RESOURCES),
    messages.C_GET: ("C-GET", _CANNOT_RETRIEVE),
    messages.C_FIND: ("C-FIND", _OUT_OF_RESOURCES),
    messages.C_MOVE: ("C-MOVE", _CANNOT_RETRIEVE),
    messages.C_ECHO: ("C-ECHO", SUCCESS),
    messages.N_EVENT_REPORT: ("N-EVENT-REPORT", _RESOURCE_LIMITATION),
    messages.N_GET: ("N-GET", _RESOURCE_LIMITATION),
    messages.N_SET: ("N-SET", _RESOURCE_LIMITATION),
    messages.N_ACTION: ("N-ACTION", _RESOURCE_LIMITATION),
    messages.N_CREATE: ("N-CREATE", _RESOURCE_LIMITATION),
    messages.N_DELETE: ("N-DELETE", _RESOURCE_LIMITATION),
}
"""By command field (PS3.7 section E.1)."""

COMMENT = "pacsconf listen stores nothing"


def name(message: Message) -> str:
    """What it is called."""
    return _MESSAGES[message.field][0] if message.field in _MESSAGES else f"message {message.field:04X}H"


def sop_class(message: Message) -> str:
    """What it is about."""
    return message.text("AffectedSOPClassUID") or message.text("RequestedSOPClassUID")


def status(message: Message) -> int | None:
    """The status that answers it; None for a response and a C-CANCEL, which have none (PS3.7 9.3.2.3)."""
    if message.field & RESPONSE or message.field == messages.C_CANCEL:
        return None
    return _MESSAGES[message.field][1] if message.field in _MESSAGES else _UNRECOGNISED
