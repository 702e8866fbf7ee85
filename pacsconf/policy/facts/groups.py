"""Groups of systems of accounts as rules see them: those that roles land in, and all others that were read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from pacsconf.core.address import Address
from pacsconf.core.finding import Path
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.nesting import circles, within
from pacsconf.people.entries import GROUP
from pacsconf.people.landing import landed
from pacsconf.policy.facts.roles import undeclared
from pacsconf.policy.subject import Facts, Subject

if TYPE_CHECKING:
    from pacsconf.people.live import LiveAccounts, LiveGroup


def declared(
    inventory: Inventory,
    systems: Mapping[str, AccountsConfig],
    live: Mapping[str, LiveAccounts],
    blind: Mapping[str, str],
) -> Iterator[Subject]:
    """The groups of these systems, by name; `blind` is by system why it was not read."""
    for system, config in systems.items():
        lands = landed(inventory, system)
        for name in sorted(_names(config, lands) | (live[system].groups.keys() if system in live else set())):
            roles = list(lands.get(name, ()))
            facts = {
                "name": f"{system}/{name}",
                "system": system,
                "roles": roles,
                "privileged": any(inventory.roles[role].administrator for role in roles),
            }
            yield Subject(
                GROUP,
                f"{system}/{name}",
                facts,
                path=_path(config, name, roles),
                about=(Address.of(system, GROUP, name),),
                blind=blind.get(system, ""),
            )


def _names(config: AccountsConfig, lands: Iterable[str]) -> set[str]:
    """The groups that an inventory has a word for."""
    nested = config.nested
    return {*lands, *nested, *(inner for held in nested.values() for inner in held), *config.everyone}


def _path(config: AccountsConfig, name: str, roles: list[str]) -> Path:
    """Where a group is declared; of one that is not, nowhere."""
    if roles:
        return ("roles", roles[0], "groups", config.name)
    if name in config.nested:
        return ("systems", config.name, "nested", name)
    known = name in _names(config, ())
    return ("systems", config.name, "groups") if known else ()


def configured(
    inventory: Inventory, systems: Mapping[str, AccountsConfig], live: Mapping[str, LiveAccounts]
) -> dict[str, Facts]:
    """What systems that were read hold of their groups, and of declared ones that are not there."""
    found: dict[str, Facts] = {}
    for system in sorted(systems.keys() & live.keys()):
        groups = _Groups(inventory, systems[system], live[system])
        names = _names(systems[system], landed(inventory, system)) | live[system].groups.keys()
        found |= {f"{system}/{name}": groups.of(name) for name in names}
    return found


class _Groups:
    """The groups of one system."""

    def __init__(self, inventory: Inventory, config: AccountsConfig, live: LiveAccounts) -> None:
        self.inventory = inventory
        self.config = config
        self.live = live
        self.circular = {name for way in circles(live.nested) for name in way}

    @cached_property
    def direct(self) -> Mapping[str, set[str]]:
        """By group, who is in it as such."""
        found: dict[str, set[str]] = {}
        for user, groups in self.live.directly.items():
            for name in groups:
                found.setdefault(name, set()).add(user)
        return found

    def of(self, name: str) -> Facts:
        group = self.live.groups.get(name)
        inner = within((name,), self.live.nested)
        inside = {user for each in inner for user in self.direct.get(each, ())}
        there = {user for user in inside if self.exists(user)}
        meant = within((name,), self.config.nested)
        return {
            "exists": group is not None,
            "members": len(there),
            "undeclared": undeclared(self.inventory, self.live, there),
            "hidden": sorted(inner - meant),
            "dangling": len(self.direct.get(name, set()) - there) if group else 0,
            "elsewhere": len(_outside(group)),
            "circular": name in self.circular,
        }

    def exists(self, user: str) -> bool:
        account = self.live.accounts.get(user)
        return account is not None and account.exists


def _outside(group: LiveGroup | None) -> tuple[str, ...]:
    return group.elsewhere if group else ()
