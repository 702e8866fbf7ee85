"""The rule of `validate` for ties. What reckons them is loaded only where there are retention rules."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.finding import Finding
from pacsconf.inventory.checks import Further
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.scope import Scope


def check(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """No two rules keep some kind of study equally long."""
    if not inventory.retention.rules:
        return
    from pacsconf.retention.classes import TooMany
    from pacsconf.retention.policy import policy
    from pacsconf.retention.prove import ties
    from pacsconf.retention.rules import tie_finding

    try:
        found = tuple(ties(policy(inventory.retention)))
    except TooMany:
        return  # `retention check` says so
    yield from (tie_finding(tie, scope.sources.place) for tie in found)


RULES = Further(frozenset({"PACS-RET-013"}), check)
