"""What `validate` says of retention rules as a whole. What reckons it is loaded only where there are such rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pacsconf.core.finding import Finding
from pacsconf.inventory.checks import Further
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.scope import Scope

TIE, SHORT = "PACS-RET-013", "PACS-RET-018"


def check(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """No two rules keep some kind of study equally long, and none is seen to go below a legal minimum."""
    if not (inventory.retention.rules or inventory.retention.default):
        return
    from pacsconf.retention.classes import TooMany

    try:
        found = (*_ties(inventory, scope), *_below(inventory, scope))
    except TooMany:
        return  # `retention check` says so
    yield from found


def _ties(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    from pacsconf.retention.prove import tied
    from pacsconf.retention.rules import tie_finding

    for tie in tied(inventory.retention):
        yield tie_finding(tie, scope.sources.place)


def _below(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """A warning: whether anything is proven, and whether it stops something, is for `retention check` to say."""
    from pacsconf.retention.prove import glimpsed
    from pacsconf.retention.rules import floor_finding

    for broken in glimpsed(inventory.retention):
        said = floor_finding(broken, inventory.retention, scope.sources.place)
        fix = f"{said.fix} The whole of it: pacsconf retention check"
        yield replace(said, rule=SHORT, severity="warning", fix=fix)


RULES = Further(frozenset({TIE, SHORT}), check)
