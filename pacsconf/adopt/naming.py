"""Names that are given once each, without regard to capitals."""

from __future__ import annotations

import re
from collections.abc import Collection

from pacsconf.inventory import formats

_WORD = re.compile(r"[a-z0-9]+")


class Names:
    """Names for what is made; `taken` are those that others have."""

    def __init__(self, taken: Collection[str] = ()) -> None:
        self.taken = {name.casefold() for name in taken}

    def new(self, wanted: str, otherwise: str = "profile") -> str:
        """This name, or with the first number that makes it a new one; `otherwise` where it has no letters."""
        base = hyphened(wanted)[:50] or otherwise
        name, number = base, 2
        while name.casefold() in self.taken:
            name, number = f"{base}-{number}", number + 1
        self.taken.add(name.casefold())
        return name

    def kept(self, wanted: str, otherwise: str = "profile") -> str:
        """This name as it is, where it can be declared and nobody has it; else one that is made of its words."""
        try:
            as_it_is = formats.name(wanted)
        except ValueError:
            return self.new(wanted, otherwise)
        if as_it_is.casefold() in self.taken:
            return self.new(wanted, otherwise)
        self.taken.add(as_it_is.casefold())
        return as_it_is

    def are_free(self, wanted: str) -> bool:
        """Whether `new` would give this name as it is."""
        return hyphened(wanted)[:50].casefold() not in self.taken


def hyphened(text: str) -> str:
    """The words of a text in small letters, with hyphens between them."""
    return "-".join(_WORD.findall(text.lower()))
