"""What an identity team is asked to do with its accounts, in words: by ids, never by who somebody is."""

from __future__ import annotations

from pacsconf.core.change import Change
from pacsconf.core.resource import Value
from pacsconf.systems._accounts.declare import Wanted
from pacsconf.systems._accounts.kinds import ACCOUNT, DISABLED, EXPIRES
from pacsconf.systems._accounts.tree import Account


def words(change: Change, wanted: Wanted | None, account: Account | None) -> str:
    """What is to be done with an account."""
    login = account.login if account else (wanted.login if wanted else change.address.parts[0])
    where = f" ({account.entry.dn})" if account else ""
    return f"for the identity team: {'; '.join(_deeds(change, login, where, wanted))}"


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
