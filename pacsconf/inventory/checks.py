"""Rules for the whole inventory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pacsconf.core.finding import Finding
from pacsconf.inventory.model import Inventory


@dataclass(frozen=True, slots=True)
class Scope:
    """What was declared by name, whether or not it could be read; `complete`: all of it could be."""

    names: Mapping[str, frozenset[str]]
    complete: bool


def check(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """All that the rules find."""
    yield from ()
