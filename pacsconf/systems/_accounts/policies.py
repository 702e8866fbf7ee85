"""Password policies: which there are to be, and which of them each user falls under."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.address import Address
from pacsconf.core.finding import Path
from pacsconf.core.resource import State, Value
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import PasswordPolicy, User
from pacsconf.people.entries import GROUP, POLICY
from pacsconf.people.passwords import DEFAULT, name_in
from pacsconf.people.standing import day_of, held

_NOT_FIELDS = ("roles", "kinds")


def declared(config: AccountsConfig, inventory: Inventory) -> Iterator[State]:
    """The policies that a system is to hold."""
    if config.password_policies is None:
        return
    security = inventory.security
    if security.password_policy is not None:
        yield _state(config, inventory, name_in(config, DEFAULT), security.password_policy, None)
    for number, (name, policy) in enumerate(security.password_policies.items(), 1):
        yield _state(config, inventory, name, policy, number)


def _state(
    config: AccountsConfig, inventory: Inventory, name: str, policy: PasswordPolicy, number: int | None
) -> State:
    values = policy.model_dump(exclude_none=True, exclude=set(_NOT_FIELDS))
    fields: dict[str, Value] = dict(values)
    address = Address.of(config.name, POLICY, name)
    if config.flavour != "active-directory":
        fields.pop("complexity", None)  # slapo-ppolicy leaves that to a module of the site's own
        return State(address, address, fields)
    for unknown in ("must_change", "idle_lock"):
        fields.pop(unknown, None)  # a domain knows no such thing
    fields["precedence"] = _LAST if number is None else number * 10
    roles = inventory.roles if number is None else policy.roles  # the domain's own policy is not ours
    groups = sorted({group for role in roles for group in _groups(inventory, config.name, role)})
    if groups:
        fields["applies_to"] = tuple(groups)
    return State(address, address, fields, frozenset(Address.of(config.name, GROUP, one) for one in groups))


_LAST = 1000
"""The precedence of what is for everybody else."""


def _groups(inventory: Inventory, system: str, role: str) -> tuple[str, ...]:
    known = inventory.roles.get(role)
    return known.groups.get(system, ()) if known else ()


def paths(name: str, config: AccountsConfig) -> dict[str, Path]:
    """Where a policy is declared."""
    if name == name_in(config, DEFAULT):
        return {"": ("security", "password_policy")}
    return {"": ("security", "password_policies", name)}


class Assigned:
    """Which policy each user is given by name, where that stands in the account."""

    def __init__(self, config: AccountsConfig, inventory: Inventory) -> None:
        by_account = config.password_policies is not None and config.flavour != "active-directory"
        self._policies = inventory.security.password_policies if by_account else {}
        self._inventory = inventory

    def of(self, user: User) -> str | None:
        """The name of the first policy that means this user; None: the one for everybody else."""
        if not self._policies:
            return None
        roles = {one.role for one in held(user, day_of(self._inventory, user))}
        for name, policy in self._policies.items():
            if roles & set(policy.roles) or user.kind in policy.kinds:
                return name
        return None
