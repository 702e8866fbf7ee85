"""From the models of an extension to rows, which are read and written like those of the standard."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from pacsconf.core.resource import Value
from pacsconf.systems._dicom.attributes import Row
from pacsconf.systems._dicom.kinds import CONNECTION
from pacsconf.systems.directory_extension import (
    Attribute,
    Child,
    Facet,
    Part,
    Syntax,
    attribute_of,
)


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
