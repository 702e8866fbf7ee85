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


@dataclass(frozen=True, slots=True)
class Declared:
    """What a device declares, None where it cannot be told, and what is wrong with it."""

    device: DeviceDeclaration | None
    findings: tuple[Finding, ...] = ()
    is_part: bool = False
    """Whether something in it is wrong: `device` is then the part that is left without it."""


class DeclaredDevices:
    """All devices as they were written, by name; `profiles` are those that could be put together."""

    def __init__(
        self, written: Mapping[str, Node], profiles: Mapping[str, Profile], sites: Mapping[str, Site]
    ) -> None:
        self.written = written
        self.profiles = profiles
        self.sites = sites
        self.tree = lru_cache(_REPORTED)(self._tree)
        self.aliases = lru_cache(_REPORTED)(self._aliases)

    # --- what they declare

    def declared(self, name: str) -> Declared:
        """What a device declares, its profile's values included."""
        node, profile, path = self.written[name], self.profile(name), ("devices", name)
        device = None if misnaming(node, path) else together(profile, node)
        if device is not None:
            return Declared(device)
        merged = merge(profile.tree, node) if profile else node
        device, findings = member(DeviceDeclaration, merged, path)
        misnamed = any(
            finding.rule == MISNAMED for finding in findings
        )  # nothing can be said about what has no name
        if device is not None or misnamed or not isinstance(merged.value, dict):
            return Declared(device, findings)
        return Declared(remainder(DeviceDeclaration, plain(merged), path, findings), findings, is_part=True)

    def expansion(self, name: str, device: DeviceDeclaration) -> Expansion:
        """For spelling out a device."""
        profile = self.profile(name)
        return Expansion(
            name,
            device,
            self.sites.get(device.site or ""),
            _level(profile.tree.entries.get("probe") if profile else None),
            own_probe="probe" in self.written[name].entries,
        )

    def asked(self, name: str) -> str | None:
        """The name of the profile that a device builds on."""
        asked = self.written[name].entries.get("profile")
        return asked.value if asked and isinstance(asked.value, str) else None

    def profile(self, name: str) -> Profile | None:
        """The profile that a device builds on."""
        asked = self.asked(name)
        return None if asked is None else self.profiles.get(asked)

    def lacks_profile(self, name: str) -> bool:
        """Whether a device asks for a profile that is not there."""
        asked = self.asked(name)
        return asked is not None and asked not in self.profiles

    def nothing_to_remove(self, name: str) -> Iterator[Finding]:
        """A name with nothing after it is a slip, unless it takes away what the profile gives."""
        own, profile = self.written[name], self.profile(name)
        for key in ("connections", "ae_titles", "nodes") if isinstance(own.value, dict) else ():
            node, above = own.entries.get(key), profile.tree.entries.get(key) if profile else None
            merged = merge(above, node) if above and node else node or above
            for part, child in (merged.entries if merged else {}).items():
                if child.value is None and child.under is None:
                    yield empty(f"{part} of device {name}", _NOTHING_TO_REMOVE, child.key or child.place)

    # --- where it was written

    def _tree(self, name: str) -> Node | None:
        """What was written of a device, over its profile; None where there is none of the name."""
        node, profile = self.written.get(name), None
        if node is None or node.value is None:
            return None
        profile = self.profile(name)
        return merge(profile.tree, node) if profile else node

    def _aliases(self, name: str) -> Aliases:
        """From the paths of a device's values to those that were written."""
        if name not in self.written or self.lacks_profile(name):
            return {}
        device = self.declared(name).device
        if device is None:
            return {}
        expansion = self.expansion(name, device)
        return aliases(name, device, expansion.site, inherits=expansion.device() is not None)


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


def _level(node: Node | None) -> Probe | None:
    """The probe level that a profile's tree names, if it names one."""
    return next((level for level in PROBES if node and node.value == level), None)


_NOTHING = DeviceDeclaration()
_NOTHING_TO_REMOVE = "Nothing after a name means: remove what the profile gives; but the profile gives none."
_REPORTED = 1000
"""How many devices are remembered of which something was reported."""
