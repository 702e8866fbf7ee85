"""What was written, as a tree of nodes that know their places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pacsconf.core.finding import Place
from pacsconf.inventory.values import Quoted

Spot = tuple[str, int, int, int]
"""What a `Place` says, and a place is one: file, line, column, length."""


@dataclass(slots=True)
class Node:
    """One value and where it stands. A map's or list's own members are nodes; a scalar is text or None.

    `at` and `key_at` are where the value and its key stand, as numbers: there are hundreds of thousands, and the
    few that are told become places when somebody asks. `how` says in words how the value came here ("profile
    ct"); empty: it was written here. `under` is the node of a profile that this one wins over.
    """

    value: dict[str, Node] | list[Node] | str | None
    at: Spot
    key_at: Spot | None = None
    how: str = ""
    under: Node | None = None

    @property
    def place(self) -> Place:
        """Where the value stands."""
        return Place(*self.at)

    @property
    def key(self) -> Place | None:
        """Where the key stands that it has, if it has one."""
        return Place(*self.key_at) if self.key_at else None

    @property
    def entries(self) -> Mapping[str, Node]:
        """The members of a map; of anything else none."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def named_at(self) -> Place:
        """Where a reader looks first: the key of a map or list, the text of a scalar."""
        return (not isinstance(self.value, str) and self.key) or self.place


def plain(node: Node, *, nulls: bool = False) -> Any:
    """The values alone: dicts, lists and text. What is null is left out of maps, unless `nulls`.

    Below the keys `systems` and `approvals`, where an environment takes away what others have, it is kept.
    """
    if isinstance(node.value, dict):
        return {
            key: plain(child, nulls=nulls or key in ("systems", "approvals"))
            for key, child in node.value.items()
            if nulls or child.value is not None
        }
    if isinstance(node.value, list):
        return [plain(child, nulls=nulls) for child in node.value]
    return node.value


def core(node: Node) -> Any:
    """The values as the YAML 1.2 core schema resolves them, for JSON: numbers and switches typed."""
    if isinstance(node.value, dict):
        return {key: core(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [core(child) for child in node.value]
    if node.value is None or isinstance(node.value, Quoted):
        return node.value and str(node.value)
    return core_scalar(node.value)


def core_scalar(text: str) -> bool | int | float | str:
    """What the YAML 1.2 core schema takes an unquoted text for."""
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text
