"""The directories of people of a practice lab: one for each declared OpenLDAP system of accounts.

It begins as an identity team has it before pacsconf comes: there are accounts, under made-up names, for everybody
who is declared and at work, with the password of the lab's identities and good until their last day; disabled ones
for those who left or are away; none for those who have yet to begin, nor where pacsconf makes the accounts itself;
and no groups.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pacsconf.core.errors import Unavailable
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import AsOf, User
from pacsconf.lab import slapd
from pacsconf.lab.people_tree import DISABLED, Account, Branch, Groups, Layout, options, parts_of
from pacsconf.lab.servers import Group, over_tls
from pacsconf.people.standing import day_of, stage

_MADE_FOR = "layout.json"
_TIME = "%Y%m%d%H%M%SZ"
_POLICIES = "policies"
"""Where the lab has its policy when no place for policies is declared: without one nothing can be locked."""

_GIVEN = (
    "Ada", "Amir", "Anna", "Ben", "Carla", "Daria", "Elif", "Emil", "Fatima", "Finn", "Grace", "Hugo", "Ines",
    "Jonas", "Kaya", "Lena", "Luis", "Mara", "Mehmet", "Mina", "Nora", "Oskar", "Paula", "Ravi", "Rosa",
    "Samir", "Sofia", "Tom", "Vera", "Yusuf",
)  # fmt: skip
_FAMILY = (
    "Acker", "Bauer", "Cetin", "Dietz", "Ebert", "Fuchs", "Graf", "Haas", "Ivanov", "Jansen", "Kaiser",
    "Lang", "Moser", "Novak", "Otto", "Peters", "Quast", "Roth", "Sauer", "Thoma", "Ulrich", "Vogt", "Weber",
    "Yilmaz", "Ziegler",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PracticeAccounts:
    """The directory of people of one system, with the branches that are declared."""

    group: ClassVar[Group] = "accounts"

    name: str
    layout: Layout

    def start(self, folder: Path) -> None:
        """A new one, as the identity team has it."""
        slapd.start(folder, options(self.layout))
        (folder / _MADE_FOR).write_text(self._made_for())

    def revive(self, folder: Path) -> bool:
        """Whether it runs with its data and these branches; where it died it is started again."""
        return slapd.revive(folder) is not None and self._is(folder)

    def stands(self, folder: Path) -> bool:
        """Whether it runs, with these branches."""
        return slapd.attach(folder) is not None and self._is(folder)

    def overlay(self, folder: Path) -> dict[str, Any]:
        """What leads the declared system to this directory."""
        found = slapd.attach(folder)
        if found is None:
            raise Unavailable("lab", f'the practice directory of people "{self.name}" ended at once')
        return over_tls(found)

    def _made_for(self) -> str:
        """What its configuration hangs on; who works there comes and goes."""
        return json.dumps(options(replace(self.layout, accounts=())).access)

    def _is(self, folder: Path) -> bool:
        made = folder / _MADE_FOR
        return made.exists() and made.read_text() == self._made_for()


def wanted(inventory: Inventory, now: AsOf | None = None) -> Iterator[PracticeAccounts]:
    """One for each declared directory of people that an OpenLDAP can play, by name; `now` says who has begun.

    Raises: Unavailable when the declared branches are not below one suffix.
    """
    seen = inventory.model_copy(update={"as_of": inventory.as_of or now})
    for name, config in sorted(inventory.systems.items()):
        if isinstance(config, AccountsConfig) and config.flavour == "openldap":
            yield PracticeAccounts(name, _layout(seen, name, config))


def state(folder: Path) -> tuple[bool, str]:
    """Whether it runs, and what it is in words."""
    return slapd.attach(folder) is not None, "directory of people"


def _layout(inventory: Inventory, name: str, config: AccountsConfig) -> Layout:
    policies = config.password_policies
    bases = [place.base for place in config.people.values()] + [
        place.base for place in config.groups.values()
    ]
    bases += [policies.base] if policies else []
    base = _suffix(name, bases)
    first, *_ = config.groups.values()
    return Layout(
        base=base,
        people=tuple(Branch(place.base, place.owns_accounts) for place in config.people.values()),
        groups=tuple(Groups(place.base, place.names) for place in config.groups.values()),
        policies=Branch(policies.base, policies.owned) if policies else Branch(f"ou={_POLICIES},{base}"),
        default_policy=(policies.default if policies else None) or "default",
        placeholder=first.placeholder,
        accounts=tuple(_accounts(inventory, name, config)),
    )


def _suffix(name: str, bases: Sequence[str]) -> str:
    """What all bases end with, from its first `dc=` on: `dc=hospital,dc=example`."""
    common: list[str] = []
    for level in zip(*(reversed(parts_of(base)) for base in bases), strict=False):
        if len({part.lower() for part in level}) > 1 or not level[0].lower().startswith("dc="):
            break
        common.insert(0, level[0])
    if not common:
        raise Unavailable(
            "lab",
            f'the branches of "{name}" have no suffix of dc=… in common, so that one practice directory could '
            "not hold them",
            fix="Declare them below one suffix in the environment lab.",
        )
    return ",".join(common)


def _accounts(inventory: Inventory, system: str, config: AccountsConfig) -> Iterator[Account]:
    for user_id in sorted(inventory.users):
        user = inventory.users[user_id]
        place = config.people_place(user.kind)
        stands = stage(user, day_of(inventory, user))
        if place is not None and not place.owns_accounts and stands != "joining":
            login = user.logins.get(system, user.id)
            more = {"pwdAccountLockedTime": DISABLED} if stands != "active" else {}
            more |= _last_seen(inventory, user) if stands == "active" else {}
            more |= {"pwdEndTime": _end(inventory, user.ends, user.site)} if user.ends else {}
            more |= {place.login: login} if place.login not in (None, "uid", "cn") else {}
            yield Account(login, place.base, _name(user), more=more)


def _end(inventory: Inventory, last: str, site: str | None) -> str:
    """The midnight after somebody's last day, where they work, as the directory has it."""
    place = inventory.sites.get(site or "")
    zone = place.timezone if place else None
    midnight = datetime.combine(date.fromisoformat(last) + timedelta(days=1), time(), ZoneInfo(zone or "UTC"))
    return midnight.astimezone(UTC).strftime(_TIME)


def _last_seen(inventory: Inventory, user: User) -> dict[str, str]:
    """When somebody last signed in: within the last month."""
    if inventory.as_of is None:
        return {}
    last = inventory.as_of.moment - timedelta(minutes=_drawn(user) % (30 * 24 * 60))
    return {"pwdLastSuccess": last.astimezone(UTC).strftime(_TIME)}


def _drawn(user: User) -> int:
    """A number that is made up of somebody's id, always the same."""
    return int.from_bytes(hashlib.sha256(user.id.encode()).digest()[:8])


def _name(user: User) -> tuple[str, str]:
    """As somebody is called: as declared, else made up, always the same."""
    drawn = _drawn(user)
    given, family = _GIVEN[drawn % len(_GIVEN)], _FAMILY[drawn // len(_GIVEN) % len(_FAMILY)]
    return user.given_name or given, user.family_name or family
