"""What a system of accounts holds, read whole: accounts, groups with who is in them, password policies.

Accounts are known by the user they belong to: the inventory's where it has one of that login, else by the login.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pacsconf.core.address import Address
from pacsconf.core.errors import BadAnswer
from pacsconf.core.resource import State
from pacsconf.inventory.accounts import AccountsConfig, GroupsPlace, PeoplePlace
from pacsconf.inventory.people import Personal
from pacsconf.people.entries import LOGIN, USER
from pacsconf.systems._accounts.declare import Intent
from pacsconf.systems._accounts.disguise import disguised
from pacsconf.systems._accounts.flavour import Facts, Flavour
from pacsconf.systems._ldap import Directory, Entry, Missing, names


@dataclass(slots=True)
class Account:
    """One account, in the branch that `place` names."""

    user: str
    login: str
    place: str
    entry: Entry
    facts: Facts


@dataclass(slots=True)
class Group:
    """One group: who is in it by user, which groups are, and the DNs that are neither; `raw` are all as spelled."""

    name: str
    entry: Entry
    users: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    has_placeholder: bool = False

    @property
    def dn(self) -> str:
        return self.entry.dn


@dataclass
class Tree:
    """All of it. `twice` are logins that several accounts have, with their DNs."""

    accounts: dict[str, Account] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    policies: dict[str, Entry] = field(default_factory=dict)
    twice: dict[str, list[str]] = field(default_factory=dict)
    memberships: dict[str, set[str]] = field(default_factory=dict)
    """By user, or by the name in `others`, the groups they are in."""
    others: dict[str, str] = field(default_factory=dict)
    """The DNs of accounts that are nobody's, and of members that are no accounts, by what they are called here."""
    by_itself: dict[str, set[str]] = field(default_factory=dict)
    """By user, those of these groups that they are in without being a member's value there."""
    user_of: dict[str, str] = field(default_factory=dict)
    """By DN of an account as the server spells it, the user."""


