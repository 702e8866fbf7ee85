"""What a directory is read and written by: the standard's entries, and those of the extensions that it speaks.

An extension's models become rows and shapes like the standard's own, and kinds of resources that are as wide as
theirs: what is live may break every rule, and must still be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from pacsconf.core.address import Address
from pacsconf.core.resource import Fields
from pacsconf.systems._dicom.attributes import CONTAINERS, SHAPES, Row, Shape
from pacsconf.systems._dicom.decoding import Decoding
from pacsconf.systems._dicom.kinds import CONNECTION, KINDS, EntryResource
from pacsconf.systems._dicom.rows import rows_of
from pacsconf.systems._dicom.vendor_kinds import of_child, plain, with_facets
from pacsconf.systems._ldap.entry import Values
from pacsconf.systems.directory_extension import (
    Child,
    Extension,
    Facet,
    Part,
    children_of,
    find,
    registered,
)

OTHER = "entry"
"""The kind of whole entries that nothing has words for; only told apart where some extension is spoken."""
CLASSES = "objectClass"
"""In a scope: that object classes are looked at."""
VENDOR = "vendor "
"""Before the name of an extension, in a scope: that its attributes are looked at."""


class OtherEntry(EntryResource):
    """An entry without words of ours, with all its object classes and attributes."""

    kind: ClassVar[str] = OTHER


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Shapes and kinds by name; `containers` as `CONTAINERS`; `children` are the models of extensions' kinds."""

    shapes: Mapping[str, Shape]
    kinds: Mapping[str, type[EntryResource]]
    containers: Mapping[str, tuple[str, str]]
    extensions: tuple[type[Extension], ...] = ()
    children: Mapping[str, type[Child]] = field(default_factory=dict)

    @property
    def extended(self) -> bool:
        return bool(self.extensions)

    def shape(self, address: Address) -> Shape:
        """How the entry at this address looks in LDAP."""
        if address.kind == "container":
            return self._containers[address.name]
        return self.shapes[address.kind]

    def key(self, above: str, kind: str) -> tuple[str, str] | None:
        """The extension and its key under which what stands below a kind is written; None where it is not."""
        return self._keys.get((above, kind))

    def needed(self, address: Address, field: str) -> str:
        """The auxiliary class that an entry needs for a field; empty for none."""
        return self.shape(address).row(field).object_class

    def in_words(self, kind: str, declaration: Mapping[str, Any]) -> dict[str, Any]:
        """An adopted entry as an inventory says it, from one that says all under `vendor`."""
        found = dict(declaration)
        for extension in self.extensions:
            found = extension.in_words(kind, found)
        return found

    def made_with(self, kind: str) -> tuple[str, ...]:
        """The auxiliary classes that an entry of this kind is made with, if nothing else is said."""
        return self.shapes[kind].usual

    def decoding(self, address: Address) -> Decoding:
        """What decodes the entry at this address."""
        return self._decodings[f"container {address.name}" if address.kind == "container" else address.kind]

    def parent(self, address: Address) -> Address:
        """What an entry stands right below; of an entry without words of ours, its device."""
        above, parts = self.shapes[address.kind].above, address.parts
        for kind in above:
            if kind in self.containers:
                return Address.of(address.system, "container", kind)
            if self.depths[kind] == len(parts) - 1 or address.kind == OTHER:
                return Address.of(address.system, kind, *parts[: self.depths[kind]])
        raise AssertionError(f"{address} stands below nothing")

    def reservation(self, address: Address) -> Address:
        """Where the name of what stands here is reserved, of a kind whose names are."""
        (kind,) = self.below[self.children[address.kind].reserved_in]
        return Address.of(address.system, kind, address.parts[-1])

    def referred(self, address: Address, fields: Fields) -> Iterator[Address]:
        """What an entry of these fields refers to by DN; DNs of what is not ours are passed over."""
        for row in self.referring.get(address.kind, ()):
            value = fields.get(row.field, ())
            for name in value if isinstance(value, tuple) else (str(value),):
                if name:
                    device = address.parts[:1] if row.refers == CONNECTION else ()
                    yield Address.of(address.system, row.refers, *device, name)

    def placed(self, level: str, classes: Values) -> tuple[str, str] | None:
        """The kind of an entry of these classes that stands at a level, and its container where it is one.

        A level is the name of a container or the kind of another entry, empty for nothing of ours. There are few
        levels and few sets of classes, and tens of thousands of entries.
        """
        key = (level, classes)
        if key not in self._placed:
            self._placed[key] = self._place(level, classes)
        return self._placed[key]

    def _place(self, level: str, classes: Values) -> tuple[str, str] | None:
        lower = {name.decode(errors="backslashreplace").lower() for name in classes}
        if level in ("", *self.containers):
            held = (name for name, (cls, _) in self.containers.items() if cls.lower() in lower)
            container = next(held, "")
            if container and (level == "") == (container == "configuration"):
                return "container", container
        below = (
            kind for kind in self.below.get(level, ()) if self.shapes[kind].object_class.lower() in lower
        )
        return next(((kind, "") for kind in below), None)

    @cached_property
    def _placed(self) -> dict[tuple[str, Values], tuple[str, str] | None]:
        return {}

    @cached_property
    def below(self) -> Mapping[str, tuple[str, ...]]:
        """What stands below what: kinds by the name of a container or the kind of another entry."""
        found: dict[str, tuple[str, ...]] = {}
        for kind, shape in self.shapes.items():
            for above in shape.above if kind != OTHER else ():
                found[above] = (*found.get(above, ()), kind)
        return found

    @cached_property
    def depths(self) -> Mapping[str, int]:
        """How many parts the name of a kind has."""
        found: dict[str, int] = {}

        def depth(kind: str) -> int:
            if kind not in found:
                above = self.shapes[kind].above
                found[kind] = 1 if above[0] in self.containers else depth(above[0]) + 1
            return found[kind]

        for kind in self.shapes:
            depth(kind)
        return found

    @cached_property
    def titled(self) -> frozenset[str]:
        """Kinds whose name is an AE title."""
        return frozenset(kind for kind, form in self.shapes.items() if form.naming == "dicomAETitle")

    @cached_property
    def referring(self) -> Mapping[str, tuple[Row, ...]]:
        """By kind, rows that hold DNs of other entries."""
        found = {
            kind: tuple(row for row in form.rows if row.syntax == "reference")
            for kind, form in self.shapes.items()
        }
        return {kind: rows for kind, rows in found.items() if rows}

    @cached_property
    def _keys(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        found: dict[tuple[str, str], tuple[str, str]] = {}
        for extension in self.extensions:
            parts: list[tuple[str, type[Part]]] = [(facet.of, facet) for facet in extension.facets]
            while parts:
                above, part = parts.pop()
                for key, child in children_of(part):
                    if (above, child.kind) not in found:
                        found[above, child.kind] = (extension.name, key)
                        parts.append((child.kind, child))
        return found

    @cached_property
    def _containers(self) -> Mapping[str, Shape]:
        return {name: Shape(cls, "cn") for name, (cls, _) in self.containers.items()}

    @cached_property
    def _decodings(self) -> Mapping[str, Decoding]:
        of_kinds = {kind: Decoding(form) for kind, form in self.shapes.items()}
        return of_kinds | {f"container {name}": Decoding(form) for name, form in self._containers.items()}


STANDARD = Vocabulary(SHAPES, KINDS, CONTAINERS)
"""The standard alone."""


@lru_cache(16)
def speaking(extensions: tuple[type[Extension], ...]) -> Vocabulary:
    """The standard and these extensions."""
    if not extensions:
        return STANDARD
    shapes, kinds, containers = dict(SHAPES), dict(KINDS), dict(CONTAINERS)
    children: dict[str, type[Child]] = {}
    facets: dict[str, list[tuple[str, type[Facet]]]] = {}
    for extension in extensions:
        for registry in extension.registries:
            containers[registry.container] = (registry.object_class, registry.cn)
            shapes[registry.kind] = Shape(
                registry.entry_class, registry.naming, (), (registry.container,), exact=True
            )
            kinds[registry.kind] = plain(registry.kind)
        for facet in extension.facets:
            shapes[facet.of] = _widened(shapes[facet.of], facet, extension.name)
            facets.setdefault(facet.of, []).append((extension.name, facet))
            _add_children(facet.of, facet, extension.name, shapes, children)
    kinds |= {kind: of_child(child, shapes[kind]) for kind, child in children.items()}
    kinds |= {kind: with_facets(kinds[kind], tuple(held), shapes[kind]) for kind, held in facets.items()}
    shapes[OTHER], kinds[OTHER] = Shape("", "", (), ("device",)), OtherEntry
    return Vocabulary(shapes, kinds, containers, extensions, children)


def with_usual(vocabulary: Vocabulary, usual: Mapping[str, Iterable[str]]) -> Vocabulary:
    """The same, with other classes that entries are made with."""
    if not usual:
        return vocabulary
    shapes = {
        kind: replace(form, usual=tuple(usual[kind])) if kind in usual else form
        for kind, form in vocabulary.shapes.items()
    }
    return replace(vocabulary, shapes=shapes)


def spoken(held: Iterable[str]) -> tuple[type[Extension], ...]:
    """The extensions there are, of whose object classes an entry has one: `held` are classes of all of them."""
    lower = {name.lower() for name in held}
    known = (found for name in registered() if (found := find(name)) is not None)
    return tuple(one for one in known if lower & {name.lower() for name in _classes(one)})


def _classes(extension: type[Extension]) -> Iterator[str]:
    yield from (registry.object_class for registry in extension.registries)
    parts: list[type[Part]] = [*extension.facets]
    while parts:
        part = parts.pop()
        if issubclass(part, Facet | Child):
            yield part.object_class
        parts += [child for _, child in children_of(part)]


def _widened(form: Shape, facet: type[Facet], extension: str) -> Shape:
    rows = (*form.rows, *rows_of(facet, extension))
    return replace(form, rows=rows, usual=(*form.usual, facet.object_class))


def _add_children(
    kind: str, part: type[Part], extension: str, shapes: dict[str, Shape], children: dict[str, type[Child]]
) -> None:
    for _, child in children_of(part):
        known = shapes.get(child.kind)
        above = (*(known.above if known else ()), kind)
        rows = tuple(rows_of(child, extension))
        shapes[child.kind] = Shape(child.object_class, child.naming, rows, above, child.exact)
        if child.kind not in children:
            children[child.kind] = child
            _add_children(child.kind, child, extension, shapes, children)
