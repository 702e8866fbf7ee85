"""An association as its acceptor sees it: what was asked, and the answers to it (PS3.8 section 9.3). Pure.

A request comes from unknown software, so whatever it holds is taken as it is, and only what cannot be read is a
fault. Answers are bytes of our own: they repeat the titles of the request as they came, which pynetdicom refuses
to do with a title that the standard does not allow, and such titles are what a listener is there to find.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pacsconf.dicom.heard import LISTEN, Heard
from pacsconf.dicom.upper_layer import pdu
from pacsconf.dicom.upper_layer.pdu import FIXED, MOST_CONTEXTS, items, text_of
from pacsconf.inventory import uids

_DICOM = pdu.DICOM.decode()

_MOST_SYNTAXES = 128
"""That are told of one SOP class: the standard has half of that."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """One presentation context: its id, its SOP class and its transfer syntaxes in the order of the caller."""

    number: int
    sop_class: str
    syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """An A-ASSOCIATE-RQ. Titles have all their 16 characters, one for each byte, whatever it is.

    `max_pdu` is the longest PDU that the caller takes, in bytes, 0 for no limit; None where it does not say.
    `fixed` are the bytes that an answer repeats. `as_scp` are the SOP classes in which the caller wants the part
    of the SCP alone. `unusable` says in words why it cannot be accepted, empty where it can.
    """

    calling: str
    called: str
    contexts: tuple[Proposed, ...]
    implementation: str = ""
    version: str = ""
    max_pdu: int | None = None
    as_scp: tuple[str, ...] = ()
    fixed: bytes = b"\0" * 64
    protocol: int = 1
    application_context: str = _DICOM

    @property
    def unusable(self) -> str:
        if len(self.contexts) > MOST_CONTEXTS:
            return f"it proposes {len(self.contexts)} presentation contexts, and there can be {MOST_CONTEXTS}"
        counts = Counter(context.number for context in self.contexts)
        wrong = sorted(number for number, count in counts.items() if count > 1 or not number % 2)
        if wrong:
            return f"presentation context ids are odd and each is there once; this one is not: {wrong[0]}"
        return "" if self.contexts else "it proposes no presentation context"

    @property
    def rejection(self) -> tuple[int, int, int] | None:
        """Result, source and reason of the rejection that the standard asks for; None: it can be accepted."""
        if not self.protocol & 1:
            return 1, 2, 2
        return (1, 1, 2) if self.application_context != _DICOM else None


def request(body: bytes) -> Request:
    """The request in the body of an A-ASSOCIATE-RQ (PS3.8 section 9.3.2).

    Raises: ValueError when it is too short to be one.
    """
    if len(body) < FIXED:
        raise ValueError(f"an association request has {FIXED} bytes at least, not {len(body)}")
    found = list(items(body[FIXED:]))
    told = {kind: value for outer, item in found if outer == pdu.USER for kind, value in items(item)}
    roles = [
        value for outer, item in found if outer == pdu.USER for kind, value in items(item) if kind == pdu.ROLE
    ]
    longest = told.get(pdu.LONGEST, b"")
    return Request(
        calling=body[20:36].decode("latin-1"),
        called=body[4:20].decode("latin-1"),
        contexts=tuple(_proposed(item) for kind, item in found if kind == pdu.CONTEXT and len(item) >= 4),
        implementation=text_of(told.get(pdu.CLASS_UID, b"")),
        version=text_of(told.get(pdu.VERSION, b"")),
        max_pdu=int.from_bytes(longest, "big") if len(longest) == 4 else None,
        as_scp=tuple(_as_scp(roles)),
        fixed=body[4:FIXED],
        protocol=int.from_bytes(body[:2], "big"),
        application_context=text_of(
            next((item for kind, item in found if kind == pdu.APPLICATION_CONTEXT), b"")
        ),
    )


def _proposed(item: bytes) -> Proposed:
    """One presentation context item (PS3.8 section 9.3.2.2)."""
    inner = list(items(item[4:]))
    sop_class = next((value for kind, value in inner if kind == pdu.ABSTRACT_SYNTAX), b"")
    return Proposed(
        item[0],
        text_of(sop_class),
        tuple(text_of(value) for kind, value in inner if kind == pdu.TRANSFER_SYNTAX),
    )


def _as_scp(roles: Iterable[bytes]) -> Iterator[str]:
    """SOP classes with SCU role 0 and SCP role 1 (PS3.7 section D.3.3.4)."""
    for item in roles:
        size = int.from_bytes(item[:2], "big")
        if item[2 + size : 4 + size] == b"\x00\x01":
            yield text_of(item[2 : 2 + size])


def heard(asked: Request, host: str, at: str = "", source: str = LISTEN, answer: str = "") -> Heard:
    """What was heard of a request; the contexts of one SOP class are joined, in the order of the caller."""
    syntaxes: dict[str, dict[str, None]] = {}
    for context in asked.contexts[:MOST_CONTEXTS]:
        syntaxes.setdefault(context.sop_class, {}).update(dict.fromkeys(context.syntaxes))
    return Heard(
        calling=asked.calling,
        called=asked.called,
        host=host,
        at=at,
        source=source,
        contexts=tuple((uid, tuple(islice(several, _MOST_SYNTAXES))) for uid, several in syntaxes.items()),
        implementation=asked.implementation,
        version=asked.version,
        max_pdu=asked.max_pdu,
        as_scp=asked.as_scp[:MOST_CONTEXTS],
        answer=answer,
    )


# --- answers -----------------------------------------------------------------------------------------------------


def accepted(asked: Request) -> bytes:
    """An A-ASSOCIATE-AC that accepts every context with the first transfer syntax that its caller lists.

    Source: PS3.8 section 9.3.3. A context without a transfer syntax has result 4, transfer syntaxes not supported.
    """
    contexts = b"".join(_answer(context) for context in asked.contexts)
    named = pdu.item(pdu.APPLICATION_CONTEXT, pdu.DICOM)
    told = pdu.user_information(*asked.as_scp)
    return pdu.pdu(pdu.ACCEPT, b"\0\1\0\0" + asked.fixed + named + contexts + told)


def _answer(context: Proposed) -> bytes:
    syntax, result = (context.syntaxes[0], 0) if context.syntaxes else (uids.IMPLICIT_VR_LE, 4)
    inner = pdu.item(pdu.TRANSFER_SYNTAX, syntax.encode("ascii", "replace"))
    return pdu.item(pdu.ANSWERED_CONTEXT, bytes([context.number, 0, result, 0]) + inner)
