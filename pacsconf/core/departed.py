"""What is declared only as long as it is there: people who left.

An account is not deleted when its user leaves or the user's lines go: it is disabled, taken out of groups and kept.
So it goes on being declared while it is there, and is forgotten when somebody deletes it. Who lets such a user in
again makes a drift, which is put back without being asked for by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.decide import Rules, judged
from pacsconf.core.resource import State

States = Mapping[Address, State]

DEPARTED = "not in the inventory any more"
"""Why something is closed that the inventory names no more, unless its system knows better."""

Departing = Callable[[State, State], State | None]
"""Of what was applied last and is live, and named no more: what it is to hold; None: it is deleted as usual."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """What one system declares only of what is there; `departing` is asked of what it names no more."""

    while_live: frozenset[Address] = frozenset()
    departing: Departing | None = None
    why: Callable[[Address], str] = field(default=lambda _address: DEPARTED, compare=False)
    """Why something departed, in words."""
    enforced: frozenset[Address] = frozenset()
    """Where drift is put back without being asked for, of what is there: people who left."""
    by_field: frozenset[Address] = frozenset()
    """Of which nothing is read but the fields that are declared: one that was not is nobody's until it is."""


@dataclass(frozen=True, slots=True)
class Stood:
    """Declared as it counts beside what is live; `enforced` with those that `departed`."""

    declared: States
    enforced: frozenset[Address] = field(default_factory=frozenset)
    departed: frozenset[Address] = field(default_factory=frozenset)


def beside_live(declared: States, live: States, last: States, systems: Mapping[str, Lasting]) -> Stood:
    """Declared without what is not there of what is declared only while it is, and with what departed."""
    absent = [at for one in systems.values() for at in one.while_live if at not in live]
    enforced = {at for one in systems.values() for at in one.enforced if at in live}
    departed: dict[Address, State] = {}
    asking = {name: one.departing for name, one in systems.items() if one.departing is not None}
    for address in (last.keys() - declared.keys()) & live.keys() if asking else ():
        ask = asking.get(address.system)
        if ask is not None and (state := ask(last[address], live[address])) is not None:
            departed[address] = state
    if not absent and not departed:
        return Stood(declared, frozenset(enforced))
    made = {**declared, **departed}
    for address in absent:
        made.pop(address, None)
    return Stood(made, frozenset(enforced | departed.keys()), frozenset(departed))


def owned_by_field(
    last: States | None, declared: States, live: States, systems: Mapping[str, Lasting]
) -> States | None:
    """What was applied last. What is declared of it for the first time counts as it is live: it is no clash."""
    found: dict[Address, State] = {}
    for one in systems.values():
        for at in one.by_field if last else ():
            had, want, have = (side.get(at) for side in (last or {}, declared, live))
            if had and want and have:
                new = want.fields.keys() & have.fields.keys() - had.fields.keys()
                others = {name: have.fields[name] for name in new if have.fields[name] != want.fields[name]}
                found[at] = had.with_fields({**had.fields, **others})
    return {**last, **found} if last and found else last


KEPT = "is kept: nothing is deleted there"


def kept(
    changes: Iterable[Change], systems: Mapping[str, Lasting], rules: Mapping[str, Rules]
) -> tuple[tuple[Change, ...], dict[Address, str]]:
    """The changes that take others back, where what was made is not deleted but closed; and what then stays."""
    made: list[Change] = []
    stays: dict[Address, str] = {}
    for one in changes:
        before, closed = one.before, _closed(one, systems)
        if before is None or closed is None:
            made.append(one)
        elif closed.fields == before.fields:
            stays[one.address] = KEPT
        else:
            made.append(judged(Change("update", before, closed, closed), rules[one.address.system]))
    return tuple(made), stays


def _closed(one: Change, systems: Mapping[str, Lasting]) -> State | None:
    """What becomes of what a change would delete; None: it is deleted, or there is nothing to delete."""
    lasting = systems.get(one.address.system)
    if one.action != "delete" or one.before is None or lasting is None or lasting.departing is None:
        return None
    return lasting.departing(one.before, one.before)
