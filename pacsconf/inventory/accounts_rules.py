"""Rules about a system of accounts: groups that have a place, groups in groups, people who have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.nesting import circles
from pacsconf.inventory.role_rules import odd_group
from pacsconf.inventory.systems import SystemConfig


def accounts_findings(config: SystemConfig, inventory: Inventory) -> Iterator[Finding]:
    """What is wrong between a system of accounts, deployed in one environment, and the roles that land there."""
    if isinstance(config, AccountsConfig):
        at: Path = ("systems", config.name)
        yield from _groups_without_a_place(config, inventory)
        yield from _nested(config, inventory, at)
        yield from _circles(config, at)
        yield from _administrators_by_nesting(config, inventory, at)
        yield from _people_without_a_place(config, inventory, at)


def _groups_without_a_place(config: AccountsConfig, inventory: Inventory) -> Iterator[Finding]:
    """Every group that a role lands in is one of a place's."""
    for role in inventory.roles.values():
        for number, group in enumerate(role.groups.get(config.name, ())):
            if config.groups_place(group) is None:
                path = (*role.path, "groups", config.name, number)
                yield _no_place(config, f'Role {role.id} lands in group "{group}"', path)


def _no_place(config: AccountsConfig, what: str, path: Path) -> Finding:
    patterns = ", ".join(pattern for place in config.groups.values() for pattern in place.names)
    return Finding(
        "PACS-ROLE-008",
        "error",
        f"{what}, and no groups place of {config.name} has that name",
        f"Only groups of declared names are ever written. Names there: {patterns}.",
        "Correct the name, or add to the names of a groups place.",
        path=path,
    )


def _nested(config: AccountsConfig, inventory: Inventory, at: Path) -> Iterator[Finding]:
    """Groups that hold others have a place; those they hold are known."""
    landed = {group for role in inventory.roles.values() for group in role.groups.get(config.name, ())}
    known = frozenset((*landed, *config.everyone, *config.nested))
    for name, place in config.groups.items():
        for number, group in enumerate(place.everyone):
            if config.groups_place(group) is None:
                path: Path = (*at, "groups", name, "everyone", number)
                yield _no_place(config, f'Group "{group}" is to hold everybody', path)
    for outer, inner in config.nested.items():
        if config.groups_place(outer) is None or odd_group(outer):
            yield _no_place(config, f'Group "{outer}" is to hold others', (*at, "nested", outer))
        for number, name in enumerate(inner):
            if name not in known:
                yield Finding(
                    "PACS-ROLE-009",
                    "warning",
                    f'No role lands in group "{name}", which {outer} is to hold{nearest(name, known)}',
                    "Whoever is in it gets what the outer group may do, and nothing here says who that is.",
                    "Correct the name; or have a role land in it, so that its members are declared.",
                    path=(*at, "nested", outer, number),
                )


def _administrators_by_nesting(config: AccountsConfig, inventory: Inventory, at: Path) -> Iterator[Finding]:
    """Whoever is made an administrator is one by role, not by a group that holds another."""
    landing: dict[str, list[str]] = {}
    for name, role in inventory.roles.items():
        for group in role.groups.get(config.name, ()):
            landing.setdefault(group, []).append(name)
    own = {name for name, role in inventory.roles.items() if role.administrator}
    for outer, inner in config.nested.items():
        for number, group in enumerate(inner if own & set(landing.get(outer, ())) else ()):
            others = [name for name in landing.get(group, ()) if name not in own]
            if others:
                yield Finding(
                    "PACS-ROLE-011",
                    "warning",
                    f"Whoever is {', '.join(others)} is an administrator too: {outer} holds {group}",
                    "Their roles do not say so, and no rule about administrators looks at them.",
                    "Take it out of `nested`; or say administrator: true at the role.",
                    path=(*at, "nested", outer, number),
                )


def _circles(config: AccountsConfig, at: Path) -> Iterator[Finding]:
    """No group holds itself through others."""
    for way in circles(config.nested):
        yield Finding(
            "PACS-ROLE-010",
            "error",
            f"Group {way[0]} holds itself: {' → '.join((*way, way[0]))}",
            "Everybody in one of them would be in all, and some programs never come to an end of it.",
            "Take one out of another.",
            path=(*at, "nested", way[0]),
        )


def _people_without_a_place(config: AccountsConfig, inventory: Inventory, at: Path) -> Iterator[Finding]:
    """Whoever has a role that lands here can have an account here."""
    landing = {name for name, role in inventory.roles.items() if role.groups.get(config.name)}
    homeless = Counter(
        user.kind
        for user in inventory.users.values()
        if user.status != "left"
        and config.people_place(user.kind) is None
        and any(grant.role in landing for grant in user.grants)
    )
    for kind, count in sorted(homeless.items()):
        yield Finding(
            "PACS-USR-026",
            "warning",
            f"{count} of kind {kind} have roles that land in {config.name}, where no people place takes that kind",
            "They have no account there, and none is asked for.",
            "Add a place for them under people, or the kind to one that there is.",
            path=(*at, "people"),
        )
