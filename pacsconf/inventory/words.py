"""The words in which an inventory says what a vendor keeps in a directory, as adopting needs to know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pacsconf.core.address import Address


class Words(Protocol):
    """What must be known of the extensions that a directory speaks."""

    def parent(self, address: Address) -> Address:
        """What the entry at this address stands right below."""
        ...

    def key(self, above: str, kind: str) -> tuple[str, str] | None:
        """The extension and its key under which what stands below a kind is written; None where it is not."""
        ...

    def needed(self, address: Address, field: str) -> str:
        """The auxiliary class that an entry needs for a field; empty for none."""
        ...

    def in_words(self, kind: str, declaration: Mapping[str, Any]) -> dict[str, Any]:
        """An entry of the standard as an inventory says it, from one that says all under `vendor`."""
        ...

    def made_with(self, kind: str) -> tuple[str, ...]:
        """The auxiliary classes that an entry of this kind is made with, if nothing else is said."""
        ...
