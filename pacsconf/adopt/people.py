"""From the accounts and groups of a directory to roles, users and service accounts. Pure.

Each group is a role, named after it, and who is in it as such has that role; groups in groups stay so, in the
system's own entry. Ids are logins. Who somebody is stays in the directory unless it is asked for: an inventory is
kept for ever, and names are not needed in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pacsconf.adopt.draft import Draft, Plain, Remark
from pacsconf.adopt.naming import Names
from pacsconf.core.address import Address
from pacsconf.core.finding import Path
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.nesting import within
from pacsconf.inventory.people import JobRole, User, UserKind
from pacsconf.people.guess import administers, is_placeholder, kind_of
from pacsconf.people.live import LiveAccount, LiveAccounts, LiveGroup

USERS, SERVICES, ROLES = "users", "service_accounts", "roles"
_SEPARATORS = "-_. "
_NAMED = 8
"""How many names a remark has."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is declared already: users and roles by id, and which of the users may be said more of.

    A row of a personnel file and an entry in YAML are one user; what stands in YAML already is not written over.
    """

    users: Mapping[str, User] = field(default_factory=dict)
    roles: Mapping[str, JobRole] = field(default_factory=dict)
    open: frozenset[str] = frozenset()

    @classmethod
    def of(cls, inventory: Inventory, is_row: Callable[[str], bool]) -> Known:
        """Those of an inventory; `is_row` tells who stands in a personnel file alone.

        Where that file gives roles, it is the file that is to be changed.
        """
        rows = (name for name, user in inventory.users.items() if not user.grants and is_row(name))
        return cls(inventory.users, inventory.roles, frozenset(rows))


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a directory is adopted: groups of which `place` names the branch, names of people only if wanted."""

    system: str
    config: Plain
    place: Callable[[str], str | None]
    with_names: bool = False


def draft(asked: Asked, live: LiveAccounts, known: Known | None = None) -> Draft:
    """Roles, users and service accounts, and the system with its groups in groups, to be read only."""
    made = _Maker(asked, live, known or Known())
    roles = made.roles()
    made.everybody()
    nested = made.nested()
    config = {
        **asked.config,
        **made.branches(),
        **({"nested": nested} if nested else {}),
        "mode": "read-only",
    }
    return Draft(
        asked.system,
        systems={asked.system: config},
        people={ROLES: roles, USERS: made.users, SERVICES: made.services},
        remarks=tuple(made.told()),
        comments=made.comments,
    )


