"""Capability sets: what many application entities can do, declared once under a name.

A set is spelled out once, however many AEs name it, and its capabilities are the same objects in all of them: an
archive has hundreds in each of its AEs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from pacsconf.core.finding import Finding, Path, Place
from pacsconf.inventory import formats, uids
from pacsconf.inventory.base import Extensible
from pacsconf.inventory.declaration import (
    CapabilityDeclaration,
    CapabilityGroup,
    CapabilitySet,
    DeviceDeclaration,
    SetUse,
)
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Role, TransferCapability

SETS = "capability_sets"
"""The key of the collection, and of what names some of it."""
Key = tuple[str, Role]
"""What an AE has once: a SOP class in a role (PS3.15 section H.1.1.6)."""
Uses = tuple[tuple[str, Role | None], ...]
"""Names of sets, each with the role that alone is meant of it."""
_VENDOR_KEYS = tuple(Extensible.model_fields)


@dataclass(frozen=True, slots=True)
class Member:
    """A capability of a set; `at` leads from the top to what it was written as, `of` is the set it stands in."""

    capability: TransferCapability
    at: Path
    of: str

    @property
    def key(self) -> Key:
        return self.capability.sop_class, self.capability.role


@dataclass(frozen=True, slots=True)
class Joined:
    """The capabilities of several sets, each once, and those that two of them say otherwise."""

    members: Mapping[Key, Member] = field(default_factory=dict)
    clashes: tuple[tuple[Member, Member], ...] = ()


def joined(members: Iterable[Member]) -> Joined:
    """Equal ones fold; of two that are not, the first stands and both are told."""
    found: dict[Key, Member] = {}
    clashes: list[tuple[Member, Member]] = []
    for member in members:
        first = found.setdefault(member.key, member)
        if first is not member and not same(first.capability, member.capability):
            clashes.append((first, member))
    return Joined(found, tuple(clashes))


def same(one: TransferCapability, other: TransferCapability) -> bool:
    """Whether two capabilities of one key are one entry; the order of transfer syntaxes does not count."""
    return offers_alike(one, other) and all(
        getattr(one, key) == getattr(other, key) for key in ("name", *_VENDOR_KEYS)
    )


def offers_alike(one: TransferCapability, other: TransferCapability) -> bool:
    """Whether both have the same transfer syntaxes."""
    return set(one.transfer_syntaxes) == set(other.transfer_syntaxes)


class CapabilitySets:
    """All sets by name.

    `known` are also those that could not be read, which nobody is told are missing; `place` finds a path's.
    """

    def __init__(
        self,
        declared: Mapping[str, CapabilitySet] | None = None,
        known: Collection[str] = (),
        place: Callable[[Path], Place | None] = lambda _: None,
    ) -> None:
        self.declared = declared or {}
        self.known = frozenset((*self.declared, *known))
        self.place = place
        self.findings: dict[Finding, None] = {}
        """What is wrong with the sets themselves, each complaint once."""
        self.named: set[str] = set()
        """Sets that something names."""
        self.shared: dict[object, tuple[TransferCapability, ...] | None] = {}
        """What AEs that say the same come to, by what they say; kept by `capabilities`."""
        self._members: dict[str, tuple[Member, ...]] = {}
        self._joined: dict[Uses, Joined] = {}
        for name in self._in_order():
            self._members[name] = tuple(self._together(name, self.declared[name]).members.values())

    def members(self, name: str) -> tuple[Member, ...]:
        """All capabilities of a set, none of one that is not there."""
        return self._members.get(name, ())

    def of(self, uses: Uses) -> Joined:
        """The capabilities of these sets together."""
        if uses not in self._joined:
            self.named.update(name for name, _ in uses)
            self._joined[uses] = joined(member for use in uses for member in self._used(*use))
        return self._joined[uses]

    def unused(self, profiles: Iterable[DeviceDeclaration]) -> frozenset[str]:
        """The sets that neither an AE, nor one of these profiles, nor another set names."""
        for profile in profiles:
            named = (profile.capability_sets, *(ae.capability_sets for ae in profile.ae_titles.values()))
            self.named.update(use.set for uses in named for use in uses)
        return frozenset(self.declared) - self.named

    def mistakes(self, uses: Uses, user: str, path: Path) -> Iterator[Finding]:
        """What is wrong with naming these sets at `path`; `user` is what names them."""
        for number, (name, role) in enumerate(uses):
            at = (*path, number)
            if name not in self.known:
                yield _unknown(name, user, self.known, at)
            elif self.members(name) and not any(True for _ in self._used(name, role)):
                yield _other_role(name, role, at)

    def clash(self, first: Member, second: Member, path: Path) -> Finding:
        """The complaint that two sets say something else of one SOP class; told at `path`."""
        sets = f"the sets {first.of} and {second.of}" if first.of != second.of else f"the set {first.of}"
        return _clash(second.capability, f"otherwise twice in {sets}", path, self.also((first, second)))

    def against(self, member: Member, path: Path) -> Finding:
        """The complaint that a list of services at `path` says something else than a set."""
        here = f"otherwise in the set {member.of}"
        return _clash(member.capability, here, path, self.also((member,)))

    def also(self, members: Iterable[Member]) -> tuple[tuple[Place, str], ...]:
        """Where members were written."""
        found = ((self.place(member.at), f"in the set {member.of}") for member in members)
        return tuple((place, words) for place, words in found if place)

    def _used(self, name: str, role: Role | None) -> Iterator[Member]:
        return (member for member in self.members(name) if role in (None, member.capability.role))

    def _in_order(self) -> Iterator[str]:
        """The sets, each after those that it includes, as far as none leads back to itself."""
        done: set[str] = set()
        for first in self.declared:
            waiting = {} if first in done else {first: iter(self.declared[first].includes)}
            while waiting:
                name = next(reversed(waiting))
                used = next(waiting[name], None)
                if used is None:
                    del waiting[name]
                    done.add(name)
                    yield name
                elif used.set in waiting:
                    chain = tuple(waiting)
                    self._complain(_circle(chain[chain.index(used.set) :]))
                elif used.set in self.declared and used.set not in done:
                    waiting[used.set] = iter(self.declared[used.set].includes)

    def _together(self, name: str, declared: CapabilitySet) -> Joined:
        """What a set says itself and what it includes; single ones win over all others."""
        path: Path = (SETS, name)
        uses = in_short(declared.includes)
        self.named.update(used for used, _ in uses)
        for finding in self.mistakes(uses, f"the set {name}", (*path, "includes")):
            self._complain(finding)
        if not (uses or declared.groups or declared.transfer_capabilities):
            self._complain(_empty(f"The set {name}", path))
        singles = tuple(self._singles(name, declared, path))
        alone = {one.key for one in singles}
        included = (member for use in uses for member in self._used(*use))
        others = (one for one in (*included, *self._grouped(name, declared, path)) if one.key not in alone)
        found = joined((*singles, *others))
        for first, second in found.clashes:
            self._complain(self.clash(first, second, second.at if second.of == name else (*path, "includes")))
        return found

    def _grouped(self, name: str, declared: CapabilitySet, path: Path) -> Iterator[Member]:
        """What groups say: of words that stand for the same SOP class the narrowest counts (`storage` is wide)."""
        found: dict[Key, list[_Word]] = defaultdict(list)
        for number, group in enumerate(declared.groups):
            at: Path = (*path, "groups", number)
            if not (group.sop_classes or group.named):
                self._complain(_empty(f"A group of the set {name}", at))
            for word in _words(group, at):
                for key in product(word.classes, group.role):
                    found[key].append(word)
        for (uid, role), several in found.items():
            narrowest = min(len(word.classes) for word in several)
            for word in several:
                if len(word.classes) == narrowest:
                    text = spelling(declared.names or formats.USUAL_NAMES, uid, role, word.own)
                    member = Member(_made(text, uid, role, word.group), word.at, name)
                    if self._is_named(member):
                        yield member

    def _singles(self, name: str, declared: CapabilitySet, path: Path) -> Iterator[Member]:
        for number, one in enumerate(declared.transfer_capabilities):
            text = one.name or spelling(formats.USUAL_NAMES, one.sop_class, one.role)
            made = _made(text, one.sop_class, one.role, one)
            yield Member(made, (*path, "transfer_capabilities", number), name)

    def _is_named(self, member: Member) -> bool:
        """Whether its entry can have the name that it comes to."""
        try:
            formats.name(member.capability.name)
        except ValueError as exc:
            summary = f'"{member.capability.name}" cannot be a name: {exc}'
            self._complain(Finding("PACS-NAME-002", "error", summary, path=member.at))
            return False
        return True

    def _complain(self, finding: Finding) -> None:
        self.findings[finding] = None


def in_short(uses: Iterable[SetUse]) -> Uses:
    return tuple((use.set, use.role) for use in uses)


def spelling(pattern: str, uid: str, role: Role, own: str = "") -> str:
    """The name of an entry by a pattern of names; `own` is the name of a class that the standard has none for."""
    words = {
        "{name}": own or uids.printed(uid),
        "{keyword}": uids.keyword(uid),
        "{label}": uids.label(uid),
        "{uid}": uid,
        "{role}": role,
        "{role-lower}": role.lower(),
    }
    return formats.PLACEHOLDER.sub(lambda found: words[found[0]], pattern)


class _Word(NamedTuple):
    """One word of a group: the SOP classes that it stands for, a name of their own, and where it stands."""

    group: CapabilityGroup
    classes: tuple[str, ...]
    own: str
    at: Path


def _words(group: CapabilityGroup, at: Path) -> Iterator[_Word]:
    """The words of the group at a path; one that stands there twice is one."""
    first: dict[str, int] = {}
    for number, text in enumerate(group.sop_classes):
        if first.setdefault(text, number) == number:
            yield _Word(group, uids.sop_classes(text), "", (*at, "sop_classes", number))
    for own, uid in group.named.items():
        yield _Word(group, (uid,), own, (*at, "named", own))


def _made(
    name: str, uid: str, role: Role, said: CapabilityGroup | CapabilityDeclaration
) -> TransferCapability:
    return TransferCapability(
        name=name,
        sop_class=uid,
        role=role,
        transfer_syntaxes=said.transfer_syntaxes or uids.DEFAULT_TRANSFER_SYNTAXES,
        **{key: getattr(said, key) for key in _VENDOR_KEYS},
    )


# --- what is wrong ------------------------------------------------------------------------------------------


def _unknown(name: str, user: str, known: frozenset[str], path: Path) -> Finding:
    some = ", ".join(sorted(known)[:12])
    return Finding(
        "PACS-SET-001",
        "error",
        f'There is no capability set "{name}", which {user} names{nearest(name, known)}',
        "What it would give (SOP classes, roles, transfer syntaxes) is missing here.",
        f"Declare it under {SETS}" + (f", or name one of: {some}" if some else "."),
        path=path,
    )


def _clash(
    one: TransferCapability, where: str, path: Path, also: tuple[tuple[Place, str], ...] = ()
) -> Finding:
    return Finding(
        "PACS-SET-002",
        "error",
        f"{uids.title(one.sop_class)} as {one.role} stands {where}",
        "One SOP class in one role has one name and one list of transfer syntaxes (PS3.15 section H.1.1.6), and "
        "it is not clear which is meant.",
        "Make both the same, take it out of one, or write what is meant under transfer_capabilities: that wins.",
        path=path,
        also=also,
    )


def _circle(names: tuple[str, ...]) -> Finding:
    """The same for whichever of them was asked for, so that it is told once."""
    first = min(names)
    start = names.index(first)
    around = (*names[start:], *names[:start], first)
    return Finding(
        "PACS-SET-003",
        "error",
        f"The capability set {first} includes itself: {' → '.join(around)}",
        "So it has no beginning.",
        "Remove one of them from includes.",
        path=(SETS, first, "includes"),
    )


def _empty(what: str, path: Path) -> Finding:
    return Finding(
        "PACS-SET-004",
        "error",
        f"{what} holds nothing",
        "Whoever names it is meant to be able to do something.",
        "Give it SOP classes, or remove it.",
        path=path,
    )


def _other_role(name: str, role: Role | None, path: Path) -> Finding:
    return Finding(
        "PACS-SET-006",
        "error",
        f"The capability set {name} has nothing as {role}",
        "So nothing comes of naming it here.",
        "Name the other role, or none for all of it.",
        path=path,
    )
