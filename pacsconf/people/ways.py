"""By which way somebody is meant to be in a group: by a role, the group it lands in, and those around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.nesting import GroupPath, turned, ways_up
from pacsconf.inventory.people import User
from pacsconf.people.landing import groups_of


class Way(NamedTuple):
    """A way into a group: the groups from the first one on, and the roles that bring into that one."""

    path: GroupPath
    roles: tuple[str, ...]
    """Empty for a group of everybody who has any role in the system."""


@dataclass(frozen=True)
class Ways:
    """The declared ways into the groups of one system."""

    inventory: Inventory
    system: str

    @property
    def _config(self) -> AccountsConfig | None:
        config = self.inventory.systems.get(self.system)
        return config if isinstance(config, AccountsConfig) else None

    @cached_property
    def nested(self) -> Mapping[str, tuple[str, ...]]:
        """By group, the groups that are declared to be in it."""
        return dict(self._config.nested) if self._config else {}

    @cached_property
    def above(self) -> Mapping[str, tuple[str, ...]]:
        """By group, the groups that it is declared to be in as such."""
        return turned(self.nested)

    @cached_property
    def everyone(self) -> tuple[str, ...]:
        """The groups of everybody who has any role here."""
        return self._config.everyone if self._config else ()

    def direct(self, user: User) -> dict[str, tuple[str, ...]]:
        """By group that a user is to be in as such, the roles that bring them there."""
        held = groups_of(self.inventory, self.system, user)
        own = {group: tuple(dict.fromkeys(one.role for one in why)) for group, why in held.items()}
        return own | {group: () for group in self.everyone if own and group not in own}

    def of(self, user: User) -> dict[str, Way]:
        """By group that a user is to be in, as such or through others, the shortest way into it."""
        return self._followed(self.direct(user))

    def of_role(self, role: str) -> dict[str, Way]:
        """By group that a role leads to, the shortest way into it."""
        declared = self.inventory.roles.get(role)
        groups = declared.groups.get(self.system, ()) if declared else ()
        return self._followed(dict.fromkeys(groups, (role,)))

    def _followed(self, direct: Mapping[str, tuple[str, ...]]) -> dict[str, Way]:
        ways = ways_up(direct, self.above)
        return {group: Way(path, direct[path[0]]) for group, path in ways.items()}


def systems_of(inventory: Inventory) -> Iterator[str]:
    """The systems that any role lands in, and those of accounts, by name."""
    named = {system for role in inventory.roles.values() for system in role.groups}
    accounts = {name for name, one in inventory.systems.items() if isinstance(one, AccountsConfig)}
    yield from sorted(named | accounts)
