"""Attributes of which a server gives a part at a time: `member;range=0-1499` ([MS-ADTS] 3.1.1.3.1.3.3).

Active Directory does so where an attribute has more values than it gives in one answer. Which part that is stands
in the attribute's name; whoever wants the rest asks for it from there on, until the end is `*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pacsconf.systems._ldap.entry import Values

_SPELLED = re.compile(
    r"(?P<attribute>[^;]+(?:;(?!range=)[^;]+)*);range=(?P<first>\d{1,9})-(?P<last>\d{1,9}|\*)"
)


class Range(NamedTuple):
    """A part of an attribute's values; `following` is the number of the first that is missing, None at the end."""

    attribute: str
    first: int
    following: int | None

    @property
    def rest(self) -> str:
        """What to ask for next."""
        return f"{self.attribute};range={self.following}-*"


def parse(spelled: str) -> Range | None:
    """What the name of an attribute, in lower case, says of a part; None for an attribute that is whole."""
    found = _SPELLED.fullmatch(spelled)
    if found is None:
        return None
    last = found["last"]
    return Range(found["attribute"], int(found["first"]), None if last == "*" else int(last) + 1)


def parts(attributes: Mapping[str, Values]) -> Iterator[tuple[Range, Values]]:
    """The parts among the attributes of an entry, with their values."""
    for spelled, values in attributes.items():
        if ";range=" in spelled and (found := parse(spelled)) is not None:
            yield found, values
