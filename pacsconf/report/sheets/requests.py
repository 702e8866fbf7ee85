"""The sheet for an identity team: what to do with which account, who asks, and since when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pacsconf.core.change import Change
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.people import asking
from pacsconf.people.entries import MEMBERSHIP, POLICY
from pacsconf.report.sheets.context import Asked, Request

NAME = "accounts-sheet"
"""The name of its templates."""


class Open(NamedTuple):
    """A change that waits for a person, and what the record tells of it."""

    change: Change
    since: str
    """A moment in words."""
    changeset: str
    outcome: str = ""
    """What became of it in that change set; empty where that is not known."""
    operator: str = ""
    ticket: str = ""

    @property
    def deeds(self) -> str:
        """What is asked; empty for what pacsconf does itself, once that is done which it needs."""
        if self.outcome:
            return asking.requested(self.outcome)
        return "" if self.change.address.kind == MEMBERSHIP else asking.asked(self.change)


def request(
    inventory: Inventory,
    system: str,
    waiting: Iterable[Open],
    *,
    printed: str,
    command: str,
    names: Mapping[str, str] | None = None,
) -> Request:
    """What templates get as `request`. `names` says who people are, by id, where that is asked for."""
    config = inventory.systems[system]
    assert isinstance(config, AccountsConfig), "only systems of accounts have an identity team"
    return Request(
        system=system,
        url=config.url,
        asked=tuple(_asked(inventory, system, one, names or {}) for one in waiting if one.deeds),
        printed=printed,
        commands=(f"{command} plan", f"{command} status"),
        done_when=_done_when(config),
    )


def _done_when(config: AccountsConfig) -> tuple[str, ...]:
    """What is taken for done: who does it otherwise would be asked for ever."""
    is_domain = config.flavour == "active-directory"
    usual, end = ("sAMAccountName", "accountExpires") if is_domain else ("uid", "pwdEndTime")
    shut = "userAccountControl has bit 2" if is_domain else "pwdAccountLockedTime is 000001010000Z"
    where = " or ".join(f"{one.base} ({one.login or usual})" for one in config.people.values())
    return (
        f"an account is there when an entry below {where} has the login",
        f"it is disabled when {shut}, or the entry is gone",
        f"it is good until a day when {end} is the midnight after it, where its user works",
    )


def _asked(inventory: Inventory, system: str, one: Open, names: Mapping[str, str]) -> Asked:
    user = one.change.address.parts[0]
    is_policy = one.change.address.kind == POLICY
    declared = None if is_policy else inventory.users.get(user)
    login = declared.logins.get(system, user) if declared else user
    return Asked(
        address=str(one.change.address),
        user=user,
        login="" if is_policy else login,
        name="" if is_policy else names.get(user, ""),
        deeds=tuple(one.deeds.split("; ")),
        since=one.since,
        changeset=one.changeset,
        operator=one.operator,
        ticket=one.ticket,
    )
