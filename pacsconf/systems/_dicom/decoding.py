"""Fields of an entry, each attribute by a function that is chosen once and not for every entry anew.

What these give is what `attributes.decode` gives; that is asked wherever values are not of the usual form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

from pacsconf.core.resource import Value
from pacsconf.systems._dicom.attributes import Refer, Row, Shape, as_it_is, decode
from pacsconf.systems._ldap import names
from pacsconf.systems._ldap.entry import Values

_REMEMBERED = 4096
"""Values that are remembered of each attribute which has the same few on most entries."""

Decoder = Callable[[Values, Refer], Value | None]
Whole = Callable[[Values], Value | None]


class Misread(NamedTuple):
    """A field whose values the attribute cannot have, and why not."""

    field: str
    why: str


class Decoding:
    """The modelled attributes of one form of entry, those of extensions by themselves."""

    def __init__(self, form: Shape) -> None:
        rows = sorted((row for row in form.rows if row.syntax != "secret"), key=lambda row: row.field)
        self.secrets = tuple(row for row in form.rows if row.syntax == "secret")
        """What is never read: only whether it is there."""
        self._rows = tuple(map(_decoded, (row for row in rows if not row.extension)))
        self._without_vendor_data = tuple(each for each in self._rows if each[0] != "vendor_data")
        self._attributes = tuple(attribute for _, attribute, _ in self._rows)
        self._of_extensions = {
            name: tuple(_decoded(row) for row in rows if row.extension == name)
            for name in sorted({row.extension for row in rows if row.extension})
        }
        of_extensions = (each[1] for held in self._of_extensions.values() for each in held)
        secret = (row.attribute.lower() for row in self.secrets)
        own = {form.naming.lower(), "objectclass"}
        self.modelled = frozenset({*own, *self._attributes, *of_extensions, *secret})
        """Names of attributes, in lower case, that are the name, the class or a row, and so not an extra."""

    def values(self, attributes: Mapping[str, Values]) -> tuple[Values | None, ...]:
        """What the standard has of it, as it came."""
        return tuple(map(attributes.get, self._attributes))

    def fields(
        self,
        attributes: Mapping[str, Values],
        refer: Refer,
        *,
        vendor_data: bool,
        speaks: Callable[[str], bool] | None = None,
    ) -> tuple[dict[str, Value], tuple[Misread, ...]]:
        """What these attributes (names in lower case) hold; `refer` gives the name for a DN.

        Of extensions those are looked at that it `speaks`. Values that an attribute cannot have are given as they
        are, and told beside.
        """
        rows = self._rows if vendor_data else self._without_vendor_data
        for name in self._of_extensions if speaks else ():
            if speaks and speaks(name):
                rows += self._of_extensions[name]
        found: dict[str, Value] = {}
        misread: tuple[Misread, ...] = ()
        for field, attribute, decoder in rows:
            if values := attributes.get(attribute):
                try:
                    value = decoder(values, refer)
                except ValueError as exc:
                    value = as_it_is(values)
                    misread = (*misread, Misread(field, str(exc)))
                if value is not None:
                    found[field] = value
        return found, misread


def _decoded(row: Row) -> tuple[str, str, Decoder]:
    return row.field, row.attribute.lower(), _decoder(row)


def _decoder(row: Row) -> Decoder:
    """A function for the usual form of a row's values: one text, or one of few; the rest is for `decode`."""
    if row.syntax == "reference":
        return partial(_references, row)
    whole = partial(decode, row, resolve=names.canonical)
    remembered = lru_cache(_REMEMBERED)(whole)
    if row.default is not None:
        return lambda values, _refer: remembered(values)
    if row.syntax == "text":
        return partial(_texts, remembered) if row.many else partial(_text, whole)
    if row.syntax == "host":
        return partial(_host, whole)
    return lambda values, _refer: remembered(values)


def _text(whole: Whole, values: Values, _refer: Refer) -> Value | None:
    """Texts of one attribute are mostly all different, so that none is worth remembering."""
    try:
        (value,) = values
        return value.decode()
    except ValueError:  # several, or no UTF-8
        return whole(values)


def _host(whole: Whole, values: Values, _refer: Refer) -> Value | None:
    try:
        (value,) = values
        return value.decode().lower()
    except ValueError:
        return whole(values)


def _texts(whole: Whole, values: Values, _refer: Refer) -> Value | None:
    try:
        (value,) = values
        return (value.decode(),)
    except ValueError:
        return whole(values)


def _references(row: Row, values: Values, refer: Refer) -> Value | None:
    try:
        (value,) = values
        text = value.decode()
    except ValueError:
        return decode(row, values, partial(refer, row.refers))
    name = refer(row.refers, text)
    return (name,) if row.many else name
