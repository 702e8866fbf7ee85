"""From a source that was read to inventory files: draft, merge, infer, settle, and a look at everybody else.

The whole is a calculation on what was read; nothing is written here. What is declared by other systems before and
after is compared too, since a new device is everybody's: a plan must show no change anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from pacsconf.adopt import directory, orthanc, people
from pacsconf.adopt.draft import Draft, Plain, Remark
from pacsconf.adopt.files import Terms, beside
from pacsconf.adopt.inference import Proposal, inferred
from pacsconf.adopt.merge import Merged, merged, undeclared
from pacsconf.adopt.orthanc import Own
from pacsconf.adopt.settle import Adoption, Live, settle
from pacsconf.cli import adopt_people, workspace
from pacsconf.cli.adopt_people import People
from pacsconf.core.address import Address
from pacsconf.core.compare import compare
from pacsconf.core.errors import OperatorError
from pacsconf.core.finding import Finding, Path
from pacsconf.core.resource import Fields, State
from pacsconf.core.secret import Secret
from pacsconf.core.select import ignoring
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.environment import choose, for_environment
from pacsconf.inventory.loader import Loaded
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import AsOf
from pacsconf.inventory.systems import SystemConfig
from pacsconf.inventory.values import SecretRef
from pacsconf.inventory.words import Words
from pacsconf.inventory.writing import document
from pacsconf.operator.file import PRACTICE
from pacsconf.systems import base

States = Mapping[Address, State]
Roots = Mapping[Address, Address]
"""From what would be changed to what a person counts of it."""


@dataclass(frozen=True, slots=True)
class Again:
    """One more look at a source: what an inventory declares of it, what is live, and what is wrong with the two."""

    declared: States
    live: States
    findings: tuple[Finding, ...] = ()

    @classmethod
    def at(cls, system: base.System, inventory: Inventory) -> Again:
        """As plan looks at a live system.

        Raises: SystemFault.
        """
        wanted = system.declared(inventory)
        live = system.read().states()
        return cls(wanted.states(), live, (*wanted.findings, *system.check(())))

    @classmethod
    def exported(cls, states: States, config: SystemConfig, inventory: Inventory) -> Again:
        """As it would look at the directory that an export was made of."""
        wanted = _made(config).declared(inventory)
        declared = wanted.states()
        return cls(declared, _spoken_of(states, declared), wanted.findings)


@dataclass(frozen=True, slots=True)
class Finds:
    """What a source was found to hold.

    `config` is its own system as an inventory may hold it; None: there is no live system, only devices. `again`
    looks at it once more as plan does: with the inventory and the configuration that are declared then.
    """

    name: str
    config: SystemConfig | None
    states: States
    again: Callable[[Inventory, SystemConfig], Again]
    said: str
    """How a person calls it: its address, or the name of a file."""
    own: Own | None = None
    unseen: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    spelled: Mapping[Address, str] = field(default_factory=dict)
    """How the source writes names, where addresses do not tell."""
    words: Words | None = None
    """Those of the extensions that a directory speaks."""
    people: People | None = None


_OURS = (".yaml", ".yml")


def _deployed_as(inventory: Inventory, asked: str | None) -> str:
    """The environment that is looked at: a real one, where none is asked for, rather than the practice lab."""
    name, _ = choose(inventory, asked)
    return name or min(inventory.environments, key=lambda one: (one == PRACTICE, one))


@dataclass(frozen=True, slots=True)
class Beside:
    """The inventory that exists, and the environment in which its systems are looked at."""

    loaded: Loaded
    inventory: Inventory
    environment: str | None = None

    @property
    def deployed_as(self) -> str | None:
        """The environment that was asked for, else one of those declared; None where none is."""
        return _deployed_as(self.inventory, self.environment) if self.inventory.environments else None

    def is_row(self, user: str) -> bool:
        """Whether a user stands in a list of people from elsewhere, and in no file of ours."""
        origins = self.loaded.sources.chain(("users", user))
        return bool(origins) and not any(one.place.file.endswith(_OURS) for one in origins)

    @property
    def texts(self) -> dict[str, str]:
        """Its files by path below `inventory/`; lists of people may lie beside it (`../people/hr.csv`)."""
        return {
            file.removeprefix("inventory/") if file.startswith("inventory/") else f"../{file}": text
            for file, text in self.loaded.texts.items()
        }


@dataclass(frozen=True, slots=True)
class Result:
    """Files to be written by path below `inventory/`, and all that there is to tell."""

    finds: Finds
    adoption: Adoption
    files: Mapping[str, str]
    merged: Merged
    proposals: tuple[Proposal, ...] = ()
    undeclared: tuple[str, ...] = ()
    """Devices that are not declared, since another system would get them too."""
    elsewhere: tuple[Address, ...] = ()
    """What other systems are to hold otherwise now, by what a person counts."""
    profiles: Mapping[str, int] = field(default_factory=dict)
    """By profile: how many of the adopted devices have it."""
    flows: tuple[str, ...] = ()
    """Flows that were inferred and are declared."""
    proposed: tuple[str, ...] = ()
    """Those of `files` that hold comments only: what a person may take over."""


def adopted(finds: Finds, existing: Beside | None, terms: Terms, *, infer: bool = False) -> Result:
    """What a source comes to, beside the inventory that exists.

    Raises: SystemFault when the source cannot be read again.
    """
    if finds.people is not None:
        return _Settling(finds, existing, terms, Merged(_people(finds, existing))).result(infer=False)
    draft = _draft(finds)
    met = (
        merged(draft, finds.states, existing.inventory, existing.loaded.sources)
        if existing
        else Merged(draft)
    )
    return _Settling(finds, existing, terms, met).result(infer=infer)


def _draft(finds: Finds) -> Draft:
    config = plain_config(finds.config) if finds.config else {}
    if finds.config is not None and finds.config.type == "orthanc":
        made = orthanc.draft(finds.name, config, finds.states, finds.own)
    else:
        made = directory.draft(finds.name, config, finds.states, finds.spelled, finds.words)
    systems = made.systems if finds.config else {}
    return replace(made, systems=systems, remarks=(*finds.remarks, *made.remarks))


def _people(finds: Finds, existing: Beside | None) -> Draft:
    assert isinstance(finds.config, AccountsConfig), "it holds people"
    assert finds.people is not None, "it was asked"
    known = people.Known.of(existing.inventory, existing.is_row) if existing else None
    made = adopt_people.drafted(finds.config, plain_config(finds.config), finds.people, known)
    return replace(made, remarks=(*finds.remarks, *made.remarks))


def plain_config(config: SystemConfig) -> Plain:
    """What is to stand in an inventory for a system: what is not as usual, references as text."""
    values = config.model_dump(by_alias=True, exclude_defaults=True, exclude={"name"})
    return {"type": config.type, **{key: _plain(value) for key, value in values.items()}}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, tuple):
        return [_plain(child) for child in value]
    return str(value) if isinstance(value, SecretRef) else value


@dataclass(slots=True)
class _Settling:
    """Settles a draft so that no other system has anything to do by it, as far as that can be had."""

    finds: Finds
    existing: Beside | None
    terms: Terms
    met: Merged
    inventory: Inventory | None = None
    """The inventory that was looked at last: what exists, and what is adopted."""
    moment: AsOf = field(default_factory=workspace.as_of)
    """Now: who is past their last day has nothing any more."""

    def result(self, *, infer: bool) -> Result:
        """The draft settled: without devices that others would get by it, with flows that concern nobody else."""
        draft = self.met.draft
        adoption, elsewhere = self.settled(draft)
        left_out: frozenset[str] = frozenset()
        if elsewhere and self.finds.config and self.finds.config.type == "orthanc":
            left_out = _meant(draft, elsewhere)
            draft = undeclared(draft, left_out)
            adoption, elsewhere = self.settled(draft)
        proposals: tuple[Proposal, ...] = ()
        if infer:
            found = inferred(draft, self.finds.states, self.existing.inventory if self.existing else None)
            proposals = found.proposals
            with_flows, more = self.settled(found.draft)
            if more == elsewhere:
                draft, adoption = found.draft, with_flows
            else:
                proposals += tuple(_proposal(found.draft, name, more) for name in found.draft.flows)
                self.settled(draft)
        return self.told(draft, adoption, proposals, left_out, elsewhere)

    def told(
        self,
        draft: Draft,
        adoption: Adoption,
        proposals: tuple[Proposal, ...],
        left_out: frozenset[str],
        elsewhere: Roots,
    ) -> Result:
        taken = {**(self.existing.texts if self.existing else {}), **adoption.files}
        devices = {name: self.met.draft.devices[name] for name in sorted(left_out)}
        proposed = beside(_proposed(proposals, devices), taken, self.finds.name)
        here = orthanc.reached_here(draft) if self.finds.own else ()
        return Result(
            self.finds,
            replace(adoption, remarks=(*here, *adoption.remarks)),
            {**adoption.files, **proposed},
            self.met,
            proposals,
            tuple(sorted(left_out)),
            tuple(sorted(set(elsewhere.values()))),
            self.profiles(draft),
            tuple(draft.flows),
            tuple(proposed),
        )

    def settled(self, draft: Draft) -> tuple[Adoption, Roots]:
        """The draft as files, and what other systems would hold otherwise by them."""
        adoption = settle(draft, self.terms, self.remaining, self.existing.texts if self.existing else {})
        if self.existing is None or self.inventory is None:
            return adoption, {}
        before, after = self.others(self.existing.inventory), self.others(self.inventory)
        every = {**before, **after}
        return adoption, {
            address: every[address].root for address in sorted(every) if _differ(address, before, after)
        }

    def remaining(self, inventory: Inventory) -> Live:
        """What of the source would be changed by an inventory, as a plan finds it."""
        self.inventory = inventory
        if self.finds.config is None:
            return Live()
        deployed, findings = self.deployed(inventory)
        config = deployed.systems[self.finds.name]
        seen = self.finds.again(deployed, config)
        own = tuple(each for each in findings if each.path[:2] == ("systems", self.finds.name))
        return Live(compare(seen.declared, seen.live, {}, ignoring(config.ignore)), (*own, *seen.findings))

    def others(self, inventory: Inventory) -> States:
        """What all systems but the source's own are to hold."""
        deployed, _ = self.deployed(inventory)
        found: dict[Address, State] = {}
        for name, config in deployed.systems.items():
            if name != self.finds.name and base.find(config.type):
                found |= _made(config).declared(deployed).states()
        return found

    def deployed(self, inventory: Inventory) -> tuple[Inventory, tuple[Finding, ...]]:
        asked = self.existing.environment if self.existing else None
        deployed, findings = for_environment(inventory, _deployed_as(inventory, asked))
        return deployed.model_copy(update={"as_of": self.moment}), findings

    def profiles(self, draft: Draft) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for name in draft.devices:
            device = self.inventory.devices.get(name) if self.inventory else None
            if device and device.profile:
                found[device.profile] = found.get(device.profile, 0) + 1
        return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _made(config: SystemConfig) -> base.System:
    """The system, for asking what it is to hold; it is never read."""
    kind = base.find(config.type)
    assert kind is not None, "an unknown type does not stand"
    return kind(config.name, config, _no_secret)


