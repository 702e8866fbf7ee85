"""The words of a CEL expression and where they stand: which fields it looks at, and of which evidence.

Only what can be told without CEL itself: text in quotes and remarks are passed over, so that a field's name in a
message is no field that is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from pacsconf.policy.rule import TIERS, Parameter, Tier

HOLDERS = ("self", "site", "configured", "observed", "params")
"""Variables that hold fields."""

MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
"""What goes through the members of a list."""

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
    |(?P<text>
        (?:[rR][bB]?|[bB][rR])(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
        |[bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    )
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?[uU]?)
    |(?P<sign>&&|\|\||[=!<>]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A word of an expression: `kind` is text, name, number or sign; `at` is its first character, from 0."""

    kind: str
    text: str
    at: int

    @property
    def end(self) -> int:
        """What follows its last character."""
        return self.at + len(self.text)


@lru_cache(4096)
def tokens(expression: str) -> tuple[Token, ...]:
    """The words of an expression; blanks and remarks are left out."""
    return tuple(
        Token(found.lastgroup or "sign", found[0], found.start())
        for found in _TOKEN.finditer(expression)
        if found.lastgroup != "space"
    )


@dataclass(frozen=True, slots=True)
class Looks:
    """What an expression looks at."""

    names: frozenset[str] = frozenset()
    """Names that stand alone: fields by their own name, holders, variables of loops, functions left out."""
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By holder, the fields that are asked of it."""
    whole: frozenset[str] = frozenset()
    """Holders that are used as such, so that any field of theirs may be looked at."""

    def of(self, holder: str) -> frozenset[str]:
        """The fields that are asked of a holder."""
        return self.fields.get(holder, frozenset())

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The evidence that is looked at, the weakest first; what looks at nothing stands on the declared."""
        live = {tier for tier in TIERS if tier in self.names}
        others = self.names - live - {"params"}
        return tuple(tier for tier in TIERS if tier in live or (tier == "declared" and (others or not live)))


@lru_cache(4096)
def looks(*expressions: str) -> Looks:
    """What some expressions look at, together."""
    names: set[str] = set()
    fields: dict[str, set[str]] = {}
    whole: set[str] = set()
    for expression in expressions:
        found = tokens(expression)
        bound = {name.text for name in loop_variables(found)}
        for position, token in enumerate(found):
            if not _stands_alone(found, position) or token.text in bound:
                continue
            names.add(token.text)
            if token.text in HOLDERS:
                below = _asked_of(found, position)
                fields.setdefault(token.text, set()).update({below} if below else ())
                whole.update(() if below else {token.text})
    return Looks(
        frozenset(names), {name: frozenset(asked) for name, asked in fields.items()}, frozenset(whole)
    )


def loop_variables(found: Sequence[Token]) -> Iterator[Token]:
    """The names that `all`, `exists`, `exists_one`, `map` and `filter` give to the members of a list."""
    for before, macro, opening, name, after in zip(
        found, found[1:], found[2:], found[3:], found[4:], strict=False
    ):
        if (before.text, opening.text, name.kind, after.text) == (".", "(", "name", ",") and (
            macro.text in MACROS
        ):
            yield name


def patterns(found: Sequence[Token]) -> Iterator[tuple[Token, ...]]:
    """The words of each last argument of `matches`: a text or a parameter where its pattern is known at once."""
    for position, token in enumerate(found[:-1]):
        if token.text != "matches" or token.kind != "name" or found[position + 1].text != "(":
            continue
        depth, last = 0, position + 2
        for place in range(position + 1, len(found)):
            sign = found[place].text if found[place].kind == "sign" else ""
            depth += (sign in {"(", "[", "{"}) - (sign in {")", "]", "}"})
            if depth == 1 and sign == ",":
                last = place + 1
            if depth == 0:
                yield tuple(found[last:place])
                break


def is_strict(expression: str) -> bool:
    """Whether every part of it is always looked at: a field that is absent then leaves no answer."""
    return not any(
        token.text in {"&&", "||", "?"} if token.kind == "sign" else token.text in {*MACROS, "has"}
        for token in tokens(expression)
        if token.kind in {"sign", "name"}
    )


_TYPES = frozenset({"type", "int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type"})


def alias(name: str) -> str:
    """What CEL calls a field: its name, or another of that length where CEL has a type of its own (`type`)."""
    return name[:-1] + name[-1].upper() if name in _TYPES else name


def prepared(expression: str, fields: frozenset[str]) -> str:
    """The expression, in as many characters, with the fields that CEL keeps for itself under their alias."""
    kept = fields & _TYPES
    found = tokens(expression) if kept else ()
    for position, token in enumerate(found):
        if token.text in kept and _stands_alone(found, position):
            expression = expression[: token.at] + alias(token.text) + expression[token.end :]
    return expression


def inlined(expression: str, params: Mapping[str, Parameter]) -> str:
    """The expression with the values of its parameters in place of their names."""
    found = tokens(expression)
    parts: list[str] = []
    end = 0
    for position, token in enumerate(found):
        if token.text != "params" or not _stands_alone(found, position):
            continue
        below = _asked_of(found, position)
        is_asked_for = position > 1 and [one.text for one in found[position - 2 : position]] == ["has", "("]
        if below in params and not is_asked_for:
            value, after = literal(params[below]), found[position + 2].end
        else:
            value, after = _map(params), token.end
        parts += expression[end : token.at], value
        end = after
    return "".join((*parts, expression[end:]))


def _map(params: Mapping[str, Parameter]) -> str:
    return "{" + ", ".join(f"{literal(name)}: {literal(value)}" for name, value in params.items()) + "}"


def literal(value: Parameter) -> str:
    """A value as CEL spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"({value})"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    return '"' + "".join(_ESCAPES.get(char) or _spelt(char) for char in value) + '"'


_ESCAPES = {"\\": "\\\\", '"': '\\"'}


def _spelt(char: str) -> str:
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _stands_alone(found: Sequence[Token], position: int) -> bool:
    """Whether a word is a name of its own: no field of something, no function, no key."""
    token = found[position]
    if token.kind != "name" or token.text in _WORDS:
        return False
    before = found[position - 1].text if position else ""
    after = found[position + 1].text if position + 1 < len(found) else ""
    return before != "." and after != "("


_WORDS = frozenset({"true", "false", "null", "in"})


def _asked_of(found: Sequence[Token], position: int) -> str:
    """The field that is asked of the holder at a position; empty where it is used as such."""
    after = found[position + 1 : position + 4]
    if len(after) < 2 or after[0].text != "." or after[1].kind != "name":
        return ""
    is_called = len(after) > 2 and after[2].text == "("
    return "" if is_called else after[1].text
