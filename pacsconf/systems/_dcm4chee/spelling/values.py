"""Further values that LDAP knows as text alone: titles with a number, masked titles, tags, ordered lists.

Each function gives the text as it is kept; durations, schedules and the like are in `formats`. Raises: ValueError
with the rule that was broken. What the archive cannot read keeps the whole device from loading, so nothing is let
through that it would refuse. Enumerations need no type of their own: a `Literal` with LDAP's spelling names the
right one when only capitals are wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from pacsconf.inventory import uids
from pacsconf.inventory.formats import ae_title
from pacsconf.inventory.values import AETitle, Integer, OneOrMany, ruled


def limit_of_title(text: str) -> str:
    """An AE title with a number: `CT01=4`."""
    title, equals, number = text.rpartition("=")
    if not equals or not re.fullmatch(r"0|[1-9][0-9]{0,8}", number):
        raise ValueError(f'"{_short(text)}" limits nothing: write AE_TITLE=number, such as CT01=4')
    return f"{ae_title(title)}={number}"


def masked_caller(text: str) -> str:
    """The title to call with: `OTHER`, or `[CALLED]OTHER` towards that one alone."""
    found = re.fullmatch(r"(?:\[([^\[\]]*)\])?([^\[\]]+)", text)
    if not found:
        raise ValueError(f'"{_short(text)}" is no title to call with: write AE_TITLE or [CALLED]AE_TITLE')
    prefix = "" if found[1] is None else f"[{ae_title(found[1])}]"
    return prefix + ae_title(found[2])


def masked_called(text: str) -> str:
    """The title to call a peer by instead of its own: `CONFIGURED:USED`."""
    configured, colon, used = text.partition(":")
    if not colon:
        raise ValueError(f'"{_short(text)}" names one title of two: write CONFIGURED:USED')
    return f"{ae_title(configured)}:{ae_title(used)}"


_HL7_CONDITION = re.compile(r"[A-Z][A-Z0-9]{2}-[1-9][0-9]*(\.[1-9][0-9]*){0,2}!?=.*", re.DOTALL)


def hl7_condition(text: str) -> str:
    """What must stand in a field of an HL7 message: `MSH-4=HOSP`; with `!=` what must not. A regular expression."""
    if not _HL7_CONDITION.fullmatch(text):
        raise ValueError(
            f'"{_short(text)}" is no condition on an HL7 message: write SEGMENT-FIELD=EXPRESSION, '
            "such as MSH-4=HOSP, or != for what must not stand there"
        )
    return text


def tag(text: str) -> str:
    """A tag as 8 hexadecimal digits: `00100020`; the archive writes them in capitals."""
    if not re.fullmatch(r"[0-9A-Fa-f]{8}", text):
        raise ValueError(
            f'"{_short(text)}" is no tag: 8 hexadecimal digits, such as 00100020 for (0010,0020)'
        )
    return text.upper()


def ascii_text(text: str) -> str:
    """Text of the ASCII repertoire, where LDAP takes no other (IA5 string)."""
    if not text.isascii():
        raise ValueError(f'"{_short(text)}" holds characters that a directory does not take here: ASCII only')
    return text


_ORDERED = re.compile(r"\{([0-9]{1,4})\}(.*)", re.DOTALL)


def ordered(value: Any) -> tuple[str, ...]:
    """A list of which the order counts, as LDAP keeps it in a set: `{0}first`, `{1}second`.

    The numbers are written here; where they stand already, as in what was exported, they must be 0, 1, 2, …
    """
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise ValueError("this is a list, the first choice first")
    found = [_ORDERED.fullmatch(each) for each in value]
    if not any(found):
        return tuple(f"{{{place}}}{each}" for place, each in enumerate(value))
    numbered = sorted((int(each[1]), each[2]) for each in found if each)
    if len(numbered) != len(value) or [place for place, _ in numbered] != list(range(len(value))):
        raise ValueError(
            "the numbers in braces are 0, 1, 2, … on all, or are left out: then the order counts"
        )
    return tuple(f"{{{place}}}{each}" for place, each in numbered)


def _ordered_syntaxes(value: Any) -> tuple[str, ...]:
    found = (_ORDERED.fullmatch(each) for each in ordered(value))
    return tuple(f"{{{each[1]}}}{uids.transfer_syntax(each[2])}" for each in found if each)


def _short(text: str) -> str:
    """Enough of a text to know it by."""
    return text if len(text) <= 40 else f"{text[:39]}…"


# --- types for models ---------------------------------------------------------------------------------------


def _text(check: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(ruled("PACS-VAL-002", check))


def _at_least(least: int) -> AfterValidator:
    def checked(number: int) -> int:
        if number < least:
            raise ValueError(f"this is at least {least}, not {number}")
        return number

    return AfterValidator(ruled("PACS-VAL-002", checked))


Limits = Annotated[tuple[Annotated[str, _text(limit_of_title)], ...], OneOrMany]
"""`CT01=4`."""
MaskedCallers = Annotated[tuple[Annotated[str, _text(masked_caller)], ...], OneOrMany]
"""`OTHER`, `[CALLED]OTHER`."""
MaskedCalled = Annotated[tuple[Annotated[str, _text(masked_called)], ...], OneOrMany]
"""`CONFIGURED:USED`."""
HL7Conditions = Annotated[tuple[Annotated[str, _text(hl7_condition)], ...], OneOrMany]
"""`MSH-4=HOSP`; all of them must fit."""
Tag = Annotated[str, _text(tag)]
"""`00100020`."""
Tags = Annotated[tuple[Tag, ...], OneOrMany]
"""`00100020`."""
Ascii = Annotated[str, _text(ascii_text)]
Asciis = Annotated[tuple[Ascii, ...], OneOrMany]
Title = AETitle
_LIST = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
TransferSyntaxes = Annotated[
    tuple[str, ...], BeforeValidator(ruled("PACS-UID-003", _ordered_syntaxes)), _LIST
]
"""By name or UID, the preferred one first."""
SOPClasses = Annotated[
    tuple[Annotated[str, AfterValidator(ruled("PACS-UID-002", uids.sop_class))], ...], OneOrMany
]
"""By name or UID."""
Positive = Annotated[Integer, _at_least(1)]
Retries = Annotated[Integer, _at_least(-1)]
"""-1 is for ever."""
Milliseconds = Annotated[Integer, _at_least(0)]
