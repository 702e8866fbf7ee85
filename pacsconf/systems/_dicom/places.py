"""Where in the inventory a value of an entry comes from: down to the very member of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.finding import Path
from pacsconf.inventory.model import Inventory


@dataclass(frozen=True, slots=True)
class Places:
    """The places of what was declared: `paths` as in `Declared`, into `inventory`."""

    inventory: Inventory | None = None
    paths: Mapping[Address, Mapping[str, Path]] = field(default_factory=dict)

    def of(self, address: Address, name: str = "", member: str | None = None) -> Path:
        """The path to a field of an entry, or to one member of it; empty where nothing of it was declared."""
        found = self.paths.get(address, {})
        path = found.get(name, found.get("", ()))
        if member is None or name not in found:
            return path
        written = self._at(path)
        if isinstance(written, tuple | list):
            members = [str(each) for each in written]
            return (*path, members.index(member)) if member in members else path
        return path

    def _at(self, path: Path) -> Any:
        """What stands at a path; None where nothing can be found there."""
        found: Any = self.inventory
        for step in path:
            if isinstance(found, Mapping):
                found = found.get(step)
            elif isinstance(found, tuple | list) and isinstance(step, int) and step < len(found):
                found = found[step]
            elif isinstance(step, str):
                found = getattr(found, step, None)
            else:
                return None
        return found
