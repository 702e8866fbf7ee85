"""Separation of duties as it is live: pairs of roles whose groups somebody is in, by whichever ways. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import JobRole
from pacsconf.people.access import conflicts_of
from pacsconf.people.ways import Ways


@dataclass(frozen=True)
class Separation:
    """The pairs of roles that nobody may have both, as the groups of one system tell them."""

    inventory: Inventory
    ways: Ways

    def broken(self, there: Set[str]) -> Iterator[tuple[JobRole, JobRole]]:
        """The pairs that somebody has who is in these groups, each once, by name."""
        had = [role for role, groups in self._conflicting if there >= groups]
        for one, other in combinations(had, 2):
            if other.id in conflicts_of(self.inventory, one) and not self._one_implies_the_other(one, other):
                yield one, other

    def groups(self, role: JobRole) -> tuple[str, ...]:
        """The groups that a role lands in here."""
        return role.groups[self.ways.system]

    @cached_property
    def _conflicting(self) -> tuple[tuple[JobRole, frozenset[str]], ...]:
        """The roles that land here and that some other conflicts with, each with its groups."""
        roles = self.inventory.roles
        named = {
            one for role in roles.values() if role.conflicts_with for one in (role.id, *role.conflicts_with)
        }
        here = (roles[name] for name in sorted(named & roles.keys()))
        return tuple(
            (role, frozenset(groups)) for role in here if (groups := role.groups.get(self.ways.system))
        )

    def _one_implies_the_other(self, one: JobRole, other: JobRole) -> bool:
        """Whether the groups of one lead into those of the other in any case: then live groups tell nothing."""
        own, others = set(self.groups(one)), set(self.groups(other))
        return others <= self.ways.of_role(one.id).keys() or own <= self.ways.of_role(other.id).keys()