class Reader:
    """Reads the branches that a configuration names."""

    def __init__(
        self,
        config: AccountsConfig,
        flavour: Flavour,
        directory: Directory,
        intent: Intent,
        owned: Mapping[Address, State],
    ) -> None:
        self.config = config
        self.flavour = flavour
        self.directory = directory
        self.intent = intent
        former = {applied_login(owned[at]).casefold(): at.parts[0] for at in owned if _departed(at, intent)}
        self._by_login = {**former, **intent.by_login}
        self._users = frozenset({*former.values(), *intent.wanted})
        """Nobody else's account goes by one of these, whatever its login is."""

    def tree(self, *, named: bool = True) -> Tree:
        """All accounts, groups and policies; who somebody is only where it is asked for.

        Raises: Unavailable, Refused; BadAnswer when it is not whole.
        """
        tree = Tree()
        for name, place in self.config.people.items():
            self._take_accounts(tree, name, place, self._search_accounts(place, named=named))
        for group_place in self.config.groups.values():
            self._take_groups(tree, group_place, self._search_groups(group_place))
        self._join(tree)
        self._take_policies(tree)
        return tree

    def tree_of(self, user: str) -> Tree:
        """One account, and the groups that it is in, as such or through others; nothing else is asked for.

        Raises: Unavailable, Refused, BadAnswer.
        """
        tree = Tree()
        wanted = self.intent.wanted.get(user)
        login = wanted.login if wanted else user
        for name, place in self.config.people.items():
            only = f"({self.flavour.login_attribute(place)}={names.for_filter(login)})"
            self._take_accounts(tree, name, place, self._search_accounts(place, only))
        reached = [account.entry.dn for account in tree.accounts.values()]
        by_itself = {each for account in tree.accounts.values() for each in account.facts.by_itself}
        others = "".join(f"({self.flavour.identity}={_octets(each)})" for each in sorted(by_itself))
        member = f"member:{self.flavour.in_chain}:" if self.flavour.in_chain else "member"
        while reached:
            before = set(tree.groups)
            asked = "".join(f"({member}={names.for_filter(dn)})" for dn in reached)
            for group_place in self.config.groups.values():
                self._take_groups(tree, group_place, self._search_groups(group_place, f"(|{asked}{others})"))
            others = ""
            # In a chain the server has found all that there is, but for what a primary group is in.
            reached = [tree.groups[name].dn for name in tree.groups.keys() - before]
        self._join(tree, whole=False)
        return tree

    # --- searches ---------------------------------------------------------------------------------------------

    def _search_accounts(self, place: PeoplePlace, only: str = "", *, named: bool = True) -> Iterable[Entry]:
        login = self.flavour.login_attribute(place)
        personal = self.flavour.personal.values() if named else ()
        wanted = [*dict.fromkeys((login, *self.flavour.account_attributes, *personal))]
        return self._search(
            place.base, f"(&{self.flavour.accounts}{only})" if only else self.flavour.accounts, wanted
        )

    def _search_groups(self, place: GroupsPlace, only: str = "") -> Iterable[Entry]:
        matching = f"(&{self.flavour.groups}{only})" if only else self.flavour.groups
        identity = [self.flavour.identity] if self.flavour.identity else []
        return self._search(place.base, matching, ["cn", "member", "description", *identity])

    def _search(self, base: str, matching: str, wanted: Sequence[str]) -> tuple[Entry, ...]:
        try:
            return self.directory.search(base, matching, wanted)
        except Missing as fault:
            raise BadAnswer(
                self.config.name,
                f"there is no branch {base}, or this account may not see it",
                fix="Correct `base` under people, groups or password_policies; or have the branch made.",
            ) from fault

    # --- taking in --------------------------------------------------------------------------------------------

    def _take_accounts(self, tree: Tree, name: str, place: PeoplePlace, found: Iterable[Entry]) -> None:
        login_attribute, facts = self.flavour.login_attribute(place), self.flavour.facts
        by_login = self._by_login
        for entry in found:
            login = entry.text(login_attribute) or ""
            user = by_login.get(login.casefold()) if login else None
            if user is None:
                user = entry.dn if not login or login in self._users else login
            if user in tree.accounts:
                self._take_twin(tree, user, name, entry)
                continue
            tree.accounts[user] = Account(user, login, name, entry, facts(entry, login))
            tree.user_of[entry.dn] = user

    def _take_twin(self, tree: Tree, user: str, name: str, entry: Entry) -> None:
        """A second account of a login: known by its DN, so that nothing of it is lost."""
        first = tree.accounts[user]
        if first.entry.dn == entry.dn:
            return  # one branch may be within another
        tree.twice.setdefault(user, [first.entry.dn]).append(entry.dn)
        twin = Account(entry.dn, first.login, name, entry, self.flavour.facts(entry, first.login))
        tree.accounts[entry.dn] = twin
        tree.user_of[entry.dn] = entry.dn

    def _take_groups(self, tree: Tree, place: GroupsPlace, found: Iterable[Entry]) -> None:
        for entry in found:
            name = entry.text("cn") or ""
            if not name or not place.owns(name):
                continue
            known = tree.groups.get(name)
            if known is not None and known.dn != entry.dn:
                raise BadAnswer(
                    self.config.name,
                    f"two groups are called {name}: {known.dn} and {entry.dn}",
                    fix="Say by `names` under groups which branch each group belongs to.",
                )
            tree.groups[name] = Group(name, entry)

    def _join(self, tree: Tree, *, whole: bool = True) -> None:
        """Tell users, groups and others among the members of groups apart, and who is in which groups."""
        self._tell_apart(tree, whole=whole)
        called = self._disguise(tree)
        for group in tree.groups.values():
            for user in (*group.users, *(called[dn] for dn in group.elsewhere)):
                tree.memberships.setdefault(user, set()).add(group.name)
        self._join_by_itself(tree)

    def _tell_apart(self, tree: Tree, *, whole: bool) -> None:
        members = _Members(tree)
        placeholders = {names.canonical(placeholder(place)) for place in self.config.groups.values()}
        for group in tree.groups.values():
            for dn in group.entry.texts("member"):
                user = members.user(dn)
                if user is not None:
                    group.users.add(user)
                elif (inner := members.group(dn)) is not None:
                    group.groups.add(inner)
                elif names.canonical(dn) in placeholders or not dn:
                    group.has_placeholder = True
                elif whole:
                    group.elsewhere.add(dn)

    def _disguise(self, tree: Tree) -> Mapping[str, str]:
        """What all are called who are known by a DN alone: not by that, where it may be the name of a person."""
        known = {user for user, account in tree.accounts.items() if user == account.entry.dn}
        dns = known.union(*(group.elsewhere for group in tree.groups.values()))
        if not dns:
            return {}
        called = {**{dn: dn for dn in dns}, **disguised(dns, tree.accounts.keys() | self._users)}
        for dn in known:
            account = tree.accounts.pop(dn)
            account.user = tree.user_of[dn] = called[dn]
            tree.accounts[account.user] = account
        for group in tree.groups.values() if known else ():
            group.users = {called.get(user, user) for user in group.users}
        tree.others = {name: dn for dn, name in called.items()}
        return called

    def _join_by_itself(self, tree: Tree) -> None:
        """Whoever is in a group by their own entry is in it, though the group does not say so."""
        known = {
            value: group.name
            for group in tree.groups.values()
            for value in (group.entry.values(self.flavour.identity) if self.flavour.identity else ())
        }
        for user, account in tree.accounts.items() if known else ():
            found = {known[each] for each in account.facts.by_itself if each in known}
            if found:
                tree.by_itself[user] = found
                tree.memberships.setdefault(user, set()).update(found)

    def _take_policies(self, tree: Tree) -> None:
        place = self.config.password_policies
        if place is None:
            return
        for entry in self._search(place.base, self.flavour.policies, self.flavour.policy_attributes):
            tree.policies[entry.text("cn") or names.leaf(entry.dn)] = entry


