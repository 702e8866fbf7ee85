"""Spelling out declared people, service accounts and roles, and leading back from them to what was written.

Values were checked when they were declared, so the models are made of them as they are: there may be a hundred
thousand people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.people import Grant, JobRole, User
from pacsconf.inventory.people_declaration import (
    EmergencyUse,
    RoleDeclaration,
    RoleUse,
    ServiceAccountDeclaration,
    UserDeclaration,
)
from pacsconf.inventory.tree import Node

USERS = "users"
SERVICE_ACCOUNTS = "service_accounts"
ROLES = "roles"


def user(name: str, declared: UserDeclaration) -> User:
    """A user with every role as a grant."""
    given = declared.__dict__
    own = {"id": name, "grants": _grants(declared.roles, declared.break_glass)}
    return User.of_checked({**_REST, **{key: given[key] for key in _OF_USER}, **own}, _GIVEN)


def service_account(name: str, declared: ServiceAccountDeclaration) -> User:
    """A service account as the user that it is to a system."""
    given = declared.__dict__
    own = {"id": name, "kind": "service", "grants": _grants(declared.roles), "collection": SERVICE_ACCOUNTS}
    return User.of_checked({**_REST, **{key: given[key] for key in _OF_SERVICE}, **own}, _GIVEN)


def role(name: str, declared: RoleDeclaration) -> JobRole:
    """A role with its id."""
    return JobRole.of_checked({**declared.__dict__, "id": name}, {*declared.model_fields_set, "id"})


def twice(users: Node, accounts: Node) -> Iterator[Finding]:
    """A user and a service account of one id: they would be one account."""
    for name in users.entries.keys() & accounts.entries.keys():
        first, second = users.entries[name], accounts.entries[name]
        yield Finding(
            "PACS-NAME-001",
            "error",
            f"Service account {name} is declared twice: there is a user of that id",
            "People and programs sign in to the same systems, so an id stands for one of them.",
            "Give one of the two another id.",
            place=second.key or second.place,
            also=((first.key or first.place, "the user"),),
        )


def _grants(roles: tuple[RoleUse, ...], emergencies: tuple[EmergencyUse, ...] = ()) -> tuple[Grant, ...]:
    if not emergencies and all(len(use.model_fields_set) == 1 for use in roles):
        return _for_good(tuple(use.role for use in roles))
    return (
        *(_grant(use, ("roles", number)) for number, use in enumerate(roles)),
        *(_grant(use, ("break_glass", number), emergency=True) for number, use in enumerate(emergencies)),
    )


@lru_cache(4096)
def _for_good(roles: tuple[str, ...]) -> tuple[Grant, ...]:
    """Shared: thousands have the same roles."""
    return tuple(Grant(role=role, written=("roles", number)) for number, role in enumerate(roles))


def _grant(use: RoleUse | EmergencyUse, written: Path, *, emergency: bool = False) -> Grant:
    return Grant(
        role=use.role,
        starts=use.starts,
        until=use.until,
        reason=use.reason,
        ticket=use.ticket,
        emergency=emergency,
        written=written,
    )


_REST: Mapping[str, Any] = dict(User(id="nobody").__dict__)
"""What is not declared. The maps in it are shared, and nothing of a frozen model changes."""
_GIVEN = set(User.model_fields)
_OF_USER = tuple(UserDeclaration.model_fields.keys() & User.model_fields.keys())
_OF_SERVICE = tuple(ServiceAccountDeclaration.model_fields.keys() & User.model_fields.keys())


# --- the way back -----------------------------------------------------------------------------------------------


class DeclaredPeople:
    """The users of an inventory, for leading paths through them back to what was written."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self.users = users

    def written(self, path: Path) -> Path:
        """The path as it was written, of one that leads through a user's grants or password."""
        inner = path[2:]
        if inner[:1] == ("grants",) and len(inner) > 1:
            return (*path[:2], *self._grant(str(path[1]), inner[1]), *_renamed(inner[2:], "starts"))
        return (*path[:2], *(_renamed(inner, "source") if inner[:1] == ("password",) else inner))

    def _grant(self, name: str, number: str | int) -> Path:
        found = self.users.get(name)
        if found is None or not isinstance(number, int) or number >= len(found.grants):
            return ("roles",)
        return found.grants[number].written


def _renamed(steps: Path, key: str) -> Path:
    """Steps in which a key of the models is the one that is written."""
    return tuple("from" if step == key else step for step in steps)
