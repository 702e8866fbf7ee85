"""What an identity team is asked to do with its accounts, in words: by ids, never by who somebody is."""

from __future__ import annotations

from collections.abc import Sequence

from pacsconf.core.change import Change
from pacsconf.core.resource import Value
from pacsconf.people.entries import ACCOUNT, DISABLED, EXPIRES, MEMBERSHIP, POLICY, groups_in

FOR_TEAM = "for the identity team: "
"""How the outcome of a change begins that an identity team was asked for."""


def request(deeds: Sequence[str]) -> str:
    """What is asked, as the outcome of a change."""
    return FOR_TEAM + "; ".join(deeds)


def requested(outcome: str) -> str:
    """What an outcome asks of an identity team; empty where it asks nothing."""
    return outcome.removeprefix(FOR_TEAM) if outcome.startswith(FOR_TEAM) else ""


def asked(change: Change) -> str:
    """What a change asks of an identity team, as far as the change itself tells."""
    user = change.address.parts[0]
    if change.address.kind == POLICY:
        return of_policy(change)
    if change.address.kind == MEMBERSHIP:
        before, after = (
            groups_in(one.fields) if one else frozenset() for one in (change.before, change.after)
        )
        return of_primary(user, sorted(before - after))
    return "; ".join(of_account(change, user))


def of_account(change: Change, login: str, where: str = "", starts: str = "") -> list[str]:
    """What is to be done with an account; `where` is added behind its name (` (DN)`)."""
    after = change.after.fields if change.after else {}
    if change.action == "create":
        begins = f", from {starts} on" if starts else ""
        ends = f", good until {after[EXPIRES]}" if EXPIRES in after else ""
        return [f"make the account {login}{begins}{ends}"]
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


def of_primary(login: str, groups: Sequence[str]) -> str:
    """That somebody is in a group by their own entry, which is not changed here: other groups hang on it."""
    return f"give {login} another primary group than {', '.join(groups)}"


def of_password(login: str) -> str:
    """That an account cannot be let in before it has a password."""
    return f"set a first password for {login}; the next apply enables the account then"


def of_policy(change: Change) -> str:
    """What is to be done with a password policy."""
    name = change.address.parts[0]
    values = ", ".join(f"{one.name} {_shown(one.after)}" for one in change.fields)
    verb = "make" if change.action == "create" else "change"
    return f"{verb} the password policy {name}: {values}"


def _shown(value: Value | None) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return "not set" if value is None else str(value)
