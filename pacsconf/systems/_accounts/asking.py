"""What an identity team is asked to do with its accounts, as outcomes of changes (`people.asking`)."""

from __future__ import annotations

from collections.abc import Sequence

from pacsconf.core.change import Change
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.people.asking import of_account, of_password, of_policy, of_primary, request
from pacsconf.people.entries import MEMBERSHIP, POLICY, USER
from pacsconf.systems._accounts.declare import Intent, Wanted
from pacsconf.systems._accounts.tree import Account, Tree
from pacsconf.systems._ldap import names


def words(change: Change, wanted: Wanted | None, account: Account | None) -> str:
    """What is to be done with an account."""
    login = account.login if account else (wanted.login if wanted else change.address.parts[0])
    where = f" ({account.entry.dn})" if account and tells_nobody(account) else ""
    return request(of_account(change, login, where, (wanted and wanted.user.starts) or ""))


def theirs(config: AccountsConfig, intent: Intent, tree: Tree, change: Change) -> str:
    """What an identity team is asked for instead of a change; empty for what is made from here."""
    name = change.address.parts[0]
    if change.after is None:
        return ""
    if change.address.kind == POLICY:
        policies = config.password_policies
        return "" if policies is not None and policies.owned else policy_words(change)
    if change.address.kind != USER:
        return ""
    account, wanted = tree.accounts.get(name), intent.wanted.get(name)
    place = config.people[account.place] if account else (wanted.place if wanted else None)
    return "" if place is not None and place.owns_accounts else words(change, wanted, account)


def taken_up(config: AccountsConfig, intent: Intent, tree: Tree, asked: Change) -> bool:
    """Whether what an identity team was asked for is made from here by now: the branch is ours since, an account of
    ours has a password since, or somebody is in a group as any other member."""
    if theirs(config, intent, tree, asked):
        return False
    account = tree.accounts.get(asked.address.parts[0])
    if asked.address.kind == MEMBERSHIP:
        return account is not None and not tree.by_itself.get(account.user)
    lacks_password = account is not None and account.facts.password_changed is None
    return not (asked.address.kind == USER and config.flavour == "active-directory" and lacks_password)


def tells_nobody(account: Account) -> bool:
    """Whether the DN of an account says no more than its login: in Active Directory it is often a person's name."""
    leaf = names.parse(account.entry.dn)[0]
    return all(value.casefold() == account.login.casefold() for _, value in leaf)


def primary_words(login: str, groups: Sequence[str]) -> str:
    """That somebody is in a group by their own entry, which is not changed here: other groups hang on it."""
    return request([of_primary(login, groups)])


def password_words(login: str) -> str:
    """That an account cannot be let in before it has a password."""
    return request([of_password(login)])


def policy_words(change: Change) -> str:
    """What is to be done with a password policy."""
    return request([of_policy(change)])
