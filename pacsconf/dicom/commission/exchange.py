"""One association in which an acceptance run asks for something: store, query, fetch, commit, report a step.

On top of `association`, which holds the connection and its deadlines: no thread, nothing that hangs. Every method
raises PeerFault when the peer answers otherwise, wrongly or not in time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from pacsconf.dicom.commission import dimse
from pacsconf.dicom.commission.dimse import Assembler, Message, Value
from pacsconf.dicom.upper_layer.acceptance import Acceptance, Contexts, acceptance, context_id, items
from pacsconf.dicom.upper_layer.association import Association
from pacsconf.dicom.upper_layer.peer_fault import PeerFault, context_result, rejection, unexpected
from pacsconf.dicom.upper_layer.proposals import proposal
from pacsconf.dicom.upper_layer.stream import Stream

MOST_ANSWERS = 1000
"""To one request, before we hang up."""

_ACCEPT, _REJECT, _DATA = 0x02, 0x03, 0x04

Took = Callable[[Message], int]
"""Takes an object that the peer sends (C-STORE), and says with which status it is answered."""


class Exchange(Association):
    """An association over `stream`, which it closes. Each call has `timeout` seconds."""

    def __init__(self, stream: Stream, timeout: float) -> None:
        super().__init__(stream, timeout)
        self._assembler = Assembler()
        self._number = 0
        self.accepted: Acceptance | None = None
        self._contexts: tuple[tuple[str, str], ...] = ()

    def open(self, calling: str, called: str, contexts: Contexts, taking: Sequence[str] = ()) -> Acceptance:
        """Establish it for these contexts; of the SOP classes `taking`, objects are sent to us (PS3.7 D.3.3.4)."""
        deadline = self._deadline()
        self._send(with_roles(proposal(calling, called, contexts), taking), deadline)
        kind, body = self._receive(deadline, "association request")
        if kind == _REJECT and len(body) >= 4:
            raise PeerFault(rejection(*body[1:4]), "rejected", (body[1], body[2], body[3]))
        if kind != _ACCEPT:
            raise unexpected(kind, body, "association request")
        self._established = True
        self.accepted = acceptance(body, contexts)
        self._max_pdu = self.accepted.software.max_pdu
        self._contexts = tuple(
            (sop_class, result.syntax if result.result == 0 else "")
            for (sop_class, _), result in zip(contexts, self.accepted.results, strict=True)
        )
        return self.accepted

    def context(self, sop_class: str, syntax: str = "") -> tuple[int, str]:
        """Id and transfer syntax of an accepted context for this class, and this syntax where one is named.

        Raises: PeerFault when it accepted none.
        """
        assert self.accepted is not None, "an association was opened"
        for at, (uid, found) in enumerate(self._contexts):
            if uid == sop_class and found and syntax in ("", found):
                return context_id(at), found
        results = [
            result.result
            for (uid, _), result in zip(self._contexts, self.accepted.results, strict=True)
            if uid == sop_class
        ]
        worst = max(results, default=2) or 2
        raise PeerFault(f"not accepted: {context_result(worst)}", "context", (worst,))

    def ask(
        self,
        context: int,
        field: int,
        elements: Mapping[str, Value],
        data: bytes | None,
        *,
        name: str,
        take: Took | None = None,
    ) -> Iterator[Message]:
        """Send a request, and yield each answer up to the last; what the peer sends meanwhile goes to `take`.

        Each message that comes renews the deadline.
        """
        self._number += 1
        asked = {**elements, "CommandField": field, "MessageID": self._number}
        self._send(dimse.message(context, asked, data, self._max_pdu), self._deadline())
        for number, came in enumerate(self._messages(name)):
            if number == MOST_ANSWERS:
                raise PeerFault(f"more than {MOST_ANSWERS} answers to the {name}")
            if came.field == field | dimse.RESPONSE:
                yield came
                if came.status not in dimse.PENDING:
                    return
            elif take is not None and came.field in (dimse.C_STORE, dimse.N_EVENT_REPORT):
                self.answer(came, take(came))
            else:
                raise PeerFault(f"the peer answered the {name} with another message ({came.field:04X})")

    def last(self, *args: object, **more: object) -> Message:
        """The last answer of `ask`."""
        return list(self.ask(*args, **more))[-1]  # type: ignore[arg-type]

    def heed(self, seconds: float, take: Took) -> bool:
        """Wait so long for a message of the peer's own, and answer it; False when none came."""
        try:
            if not self._read:
                self._read += self._some(time.monotonic() + seconds, "request")
        except PeerFault as fault:
            if fault.how == "silent":
                return False
            raise
        came = next(self._messages("request"))
        self.answer(came, take(came))
        return True

    def answer(self, request: Message, status: int) -> None:
        """Answer a request of the peer's."""
        self._send(answered(request, status, self._max_pdu), self._deadline())

    def _messages(self, name: str) -> Iterator[Message]:
        while True:
            kind, body = self._receive(self._deadline(), name)
            if kind != _DATA:
                raise unexpected(kind, body, name)
            try:
                yield from tuple(self._assembler.add(body))
            except ValueError as exc:
                raise PeerFault(f"the answer to the {name} cannot be read: {exc}", "not DICOM") from exc


def answered(request: Message, status: int, max_pdu: int) -> bytes:
    """The response to a request, without a data set (PS3.7 sections 9.3 and 10.3)."""
    elements: dict[str, Value] = {
        "CommandField": request.field | dimse.RESPONSE,
        "MessageIDBeingRespondedTo": request.number("MessageID"),
        "Status": status,
    }
    for keyword in ("AffectedSOPClassUID", "AffectedSOPInstanceUID", "EventTypeID"):
        if keyword in request.elements:
            elements[keyword] = request.elements[keyword]
    return dimse.message(request.context, elements, None, max_pdu)


def with_roles(request: bytes, taking: Sequence[str]) -> bytes:
    """An A-ASSOCIATE-RQ in which we also offer to be the SCP of these SOP classes (PS3.7 section D.3.3.4)."""
    if not taking:
        return request
    roles = b"".join(_role(uid.encode("ascii")) for uid in dict.fromkeys(taking))
    head, rest = request[:74], request[74:]
    found = [(kind, item + roles if kind == 0x50 else item) for kind, item in items(rest)]
    body = head[6:] + b"".join(bytes([kind, 0]) + len(item).to_bytes(2, "big") + item for kind, item in found)
    return head[:2] + len(body).to_bytes(4, "big") + body


def _role(uid: bytes) -> bytes:
    item = len(uid).to_bytes(2, "big") + uid + b"\0\1"
    return b"\x54\0" + len(item).to_bytes(2, "big") + item
