"""Extension `dcm4chee`: the archive's whole configuration, which it keeps in the directory beside the standard's.

Its models are in `_dcm4chee`: what it adds to devices, connections, application entities and transfer capabilities,
and its own entries below them. It never stores a value that equals its default.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pacsconf.systems._dcm4chee.standard import CapabilityPart, ConnectionPart, DevicePart, EntityPart
from pacsconf.systems.directory_extension import Extension, Facet


class Dcm4chee(Extension):
    """The archive and its tools, as of dcm4chee-arc-light 5."""

    name: ClassVar[str] = "dcm4chee"
    facets: ClassVar[Sequence[type[Facet]]] = (DevicePart, ConnectionPart, EntityPart, CapabilityPart)
