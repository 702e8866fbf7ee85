"""From an inventory to what a system of accounts is to hold: users, what groups they are in, groups, policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pacsconf.core.address import Address
from pacsconf.core.departed import Lasting
from pacsconf.core.finding import Path
from pacsconf.core.mark import mark
from pacsconf.core.on_demand import OnDemand
from pacsconf.core.resource import Fields, State, Typed, Value
from pacsconf.inventory.accounts import AccountsConfig, PeoplePlace
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import PERSONAL, USER_KINDS, Personal, User
from pacsconf.people.entries import (
    ACCOUNT,
    CONTAINS,
    DISABLED,
    ENABLED,
    EXPIRES,
    GROUP,
    LOGIN,
    MEMBER,
    MEMBERSHIP,
    PASSWORD,
    POLICY,
    POLICY_FIELD,
    membership_field,
)
from pacsconf.people.landing import groups_of, landed
from pacsconf.people.standing import Stage, day_of, held, stage
from pacsconf.systems._accounts import floors, policies
from pacsconf.systems._accounts.kinds import KINDS, membership_at, user_at
from pacsconf.systems.base import Declared

NOTHING: Fields = {}
_PERSONAL = frozenset(PERSONAL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A user of the inventory who is to have an account here."""

    user: User
    root: Address
    """Where their account is."""
    login: str
    day: date | None
    """Which day it is for them; None: whatever the day."""
    stage: Stage
    place: PeoplePlace | None
    """Where an account for them is made; None: nowhere here."""
    zone: tzinfo

    @property
    def is_ours(self) -> bool:
        """Whether pacsconf makes and changes the account, as far as the inventory says where it is."""
        return self.place is not None and self.place.owns_accounts


class Landing(NamedTuple):
    """The fields of a membership, and the groups that it takes."""

    fields: Fields
    groups: frozenset[Address]


NOWHERE = Landing(NOTHING, frozenset())


@dataclass(frozen=True)
class Intent:
    """What of the inventory a read and a write look back at."""

    wanted: Mapping[str, Wanted] = field(default_factory=dict)
    """By user."""
    by_login: Mapping[str, str] = field(default_factory=dict)
    """By login, without case, the user it is of."""
    fields: Mapping[Address, Fields] = field(default_factory=dict)
    """What is declared of each account, of who is in which groups, and of each policy."""

    @property
    def is_named(self) -> bool:
        """Whether who somebody is is compared of anybody."""
        return any(not _PERSONAL.isdisjoint(fields) for fields in self.fields.values())


def declare(
    config: AccountsConfig, inventory: Inventory, own: Callable[[], str | None]
) -> tuple[Declared, Intent]:
    """What is wanted of one system, who departed apart; `own` tells whose account pacsconf binds with."""
    making = _Making(config, inventory)
    states = {one.address: one for one in (*making.groups(), *policies.declared(config, inventory))}
    places: dict[Address, Path] = {}
    fields = {address: one.fields for address, one in states.items() if address.kind == POLICY}
    for wanted in making.wanted.values():
        account, membership = making.account(wanted), making.membership(wanted)
        states[account.address], states[membership.address] = account, membership
        places[account.address] = places[membership.address] = wanted.user.path
        fields[account.address], fields[membership.address] = account.fields, membership.fields
    closed = [one for one in making.wanted.values() if one.stage != "active"]
    by_login = {one.login.casefold(): user for user, one in making.wanted.items()}
    declared = Declared(
        Typed(states, KINDS),
        paths=OnDemand(states.keys(), lambda address: making.paths(address, places)),
        floors=tuple(floors.floors(config.name, inventory, own)),
        lasting=Lasting(
            while_live=frozenset(at for one in closed for at in _while_live(config.name, one)),
            enforced=frozenset(at for one in closed for at in _enforced(config.name, one)),
        ),
    )
    return declared, Intent(making.wanted, by_login, fields)


def _while_live(system: str, closed: Wanted) -> Iterator[Address]:
    """What is only declared of somebody who is not at work while it is there: nothing is made for who has left, and
    who is to come is in no group before there is an account."""
    if closed.stage == "left" or not closed.is_ours:
        yield membership_at(system, closed.user.id)
        if closed.stage != "joining":
            yield user_at(system, closed.user.id)


def _enforced(system: str, closed: Wanted) -> Iterator[Address]:
    """What is put back without being asked for: who is out is in no group, and is not let in again."""
    yield membership_at(system, closed.user.id)
    if closed.stage != "joining":
        yield user_at(system, closed.user.id)


