"""From a directory of people that was read to a draft: what is asked of it, by its configuration."""

from __future__ import annotations

from dataclasses import dataclass

from pacsconf.adopt.draft import Draft, Plain
from pacsconf.adopt.people import Asked, Known, draft
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.people.live import LiveAccounts


@dataclass(frozen=True, slots=True)
class People:
    """Accounts and groups as they are live, and whether who somebody is goes into the inventory."""

    live: LiveAccounts
    with_names: bool = False


def drafted(config: AccountsConfig, written: Plain, found: People, known: Known | None) -> Draft:
    """Roles and users beside those that are known; `written` is the configuration as an inventory has it."""
    asked = Asked(config.name, written, lambda group: _branch_of(config, group), found.with_names)
    return draft(asked, found.live, known)


def _branch_of(config: AccountsConfig, group: str) -> str | None:
    """The name of the branch that a group of this name is made in."""
    fitting = config.groups_place(group)
    return next((name for name, place in config.groups.items() if place is fitting), None)