def _no_secret(ref: SecretRef, scheme: str, host: str, port: int) -> Secret:
    raise OperatorError(f"{ref} is not needed to know what {scheme}://{host}:{port} is to hold")


def _differ(address: Address, before: States, after: States) -> bool:
    one, other = before.get(address), after.get(address)
    return (one.fields if one else None) != (other.fields if other else None)


def _meant(draft: Draft, elsewhere: Roots) -> frozenset[str]:
    """The devices of a draft that other systems would get."""
    named = {address.parts[0] for address in elsewhere}
    return frozenset(
        name
        for name, plain in draft.devices.items()
        if name.lower() in named or any(title in named for title in plain["ae_titles"])
    )


def _proposal(draft: Draft, name: str, elsewhere: Roots) -> Proposal:
    systems = ", ".join(sorted({address.system for address in elsewhere}))
    reason = f"by this flow something would change in {systems}"
    return Proposal(name, draft.flows[name], draft.comments.get(("flows", name), ""), reason)


# --- what is proposed, as comments --------------------------------------------------------------------------------


def _proposed(proposals: tuple[Proposal, ...], devices: Mapping[str, Plain]) -> dict[str, str]:
    """Files that hold comments only: what a person may take over by removing the marks."""
    files: dict[str, str] = {}
    if proposals:
        flows = {one.name: one.flow for one in proposals}
        said: dict[Path, str] = {
            ("flows", one.name): f"{one.evidence}\nNot declared: {one.reason}." for one in proposals
        }
        files["flows-proposed.yaml"] = _commented(document({"flows": flows}, _FLOWS, said))
    if devices:
        files["devices-proposed.yaml"] = _commented(document({"devices": devices}, _DEVICES))
    return files


_FLOWS = "Proposals only: remove the marks from those that are right, and look at the plan."
_DEVICES = (
    "Found in one system only: declared, they would be made in others too. To have that, remove the marks, name\n"
    "each as `ae: DEVICE/AE_TITLE` in its peer's entry, and look at the plan."
)


def _commented(text: str) -> str:
    return "".join(
        line if line.startswith("#") or not line.strip() else f"# {line}" for line in text.splitlines(True)
    )


def _spoken_of(states: States, declared: States) -> States:
    """States of a directory less what may be others' there: attributes that the inventory does not name.

    A live directory gives them so by itself (`DicomDirectory.read`), an export cannot.
    """
    return {
        address: state.with_fields(_named(state, declared[address])) if address in declared else state
        for address, state in states.items()
    }


_OTHERS_TOO = ("vendor_data", "object_classes")


def _named(live: State, declared: State) -> Fields:
    return {
        name: value
        for name, value in live.fields.items()
        if name in declared.fields or not (name.startswith("extra.") or name in _OTHERS_TOO)
    }
