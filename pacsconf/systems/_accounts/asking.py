"""What an identity team is asked to do with its accounts, in words: by ids, never by who somebody is."""

from __future__ import annotations

from collections.abc import Sequence

from pacsconf.core.change import Change
from pacsconf.core.resource import Value
from pacsconf.systems._accounts.declare import Wanted
from pacsconf.systems._accounts.kinds import ACCOUNT, DISABLED, EXPIRES
from pacsconf.systems._accounts.tree import Account
from pacsconf.systems._ldap import names


def words(change: Change, wanted: Wanted | None, account: Account | None) -> str:
    """What is to be done with an account."""
    login = account.login if account else (wanted.login if wanted else change.address.parts[0])
    where = f" ({account.entry.dn})" if account and tells_nobody(account) else ""
    return f"for the identity team: {'; '.join(_deeds(change, login, where, wanted))}"


def tells_nobody(account: Account) -> bool:
    """Whether the DN of an account says no more than its login: in Active Directory it is often a person's name."""
    leaf = names.parse(account.entry.dn)[0]
    return all(value.casefold() == account.login.casefold() for _, value in leaf)


def _deeds(change: Change, login: str, where: str, wanted: Wanted | None) -> list[str]:
    after = change.after.fields if change.after else {}
    if change.action == "create":
        ends = f", good until {after[EXPIRES]}" if EXPIRES in after else ""
        starts = f", from {wanted.user.starts} on" if wanted and wanted.user.starts else ""
        return [f"make the account {login}{starts}{ends}"]
    deeds = []
    for one in change.fields:
        if one.name == ACCOUNT:
            deeds.append(f"{'disable' if one.after == DISABLED else 'enable'} the account {login}{where}")
        elif one.name == EXPIRES:
            until = f"make {login} good until {one.after}" if one.after else f"let {login} not end"
            deeds.append(f"{until}{where}")
        else:
            deeds.append(f"correct {one.name} of {login}{where}")
    return deeds


def primary_words(login: str, groups: Sequence[str]) -> str:
    """That somebody is in a group by their own entry, which is not changed here: other groups hang on it."""
    return f"for the identity team: give {login} another primary group than {', '.join(groups)}"


def password_words(login: str) -> str:
    """That an account cannot be let in before it has a password."""
    return f"for the identity team: set a first password for {login}; the next apply enables the account then"


def policy_words(change: Change) -> str:
    """What is to be done with a password policy."""
    name = change.address.parts[0]
    values = ", ".join(f"{one.name} {_shown(one.after)}" for one in change.fields)
    verb = "make" if change.action == "create" else "change"
    return f"for the identity team: {verb} the password policy {name}: {values}"


def _shown(value: Value | None) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return "not set" if value is None else str(value)
