"""What could not be seen of a DICOM configuration, in sentences: a directory shows each account its own half.

It never says what it holds back. What gives it away are gaps: a reference to an entry that is not shown, an entry
without an attribute that the standard requires, an entry below one that is not shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pacsconf.core.address import Address
from pacsconf.systems._dicom.tree import Tree

_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "device": ("dicomInstalled",),
    "network-connection": ("dicomHostname",),
    "network-ae": (
        "dicomNetworkConnectionReference",
        "dicomAssociationInitiator",
        "dicomAssociationAcceptor",
    ),
    "transfer-capability": ("dicomSOPClass", "dicomTransferRole", "dicomTransferSyntax"),
}
"""By kind: what no entry is without (PS3.15 section H.1.3)."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """What a read did not see. `schema_known` is None where there is no server that could tell one."""

    tree: Tree
    anonymous: bool = False
    schema_known: bool | None = None
    spelling: Callable[[str], str] = str
    """How the server writes the name of an attribute."""

    def sentences(self) -> tuple[str, ...]:
        if not self.tree.entries:
            return tuple(self._nothing())
        checks = (
            self._account,
            self._registry,
            self._gaps,
            self._references,
            self._orphans,
            self._secrets,
            self._server,
        )
        return tuple(sentence for check in checks for sentence in check())

    def _nothing(self) -> Iterator[str]:
        if self.schema_known is None:
            yield "The file holds no cn=DICOM Configuration, nor anything below one."
            return
        yield "There is no DICOM configuration, or this account may not see it: a directory answers both alike."
        yield from self._account()

    def _account(self) -> Iterator[str]:
        if self.anonymous:
            yield "Nobody signed in (--bind-dn): entries and attributes that need an account are missing here."

    def _registry(self) -> Iterator[str]:
        if Address.of(self.tree.system, "container", "unique-ae-titles") not in self.tree.entries:
            yield "The registry of AE titles is not shown, so reservations were not compared with titles in use."

    def _gaps(self) -> Iterator[str]:
        gaps = Counter(
            attribute
            for address, entry in self.tree.entries.items()
            for attribute in _REQUIRED.get(address.kind, ())
            if not entry.values(attribute)
        )
        for attribute, number in sorted(gaps.items()):
            yield (
                f"{attribute} is missing on {_entries(number)}, where the standard requires it: this account "
                "may not read it, or nobody wrote it."
            )

    def _references(self) -> Iterator[str]:
        number = sum(
            self.tree.address_of(dn) is None
            for address, entry in self.tree.entries.items()
            if address.kind == "network-ae"
            for dn in entry.texts("dicomNetworkConnectionReference")
        )
        if number:
            them = "1 reference leads" if number == 1 else f"{number} references lead"
            yield f"{them} to what is not shown: it is not there, or this account may not see it."

    def _orphans(self) -> Iterator[str]:
        if number := self.tree.orphans:
            yield f"The entry above {_entries(number)} is not shown, so it cannot be told what they belong to."

    def _secrets(self) -> Iterator[str]:
        found = Counter(
            " ".join(filter(None, (self.spelling(name), pair)))
            for entry in self.tree.everything
            for name, pair in entry.secrets()
        )
        if found:
            listed = ", ".join(f"{name} ({_entries(number)})" for name, number in sorted(found.items()))
            yield (
                f"Secrets are never read, and no inventory holds one: {listed}. If this directory were lost, each "
                "would have to be set again."
            )

    def _server(self) -> Iterator[str]:
        if self.schema_known is False:
            yield "The server does not show its schema: whether it can hold all attributes is not known."
        if not any(entry.values("modifyTimestamp") for entry in self.tree.entries.values()):
            yield "Who changed what last, and when, is not told."


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"
