"""People as rules see them: users, roles, groups and password policies, declared and live. Ids alone, never a name.

What somebody signs in with who is not declared stands here as it does in an access report: with its system.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import AsOf
from pacsconf.policy.evidence import Configured, Evidence
from pacsconf.policy.facts import groups, passwords, roles, users
from pacsconf.policy.facts.places import Sites
from pacsconf.policy.subject import Facts, Subject

if TYPE_CHECKING:
    from pacsconf.people.live import LiveAccounts


def declared(evidence: Evidence, sites: Sites) -> dict[str, tuple[Subject, ...]]:
    """By kind, the subjects without what is live of them."""
    inventory, systems = _dated(evidence), _systems(evidence)
    blind = {name: why for name in systems if (why := _unread(evidence, name))}
    why = "; ".join(blind.values())
    keeping = {name: one for name, one in systems.items() if one.password_policies is not None}
    why_policies = "; ".join(blind[name] for name in keeping if name in blind)
    assert inventory.as_of is not None
    found = {
        "user": users.declared(inventory, tuple(systems), sites.of, why),
        "role": roles.declared(inventory, evidence.reviews, inventory.as_of.day(), why),
        "group": groups.declared(inventory, systems, _live(evidence), blind),
        "password-policy": passwords.declared(inventory, keeping, evidence.systems, why_policies),
    }
    nowhere = sites.of(None)
    return {
        kind: tuple(one if one.site else replace(one, site=nowhere) for one in subjects)
        for kind, subjects in found.items()
    }


def configured(evidence: Evidence) -> Configured:
    """By kind and name, what systems of accounts hold: as they were read, or as a plan leaves them.

    Nothing of users, roles and groups where none of them was read.
    """
    inventory, systems, live = _dated(evidence), _systems(evidence), _live(evidence)
    keeping = [name for name, one in systems.items() if one.password_policies is not None]
    found: dict[str, Mapping[str, Facts]] = {
        "password-policy": passwords.configured(keeping, evidence.systems)
    }
    if live:
        whole = systems.keys() <= live.keys()
        found["user"] = users.configured(inventory, live, evidence.now, whole=whole)
        found["role"] = roles.configured(inventory, live)
        found["group"] = groups.configured(inventory, systems, live)
    return found


def _dated(evidence: Evidence) -> Inventory:
    """The inventory on a day: its own, else the one of the evidence."""
    inventory = evidence.inventory
    if inventory.as_of is not None:
        return inventory
    return inventory.model_copy(update={"as_of": AsOf(evidence.now)})


def _systems(evidence: Evidence) -> dict[str, AccountsConfig]:
    """The systems of accounts, by name."""
    declared = sorted(evidence.inventory.systems.items())
    return {name: one for name, one in declared if isinstance(one, AccountsConfig)}


def _live(evidence: Evidence) -> dict[str, LiveAccounts]:
    return {name: one.accounts for name, one in sorted(evidence.systems.items()) if one.accounts is not None}


def _unread(evidence: Evidence, name: str) -> str:
    """Why nothing is known of a system that was to be looked at; empty: it was read, or nobody looked."""
    one = evidence.systems.get(name)
    if one is None or one.accounts is not None:
        return ""
    return f"{name} was not read" + (f": {one.why}" if one.why else "")
