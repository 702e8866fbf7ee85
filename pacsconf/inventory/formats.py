"""What the standards say about the form of a value: one function per kind of text.

Each takes text and gives it checked (normalised where the standard calls spellings equal), or raises
ValueError with the rule that was broken. `values` makes types for models of them.
"""

from __future__ import annotations

import base64
import datetime
import re
import zoneinfo
from ipaddress import ip_address, ip_network


def ae_title(text: str) -> str:
    """The application entity title in `text`, outer spaces removed, case kept.

    1 to 16 characters of the default repertoire, no backslash or control character, and not only spaces.

    Raises: ValueError with the rule that was broken.
    Source: PS3.5 section 6.2 (AE); case is significant, PS3.15 section H.1.3 (dicomAETitle).
    """
    title = text.strip(" ")
    if not title:
        raise ValueError("an AE title needs at least one character that is not a space (PS3.5 section 6.2)")
    if "\\" in title:
        raise ValueError("an AE title may not hold a backslash (PS3.5 section 6.2)")
    if not title.isascii() or not title.isprintable():
        raise ValueError("an AE title holds printable ASCII characters only (PS3.5 section 6.2)")
    if len(title) > 16:
        raise ValueError(f"an AE title has at most 16 characters, this one {len(title)} (PS3.5 section 6.2)")
    return title


_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")


def uid(text: str) -> str:
    """The DICOM unique identifier in `text`.

    Raises: ValueError with the rule that was broken.
    Source: PS3.5 section 9.1.
    """
    if len(text) > 64:
        raise ValueError(f"a UID has at most 64 characters; this one has {len(text)} (PS3.5 section 9.1)")
    if not _UID.fullmatch(text):
        raise ValueError("a UID is numbers joined by dots, none with a leading zero (PS3.5 section 9.1)")
    return text


_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = re.compile(rf"{_OCTET}(\.{_OCTET}){{3}}")
"""An IPv4 address as the library writes it."""
_NUMERIC = re.compile(r"[0-9.]+")
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


def host(text: str) -> str:
    """The DNS name or IP address in `text`.

    An underscore is taken although the RFC has none: Windows machines of hospitals are named so, and reached.

    Raises: ValueError with the rule that was broken.
    Source: RFC 1123 section 2.1 (names), RFC 4291 (IPv6); PS3.15 section H.1.3 (dicomHostname).
    """
    if IPV4.fullmatch(text):  # what ip_address would find out in ten times as long
        return text
    if ":" in text or _NUMERIC.fullmatch(text):
        try:
            return str(ip_address(text))
        except ValueError as exc:
            raise ValueError(_not_an_ip(text)) from exc
    name = text.removesuffix(".")
    if not 1 <= len(name) <= 253:
        raise ValueError("a host name has 1 to 253 characters (RFC 1123 section 2.1)")
    for label in name.split("."):
        if not _LABEL.fullmatch(label):
            raise ValueError(
                f'"{label}" cannot stand in a host name: 1 to 63 letters, digits, hyphens and _ between dots, '
                "no hyphen at either end (RFC 1123 section 2.1)"
            )
    return text


def _not_an_ip(text: str) -> str:
    if re.fullmatch(r"\[?[^\[\]]*\]?:[0-9]+", text) and text.count(":") == 1:
        return "a host stands alone; write its port under `port`"
    return "this looks like an IP address and is none (IPv4: four numbers 0 to 255, no leading zeros)"


def port(number: int) -> int:
    """The TCP port.

    Raises: ValueError unless 1 to 65535.
    """
    if not 1 <= number <= 65535:
        raise ValueError(f"a port is a whole number from 1 to 65535, not {number}")
    return number


def count(number: int) -> int:
    """The number of things.

    Raises: ValueError when it is negative.
    """
    if number < 0:
        raise ValueError(f"a number of things is at least 0, not {number}")
    return number


LONGEST_WAIT = 3600
"""Seconds. Who waits longer for an answer waits in vain; a much larger number no clock can hold."""


def seconds(number: int) -> int:
    """How long to wait for an answer.

    Raises: ValueError when that is no time at all, or beyond all patience.
    """
    if not 1 <= number <= LONGEST_WAIT:
        raise ValueError(f"a time to wait is 1 to {LONGEST_WAIT} seconds, not {number}")
    return number


def network(text: str) -> str:
    """The IP network in `text` in CIDR form.

    Raises: ValueError with the rule that was broken.
    Source: RFC 4632 section 3.1.
    """
    try:
        loose = ip_network(text, strict=False)
    except ValueError as exc:
        raise ValueError("a network is an address and a prefix length: 10.20.0.0/16 (RFC 4632)") from exc
    if "/" not in text or str(loose.network_address) != str(ip_address(text.partition("/")[0])):
        raise ValueError(f"a network is written by its first address and a prefix length: {loose} (RFC 4632)")
    return str(loose)


