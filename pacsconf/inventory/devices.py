"""The devices of an inventory, each written over its profile: what they declare, and where that was written.

Most devices say a dozen short things beside their profile. So a profile is checked once, and of a device what it
says itself: since no rule of the model is about two keys, the two together are what the merged tree would declare
(`together`). A device is merged and checked as a whole only where something is wrong with it, and merged and
traced back to what was written only when something of it is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pydantic import ValidationError

from pacsconf.core.finding import Finding
from pacsconf.inventory.aliases import aliases
from pacsconf.inventory.capability_sets import CapabilitySets
from pacsconf.inventory.declaration import DeviceDeclaration
from pacsconf.inventory.expand import Expansion
from pacsconf.inventory.members import MISNAMED, empty, member, misnaming
from pacsconf.inventory.merge import merge
from pacsconf.inventory.model import PROBES, Probe, Site
from pacsconf.inventory.sources import Aliases
from pacsconf.inventory.tree import Node, plain
from pacsconf.inventory.validation import remainder


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile with those it builds on merged in; `declared` is None where it does not stand by itself."""

    tree: Node
    declared: DeviceDeclaration | None
    probe: Probe | None
    """The level that it names."""

    @classmethod
    def of(cls, tree: Node, declared: DeviceDeclaration | None) -> Profile:
        named = tree.entries.get("probe")
        return cls(tree, declared, next((level for level in PROBES if named and named.value == level), None))


@dataclass(frozen=True, slots=True)
class Declared:
    """What a device declares, None where it cannot be told, and what is wrong with it."""

    device: DeviceDeclaration | None
    findings: tuple[Finding, ...] = ()
    is_part: bool = False
    """Whether something in it is wrong: `device` is then the part that is left without it."""


@dataclass(slots=True)
class Written:
    """A device as it was written, and the profile that it builds on; None where it names none, or an absent one."""

    name: str
    own: Node
    asked: str | None
    """The name of the profile."""
    profile: Profile | None

    @property
    def lacks_profile(self) -> bool:
        return self.asked is not None and self.profile is None

    def tree(self) -> Node:
        """The device written over its profile."""
        return merge(self.profile.tree, self.own) if self.profile else self.own

    def declared(self) -> Declared:
        """What the device declares, its profile's values included."""
        path = ("devices", self.name)
        device = None if misnaming(self.own, path) else together(self.profile, self.own)
        if device is not None:
            return Declared(device)
        tree = self.tree()
        device, findings = member(DeviceDeclaration, tree, path)
        misnamed = any(finding.rule == MISNAMED for finding in findings)
        if device is not None or misnamed or not isinstance(tree.value, dict):
            return Declared(device, findings)
        return Declared(remainder(DeviceDeclaration, plain(tree), path, findings), findings, is_part=True)

    def expansion(
        self, device: DeviceDeclaration, sites: Mapping[str, Site], sets: CapabilitySets
    ) -> Expansion:
        """For spelling out what the device declares."""
        limit = self.profile.probe if self.profile else None
        site = sites.get(device.site or "")
        return Expansion(self.name, device, site, limit, "probe" in self.own.entries, sets=sets)

    def nothing_to_remove(self) -> Iterator[Finding]:
        """A name with nothing after it is a slip, unless it takes away what the profile gives."""
        own = self.own.entries
        above = self.profile.tree.entries if self.profile and isinstance(self.own.value, dict) else {}
        for key in _PARTS:
            if key not in own and key not in above:
                continue
            tree = merge(above[key], own[key]) if key in above and key in own else own.get(key) or above[key]
            for part, child in tree.entries.items():
                if child.value is None and child.under is None:
                    what = f"{part} of device {self.name}"
                    yield empty(what, _NOTHING_TO_REMOVE, child.key or child.place)


class DeclaredDevices:
    """All devices as they were written, by name; `profiles` are those that could be put together."""

    def __init__(
        self,
        written: Mapping[str, Node],
        profiles: Mapping[str, Profile],
        sites: Mapping[str, Site],
        sets: CapabilitySets,
    ) -> None:
        self.written = written
        self.profiles = profiles
        self.sites = sites
        self.sets = sets
        self.tree = lru_cache(_REPORTED)(self._tree)
        self.aliases = lru_cache(_REPORTED)(self._aliases)

    def __iter__(self) -> Iterator[Written]:
        return map(self._device, self.written)

    def _device(self, name: str) -> Written:
        own = self.written[name]
        named = own.entries.get("profile")
        asked = named.value if named and isinstance(named.value, str) else None
        return Written(name, own, asked, None if asked is None else self.profiles.get(asked))

    def _tree(self, name: str) -> Node | None:
        """What was written of a device, over its profile; None where there is none of the name."""
        own = self.written.get(name)
        return None if own is None or own.value is None else self._device(name).tree()

    def _aliases(self, name: str) -> Aliases:
        """From the paths of a device's values to those that were written."""
        written = self._device(name) if name in self.written else None
        device = written.declared().device if written and not written.lacks_profile else None
        if written is None or device is None:
            return {}
        expansion = written.expansion(device, self.sites, self.sets)
        inherits = expansion.device() is not None
        return aliases(name, device, expansion.site, self.sets, inherits=inherits)


def together(profile: Profile | None, node: Node) -> DeviceDeclaration | None:
    """What a device declares, from what its profile declares and what it says itself.

    None where either has something wrong; what that is, checking the merged tree tells.
    """
    above = profile.declared if profile else _NOTHING
    if above is None or not isinstance(node.value, dict):
        return None
    own, removed = _own(node.value, profile.tree.entries if profile else {})
    try:
        said = DeviceDeclaration.model_validate(own)
    except ValidationError:
        return None
    given = said.model_fields_set
    values = {
        **above.__dict__,
        **{key: _NOTHING.__dict__[key] for key in removed},
        **{key: said.__dict__[key] for key in given},
    }
    return DeviceDeclaration.of_checked(values, (above.model_fields_set - removed) | given)


def _own(written: Mapping[str, Node], above: Mapping[str, Node]) -> tuple[dict[str, object], set[str]]:
    """The plain values that a device says itself, maps with what its profile has there, and what it removes."""
    own: dict[str, object] = {}
    removed: set[str] = set()
    for key, node in written.items():
        if isinstance(node.value, str):
            own[key] = node.value
        elif node.value is not None:
            own[key] = plain(merge(above[key], node) if key in above else node)
        elif key in DeviceDeclaration.model_fields:
            removed.add(key)
    return own, removed


_NOTHING = DeviceDeclaration()
_PARTS = ("connections", "ae_titles", "hl7_applications", "nodes")
_NOTHING_TO_REMOVE = "Nothing after a name means: remove what the profile gives; but the profile gives none."
_REPORTED = 1000
"""How many devices are remembered of which something was reported."""
