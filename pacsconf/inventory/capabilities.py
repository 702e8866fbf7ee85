"""Transfer capabilities of an application entity: what its lists of services, its sets and its long forms come to.

What an AE does not say itself is what its device says for all its AEs. Paths begin at the device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory import formats, uids
from pacsconf.inventory.capability_sets import (
    SETS,
    CapabilitySets,
    Joined,
    Key,
    Uses,
    in_short,
    offers_alike,
    spelling,
)
from pacsconf.inventory.declaration import AEDeclaration, CapabilityDeclaration, DeviceDeclaration
from pacsconf.inventory.model import Role, TransferCapability


@dataclass(frozen=True, slots=True)
class Written:
    """A capability, and where it was written: below the device, or, where it is of a set, from the top."""

    capability: TransferCapability
    at: Path
    of_set: str = ""

    @property
    def key(self) -> Key:
        return self.capability.sop_class, self.capability.role


def of_lists(device: DeviceDeclaration, ae: AEDeclaration) -> tuple[TransferCapability, ...]:
    """The capabilities, in order of name, of an AE none of whose capabilities is spelled out."""
    uses, offers, syntaxes = (
        _said(device, ae, (), key)[0] for key in ("uses", "offers", "transfer_syntaxes")
    )
    return _of_lists(uses, offers, syntaxes)


NO_SETS = CapabilitySets()


def of_sets(
    device: DeviceDeclaration, ae: AEDeclaration, sets: CapabilitySets
) -> tuple[TransferCapability, ...] | None:
    """The capabilities, in order of name, of an AE that names sets and spells out none itself.

    They are put together once for all AEs that say the same. None where something is wrong with them.
    """
    said = tuple(_said(device, ae, (), key)[0] for key in ("uses", "offers", "transfer_syntaxes"))
    key = (in_short(_said(device, ae, (), SETS)[0]), *said)
    if key not in sets.shared:
        found = written(device, ae, (), sets)
        sound = not any(mistakes(found, device, ae, ("",), sets))
        sets.shared[key] = tuple(one.capability for one in found) if sound else None
    return sets.shared[key]


def written(
    device: DeviceDeclaration, ae: AEDeclaration, at: Path, sets: CapabilitySets = NO_SETS
) -> tuple[Written, ...]:
    """The capabilities of an AE in order of name; one spelled out wins over one of a set, of `uses` or of `offers`.

    `at` is the path of the AE.
    """
    found = {one.key: one for one in reversed(tuple(_of_services(device, ae, at)))}
    members = _of_sets(device, ae, sets)[0].members
    found |= {key: Written(one.capability, one.at, one.of) for key, one in members.items()}
    found |= {one.key: one for one in _spelled_out(device, ae, at)}
    return tuple(sorted(found.values(), key=lambda one: one.capability.name))


def _of_services(device: DeviceDeclaration, ae: AEDeclaration, at: Path) -> Iterator[Written]:
    syntaxes, _ = _said(device, ae, at, "transfer_syntaxes")
    for role, key in _LISTS:
        texts, base = _said(device, ae, at, key)
        for number, capability in _listed(texts, syntaxes, role):
            yield Written(capability, (*base, number))


def _of_sets(
    device: DeviceDeclaration, ae: AEDeclaration, sets: CapabilitySets, at: Path = ()
) -> tuple[Joined, Uses, Path]:
    """What the sets come to that an AE names, which these are, and where it names them."""
    named, base = _said(device, ae, at, SETS)
    uses = in_short(named)
    return sets.of(uses), uses, base


_LISTS: tuple[tuple[Role, str], ...] = (("SCU", "uses"), ("SCP", "offers"))


def is_listed(device: DeviceDeclaration, ae: AEDeclaration) -> bool:
    """Whether `uses` and `offers` say it all; only else there can be `mistakes`."""
    given = ae.model_fields_set
    spelled = (ae if "transfer_capabilities" in given else device).transfer_capabilities
    return not (spelled or (ae if SETS in given else device).capability_sets)


def is_spelled_out(device: DeviceDeclaration, ae: AEDeclaration) -> bool:
    """Whether some capability is written in full."""
    return bool(_said(device, ae, (), "transfer_capabilities")[0])


def mistakes(
    found: Iterable[Written],
    device: DeviceDeclaration,
    ae: AEDeclaration,
    at: Path,
    sets: CapabilitySets = NO_SETS,
) -> Iterator[Finding]:
    """What stands twice in an AE whose capabilities, as `written`, are `found`, and sets that are not there."""
    keys: Counter[Key] = Counter()
    for one in _spelled_out(device, ae, at):
        if keys[one.key]:
            yield _listed_twice(one)
        keys[one.key] += 1
    yield from _of_sets_mistaken(device, ae, at, sets, frozenset(keys))
    names: Counter[str] = Counter()
    for one in found:
        if names[one.capability.name]:
            yield _named_alike(one, str(at[-1]), _said(device, ae, at, SETS)[1])
        names[one.capability.name] += 1


def _of_sets_mistaken(
    device: DeviceDeclaration, ae: AEDeclaration, at: Path, sets: CapabilitySets, spelled: frozenset[Key]
) -> Iterator[Finding]:
    """What is wrong with the sets that an AE names; what it spells out itself is clear whatever they say."""
    joined, uses, path = _of_sets(device, ae, sets, at)
    if not uses:
        return
    yield from sets.mistakes(uses, f"AE title {at[-1]}", path)
    yield from (sets.clash(*two, path) for two in joined.clashes if two[0].key not in spelled)
    for one in _of_services(device, ae, at):
        member = joined.members.get(one.key)
        if member and one.key not in spelled and not offers_alike(member.capability, one.capability):
            yield sets.against(member, one.at)


@lru_cache(4096)
def _of_lists(
    uses: tuple[str, ...], offers: tuple[str, ...], syntaxes: tuple[str, ...]
) -> tuple[TransferCapability, ...]:
    """What lists alone come to: made once for the thousands of devices that have the same ones."""
    both = (*_listed(uses, syntaxes, "SCU"), *_listed(offers, syntaxes, "SCP"))
    once = {(one.sop_class, one.role): one for _, one in reversed(both)}
    return tuple(sorted(once.values(), key=lambda one: one.name))


@lru_cache(4096)
def _listed(
    texts: tuple[str, ...], syntaxes: tuple[str, ...], role: Role
) -> tuple[tuple[int, TransferCapability], ...]:
    """Those that a list of services or SOP classes stands for, each with its position in that list."""
    return tuple(
        (
            number,
            TransferCapability(
                name=usual_name(uid, role),
                sop_class=uid,
                role=role,
                transfer_syntaxes=syntaxes if stores(uid) else uids.DEFAULT_TRANSFER_SYNTAXES,
            ),
        )
        for number, text in enumerate(texts)
        for uid in uids.sop_classes(text)
    )


def _spelled_out(device: DeviceDeclaration, ae: AEDeclaration, at: Path) -> Iterator[Written]:
    declared, base = _said(device, ae, at, "transfer_capabilities")
    for number, one in enumerate(declared):
        yield Written(_spelled(one), (*base, number))


def _spelled(declared: CapabilityDeclaration) -> TransferCapability:
    return TransferCapability(
        name=declared.name or usual_name(declared.sop_class, declared.role),
        sop_class=declared.sop_class,
        role=declared.role,
        transfer_syntaxes=declared.transfer_syntaxes or uids.DEFAULT_TRANSFER_SYNTAXES,
        extra=declared.extra,
        vendor=declared.vendor,
        object_classes=declared.object_classes,
    )


def _said(device: DeviceDeclaration, ae: AEDeclaration, at: Path, key: str) -> tuple[tuple[Any, ...], Path]:
    """What the AE says, else its device, and where."""
    own = key in ae.model_fields_set
    return getattr(ae if own else device, key), (*at, key) if own else (key,)


def stores(uid: str) -> bool:
    """Whether `transfer_syntaxes` beside a list of services are meant for this SOP class."""
    entry = uids.dictionary().get(uid)
    return entry is None or entry.stores  # a private SOP class is nearly always one of storage


def usual_name(uid: str, role: Role) -> str:
    """The name of a capability that is given none."""
    return spelling(formats.USUAL_NAMES, uid, role)


def _listed_twice(one: Written) -> Finding:
    return Finding(
        "PACS-TC-001",
        "error",
        f"{uids.title(one.capability.sop_class)} as {one.capability.role} is listed twice",
        "One SOP class in one role has one list of transfer syntaxes (PS3.15 section H.1.1.6).",
        "Join the two.",
        path=one.at,
    )


def _named_alike(one: Written, title: str, sets: Path) -> Finding:
    return Finding(
        "PACS-TC-002",
        "error",
        f'Two capabilities of {title} have the name "{one.capability.name}"',
        "Each is an entry of its own in the directory, under its name.",
        "Give one of them another name, or none.",
        path=sets if one.of_set else one.at,
    )
