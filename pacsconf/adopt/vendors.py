"""What extensions of a directory hold, as an inventory writes it: `vendor`, `entries`, `extra` and the like. Pure.

Where a directory speaks an extension all of an entry is written, so that applying the inventory to an empty
directory gives back the same. Secrets are not: they are never read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from pacsconf.adopt.draft import Plain, Remark
from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Path
from pacsconf.core.resource import State, Value
from pacsconf.inventory.words import Words

OTHER = "entry"
"""The kind of whole entries without words."""
_EXTRA = "extra."
_CLASSES = "object_classes"
STANDARD = ("device", "network-connection", "network-ae", "transfer-capability")


@dataclass(frozen=True)
class Vendors:
    """The states of a directory that speaks extensions, as parts of declarations."""

    states: Mapping[Address, State]
    spelled: Mapping[Address, str]
    words: Words
    usual: Mapping[str, tuple[str, ...]] = field(init=False)
    """By kind of the standard: the auxiliary classes that most entries have beyond what their fields need."""
    _below: Mapping[Address, list[Address]] = field(init=False)
    _others: Mapping[str, list[Address]] = field(init=False)
    """Whole entries without words, by the device that they are of."""

    def __post_init__(self) -> None:
        below: dict[Address, list[Address]] = defaultdict(list)
        others: dict[str, list[Address]] = defaultdict(list)
        for address in sorted(self.states):
            if address.kind == OTHER:
                others[address.parts[0]].append(address)
            elif address.kind not in (*STANDARD, "container") and not address.kind.startswith("unique-"):
                below[self.words.parent(address)].append(address)
        object.__setattr__(self, "_below", below)
        object.__setattr__(self, "_others", others)
        object.__setattr__(self, "usual", dict(self._usual()))

    def config(self) -> Plain:
        """What the directory itself must say of classes, beside the extensions it speaks."""
        other = {
            kind: list(classes)
            for kind, classes in self.usual.items()
            if sorted(classes) != sorted(self.words.made_with(kind))
        }
        return {_CLASSES: other} if other else {}

    def whole(self, state: State, declaration: Plain) -> Plain:
        """The declaration of an entry of the standard, with all that is to be written beside the standard's own."""
        kind = state.address.kind
        entries = self.entries(state.address) if kind == "device" else {}
        return self.words.in_words(kind, {**declaration, **self._part(state), **entries})

    def _part(self, state: State) -> Plain:
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
        for address in self._others.get(device.parts[0], ()):
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


def without(
    devices: Mapping[str, Plain], findings: Iterable[Finding]
) -> tuple[dict[str, Plain], list[Remark]]:
    """Devices in long form without what these findings, all about what stands under `vendor`, are about.

    What is not found where they say (a set or profile says it) is left; then there is no remark of it.
    """
    left: dict[str, Plain] = {name: deepcopy(dict(device)) for name, device in devices.items()}
    remarks = [
        Remark(f"{finding.summary}; it is left alone", finding.fix)
        for finding in findings
        if _take_out({"devices": left}, finding.path)
    ]
    return (left if remarks else dict(devices)), remarks


def _take_out(tree: Any, path: Path) -> bool:
    """Take out the innermost thing on the way that is there, from below `vendor` on; whether there was any.

    The last entry of its kind goes with the map that held it.
    """
    above: dict[Any, Any] = {}
    for at, step in enumerate(path):
        if not isinstance(tree, dict) or step not in tree:
            return False
        inner = tree[step]
        last = at + 1 == len(path) or not isinstance(inner, dict) or path[at + 1] not in inner
        if last and at > path.index("vendor") + 1:
            del tree[step]
            if not tree and isinstance(inner, dict) and at > path.index("vendor") + 2:
                del above[path[at - 1]]
            return True
        above, tree = tree, inner
    return False
