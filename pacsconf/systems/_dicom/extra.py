"""What may not stand under `extra`: attributes that have a place of their own, and secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pacsconf.core.finding import Finding, Path
from pacsconf.core.resource import State, Value
from pacsconf.systems._dicom.attributes import Shape
from pacsconf.systems._dicom.kinds import EXTRA
from pacsconf.systems._ldap import names
from pacsconf.systems._ldap.entry import is_secret, is_secret_pair

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(;[A-Za-z0-9-]+)*")
"""RFC 4512 section 2.5, and the underscore of some servers; no names that are numbers (OIDs)."""


def misplaced(form: Shape, attributes: Mapping[str, tuple[str, ...]], path: Path) -> Iterator[Finding]:
    """Attributes under `extra` of something of this form, declared at `path`, that may not stand there.

    LDAP takes names in any letter case for one (RFC 4512 section 2.5).
    """
    seen: dict[str, str] = {}
    for name, values in attributes.items():
        first = seen.setdefault(name.lower(), name)
        if first != name:
            yield Finding(
                "DIR-EXTRA",
                "error",
                f'"{name}" and "{first}" are one attribute',
                "A directory does not tell upper and lower case apart in names of attributes.",
                "Write all its values under one of them.",
                path=(*path, "extra", name),
            )
        elif not _NAME.fullmatch(name):
            yield Finding(
                "DIR-EXTRA",
                "error",
                f'"{name}" is no name of an attribute',
                "A directory shows it by its name alone, so that it would never be what is declared; and only its"
                " name tells what it does.",
                "Write the name that the directory's schema has for it.",
                path=(*path, "extra", name),
            )
        elif is_secret(name) or any(is_secret_pair(name, value) for value in values):
            yield Finding(
                "DIR-EXTRA-SECRET",
                "error",
                f'The values of "{name}" are secret',
                "The inventory, plans and the record are read by many, and pacsconf never reads such values back.",
                "Take it out, change the secret if it was real, and set it in the directory by hand.",
                path=(*path, "extra"),
            )
        elif form.models(name):
            yield Finding(
                "DIR-EXTRA",
                "error",
                f'"{name}" has a place of its own, and is no extra attribute',
                "Declared twice, it would be written twice, and neither would stay.",
                _instead(form, name),
                path=(*path, "extra", name),
            )


def placed(state: State, form: Shape) -> State:
    """A state without what may not stand under `extra`, for where that is accepted: it is not written even so."""
    fields = {name: value for name, value in state.fields.items() if not _is_misplaced(name, form)}
    return state.with_fields(fields) if len(fields) < len(state.fields) else state


def unsecret(state: State) -> State:
    """A state without what is secret under `extra`: it is refused by its finding, and a plan would show it."""
    fields = {name: value for name, value in state.fields.items() if not _tells_secret(name, value)}
    return state.with_fields(fields) if len(fields) < len(state.fields) else state


def _tells_secret(field: str, value: Value) -> bool:
    name, members = field.removeprefix(EXTRA), value if isinstance(value, tuple) else ()
    return name != field and (is_secret(name) or any(is_secret_pair(name, member) for member in members))


def _is_misplaced(field: str, form: Shape) -> bool:
    name = field.removeprefix(EXTRA)
    return name != field and (not _NAME.fullmatch(name) or is_secret(name) or form.models(name))


def beyond_name(fields: Mapping[str, Value], dn: str) -> dict[str, Value]:
    """Fields of unmodelled attributes without the values that stand in the entry's own name."""
    own = {(attribute.lower(), value) for attribute, value in names.parse(dn)[0]}
    found: dict[str, Value] = {}
    for name, value in fields.items():
        attribute = name.removeprefix(EXTRA).lower()
        members = value if isinstance(value, tuple) else (str(value),)
        if left := tuple(member for member in members if (attribute, member) not in own):
            found[name] = left
    return found


def _instead(form: Shape, name: str) -> str:
    """What to do about an attribute that is modelled; the inventory's keys are called as the fields are."""
    row = next((row for row in form.rows if row.attribute.lower() == name.lower()), None)
    if row is not None:
        return f"Write it under `{'vendor.' if '.' in row.field else ''}{row.field}` instead."
    if name.lower() == "objectclass":
        return "Take it out: the classes that an entry needs are added by themselves."
    return "It is the name under which this is declared: change it there."
