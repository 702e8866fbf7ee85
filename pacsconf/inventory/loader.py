"""From the files of a repository to its inventory, with everything that is wrong, all at once.

    read files ─▶ parse each ─▶ join collections ─▶ merge profiles ─▶ check against models ─▶ spell out ─▶ rules

A file or a device that is wrong does not hide the others: what stands is built and checked as well, only
complaints about what is absent wait until everything could be read.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pacsconf.core.finding import Finding, Place, errors
from pacsconf.core.finding import Path as Steps
from pacsconf.inventory import checks, files, formats
from pacsconf.inventory.declaration import COLLECTIONS, LATER, SETTINGS, DeviceDeclaration, FlowDeclaration
from pacsconf.inventory.document import Node, line_of, parse, plain
from pacsconf.inventory.expand import Aliases, Expansion
from pacsconf.inventory.merge import merge, profiled
from pacsconf.inventory.model import PROBES, Device, Flow, Inventory, Probe, Settings, Site
from pacsconf.inventory.scope import Scope
from pacsconf.inventory.sources import Sources
from pacsconf.inventory.systems import Environment, SystemConfig
from pacsconf.inventory.validation import checked, unknown_key


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was declared, or why it does not stand.

    `inventory` is None when a finding is an error. `files` were read, named as in places; `digest` is of their
    names and bytes.
    """

    inventory: Inventory | None
    sources: Sources
    findings: tuple[Finding, ...]
    files: tuple[Path, ...]
    digest: str
    texts: Mapping[str, str] = field(repr=False)

    def line(self, file: str, number: int) -> str:
        """A line of a file that was read, from 1; empty where there is none."""
        return line_of(self.texts.get(file, ""), number)


def load(root: Path) -> Loaded:
    """The inventory below `root/inventory`, and all that is wrong with it."""
    texts, findings = files.read(root)
    with _garbage_waits():
        trees = [parse(text.text, text.file) for text in texts]
        build = _Build(read=not findings and all(not bad for _, bad in trees))
        build.findings += [*findings, *(finding for _, bad in trees for finding in bad)]
        build.join(tree for tree, _ in trees if tree)
        inventory = build.inventory()
    sources = Sources(build.root, build.aliases)
    found = _in_order(sources.located(build.findings))
    return Loaded(
        None if errors(found) else inventory,
        sources,
        found,
        tuple(text.path for text in texts),
        digest((text.file, text.content) for text in texts),
        {text.file: text.text for text in texts},
    )


def digest(contents: Iterable[tuple[str, bytes]]) -> str:
    """The hash of files by name and content, whatever order they come in."""
    total = hashlib.sha256()
    for name, content in sorted(contents):
        total.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
    return total.hexdigest()


@contextmanager
def _garbage_waits() -> Iterator[None]:
    """No garbage collection while a tree grows: nothing of it is garbage, and looking triples the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each complaint once, by place: what a profile has wrong is not repeated for each of its devices."""
    once: dict[Any, Finding] = {}
    for finding in findings:
        key = (
            (finding.rule, finding.place) if finding.place else (finding.rule, finding.path, finding.summary)
        )
        once.setdefault(key, finding)
    return tuple(sorted(once.values(), key=lambda one: (one.place or Place("", 0, 0), one.rule, one.summary)))


