"""Who comes into which groups and goes out of which, as people say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pacsconf.core.address import Address
from pacsconf.core.change import Change, FieldChange
from pacsconf.people.entries import MEMBERSHIP, in_words
from pacsconf.report.lines import Style

IN_OUT: Mapping[str, Style] = {"+": "create", "-": "delete"}
"""How each sign is shown."""


def in_and_out(field: FieldChange) -> tuple[str, str]:
    """What a membership's field comes to: a sign, and `in pacs-radiologist`."""
    return ("+" if field.after is not None else "-"), in_words(field.name)


def memberships(fields: Iterable[FieldChange]) -> str:
    """All of them on one line: `+ in pacs-radiologist, pacs-users · - in pacs-technologist`."""
    found: dict[str, list[str]] = {}
    for field in fields:
        sign, words = in_and_out(field)
        found.setdefault(sign, []).append(words.removeprefix("in "))
    return " · ".join(f"{sign} in {', '.join(found[sign])}" for sign in IN_OUT if sign in found)


def told_of(changes: Iterable[Change]) -> dict[Address, tuple[Address, str]]:
    """By address of a change of somebody's groups, whose they are and what becomes of them."""
    return {
        one.address: (one.root, memberships(one.fields)) for one in changes if one.address.kind == MEMBERSHIP
    }
