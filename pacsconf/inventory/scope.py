"""What rules may know beside the inventory itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pacsconf.core.finding import Path, Place
from pacsconf.inventory.flows import Entities
from pacsconf.inventory.sources import Sources


@dataclass(frozen=True, slots=True)
class Scope:
    """Where things stand, and what was declared whether or not it could be read.

    `names` are those of each collection; they are all there are once every file could be `read`. Only when the
    inventory is `complete`, every member of it sound as well, may a rule complain of more than an absent name.
    """

    sources: Sources
    names: Mapping[str, frozenset[str]]
    read: bool
    complete: bool
    entities: Entities
    parts: frozenset[str] = frozenset()
    """Devices of which only a part is known, since the rest of it is wrong."""
    unused_sets: frozenset[str] = frozenset()
    """Capability sets that nothing names, as far as is known."""

    def also(self, path: Path, words: str) -> tuple[tuple[Place, str], ...]:
        """A further place for a finding."""
        place = self.sources.place(path)
        return ((place, words),) if place else ()