class _Build:
    """One inventory being put together."""

    def __init__(self, *, read: bool) -> None:
        self.read = read
        self.findings: list[Finding] = []
        self.aliases: Aliases = {}
        self.profiles: dict[str, Node | None] = {}
        self.root = Node(
            {name: Node({}, Place("inventory", 1, 1)) for name in COLLECTIONS}, Place("inventory", 1, 1)
        )

    # --- collections of all files, joined by name

    def join(self, trees: Iterable[Node]) -> None:
        for tree in trees:
            if not isinstance(tree.value, dict):
                self.refuse(
                    "PACS-YAML-012", _NOT_A_MAP.format(known=", ".join((*COLLECTIONS, SETTINGS))), tree.place
                )
            for key, node in tree.entries.items():
                self.top(key, node)

    def top(self, key: str, node: Node) -> None:
        """One top-level key of one file."""
        at = node.key or node.place
        if key in LATER:
            summary = f'This version of pacsconf does not read "{key}"; what stands there has no effect'
            self.findings.append(Finding("PACS-KEY-002", "warning", summary, place=at))
        elif key not in COLLECTIONS and key != SETTINGS:
            found = unknown_key(key, (*COLLECTIONS, SETTINGS), ())
            self.findings.append(
                Finding(found.rule, "error", found.summary, found.detail, found.fix, place=at)
            )
        elif node.value is None:
            return
        elif key == SETTINGS:
            self.named(self.root.entries, key, node, "The key")
        elif not isinstance(node.value, dict):
            self.refuse("PACS-VAL-001", f"{key} needs a map: a name and what it stands for, line by line", at)
        else:
            for name, member in node.value.items():
                self.named(self.root.entries[key].entries, name, member, key.removesuffix("s").capitalize())

    def named(self, collection: Mapping[str, Node], name: str, node: Node, what: str) -> None:
        """Adds one member; a name stands once in all files."""
        assert isinstance(collection, dict), "the collections are ours"
        held = collection.setdefault(name, node)
        if held is node:
            return
        first = held.key or held.place
        self.findings.append(
            Finding(
                "PACS-NAME-001",
                "error",
                f"{what} {name} is declared twice",
                f"It was declared first at {first}; files are not merged within one name.",
                "Remove one of the two, or give it another name.",
                place=node.key or node.place,
                also=((first, "declared first here"),),
            )
        )

    # --- each collection against its model

    def inventory(self) -> Inventory:
        """What could be built, with the rules for the whole checked."""
        settings = self.settings()
        sites = {
            name: site if site.name else site.model_copy(update={"name": name})
            for name, site in self.members("sites", Site).items()
        }
        self.members("profiles", DeviceDeclaration)
        self.profiles = self.resolved_profiles()
        devices = self.devices(sites)
        flows = {name: _flow(name, flow) for name, flow in self.members("flows", FlowDeclaration).items()}
        inventory = Inventory(
            settings=settings,
            sites=sites,
            devices=devices,
            flows=flows,
            systems=self.systems(),
            environments=self.members("environments", Environment),
        )
        names = {name: frozenset(self.root.entries[name].entries) for name in COLLECTIONS}
        complete = self.read and not errors(self.findings)
        scope = Scope(Sources(self.root, self.aliases), names, self.read, complete)
        self.findings += checks.check(inventory, scope)
        return inventory

    def members(self, collection: str, model: type[Any]) -> dict[str, Any]:
        """The members that fit their model."""
        found: dict[str, Any] = {}
        for name, node in self.root.entries[collection].entries.items():
            member = self.member(model, node, (collection, name))
            if member is not None:
                found[name] = member
        return found

    def member(self, model: type[BaseModel], node: Node, path: Steps) -> Any:
        at = node.key or node.place
        if node.value is None:
            self.findings.append(_empty(".".join(map(str, path)), at))
            return None
        self.well_named(path, at)
        value, findings = checked(model, plain(node, nulls=path[0] == "environments"), path)
        self.findings += findings
        return value

    def well_named(self, path: Steps, at: Place) -> None:
        """Names are names; an environment's becomes part of a branch's."""
        check = formats.environment_name if path[0] == "environments" else formats.name
        try:
            check(str(path[-1]))
        except ValueError as exc:
            self.refuse("PACS-NAME-002", f'"{path[-1]}" cannot be a name: {exc}', at)

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

    # --- devices

    def resolved_profiles(self) -> dict[str, Node | None]:
        """Every profile with those it builds on merged in; None where that cannot be done."""
        declared = self.root.entries["profiles"].entries
        found: dict[str, Node | None] = {}
        for name in declared:
            found[name], findings = profiled(name, declared, ("profiles", name))
            self.findings += findings
        return found

    def devices(self, sites: Mapping[str, Site]) -> dict[str, Device]:
        found: dict[str, Device] = {}
        collection = self.root.entries["devices"].entries
        assert isinstance(collection, dict), "the collections are ours"
        for name, node in collection.items():
            profile, sound = self.profile_of(name, node)
            collection[name] = merged = merge(profile, node) if profile else node
            self.nothing_to_remove(name, merged)
            declared = self.member(DeviceDeclaration, merged, ("devices", name))
            device = self.device(name, declared, sites, profile) if declared and sound else None
            if device:
                found[name] = device
        return found

    def device(
        self, name: str, declared: DeviceDeclaration, sites: Mapping[str, Site], profile: Node | None
    ) -> Device | None:
        """A declared device spelled out."""
        limit = profile.entries.get("probe") if profile else None
        expansion = Expansion(name, declared, sites.get(declared.site or ""), _level(limit))
        device = expansion.device()
        self.findings += expansion.findings
        self.aliases |= expansion.aliases
        return device

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
                    self.findings.append(_empty(f"{member} of device {name}", child.key or child.place))

    def refuse(self, rule: str, summary: str, place: Place) -> None:
        self.findings.append(Finding(rule, "error", summary, place=place))


def _level(node: Node | None) -> Probe | None:
    """The probe level that a profile's tree names, if it names one."""
    return next((level for level in PROBES if node and node.value == level), None)


def _flow(name: str, flow: FlowDeclaration) -> Flow:
    return Flow(
        name=name,
        description=flow.description,
        callers=flow.callers,
        called=flow.called,
        services=tuple(dict.fromkeys(flow.services)),
    )


def _with_name(node: Node, name: str) -> Node:
    """A system's tree with its name in it, where its model looks for it."""
    if not isinstance(node.value, dict):
        return node
    return Node({**node.value, "name": Node(name, node.place)}, node.place, node.key, node.how, node.under)


def _empty(what: str, place: Place) -> Finding:
    return Finding(
        "PACS-VAL-004",
        "error",
        f"{what} is empty",
        "Nothing after a name means: remove what the profile gives; but the profile gives none.",
        "Write {} after it if all its values are the usual ones.",
        place=place,
    )


_SYSTEM_KEYS = tuple(key for key in SystemConfig.model_fields if key != "name")
_NOT_A_MAP = "A file holds a map of collections: {known}"
