"""What the type of a field says: what values it has, what is said about it, and its empty value."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict


def plain(hint: object) -> Any:
    """The type of a field without what is said about it: bool, int, str, a list of these, or a map."""
    while get_origin(hint) in (Annotated, NotRequired):
        hint = get_args(hint)[0]
    return hint


def member(hint: object) -> Any:
    """The type of the members of a list; None where it is no list."""
    kind = plain(hint)
    return plain(get_args(kind)[0]) if get_origin(kind) is list else None


def sentence(hint: object) -> str:
    """What is said about a field."""
    while get_origin(hint) is NotRequired:
        hint = get_args(hint)[0]
    return next((one for one in get_args(hint)[1:] if isinstance(one, str)), "")


def may_be_absent(hint: object) -> bool:
    """Whether a declared field need not be there."""
    return get_origin(hint) is NotRequired


def fields_of(made: type) -> dict[str, object]:
    """The fields of a `TypedDict` with their types."""
    return get_type_hints(made, include_extras=True)


def empty(hint: object) -> Any:
    """The value that stands for nothing: false, 0, no text, no members."""
    kind = plain(hint)
    if get_origin(kind) is list:
        return []
    if is_typeddict(kind):
        return {name: empty(one) for name, one in fields_of(kind).items() if not may_be_absent(one)}
    return kind()


def in_words(hint: object) -> str:
    """The type of a field as people are told it."""
    of = member(hint)
    if of is not None:
        return "list of " + ("maps" if is_typeddict(of) else _PLURALS[of])
    return _WORDS.get(plain(hint), "map")


_WORDS = {bool: "true or false", int: "whole number", str: "text"}
_PLURALS = {bool: "switches", int: "whole numbers", str: "texts"}
