"""Changes of one root together: its own, and those of what it contains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from pacsconf.core.address import Address
from pacsconf.core.change import Action, Change
from pacsconf.core.resource import RISKS, Risk
from pacsconf.report.lines import Style
from pacsconf.report.words import listed

STYLES: Mapping[Action, Style] = {"create": "create", "update": "update", "delete": "delete"}


@dataclass(frozen=True, slots=True)
class Group:
    """All changes of one root: its own, if it changes itself, and those of what it contains."""

    root: Address
    own: Change | None
    contained: tuple[Change, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return (*((self.own,) if self.own else ()), *self.contained)

    @property
    def action(self) -> Action:
        """What happens to the root as a whole."""
        return self.own.action if self.own else "update"

    @property
    def is_new(self) -> bool:
        """Whether the root and all that is in it are created."""
        return self.own is not None and all(change.action == "create" for change in self.changes)


def groups(changes: Iterable[Change]) -> tuple[Group, ...]:
    """Changes by root, in the order of the roots' addresses."""
    ordered = sorted(changes, key=lambda change: (change.root, change.address))
    return tuple(_group(root, tuple(found)) for root, found in groupby(ordered, lambda change: change.root))


def _group(root: Address, changes: tuple[Change, ...]) -> Group:
    own = next((change for change in changes if change.address == root), None)
    return Group(root, own, tuple(change for change in changes if change is not own))


def highest_risk(changes: Iterable[Change]) -> Risk:
    """The highest risk class among changes; `none` where there are none."""
    return max((change.risk for change in changes), key=RISKS.index, default="none")


def tags_of(changes: tuple[Change, ...]) -> str:
    """What sets these changes apart from ordinary ones, and their risk."""
    risk = highest_risk(changes)
    return listed(
        (
            "takes over" if any(change.takes_over for change in changes) else "",
            "repair" if any(change.repairs for change in changes) else "",
            "read-only" if any(change.mode == "read-only" for change in changes) else "",
            risk if risk != "none" else "",
            "purges" if any("purges" in change.effects for change in changes) else "",
        ),
        " · ",
    )