def applied_login(state: State) -> str:
    """What somebody signed in with when their account was applied last."""
    return str(state.fields.get(LOGIN) or state.address.parts[0])


def _departed(address: Address, intent: Intent) -> bool:
    """Whether this is the account of a user whom the inventory does not name any more."""
    return address.kind == USER and address not in intent.fields


class _Members:
    """Whose DN it is that stands in a group, however it is spelled."""

    def __init__(self, tree: Tree) -> None:
        self._user_of = tree.user_of
        self._group_of = {group.dn: name for name, group in tree.groups.items()}
        self._spelled: dict[str, str] | None = None

    def user(self, dn: str) -> str | None:
        return self._user_of.get(dn) or (
            None if dn in self._group_of else self._user_of.get(self._as_spelled(dn))
        )

    def group(self, dn: str) -> str | None:
        return self._group_of.get(dn) or self._group_of.get(self._as_spelled(dn))

    def _as_spelled(self, dn: str) -> str:
        """The DN as its own entry spells it; it is looked for when a first one is spelled otherwise."""
        if self._spelled is None:
            self._spelled = {names.canonical(own): own for own in (*self._user_of, *self._group_of)}
        return self._spelled.get(names.canonical(dn), "")


def _octets(value: bytes) -> str:
    """Bytes as a filter has them (RFC 4515 section 3)."""
    return "".join(f"\\{byte:02x}" for byte in value)


def placeholder(place: GroupsPlace) -> str:
    """The DN of the member of a group that has none."""
    return place.placeholder or names.child(place.base, "cn", "pacsconf-nobody")


def personal(flavour: Flavour, entry: Entry, name: Personal) -> str | None:
    """One thing that an entry says of who somebody is."""
    return entry.text(flavour.personal[name])


def by_name(tree: Tree) -> Mapping[str, str]:
    """The DNs of groups, by name."""
    return {name: group.dn for name, group in tree.groups.items()}
