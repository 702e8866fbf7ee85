"""What is declared of an Orthanc's storage: how large it may grow, what happens when it is full, what it holds.

Orthanc counts in megabytes of 1,048,576 bytes, and so do the sizes here: `500G` is 512,000 of them.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from pacsconf.inventory.values import integer, ruled

NO_LIMIT = 0
"""As Orthanc has it; `none` in the inventory."""
MEGABYTE = 1024 * 1024

StorageMode = Literal["reject", "recycle"]
"""What a full storage does: take no more, or delete the patient that was stored longest ago."""
Copies = Literal["only", "cache"]
"""Whether studies are held here alone, or elsewhere too."""

_SIZE = re.compile(r"([1-9][0-9]{0,9})([MGT])")
_UNITS = {"M": 1, "G": 1024, "T": 1024 * 1024}
_PERCENT = re.compile(r"([1-9][0-9]?|100)%")
_NONE = "none"


def megabytes(value: Any) -> int:
    """The megabytes of a size as it was typed: `500G`, or `none` for no limit; a whole number in code is that.

    Raises: ValueError when it is no size.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if value == _NONE:
        return NO_LIMIT
    found = _SIZE.fullmatch(str(value))
    if not found:
        raise ValueError("a size is a whole number with M, G or T, such as 500G; or none")
    return int(found[1]) * _UNITS[found[2]]


def size(count: int) -> str:
    """The inverse of `megabytes`, in the largest unit that gives a whole number."""
    if count == NO_LIMIT:
        return _NONE
    unit = next(unit for unit in ("T", "G", "M") if count % _UNITS[unit] == 0)
    return f"{count // _UNITS[unit]}{unit}"


def most(value: Any) -> int:
    """The number as it was typed, or `none` for no limit.

    Raises: ValueError for anything else; 0 is refused, since it would read as "nobody".
    """
    if value == _NONE:
        return NO_LIMIT
    found = integer(value)
    if found < 0 or (found == 0 and not isinstance(value, int)):
        raise ValueError("a number of patients is 1 or more; or none")
    return found


def percent(value: Any) -> int:
    """The number in `80%`; a whole number in code is that.

    Raises: ValueError when it is no percentage of 1 to 100.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 100:
        return value
    found = _PERCENT.fullmatch(str(value))
    if not found:
        raise ValueError("a percentage of 1% to 100% is needed here, such as 80%")
    return int(found[1])


Megabytes = Annotated[
    int,
    BeforeValidator(ruled("PACS-VAL-002", megabytes)),
    WithJsonSchema({"type": "string", "pattern": "^(none|[1-9][0-9]{0,9}[MGT])$"}),
]
Most = Annotated[
    int,
    BeforeValidator(ruled("PACS-VAL-002", most)),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "enum": [_NONE]}]}),
]
Percent = Annotated[
    int,
    BeforeValidator(ruled("PACS-VAL-002", percent)),
    WithJsonSchema({"type": "string", "pattern": "^([1-9][0-9]?|100)%$"}),
]


class StorageConfig(BaseModel):
    """What an Orthanc's storage is to be like. What is left out is not compared.

    Orthanc takes none of it over REST: it stands in its configuration file, and what differs is told.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    maximum_size: Megabytes | None = None
    """`500G` or `none` (no limit): the size at which it is full."""
    maximum_patients: Most | None = None
    """The number of patients at which it is full, or `none`."""
    mode: StorageMode | None = None
    """What it does when it is full: `reject` new images, or `recycle` (delete the patient stored longest ago)."""
    copies: Copies | None = None
    """`only`: it holds studies that nobody else has; `cache`: others hold them too."""
    warn_at: Percent = 80
    """The part of the maximum from which its filling is a warning."""
