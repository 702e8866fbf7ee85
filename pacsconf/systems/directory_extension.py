"""What a vendor keeps in a DICOM directory beside the standard: the interface for extensions of `dicom-directory`.

PS3.15 section H.1 lets anybody add auxiliary classes to the standard's entries, and entries of their own below
them. An extension says which there are, as models: a `Facet` for each standard entry that it adds attributes to,
and a `Child` for each kind of entry of its own. A field of theirs carries the LDAP attribute that keeps it, so that
one declaration checks what is written in the inventory, makes the entries, and reads them back:

    class Queue(Child):
        "What is done one after the other (acmeQueue)."
        kind = "acme-queue"
        object_class = "acmeQueue"
        naming = "acmeQueueName"
        tasks: Annotated[Count, Attribute("acmeTasks")] = 1

    class AcmeDevice(Facet):
        "What an Acme router keeps of a device (acmeDevice)."
        of = "device"
        object_class = "acmeDevice"
        queues: Mapping[str, Queue] = {}

    class Acme(Extension):
        name = "acme"
        facets = (AcmeDevice,)

In the inventory that is `vendor: {acme: {queues: {night: {tasks: 4}}}}` on a device. A value that equals the
field's default is not kept: absent means default, on both sides. Name the class under the entry-point group
`pacsconf.directory_extensions`, and the extension under `extensions:` of the directory; `tests/systems/acme.py` is
a small whole one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.finding import Finding, Path
from pacsconf.core.resource import Effect, Fields, Risk, State
from pacsconf.inventory.base import Extensible, Model
from pacsconf.inventory.model import Device, Inventory, NetworkAE
from pacsconf.inventory.systems import DirectoryConfig
from pacsconf.inventory.validation import models_in
from pacsconf.inventory.values import Extra, Integer, SecretRef, Texts
from pacsconf.systems.base import Secrets

if TYPE_CHECKING:
    from pacsconf.policy.evidence import Configured

GROUP = "pacsconf.directory_extensions"

Standard = Literal["device", "network-connection", "network-ae", "transfer-capability"]
"""The kinds of entries of the standard that an extension may add attributes to."""

Syntax = Literal["text", "host", "boolean", "integer", "role", "dn", "reference", "binary", "secret"]
"""How values are spelled. `host` and `role` are text that a directory compares without case: one spelling is kept.
A `reference` is the name of another thing of the inventory, its DN in LDAP. `binary` is base64 here. A `secret` is
written and never read: what it holds is a `SecretUse`."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """Stands beside a field: the LDAP attribute that keeps it.

    `object_class` is the auxiliary class that lets an entry hold it, where that is not the facet's own.
    `refers` is the kind of what its values name: of a `network-connection` of the same device, or a `device`, LDAP
    keeps the DN; of any other the name, which must be declared on the same device. An `ae-title` or a `hl7-name`
    may be of any device, and is a warning where no declared one has it. `syntax` is told by the field's type where
    it is not given.
    """

    name: str
    object_class: str = ""
    refers: str = ""
    syntax: Syntax | None = None


class SecretUse(Model):
    """A secret that a directory keeps for somebody: where it is kept, never the secret."""

    secret: SecretRef
    """`env:NAME`, `file:PATH`, `age:PATH`, `prompt:LABEL`."""
    version: Annotated[Integer, Field(ge=1)] = 1
    """Count this up to have it written again (rotation)."""

    def __str__(self) -> str:
        return f"version {self.version}"

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"secret": value} if isinstance(value, str | SecretRef) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        """The map, or the place alone."""
        whole = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [dict(whole["properties"]["secret"]), dict(whole)]}


Beside = Callable[[str, str], Fields]
"""The fields of another entry of the same device, by kind and name; none where there is no such entry."""


class Part(Model):
    """What an extension says of one entry. Fields without an `Attribute` are maps of children by name."""

    model_config = ConfigDict(defer_build=True)
    """An archive has sixty of these models, and each is built when it is needed: few commands need many."""

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """What guards count about a change of this part's fields; None is absent. Beside what any change does."""
        return frozenset()

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """How much a patient or a workflow has to lose by it."""
        return "none" if before == after else "workflow"

    @classmethod
    def remark(cls, before: Fields | None, after: Fields | None) -> str | None:
        """In words, what a change does that its fields do not show; None where they show all."""
        return None

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """In words, how a change arms, shortens or speeds up deletion; None where it does not."""
        return None

    @classmethod
    def purge_beside(cls, before: Fields | None, after: Fields | None, beside: Beside) -> str | None:
        """The same, where only other entries of its device show it."""
        return None


class Facet(Part):
    """What an extension adds to one kind of the standard's entries; its fields are called `EXTENSION.FIELD`."""

    of: ClassVar[Standard]
    object_class: ClassVar[str]
    """The auxiliary class that entries of this kind have."""
    always: ClassVar[frozenset[str]] = frozenset()
    """Fields that follow from the inventory's own words, and are looked at whether or not it says anything more."""


class Child(Part):
    """A kind of entry of the extension's own, named by the key of the map that it stands in."""

    extra: Extra = Field(default_factory=dict)
    """Attributes that are not modelled, by LDAP name."""
    object_classes: Texts | None = None
    """Auxiliary object classes, all of them; not given: those that what is declared needs."""

    kind: ClassVar[str]
    """As in addresses: `directory/KIND/DEVICE/NAME`."""
    object_class: ClassVar[str]
    naming: ClassVar[str] = "cn"
    """The attribute that names it."""
    exact: ClassVar[bool] = False
    """Whether names that differ by case only are two."""
    reserved_in: ClassVar[str] = ""
    """The container of the registry in which its name must be reserved before it is used."""
    counts: ClassVar[bool] = False
    """Whether a person counts it by itself (a rule), and not its device."""
    asked: ClassVar[frozenset[str]] = frozenset()
    """Fields that are looked at only where it `speaks`."""

    @property
    def speaks(self) -> bool:
        """Whether the inventory says anything of the fields that are looked at only then."""
        return True


