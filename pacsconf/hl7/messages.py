"""The question that shows whether an HL7 application is there, and what answers it (decisions/0034).

The question is a PIX query (QBP^Q23) for an identifier that was made a moment ago, of an authority that nobody has:
it names no patient, no order and no visit, so that there is nothing in it to create anything of. Its processing ID
is T, for training. Sources: HL7 2.5.1 chapters 2 and 5; IHE ITI TF-2 section 3.9.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Code = Literal["AA", "AE", "AR", "CA", "CE", "CR"]
"""Accepted, error, rejected: by the application, or only that it is kept (HL7 table 0008)."""
CODES: tuple[Code, ...] = get_args(Code)

QUESTION = "QBP^Q23"
_STRUCTURE = "QBP_Q21"
_VERSION = "2.5"
_AUTHORITY = "PACSCONF-PROBE"
_LONGEST = 120
"""Characters of what an application says of a refusal that are told."""
_TYPE = re.compile(r"[A-Z][A-Z0-9]{2}(\^([A-Z][0-9]{2}|PC[0-9A-L])(\^[A-Z][A-Z0-9]{2}(_[A-Z0-9]{3})?)?)?")
"""Nothing else is told of a message that is not for us: a name could stand where its type belongs."""
_LONGEST_SEGMENT = 4096
"""Characters of a segment that are read."""
_UTF8 = "UNICODE UTF-8"


class NotHL7(Exception):
    """A block holds no message, or none that acknowledges anything; the text says what it holds."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An acknowledgement as it came: `code` is MSA-1, whatever stands there, and `control_id` MSA-2.

    `text` is what it says of a refusal, of bounded length.
    """

    code: str
    control_id: str
    text: str = ""

    @property
    def known(self) -> Code | None:
        """The code, where it is one of HL7's."""
        return next((code for code in CODES if code == self.code), None)


def control_id() -> str:
    """A message's number that no other has: 20 characters, as many as every version takes (MSH-10)."""
    return f"PC{secrets.token_hex(9).upper()}"


def question(sender: str, receiver: str, number: str, now: datetime) -> bytes:
    """The message, from one application (`RIS|HOSPITAL`) to another; `*` is addressed to nobody by name."""
    by, by_facility = _ends(sender)
    to, to_facility = _ends(receiver)
    plain = all(end.isascii() for end in (sender, receiver))
    header = [
        "MSH", "^~\\&", by, by_facility, to, to_facility, f"{now:%Y%m%d%H%M%S%z}", "",
        f"{QUESTION}^{_STRUCTURE}", number, "T", _VERSION, *(() if plain else ("", "", "", "", "", _UTF8)),
    ]  # fmt: skip
    query = ["QPD", "Q23^Get Corresponding IDs^HL70471", number, f"{number}^^^{_AUTHORITY}"]
    amount = ["RCP", "I", "1^RD^HL70126"]
    segments = ("|".join(fields) for fields in (header, query, amount))
    return "".join(f"{segment}\r" for segment in segments).encode()


def _ends(application: str) -> tuple[str, str]:
    name, _, facility = application.partition("|")
    return ("", "") if application == "*" else (name, facility)


def acknowledgement(content: bytes) -> Acknowledgement:
    """What a block acknowledges.

    Raises: NotHL7.
    """
    import hl7

    text = _of_concern(content.decode("utf-8", "replace"))
    if not text.startswith("MSH"):
        raise NotHL7("what is in it is no HL7 message")
    try:
        message = hl7.parse(text)
        kind = _field(message, "MSH", 9)
    except (hl7.HL7Exception, LookupError, ValueError, AssertionError) as exc:
        raise NotHL7("what is in it is no HL7 message") from exc
    try:
        code, number = _field(message, "MSA", 1), _field(message, "MSA", 2)
    except LookupError as exc:
        told = f"a message of type {kind}" if _TYPE.fullmatch(kind) else "a message without a type of HL7"
        raise NotHL7(f"it is {told} that acknowledges nothing") from exc
    return Acknowledgement(code, number, _said(message))


def _of_concern(text: str) -> str:
    """The segments that are looked at, the first of each kind, cut off where no sender goes.

    What a message says beside them is nobody's concern here, and the library takes seconds for a long one.
    """
    first: dict[str, str] = {}
    for line in text.replace("\n", "\r").split("\r"):
        if not first and line.strip() and not line.startswith("MSH"):
            return ""
        if line[:3] in ("MSH", "MSA", "ERR"):
            first.setdefault(line[:3], line[:_LONGEST_SEGMENT])
    return "\r".join(first.values())


def _said(message: object) -> str:
    """What it says of a refusal: in its acknowledgement, else in its errors."""
    for segment, field in (("MSA", 3), ("ERR", 8), ("ERR", 3), ("ERR", 1)):
        try:
            said = _told(_field(message, segment, field))
        except LookupError:
            continue
        if said:
            return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
    return ""


def _field(message: object, segment: str, number: int) -> str:
    """A field of the first segment of this name; empty where it ends before.

    Raises: LookupError where there is no such segment.
    """
    found = message.segment(segment)  # type: ignore[attr-defined]  # the library has no types
    return str(found[number]).strip() if len(found) > number else ""


def _told(text: str) -> str:
    """Text without what a screen would take for an order."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
