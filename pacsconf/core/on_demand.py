"""What is known of many addresses and asked of few, worked out for those few.

A plan of no changes looks at who changed what, and at where each value comes from, for none of the tens of
thousands of resources it compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from functools import cached_property
from typing import TypeVar

from pacsconf.core.address import Address

K = TypeVar("K")
V = TypeVar("V")


class OnDemand(Mapping[Address, V]):
    """Something of each of `addresses`, worked out by `work_out` whenever it is asked for; None is nothing."""

    def __init__(self, addresses: Set[Address], work_out: Callable[[Address], V | None]) -> None:
        self._addresses = addresses
        self._work_out = work_out

    def __getitem__(self, address: Address) -> V:
        value = self._work_out(address) if address in self._addresses else None
        if value is None:
            raise KeyError(address)
        return value

    def __iter__(self) -> Iterator[Address]:
        return (address for address in self._addresses if self._work_out(address) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._addresses)} addresses)"


class BySystem(Mapping[Address, V]):
    """What several systems say of their addresses, as one, without looking at it."""

    def __init__(self, sides: Mapping[str, Mapping[Address, V]]) -> None:
        self._sides = sides

    def __getitem__(self, address: Address) -> V:
        return self._sides[address.system][address]

    def __iter__(self) -> Iterator[Address]:
        return (address for side in self._sides.values() for address in side)

    def __len__(self) -> int:
        return sum(map(len, self._sides.values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._sides!r})"


class Later(Mapping[K, V]):
    """A mapping that is made when somebody first looks into it."""

    def __init__(self, make: Callable[[], Mapping[K, V]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[K, V]:
        return self._make()

    def __getitem__(self, key: K) -> V:
        return self._made[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)
