"""Which answers of reviews cannot be true, whoever put them into the record. Pure.

Whoever may push to the record can write anything into it past the commands. What a command would have refused is
not believed when it is read either: an answer about oneself, in another's name, or from a day to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

from pacsconf.core.approval import folded
from pacsconf.core.errors import UnsafePlan
from pacsconf.core.review import Decision, LineKey, ReviewLine, Reviews
from pacsconf.inventory.model import Inventory
from pacsconf.people.reviewing import whose

_ASTRAY = timedelta(days=1)
"""How far a clock may be off."""


def untrue(
    inventory: Inventory, reviews: Reviews, now: datetime, *, by_mail: bool = False
) -> Mapping[tuple[str, LineKey], str]:
    """By review and line, why what was said there is not to be believed."""
    said = {(one.id, line.key): line for one in reviews for line in one.lines if line.decision}
    by = {line.decision.by for line in said.values() if line.decision}
    users = {identity: _user(inventory, identity, by_mail=by_mail) for identity in by}
    why = partial(_why, users, now)
    return {place: flaw for place, line in said.items() for flaw in why(line)}


def _user(inventory: Inventory, identity: str, *, by_mail: bool) -> str:
    """Whose identity it is; empty where that is not known, as of somebody who has left since."""
    try:
        return whose(inventory, identity, by_mail=by_mail).id
    except UnsafePlan:
        return ""


def _why(users: Mapping[str, str], now: datetime, line: ReviewLine) -> Iterator[str]:
    decision = line.decision
    if decision is None:
        return
    whom = users[decision.by] or decision.as_user
    if folded(line.user) in (folded(decision.as_user), folded(whom)):
        yield f"was said by {line.user} of their own access"
    elif folded(whom) != folded(decision.as_user):
        yield f"was said by {whom}, in the name of {decision.as_user}"
    elif _is_to_come(decision, now):
        yield f"is of a day to come ({decision.at})"


def _is_to_come(decision: Decision, now: datetime) -> bool:
    return datetime.fromisoformat(decision.at) > now + _ASTRAY
