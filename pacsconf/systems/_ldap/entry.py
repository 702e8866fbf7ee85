"""An entry of a directory as it is handed out: names of attributes in lower case, values raw, secrets left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Values = tuple[bytes, ...]

_SECRET = ("password", "pin", "secret", "privatekey", "pkcs12", "passwd", "httpproxy")
"""Endings of attribute names whose values are never kept: `userPassword`, `dcmKeyStorePin`, `dcmHTTPProxy`, ..."""


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


def is_secret(attribute: str) -> bool:
    """Whether an attribute's name says that its values are secret."""
    return attribute.partition(";")[0].lower().endswith(_SECRET)