def host_or_network(text: str) -> str:
    """A DNS name, an IP address, or a network in CIDR form: where calls may come from.

    Raises: ValueError with the rule that was broken.
    """
    return network(text) if "/" in text else host(text)


def host_and_port(text: str) -> str:
    """The `host:port` in `text`; an IPv6 address may stand in brackets, which are removed.

    Raises: ValueError with the rule that was broken.
    """
    name, colon, number = text.rpartition(":")
    if not colon or not re.fullmatch(r"[1-9][0-9]{0,4}", number):
        raise ValueError("an address to call is host:port, such as 127.0.0.1:11112")
    return f"{host(name.removeprefix('[').removesuffix(']'))}:{port(int(number))}"


ANYWHERE = "*"
"""The key of `dial` for every address that it does not name."""
NOWHERE = "none"
"""The value of `dial` for an address that must not be called: a practice lab never calls a real scanner."""


def dialled(text: str) -> str:
    """What is called in place of a declared address: another `host:port`, or `none`.

    Raises: ValueError with the rule that was broken.
    """
    return text if text == NOWHERE else host_and_port(text)


def dialled_for(text: str) -> str:
    """The declared `host:port` that another is called for, or `*` for every other one.

    Raises: ValueError with the rule that was broken.
    """
    return text if text == ANYWHERE else host_and_port(text)


