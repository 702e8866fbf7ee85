"""An entry of a directory as it is handed out: names of attributes in lower case, values raw, secrets left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Values = tuple[bytes, ...]

_SECRET = ("password", "pin", "secret", "privatekey", "pkcs12", "passwd", "httpproxy")
"""Endings of attribute names whose values are never kept: `userPassword`, `dcmKeyStorePin`, `dcmHTTPProxy`, ..."""

_PAIRS = ("property", "param")
"""Endings of names of attributes whose values are `NAME=VALUE`: `dcmProperty`, `dcmCoercionParam`, ..."""
_SECRET_NAME = re.compile(
    r"(?:password|passwd|passphrase|secret|secret[-_.]?(?:access[-_.]?)?key|(?:private|api|account)[-_.]?key"
    r"|credentials?|token|basic[-_.]?auth|authorization)\s*\Z",
    re.IGNORECASE,
)
"""How the name of such a pair ends whose value is secret: `secretKey`, `credential`, `bearer-token`, ..."""
_HIDDEN = b"\xff(secret)\xff"
"""In place of the value of such a pair; no text of a directory holds it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the server gave it; attribute names in lower case, values raw. Of secrets only the name."""

    dn: str
    attributes: Mapping[str, Values]

    def values(self, attribute: str) -> Values:
        return self.attributes.get(attribute.lower(), ())

    def texts(self, attribute: str) -> tuple[str, ...]:
        """The values as text; what is no UTF-8 shows as such."""
        return tuple([value.decode(errors="backslashreplace") for value in self.values(attribute)])

    def text(self, attribute: str) -> str | None:
        """The first value as text."""
        values = self.values(attribute)
        return values[0].decode(errors="backslashreplace") if values else None

    def secrets(self) -> Iterator[tuple[str, str]]:
        """What it holds that is secret: the attribute, and of a pair the name that stands before its secret."""
        for name, values in self.attributes.items():
            if is_secret(name):
                yield name, ""
            elif holds_pairs(name):
                yield from (
                    (name, value.partition(b"=")[0].decode(errors="backslashreplace"))
                    for value in values
                    if is_hidden(value)
                )


def is_secret(attribute: str) -> bool:
    """Whether an attribute's name says that its values are secret."""
    return attribute.partition(";")[0].lower().endswith(_SECRET)


def is_secret_pair(attribute: str, text: str) -> bool:
    """Whether a value of an attribute is a pair of a name and a secret."""
    name, equals, _ = text.partition("=")
    return bool(equals) and holds_pairs(attribute) and has_secret_name(name)


def has_secret_name(name: str) -> bool:
    """Whether the name of a pair says that its value is secret."""
    return _SECRET_NAME.search(name) is not None


def is_hidden(value: bytes) -> bool:
    """Whether this stands for a pair whose value was not kept."""
    return value.endswith(_HIDDEN)


def kept(attribute: str, values: Iterable[bytes]) -> Values:
    """The values of an attribute as an entry holds them: none of a secret one, and no secret of a pair."""
    if is_secret(attribute):
        return ()
    if not holds_pairs(attribute):
        return tuple(values)
    return tuple(_pair(attribute, value) for value in values)


def holds_pairs(attribute: str) -> bool:
    """Whether the values of an attribute are pairs of a name and a value, as its own name has it."""
    return attribute.partition(";")[0].lower().endswith(_PAIRS)


def _pair(attribute: str, value: bytes) -> bytes:
    if not is_secret_pair(attribute, value.decode(errors="backslashreplace")):
        return value
    return value.partition(b"=")[0] + b"=" + _HIDDEN
