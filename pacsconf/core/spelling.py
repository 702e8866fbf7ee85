"""JSON as text: one spelling for equal data, compact or indented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as quoted
from math import isfinite
from typing import Any

_compact = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode


def canonical(body: Any) -> bytes:
    """One byte string for equal data: sorted keys, no spaces, ASCII."""
    return _compact(body).encode("ascii")


class Spelt(str):
    """JSON that was spelt before, for the depth at which it is put in."""

    __slots__ = ()


def indented(body: Any, *, by: int, depth: int = 0, sort_keys: bool = False) -> Spelt:
    """What `json.dumps(body, indent=by, sort_keys=sort_keys)` gives, `depth` levels further in.

    The library indents in Python, by a generator in a generator for each level; this takes a third of its time
    (measured).
    """
    return Spelt(_Indenting(" " * by, sort_keys).spelt(body, "\n" + " " * (by * depth)))


_WORDS = {None: "null", True: "true", False: "false"}


class _Indenting:
    """Spells values; `newline` is the line end with the indent of where they stand."""

    def __init__(self, step: str, sort_keys: bool) -> None:
        self._step = step
        self._sort_keys = sort_keys
        self._forms: dict[tuple[str, ...], tuple[Sequence[str], str]] = {}
        """By where a dictionary stands and its names: the names in order, and its text but for the values."""
        self._last: tuple[Any, str, str] = (None, "", "")
        """What was spelt last, and how: what is created and what is recorded of it are one object in turn."""

    def spelt(self, value: Any, newline: str) -> str:
        kind = type(value)
        if value is None or kind is bool:
            return _WORDS[value]
        if kind is int:
            return str(value)
        if kind is float and isfinite(value):
            return repr(value)
        if isinstance(value, dict):
            return self._dict(value, newline) if value else "{}"
        if isinstance(value, (list, tuple)):
            return self._list(value, newline) if value else "[]"
        return str(value) if kind is Spelt else json.dumps(value)

    def _dict(self, value: dict[str, Any], newline: str) -> str:
        if value is self._last[0] and newline == self._last[1]:
            return self._last[2]
        inner, spelt = newline + self._step, self.spelt
        names, form = self._forms.get((newline, *value)) or self._form(value, newline)
        values = [
            quoted(one) if type(one) is str else spelt(one, inner) for one in map(value.__getitem__, names)
        ]
        text = form % tuple(values)
        self._last = (value, newline, text)
        return text

    def _form(self, value: dict[str, Any], newline: str) -> tuple[Sequence[str], str]:
        """The names of a dictionary in order and its text with a `%s` for each value, made once for all alike."""
        inner = newline + self._step
        names = sorted(value) if self._sort_keys else tuple(value)
        rows = [quoted(name).replace("%", "%%") + ": %s" for name in names]
        made = names, "{" + inner + f",{inner}".join(rows) + newline + "}"
        self._forms[newline, *value] = made
        return made

    def _list(self, value: list[Any] | tuple[Any, ...], newline: str) -> str:
        inner, spelt = newline + self._step, self.spelt
        rows = [quoted(one) if type(one) is str else spelt(one, inner) for one in value]
        return "[" + inner + f",{inner}".join(rows) + newline + "]"
