"""Where roles land: the groups of a system that somebody belongs into, and why."""

from __future__ import annotations

from collections.abc import Mapping

from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import User
from pacsconf.people.standing import Held, day_of, held


def groups_of(inventory: Inventory, system: str, user: User) -> dict[str, tuple[Held, ...]]:
    """By group of a system, the roles that bring a user into it now; without those of everybody."""
    found: dict[str, list[Held]] = {}
    for one in held(user, day_of(inventory, user)):
        role = inventory.roles.get(one.role)
        for group in role.groups.get(system, ()) if role else ():
            found.setdefault(group, []).append(one)
    return {group: tuple(why) for group, why in sorted(found.items())}


def landed(inventory: Inventory, system: str) -> Mapping[str, tuple[str, ...]]:
    """By group of a system, the roles that land in it."""
    found: dict[str, list[str]] = {}
    for name in sorted(inventory.roles):
        for group in inventory.roles[name].groups.get(system, ()):
            found.setdefault(group, []).append(name)
    return {group: tuple(dict.fromkeys(roles)) for group, roles in sorted(found.items())}