class _Making:
    """One inventory, on the way into one system."""

    def __init__(self, config: AccountsConfig, inventory: Inventory) -> None:
        self.config = config
        self.inventory = inventory
        self.landed = landed(inventory, config.name)
        self.assigned = policies.Assigned(config, inventory)
        self._zones: dict[str | None, tzinfo] = {None: UTC}
        self._everyone = frozenset(config.everyone)
        self._roles: dict[tuple[int, date | None], tuple[str, ...]] = {}
        self._landings: dict[tuple[str, ...], Landing] = {}
        self._accounts: dict[tuple[tuple[str, Value], ...], Fields] = {}
        self.wanted = {one.user.id: one for one in self._wanted()}

    def _wanted(self) -> Iterator[Wanted]:
        """Everybody who has, had or is to have a role that lands here, and whose accounts are made here anyway."""
        here = {role for roles in self.landed.values() for role in roles}
        place_of = {kind: self.config.people_place(kind) for kind in USER_KINDS}
        lands: dict[int, bool] = {}  # by the roles themselves, which thousands have alike
        for user_id in sorted(self.inventory.users):
            user = self.inventory.users[user_id]
            place, key = place_of[user.kind], id(user.grants)
            if key not in lands:
                lands[key] = any(grant.role in here for grant in user.grants)
            if lands[key] or (place is not None and place.owns_accounts):
                login = user.logins.get(self.config.name, user.id)
                day = day_of(self.inventory, user)
                root = user_at(self.config.name, user_id)
                yield Wanted(user, root, login, day, stage(user, day), place, self._zone(user))

    def _zone(self, user: User) -> tzinfo:
        site = self.inventory.sites.get(user.site or "")
        name = site.timezone if site else None
        if name not in self._zones:
            self._zones[name] = ZoneInfo(name) if name else UTC
        return self._zones[name]

    # --- users ------------------------------------------------------------------------------------------------

    def account(self, wanted: Wanted) -> State:
        address = wanted.root
        fields = self._of_ours(address, wanted) if wanted.is_ours else _asked_for(wanted)
        if wanted.login.casefold() != wanted.user.id.casefold():
            fields[LOGIN] = wanted.login
        key = tuple(fields.items())
        return State(address, address, self._accounts.setdefault(key, fields))

    def _of_ours(self, address: Address, wanted: Wanted) -> dict[str, Value]:
        user = wanted.user
        fields: dict[str, Value] = {ACCOUNT: ENABLED if wanted.stage == "active" else DISABLED}
        if user.ends is not None:
            fields[EXPIRES] = user.ends
        if (policy := self.assigned.of(user)) is not None:
            fields[POLICY_FIELD] = policy
        if user.password is not None:
            fields[PASSWORD] = user.password.version
        for name, value in user.personal().items():
            fields[name] = mark(address, name, value)
        return fields

    # --- memberships ------------------------------------------------------------------------------------------

    def membership(self, wanted: Wanted) -> State:
        """The groups somebody is in; none for who does not work here now.

        What an identity team is asked for first must not keep anybody in a group: who is out is taken out at once.
        """
        root, landing = wanted.root, self._landing(wanted)
        waits = wanted.is_ours or wanted.stage == "active"
        needs = landing.groups | {root} if waits else landing.groups
        return State(Address(root.system, MEMBERSHIP, root.name), root, landing.fields, needs)

    def _landing(self, wanted: Wanted) -> Landing:
        """Where somebody's roles lead to, by the roles that count for them now."""
        if wanted.stage != "active":
            return NOWHERE
        key = id(wanted.user.grants), wanted.day
        if key not in self._roles:
            self._roles[key] = tuple(one.role for one in held(wanted.user, wanted.day))
        roles = self._roles[key]
        if roles not in self._landings:
            self._landings[roles] = self._land(
                frozenset(groups_of(self.inventory, self.config.name, wanted.user))
            )
        return self._landings[roles]

    def _land(self, groups: frozenset[str]) -> Landing:
        names = sorted(groups | self._everyone if groups else groups)
        addresses = frozenset(Address.of(self.config.name, GROUP, name) for name in names)
        return Landing({membership_field(name): MEMBER for name in names}, addresses)

    # --- groups -----------------------------------------------------------------------------------------------

    def groups(self) -> Iterator[State]:
        """The groups that roles land in, those of everybody, and those that hold or are in others."""
        nested = self.config.nested
        names = {
            *self.landed,
            *nested,
            *(inner for held in nested.values() for inner in held),
            *self._everyone,
        }
        for name in sorted(names):
            if self.config.groups_place(name) is None:
                continue  # validate complains
            address = Address.of(self.config.name, GROUP, name)
            held = tuple(sorted(set(nested.get(name, ()))))
            needs = frozenset(Address.of(self.config.name, GROUP, inner) for inner in held)
            yield State(address, address, {CONTAINS: held} if held else NOTHING, needs)

    # --- where it is written ----------------------------------------------------------------------------------

    def paths(self, address: Address, places: Mapping[Address, Path]) -> dict[str, Path]:
        """Where a resource, and each of its fields, comes from."""
        if address.kind == GROUP:
            return self._group_paths(address.parts[0])
        if address.kind == POLICY:
            return policies.paths(address.parts[0], self.config)
        path = places[address]
        if address.kind == MEMBERSHIP:
            return {"": path, **self._membership_paths(self.wanted[address.parts[0]].user)}
        fields = {EXPIRES: "ends", PASSWORD: "password"}
        named = (*USER_FIELDS, EXPIRES, PASSWORD)
        login = (*path, "logins", self.config.name)
        return {"": path, LOGIN: login, **{name: (*path, fields.get(name, name)) for name in named}}

    def _group_paths(self, name: str) -> dict[str, Path]:
        roles = self.landed.get(name)
        system = ("systems", self.config.name)
        path: Path = ("roles", roles[0], "groups", self.config.name) if roles else (*system, "groups")
        return {"": path, CONTAINS: (*system, "nested", name)}

    def _membership_paths(self, user: User) -> dict[str, Path]:
        landing = groups_of(self.inventory, self.config.name, user)
        return {
            membership_field(group): (*user.path, *why[0].grant.written) for group, why in landing.items()
        }


USER_FIELDS: tuple[Personal, ...] = ("name", "given_name", "family_name", "email", "employee")


def _asked_for(wanted: Wanted) -> dict[str, Value]:
    """What is wanted of an account that others keep: that it is there, and closed once its user left.

    When it ends they know themselves of people; of everybody else it must be said.
    """
    fields: dict[str, Value] = {ACCOUNT: DISABLED if wanted.stage == "left" else ENABLED}
    if wanted.user.ends is not None and wanted.user.kind != "person":
        fields[EXPIRES] = wanted.user.ends
    return fields