_PERIOD = re.compile(r"([0-9]{1,5})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def period(text: str) -> int:
    """The days in a period: `90d`, `12w`, `6m` (of 30 days) or `10y` (of 365 days).

    Raises: ValueError when it is none.
    """
    match = _PERIOD.fullmatch(text)
    if not match:
        raise ValueError("a period is a number and a unit: 90d (days), 12w (weeks), 6m (months), 10y (years)")
    return int(match[1]) * _DAYS[match[2]]


_TIME = re.compile(r"([0-9]{1,5})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


def minutes(text: str) -> int:
    """The minutes in a short time: `30m`, `1h` or `2d` (days).

    Raises: ValueError when it is none.
    """
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError("a short time is a number and a unit: 30m (minutes), 1h (hours), 2d (days)")
    return int(match[1]) * _MINUTES[match[2]]


def date(text: str) -> str:
    """The calendar date in `text`, as YYYY-MM-DD.

    Raises: ValueError when there is no such day.
    """
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("a date is written as year-month-day, such as 2026-01-31 (ISO 8601)")
    try:
        datetime.date.fromisoformat(text)
    except ValueError as exc:
        raise ValueError(f"the calendar has no day {text}") from exc
    return text


_SUITE = re.compile(r"(TLS|SSL)_[A-Z0-9]+(_[A-Z0-9]+)+")


def cipher_suite(text: str) -> str:
    """The TLS cipher suite's name, as in the IANA registry or RFC 2246 (TLS_RSA_WITH_AES_128_CBC_SHA).

    Raises: ValueError when it has another form.
    Source: PS3.15 section H.1.3 (dicomTLSCipherSuite).
    """
    if not _SUITE.fullmatch(text):
        raise ValueError(
            "a cipher suite has its name from the TLS standards, not OpenSSL's, such as "
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 (IANA TLS registry; PS3.15 section H.1.3)"
        )
    return text


_TYPE = r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*)"
_RDN = rf"{_TYPE} *= *(?:\\[0-9A-Fa-f]{{2}}|\\[^0-9A-Fa-f]|[^\\,+\"<>;])+"
_DN = re.compile(rf"{_RDN}(?:[,+] *{_RDN})*")


def distinguished_name(text: str) -> str:
    """The LDAP distinguished name in `text`; its form is checked, not whether such an entry exists.

    Raises: ValueError with the rule that was broken.
    Source: RFC 4514 section 3.
    """
    if not _DN.fullmatch(text):
        raise ValueError(
            "a DN is attribute=value pairs joined by commas: cn=ct-1,dc=example,dc=org (RFC 4514)"
        )
    return text


def issuer(text: str) -> str:
    """The issuer of identifiers in `text`: `LOCAL`, `&UID&ISO` or `LOCAL&UID&ISO`.

    Raises: ValueError with the rule that was broken.
    Source: PS3.15 section H.1.3 (dicomIssuerOfPatientID); HL7 v2 type HD: namespace, universal id, its type.
    """
    local, *universal = text.split("&")
    if not universal and local:
        return text
    if len(universal) != 2 or not all(universal):
        raise ValueError("an issuer is LOCAL, &UID&ISO or LOCAL&UID&ISO (PS3.15 section H.1.3)")
    if universal[1] == "ISO":
        uid(universal[0])
    return text


_CODE = re.compile(r"\(\s*[^,()\s][^,()]*,\s*[^,()\s][^,()]*,\s*\"[^\"]+\"\s*\)")


def code(text: str) -> str:
    """The code triple in `text`: `(value, scheme, "meaning")`.

    Raises: ValueError when it has another form.
    Source: PS3.15 section H.1.3 (dicomInstitutionCode); notation of PS3.3 section 8.
    """
    if not _CODE.fullmatch(text):
        raise ValueError('a code is written as (value, scheme, "meaning"), such as (113820, DCM, "CT Dose")')
    return text


def base64_text(text: str) -> str:
    """The bytes in `text` as base64 without line breaks.

    Raises: ValueError when it is none.
    Source: RFC 4648 section 4.
    """
    try:
        return base64.b64encode(base64.b64decode("".join(text.split()), validate=True)).decode()
    except ValueError as exc:
        raise ValueError("bytes are written as base64 here (RFC 4648 section 4)") from exc


_SINGLE_BYTE = (6, 13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 203)
_CHARACTER_SETS = frozenset(
    {"GB18030", "GBK", "ISO_IR 192"}
    | {f"ISO_IR {number}" for number in _SINGLE_BYTE}
    | {f"ISO 2022 IR {number}" for number in (*_SINGLE_BYTE, 58, 87, 149, 159)}
)


def character_set(text: str) -> str:
    """The defined term of a character set, such as `ISO_IR 192` (UTF-8) or `ISO_IR 100` (Latin 1).

    Raises: ValueError when the standard has no such term.
    Source: PS3.3 section C.12.1.1.2.
    """
    if text not in _CHARACTER_SETS:
        raise ValueError(
            "a character set is a term such as ISO_IR 100 or ISO_IR 192 (PS3.3 section C.12.1.1.2)"
        )
    return text


def timezone(text: str) -> str:
    """The name of a time zone, such as `Europe/Berlin`.

    Raises: ValueError when this machine's zone database has no such name; where a machine has none (Windows
    without the tzdata package) only the form is checked.
    """
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as exc:
        if zoneinfo.TZPATH or not re.fullmatch(r"[A-Za-z_]+(/[A-Za-z0-9_+-]+)*", text):
            raise ValueError(
                "a time zone has its name from the IANA database, such as Europe/Berlin"
            ) from exc
    return text


_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_HOURS = re.compile(rf"({_DAY}(-{_DAY})? )?{_CLOCK}-({_CLOCK}|24:00)")


def expected(text: str) -> str:
    """When a device should answer: `always`, `intermittent`, or hours such as `mon-fri 07:00-18:00`.

    Raises: ValueError when it is none of these.
    """
    if text not in {"always", "intermittent"} and not all(map(_HOURS.fullmatch, text.split(", "))):
        raise ValueError("this is always, intermittent, or hours: mon-fri 07:00-18:00, sat 08:00-12:00")
    return text


def hours(text: str) -> str:
    """Hours of days, such as `mon-fri 07:00-18:00, sat 08:00-12:00`.

    Raises: ValueError when it is none.
    """
    if not all(map(_HOURS.fullmatch, text.split(", "))):
        raise ValueError("hours are days and times: mon-fri 07:00-18:00, sat 08:00-12:00")
    return text


def name(text: str) -> str:
    """A name of something declared: printable, no outer or double spaces, at most 128 characters.

    A capability is named after its SOP class by default, and the longest of those have 77.

    Raises: ValueError with the rule that was broken.
    """
    if not text:
        raise ValueError("a name needs at least one character")
    if text != " ".join(text.split()) or not text.isprintable():
        raise ValueError("a name has no spaces at its ends, no double spaces and no control characters")
    if len(text) > 128:
        raise ValueError(f"a name has at most 128 characters; this one has {len(text)}")
    return text


USUAL_NAMES = "{label}-{role-lower}"
"""How the entries of transfer capabilities are named unless something else is said: `ct-image-storage-scu`."""
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_PLACEHOLDERS = ("{name}", "{keyword}", "{label}", "{uid}", "{role}", "{role-lower}")


def names_pattern(text: str) -> str:
    """A pattern for the names of transfer capabilities, such as `{name} {role}`.

    Raises: ValueError with the rule that was broken.
    """
    odd = [each for each in PLACEHOLDER.findall(text) if each not in _PLACEHOLDERS]
    if odd:
        raise ValueError(f"{odd[0]} stands for nothing here; known: {', '.join(_PLACEHOLDERS)}")
    if not PLACEHOLDER.search(text):
        raise ValueError(f"all would have one name: write where they differ, by {', '.join(_PLACEHOLDERS)}")
    return name(text)


def environment_name(text: str) -> str:
    """The name of an environment; it becomes part of the name of a git branch.

    Raises: ValueError unless it is lower-case letters, digits and hyphens.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", text):
        raise ValueError("an environment's name is lower-case letters, digits and hyphens, such as lab")
    return text
