"""States as lines of JSON, one a line, as the record holds what is owned: tens of thousands of them at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from pacsconf.core.address import Address
from pacsconf.core.change import state_from_json, state_to_json
from pacsconf.core.errors import RecordError
from pacsconf.core.resource import State
from pacsconf.core.spelling import canonical

T = TypeVar("T")

MISREAD = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading JSON that holds something else than it should comes to."""

_AT_ONCE = 256
"""Lines that are parsed together. Many at once save calls; too many leave the processor's cache (measured)."""


def states_to_lines(states: Iterable[State]) -> bytes:
    """States as JSON, one a line."""
    return b"".join(canonical(state_to_json(state)) + b"\n" for state in states)


def states_from_lines(data: bytes, path: str, reader: Reader) -> Iterator[State]:
    """The inverse of `states_to_lines`; `path` is for the message.

    Raises: RecordError naming the line.
    """
    lines = iter(enumerate(data.splitlines(), start=1))
    while some := tuple(islice(lines, _AT_ONCE)):
        try:
            yield from reader.states([line for _, line in some])
        except MISREAD:
            # Not spelt as it is written here: each line by itself tells which one is wrong, if one is.
            yield from from_lines(some, path, _state_from_json)


def from_lines(lines: Iterable[tuple[int, bytes]], path: str, parse: Callable[[Any], T]) -> Iterator[T]:
    """What each of these numbered lines holds.

    Raises: RecordError naming the line.
    """
    for number, line in lines:
        try:
            yield parse(json.loads(line))
        except MISREAD as exc:
            raise RecordError(f"{path}:{number} cannot be understood: {exc}") from exc


def _state_from_json(data: Any) -> State:
    state = state_from_json(data)
    if state is None:
        raise ValueError("a state is missing")
    return state


class Reader:
    """Reads states as `state_from_json` does, each text and each set of them once: devices share most of theirs.

    One is for all files of a commit, since what is in one of them names what is in others.
    """

    def __init__(self) -> None:
        self._addresses: dict[str, Address] = {}
        self._needs: dict[tuple[str, ...], frozenset[Address]] = {(): frozenset()}
        self._sets: dict[tuple[str, ...], tuple[str, ...]] = {}

    def states(self, lines: Sequence[bytes]) -> list[State]:
        """The states of these lines.

        One flat loop, since a call for each part of a state takes longer than all the rest of it (measured).

        Raises: one of `MISREAD` for anything but what `states_to_lines` writes.
        """
        joined = b",\n".join(lines)
        bodies = json.loads(b"[" + joined + b"]")
        if len(bodies) != len(lines) or joined.count(b"},\n{") != len(lines) - 1:
            raise ValueError("a line holds another number of states than one, or a part of one")
        addresses, needs, sets = self._addresses, self._needs, self._sets
        states = []
        for body in bodies:
            if len(body) != len(State._fields):
                raise ValueError("a state holds other keys than its own")
            fields = body["fields"]
            for name, value in fields.items():
                kind = type(value)
                if kind is list:
                    members = tuple(value)
                    fields[name] = sets.get(members) or self._set(members)
                elif kind is not str and kind is not bool and kind is not int:
                    raise ValueError(f"{name} is no plain value")
            address, root, needed = body["address"], body["root"], tuple(body["depends_on"])
            known = needs.get(needed)
            own = Address.parse(address)
            states.append(
                State(
                    own,
                    own if root == address else addresses.get(root) or self._address(root),
                    fields,
                    self._needed(needed) if known is None else known,
                    _NOTHING if body["claims"] == [] else frozenset(_texts(body["claims"])),
                )
            )
        return states

    def _address(self, text: str) -> Address:
        return self._addresses.setdefault(text, Address.parse(text))

    def _needed(self, texts: tuple[str, ...]) -> frozenset[Address]:
        found = [self._addresses.get(text) or self._address(text) for text in texts]
        return self._needs.setdefault(texts, frozenset(found))

    def _set(self, members: tuple[str, ...]) -> tuple[str, ...]:
        return self._sets.setdefault(members, tuple(sorted(set(_texts(members)))))


_NOTHING: frozenset[str] = frozenset()


def _texts(members: Iterable[Any]) -> Iterator[str]:
    for member in members:
        if type(member) is not str:
            raise ValueError("a member is no text")
        yield member
