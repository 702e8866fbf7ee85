"""Whole entries of a device that nothing has words for, as an inventory declares them (`entries:`). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Path
from pacsconf.core.resource import State, Value
from pacsconf.inventory.base import EntryDeclaration
from pacsconf.inventory.model import Device
from pacsconf.systems._dicom.attributes import extra_members
from pacsconf.systems._dicom.extra import beyond_name
from pacsconf.systems._dicom.kinds import EXTRA
from pacsconf.systems._dicom.vocabulary import OTHER, Vocabulary
from pacsconf.systems._ldap import names


class Other(NamedTuple):
    """One such entry, under its name as it was written."""

    state: State
    spelled: str
    path: Path
    source: EntryDeclaration


def others(
    device: Device, root: Address, words: Vocabulary, spelled: Mapping[Address, str]
) -> Iterator[Other | Finding]:
    """Those of one device, each below what stands above it; `spelled` are all other entries of the device."""
    known = {names.canonical(relative(words, address, spelled)): address for address in spelled}
    own = {
        name: Address.of(root.system, OTHER, root.parts[0], names.canonical(name)) for name in device.entries
    }
    known |= {address.parts[1]: address for address in own.values()}
    for name, entry in device.entries.items():
        path: Path = ("devices", device.name, "entries", name)
        try:
            above = ",".join("+".join(names.rdn(*part) for part in one) for one in names.parse(name)[1:])
        except ValueError:
            yield _no_name(name, path)
            continue
        parent = known.get(names.canonical(above)) if above else root
        if parent is None:
            yield _no_parent(name, above, device, path)
        elif found := words.placed(parent.kind, tuple(each.encode() for each in entry.object_classes)):
            yield _with_words(name, words.key(parent.kind, found[0]), path)
        else:
            state = State(own[name], root, _fields(name, entry), frozenset({root, parent}))
            yield Other(state, name, path, entry)


def _fields(name: str, entry: EntryDeclaration) -> dict[str, Value]:
    extras: dict[str, Value] = {EXTRA + key: extra_members(held) for key, held in entry.extra.items() if held}
    return {**beyond_name(extras, name), "object_classes": tuple(sorted(set(entry.object_classes)))}


def relative(words: Vocabulary, address: Address, spelled: Mapping[Address, str]) -> str:
    """The name of an entry below a device, relative to it; empty for the device's own."""
    if address.kind == "device":
        return ""
    own = names.rdn(words.shape(address).naming, spelled.get(address, address.parts[-1]))
    above = relative(words, words.parent(address), spelled)
    return f"{own},{above}" if above else own


def wordless(device: Device) -> Finding:
    """Of a device whose entries nothing looks at."""
    return Finding(
        "DIR-ENTRY",
        "error",
        f"Device {device.name} has entries that no extension of the directory looks at",
        "Without an extension pacsconf leaves everything alone that is not in the standard.",
        "Name the vendor's under `extensions:` of the directory, or take the entries out.",
        path=("devices", device.name, "entries"),
    )


def _no_name(name: str, path: Path) -> Finding:
    return Finding(
        "DIR-ENTRY",
        "error",
        f'"{name}" is no name of an entry',
        "An entry is named as in LDAP (RFC 4514), relative to its device.",
        "Such as: cn=Image Readers",
        path=path,
    )


def _with_words(name: str, key: tuple[str, str] | None, path: Path) -> Finding:
    """Of an entry that is something else for us: it would be read as that, and be made again and again."""
    return Finding(
        "DIR-ENTRY",
        "error",
        f'"{name}" is of a kind that has words of its own, and cannot stand under entries',
        "It is read as what it is, and would never be what is declared here.",
        f"Write it under `vendor.{key[0]}.{key[1]}`." if key else "Write it where the device has such.",
        path=path,
    )


def _no_parent(name: str, above: str, device: Device, path: Path) -> Finding:
    return Finding(
        "DIR-ENTRY",
        "error",
        f'The entry "{name}" of {device.name} stands below "{above}", which is not declared',
        "A directory makes no entry below one that is not there.",
        "Declare that too, or correct the name.",
        path=path,
    )
