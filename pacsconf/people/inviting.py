"""Who is to be invited to set a first password: whom an apply gave an account, and no password."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.people.asking import of_password, requested
from pacsconf.people.entries import ACCOUNT, ENABLED, PASSWORD, USER

_INVITATION = "invitation"


def invited_at(change: Change) -> Address:
    """The address of the invitation to an account."""
    return Address(change.address.system, _INVITATION, change.address.name)


def to_invite(changes: Iterable[Change], outcomes: Mapping[Address, Outcome]) -> Iterator[Change]:
    """The accounts that were made or enabled, without a password that is kept somewhere; also those that only wait
    for a first password to be let in."""
    for change in changes:
        if change.address.kind == USER and _lets_in(change):
            outcome = outcomes[change.address]
            if outcome.status == "applied" or (outcome.status == "waiting" and _lacks_password(outcome)):
                yield change


def _lets_in(change: Change) -> bool:
    after = change.after.fields if change.after else {}
    is_new = change.action == "create" or any(one.name == ACCOUNT for one in change.fields)
    return is_new and after.get(ACCOUNT) == ENABLED and PASSWORD not in after


def _lacks_password(outcome: Outcome) -> bool:
    before, after = of_password("\0").split("\0")
    asked = requested(outcome.error)
    return asked.startswith(before) and asked.endswith(after)
