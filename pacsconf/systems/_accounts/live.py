"""What was read, as resources to be compared and as values to be shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC

from pacsconf.core.address import Address
from pacsconf.core.mark import OTHER
from pacsconf.core.resource import Fields, State, Value
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.people import PERSONAL
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
from pacsconf.people.live import LiveAccount, LiveAccounts, LiveGroup
from pacsconf.systems._accounts.asking import tells_nobody
from pacsconf.systems._accounts.declare import NOTHING, Intent, Wanted
from pacsconf.systems._accounts.flavour import Flavour, last_day
from pacsconf.systems._accounts.kinds import membership_at, user_at
from pacsconf.systems._accounts.tree import Account, Tree, by_name, personal
from pacsconf.systems._ldap import names

_PERSONAL = frozenset(PERSONAL)


class Projection:
    """A tree as the states that an inventory is compared with; `owned` is what was applied here before."""

    def __init__(
        self, config: AccountsConfig, flavour: Flavour, intent: Intent, owned: Mapping[Address, State]
    ) -> None:
        self.config = config
        self.flavour = flavour
        self.intent = intent
        self.owned = owned
        self._policies: dict[str, str] = {}
        self._memberships: dict[frozenset[str], Fields] = {frozenset(): NOTHING}
        self._accounts: dict[tuple[tuple[str, Value], ...], Fields] = {}

    def states(self, tree: Tree) -> dict[Address, State]:
        """All resources of a tree, by address."""
        found = {one.address: one for one in self._groups(tree)}
        system = self.config.name
        for user, account in tree.accounts.items():
            root = self._root(user)
            if self._is_seen(root, account):
                found[root] = State(root, root, self.account(root, account))
        for user in (*tree.memberships, *(self._outside(tree))):
            root = self._root(user)
            address = Address(system, MEMBERSHIP, root.name)
            found[address] = State(address, root, self.membership(tree.memberships.get(user, ())))
        for name, entry in tree.policies.items():
            address = Address.of(system, POLICY, name)
            fields = self.flavour.policy(entry, by_name(tree))
            found[address] = State(address, address, self.policy(address, fields))
        return found

    def _root(self, user: str) -> Address:
        """Where an account is; of whom it is declared, that is known."""
        wanted = self.intent.wanted.get(user)
        return wanted.root if wanted else user_at(self.config.name, user)

    def _outside(self, tree: Tree) -> Iterator[str]:
        """Who is in no group on purpose: nobody wants them in one, or pacsconf had them in one before."""
        for user in tree.accounts:
            if user not in tree.memberships:
                address = membership_at(self.config.name, user)
                if self.intent.fields.get(address) == NOTHING or address in self.owned:
                    yield user

    def _is_seen(self, root: Address, account: Account) -> bool:
        """Whether an account is one that somebody may want something of: all others are not counted."""
        declared = account.user in self.intent.wanted or root in self.owned
        return declared or self.config.people[account.place].owns_accounts

    # --- accounts ---------------------------------------------------------------------------------------------

    def account(self, address: Address, account: Account) -> Fields:
        """The fields of one account, as far as they are compared."""
        wanted = self.intent.wanted.get(account.user)
        declared = self.intent.fields.get(address, NOTHING)
        fields: dict[str, Value] = {ACCOUNT: self._signs_in(account, wanted, declared)}
        if login := (declared or self._applied(address)).get(LOGIN):
            fields[LOGIN] = login if str(login).casefold() == account.login.casefold() else account.login
        is_ours = self.config.people[account.place].owns_accounts
        if account.facts.ends is not None and (is_ours or EXPIRES in declared):
            fields[EXPIRES] = last_day(account.facts.ends, wanted.zone if wanted else UTC).isoformat()
        if is_ours and account.facts.policy is not None and self.config.password_policies is not None:
            fields[POLICY_FIELD] = self._policy_name(account.facts.policy)
        if PASSWORD in declared and (version := self._version(address)) is not None:
            fields[PASSWORD] = version
        if wanted is not None and not _PERSONAL.isdisjoint(declared):
            fields.update(self._marks(account, wanted, declared))
        return self._accounts.setdefault(tuple(fields.items()), fields)

    def _policy_name(self, dn: str) -> str:
        """The name of a password policy by its DN; the DN itself where it is of another branch."""
        if dn not in self._policies:
            place = self.config.password_policies
            within = place is not None and names.key(dn)[1:] == names.key(place.base)
            self._policies[dn] = names.parse(dn)[0][0][1] if within else dn
        return self._policies[dn]

    def _signs_in(self, account: Account, wanted: Wanted | None, declared: Fields) -> Value:
        """Whether one can sign in; of an account that others keep it does not matter until somebody has left."""
        if wanted is not None and not wanted.is_ours and wanted.stage in ("joining", "suspended"):
            return declared.get(ACCOUNT, ENABLED)
        return ENABLED if account.facts.enabled else DISABLED

    def _version(self, address: Address) -> Value | None:
        """A password cannot be read, so its version is what was written last."""
        return self._applied(address).get(PASSWORD)

    def _applied(self, address: Address) -> Fields:
        """What was applied last of an account."""
        state = self.owned.get(address)
        return state.fields if state else NOTHING

    def _marks(self, account: Account, wanted: Wanted, declared: Fields) -> Iterator[tuple[str, Value]]:
        values = wanted.user.personal()
        for name in PERSONAL:
            if name in declared:
                live = personal(self.flavour, account.entry, name)
                if live is not None:
                    yield name, declared[name] if live == values[name] else OTHER

    # --- the rest ---------------------------------------------------------------------------------------------

    def membership(self, groups: Collection[str]) -> Fields:
        """The fields that say which groups somebody is in."""
        key = frozenset(groups)
        if key not in self._memberships:
            self._memberships[key] = {membership_field(name): MEMBER for name in sorted(key)}
        return self._memberships[key]

    def policy(self, address: Address, fields: Mapping[str, Value]) -> Fields:
        """The fields of a policy that anything is declared of; what is not is left to the server."""
        declared = self.intent.fields.get(address)
        return (
            dict(fields) if declared is None else {name: fields[name] for name in declared if name in fields}
        )

    def _groups(self, tree: Tree) -> Iterator[State]:
        for name, group in tree.groups.items():
            address = Address.of(self.config.name, GROUP, name)
            held = tuple(sorted(group.groups))
            yield State(address, address, {CONTAINS: held} if held else NOTHING)


# --- to be shown ----------------------------------------------------------------------------------------------


def live_accounts(config: AccountsConfig, flavour: Flavour, intent: Intent, tree: Tree) -> LiveAccounts:
    """The same as values to be shown."""
    told = any(account.facts.last_seen is not None for account in tree.accounts.values())
    accounts = {
        user: _live_account(flavour, intent, account, tree.by_itself.get(user, ()), told=told)
        for user, account in tree.accounts.items()
    }
    dangling = {dn for group in tree.groups.values() for dn in group.elsewhere if _within(config, dn)}
    accounts.update((dn, LiveAccount(dn, "", dn, "", exists=False)) for dn in sorted(dangling))
    groups = {
        name: LiveGroup(
            name,
            group.dn,
            tuple(sorted(group.users | (group.elsewhere & dangling))),
            tuple(sorted(group.groups)),
            tuple(sorted(group.elsewhere - dangling)),
            group.entry.text("description") or "",
        )
        for name, group in tree.groups.items()
    }
    silent = () if told or not tree.accounts else ("when somebody last signed in",)
    called = {dn: name for name, dn in tree.others.items() if name != dn}
    return LiveAccounts(config.name, accounts, groups, silent, called)


def _live_account(
    flavour: Flavour, intent: Intent, account: Account, by_itself: Collection[str], *, told: bool
) -> LiveAccount:
    facts, wanted = account.facts, intent.wanted.get(account.user)
    zone = wanted.zone if wanted else UTC
    values = {name: personal(flavour, account.entry, name) for name in PERSONAL}
    return LiveAccount(
        account.user,
        account.login,
        account.entry.dn,
        account.place,
        enabled=facts.enabled,
        locked=facts.locked,
        expires=last_day(facts.ends, zone) if facts.ends else None,
        last_seen=facts.last_seen,
        last_seen_known=told,
        password_changed=facts.password_changed,
        password_expires=facts.password_expires,
        dn_tells_nobody=tells_nobody(account),
        by_itself=tuple(sorted(by_itself)),
        personal={name: value for name, value in values.items() if value is not None},
    )


def _within(config: AccountsConfig, dn: str) -> bool:
    """Whether an entry of this name would be in one of the branches of accounts."""
    try:
        key = names.key(dn)
    except ValueError:
        return False
    bases = (names.key(place.base) for place in config.people.values())
    return any(key[-len(base) :] == base for base in bases)
