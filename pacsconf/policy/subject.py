"""What rules are judged on: one resource in the vocabulary of its kind, with the evidence there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.finding import Path

Facts = Mapping[str, Any]
"""Fields of one tier by name: what the kind's `TypedDict` says, in plain values (bool, int, str, lists, maps)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One resource. `configured` and `observed` are None where nothing was looked at; what could not be seen of
    what was looked at is absent there."""

    kind: str
    name: str
    """Unique within the kind, and the same from audit to audit: `ct-er-1`, `ct-er-1/CT_ER_1`, `orthanc`."""
    declared: Facts
    configured: Facts | None = None
    observed: Facts | None = None
    site: Facts | None = None
    """The fields of its site."""
    path: Path = ()
    """Where it stands in the inventory; empty for what was only found live."""
    device: str = ""
    """The device that a report shows it under; empty for none."""
    about: tuple[Address, ...] = ()
    """Live resources that are meant: where a waiver or a change that names an address counts."""
    blind: str = ""
    """Why there is less evidence than there might be ("directory was not reached"); empty: nobody knows better."""

    @property
    def where(self) -> str:
        """Kind and name, as reports and waivers spell it: `ae:ct-er-1/CT_ER_1`."""
        return f"{self.kind}:{self.name}"
