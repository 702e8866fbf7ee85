"""What an expression may not do, so that its work is bounded by its length and by what it looks at.

CEL has no loop without an end, and cel-expr-python stops one evaluation after 10,000 members of lists. That bounds
no memory: `[t].map(x, x + x).map(x, x + x)...` doubles a text with every step, and steps enough take all there is
(measured: two gigabytes, by an expression of 240 characters). What was put together must therefore not become a
member of a list that is gone through: loops go over fields and constants. Of CEL's functions those are left out
that multiply (`replace`, `quote`), and the one that hides types from the check (`dyn`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pacsconf.policy.scan import MACROS, Token, loop_variables

FUNCTIONS = frozenset(
    {
        *MACROS,
        *("has", "size", "contains", "startsWith", "endsWith", "matches"),
        *("int", "double", "string", "bool", "type", "duration", "timestamp"),
        *("join", "split", "format", "lowerAscii", "upperAscii", "trim", "substring"),
        *("charAt", "indexOf", "lastIndexOf"),
    }
)
"""All that rules may call."""

LONGEST_PATTERN = 500
"""Characters of a regular expression: it is prepared anew whenever it is matched (measured)."""

_BUILDS = frozenset({"map", "join", "format"})
_PAIRS = {")": "(", "]": "[", "}": "{"}


def unknown_functions(found: Sequence[Token]) -> Iterator[Token]:
    """What is called and is none of these."""
    for token, after in pairwise(found):
        if token.kind == "name" and after.text == "(" and token.text not in FUNCTIONS | {"in"}:
            yield token


def built_ranges(found: Sequence[Token]) -> Iterator[Token]:
    """Loops over what is put together on the way: where in what they go through that is."""
    bound = {name.text for name in loop_variables(found)}
    for position in range(1, len(found) - 1):
        macro, before, after = found[position], found[position - 1], found[position + 1]
        if macro.kind == "name" and macro.text in MACROS and (before.text, after.text) == (".", "("):
            yield from _built(found, _start(found, position - 2), position - 1, bound)


def _built(found: Sequence[Token], start: int, end: int, bound: set[str]) -> Iterator[Token]:
    """The first word between two positions that builds something."""
    listed = 0
    for position in range(start, end):
        token, before = found[position], found[position - 1] if position > start else None
        opens = token.text == "[" and not _is_operand(before)
        listed = (
            listed + 1
            if opens or (listed and token.text == "[")
            else listed - (token.text == "]" and listed > 0)
        )
        calls = token.kind == "name" and token.text in _BUILDS and found[position + 1].text == "("
        nested = opens and listed > 1
        again = (
            listed and token.kind == "name" and token.text in bound and (before is None or before.text != ".")
        )
        if calls or nested or again or (token.kind == "sign" and token.text in {"+", "{"}):
            yield token
            return


def _start(found: Sequence[Token], position: int) -> int:
    """Where the value begins that ends at a position: a path of fields, calls and brackets."""
    while position > 0:
        if found[position].text in _PAIRS and found[position].kind == "sign":
            position = _opening(found, position)
            if found[position].text != "{" and position and _is_operand(found[position - 1]):
                position -= 1
                continue
        if position and found[position - 1].text == ".":
            position -= 2
            continue
        break
    return max(position, 0)


def _opening(found: Sequence[Token], position: int) -> int:
    """Where the bracket was opened that is closed at a position; the beginning where it was not."""
    depth = 0
    for place in range(position, -1, -1):
        token = found[place]
        if token.kind != "sign":
            continue
        depth += (token.text in _PAIRS) - (token.text in _PAIRS.values())
        if depth == 0:
            return place
    return 0


def _is_operand(token: Token | None) -> bool:
    """Whether a bracket after it is one of a call or of an index."""
    return token is not None and (token.kind == "name" or token.text in {")", "]"}) and token.text != "in"
