"""Distinguished names: taken apart, compared and put together (RFC 4514).

ldap3 has functions for this; they lose an escaped space at the end and take no attribute given by its OID.
"""

from __future__ import annotations

import re
from functools import lru_cache

Part = tuple[str, str]
"""An attribute name and its value, unescaped."""

Key = tuple[frozenset[Part], ...]
"""A name for comparison, leaf first: equal for all spellings that a server takes for the same entry."""

_CASE_IGNORED = frozenset(
    {
        *(
            "c",
            "cn",
            "commonname",
            "countryname",
            "dc",
            "description",
            "domaincomponent",
            "displayname",
            "employeenumber",
        ),
        *(
            "gn",
            "givenname",
            "host",
            "l",
            "localityname",
            "mail",
            "o",
            "organizationname",
            "organizationalunitname",
        ),
        *(
            "ou",
            "serialnumber",
            "sn",
            "st",
            "stateorprovincename",
            "street",
            "streetaddress",
            "surname",
            "title",
        ),
        *(
            "uid",
            "userid",
            "2.5.4.3",
            "2.5.4.10",
            "2.5.4.11",
            "0.9.2342.19200300.100.1.1",
            "0.9.2342.19200300.100.1.25",
        ),
        *(
            "dicomapplicationcluster",
            "dicomdescription",
            "dicomdevicename",
            "dicomdeviceserialnumber",
            "dicomhostname",
        ),
        *(
            "dicominstitutionaddress",
            "dicominstitutiondepartmentname",
            "dicominstitutionname",
            "dicommanufacturer",
        ),
        *("dicommanufacturermodelname", "dicomsoftwareversion", "dicomstationname", "dicomtransferrole"),
        *("dcmauditenterprisesiteid", "dcmauditsourceid", "dcmbindaddress", "dcmhostname"),
    }
)
"""Attributes that are known to be compared without case. All others are taken to be exact, as AE titles are (PS3.15
section H.1.3), and the names of storages, queues, exporters and rules of an archive. Two entries that were taken
for one could not both be shown; of one that is taken for two, a name in another spelling is at worst not found."""

_PART = re.compile(
    r"\s*(?P<name>[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*)\s*="
    r"\s*(?P<value>(?:\\[0-9A-Fa-f]{2}|\\.|[^\\,;+\"\s]|\s+(?=[^\s,;+]))*)\s*(?P<end>[,;+]|\Z)",
    re.DOTALL,
)
_PLAIN = re.compile(r"([A-Za-z][A-Za-z0-9-]*)=((?:[^\\,;+\"\s]+(?: [^\\,;+\"\s]+)*)?)")
"""A relative name of one part without escapes, written as servers write it."""

_REMEMBERED = 16_384
"""Names of entries with others below them that are remembered: devices and their entities."""

_DEEPEST = 30
"""Commas in a name that is remembered, at most."""

_ESCAPE = re.compile(rb"\\([0-9a-fA-F]{2}|.)", re.DOTALL)
_SPECIAL = re.compile(r'[\\,+"<>;=]|^[# ]| $')


def parse(dn: str) -> tuple[tuple[Part, ...], ...]:
    """The relative names of `dn`, leaf first, each one or more parts as they are spelled.

    Raises: ValueError when it is no distinguished name.
    """
    own, above = _split(dn)
    if own is None:
        return _walk(dn)
    try:
        return ((own,), *(_parsed(above) if above else ()))
    except ValueError:
        return _walk(dn)  # which says what is wrong of the whole name


def _split(dn: str) -> tuple[Part | None, str]:
    """The only part of the leaf and the name of what is above, where they can be told without a walk; else None.

    Thousands of entries stand below the same few, so that above is worth remembering.
    """
    leaf, comma, above = dn.partition(",")
    plain = _PLAIN.fullmatch(leaf)
    if plain is None or (comma and not above) or above.count(",") > _DEEPEST:
        return None, ""
    return (plain[1], plain[2]), above


def _walk(dn: str) -> tuple[tuple[Part, ...], ...]:
    """`parse`, one part after the other."""
    names: list[tuple[Part, ...]] = []
    current: list[Part] = []
    position, end = 0, "," if dn else ""
    while end:
        match = _PART.match(dn, position)
        if match is None:
            raise ValueError(f'"{dn}" is not a distinguished name')
        position, end = match.end(), match["end"]
        current.append((match["name"], _unescaped(match["value"])))
        if end != "+":
            names.append(tuple(current))
            current = []
    return tuple(names)


_parsed = lru_cache(_REMEMBERED)(parse)


def _unescaped(value: str) -> str:
    def plain(match: re.Match[bytes]) -> bytes:
        escaped = match[1]
        return bytes.fromhex(escaped.decode()) if len(escaped) == 2 else escaped

    return _ESCAPE.sub(plain, value.encode()).decode(errors="replace")


def key(dn: str) -> Key:
    """What is equal for two spellings of the same name: spaces and the order of parts do not count, nor does case
    where the attribute is compared without.

    Raises: ValueError when it is no distinguished name.
    """
    own, above = _split(dn)
    if own is None:
        return _folded_all(_walk(dn))
    try:
        return (frozenset((_folded(*own),)), *(_key(above) if above else ()))
    except ValueError:
        return _folded_all(_walk(dn))


_key = lru_cache(_REMEMBERED)(key)


def _folded_all(names: tuple[tuple[Part, ...], ...]) -> Key:
    return tuple(frozenset(_folded(*part) for part in name) for name in names)


def _folded(attribute: str, value: str) -> Part:
    name, text = attribute.lower(), " ".join(value.split())
    return name, text.casefold() if name in _CASE_IGNORED else text


def canonical(dn: str) -> str:
    """One spelling for all spellings of a name; what is no name stays as it is."""
    try:
        names = parse(dn)
    except ValueError:
        return dn
    parts = ([_folded(*part) for part in name] for name in names)
    return ",".join("+".join(sorted(rdn(*part) for part in name)) for name in parts)


def rdn(attribute: str, value: str) -> str:
    """The relative name `attribute=value`, escaped."""
    return f"{attribute}=" + _SPECIAL.sub(lambda match: "\\" + match[0], value)


@lru_cache(256)
def leaf(dn: str) -> str:
    """The relative name of an entry, without those above it; empty for an empty name.

    Raises: ValueError when it is no distinguished name.
    """
    names = parse(dn)
    return "+".join(rdn(*part) for part in names[0]) if names else ""


def child(parent: str, attribute: str, value: str) -> str:
    """The name of an entry below `parent`."""
    return f"{rdn(attribute, value)},{parent}"


_IN_FILTER = re.compile(r"[\\*()\x00]")


def for_filter(value: str) -> str:
    """A value as it stands in a filter (RFC 4515 section 3): nothing in it is read as part of the filter."""
    return _IN_FILTER.sub(lambda match: f"\\{ord(match[0]):02x}", value)
