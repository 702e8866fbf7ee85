"""What is asked of an HL7 application over its connection: one message that creates nothing (decisions/0034).

Whatever acknowledges that message is alive, a refusal as well. Everything else is told apart: who hangs up, who is
silent, who speaks something else, who answers another question, who does not come to an end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from pacsconf.dicom.observation import How
from pacsconf.dicom.probe.attempt import Attempt, since
from pacsconf.dicom.probe.way import Way
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.upper_layer.stream import Stream
from pacsconf.hl7.framing import ACK, NAK, Blocks, NotMLLP, TooLong, framed
from pacsconf.hl7.messages import Acknowledgement, NotHL7, acknowledgement, control_id, question
from pacsconf.inventory.model import Protocol

_GLANCE = 2.0
"""Seconds in which a server that speaks TLS has begun to: one that does not is silent, and waits for a message."""
_SHOWN = 40
"""Characters of a number that a peer made up, as far as they are told."""


def ask(attempt: Attempt, way: Way, stream: Stream) -> None:
    """Send the question over a connection that is open, which is closed; the whole takes `timeout` seconds."""
    target = attempt.target
    assert target.calling is not None, "somebody sends"
    began = time.monotonic()
    number = control_id()
    message = question(target.calling, target.title, number, datetime.now(UTC))
    exchange = _Exchange(stream, target.protocol, began + way.wire.timeout, way.wire.timeout)
    try:
        answer = exchange.answer_to(message, number)
    except PeerFault as fault:
        stream.close()
        took = since(began)
        attempt.faulted("mllp", fault if exchange.began else _looked_into(fault, way), took)
    else:
        attempt.acknowledged = answer.known or ""
        attempt.passed("mllp", _told(answer), since(began))
    finally:
        stream.close()


def _looked_into(fault: PeerFault, way: Way) -> PeerFault:
    """The same, or that TLS is spoken: a server that cannot read what it is sent may hang up without a word."""
    if fault.how != "closed" or way.target.tls:
        return fault
    from pacsconf.dicom.tls.tries import speaks_tls

    try:
        version = speaks_tls(way.plain(), way.target.host, min(way.wire.timeout, _GLANCE))
    except OSError:
        return fault
    return PeerFault(_SPOKEN["TLS"], "not MLLP") if version else fault


_WORDS = {
    "AA": "accepted",
    "AE": "answered that there is an error in it",
    "AR": "refused it",
    "CA": "kept it",
    "CE": "answered that it cannot keep it",
    "CR": "refused to keep it",
}


def _told(answer: Acknowledgement) -> str:
    said = f': "{answer.text}"' if answer.text and answer.code not in ("AA", "CA") else ""
    alive = "" if answer.code in ("AA", "CA") else ", which shows that it is there"
    return f"{answer.code}: {_WORDS[answer.code]}{alive}{said}"


@dataclass
class _Exchange:
    """One message and its answer. `deadline` is on the clock of `time.monotonic`."""

    stream: Stream
    protocol: Protocol
    deadline: float
    timeout: float

    def __post_init__(self) -> None:
        self._blocks = Blocks()
        self._waiting: list[bytes] = []

    @property
    def began(self) -> bool:
        """Whether anything came of an answer."""
        return bool(self._waiting or self._blocks.begun)

    def answer_to(self, message: bytes, number: str) -> Acknowledgement:
        """Raises: PeerFault, CalledOff."""
        self._send(framed(message))
        first = self._block()
        if self.protocol == "hl7-mllp2":
            self._committed(first)
            first = self._block()
        elif first in (ACK, NAK):
            text = "it acknowledges each block, as MLLP release 2 does: declare protocol: hl7-mllp2"
            raise PeerFault(text, "not MLLP")
        answer = _judged(first, number)
        if self.protocol == "hl7-mllp2":
            self._send(framed(ACK), late=True)
        return answer

    def _committed(self, content: bytes) -> None:
        if content == NAK:
            raise PeerFault("it did not take the message: a negative commit acknowledgement (15)", "status")
        if content != ACK:
            text = "it did not acknowledge the block, as MLLP release 2 wants it: declare protocol: hl7"
            raise PeerFault(text, "not MLLP")

    def _send(self, data: bytes, *, late: bool = False) -> None:
        """`late`: everything was answered before, so it does not matter who does not listen any more."""
        try:
            self.stream.send(data, self.deadline)
        except TimeoutError as exc:
            if not late:
                raise PeerFault(f"it did not take the message within {self.timeout:g} s", "silent") from exc
        except OSError as exc:
            if not late:
                raise self._hung_up(exc) from exc

    def _block(self) -> bytes:
        """What is in the next block. Raises: PeerFault, CalledOff."""
        while not self._waiting:
            data = self._some()
            if not data:
                raise self._hung_up()
            self._take(data)
        return self._waiting.pop(0)

    def _take(self, data: bytes) -> None:
        """The blocks in what came; what is wrong behind one that is whole does not matter."""
        try:
            for content in self._blocks.feed(data):
                self._waiting.append(content)
        except NotMLLP as exc:
            if not self._waiting:
                raise _other(exc) from exc
        except TooLong as exc:
            if not self._waiting:
                raise PeerFault("its answer does not come to an end (MLLP: 1C 0D)", "not MLLP") from exc

    def _some(self) -> bytes:
        try:
            return self.stream.some(self.deadline)
        except TimeoutError as exc:
            raise self._silent() from exc
        except OSError as exc:
            raise self._hung_up(exc) from exc

    def _silent(self) -> PeerFault:
        begun = self._blocks.begun
        if not begun:
            return PeerFault(f"no answer to a message within {self.timeout:g} s", "silent")
        if begun.endswith(b"\x1c"):
            return PeerFault("its answer ends in 1C alone: MLLP has 0D after it", "not MLLP")
        text = f"half an answer within {self.timeout:g} s: {len(begun)} bytes, and no end (MLLP: 1C 0D)"
        return PeerFault(text, "silent")

    def _hung_up(self, exc: OSError | None = None) -> PeerFault:
        begun = len(self._blocks.begun)
        how: How = "closed"
        if begun:
            return PeerFault(f"it hung up in the middle of its answer, after {begun} bytes", how)
        why = f" ({exc.strerror})" if exc is not None and exc.strerror else ""
        return PeerFault(f"it hung up instead of answering a message{why}", how)


_SPOKEN = {
    "HTTP": "it speaks HTTP at this port",
    "TLS": "it speaks TLS at this port, and none is declared: declare tls of the connection",
    "DICOM": "it speaks DICOM at this port",
    "HL7 without MLLP": "it answers with HL7, and without MLLP around it (0B at the begin)",
    "a bare acknowledgement byte": "it answers with a bare byte: MLLP release 2 has it in a block",
}


def _other(found: NotMLLP) -> PeerFault:
    text = _SPOKEN.get(found.spoken, f"what it answers is not MLLP: it begins with {found.head.hex(' ')}")
    return PeerFault(text, "not MLLP")


def _judged(content: bytes, number: str) -> Acknowledgement:
    try:
        answer = acknowledgement(content)
    except NotHL7 as exc:
        raise PeerFault(f"its answer is no acknowledgement: {exc}", "not an acknowledgement") from exc
    if answer.control_id != number:
        other = _short(answer.control_id)
        text = f'it acknowledges another message: "{other}" instead of {number}'
        if not other:
            text = "it acknowledges a message, and does not say which (MSA-2 is empty)"
        raise PeerFault(text, "not an acknowledgement")
    if answer.known is None:
        code = _short(answer.code) or "nothing"
        raise PeerFault(f'it acknowledges by "{code}", which HL7 does not have', "not an acknowledgement")
    return answer


def _short(text: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"
