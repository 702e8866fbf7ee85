"""What values of an attribute look like, by the syntax that its schema names (RFC 4517 section 3.3).

The rules are those that OpenLDAP's slapd keeps, which are looser than the RFC in places; where it looks deeper than
is sensible here (certificates), or a syntax is not known, a value passes, and the server is the judge of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pacsconf.systems._ldap import names

_RFC_4517 = "1.3.6.1.4.1.1466.115.121.1."
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Syntax(NamedTuple):
    """A syntax: how a value of it is written, in words, and the test of one."""

    words: str
    holds: Callable[[bytes], bool]


def broken(oid: str, value: bytes) -> str:
    """How values of the syntax with this OID are written, where `value` is not one; empty where it is."""
    syntax = SYNTAXES.get(oid)
    return syntax.words if syntax is not None and not syntax.holds(value) else ""


def transferred_as_binary(oid: str) -> bool:
    """Whether names of attributes of this syntax carry the option `;binary` (RFC 4522)."""
    return oid.removeprefix(_RFC_4517) in _CERTIFICATES


def compared(rule: str, value: bytes) -> bytes:
    """What is equal for two values that a matching rule takes for the same (RFC 4518 in its simplest form)."""
    name = rule.lower()
    if name == "distinguishednamematch":
        return names.canonical(value.decode(errors="replace")).encode()
    if not name.startswith(("caseignore", "caseexact", "numericstring", "telephonenumber")):
        return value
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value
    gap = "" if name.startswith(("numericstring", "telephonenumber")) else " "
    text = gap.join(part for part in text.split(" ") if part)
    return (text if name.startswith("caseexact") else text.casefold()).encode()


# --- the tests ----------------------------------------------------------------------------------------------


def _matches(pattern: bytes) -> Callable[[bytes], bool]:
    compiled = re.compile(pattern, re.DOTALL)
    return lambda value: compiled.fullmatch(value) is not None


_IN_NAMES = re.compile(r'(?:\\(?:[0-9A-Fa-f]{2}|[ ,+"<>;=#\\])|[^\\<>\0])*')
_BER_IN_NAMES = re.compile(r"(?:\A|(?<!\\)[,;+])\s*[A-Za-z0-9.-]+\s*=\s*#")


def _is_name(value: bytes) -> bool:
    """Whether it is a name as pacsconf writes them: without quotation marks, options and values in BER."""
    try:
        text = value.decode()
        parsed = names.parse(text)
    except ValueError:
        return False
    once = all(len({attribute.lower() for attribute, _ in name}) == len(name) for name in parsed)
    return once and _IN_NAMES.fullmatch(text) is not None and not _BER_IN_NAMES.search(text)


_TIME = re.compile(
    rb"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?P<hour>[0-9]{2})"
    rb"(?:(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?)?(?:[.,][0-9]+)?"
    rb"(?:Z|[+-](?P<east>[0-9]{2})(?P<by>[0-9]{2})?)"
)


def _is_time(value: bytes) -> bool:
    """Whether it is a Generalized Time; the second 60 is a leap second."""
    found = _TIME.fullmatch(value)
    if found is None:
        return False
    part = {name: int(digits or 0) for name, digits in found.groupdict().items()}
    year, month = part["year"], part["month"]
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = _MONTHS[month - 1] + (month == 2 and leap) if 1 <= month <= 12 else 0
    return (
        1 <= part["day"] <= days
        and part["hour"] < 24
        and part["minute"] < 60
        and part["second"] <= 60
        and part["east"] < 24
        and part["by"] < 60
    )


def _is_sequence(value: bytes) -> bool:
    """Whether it is one DER sequence, which is what certificates begin as."""
    if len(value) < 2 or value[0] != 0x30:
        return False
    if value[1] < 0x80:
        return len(value) == 2 + value[1]
    wide = value[1] & 0x7F
    return 1 <= wide <= 4 and len(value) == 2 + wide + int.from_bytes(value[2 : 2 + wide], "big")


_CERTIFICATES = frozenset({"8", "9", "10", "49"})
_UTF_8 = (
    rb"[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf7][\x80-\xbf]{3}|\xf8[\x88-\xbf][\x80-\xbf]{3}"
    rb"|[\xf9-\xfb][\x80-\xbf]{4}|\xfc[\x84-\xbf][\x80-\xbf]{4}|\xfd[\x80-\xbf]{5}"
)
"""A character in as few bytes as it takes, surrogates and what is beyond Unicode included."""
_PRINTABLE = rb"[A-Za-z0-9 '()+,./:=?-]"

_BY_NUMBER: Mapping[str, Syntax] = {
    "6": Syntax("a bit string, such as '0101'B", _matches(rb"'[01]*'B")),
    "7": Syntax("TRUE or FALSE, in capital letters", _matches(rb"TRUE|FALSE")),
    "8": Syntax("a certificate, in DER", _is_sequence),
    "9": Syntax("a list of certificates, in DER", _is_sequence),
    "11": Syntax("two letters, such as DE", _matches(_PRINTABLE + rb"{2}")),
    "12": Syntax("a distinguished name, such as cn=dicom,dicomDeviceName=ct-1,...", _is_name),
    "15": Syntax("text that is not empty, in UTF-8", _matches(rb"(?:" + _UTF_8 + rb")+")),
    "24": Syntax("a time, such as 20261231235959Z", _is_time),
    "26": Syntax("text of plain letters, digits and signs (ASCII)", _matches(rb"[\x00-\x7f]*")),
    "27": Syntax("a whole number without zeros before it", _matches(rb"0|-?[1-9][0-9]*")),
    "36": Syntax("digits and spaces", _matches(rb"[0-9 ]+")),
    "38": Syntax(
        "a UID: numbers with dots between them, without zeros before them",
        _matches(rb"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*"),
    ),
    "44": Syntax("letters, digits, spaces and the signs ' ( ) + , - . / : = ?", _matches(_PRINTABLE + rb"+")),
    "50": Syntax("a telephone number, such as +49 30 1234", _matches(_PRINTABLE + rb"+")),
}
SYNTAXES: Mapping[str, Syntax] = {
    **{_RFC_4517 + number: syntax for number, syntax in _BY_NUMBER.items()},
    "1.3.6.1.1.16.1": Syntax(
        "a UUID, such as 597ae2f6-16a6-1027-98f4-d28b5365dc14",
        _matches(rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
    ),
}
"""By OID."""