class _Maker:
    """Makes declarations of what is live."""

    def __init__(self, asked: Asked, live: LiveAccounts, known: Known) -> None:
        self.asked = asked
        self.live = live
        self.known = known
        groups = {name: group for name, group in sorted(live.groups.items()) if asked.place(name)}
        self.placeholders = dict(_placeholders(groups, asked.place))
        self.groups = {name: _without(group, self.placeholders.values()) for name, group in groups.items()}
        self.role_of: dict[str, str] = {}
        """By group, the role that stands for it."""
        self.users: dict[str, Plain] = {}
        self.services: dict[str, Plain] = {}
        self.comments: dict[Path, str] = {}
        self.remarks: list[Remark] = []
        self.kinds: dict[UserKind, list[str]] = defaultdict(list)
        self.places: dict[str, set[UserKind]] = defaultdict(set)
        """By branch of accounts, the kinds that are in it."""
        self.ids = Names(known.users)
        self.known_by = _by_what_is_theirs(asked.system, known.users)

    # --- roles

    def roles(self) -> dict[str, Plain]:
        """A role for each group; one that is declared to lead into the group already stands for it."""
        taken = Names(self.known.roles)
        landing = self.landing()
        found: dict[str, Plain] = {}
        for name, wanted in role_names(self.groups).items():
            if name in landing:
                self.role_of[name] = landing[name]
                continue
            role = taken.kept(wanted, "role")
            self.role_of[name] = role
            found[role] = self.role(role, self.groups[name])
            if wanted != role and wanted in self.known.roles:
                self.remarks.append(self.twin(role, wanted, name))
        return found

    def landing(self) -> dict[str, str]:
        """By group, the role that is declared to lead into it alone."""
        found: dict[str, str] = {}
        for name, role in sorted(self.known.roles.items()):
            groups = role.groups.get(self.asked.system, ())
            if len(groups) == 1:
                found.setdefault(groups[0], name)
        return found

    def role(self, role: str, group: LiveGroup) -> Plain:
        found: dict[str, Any] = {"description": group.description} if _is_line(group.description) else {}
        found["groups"] = {self.asked.system: group.name}
        if administers(group.name):
            found["administrator"] = True
            self.comments[ROLES, role] = "Taken for a role of administrators, by its name."
        return found

    def twin(self, role: str, wanted: str, group: str) -> Remark:
        return Remark(
            f"Role {wanted} is declared already, so group {group} became role {role}",
            f"If both are one: add `groups: {{{self.asked.system}: {group}}}` to {wanted}, put it in the place of "
            f"{role} wherever that stands, and remove {role}.",
            self.about("group", group),
        )

    # --- accounts

    def everybody(self) -> None:
        """Users and service accounts, of all who are in an adopted group as such."""
        held: dict[str, list[str]] = defaultdict(list)
        for user, groups in self.live.directly.items():
            held[user] += [self.role_of[group] for group in groups if group in self.role_of]
        for user, roles in sorted(held.items()):
            account = self.live.accounts.get(user)
            if roles and account is not None and account.exists and account.place:
                self.declare(account, roles)

    def declare(self, account: LiveAccount, roles: list[str]) -> None:
        declared = self.declared_as(account)
        if declared is not None:
            self.again(declared, account, roles)
            return
        name = self.ids.kept(account.user, "user")
        guess = kind_of(account)
        self.places[account.place].add(guess.kind)
        found: dict[str, Any] = {}
        if guess.kind != "person":
            self.kinds[guess.kind].append(name)
            self.comments[SERVICES if guess.kind == "service" else USERS, name] = (
                f"Taken for {_KINDS[guess.kind]}: {guess.why}."
            )
        if guess.kind not in ("person", "service"):
            found["kind"] = guess.kind
        found["roles"] = roles
        found |= self.standing(account)
        found |= {"logins": {self.asked.system: account.login}} if name != account.login else {}
        if guess.kind == "service":
            self.services[name] = found
        else:
            self.users[name] = {**found, **self.personal(account)}

    def declared_as(self, account: LiveAccount) -> str | None:
        """The id of the declared user whose account it is: by login, by employee number, by mail address."""
        if account.user in self.known.users:
            return account.user
        keys = (("login", account.login), *account.personal.items())
        fitting = (
            self.known_by[key, text.casefold()]
            for key, text in keys
            if (key, text.casefold()) in self.known_by
        )
        return next(fitting, None)

    def standing(self, account: LiveAccount) -> Plain:
        """Until when, and whether they are away."""
        ends = {"ends": account.expires.isoformat()} if account.expires else {}
        return ends | ({} if account.enabled else {"status": "suspended"})

    def personal(self, account: LiveAccount) -> Plain:
        return (
            {name: text for name, text in account.personal.items() if text} if self.asked.with_names else {}
        )

    def again(self, name: str, account: LiveAccount, roles: list[str]) -> None:
        """Somebody who is declared: a row of a personnel file is given roles, what a person wrote stays."""
        user = self.known.users[name]
        if name not in self.known.open:
            had = {grant.role for grant in user.grants}
            missing = [role for role in roles if role not in had]
            if missing:
                self.remarks.append(self.other_roles(name, missing))
            return
        logins = {} if account.login == name else {"logins": {self.asked.system: account.login}}
        self.users[name] = {"roles": roles, **logins}

    def other_roles(self, name: str, missing: list[str]) -> Remark:
        return Remark(
            f"{name} is declared already, and is live in groups of {listed(missing)} too",
            f"Add the roles to {name} where they are right. Until then the memberships are left alone.",
            self.about("membership", name),
        )

    # --- groups in groups

    def branches(self) -> Plain:
        """The branches, with what is a member of groups where nobody is, and those that are for programs."""
        found = {name: {**plain} for name, plain in self.asked.config.get("groups", {}).items()}
        for name, dn in self.placeholders.items():
            found[name]["placeholder"] = dn
        people = {name: {**plain} for name, plain in self.asked.config.get("people", {}).items()}
        for name, plain in people.items():
            if len(people) > 1 and self.places[name] == {"service"}:
                plain["kinds"] = ["service"]
        return {key: branches for key, branches in (("people", people), ("groups", found)) if branches}

    def nested(self) -> dict[str, list[str]]:
        """By group, the groups in it; what would close a circle is left out."""
        found: dict[str, list[str]] = {}
        for name, group in self.groups.items():
            for inner in group.groups:
                if inner not in self.groups:
                    self.remarks.append(self.not_nested(name, inner, "it is none of those that are adopted"))
                elif name in within((inner,), found):
                    self.remarks.append(self.not_nested(name, inner, "they contain each other in a circle"))
                else:
                    found.setdefault(name, []).append(inner)
        return found

    def not_nested(self, outer: str, inner: str, why: str) -> Remark:
        return Remark(
            f"Group {inner} in group {outer} is not declared: {why}",
            "It stays as it is there.",
            self.about("group", outer),
        )

    # --- what is said

    def told(self) -> Iterator[Remark]:
        yield from self.remarks
        admins = [str(role) for collection, role in self.comments if collection == ROLES]
        if admins:
            yield Remark(
                f"Taken for roles of administrators, by their names: {listed(admins)}",
                "Correct `administrator` where that is wrong: at least two people must keep such a role.",
            )
        for kind, names in self.kinds.items():
            yield Remark(
                f"Taken for {_KINDS_OF_MANY[kind]}: {listed(names)}",
                "Each is said with its reason in the files. Correct the kind where it is wrong.",
            )
        yield from self.left_out()

    def left_out(self) -> Iterator[Remark]:
        """Members that cannot be declared, since they are not there, or nobody knows what they are."""
        gone: dict[str, None] = {}
        others: dict[str, None] = {}
        for group in self.groups.values():
            for user in group.users:
                account = self.live.accounts.get(user)
                if account is None or not account.exists:
                    gone[user] = None
                elif not account.place:
                    others[user] = None
            others.update(dict.fromkeys(group.elsewhere))
        if gone:
            yield Remark(
                f"{_members(len(gone))} not there and left unmanaged: {listed(gone)}",
                "Take them out of their groups: who is given such a name next has all they had.",
            )
        if others:
            yield Remark(
                f"{_members(len(others))} in none of the branches that were read, and left unmanaged: "
                f"{listed(others)}",
                "Name their branch as well (--people), or take them out of their groups.",
            )

    def about(self, kind: str, name: str) -> Address:
        return Address.of(self.asked.system, kind, name)


