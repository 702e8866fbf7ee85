"""What single values, attributes and classes break of a server's schema. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pacsconf.core.resource import Value
from pacsconf.systems._dicom.attributes import Row, encode
from pacsconf.systems._ldap.entry import is_secret, is_secret_pair
from pacsconf.systems._ldap.schema import ObjectClass, Schema

_SHOWN = 60
"""Characters of a value that a finding shows."""


def wrong_values(schema: Schema, row: Row, value: Value) -> Iterator[tuple[str, str | None, str, str]]:
    """What the server would refuse of an attribute's values: rule, the member if it is one, summary, what to do."""
    known = schema.attribute(row.attribute)
    assert known is not None, "asked of those that there are"
    members = value if isinstance(value, tuple) else (str(value),)
    if known.single_value and len(members) > 1:
        yield (
            "DIR-SCHEMA-SINGLE",
            None,
            f"{known.name} has {len(members)} values, and the directory takes one",
            "Leave the one that is meant.",
        )
    seen: dict[bytes, str] = {}
    for member in members:
        if row.syntax == "reference" and "=" not in member:
            continue  # a name of ours, of which a DN is made
        (raw,) = encode(row, value if isinstance(value, bool) else (member,), _as_it_is)
        if words := schema.broken(row.attribute, raw):
            yield (
                "DIR-SCHEMA-VALUE",
                member,
                f"{_shown(known.name, member)} is no value of {known.name}",
                f"The directory takes {words}.",
            )
            continue
        twin = seen.setdefault(schema.same(row.attribute, raw), member)
        if twin != member:
            yield (
                "DIR-SCHEMA-VALUE",
                member,
                f"{_shown(known.name, member)} and {_shown(known.name, twin)} are one value of {known.name} there",
                "Take one of them out.",
            )


def who_could(schema: Schema, attribute: str) -> str:
    """Which classes have an attribute, in what to do about one that is not allowed."""
    having = {each.name: each for each in schema.classes.values() if each.allows(attribute.lower())}
    aux = [each for each in having.values() if each.kind == "auxiliary"]
    if aux:
        best = min(aux, key=lambda each: (len(each.must), each.name))
        asks = ", ".join(schema.spelling(name) for name in sorted(best.must - {"objectclass"}))
        return f"{best.name} has it, and asks for {asks} too: write that as well, or take this out."
    shown = ", ".join(sorted(having)[:3])
    return f"It is one of {shown}: write it there, or take it out." if having else "Take it out."


def clash(one: ObjectClass, others: Iterable[ObjectClass]) -> str:
    """Another structural class that is neither above nor below this one; empty for none."""
    if one.kind != "structural":
        return ""
    for other in others:
        apart = one.name.lower() not in other.superiors and other.name.lower() not in one.superiors
        if other.kind == "structural" and other.name != one.name and apart:
            return other.name
    return ""


def most_special(classes: Iterable[ObjectClass]) -> ObjectClass | None:
    """The structural class below all others."""
    structural = [each for each in classes if each.kind == "structural"]
    return max(structural, key=lambda each: len(each.superiors), default=None)


def _as_it_is(_kind: str, name: str) -> str:
    return name


def _shown(attribute: str, value: str) -> str:
    """A value in quotation marks, cut where it is long; one of a secret is never shown."""
    if is_secret(attribute) or is_secret_pair(attribute, value):
        return "What is written"
    return f'"{value}"' if len(value) <= _SHOWN else f'"{value[:_SHOWN]}…"'
