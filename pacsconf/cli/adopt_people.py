"""From a directory of people that was read to a draft: what is asked of it, by its configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from pacsconf.adopt.draft import Draft, Plain, Remark
from pacsconf.adopt.people import Asked, Known, draft
from pacsconf.cli import workspace
from pacsconf.core.finding import Finding
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.people.live import LiveAccounts
from pacsconf.people.oddities import oddities


@dataclass(frozen=True, slots=True)
class People:
    """Accounts and groups as they are live, and whether who somebody is goes into the inventory."""

    live: LiveAccounts
    with_names: bool = False


def drafted(config: AccountsConfig, written: Plain, found: People, known: Known | None) -> Draft:
    """Roles and users beside those that are known; `written` is the configuration as an inventory has it."""
    asked = Asked(config.name, written, lambda group: _branch_of(config, group), found.with_names)
    made = draft(asked, found.live, known)
    return replace(made, remarks=(*made.remarks, *odd(config, found.live, workspace.now())))


def odd(config: AccountsConfig, live: LiveAccounts, now: datetime) -> Iterator[Remark]:
    """What is odd about who is adopted, of each kind the first; without what adopting itself tells."""
    ours = {name: group for name, group in live.groups.items() if config.groups_place(name) is not None}
    found = [one for one in oddities(replace(live, groups=ours), now) if one.rule not in _TOLD]
    for _, alike in groupby(sorted(found, key=_rule), key=_rule):
        first, *others = alike
        more = f", and {len(others)} more like this" if others else ""
        yield Remark(f"{first.summary}{more}", f"{first.detail} {first.fix}", first.about)


def _rule(finding: Finding) -> str:
    return finding.rule


_TOLD = frozenset({
    "PEOPLE-ODD-CIRCLE", "PEOPLE-ODD-DANGLING", "PEOPLE-ODD-DISABLED-MEMBER", "PEOPLE-ODD-ELSEWHERE",
    "PEOPLE-ODD-SHARED",
})  # fmt: skip


def _branch_of(config: AccountsConfig, group: str) -> str | None:
    """The name of the branch that a group of this name is made in."""
    fitting = config.groups_place(group)
    return next((name for name, place in config.groups.items() if place is fitting), None)
