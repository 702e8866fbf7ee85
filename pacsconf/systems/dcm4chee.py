"""Extension `dcm4chee`: the archive's whole configuration, which it keeps in the directory beside the standard's.

Its models are in `_dcm4chee`: what it adds to devices, connections, application entities and transfer capabilities,
and its own entries below them. It never stores a value that equals its default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.finding import Finding
from pacsconf.core.resource import State
from pacsconf.inventory.model import Inventory
from pacsconf.systems._dcm4chee.entries.hl7 import HL7_NAMES, OwnApplication
from pacsconf.systems._dcm4chee.entries.web import WEB_NAMES
from pacsconf.systems._dcm4chee.evidence import whole
from pacsconf.systems._dcm4chee.reload import Reloads
from pacsconf.systems._dcm4chee.retention.native import compiled, iso
from pacsconf.systems._dcm4chee.rules import checks
from pacsconf.systems._dcm4chee.settings.standard import (
    CapabilityPart,
    ConnectionPart,
    DevicePart,
    EntityPart,
)
from pacsconf.systems._dcm4chee.words import adopting, deriving
from pacsconf.systems.directory_extension import Extension, Facet, Holder, Part, Registry, Whole

if TYPE_CHECKING:
    from pacsconf.policy.evidence import Configured

__all__ = ["Dcm4chee", "compiled", "iso"]


class Dcm4chee(Extension):
    """The archive and its tools, as of dcm4chee-arc-light 5."""

    name: ClassVar[str] = "dcm4chee"
    facets: ClassVar[Sequence[type[Facet]]] = (DevicePart, ConnectionPart, EntityPart, CapabilityPart)
    of_hl7_application: ClassVar[type[Part] | None] = OwnApplication
    registries: ClassVar[Sequence[Registry]] = (
        Registry(
            HL7_NAMES,
            "Unique HL7 Application Names Registry",
            "hl7UniqueApplicationNamesRegistryRoot",
            "unique-hl7-name",
            "hl7UniqueApplicationName",
            "hl7ApplicationName",
        ),
        Registry(
            WEB_NAMES,
            "Unique Web Application Names Registry",
            "dcmUniqueWebAppNamesRegistryRoot",
            "unique-web-name",
            "dcmUniqueWebAppName",
            "dcmWebAppName",
        ),
    )

    @classmethod
    def speaks_of(cls, holder: Holder) -> bool:
        return deriving.says(holder)

    @classmethod
    def complete(cls, facet: Facet, holder: Holder, inventory: Inventory) -> Whole:
        return deriving.complete(facet, holder, inventory)

    @classmethod
    def in_words(cls, kind: str, declaration: Mapping[str, Any]) -> dict[str, Any]:
        return adopting.in_words(kind, declaration)

    @classmethod
    def left(cls, facet: Facet, holder: Holder, inventory: Inventory) -> Mapping[str, str]:
        return deriving.left(facet, holder)

    @classmethod
    def findings(cls, inventory: Inventory) -> Iterable[Finding]:
        yield from deriving.findings(inventory)
        yield from checks.findings(inventory)

    def evidence(
        self, states: Mapping[Address, State], wanted: Mapping[Address, State], inventory: Inventory
    ) -> Configured:
        return whole.evidence(self.system, states, wanted, inventory)

    def settle(self, applied: Sequence[Change]) -> Iterator[Outcome]:
        """Tell every archive to read the directory again, whatever was changed: it keeps peers in memory too."""
        yield from self._reloads.outcomes()

    def close(self) -> None:
        self._reloads.close()

    @cached_property
    def _reloads(self) -> Reloads:
        return Reloads(self.system, self.config, self.secrets)
