"""One thing a system holds: typed at the edge, plain values in the middle.

A system declares and reads `Resource`s, one frozen pydantic model per kind, so that the type checker sees the
mapping. `state()` projects one into a `State` of plain values, and comparison, order, guards, plans and the
record know only those. A system that is asked to write gets states back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, get_args, overload

from pydantic import AfterValidator, BaseModel, ConfigDict

from pacsconf.core.address import Address

Value = bool | int | str | tuple[str, ...]
"""A plain value. A tuple is a set: its members sorted, each once."""

Fields = Mapping[str, Value]
"""Canonical fields by name. What is absent has no value: there is no None and no empty set."""

Risk = Literal["none", "workflow", "access", "data-loss"]
RISKS: tuple[Risk, ...] = ("none", "workflow", "access", "data-loss")

Effect = Literal["removes", "readdresses", "widens", "purges"]
"""What a change does that guards count: takes something away from a person or device; gives a peer another
title or address; weakens TLS or opens an access list; arms, shortens or speeds up the deletion of studies."""

Members = Annotated[tuple[str, ...], AfterValidator(lambda values: tuple(sorted(set(values))))]
"""A set of texts in a resource's model."""


class State(NamedTuple):
    """What one resource holds, in plain values.

    `root` is what a person counts (the device of its capabilities); `depends_on` must exist before and vanish
    after it; a claim is a name that only one resource may hold at a time (`ae-title:CT01`). A tuple, since there
    are two of them for each resource, and a tuple is made and compared in C.
    """

    address: Address
    root: Address
    fields: Fields
    depends_on: frozenset[Address] = frozenset()
    claims: frozenset[str] = frozenset()

    def with_fields(self, fields: Fields) -> State:
        """The same resource with other fields."""
        return State(self.address, self.root, dict(fields), self.depends_on, self.claims)


class Resource(BaseModel):
    """Base of all kinds; a subclass adds its typed fields.

    A typed field is a `Value` or None, or is projected to values by overriding `fields` and `of`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str]
    lingers: ClassVar[bool] = False
    """Whether a name no longer used stays reserved for a while (quarantine) before it is deleted."""
    secrets: ClassVar[frozenset[str]] = frozenset()
    """Fields that stand for a secret (its version): that itself is kept nowhere, so none is ever taken back."""

    address: Address
    root: Address
    depends_on: frozenset[Address] = frozenset()
    claims: frozenset[str] = frozenset()

    def fields(self) -> dict[str, Value]:
        """The canonical plain values: what is None or empty is left out."""
        own = type(self).model_fields.keys() - Resource.model_fields.keys()
        values = {name: getattr(self, name) for name in sorted(own)}
        return {name: value for name, value in values.items() if value is not None and value != ()}

    def state(self) -> State:
        """This resource in plain values."""
        return State(self.address, self.root, self.fields(), self.depends_on, self.claims)

    @classmethod
    def of(cls, state: State) -> Self:
        """The typed resource of a state, the inverse of `state`.

        Raises: pydantic.ValidationError when the state does not fit the kind.
        """
        return cls.model_validate(
            {
                "address": state.address,
                "root": state.root,
                "depends_on": state.depends_on,
                "claims": state.claims,
                **state.fields,
            }
        )

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """How much a patient or a workflow has to lose by this change."""
        return "none" if before == after else "workflow"

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """What guards count about this change; None is absent."""
        return frozenset({"removes"}) if before is not None and after is None else frozenset()

    @classmethod
    def remark(cls, before: Fields | None, after: Fields | None) -> str | None:
        """What a change does that its fields do not show: a list that begins keeps out all who are not on it."""
        return None

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """How this change arms, shortens or speeds up the deletion of studies, in a few words; None: it does not.

        A kind that says so here need not name the effect "purges" nor the risk as well.
        """
        return None

    @classmethod
    def purge_beside(
        cls, before: State | None, after: State | None, others: Mapping[Address, State]
    ) -> str | None:
        """The same, where only other resources show it: a rule that begins to use what deletes."""
        return None


class Typed(Sequence[Resource]):
    """The resources of these states by address, typed when somebody looks at one.

    A system that can make plain values by itself saves the models, which a plan never looks at.
    """

    def __init__(self, states: Mapping[Address, State], kinds: Mapping[str, type[Resource]]) -> None:
        self.states = states
        self._kinds = kinds

    @cached_property
    def _made(self) -> tuple[Resource, ...]:
        return tuple(self._kinds[address.kind].of(self.states[address]) for address in sorted(self.states))

    @overload
    def __getitem__(self, at: int) -> Resource: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Resource]: ...
    def __getitem__(self, at: int | slice) -> Resource | Sequence[Resource]:
        return self._made[at]

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self.states)

    def __eq__(self, other: object) -> bool:
        """Equal to the same resources, also where they stand in a tuple."""
        return tuple(self) == tuple(other) if isinstance(other, Typed | tuple) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.states!r})"


def members(fields: Fields, name: str) -> frozenset[str]:
    """The members of a field that is a set; none where it is absent, or something else."""
    value = fields.get(name)
    return frozenset(value) if isinstance(value, tuple) else frozenset()


def states_of(resources: Iterable[Resource]) -> dict[Address, State]:
    """Resources in plain values, by address."""
    if isinstance(resources, Typed):
        return dict(resources.states)
    return {resource.address: resource.state() for resource in resources}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that one system holds of its kinds: whole or not at all (a cut-short read raises)."""

    system: str
    resources: Sequence[Resource]
    notes: Mapping[Address, str] = field(default_factory=dict)
    """Who changed a resource last and when, in words, where the system tells ("by cn=jdoe, 23 Nov 03:12")."""
    changed: Mapping[Address, datetime] = field(default_factory=dict)
    """When a resource was last changed, by whomever, in UTC, where the system tells."""
    spelled: Mapping[Address, str] = field(default_factory=dict)
    """How the system itself writes the last part of a name, where that may differ from its address."""

    def states(self) -> dict[Address, State]:
        """All resources in plain values, by address."""
        return states_of(self.resources)


_TEXT = frozenset({str})


def value_to_json(value: Value) -> Any:
    """The value as JSON has it: a set is a sorted list."""
    return list(value) if isinstance(value, tuple) else value


def value_from_json(value: Any) -> Value:
    """The inverse of `value_to_json`; a set that somebody wrote out of order is the same set.

    Raises: ValueError for what is no plain value.
    """
    if isinstance(value, list) and _TEXT.issuperset(map(type, value)):
        return tuple(sorted(set(value)))
    if isinstance(value, bool | int | str):
        return value
    raise ValueError(f"{type(value).__name__} is not a plain value")


def one_of(literal: Any, value: Any) -> Any:
    """The value, which is one of the literal type's.

    Raises: ValueError when it is not.
    """
    if value not in _members(literal):
        raise ValueError(f'"{value}" is none of {", ".join(_members(literal))}')
    return value


@lru_cache
def _members(literal: Any) -> tuple[Any, ...]:
    return get_args(literal)
