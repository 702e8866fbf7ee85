"""Names that stay reserved for a while after their last holder went (quarantine).

Peers go on sending to an AE title long after its device retired, so a lingering kind is not deleted at once: the
record keeps a release date, and until that day the name counts as declared, whatever the inventory says later.
A name that is declared again has no reservation any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pacsconf.core.address import Address
from pacsconf.core.resource import State


@dataclass(frozen=True, slots=True)
class Lingering:
    """Declared states with the reserved ones added, and every reservation with the day it ends.

    `released` are names whose reservation has run out: nothing keeps them any more.
    """

    declared: Mapping[Address, State]
    reserved: Mapping[Address, date]
    released: frozenset[Address] = frozenset()


def linger(
    declared: Mapping[Address, State],
    last: Mapping[Address, State],
    reserved: Mapping[Address, date],
    kinds: Collection[tuple[str, str]],
    today: date,
    days: int,
) -> Lingering:
    """Declared with the names that linger today.

    `kinds` are the (system, kind) pairs that linger; `reserved` are the reservations so far; a name that is let
    go today stays for `days` days. A reservation that has run out is dropped, so the name is deleted; one of a kind
    that is not asked about (its system is left out this time) stays as it is.
    """
    others = {a: day for a, day in reserved.items() if (a.system, a.kind) not in kinds}
    gone = sorted(a for a in last.keys() - declared.keys() if (a.system, a.kind) in kinds)
    until = {address: reserved.get(address, today + timedelta(days=days)) for address in gone}
    kept = {address: day for address, day in until.items() if day > today}
    released = frozenset(a for a in until if a in reserved and a not in kept)
    together = {**declared, **{a: last[a] for a in kept}} if kept else declared
    return Lingering(together, {**others, **kept}, released)
