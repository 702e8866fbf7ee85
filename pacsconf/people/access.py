"""Who can do what, and by which way: of one user, of one role, on one device; declared, and live. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from pacsconf.inventory.model import Device, Inventory
from pacsconf.inventory.nesting import GroupPath
from pacsconf.inventory.people import ROLE, Grant, JobRole, User
from pacsconf.inventory.permissions import PermissionScope
from pacsconf.people.live import LiveAccount, LiveAccounts
from pacsconf.people.standing import Stage, counts, day_of, held, stage
from pacsconf.people.ways import Ways, systems_of

Mark = Literal["declared", "declared and live", "declared, not live", "live, not declared"]


class RoleHeld(NamedTuple):
    """A role of somebody's, and whether it counts now."""

    grant: Grant
    now: bool

    @property
    def role(self) -> str:
        return self.grant.role


class Permitted(NamedTuple):
    """Something that somebody may do, and the roles that say so."""

    what: PermissionScope
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InGroup:
    """That somebody is, or is to be, in a group of a system.

    `declared` and `live` are the ways into it, None where there is none; `is_read` is whether the system was.
    """

    system: str
    group: str
    declared: GroupPath | None = None
    roles: tuple[str, ...] = ()
    live: GroupPath | None = None
    is_read: bool = False

    @property
    def mark(self) -> Mark:
        if not self.is_read:
            return "declared"
        if self.declared is None:
            return "live, not declared"
        return "declared, not live" if self.live is None else "declared and live"


@dataclass(frozen=True, slots=True)
class UserAccess:
    """What one user can do: as declared, and as it is live in the systems that were read."""

    user: User
    day: date | None
    stage: Stage
    roles: tuple[RoleHeld, ...]
    permissions: tuple[Permitted, ...]
    groups: tuple[InGroup, ...]
    accounts: Mapping[str, LiveAccount | None]
    """By system that was read, their account there; None: there is none."""

    @property
    def is_as_declared(self) -> bool:
        groups = all(one.mark in ("declared", "declared and live") for one in self.groups)
        return groups and not self.open_to_gone

    @property
    def open_to_gone(self) -> frozenset[str]:
        """The systems where somebody who left or is suspended can sign in."""
        is_gone = self.stage in ("left", "suspended")
        return frozenset(
            name
            for name, one in self.accounts.items()
            if is_gone and one and one.can_sign_in(self.day or date.min)
        )


def of_user(inventory: Inventory, user: User, live: Mapping[str, LiveAccounts] | None = None) -> UserAccess:
    """What a user can do; `live` is what was read, by system."""
    read = live or {}
    day = day_of(inventory, user)
    now = {one.grant for one in held(user, day)}
    return UserAccess(
        user,
        day,
        stage(user, day),
        tuple(RoleHeld(grant, grant in now) for grant in user.grants),
        _permissions(inventory, (one.role for one in held(user, day))),
        tuple(
            one
            for system in systems_of(inventory)
            for one in _groups(inventory, system, user, read.get(system))
        ),
        {system: one.accounts.get(user.id) for system, one in sorted(read.items())},
    )


def _permissions(inventory: Inventory, roles: Iterable[str]) -> tuple[Permitted, ...]:
    found: dict[PermissionScope, list[str]] = {}
    for role in dict.fromkeys(roles):
        declared = inventory.roles.get(role)
        for what in declared.permissions if declared else ():
            found.setdefault(what, []).append(role)
    return tuple(
        Permitted(what, tuple(why)) for what, why in sorted(found.items(), key=lambda one: str(one[0]))
    )


def _groups(inventory: Inventory, system: str, user: User, live: LiveAccounts | None) -> Iterator[InGroup]:
    declared = Ways(inventory, system).of(user)
    there = live.paths(user.id) if live else {}
    for group in sorted(declared.keys() | there.keys()):
        way = declared.get(group)
        yield InGroup(
            system,
            group,
            way.path if way else None,
            way.roles if way else (),
            there.get(group),
            live is not None,
        )


# --- a role -------------------------------------------------------------------------------------------------------


