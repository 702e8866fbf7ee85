"""What a peer did instead of its part, in numbers and in words (PS3.8, PS3.7)."""

from __future__ import annotations

from pacsconf.dicom.observation import Fault, How
from pacsconf.dicom.upper_layer import pdu

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
    0x0124: "not authorised",
    0x0210: "duplicate invocation",
    0x0211: "unrecognised operation",
    0x0212: "mistyped argument",
    0xA700: "out of resources",
    0xA900: "the identifier does not match the SOP class",
    0xFE00: "cancelled",
}
"""Statuses of C-ECHO and C-FIND (PS3.7 annex C, PS3.4 section C.4.1.1.4)."""

_UNABLE = range(0xC000, 0xD000)


class PeerFault(Exception):
    """The peer did not do its part; the text says what it did instead, `fault` in numbers."""

    def __init__(
        self, text: str, how: How = "otherwise", numbers: tuple[int, ...] = (), alert: str = ""
    ) -> None:
        super().__init__(text)
        self.fault = Fault(how, numbers, alert)

    @property
    def how(self) -> How:
        return self.fault.how

    @property
    def why(self) -> tuple[int, int] | None:
        """Source and reason of a rejection, as in `REASONS`."""
        return source_and_reason(self.fault)


def source_and_reason(fault: Fault | None) -> tuple[int, int] | None:
    """Of a rejection, as in `REASONS`; None where it is none."""
    if fault is None or fault.how != "rejected" or len(fault.numbers) != 3:
        return None
    return fault.numbers[1], fault.numbers[2]


def rejection(result: int, source: int, reason: int) -> str:
    """A-ASSOCIATE-RJ in words, with its numbers (PS3.8 section 9.3.4)."""
    words = REASONS.get((source, reason), "reserved reason")
    how, by = _RESULTS.get(result, "unknown result"), _SOURCES.get(source, "unknown source")
    return f'association rejected: {how}, by {by}, "{words}" (PS3.8 9.3.4: {result}/{source}/{reason})'


def context_result(result: int) -> str:
    """Why a presentation context was not accepted, in words with its number (PS3.8 section 9.3.3.2)."""
    return f"{_CONTEXT_RESULTS.get(result, 'reserved result')} (PS3.8 9.3.3.2: {result})"


def status_words(status: int) -> str:
    """The status of a message in words, with its number."""
    words = "unable to process" if status in _UNABLE else _STATUSES.get(status, "unknown status")
    return f"status 0x{status:04X}, {words}"


def unexpected(kind: int, body: bytes, asked: str) -> PeerFault:
    """A PDU of this type came where another was due."""
    if kind == pdu.ABORT:
        numbers = (body[2], body[3]) if len(body) >= 4 else ()
        words = "/".join(map(str, numbers)) or "no reason"
        text = f"the peer aborted the association after the {asked} (PS3.8 9.3.8: {words})"
        return PeerFault(text, "aborted", numbers)
    return PeerFault(f"the peer answered the {asked} with a PDU of type {kind:02X}")