_KINDS: Mapping[UserKind, str] = {
    "shared": "an account that several share",
    "service": "an account of a program",
    "vendor": "an account of somebody from outside",
    "break-glass": "an account for emergencies",
}
_KINDS_OF_MANY: Mapping[UserKind, str] = {
    "shared": "accounts that several share",
    "service": "accounts of programs",
    "vendor": "accounts of people from outside",
    "break-glass": "accounts for emergencies",
}


def role_names(groups: Iterable[str]) -> dict[str, str]:
    """By group, what its role is to be called: its name without what all names begin with."""
    names = list(groups)
    shared = _beginning([name.casefold() for name in names]) if len(names) > 1 else ""
    end = max(shared.rfind(mark) for mark in _SEPARATORS) + 1
    found = {
        name: name[end:].strip(_SEPARATORS) if len(name.casefold()) == len(name) else name for name in names
    }
    return {name: rest or name for name, rest in found.items()}


def _beginning(texts: list[str]) -> str:
    """What all of them begin with: what the least and the greatest do."""
    least, greatest = min(texts), max(texts)
    while not greatest.startswith(least):
        least = least[:-1]
    return least


def _placeholders(
    groups: Mapping[str, LiveGroup], place: Callable[[str], str | None]
) -> Iterator[tuple[str, str]]:
    """By branch, what is a member of groups that have none: no account, and called so."""
    for name, group in groups.items():
        for dn in (*group.elsewhere, *group.users):
            if is_placeholder(dn):
                yield place(name) or "", dn


def _without(group: LiveGroup, dns: Collection[str]) -> LiveGroup:
    """A group without these members."""
    if not dns:
        return group
    users, elsewhere = (
        tuple(one for one in some if one not in dns) for some in (group.users, group.elsewhere)
    )
    return replace(group, users=users, elsewhere=elsewhere)


def _by_what_is_theirs(system: str, users: Mapping[str, User]) -> dict[tuple[str, str], str]:
    """Who is declared to have a login in a system (the id, where none is declared), an employee number, an address.

    What two have is nobody's.
    """
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, user in users.items():
        theirs = {"login": user.logins.get(system, name), "employee": user.employee, "email": user.email}
        for key, text in theirs.items():
            if text:
                found[key, text.casefold()].append(name)
    return {key: names[0] for key, names in found.items() if len(names) == 1}


def _is_line(text: str) -> bool:
    return bool(text) and text.isprintable() and text == text.strip()


def _members(number: int) -> str:
    return "1 member of groups is" if number == 1 else f"{number} members of groups are"


def listed(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    every = list(names)
    shown = every[:_NAMED] + ([f"{len(every) - _NAMED} more"] if every[_NAMED:] else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
