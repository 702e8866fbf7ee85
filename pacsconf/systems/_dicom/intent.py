"""What an inventory says of a directory beside the entries themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pacsconf.core.address import Address
from pacsconf.systems._dicom.vocabulary import CLASSES
from pacsconf.systems.directory_extension import SecretUse


@dataclass(frozen=True, slots=True)
class Intent:
    """What an inventory says beside the resources themselves.

    By address, `spelling` is how a name is written, `extras` are the attributes it names of those that others may
    write too (unmodelled ones and vendor data). `domains` are the AE domains of devices, by lower-case name.
    """

    spelling: Mapping[Address, str] = field(default_factory=dict)
    extras: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    """Claims on titles that several devices hold on purpose."""
    secrets: Mapping[Address, Mapping[str, SecretUse]] = field(default_factory=dict)
    """By address, then by field: where the secrets are kept that entries hold."""

    def names_classes(self, address: Address) -> bool:
        """Whether it says which auxiliary classes an entry has, none perhaps: a state has no empty sets."""
        return CLASSES in (self.extras.get(address) or ())

    def claim(self, device: str, title: str) -> frozenset[str]:
        """What the holder of a title claims: nobody else has it in its domain."""
        claim = f"ae-title:{self.domains.get(device.lower(), 'default')}/{title}"
        return frozenset() if claim in self.shared else frozenset((claim,))
