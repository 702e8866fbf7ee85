"""What a server says it can hold: its attribute types and object classes (RFC 4512 section 4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ClassKind = Literal["abstract", "structural", "auxiliary"]


@dataclass(frozen=True, slots=True)
class AttributeType:
    """An attribute as the server defines it; without `equality` single values cannot be compared or removed."""

    name: str
    equality: bool
    single_value: bool


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """An object class with all that it takes from its superiors; attribute names in lower case."""

    name: str
    kind: ClassKind
    must: frozenset[str]
    may: frozenset[str]
    superiors: frozenset[str] = frozenset()
    """Names of all classes above, in lower case."""

    def allows(self, attribute: str) -> bool:
        name = attribute.lower()
        return name in self.must or name in self.may


@dataclass(frozen=True, slots=True)
class Schema:
    """Attribute types and object classes by lower-case name, every alias included."""

    attributes: Mapping[str, AttributeType] = field(default_factory=dict)
    classes: Mapping[str, ObjectClass] = field(default_factory=dict)

    def attribute(self, name: str) -> AttributeType | None:
        """The attribute of this name; options such as `;binary` do not count."""
        return self.attributes.get(name.partition(";")[0].lower())

    def object_class(self, name: str) -> ObjectClass | None:
        return self.classes.get(name.lower())

    def spelling(self, name: str) -> str:
        """An attribute's name as the schema spells it."""
        found = self.attribute(name)
        _, semicolon, options = name.partition(";")
        return f"{found.name}{semicolon}{options}" if found else name

    def allowing(self, attribute: str, classes: Iterable[str]) -> bool:
        """Whether any of these classes lets an entry hold the attribute."""
        found = (self.object_class(name) for name in classes)
        return any(each.allows(attribute) for each in found if each is not None)

    def auxiliary_for(self, attribute: str) -> ObjectClass | None:
        """The auxiliary class to add so that an entry can hold the attribute: the one that asks for least."""
        fitting = {
            each.name: each
            for each in self.classes.values()
            if each.kind == "auxiliary"
            and each.allows(attribute)
            and each.must <= {attribute.lower(), "objectclass"}
        }
        return min(fitting.values(), key=lambda each: (len(each.must | each.may), each.name), default=None)


def parse(attribute_types: Iterable[bytes], object_classes: Iterable[bytes]) -> Schema:
    """The schema that these definitions make; what cannot be understood is left out."""
    from ldap3.protocol.rfc4512 import AttributeTypeInfo, ObjectClassInfo

    attribute_infos: Any = AttributeTypeInfo
    class_infos: Any = ObjectClassInfo
    types = _by_name(attribute_infos.from_definition(list(attribute_types)))
    classes = _by_name(class_infos.from_definition(list(object_classes)))
    return Schema(
        {name: _attribute(info, types) for name, info in types.items()},
        {name: _object_class(info, classes) for name, info in classes.items()},
    )


def _by_name(infos: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): info for info in infos.values() for name in [*(info.name or []), info.oid]}


def _attribute(info: Any, types: Mapping[str, Any]) -> AttributeType:
    chain = [info, *_above(info, types)]
    name = info.name[0] if info.name else info.oid
    return AttributeType(name, any(each.equality for each in chain), bool(info.single_value))


def _object_class(info: Any, classes: Mapping[str, Any]) -> ObjectClass:
    above = _above(info, classes)
    chain = [info, *above]
    must = {name.lower() for each in chain for name in each.must_contain or []}
    may = {name.lower() for each in chain for name in each.may_contain or []}
    kinds: dict[str, ClassKind] = {"ABSTRACT": "abstract", "AUXILIARY": "auxiliary"}
    superiors = frozenset(name.lower() for each in above for name in each.name or [])
    name = info.name[0] if info.name else info.oid
    return ObjectClass(name, kinds.get(info.kind, "structural"), frozenset(must), frozenset(may), superiors)


def _above(info: Any, known: Mapping[str, Any]) -> list[Any]:
    """The superiors of a definition, near ones first; one that leads back to itself is left."""
    found: list[Any] = []
    pending = list(info.superior or [])
    while pending:
        each = known.get(pending.pop(0).lower())
        if each is not None and each is not info and each not in found:
            found.append(each)
            pending += each.superior or []
    return found
