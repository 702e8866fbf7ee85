"""The name of one resource: `system/kind/name`, the sort key of everything."""

from __future__ import annotations

import re
from sys import intern
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from pydantic_core import CoreSchema, core_schema

# What may stand in one part as it is, beside letters, digits and `_.-~`. The rest is percent-encoded: `/` only ever
# separates parts, an address is no pattern (`*`, `[`), and it is one harmless word in a shell, since commands are
# shown to be pasted and names come from live systems. All of it is legal in an AE title (PS3.5 section 6.2).
_PLAIN = "+,:=@"
_PART = rf"[A-Za-z0-9_.~{_PLAIN}-]+"
_SPELLS_ITSELF = re.compile(rf"([^/]+)/([^/]+)/({_PART}(?:/{_PART})*)").fullmatch
_IS_PLAIN_PART = re.compile(_PART).fullmatch


class Address(NamedTuple):
    """Where a resource is: the system that holds it, its kind, and its name there.

    `name` is one or more parts joined by `/`, the first being what a person counts (a device). A tuple, since
    everything is looked up and sorted by it, and a tuple does both in C.
    """

    system: str
    kind: str
    name: str

    @classmethod
    def of(cls, system: str, kind: str, *parts: str) -> Address:
        """The address of these name parts, escaped where a part holds more than letters, digits and `_.-~+,:=@`.

        Raises: ValueError when a part is empty.
        """
        if not (parts and all(parts)):
            raise ValueError(f"a name in {system}/{kind} is empty, so nothing can be addressed by it")
        return cls(
            system, kind, "/".join([part if _IS_PLAIN_PART(part) else _quoted(part) for part in parts])
        )

    def below(self, kind: str, part: str) -> Address:
        """The address of what stands below this one: its name parts and one more.

        Raises: ValueError when the part is empty.
        """
        if not part:
            raise ValueError(f"a name below {self} is empty, so nothing can be addressed by it")
        return Address(self.system, kind, f"{self.name}/{part if _IS_PLAIN_PART(part) else _quoted(part)}")

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that `text` spells, however it is escaped: two spellings of one name are one address.

        Raises: ValueError when it is not `system/kind/name`.
        """
        if plain := _SPELLS_ITSELF(text):
            system, kind, name = plain.groups()
            return cls(intern(system), intern(kind), name)
        system, _, rest = text.partition("/")
        kind, _, name = rest.partition("/")
        if not (system and kind and name) or any(not part for part in name.split("/")):
            raise ValueError(
                f'"{text}" is not an address; write system/kind/name, such as directory/device/ct-1'
            )
        return cls.of(system, kind, *map(unquote, name.split("/")))

    @property
    def parts(self) -> tuple[str, ...]:
        """The name's parts, unescaped."""
        if "%" not in self.name:
            return tuple(self.name.split("/"))
        return tuple(map(unquote, self.name.split("/")))

    def __str__(self) -> str:
        return f"{self.system}/{self.kind}/{self.name}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        """Addresses are text in JSON."""
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, Address) else cls.parse(str(value)),
            serialization=core_schema.to_string_ser_schema(),
        )


def _quoted(part: str) -> str:
    return quote(part, safe=_PLAIN)
