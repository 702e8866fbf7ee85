"""Whether archives hear of what is written into the directory: each goes by a copy that it read when it started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pacsconf.core.finding import Finding
from pacsconf.inventory.model import Inventory
from pacsconf.systems._dcm4chee.rules.archives import NAME, Archive


def findings(archive: Archive, inventory: Inventory) -> Iterator[Finding]:
    """Directories that are written, and of which the archive is not told."""
    if archive.part.fuzzy_algorithm is None:  # a tool of the archive, or a device of another kind
        return
    for name, config in inventory.systems.items():
        if any(_is_silent(each) for each in _deployed(name, config.model_dump(), inventory)):
            yield Finding(
                "ARC-RELOAD-001",
                "warning",
                f"Nobody tells archive {archive.device.name} to read {name} again after a change",
                "It goes on with the copy that it has until it is restarted, while all is told to be as declared.",
                f"Name each instance of it under systems.{name}.reload, with its url.",
                path=("systems", name),
            )


def _deployed(name: str, config: Mapping[str, Any], inventory: Inventory) -> Iterator[Mapping[str, Any]]:
    """A system as each environment has it, and as it is where there are none."""
    environments = inventory.environments.values()
    if not environments:
        yield config
    for environment in environments:
        over = environment.systems.get(name, {})
        if over is not None:
            yield {**config, **over}


def _is_silent(config: Mapping[str, Any]) -> bool:
    extensions = config.get("extensions") or ()
    speaks = NAME in ([extensions] if isinstance(extensions, str) else extensions)
    return speaks and config.get("mode") == "write" and not config.get("reload")
