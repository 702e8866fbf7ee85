"""What somebody leaves behind: secrets that they know, what they answer for, where nobody sees who signs in. Pure.

Derived from what is declared, and no more: a secret that somebody was told over the telephone is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pacsconf.core.approval import is_named
from pacsconf.core.finding import Path
from pacsconf.inventory.baseline import entries, waivers
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import ROLE, User
from pacsconf.inventory.systems import ConsoleConfig
from pacsconf.people.orthanc import logins_for
from pacsconf.people.standing import held, holders

_OPERATING = frozenset({"config:apply", "keys:manage", "system:operate"})
"""Whoever may do one of these has most likely seen how systems are signed in to."""


class Left(NamedTuple):
    """One thing that is left behind, in words, and where it is declared."""

    what: str
    path: Path = ()


class SystemSecret(NamedTuple):
    """A secret that a system names: its reference, never itself."""

    system: str
    reference: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """What one user leaves behind."""

    user: str
    roles: tuple[str, ...] = ()
    """All that are written of them, whatever the day."""
    rotate: tuple[Left, ...] = ()
    """Passwords that are theirs to know: to be renewed."""
    may_know: tuple[Left, ...] = ()
    """Passwords that whoever has their roles may know."""
    successors: tuple[Left, ...] = ()
    """What they answer for, and somebody else must."""
    by_hand: tuple[Left, ...] = ()
    """Where access may be left that cannot be seen, or not be taken away, from here."""


def leaving(inventory: Inventory, user: User, secrets: Iterable[SystemSecret] = ()) -> Leaving:
    """What a user leaves behind who is declared as still here; `secrets` are all that systems name."""
    rotate = tuple(_theirs(inventory, user))
    certain = {one.path for one in rotate}
    return Leaving(
        user.id,
        tuple(dict.fromkeys(grant.role for grant in user.grants)),
        rotate,
        tuple(one for one in _shared(inventory, user, secrets) if one.path not in certain),
        tuple(_answered_for(inventory, user)),
        tuple(_elsewhere(inventory, user)),
    )


def _theirs(inventory: Inventory, user: User) -> Iterator[Left]:
    for other in _others(inventory, user):
        if other.owner == user.id:
            yield Left(f"the password of {_account(other)} {other.id}, which they answer for", other.path)


def _shared(inventory: Inventory, user: User, secrets: Iterable[SystemSecret]) -> Iterator[Left]:
    roles = {grant.role for grant in user.grants}
    for other in _others(inventory, user):
        common = sorted(roles & {grant.role for grant in other.grants})
        if other.kind in ("shared", "break-glass") and common:
            yield Left(
                f"the password of {_account(other)} {other.id}, which is for {', '.join(common)}", other.path
            )
    operating = sorted(role for role in roles if _operates(inventory, role))
    if not operating:
        return
    why = f"known to whoever is {', '.join(operating)}"
    for other in _others(inventory, user):
        if other.password is not None:
            yield Left(f"the password of {_account(other)} {other.id}, {why}", other.path)
    for one in dict.fromkeys(secrets):
        yield Left(
            f"{one.reference}, with which {one.system} is signed in to, {why}", ("systems", one.system)
        )


def _operates(inventory: Inventory, name: str) -> bool:
    role = inventory.roles.get(name)
    if role is None:
        return False
    return role.administrator or any(one.permission in _OPERATING for one in role.permissions)


def _account(user: User) -> str:
    words = {"service": "service account", "shared": "shared account", "break-glass": "break-glass account"}
    return words.get(user.kind, "account")


def _others(inventory: Inventory, user: User) -> Iterator[User]:
    return (inventory.users[name] for name in sorted(inventory.users) if name != user.id)


def _answered_for(inventory: Inventory, user: User) -> Iterator[Left]:
    yield from _of_people(inventory, user)
    for name, device in sorted(inventory.devices.items()):
        if device.owner and _is(user, device.owner):
            yield Left(f"device {name}, whose owner they are", ("devices", name, "owner"))
    yield from _agreed(inventory, user)
    for name, hold in sorted(inventory.retention.holds.items()):
        if not hold.released and _is(user, hold.placed_by):
            yield Left(f"the legal hold {name}, which they placed", ("retention", "holds", name, "placed_by"))
    for risk, rule in sorted(inventory.settings.approval_rules().items()):
        if is_named(_identity(user), rule.approvers) or user.id in rule.approvers:
            what = f"approvals of risk class {risk}, of which they are an approver"
            yield Left(what, ("pacsconf", "approvals", risk))


def _agreed(inventory: Inventory, user: User) -> Iterator[Left]:
    """Faults that are accepted because they answer for them."""
    for waived in waivers(inventory.baseline):
        if _is(user, waived.owner):
            yield Left(f"the waiver {waived.waiver} of {waived.rule} until {waived.until}")
    for name, entry in sorted(entries(inventory.baseline).items()):
        if _is(user, entry.owner):
            what = f"the agreement {name} about {entry.rule} until {entry.until}"
            yield Left(what, ("baseline", name, "owner"))


def _of_people(inventory: Inventory, user: User) -> Iterator[Left]:
    for other in _others(inventory, user):
        if other.owner == user.id:
            yield Left(f"{_account(other)} {other.id}, which they answer for", (*other.path, "owner"))
        if other.sponsor == user.id:
            yield Left(f"{other.id}, whose sponsor they are", (*other.path, "sponsor"))
    if user.id in inventory.security.administrators.required:
        yield Left("the administrators who must stay, of whom they are one", ("security", "administrators"))
    theirs = {one.role for one in held(user, None)}
    who = holders(inventory)
    for name, role in sorted(inventory.roles.items()):
        if user.id in role.approvers:
            yield Left(f"role {name}, of which they are an approver", (*role.path, "approvers"))
        for each in role.approvers:
            of = each.removeprefix(ROLE)
            others = {one.id for one in who.get(of, ()) if one.kind in ("person", "vendor")} - {user.id}
            if each != of and of in theirs and not others:
                what = f"role {name}: nobody else is {of}, who approve it"
                yield Left(what, (*role.path, "approvers"))


def _elsewhere(inventory: Inventory, user: User) -> Iterator[Left]:
    for system, login in logins_for(inventory, user.id):
        what = f"{system}: login {login} goes from its file of users, which is to be rendered anew and read by it"
        yield Left(what, ("systems", system, "users", login))
    for system, config in sorted(inventory.systems.items()):
        if isinstance(config, ConsoleConfig):
            login = user.logins.get(system, user.id)
            whom = f" (ask {config.contact})" if config.contact else ""
            what = (
                f"{system}: who may sign in there cannot be seen here; take {login} out at its console{whom}"
            )
            yield Left(what, ("systems", system))


def _is(user: User, named: str) -> bool:
    """Whether a text means a user: their id, or their name or address where these are declared."""
    return named == user.id or is_named(_identity(user), (named,))


def _identity(user: User) -> str:
    return f"{user.name or ''} <{user.email or ''}>"
