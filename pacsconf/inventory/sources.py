"""Where every value comes from: one table beside the inventory, consulted only when something is reported.

A path leads through the models (`devices`, `ct-1`, `connections`, `dicom`, `port`). Where a model is spelled out
from a short form, an alias leads from the path in the model to what was written (`devices`, `ct-1`, `port`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from pacsconf.core.finding import Finding, Path, Place
from pacsconf.inventory.tree import Node

UNKNOWN_KEY = "PACS-KEY-001"
"""The one rule whose findings point at a key rather than at what stands there."""


@dataclass(frozen=True, slots=True)
class Origin:
    """One place that had a say in a value: `how` is "value", "profile NAME", "site NAME" or the like."""

    place: Place
    how: str = "value"

    def __str__(self) -> str:
        at = f"{self.place.file}:{self.place.line}"
        return at if self.how == "value" else f"{self.how} ({at})"


Aliases = Mapping[Path, tuple[Path, str]]
"""From a path in the models to the path that was written, and how it got there ("" as it stands)."""


class Devices(Protocol):
    """The devices of an inventory, merged and traced one at a time, when something of them is reported."""

    def tree(self, name: str) -> Node | None:
        """What was written of a device, over its profile; None where there is none of the name."""

    def aliases(self, name: str) -> Aliases:
        """Those of the paths of one device."""


class People(Protocol):
    """The users of an inventory, traced when something of them is reported: there may be a hundred thousand."""

    def written(self, path: Path) -> Path:
        """A path below `users` or `service_accounts` as it was written."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Path to places, by walking the tree of what was written."""

    root: Node
    aliases: Aliases = field(default_factory=dict)
    """Those of other paths than devices'."""
    devices: Devices | None = None
    """None: devices stand in the tree merged, and the aliases are all there are."""
    people: People | None = None

    def chain(self, path: Path) -> tuple[Origin, ...]:
        """Every place that gave this very value, the one that counts first; empty for a default."""
        node, how = self._exact(path)
        return tuple(Origin(layer.named_at, how or layer.how or "value") for layer in _layers(node))

    def place(self, path: Path) -> Place | None:
        """The place of the value, else of the nearest thing around it; None when nothing of it was written."""
        for end in range(len(path), 0, -1):
            node, _ = self._exact(path[:end])
            if node:
                return node.named_at
        return None

    def key(self, path: Path) -> Place | None:
        """The place of the key rather than the value, else as `place`."""
        node, _ = self._exact(path)
        return node.key if node and node.key else self.place(path)

    def told(self, path: Path) -> str:
        """One line for the eye: `inventory/ct.yaml:31`, `profile ct (inventory/profiles.yaml:4)`, `default`."""
        chain = self.chain(path)
        return str(chain[0]) if chain else "default"

    def located(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings with their places filled in, where their paths lead to one."""
        return tuple(
            finding if finding.place or not finding.path else replace(finding, place=self._meant(finding))
            for finding in findings
        )

    def _meant(self, finding: Finding) -> Place | None:
        return self.key(finding.path) if finding.rule == UNKNOWN_KEY else self.place(finding.path)

    def _exact(self, path: Path) -> tuple[Node | None, str]:
        written, how = self._written(path)
        node: Node | None = self.root
        if self.devices and _is_of_device(written):
            node, written = self.devices.tree(str(written[1])), written[2:]
        for step in written:
            node = _child(node, step)
        return node, how

    def _written(self, path: Path) -> tuple[Path, str]:
        """The path as written: the longest aliased beginning replaced."""
        if self.people and len(path) > _OF_ONE and path[0] in ("users", "service_accounts"):
            return self.people.written(path), ""
        aliases = self.aliases
        if self.devices and _is_of_device(path):
            aliases = self.devices.aliases(str(path[1]))
        for end in range(len(path), 0, -1):
            if path[:end] in aliases:
                start, how = aliases[path[:end]]
                return start + path[end:], how
        return path, ""


_OF_ONE = 2
"""Steps that lead to one member of a collection."""


def _is_of_device(path: Path) -> bool:
    return len(path) > 1 and path[0] == "devices"


def _child(node: Node | None, step: str | int) -> Node | None:
    if node is None:
        return None
    if isinstance(node.value, list) and isinstance(step, int):
        return node.value[step] if step < len(node.value) else None
    if step == 0:  # a single value where a list may stand
        return node
    child = node.entries.get(str(step))
    return child if child and child.value is not None else None


def _layers(node: Node | None) -> Iterator[Node]:
    while node:
        yield node
        node = node.under
