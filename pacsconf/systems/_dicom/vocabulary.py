"""What a directory is read and written by: the standard's entries, and those of the extensions that it speaks.

An extension's models become rows and shapes like the standard's own, and kinds of resources that are as wide as
theirs: what is live may break every rule, and must still be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from types import UnionType
from typing import Any, ClassVar, Literal, Union, cast, get_args, get_origin

from pydantic import create_model
from pydantic.fields import FieldInfo

from pacsconf.core.address import Address
from pacsconf.core.resource import RISKS, Effect, Fields, Members, Risk, State, Value
from pacsconf.inventory.validation import models_in
from pacsconf.systems._dicom.attributes import CONTAINERS, SHAPES, Row, Shape
from pacsconf.systems._dicom.decoding import Decoding
from pacsconf.systems._dicom.kinds import CONNECTION, KINDS, EntryResource, Flag, Number
from pacsconf.systems._ldap.entry import Values
from pacsconf.systems.directory_extension import (
    Attribute,
    Beside,
    Child,
    Extension,
    Facet,
    Part,
    Syntax,
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
            kinds[registry.kind] = _plain(registry.kind)
        for facet in extension.facets:
            shapes[facet.of] = _widened(shapes[facet.of], facet, extension.name)
            facets.setdefault(facet.of, []).append((extension.name, facet))
            _add_children(facet.of, facet, extension.name, shapes, children)
    kinds |= {kind: _of_child(child, shapes[kind]) for kind, child in children.items()}
    kinds |= {kind: _with_facets(kinds[kind], tuple(held), shapes[kind]) for kind, held in facets.items()}
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


# --- from models to rows ------------------------------------------------------------------------------------


@lru_cache(256)
def rows_of(part: type[Part], extension: str) -> tuple[Row, ...]:
    """The rows of a part's fields; those of a facet are called `EXTENSION.FIELD`.

    A row that is looked at only where the inventory says something of it carries the name of the extension.
    Remembered, since an archive has hundreds of transfer capabilities.
    """
    return tuple(_rows_of(part, extension))


def _rows_of(part: type[Part], extension: str) -> Iterator[Row]:
    prefix, own = (f"{extension}.", part.object_class) if issubclass(part, Facet) else ("", "")
    for name, info in part.model_fields.items():
        attribute = attribute_of(info)
        if attribute is not None:
            yield _row(prefix + name, info, attribute, own, extension if _is_asked(part, name) else "")


def _is_asked(part: type[Part], name: str) -> bool:
    """Whether a field is looked at only where the inventory says something of it."""
    if issubclass(part, Facet):
        return name not in part.always
    return issubclass(part, Child) and name in part.asked


def attribute_of(info: FieldInfo) -> Attribute | None:
    """The attribute that keeps a field; None where it is a map of children, or of `Child` itself."""
    return next((each for each in info.metadata if isinstance(each, Attribute)), None)


@lru_cache(256)
def children_of(part: type[Part]) -> tuple[tuple[str, type[Child]], ...]:
    """The maps of children that a part has, by field. Remembered, as rows are."""
    return tuple(
        (name, model)
        for name, info in part.model_fields.items()
        for model in models_in(info.annotation)
        if issubclass(model, Child)
    )


def _row(name: str, info: FieldInfo, attribute: Attribute, own_class: str, extension: str) -> Row:
    syntax, many = _form(info.annotation)
    if attribute.syntax:
        syntax = attribute.syntax
    elif attribute.refers in (CONNECTION, "device"):
        syntax = "reference"
    default = None if info.is_required() else canonical_value(info.get_default(call_default_factory=True))
    return Row(
        name,
        attribute.name,
        syntax,
        many,
        default,
        attribute.object_class or own_class,
        attribute.refers or CONNECTION,
        extension,
    )


def canonical_value(value: Any) -> Value | None:
    """A value of a model as a plain one; None for what is not there."""
    if isinstance(value, tuple):
        return tuple(sorted(set(map(str, value)))) or None
    return value if isinstance(value, bool | int) or value is None else str(value) or None


def _form(annotation: Any) -> tuple[Syntax, bool]:
    """The syntax that a field's type tells, and whether it holds several."""
    origin = get_origin(annotation)
    if origin is Union or origin is UnionType:
        return _form(next(each for each in get_args(annotation) if each is not type(None)))
    if origin is tuple:
        return _form(get_args(annotation)[0])[0], True
    if origin is Literal or not get_args(annotation):
        return ("boolean" if annotation is bool else "integer" if annotation is int else "text"), False
    return _form(get_args(annotation)[0])


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


# --- from models to kinds -----------------------------------------------------------------------------------


