"""Entries of a directory, put together and written as LDIF (RFC 2849) by other code than what is tested."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

Rdn = tuple[tuple[str, str], ...]
Values = str | bytes | Iterable[str | bytes]

_SPECIAL = re.compile(r'[\\,+"<>;=]|^[# ]| $')


@dataclass(frozen=True)
class Entry:
    """One entry: its DN and its values, in the order in which they are written."""

    dn: str
    values: tuple[tuple[str, bytes], ...]


def entry(rdn: Rdn, above: str, classes: str, **attributes: Values) -> Entry:
    """An entry named `rdn` below `above`; names of attributes with an option are written `name__option`."""
    relative = "+".join(f"{name}={escaped(value)}" for name, value in rdn)
    found = [("objectClass", kind.encode()) for kind in classes.split()]
    for name, values in {**dict(rdn), **attributes}.items():
        several = [values] if isinstance(values, str | bytes) else values
        found += [(name.replace("__", ";"), v.encode() if isinstance(v, str) else v) for v in several]
    return Entry(f"{relative},{above}", tuple(found))


def escaped(value: str) -> str:
    """A value as it is written in a DN (RFC 4514)."""
    return _SPECIAL.sub(lambda match: "\\" + match[0], value)


def written(entries: Iterable[Entry], ways: Collection[str] = ()) -> str:
    """The entries as LDIF. Of `ways`, `base64` writes every third value in base64, `folded` breaks long lines
    after 60 characters, `comments` puts one before every tenth entry."""
    lines = ["version: 1", ""]
    for number, each in enumerate(entries):
        if "comments" in ways and number % 10 == 0:
            lines += [f"# entry {number},", "  which goes on here"]
        lines.append(_line("dn", each.dn.encode(), plain=True))
        for at, (name, value) in enumerate(each.values):
            lines.append(_line(name, value, plain=not ("base64" in ways and at % 3 == 2)))
        lines.append("")
    return "\n".join(map(_folded, lines) if "folded" in ways else lines) + "\n"


_SAFE = re.compile(rb"(?:[^\0\r\n :<\x80-\xff][^\0\r\n\x80-\xff]*)?(?<! )")


def _line(name: str, value: bytes, *, plain: bool) -> str:
    if plain and _SAFE.fullmatch(value):
        return f"{name}: {value.decode()}"
    return f"{name}:: {base64.b64encode(value).decode()}"


def _folded(line: str, width: int = 60) -> str:
    return "\n ".join(line[at : at + width] for at in range(0, len(line), width))