class Holder(NamedTuple):
    """Somebody who was given a role, by which grant, whether it counts now, and how they stand."""

    user: User
    grant: Grant
    now: bool
    stage: Stage


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody who is in a group of a role, live, and was not given any role that leads there."""

    user: str
    system: str
    path: GroupPath


@dataclass(frozen=True, slots=True)
class RoleAccess:
    """Who has a role, and what it comes to."""

    role: JobRole
    holders: tuple[Holder, ...]
    groups: tuple[tuple[str, GroupPath], ...]
    """By system, the ways that it leads into groups."""
    conflicts: tuple[str, ...]
    """Roles that nobody may have beside it, whichever of the two says so."""
    approvers: tuple[str, ...]
    """Users who may let somebody have it now."""
    outsiders: tuple[Outsider, ...] = ()
    missing: tuple[tuple[str, str, str], ...] = ()
    """User, system and group, of holders who are not in it live."""
    read: tuple[str, ...] = ()
    """The systems that were read."""


def of_role(
    inventory: Inventory, role: JobRole, live: Mapping[str, LiveAccounts] | None = None
) -> RoleAccess:
    """Who has a role; `live` is what was read, by system."""
    read = live or {}
    given = tuple(_holders(inventory, role.id))
    ways = {system: Ways(inventory, system) for system in systems_of(inventory)}
    groups = tuple((system, way.path) for system in ways for way in ways[system].of_role(role.id).values())
    outsiders: list[Outsider] = []
    missing: list[tuple[str, str, str]] = []
    for system in sorted(read.keys() & ways.keys()):
        outsiders += _outsiders(inventory, role, ways[system], read[system])
        missing += _missing(role, given, read[system])
    return RoleAccess(
        role,
        given,
        groups,
        tuple(sorted(conflicts_of(inventory, role))),
        tuple(sorted(approvers(inventory, role))),
        tuple(outsiders),
        tuple(missing),
        tuple(sorted(read)),
    )


def _holders(inventory: Inventory, role: str) -> Iterator[Holder]:
    for user_id in sorted(inventory.users):
        user = inventory.users[user_id]
        if all(grant.role != role for grant in user.grants):
            continue
        day = day_of(inventory, user)
        at = stage(user, day)
        for grant in user.grants:
            if grant.role == role:
                yield Holder(user, grant, at == "active" and counts(grant, day), at)


def _outsiders(inventory: Inventory, role: JobRole, ways: Ways, live: LiveAccounts) -> Iterator[Outsider]:
    """Who is in a group that the role lands in as such, and has no role that leads there."""
    own = role.groups.get(live.system, ())
    for user in sorted(live.members(own)):
        declared = inventory.users.get(user)
        meant = ways.of(declared) if declared else {}
        for group, path in live.paths(user).items():
            if group in own and group not in meant:
                yield Outsider(user, live.system, path)


def _missing(role: JobRole, given: Iterable[Holder], live: LiveAccounts) -> Iterator[tuple[str, str, str]]:
    own = role.groups.get(live.system, ())
    for user in dict.fromkeys(one.user.id for one in given if one.now):
        there = live.paths(user)
        yield from ((user, live.system, group) for group in own if group not in there)


def conflicts_of(inventory: Inventory, role: JobRole) -> set[str]:
    """The roles that nobody may have beside this one, whichever of the two says so."""
    others = {name for name, other in inventory.roles.items() if role.id in other.conflicts_with}
    return others | set(role.conflicts_with)


def approvers(inventory: Inventory, role: JobRole) -> set[str]:
    """The users who may let somebody have a role now: those it names, and holders of the roles it names."""
    named = {one for one in role.approvers if not one.startswith(ROLE)}
    by_role = frozenset(one.removeprefix(ROLE) for one in role.approvers if one.startswith(ROLE))
    own = (inventory.users[one] for one in named & inventory.users.keys())
    found = {user.id for user in own if stage(user, day_of(inventory, user)) == "active"}
    return found | {user.id for _, user in _having(inventory, by_role)}


def _having(inventory: Inventory, roles: Set[str]) -> Iterator[tuple[str, User]]:
    """Who has any of these roles now, once for each; others are passed over without looking at days."""
    for user in inventory.users.values():
        own = {grant.role for grant in user.grants}
        if not own.isdisjoint(roles):
            now = {one.role for one in held(user, day_of(inventory, user))}
            yield from ((role, user) for role in sorted(now & roles))


# --- a device -----------------------------------------------------------------------------------------------------


class OnDevice(NamedTuple):
    """A permission that reaches a device, and who has it by which roles."""

    what: PermissionScope
    roles: tuple[str, ...]
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeviceAccess:
    """Who can do what on a device, and whose account it uses."""

    device: Device
    permissions: tuple[OnDevice, ...]
    accounts: tuple[User, ...]
    """Service accounts that it uses, and shared ones that may be used there."""


def of_device(inventory: Inventory, device: Device) -> DeviceAccess:
    """Who can do what on a device now."""
    found: dict[PermissionScope, list[str]] = {}
    for name in sorted(inventory.roles):
        for what in inventory.roles[name].permissions:
            if fits(what, device):
                found.setdefault(what, []).append(name)
    by_role: dict[str, list[str]] = {}
    for role, user in _having(inventory, {role for roles in found.values() for role in roles}):
        by_role.setdefault(role, []).append(user.id)
    permissions = tuple(
        OnDevice(
            what, tuple(roles), tuple(sorted({user for role in roles for user in by_role.get(role, ())}))
        )
        for what, roles in sorted(found.items(), key=lambda one: str(one[0]))
    )
    accounts = tuple(user for _, user in sorted(inventory.users.items()) if user.device == device.name)
    return DeviceAccess(device, permissions, accounts)


def fits(what: PermissionScope, device: Device) -> bool:
    """Whether a permission reaches a device: every limit that it has must fit."""
    limits = (
        (what.site, (device.site,)),
        (what.department, device.institution_departments),
        (what.modality, device.modality),
        (what.device, (device.name,)),
    )
    return all(not wanted or not set(wanted).isdisjoint(own) for wanted, own in limits)
