"""Fields of an entry, each attribute by a function that is chosen once and not for every entry anew.

What these give is what `attributes.decode` gives; that is asked wherever values are not of the usual form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

from pacsconf.core.resource import Value
from pacsconf.systems._dicom.attributes import CONTAINERS, SHAPES, Resolve, Row, Shape, decode, shape
from pacsconf.systems._ldap import names
from pacsconf.systems._ldap.entry import Values

_REMEMBERED = 4096
"""Values that are remembered of each attribute which has the same few on most entries."""

Decoder = Callable[[Values, Resolve], Value | None]
Whole = Callable[[Values], Value | None]


class Decoding:
    """The modelled attributes of one form of entry."""

    def __init__(self, form: Shape) -> None:
        rows = sorted(form.rows, key=lambda row: row.field)
        self._rows = tuple((row.field, row.attribute.lower(), _decoder(row)) for row in rows)
        self._without_vendor_data = tuple(each for each in self._rows if each[0] != "vendor_data")
        self._attributes = tuple(attribute for _, attribute, _ in self._rows)
        self.modelled = frozenset({form.naming.lower(), "objectclass", *self._attributes})
        """Names of attributes, in lower case, that are the name, the class or a row, and so not an extra."""

    def values(self, attributes: Mapping[str, Values]) -> tuple[Values | None, ...]:
        """What is modelled, as it came."""
        return tuple(map(attributes.get, self._attributes))

    def fields(
        self, attributes: Mapping[str, Values], resolve: Resolve, *, vendor_data: bool
    ) -> dict[str, Value]:
        """What these attributes (names in lower case) hold; `resolve` gives the name for a DN.

        Raises: ValueError for a value that the attribute cannot have.
        """
        found: dict[str, Value] = {}
        for field, attribute, decoder in self._rows if vendor_data else self._without_vendor_data:
            if values := attributes.get(attribute):
                value = decoder(values, resolve)
                if value is not None:
                    found[field] = value
        return found


def _decoder(row: Row) -> Decoder:
    """A function for the usual form of a row's values: one text, or one of few; the rest is for `decode`."""
    if row.syntax == "reference":
        return partial(_references, row)
    whole = partial(decode, row, resolve=names.canonical)
    remembered = lru_cache(_REMEMBERED)(whole)
    if row.syntax == "text":
        return partial(_texts, remembered) if row.many else partial(_text, whole)
    if row.syntax == "host":
        return partial(_host, whole)
    return lambda values, _resolve: remembered(values)


def _text(whole: Whole, values: Values, _resolve: Resolve) -> Value | None:
    """Texts of one attribute are mostly all different, so that none is worth remembering."""
    try:
        (value,) = values
        return value.decode()
    except ValueError:  # several, or no UTF-8
        return whole(values)


def _host(whole: Whole, values: Values, _resolve: Resolve) -> Value | None:
    try:
        (value,) = values
        return value.decode().lower()
    except ValueError:
        return whole(values)


def _texts(whole: Whole, values: Values, _resolve: Resolve) -> Value | None:
    try:
        (value,) = values
        return (value.decode(),)
    except ValueError:
        return whole(values)


def _references(row: Row, values: Values, resolve: Resolve) -> Value | None:
    try:
        (value,) = values
        text = value.decode()
    except ValueError:
        return decode(row, values, resolve)
    return (resolve(text),)


_KINDS = {kind: Decoding(form) for kind, form in SHAPES.items()}
_CONTAINERS = {name: Decoding(shape("container", name)) for name in CONTAINERS}


def decoding(kind: str, name: str) -> Decoding:
    """Of the entry `kind/name`."""
    return _CONTAINERS[name] if kind == "container" else _KINDS[kind]
