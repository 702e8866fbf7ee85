"""Kinds of resources made of the models of extensions: as wide as what may be live, judged by their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from pydantic import create_model

from pacsconf.core.address import Address
from pacsconf.core.resource import RISKS, Effect, Fields, Members, Risk, State
from pacsconf.systems._dicom.attributes import Shape
from pacsconf.systems._dicom.kinds import EntryResource, Flag, Number
from pacsconf.systems.directory_extension import (
    Beside,
    Child,
    Facet,
    Part,
)


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


def of_child(child: type[Child], form: Shape) -> type[EntryResource]:
    own = {"kind": child.kind, "part": child, "secrets": _secrets(form)}
    return _made(child.__name__, _ChildEntry, child.__doc__, _wide(form), **own)


def with_facets(
    kind: type[EntryResource], facets: tuple[tuple[str, type[Facet]], ...], form: Shape
) -> type[EntryResource]:
    return _made(kind.__name__, (_WithFacets, kind), kind.__doc__, {}, facets=facets, secrets=_secrets(form))


def _secrets(form: Shape) -> frozenset[str]:
    """The fields that are the version of a secret."""
    return frozenset(row.field for row in form.rows if row.syntax == "secret")


def plain(kind: str) -> type[EntryResource]:
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
