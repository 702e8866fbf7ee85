"""The contract of a system: what a live thing that holds configuration must do.

To add one, write a module with a class that keeps `System`, name it under the entry-point group
`pacsconf.systems`, and run the contract suite (`tests/contract`) on it. `memory.py` is the reference.

The engine calls, in this order: `declared` (pure), `read`, `check` of the changes that were planned, then for
each layer `apply`, then `settle`, then `close`. `check` and `apply` are only ever called after `read` on the same
object, so a system may keep what it needs to know about live resources (their DNs, versions) from the read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import ClassVar, Literal, Protocol

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome, field_changes
from pacsconf.core.departed import Lasting
from pacsconf.core.finding import Finding
from pacsconf.core.guard import Floor
from pacsconf.core.resource import Fields, Resource, Snapshot, State, Value, states_of
from pacsconf.core.secret import Secret
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import SystemConfig
from pacsconf.inventory.values import SecretRef


@dataclass(frozen=True, slots=True)
class Declared:
    """What an inventory wants a system to hold.

    `retired` are roots that the inventory still names and wants gone: their removal is on purpose, whereas a
    root that merely vanished trips a guard. `cautions` are reasons, by address, why creating or changing that
    resource wants a second look (a host outside its site's networks). `paths` lead each resource, and each of
    its fields, to the place in the inventory it comes from.
    """

    resources: Sequence[Resource]
    findings: tuple[Finding, ...] = ()
    retired: frozenset[Address] = frozenset()
    cautions: Mapping[Address, str] = field(default_factory=dict)
    paths: Mapping[Address, Mapping[str, tuple[str | int, ...]]] = field(default_factory=dict)
    """By address, then by field name ("" for the resource itself): the path into the inventory."""
    left: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)
    """Fields that the system's own program writes too, each with why: unless the inventory wants something new of
    them, they are left as if they stood under `ignore`. A pattern there after an exclamation mark brings them
    back."""

    lasting: Lasting = field(default_factory=Lasting)
    """What is declared only while it is there, and what becomes of what is named no more."""
    floors: tuple[Floor, ...] = ()
    """Of what so much must be left, whatever else is wanted: administrators."""

    def states(self) -> dict[Address, State]:
        """All resources in plain values, by address."""
        return states_of(self.resources)

    def ignoring(self, patterns: Sequence[str], last: Mapping[Address, State]) -> tuple[str, ...]:
        """Patterns under `ignore`, and those of what is left to the system's own program.

        What is wanted otherwise than it was last applied is not left: somebody means it.
        """
        if not self.left:
            return tuple(patterns)
        wanted = self.states()
        own = (
            f"{at.kind}/{at.name}:{name}"
            for at, fields in self.left.items()
            for name in fields
            if _of(wanted.get(at), name) == _of(last.get(at), name)
        )
        return (*patterns, *own)


def _of(state: State | None, name: str) -> Value | None:
    return state.fields.get(name) if state else None


Secrets = Callable[[SecretRef, str, str, int], Secret]
"""`secrets(ref, scheme, host, port)`: resolves a reference that may be sent to exactly that endpoint.

Raises: OperatorError when the operator file does not bind it there."""


def stands(change: Change, live: Fields | None) -> Literal["before", "after", "neither"]:
    """On which side of `change` the live fields stand; None is an absent resource.

    Only what the change writes is looked at: an update its own fields, a create or delete the whole resource.
    A mixture of before and after counts as `before`: writing on leads to after.
    """
    if change.action != "update" or live is None:
        return _whole(change, live)
    sides = [(live.get(field.name), field.before, field.after) for field in change.fields]
    if all(value == after for value, _before, after in sides):
        return "after"
    return "before" if all(value in (before, after) for value, before, after in sides) else "neither"


def _whole(change: Change, live: Fields | None) -> Literal["before", "after", "neither"]:
    before = dict(change.before.fields) if change.before else None
    after = dict(change.after.fields) if change.after else None
    found = dict(live) if live is not None else None
    if found == after:
        return "after"
    return "before" if found == before else "neither"


def conflict(change: Change, live: Fields | None) -> str:
    """What was found instead of `before`, in words, for the outcome of a change that cannot be made."""
    if live is None:
        return "it is gone: somebody else deleted it. Nothing was written; plan again."
    if change.action == "create":
        return "it exists already, with other values: somebody else made it. Nothing was written; plan again."
    written = {field.name for field in change.fields} if change.action == "update" else live.keys()
    found = ", ".join(
        f"{field.name} is {_shown(field.after)} where {_shown(field.before)} was read"
        for field in field_changes(change.before.fields if change.before else None, live)
        if field.name in written
    )
    return f"somebody else changed it: {found}. Nothing was written; plan again."


def _shown(value: Value | None) -> str:
    if value is None:
        return "nothing"
    return "{" + ", ".join(value) + "}" if isinstance(value, tuple) else f'"{value}"'


class System(Protocol):
    """A live system, open for the length of one command.

    A class that keeps this contract takes `(name, config, secrets)` to be made; making it does no I/O.
    """

    guarantee: ClassVar[Literal["atomic", "checked"]]
    """How a write is conditional on `before`: by the server in one step, or by a read just before it."""

    name: str

    @property
    def kinds(self) -> Mapping[str, type[Resource]]:
        """The kinds of resources that it holds, by name."""
        ...

    def declared(self, inventory: Inventory) -> Declared:
        """What the inventory wants here. Pure; what this kind of system cannot hold is a finding."""
        ...

    def read(self) -> Snapshot:
        """Everything live of this system's kinds. Writes nothing.

        Raises: Unavailable, Refused; BadAnswer when the answer is not whole.
        """
        ...

    def check(self, changes: Sequence[Change]) -> Sequence[Finding]:
        """What the live server (as read) cannot take of these changes: its schema, undeclared children."""
        ...

    def apply(self, layer: Sequence[Change]) -> Iterator[Outcome]:
        """Carry out changes that do not depend on each other, yielding each outcome as it is known.

        A change whose `after` already stands is `applied`. A change is conditional on the values it changes:
        where live is neither `before` nor `after` the outcome is `failed` with what was found. What was sent
        and not answered is `unknown`. Faults of single changes are outcomes; never raises for them.
        """
        ...

    def settle(self, applied: Sequence[Change]) -> Iterator[Outcome]:
        """Make the system notice (reload, restart). Idempotent.

        Yields one outcome per change that did not stick after all, and one `reload` for each program that was told,
        at an address of its own (`SYSTEM/reload/NAME`). Without any change those are told again (`reload`), and
        `read` need not have come first.
        """
        ...

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        ...


class SystemClass(Protocol):
    """What an entry point names: the class of a system."""

    def __call__(self, name: str, config: SystemConfig, secrets: Secrets) -> System: ...


def find(type_name: str) -> SystemClass | None:
    """The class registered for a system type, or None."""
    for point in entry_points(group="pacsconf.systems", name=type_name):
        loaded: SystemClass = point.load()
        return loaded
    return None


def registered() -> tuple[str, ...]:
    """The names of all registered system types."""
    return tuple(sorted({point.name for point in entry_points(group="pacsconf.systems")}))
