"""Rules about names: the AE titles that peers tell devices apart by, and device names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.model import Device, Inventory, NetworkAE
from pacsconf.inventory.scope import Scope

_DN_SPECIAL = re.compile('[,+"<>;=#]')


class Holder(NamedTuple):
    """An application entity with one of the titles that reach it."""

    device: Device
    ae: NetworkAE
    title: str

    @property
    def path(self) -> Path:
        base: Path = ("devices", self.device.name, "ae_titles", self.ae.title)
        if self.title == self.ae.title:
            return base
        return (*base, "answers_to", self.ae.answers_to.index(self.title))


Holders = Mapping[tuple[str, str], list[Holder]]
"""By domain and title."""


def holders(entities: Iterable[Entity]) -> Holders:
    """Who holds each title, by domain and title; a retired device holds none any more."""
    found: dict[tuple[str, str], list[Holder]] = defaultdict(list)
    for device, ae in entities:
        if device.lifecycle != "retired":
            for title in dict.fromkeys((ae.title, *ae.answers_to)):
                found[device.ae_domain, title].append(Holder(device, ae, title))
    return found


def held_titles(_inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """The rules about titles that somebody holds."""
    held = holders(scope.entities.all)
    yield from _duplicate_titles(held, scope)
    yield from _titles_alike_but_for_case(held, scope)
    yield from _titles_that_break_a_dn(held)
    yield from _titles_with_runs_of_spaces(held)


def _duplicate_titles(held: Holders, scope: Scope) -> Iterator[Finding]:
    """Every AE title in its domain names one application entity. Source: PS3.15 section H.1.2."""
    for (_, title), (first, *others) in held.items():
        for other in others:
            if not may_share(first, other):
                yield Finding(
                    "PACS-AE-003",
                    "error",
                    f"AE title {title} belongs to two devices, {first.device.name} and {other.device.name}",
                    "Peers address a device by its title alone: images may reach the wrong one.",
                    _way_out(first.device, other.device),
                    path=other.path,
                    also=scope.also(first.path, f"also the title of {first.device.name}"),
                )


def _way_out(one: Device, other: Device) -> str:
    """What to do about a title that two hold: one that is replaced and still in use is to be retired."""
    for successor, replaced in ((one, other), (other, one)):
        if successor.replaces == replaced.name:
            return (
                f"{successor.name} replaces {replaced.name}: set lifecycle: retired at {replaced.name}. "
                f"Until it goes, {successor.name} is lifecycle: planned, or has another title."
            )
    return (
        "Give one of them another title. If both are meant: shared_title with the reason (a pool), "
        "another ae_domain (merged hospitals), or replaces on a planned successor."
    )


def may_share(one: Holder, other: Holder) -> bool:
    """Whether two may hold one title: a pool, or a planned device that is to replace the other."""
    pool = bool(one.ae.shared_title and other.ae.shared_title)
    return pool or _awaits(one.device, other.device) or _awaits(other.device, one.device)


def _awaits(successor: Device, device: Device) -> bool:
    return successor.replaces == device.name and successor.lifecycle == "planned"


def _titles_alike_but_for_case(held: Holders, scope: Scope) -> Iterator[Finding]:
    """Titles that differ in capitals are different titles, and easily confused. Source: PS3.5 section 6.2."""
    alike: dict[tuple[str, str], list[Holder]] = defaultdict(list)
    for (domain, title), (first, *_) in held.items():
        alike[domain, title.casefold()].append(first)
    for first, *others in alike.values():
        for other in others:
            yield Finding(
                "PACS-AE-013",
                "warning",
                f"AE title {other.title} differs from {first.title} only by capital letters",
                "To DICOM they are two titles; people and some devices take them for one.",
                "Give one of them a title that differs more.",
                path=other.path,
                also=scope.also(first.path, f"the title of {first.device.name}"),
            )


def _titles_that_break_a_dn(held: Holders) -> Iterator[Finding]:
    """A title is also part of a directory name, where some characters must be escaped. Source: RFC 4514."""
    for (_, title), (holder, *_) in held.items():
        special = sorted(set(_DN_SPECIAL.findall(title)))
        if special:
            yield Finding(
                "PACS-AE-014",
                "warning",
                f"AE title {title} holds {_quoted(special)}",
                "DICOM allows it, but it has a meaning in directory names: archives that do not escape it "
                "(dcm4chee) break on the entry.",
                "Prefer letters, digits, _ and -.",
                path=holder.path,
            )


def _quoted(characters: list[str]) -> str:
    return " and ".join(f'"{character}"' for character in characters)


def _titles_with_runs_of_spaces(held: Holders) -> Iterator[Finding]:
    """Directories take a run of spaces for one space, DICOM does not. Source: RFC 4518 section 2.6.1."""
    for (_, title), (holder, *_) in held.items():
        if "  " in title:
            yield Finding(
                "PACS-AE-015",
                "warning",
                f'AE title "{title}" holds several spaces in a row',
                "A directory takes it for one space, so two titles that DICOM tells apart collide there.",
                "Use single spaces, or better _.",
                path=holder.path,
            )


def device_names_alike(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Device names are compared without regard to case. Source: PS3.15 section H.1.3 (dicomDeviceName)."""
    first_of: dict[str, str] = {}
    for name in sorted(inventory.devices):
        first = first_of.setdefault(name.casefold(), name)
        if first != name:
            yield Finding(
                "PACS-DEV-005",
                "error",
                f"Devices {first} and {name} differ only by capital letters",
                "A directory takes both names for one.",
                "Rename one of them.",
                path=("devices", name),
                also=scope.also(("devices", first), "the other one"),
            )
