"""A few people, their roles and what is live of them, to hold access against."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Device, Inventory, Settings
from pacsconf.inventory.people import AsOf, Grant, JobRole, Security, User
from pacsconf.people.live import LiveAccount, LiveAccounts, LiveGroup

TODAY = date(2026, 11, 26)
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def user(name: str, *roles: str | Grant, **more: Any) -> User:
    grants = tuple(Grant(role=one) if isinstance(one, str) else one for one in roles)
    return User(id=name, grants=grants, **more)


def role(name: str, *groups: str, **more: Any) -> JobRole:
    return JobRole(id=name, groups={"accounts": groups} if groups else {}, **more)


def accounts_config(**more: Any) -> AccountsConfig:
    keys = {
        "name": "accounts",
        "type": "accounts",
        "url": "ldap://127.0.0.1:1",
        "people": {"staff": {"base": "ou=people,dc=x"}},
        "groups": {"pacs": {"base": "ou=groups,dc=x", **more.pop("place", {})}},
    }
    return AccountsConfig.model_validate(keys | more)


def hospital(
    users: tuple[User, ...] = (),
    roles: tuple[JobRole, ...] = (),
    *,
    config: AccountsConfig | None = None,
    **more: Any,
) -> Inventory:
    return Inventory(
        settings=Settings(),
        users={one.id: one for one in users},
        roles={one.id: one for one in roles},
        systems={"accounts": config or accounts_config()},
        as_of=AsOf(NOW),
        security=more.pop("security", Security()),
        **more,
    )


def account(name: str, **more: Any) -> LiveAccount:
    seen = {"last_seen": NOW, "last_seen_known": True}
    return LiveAccount(name, name, f"uid={name},ou=people,dc=x", "staff", **seen | more)


def group(name: str, *users: str, groups: tuple[str, ...] = (), elsewhere: tuple[str, ...] = ()) -> LiveGroup:
    return LiveGroup(name, f"cn={name},ou=groups,dc=x", users, groups, elsewhere)


def live(
    accounts: tuple[LiveAccount, ...] | tuple[str, ...], *groups: LiveGroup, **more: Any
) -> LiveAccounts:
    made = [account(one) if isinstance(one, str) else one for one in accounts]
    return LiveAccounts(
        "accounts", {one.user: one for one in made}, {one.name: one for one in groups}, **more
    )


def device(name: str, **more: Any) -> Device:
    return Device(name=name, type="modality", **more)