def attribute_of(info: FieldInfo) -> Attribute | None:
    """The attribute that keeps a field; None where it is a map of children, or of `Child` itself."""
    return next((each for each in info.metadata if isinstance(each, Attribute)), None)


@lru_cache(256)
def children_of(part: type[Part]) -> tuple[tuple[str, type[Child]], ...]:
    """The maps of children that a part has, by field. Remembered: an archive has hundreds of capabilities."""
    return tuple(
        (name, model)
        for name, info in part.model_fields.items()
        for model in models_in(info.annotation)
        if issubclass(model, Child)
    )


class Registry(NamedTuple):
    """A flat list of names that are taken, beside that of AE titles: its container, and what stands in it."""

    container: str
    """As in addresses: `directory/container/CONTAINER`."""
    cn: str
    object_class: str
    kind: str
    entry_class: str
    naming: str


Whole = tuple[Facet, Mapping[Path, Path]]
"""A facet, and for what of it was derived (by its path in the facet) the path in the inventory it comes from."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The standard entry that a facet belongs to: of a device, or of one AE, connection or capability of it."""

    device: Device
    entry: Extensible
    path: Path
    """Of the entry, in the inventory."""
    ae: NetworkAE | None = None


class Placed(NamedTuple):
    """What the inventory says for an extension, at its place; of a child with the name of its key."""

    holder: Holder
    part: Part
    path: Path
    name: str = ""


def within(placed: Placed, derived: Mapping[Path, Path] | None = None, steps: Path = ()) -> Iterator[Placed]:
    """A part and all its children, each at its place; `derived` are places of what follows from elsewhere."""
    yield placed
    for key, _ in children_of(type(placed.part)):
        for name, child in getattr(placed.part, key).items():
            own: Path = (*steps, key, name)
            path = (derived or {}).get(own, (*placed.path, key, name))
            yield from within(Placed(placed.holder, child, path, name), derived, own)


@dataclass
class Extension:
    """An extension, open for the length of one command. Making it does no I/O."""

    system: str
    """The name of the directory."""
    config: DirectoryConfig
    secrets: Secrets

    name: ClassVar[str]
    """As in `vendor:` and `extensions:`."""
    facets: ClassVar[Sequence[type[Facet]]]
    registries: ClassVar[Sequence[Registry]] = ()
    of_hl7_application: ClassVar[type[Part] | None] = None
    """What may stand under `vendor` of an HL7 application, where it takes something there; it reads that itself."""

    @classmethod
    def speaks_of(cls, holder: Holder) -> bool:
        """Whether the inventory says anything of an entry for this extension."""
        return cls.name in holder.entry.vendor

    @classmethod
    def complete(cls, facet: Facet, holder: Holder, inventory: Inventory) -> Whole:
        """The facet with what follows from elsewhere in the inventory (flows, policies). Pure."""
        return facet, {}

    @classmethod
    def in_words(cls, kind: str, declaration: Mapping[str, Any]) -> dict[str, Any]:
        """The way back of `complete`: an adopted entry as an inventory says it, some of it by the entry's own keys.

        `declaration` is one of the standard's kinds, with all that was read under `vendor`.
        """
        return dict(declaration)

    @classmethod
    def left(cls, facet: Facet, holder: Holder, inventory: Inventory) -> Mapping[str, str]:
        """Fields of an entry that the vendor's program writes by itself, each with why it is left alone; pure.

        Those of the facet are called `EXTENSION.FIELD`, those of the standard by their name alone.
        """
        return {}

    @classmethod
    def findings(cls, inventory: Inventory) -> Iterable[Finding]:
        """What of the inventory does not fit together, or would have no effect. Pure; asked by `validate`."""
        return ()

    def evidence(
        self, states: Mapping[Address, State], wanted: Mapping[Address, State], inventory: Inventory
    ) -> Configured:
        """What its attributes and entries mean for rules (`pacsconf.policy.vocabulary`); pure.

        `states` are what the directory holds, or a plan leaves there; `wanted`, what the inventory wants there.
        What cannot be told is absent.
        """
        return {}

    def settle(self, applied: Sequence[Change]) -> Iterator[Outcome]:
        """Make the vendor's programs notice. Idempotent; one outcome for each, whose action is `reload`."""
        yield from ()

    def close(self) -> None:
        """Let go of connections. May be called twice."""


def find(name: str) -> type[Extension] | None:
    """The class registered for an extension, or None."""
    for point in entry_points(group=GROUP, name=name):
        loaded: type[Extension] = point.load()
        return loaded
    return None


def registered() -> tuple[str, ...]:
    """The names of all registered extensions."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def vendor_models() -> dict[str, dict[str, type[Part]]]:
    """What may stand under `vendor`, by extension, then by what it is said of (`hl7-application` too)."""
    models: dict[str, dict[str, type[Part]]] = {}
    for name in registered():
        extension = find(name)
        if extension is not None:
            models[name] = {facet.of: facet for facet in extension.facets}
            if extension.of_hl7_application is not None:
                models[name]["hl7-application"] = extension.of_hl7_application
    return models
