"""Putting one inventory together from its joined tree: profiles, models, devices spelled out, rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from pacsconf.core.finding import Finding, Path, errors
from pacsconf.inventory import checks
from pacsconf.inventory.baseline import Accepted
from pacsconf.inventory.capability_sets import SETS, CapabilitySets
from pacsconf.inventory.declaration import (
    COLLECTIONS,
    SECURITY,
    SETTINGS,
    CapabilitySet,
    DeviceDeclaration,
    FeedDeclaration,
    FlowDeclaration,
)
from pacsconf.inventory.devices import DeclaredDevices, Profile, Written
from pacsconf.inventory.expand import Expansion
from pacsconf.inventory.flows import Entities
from pacsconf.inventory.hl7_model import Feed
from pacsconf.inventory.members import emptiness, member, misnaming
from pacsconf.inventory.merge import profiled
from pacsconf.inventory.model import Device, Flow, Inventory, Settings, Site
from pacsconf.inventory.people import Security, User
from pacsconf.inventory.people_declaration import RoleDeclaration, ServiceAccountDeclaration, UserDeclaration
from pacsconf.inventory.people_expand import (
    ROLES,
    SERVICE_ACCOUNTS,
    USERS,
    DeclaredPeople,
    role,
    service_account,
    twice,
    user,
)
from pacsconf.inventory.retention import Retention
from pacsconf.inventory.retention_files import RETENTION, retention
from pacsconf.inventory.scope import Scope
from pacsconf.inventory.sources import Sources
from pacsconf.inventory.systems import Environment, SystemConfig
from pacsconf.inventory.tree import Node, plain
from pacsconf.inventory.validation import MISSING_KEY, checked, unknown_key

M = TypeVar("M", bound=BaseModel)
N = TypeVar("N", Settings, Security)


class Build:
    """One inventory being put together; `read`: every file could be. `further` rules are asked beside our own."""

    def __init__(self, root: Node, *, read: bool, further: checks.Further | None = None) -> None:
        self.root = root
        self.read = read
        self.further = further
        self.findings: list[Finding] = []
        self.of_the_whole: tuple[Finding, ...] = ()
        """What rules for the whole found: nothing is missing from the inventory for it, so it can be accepted."""
        self.aliases: dict[Path, tuple[Path, str]] = {}
        self.declared_devices: DeclaredDevices | None = None
        self.parts: set[str] = set()
        self.unused_sets: frozenset[str] = frozenset()
        self.people: DeclaredPeople | None = None

    # --- each collection against its model

    def inventory(self) -> Inventory:
        """What could be built, with the rules for the whole checked."""
        settings = self.once(SETTINGS, Settings)
        sites = {
            name: site if site.name else site.model_copy(update={"name": name})
            for name, site in self.members("sites", Site).items()
        }
        devices = self.devices(sites)
        flows = {name: self.flow(name, flow) for name, flow in self.members("flows", FlowDeclaration).items()}
        feeds = {
            name: self.feed(name, feed) for name, feed in self.members("hl7_feeds", FeedDeclaration).items()
        }
        inventory = Inventory(
            settings=settings,
            sites=sites,
            devices=devices,
            flows=flows,
            hl7_feeds=feeds,
            systems=self.systems(),
            environments=self.members("environments", Environment),
            baseline=self.members("baseline", Accepted),
            retention=self.retention(),
            users=self.users(),
            roles={name: role(name, one) for name, one in self.members(ROLES, RoleDeclaration).items()},
            security=self.once(SECURITY, Security),
        )
        self.people = DeclaredPeople(inventory.users)
        names = {name: frozenset(self.root.entries[name].entries) for name in COLLECTIONS}
        complete = self.read and not errors(self.findings)
        scope = Scope(
            self.sources,
            names,
            self.read,
            complete,
            Entities(inventory),
            frozenset(self.parts),
            self.unused_sets,
        )
        self.of_the_whole = tuple(checks.check(inventory, scope))
        if self.further and complete:
            self.of_the_whole += tuple(self.further.check(inventory, scope))
        return inventory

    @property
    def sources(self) -> Sources:
        """Where everything was written."""
        return Sources(self.root, self.aliases, self.declared_devices, self.people)

    def is_deployable(self, inventory: Inventory) -> bool:
        """Whether every system and environment that was declared is in the inventory."""
        return self.read and all(
            self.root.entries[name].entries.keys() == getattr(inventory, name).keys()
            for name in ("systems", "environments")
        )

    def members(self, collection: str, model: type[Any]) -> dict[str, Any]:
        """The members that fit their model."""
        found: dict[str, Any] = {}
        for name, node in self.root.entries[collection].entries.items():
            member = self.member(model, node, (collection, name))
            if member is not None:
                found[name] = member
        return found

    def member(self, model: type[M], node: Node, path: Path) -> M | None:
        """The model of a member, None when it does not fit or its name is none."""
        value, findings = member(model, node, path)
        self.findings += findings
        return value

    def once(self, key: str, model: type[N]) -> N:
        """What stands under a key that stands once; what is usual where it does not fit, or is not there."""
        node = self.root.entries.get(key)
        return (node and self.member(model, node, (key,))) or model()

    def retention(self) -> Retention:
        """What is declared of it, as far as it stands."""
        found, findings = retention(self.root.entries.get(RETENTION))
        self.findings += findings
        return found

    def systems(self) -> dict[str, SystemConfig]:
        """Systems as far as they are known without an environment; their own keys are checked with one."""
        found = {}
        for name, node in self.root.entries["systems"].entries.items():
            if "name" in node.entries:
                self.findings.append(unknown_key("name", _SYSTEM_KEYS, ("systems", name, "name")))
            config = self.member(SystemConfig, _with_name(node, name), ("systems", name))
            if config is not None:
                found[name] = config
        return found

    def flow(self, name: str, declared: FlowDeclaration) -> Flow:
        """A flow, its services each once."""
        for made, written in (("callers", "from"), ("called", "to")):
            self.aliases["flows", name, made] = (("flows", name, written), "")
        return Flow(
            name=name,
            description=declared.description,
            callers=declared.callers,
            called=declared.called,
            services=tuple(dict.fromkeys(declared.services)),
        )

    def feed(self, name: str, declared: FeedDeclaration) -> Feed:
        """A feed of HL7 messages, each type once."""
        for made, written in (("sender", "from"), ("receivers", "to")):
            self.aliases["hl7_feeds", name, made] = (("hl7_feeds", name, written), "")
        return Feed(
            name=name,
            description=declared.description,
            sender=declared.sender,
            receivers=tuple(dict.fromkeys(declared.receivers)),
            messages=tuple(dict.fromkeys(declared.messages)),
        )

    # --- people

    def users(self) -> dict[str, User]:
        """People and service accounts by id: two of one id would be one account."""
        people, accounts = self.root.entries[USERS], self.root.entries[SERVICE_ACCOUNTS]
        self.findings += twice(people, accounts)
        found: dict[str, User] = {}
        for name, node in people.entries.items():
            if declared := self.member(UserDeclaration, node, (USERS, name)):
                found[name] = user(name, declared)
        for name, node in accounts.entries.items():
            if account := self.member(ServiceAccountDeclaration, node, (SERVICE_ACCOUNTS, name)):
                found[name] = service_account(name, account)
        return found

    # --- devices

    def resolved_profiles(self) -> dict[str, Node | None]:
        """Every profile with those it builds on merged in; None where that cannot be done."""
        declared = self.root.entries["profiles"].entries
        found: dict[str, Node | None] = {}
        for name in declared:
            found[name], findings = profiled(name, declared, ("profiles", name))
            self.findings += findings
        return found

    def checked_profiles(self) -> dict[str, Profile]:
        """The profiles that devices can build on, checked: a device may give what is missing in them."""
        resolved = self.resolved_profiles()
        collection = self.root.entries["profiles"].value
        assert isinstance(collection, dict), "the collections are ours"
        collection.update((name, merged) for name, merged in resolved.items() if merged)
        declared = {
            name: self.profile(name, node)
            for name, node in sorted(collection.items(), key=lambda member: _generation(member[1]))
        }
        return {name: Profile.of(tree, declared[name]) for name, tree in resolved.items() if tree}

    def profile(self, name: str, node: Node) -> DeviceDeclaration | None:
        """What a profile declares by itself."""
        path = ("profiles", name)
        wrong = emptiness(node, path) or misnaming(node, path)
        self.findings += wrong
        if wrong:
            return None
        declared, findings = checked(DeviceDeclaration, plain(node), path)
        self.findings += (finding for finding in findings if finding.rule != MISSING_KEY)
        return declared

    def devices(self, sites: Mapping[str, Site]) -> dict[str, Device]:
        """The devices that could be spelled out."""
        profiles, sets = self.checked_profiles(), self.capability_sets()
        held = DeclaredDevices(self.root.entries["devices"].entries, profiles, sites, sets)
        self.declared_devices = held
        found: dict[str, Device] = {}
        for written in held:
            if written.lacks_profile:
                self.findings += self.profile_missed(written)
            self.findings += written.nothing_to_remove()
            declared = written.declared()
            self.findings += declared.findings
            if declared.is_part:
                self.parts.add(written.name)
            if declared.device is not None and not written.lacks_profile:
                device = self.device(written.expansion(declared.device, sites, sets))
                if device is not None:
                    found[written.name] = device
        self.unused_sets = sets.unused(one.declared for one in profiles.values() if one.declared)
        return found

    def capability_sets(self) -> CapabilitySets:
        """The sets spelled out, once for all who name them."""
        known = self.root.entries[SETS].entries
        sets = CapabilitySets(self.members(SETS, CapabilitySet), known, Sources(self.root).place)
        self.findings += sets.findings if self.read else ()
        return sets

    def device(self, expansion: Expansion) -> Device | None:
        """A declared device spelled out; of a part of one it is not told what else is missing."""
        device = expansion.device()
        self.findings += () if expansion.name in self.parts else expansion.findings
        return device

    def profile_missed(self, device: Written) -> tuple[Finding, ...]:
        """The complaint of a device about a profile that is declared nowhere."""
        declared, asked = self.root.entries["profiles"].entries, device.asked or ""
        if asked in declared or not self.read:
            return ()
        return profiled(asked, declared, ("devices", device.name, "profile"))[1]


def _generation(profile: Node) -> int:
    """How many profiles this one builds on: mistakes are told of the eldest."""
    return 1 + _generation(profile.under) if profile.under else 0


def _with_name(node: Node, name: str) -> Node:
    """A system's tree with its name in it, where its model looks for it."""
    if not isinstance(node.value, dict):
        return node
    return Node({**node.value, "name": Node(name, node.place)}, node.place, node.key, node.how, node.under)


_SYSTEM_KEYS = tuple(key for key in SystemConfig.model_fields if key != "name")
