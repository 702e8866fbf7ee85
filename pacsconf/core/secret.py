"""A secret at the moment of use."""

from __future__ import annotations

from typing import Any


class Secret:
    """A secret at the moment of use. Its repr, str and format are `***`; `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself: only as the argument of the call that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return "***"

    def __reduce__(self) -> Any:
        raise TypeError("a secret is never serialised")
