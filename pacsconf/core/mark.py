"""Marks: what stands in a resource for a value that no plan, record or report may hold, such as somebody's name.

A mark says that the value is the declared one, and a little of which: three digits, so that a plan which was
reviewed is another one when the declared value changes, and too few to tell whose value it was. A live value that
is not the declared one is `OTHER`. Fields with marks are compared two-way: what was applied last has no say there.
"""

from __future__ import annotations

import hashlib

from pacsconf.core.address import Address
from pacsconf.core.resource import Value

_MARK = "as declared ·"
OTHER = "otherwise"


def mark(address: Address, field: str, value: str) -> str:
    """The mark of a declared value."""
    spelt = "\0".join((*address, field, value))
    return _MARK + hashlib.sha256(spelt.encode()).hexdigest()[:3]


def is_mark(value: Value | None) -> bool:
    """Whether this stands for a declared value."""
    return isinstance(value, str) and value.startswith(_MARK)
