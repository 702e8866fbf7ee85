"""What extensions of a directory hold, as an inventory writes it: `vendor`, `entries`, `extra` and the like. Pure.

Where a directory speaks an extension all of an entry is written, so that applying the inventory to an empty
directory gives back the same. Secrets are not: they are never read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pacsconf.adopt.draft import Plain
from pacsconf.core.address import Address
from pacsconf.core.resource import State, Value

OTHER = "entry"
"""The kind of whole entries without words."""
_EXTRA = "extra."
_CLASSES = "object_classes"
STANDARD = ("device", "network-connection", "network-ae", "transfer-capability")


class Words(Protocol):
    """What must be known of the extensions that a directory speaks."""

    def parent(self, address: Address) -> Address:
        """What the entry at this address stands right below."""
        ...

    def key(self, above: str, kind: str) -> tuple[str, str] | None:
        """The extension and its key under which what stands below a kind is written; None where it is not."""
        ...

    def needed(self, address: Address, field: str) -> str:
        """The auxiliary class that an entry needs for a field; empty for none."""
        ...

    def made_with(self, kind: str) -> tuple[str, ...]:
        """The auxiliary classes that an entry of this kind is made with, if nothing else is said."""
        ...


@dataclass(frozen=True)
class Vendors:
    """The states of a directory that speaks extensions, as parts of declarations."""

    states: Mapping[Address, State]
    spelled: Mapping[Address, str]
    words: Words
    usual: Mapping[str, tuple[str, ...]] = field(init=False)
    """By kind of the standard: the auxiliary classes that most entries have beyond what their fields need."""
    _below: Mapping[Address, list[Address]] = field(init=False)

    def __post_init__(self) -> None:
        below: dict[Address, list[Address]] = defaultdict(list)
        for address in sorted(self.states):
            if address.kind not in (*STANDARD, OTHER, "container") and not address.kind.startswith("unique-"):
                below[self.words.parent(address)].append(address)
        object.__setattr__(self, "_below", below)
        object.__setattr__(self, "usual", dict(self._usual()))

    def config(self) -> Plain:
        """What the directory itself must say of classes, beside the extensions it speaks."""
        other = {
            kind: list(classes)
            for kind, classes in self.usual.items()
            if sorted(classes) != sorted(self.words.made_with(kind))
        }
        return {_CLASSES: other} if other else {}

    def part(self, state: State) -> Plain:
        """What is to be written at an entry of the standard, beside what the standard has."""
        vendor: dict[str, dict[str, Any]] = defaultdict(dict)
        for name, value in state.fields.items():
            extension, dot, key = name.partition(".")
            if dot and not name.startswith(_EXTRA):
                vendor[extension][key] = written(value)
        for extension, key, name, child in self._children(state.address):
            vendor[extension].setdefault(key, {})[name] = child
        found: dict[str, Any] = {"vendor": {name: vendor[name] for name in sorted(vendor)}} if vendor else {}
        return {**found, **self._open(state, self.usual.get(state.address.kind, ()))}

    def entries(self, device: Address) -> Plain:
        """Whole entries below a device that nothing has words for, by their relative name."""
        found = {}
        for address in sorted(self.states):
            if address.kind == OTHER and address.parts[0] == device.parts[0]:
                fields = self.states[address].fields
                found[self.spelled.get(address, address.parts[1])] = {
                    _CLASSES: written(fields.get(_CLASSES, ())),
                    **_extras(fields),
                }
        return {"entries": found} if found else {}

    # --- children -------------------------------------------------------------------------------------------

    def _children(self, above: Address) -> Iterator[tuple[str, str, str, Plain]]:
        for address in self._below.get(above, ()):
            place = self.words.key(above.kind, address.kind)
            if place is not None:
                extension, key = place
                yield extension, key, self.spelled.get(address, address.parts[-1]), self._child(address)

    def _child(self, address: Address) -> Plain:
        state = self.states[address]
        found: dict[str, Any] = {
            name: written(value)
            for name, value in state.fields.items()
            if "." not in name and name != _CLASSES
        }
        for _, key, name, child in self._children(address):
            found.setdefault(key, {})[name] = child
        return {**found, **self._open(state, ())}

    def _open(self, state: State, usual: tuple[str, ...]) -> Plain:
        """Attributes without words, and classes where they are not the usual ones."""
        found: dict[str, Any] = _extras(state.fields)
        if state.fields.get("vendor_data"):
            found["vendor_data"] = written(state.fields["vendor_data"])
        classes = set(_members(state.fields.get(_CLASSES)))
        if classes != {*usual, *self._needed(state)}:
            found[_CLASSES] = sorted(classes)
        return found

    # --- classes --------------------------------------------------------------------------------------------

    def _needed(self, state: State) -> frozenset[str]:
        return frozenset(filter(None, (self.words.needed(state.address, name) for name in state.fields)))

    def _usual(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """A class that is needed for a field may also be usual: what most entries without such a field have, is."""
        counts: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
        for state in self.states.values():
            if state.address.kind in STANDARD:
                made_with = self.words.made_with(state.address.kind)
                classes = set(_members(state.fields.get(_CLASSES)))
                needed = self._needed(state) - frozenset(made_with)
                counts[state.address.kind][tuple(sorted(classes - needed))] += 1
        for kind, held in counts.items():
            yield kind, max(sorted(held), key=lambda classes: held[classes])


def _extras(fields: Mapping[str, Value]) -> dict[str, Any]:
    found = {
        name.removeprefix(_EXTRA): written(value) for name, value in fields.items() if name.startswith(_EXTRA)
    }
    return {"extra": found} if found else {}


def _members(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def written(value: Value) -> Any:
    """A value as an inventory writes it."""
    return list(value) if isinstance(value, tuple) else value
