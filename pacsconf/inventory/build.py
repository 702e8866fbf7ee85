"""Putting one inventory together from its joined tree: profiles, models, devices spelled out, rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from pacsconf.core.finding import Finding, Path, Place, errors
from pacsconf.inventory import checks, formats
from pacsconf.inventory.baseline import Accepted
from pacsconf.inventory.declaration import COLLECTIONS, SETTINGS, DeviceDeclaration, FlowDeclaration
from pacsconf.inventory.expand import Aliases, Expansion
from pacsconf.inventory.flows import Entities
from pacsconf.inventory.merge import merge, profiled
from pacsconf.inventory.model import PROBES, Device, Flow, Inventory, Probe, Settings, Site
from pacsconf.inventory.scope import Scope
from pacsconf.inventory.sources import Sources
from pacsconf.inventory.systems import Environment, SystemConfig
from pacsconf.inventory.tree import Node, plain
from pacsconf.inventory.validation import MISSING_KEY, checked, dotted, remainder, unknown_key


class Build:
    """One inventory being put together; `read`: every file could be."""

    def __init__(self, root: Node, *, read: bool) -> None:
        self.root = root
        self.read = read
        self.findings: list[Finding] = []
        self.of_the_whole: tuple[Finding, ...] = ()
        """What rules for the whole found: nothing is missing from the inventory for it, so it can be accepted."""
        self.aliases: Aliases = {}
        self.profiles: dict[str, Node | None] = {}
        self.parts: set[str] = set()

    # --- each collection against its model

    def inventory(self) -> Inventory:
        """What could be built, with the rules for the whole checked."""
        settings = self.settings()
        sites = {
            name: site if site.name else site.model_copy(update={"name": name})
            for name, site in self.members("sites", Site).items()
        }
        self.profiles = self.resolved_profiles()
        self.check_profiles()
        devices = self.devices(sites)
        flows = {name: self.flow(name, flow) for name, flow in self.members("flows", FlowDeclaration).items()}
        inventory = Inventory(
            settings=settings,
            sites=sites,
            devices=devices,
            flows=flows,
            systems=self.systems(),
            environments=self.members("environments", Environment),
            baseline=self.members("baseline", Accepted),
        )
        names = {name: frozenset(self.root.entries[name].entries) for name in COLLECTIONS}
        complete = self.read and not errors(self.findings)
        sources = Sources(self.root, self.aliases)
        scope = Scope(sources, names, self.read, complete, Entities(inventory), frozenset(self.parts))
        self.of_the_whole = tuple(checks.check(inventory, scope))
        return inventory

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

    def member(self, model: type[BaseModel], node: Node, path: Path) -> Any:
        """The model of a member, None when it does not fit or its name is none."""
        if not self.stands(node, path):
            return None
        value, findings = checked(model, plain(node), path)
        self.findings += findings
        return value if self.well_named(node, path) else None

    def stands(self, node: Node, path: Path) -> bool:
        """Whether there is anything after a member's name, which is complained of if it is none."""
        if node.value is None:
            place = node.key or node.place
            self.findings.append(_empty(dotted(path), "Nothing stands after its name.", place))
        return node.value is not None

    def well_named(self, node: Node, path: Path) -> bool:
        """Whether its name is one; an environment's becomes part of a branch's."""
        check = formats.environment_name if path[0] == "environments" else formats.name
        try:
            check(str(path[-1]))
        except ValueError as exc:
            summary = f'"{path[-1]}" cannot be a name: {exc}'
            self.findings.append(Finding("PACS-NAME-002", "error", summary, place=node.key or node.place))
            return False
        return True

    def settings(self) -> Settings:
        node = self.root.entries.get(SETTINGS)
        return (node and self.member(Settings, node, (SETTINGS,))) or Settings()

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

    # --- devices

    def resolved_profiles(self) -> dict[str, Node | None]:
        """Every profile with those it builds on merged in; None where that cannot be done."""
        declared = self.root.entries["profiles"].entries
        found: dict[str, Node | None] = {}
        for name in declared:
            found[name], findings = profiled(name, declared, ("profiles", name))
            self.findings += findings
        return found

    def check_profiles(self) -> None:
        """Whether profiles, what they build on merged in, fit their model; a device may give what is missing."""
        collection = self.collection("profiles")
        collection.update((name, merged) for name, merged in self.profiles.items() if merged)
        for name, node in sorted(collection.items(), key=lambda member: _generation(member[1])):
            if self.stands(node, ("profiles", name)) and self.well_named(node, ("profiles", name)):
                _, findings = checked(DeviceDeclaration, plain(node), ("profiles", name))
                self.findings += (finding for finding in findings if finding.rule != MISSING_KEY)

    def devices(self, sites: Mapping[str, Site]) -> dict[str, Device]:
        found: dict[str, Device] = {}
        collection = self.collection("devices")
        for name, node in collection.items():
            profile, sound = self.profile_of(name, node)
            collection[name] = merged = merge(profile, node) if profile else node
            self.nothing_to_remove(name, merged)
            declared = self.declaration(name, merged)
            if declared and sound:
                site = sites.get(declared.site or "")
                limit = profile.entries.get("probe") if profile else None
                own_probe = "probe" in node.entries
                device = self.device(Expansion(name, declared, site, _level(limit), own_probe=own_probe))
                found |= {name: device} if device else {}
        return found

    def declaration(self, name: str, node: Node) -> DeviceDeclaration | None:
        """What is declared of a device; where something in it is wrong, the part that is left without it."""
        path, known = ("devices", name), len(self.findings)
        declared: DeviceDeclaration | None = self.member(DeviceDeclaration, node, path)
        wrong = self.findings[known:]
        if declared is not None or not isinstance(node.value, dict) or _misnamed(wrong):
            return declared
        self.parts.add(name)
        return remainder(DeviceDeclaration, plain(node), path, wrong)

    def device(self, expansion: Expansion) -> Device | None:
        """A declared device spelled out; of a part of one it is not told what else is missing."""
        device = expansion.device()
        self.findings += () if expansion.name in self.parts else expansion.findings
        self.aliases |= expansion.aliases
        return device

    def collection(self, name: str) -> dict[str, Node]:
        """The members of a collection, for writing merged ones over what was declared."""
        members = self.root.entries[name].value
        assert isinstance(members, dict), "the collections are ours"
        return members

    def profile_of(self, name: str, node: Node) -> tuple[Node | None, bool]:
        """The profile of a device, and whether it has what it asks for."""
        asked = node.entries.get("profile")
        if asked is None or not isinstance(asked.value, str):
            return None, True
        if asked.value not in self.profiles and self.read:
            _, findings = profiled(
                asked.value, self.root.entries["profiles"].entries, ("devices", name, "profile")
            )
            self.findings += findings
        profile = self.profiles.get(asked.value)
        return profile, profile is not None

    def nothing_to_remove(self, name: str, node: Node) -> None:
        """A name with nothing after it is a slip, unless it takes away what the profile gives."""
        for key in ("connections", "ae_titles", "nodes"):
            for member, child in (node.entries[key].entries if key in node.entries else {}).items():
                if child.value is None and child.under is None:
                    what, at = f"{member} of device {name}", child.key or child.place
                    self.findings.append(_empty(what, _NOTHING_TO_REMOVE, at))


def _generation(profile: Node) -> int:
    """How many profiles this one builds on: mistakes are told of the eldest."""
    return 1 + _generation(profile.under) if profile.under else 0


def _misnamed(findings: Iterable[Finding]) -> bool:
    """Whether a name is wrong: nothing can be said about what has none."""
    return any(finding.rule == "PACS-NAME-002" for finding in findings)


def _level(node: Node | None) -> Probe | None:
    """The probe level that a profile's tree names, if it names one."""
    return next((level for level in PROBES if node and node.value == level), None)


def _with_name(node: Node, name: str) -> Node:
    """A system's tree with its name in it, where its model looks for it."""
    if not isinstance(node.value, dict):
        return node
    return Node({**node.value, "name": Node(name, node.place)}, node.place, node.key, node.how, node.under)


def _empty(what: str, why: str, place: Place) -> Finding:
    fix = "Write {} after it if all its values are the usual ones, else remove it."
    return Finding("PACS-VAL-004", "error", f"{what} is empty", why, fix, place=place)


_SYSTEM_KEYS = tuple(key for key in SystemConfig.model_fields if key != "name")
_NOTHING_TO_REMOVE = "Nothing after a name means: remove what the profile gives; but the profile gives none."
