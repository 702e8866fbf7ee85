"""Requests that write, and their bytes (RFC 4511 sections 4.6 to 4.8, assertion control RFC 4528).

ldap3 builds a request as a tree of typed objects, at several times the cost of what a server needs to carry it out;
here the bytes are put together at once. They are the same bytes, which the tests hold against ldap3's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from pacsconf.systems._ldap.entry import Values
from pacsconf.systems._ldap.framing import element

ASSERTION = "1.3.6.1.1.12"

_SEQUENCE, _SET, _OCTETS, _INTEGER, _ENUMERATED, _BOOLEAN = 0x30, 0x31, 0x04, 0x02, 0x0A, 0x01
_MODIFY, _ADD, _DELETE = 0x66, 0x68, 0x4A
_CONTROLS = 0xA0
_EQUALITY_MATCH = 0xA3
_ADD_VALUES, _DELETE_VALUES, _REPLACE_VALUES = range(3)


@dataclass(frozen=True, slots=True)
class Modification:
    """One attribute's values taken away, then values added; `replace` puts `add` in the place of all."""

    attribute: str
    delete: Values = ()
    add: Values = ()
    replace: bool = False

    @property
    def steps(self) -> tuple[tuple[int, Values], ...]:
        """What is asked for, in order: the number of the operation (RFC 4511 section 4.6) and its values."""
        if self.replace:
            return ((_REPLACE_VALUES, self.add),)
        deleted = ((_DELETE_VALUES, self.delete),) if self.delete else ()
        return deleted + (((_ADD_VALUES, self.add),) if self.add else ())


@dataclass(frozen=True, slots=True)
class Add:
    """Make an entry."""

    answered_by: ClassVar[str] = "addResponse"
    dn: str
    attributes: Mapping[str, Values]

    @property
    def doing(self) -> str:
        """In words, for what went wrong."""
        return f"adding {self.dn}"


@dataclass(frozen=True, slots=True)
class Modify:
    """Change an entry in one step, only while its entryCSN is `version` where that is given."""

    answered_by: ClassVar[str] = "modifyResponse"
    dn: str
    modifications: tuple[Modification, ...]
    version: bytes | None = None

    @property
    def doing(self) -> str:
        return f"changing {self.dn}"


@dataclass(frozen=True, slots=True)
class Delete:
    """Take an entry away, only while its entryCSN is `version` where that is given."""

    answered_by: ClassVar[str] = "delResponse"
    dn: str
    version: bytes | None = None

    @property
    def doing(self) -> str:
        return f"deleting {self.dn}"


Request = Add | Modify | Delete


def encode(request: Request, message_id: int) -> bytes:
    """The whole message: its id, the request, and the assertion control where the request has a version."""
    number = element(_INTEGER, message_id.to_bytes(message_id.bit_length() // 8 + 1, "big"))
    if isinstance(request, Add):
        return element(_SEQUENCE, number + element(_ADD, _added(request)))
    if isinstance(request, Modify):
        operation = element(_MODIFY, _modified(request))
    else:
        operation = element(_DELETE, request.dn.encode())
    controls = b"" if request.version is None else _only_while(request.version)
    return element(_SEQUENCE, number + operation + controls)


def assertion(version: bytes) -> bytes:
    """The value of the assertion control: the filter (entryCSN=`version`)."""
    return element(_EQUALITY_MATCH, element(_OCTETS, b"entryCSN") + element(_OCTETS, version))


def _added(request: Add) -> bytes:
    attributes = b"".join([_attribute(name, values) for name, values in request.attributes.items()])
    return element(_OCTETS, request.dn.encode()) + element(_SEQUENCE, attributes)


def _modified(request: Modify) -> bytes:
    steps = [
        element(_SEQUENCE, element(_ENUMERATED, bytes((operation,))) + _attribute(each.attribute, values))
        for each in request.modifications
        for operation, values in each.steps
    ]
    return element(_OCTETS, request.dn.encode()) + element(_SEQUENCE, b"".join(steps))


def _attribute(name: str, values: Iterable[bytes]) -> bytes:
    members = b"".join([element(_OCTETS, value) for value in values])
    return element(_SEQUENCE, _name(name) + element(_SET, members))


@lru_cache(maxsize=1024)
def _name(attribute: str) -> bytes:
    return element(_OCTETS, attribute.encode())


def _only_while(version: bytes) -> bytes:
    control = (
        element(_OCTETS, ASSERTION.encode())
        + element(_BOOLEAN, b"\xff")
        + element(_OCTETS, assertion(version))
    )
    return element(_CONTROLS, element(_SEQUENCE, control))
