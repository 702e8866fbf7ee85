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
from pacsconf.inventory import checks, files
from pacsconf.inventory.declaration import COLLECTIONS, LATER, SETTINGS, DeviceDeclaration, FlowDeclaration
from pacsconf.inventory.document import Node, line_of, parse, plain
from pacsconf.inventory.expand import Aliases, Expansion
from pacsconf.inventory.merge import merge, profiled
from pacsconf.inventory.model import Device, Flow, Inventory, Settings, Site
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
        build = _Build(complete=not findings and all(not bad for _, bad in trees))
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

    def __init__(self, *, complete: bool) -> None:
        self.complete = complete
        self.findings: list[Finding] = []
        self.aliases: Aliases = {}
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
        complete = self.complete and not errors(self.findings)
        self.findings += checks.check(inventory, Scope(Sources(self.root, self.aliases), names, complete))
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
        if node.value is None:
            self.refuse("PACS-VAL-004", f"{path[0]}.{path[1]} is empty", node.key or node.place)
            return None
        value, findings = checked(model, plain(node, nulls=path[0] == "environments"), path)
        self.findings += findings
        return value

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

    def devices(self, sites: Mapping[str, Site]) -> dict[str, Device]:
        found: dict[str, Device] = {}
        collection = self.root.entries["devices"].entries
        assert isinstance(collection, dict), "the collections are ours"
        for name, node in collection.items():
            collection[name] = merged = self.with_profile(name, node)
            self.nothing_to_remove(name, merged)
            declared = self.member(DeviceDeclaration, merged, ("devices", name))
            if declared is None:
                continue
            expansion = Expansion(
                name, declared, sites.get(declared.site or ""), self.profile_probe(declared.profile)
            )
            device = expansion.device()
            self.findings += expansion.findings
            self.aliases |= expansion.aliases
            if device:
                found[name] = device
        return found

    def with_profile(self, name: str, node: Node) -> Node:
        """The device over its profile, if it names one that exists."""
        asked = node.entries.get("profile")
        if asked is None or not isinstance(asked.value, str):
            return node
        profile, findings = profiled(
            asked.value, self.root.entries["profiles"].entries, ("devices", name, "profile")
        )
        self.findings += findings
        return merge(profile, node) if profile else node

    def profile_probe(self, profile: str | None) -> Any:
        """The level that a device's profile allows."""
        tree, _ = profiled(profile or "", self.root.entries["profiles"].entries, ())
        node = tree.entries.get("probe") if tree else None
        return node.value if node else None

    def nothing_to_remove(self, name: str, node: Node) -> None:
        """A name with nothing after it is a slip, unless it takes away what the profile gives."""
        for key in ("connections", "ae_titles", "nodes"):
            for member, child in (node.entries[key].entries if key in node.entries else {}).items():
                if child.value is None and child.under is None:
                    self.findings.append(_empty(f"{member} of device {name}", child.key or child.place))

    def refuse(self, rule: str, summary: str, place: Place) -> None:
        self.findings.append(Finding(rule, "error", summary, place=place))


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
        f"{what[:1].upper()}{what[1:]} is empty",
        "Nothing after a name means: remove what the profile gives; but the profile gives none.",
        "Write {} after it if all its values are the usual ones.",
        place=place,
    )


_SYSTEM_KEYS = tuple(key for key in SystemConfig.model_fields if key != "name")
_NOT_A_MAP = "A file holds a map of collections: {known}"
