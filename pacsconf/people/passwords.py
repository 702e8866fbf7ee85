"""Password policies of the inventory by name, and what systems call them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pacsconf.core.finding import Path
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import PasswordPolicy

DEFAULT = "default"
"""The policy of everybody for whom no other one is meant; a system may call it otherwise."""


class Declared(NamedTuple):
    """A policy, what it is called, and where it is declared."""

    name: str
    policy: PasswordPolicy
    path: Path


def declared_policies(inventory: Inventory) -> Iterator[Declared]:
    """Every policy that is declared, the one of everybody else first."""
    security = inventory.security
    if security.password_policy is not None:
        yield Declared(DEFAULT, security.password_policy, ("security", "password_policy"))
    for name, policy in security.password_policies.items():
        yield Declared(name, policy, ("security", "password_policies", name))


def name_in(config: AccountsConfig, name: str) -> str:
    """What a declared policy is called in a system."""
    place = config.password_policies
    return place.default if name == DEFAULT and place is not None and place.default else name