class _ChildEntry(EntryResource):
    """An entry of an extension's own; `part` judges its changes."""

    part: ClassVar[type[Part]]

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        return super().effects(before, after) | cls.part.effects(before, after)

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        return _graver(super().risk(before, after), cls.part.risk(before, after))

    @classmethod
    def remark(cls, before: Fields | None, after: Fields | None) -> str | None:
        return cls.part.remark(before, after)

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        return (
            "; ".join(filter(None, (cls.part.purge_note(before, after), super().purge_note(before, after))))
            or None
        )

    @classmethod
    def purge_beside(
        cls, before: State | None, after: State | None, others: Mapping[Address, State]
    ) -> str | None:
        return cls.part.purge_beside(_fields(before), _fields(after), _beside(before or after, others))


class _WithFacets(EntryResource):
    """An entry of the standard to which extensions add; each facet judges what is its own."""

    facets: ClassVar[Sequence[tuple[str, type[Facet]]]]

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        found = super().effects(before, after)
        for name, facet in cls.facets:
            found |= facet.effects(*_own(name, before, after))
        return found

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        risks = (facet.risk(*_own(name, before, after)) for name, facet in cls.facets)
        return _graver(super().risk(before, after), *risks)

    @classmethod
    def remark(cls, before: Fields | None, after: Fields | None) -> str | None:
        remarks = [facet.remark(*_own(name, before, after)) for name, facet in cls.facets]
        return "; ".join(filter(None, (*remarks, super().remark(before, after)))) or None

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        notes = [facet.purge_note(*_own(name, before, after)) for name, facet in cls.facets]
        return "; ".join(filter(None, (*notes, super().purge_note(before, after)))) or None

    @classmethod
    def purge_beside(
        cls, before: State | None, after: State | None, others: Mapping[Address, State]
    ) -> str | None:
        beside = _beside(before or after, others)
        sides = (_fields(before), _fields(after))
        notes = [facet.purge_beside(*_own(name, *sides), beside) for name, facet in cls.facets]
        return "; ".join(filter(None, notes)) or None


def _fields(state: State | None) -> Fields | None:
    return state.fields if state else None


def _beside(state: State | None, others: Mapping[Address, State]) -> Beside:
    """The other entries of the device that an entry is of; names are in lower case where case does not count."""
    assert state is not None, "a change has a before or an after"
    system, device = state.address.system, state.address.parts[0]

    def found(kind: str, name: str) -> Fields:
        addresses = (Address.of(system, kind, device, each) for each in (name, name.lower()))
        return next((others[one].fields for one in addresses if one in others), {})

    return found


def _own(name: str, before: Fields | None, after: Fields | None) -> tuple[Fields | None, Fields | None]:
    """What a facet has of both sides, under its own names; None where there is no entry."""
    prefix = f"{name}."

    def own(fields: Fields | None) -> Fields | None:
        if fields is None:
            return None
        return {key.removeprefix(prefix): value for key, value in fields.items() if key.startswith(prefix)}

    return own(before), own(after)


def _graver(*risks: Risk) -> Risk:
    return max(risks, key=RISKS.index)


def _of_child(child: type[Child], form: Shape) -> type[EntryResource]:
    own = {"kind": child.kind, "part": child, "secrets": _secrets(form)}
    return _made(child.__name__, _ChildEntry, child.__doc__, _wide(form), **own)


def _with_facets(
    kind: type[EntryResource], facets: tuple[tuple[str, type[Facet]], ...], form: Shape
) -> type[EntryResource]:
    return _made(kind.__name__, (_WithFacets, kind), kind.__doc__, {}, facets=facets, secrets=_secrets(form))


def _secrets(form: Shape) -> frozenset[str]:
    """The fields that are the version of a secret."""
    return frozenset(row.field for row in form.rows if row.syntax == "secret")


def _plain(kind: str) -> type[EntryResource]:
    told = "A reserved name: reserved before anything has it, released after."
    return _made("UniqueNameEntry", EntryResource, told, {}, kind=kind)


def _made(
    name: str, base: Any, told: str | None, fields: Mapping[str, Any], **own: Any
) -> type[EntryResource]:
    """A kind of this name with these fields and class variables."""
    made: Any = create_model
    found = made(name, __base__=base, __doc__=told, **fields)
    for key, value in own.items():
        setattr(found, key, value)
    return cast("type[EntryResource]", found)


def _wide(form: Shape) -> dict[str, Any]:
    """Fields as wide as what may be live."""
    types: Mapping[str, Any] = {"boolean": Flag, "integer": Number}
    return {
        row.field: (Members, ()) if row.many else (types.get(row.syntax, str | None), None)
        for row in form.rows
    }
