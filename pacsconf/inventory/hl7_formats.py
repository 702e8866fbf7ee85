"""How names of HL7 v2 are written: applications, types of messages, character sets.

Each check returns the text as it is kept. Raises: ValueError with the rule that was broken.
"""

from __future__ import annotations

import re

EVERY = "*"
"""As the name of an application: it takes what is sent to any; as a type: it takes every message."""

LONGEST_PART = 180
"""Characters of an application or a facility: what HL7 2.3.1 allows them (MSH-3 and MSH-4), and no version less."""
_DELIMITERS = frozenset("^~\\&")
_TYPE = re.compile(r"[A-Z][A-Z0-9]{2}(\^[A-Z][A-Z0-9]{2})?")
_WITH_STRUCTURE = re.compile(r"([A-Z][A-Z0-9]{2}\^[A-Z][A-Z0-9]{2})\^[A-Z0-9_]*")
_CHARACTER_SET = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}")

CHARACTER_SETS = frozenset(
    {
        *(f"8859/{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)),
        *(
            "ASCII",
            "BIG-5",
            "CNS 11643-1992",
            "GB 18030-2000",
            "ISO IR14",
            "ISO IR159",
            "ISO IR6",
            "ISO IR87",
        ),
        *("KS X 1001", "UNICODE", "UNICODE UTF-8", "UNICODE UTF-16", "UNICODE UTF-32"),
    }
)
"""Those of HL7 table 0211 (version 2.8)."""


def application(text: str) -> str:
    """The name of an HL7 application with its facility, `RIS|HOSPITAL`, or `*`.

    They stand in MSH-3 and MSH-4, MSH-5 and MSH-6 of a message, so nothing in them may end a part of one. The
    facility may be empty (`RIS|`), as it is in many messages.
    """
    if text == EVERY:
        return text
    return _named(text, ", or *")


def _named(text: str, besides: str = "") -> str:
    """An application and its facility; `besides` is what could be written instead."""
    name, bar, facility = text.partition("|")
    if not bar or "|" in facility or not name:
        raise ValueError(
            f'"{_short(text)}" is no HL7 application: write APPLICATION|FACILITY, such as RIS|HOSPITAL{besides}'
        )
    for part in (name, facility):
        _check_part(part)
    return text


def _check_part(part: str) -> None:
    if len(part) > LONGEST_PART:
        raise ValueError(f"an HL7 application or facility has at most {LONGEST_PART} characters")
    if not _DELIMITERS.isdisjoint(part):
        raise ValueError("an HL7 application holds none of ^ ~ \\ & : they end a part of a message")
    if not part.isprintable():
        raise ValueError("an HL7 application holds no control character: one of them ends a segment")
    if part != part.strip():
        raise ValueError(
            "an HL7 application does not begin or end with a space: names are compared as they are"
        )


def sender(text: str) -> str:
    """The name of an application that sends: no other may stand for it."""
    if text == EVERY:
        raise ValueError("* is no application that sends: write any to let in every one")
    return _named(text)


def message_type(text: str) -> str:
    """A type of message with its trigger event, `ADT^A08`; `*` stands for all."""
    return text if text == EVERY else _type(text, ", or *")


def _type(text: str, besides: str = "") -> str:
    if _TYPE.fullmatch(text):
        return text
    whole = _WITH_STRUCTURE.fullmatch(text)
    if whole:
        raise ValueError(f'"{_short(text)}" names the structure of a message too: write {whole[1]}')
    raise ValueError(f'"{_short(text)}" is no type of message: write TYPE^EVENT, such as ADT^A08{besides}')


def sent_type(text: str) -> str:
    """A type of message that is sent: one, and not all of them."""
    if text == EVERY:
        raise ValueError("name the messages that are sent, such as ADT^A08: * says nothing of them")
    return _type(text)


def character_set(text: str) -> str:
    """A character set as MSH-18 names it, such as `UNICODE UTF-8`. Whether HL7 has it is looked at elsewhere."""
    if not _CHARACTER_SET.fullmatch(text):
        raise ValueError(f'"{_short(text)}" is no character set of HL7: write one such as UNICODE UTF-8')
    return text


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
