"""What a server says it can hold: its attribute types and object classes (RFC 4512 section 4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from pacsconf.systems._ldap import names, syntaxes

ClassKind = Literal["abstract", "structural", "auxiliary"]


_ANYTHING = "extensibleobject"
"""The class whose entries may hold every attribute (RFC 4512 section 4.3)."""
_DN = "1.3.6.1.4.1.1466.115.121.1.12"
_IA5 = "1.3.6.1.4.1.1466.115.121.1.26"


@dataclass(frozen=True, slots=True)
class AttributeType:
    """An attribute as the server defines it, with what it takes from its superiors.

    `rule` is its equality rule; without one single values cannot be compared or removed. `syntax` is an OID, and
    empty where it is not told. The server alone writes what is not `writable`.
    """

    name: str
    rule: str = ""
    single_value: bool = False
    syntax: str = ""
    writable: bool = True

    @property
    def equality(self) -> bool:
        return bool(self.rule)


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
        """Whether an entry of it may hold the attribute; options such as `;binary` do not count."""
        name = attribute.partition(";")[0].lower()
        return name in self.must or name in self.may or self.name.lower() == _ANYTHING


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

    def auxiliary_for(self, attribute: str, held: Iterable[str] = ()) -> ObjectClass | None:
        """The auxiliary class to add so that an entry can hold the attribute: the one that asks for least.

        It asks for nothing but what the entry has: `held` are other attributes of it.
        """
        have = {self.principal(name) for name in (attribute, *held)} | {"objectclass"}
        fitting = {
            each.name: each
            for each in self.classes.values()
            if each.kind == "auxiliary"
            and each.name.lower() != _ANYTHING
            and each.allows(self.principal(attribute))
            and each.must <= have
        }
        return min(fitting.values(), key=lambda each: (len(each.must | each.may), each.name), default=None)

    def auxiliaries(
        self, attributes: Iterable[str], classes: Iterable[str], held: Iterable[str] = ()
    ) -> list[str]:
        """Auxiliary classes to add to `classes` so that an entry may hold these attributes beside what it holds."""
        attributes, held = sorted(attributes), [*held]
        current, added = [*classes], list[str]()
        for attribute in attributes:
            if self.attribute(attribute) and not self.allowing(self.principal(attribute), current):
                found = self.auxiliary_for(attribute, [*attributes, *held])
                if found is not None:
                    current.append(found.name)
                    added.append(found.name)
        return added

    def principal(self, name: str) -> str:
        """The first name of an attribute that has several, in lower case and without options."""
        found = self.attribute(name)
        return found.name.lower() if found else name.partition(";")[0].lower()

    def broken(self, attribute: str, value: bytes) -> str:
        """How values of an attribute are written, where the server would refuse this one; empty where it would not.

        A name is as good as the values that it is made of.
        """
        known = self.attribute(attribute)
        if known is None:
            return ""
        words = syntaxes.broken(known.syntax, value)
        if words or known.syntax != _DN:
            return words
        for name in names.parse(value.decode()):
            if len({self.principal(part) for part, _ in name}) < len(name):
                return f"a distinguished name, with {name[0][0]} once in each part"
            for part, text in name:
                of_part = self.attribute(part)
                if of_part is None:
                    return f"a distinguished name, in which it knows no {part}"
                if of_part.syntax == _IA5 and not text:  # a value of it may be empty elsewhere
                    return f"a distinguished name; {part} in it is some text"
                if inner := self.broken(part, text.encode()):
                    return f"a distinguished name; {part} in it is {inner}"
        return ""

    def same(self, attribute: str, value: bytes) -> bytes:
        """What is equal for two values that the server takes for one."""
        known = self.attribute(attribute)
        return syntaxes.compared(known.rule, value) if known else value


def parse(attribute_types: Iterable[bytes], object_classes: Iterable[bytes]) -> Schema:
    """The schema that these definitions make; what cannot be understood is left out."""
    return _parsed(tuple(attribute_types), tuple(object_classes))


@lru_cache(maxsize=4)  # a command asks for it each time that it reads a directory
def _parsed(attribute_types: tuple[bytes, ...], object_classes: tuple[bytes, ...]) -> Schema:
    from ldap3.protocol.rfc4512 import AttributeTypeInfo, ObjectClassInfo

    attribute_infos: Any = AttributeTypeInfo
    class_infos: Any = ObjectClassInfo
    types = _by_name(attribute_infos.from_definition(list(attribute_types)))
    classes = _by_name(class_infos.from_definition(list(object_classes)))
    attributes = {name: _attribute(info, types) for name, info in types.items()}
    return Schema(
        attributes, {name: _object_class(info, classes, attributes) for name, info in classes.items()}
    )


def _by_name(infos: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): info for info in infos.values() for name in [*(info.name or []), info.oid]}


def _attribute(info: Any, types: Mapping[str, Any]) -> AttributeType:
    chain = [info, *_above(info, types)]
    rule = next((_first(each.equality) for each in chain if each.equality), "")
    syntax = next((_first(each.syntax) for each in chain if each.syntax), "").partition("{")[0]
    writable = not info.no_user_modification
    name = info.name[0] if info.name else info.oid
    return AttributeType(name, rule, bool(info.single_value), syntax, writable)


def _first(value: Any) -> str:
    return str(value[0] if isinstance(value, list | tuple) else value)


def _object_class(
    info: Any, classes: Mapping[str, Any], attributes: Mapping[str, AttributeType]
) -> ObjectClass:
    above = _above(info, classes)
    chain = [info, *above]

    def principal(name: str) -> str:
        known = attributes.get(name.lower())
        return known.name.lower() if known else name.lower()

    must = {principal(name) for each in chain for name in each.must_contain or []}
    may = {principal(name) for each in chain for name in each.may_contain or []}
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
