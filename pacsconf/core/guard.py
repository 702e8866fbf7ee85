"""Guards: how much one plan may do before a person has to say so again.

They count what a person counts: roots. A device whose three connections go is one removal, and so is a device
that keeps two of them; a connection that another one replaces in the same device is an update of the device, and a
title replaced in this way is a new address. Only changes that would run are counted. Every limit that is a
number can be set in the inventory; a tripped guard is let through by naming it together with the plan's digest
(`--ack DIGEST:GUARD`) and a reason.

What brings the deletion of studies nearer is counted by address, and each address is let through by itself
(`--ack DIGEST:GUARD-PURGE:ADDRESS`): docs/decisions/0033-purge-guard-and-approvals.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.compare import States
from pacsconf.core.finding import Finding
from pacsconf.core.resource import Effect


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard's count: `counted` of `total` roots, at most `limit` allowed.

    `about` names what was counted ("devices"), `why` what may go wrong, `setting` where the limit is set.
    """

    id: str
    about: str
    counted: tuple[Address, ...]
    total: int
    limit: int
    why: str
    setting: str = ""
    notes: tuple[str, ...] = ()
    each: bool = False
    """Whether each address that is counted needs an acknowledgement of its own."""

    @property
    def tripped(self) -> bool:
        return len(self.counted) > self.limit

    @property
    def acks(self) -> tuple[str, ...]:
        """What must be named to let it through: `GUARD-UPDATE`, or `GUARD-PURGE:ADDRESS` for each address."""
        if not self.tripped:
            return ()
        return tuple(f"{self.id}:{address}" for address in self.counted) if self.each else (self.id,)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that replace the built-in ones, by root kind."""

    removals: Mapping[str, int] = field(default_factory=dict)
    updates: Mapping[str, int] = field(default_factory=dict)
    readdresses: int = 10


def idle(limits: Limits, roots: Iterable[Address]) -> Iterator[Finding]:
    """Limits for a kind that none of these roots is of: they would let through what they were set against."""
    if not (limits.removals or limits.updates):
        return
    kinds = {root.kind for root in roots}
    for name, by_kind in (("removals", limits.removals), ("updates", limits.updates)):
        for kind in sorted(by_kind.keys() - kinds - {"device"}) if kinds else ():
            yield Finding(
                "PACS-GUARD-001",
                "warning",
                f"The limit guards.{name}.{kind} counts nothing: {kind} is no kind of thing that is here",
                "What it was meant for is held to the built-in limit.",
                f"Kinds that are counted here: {', '.join(sorted(kinds))}.",
                path=("pacsconf", "guards", name, kind),
            )


@dataclass(frozen=True, slots=True)
class Floor:
    """So many of something must be left, and these in particular: administrators. `minimum` None: all of them.

    `standing` tells who counts when these are the live states. `about`, `why` and `setting` as of a guard.
    """

    id: str
    about: str
    system: str
    minimum: int | None
    standing: Callable[[States], frozenset[Address]] = field(compare=False)
    why: str
    setting: str = ""
    required: frozenset[Address] = frozenset()


Group = tuple[str, str]
"""The system and kind of roots, which are counted together."""


@dataclass(frozen=True)
class Scene:
    """What guards look at beside the changes: all three sides, and what is known about addresses.

    `retired` are roots gone on purpose, `cautions` reasons for a second look. `reserved` are the names that count
    as declared only because they linger; `released` those that go because their time is over, as was announced.
    """

    declared: States
    live: States
    last: States
    retired: frozenset[Address] = frozenset()
    cautions: Mapping[Address, str] = field(default_factory=dict)
    limits: Limits = Limits()
    reserved: Collection[Address] = frozenset()
    released: Collection[Address] = frozenset()
    floors: Sequence[Floor] = ()

    @cached_property
    def totals(self) -> Mapping[Group, Set[Address]]:
        """By group, the roots that count as there: owned ones, and those that are both declared and live.

        What is declared belongs where it is declared: a title may have been applied as part of a device that is
        gone. All guards need the same ones, so they are looked up once; and not at all where nothing is counted.
        """
        declared, last = self.declared.keys() - self.reserved, self.last
        owned = last.keys() - self.reserved
        known = {self.declared[address].root for address in owned & declared}
        known.update(last[address].root for address in owned - declared)
        known.update(self.live[address].root for address in self.live.keys() & declared)
        return _by_kind(known)


_REMOVALS: Mapping[str, int] = {"user": 2, "retention-rule": 0, "hl7-retention-rule": 0}
"""How many may be removed where a share of all is not the measure: people, and rules that keep studies."""


def guards(changes: Sequence[Change], scene: Scene) -> tuple[Guard, ...]:
    """Every guard that has something to count, tripped or not, by id and what it counts."""
    running = tuple(change for change in changes if change.mode == "write")
    if not running:
        return ()
    found = [
        *_removals(running, scene),
        *_updates(running, scene),
        *_readdresses(running, scene),
        *_emptied(running, scene),
        *_vanished(running, scene),
        *_widened(running, scene),
        *_cautions(running, scene),
        *_purging(running, scene),
        *_floors(running, scene),
    ]
    return tuple(sorted(found, key=foremost))


def foremost(guard: Guard) -> tuple[bool, str, str]:
    """The order of guards: first what is acknowledged one by one, then by id and what is counted."""
    return not guard.each, guard.id, guard.about


def unacknowledged(found: Iterable[Guard], digest: str, given: Iterable[str]) -> tuple[str, ...]:
    """What is still to be named (`GUARD-UPDATE`, `GUARD-PURGE:ADDRESS`) after these `DIGEST:NAME` of a plan."""
    pairs = (ack.partition(":") for ack in given)
    named = {name for stated, _, name in pairs if len(stated) >= _ENOUGH and digest.startswith(stated)}
    return tuple(dict.fromkeys(name for guard in found for name in guard.acks if name not in named))


_ENOUGH = 4
"""Digits of a digest that an acknowledgement names at least."""


def tripped(found: Iterable[Guard]) -> tuple[str, ...]:
    """The ids of tripped guards, each once."""
    return tuple(sorted({guard.id for guard in found if guard.tripped}))


def _by_kind(roots: Iterable[Address]) -> dict[Group, set[Address]]:
    """Roots grouped by system and kind."""
    groups: dict[Group, set[Address]] = {}
    for root in roots:
        groups.setdefault((root.system, root.kind), set()).add(root)
    return groups


def _counted(roots: Iterable[Address], scene: Scene) -> Iterator[tuple[Group, tuple[Address, ...], int]]:
    """Roots by group, each group with how many there are of it in all: those that are there, and counted."""
    for group, counted in sorted(_by_kind(roots).items()):
        yield group, tuple(sorted(counted)), len(counted | scene.totals.get(group, set()))


def _with_effect(changes: Iterable[Change], effect: Effect) -> Iterator[Address]:
    return (change.root for change in changes if effect in change.effects)


def _removals(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    for (system, kind), roots, total in _counted(_losers(changes, scene), scene):
        built_in = _REMOVALS.get(kind, max(1, min(3, total // 10)))
        yield Guard(
            "GUARD-REMOVE", f"{kind}s of {system}", roots, total, scene.limits.removals.get(kind, built_in),
            "something would be taken away from them", f"pacsconf.guards.removals.{kind}",
        )  # fmt: skip


def _losers(changes: Sequence[Change], scene: Scene) -> Iterator[Address]:
    """Roots that lose something for which they get nothing of its kind in return."""
    gained = Counter((change.root, change.address.kind) for change in changes if change.action == "create")
    for change in changes:
        if "removes" not in change.effects or change.address in scene.released:
            continue
        place = (change.root, change.address.kind)
        if change.action == "delete" and gained[place]:
            gained[place] -= 1
        else:
            yield change.root


def _updates(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    """Roots that stand before and after, and hold something else then."""
    gone = {change.address for change in changes if change.action == "delete"}
    touched = (
        change.root
        for change in changes
        if (change.action == "update" or (change.root in scene.live and change.root not in gone))
        and change.address not in scene.released
    )
    for (system, kind), roots, total in _counted(touched, scene):
        limit = scene.limits.updates.get(kind, max(10, total // 5))
        yield Guard(
            "GUARD-UPDATE", f"{kind}s of {system}", roots, total, limit,
            "what they hold would be changed", f"pacsconf.guards.updates.{kind}",
        )  # fmt: skip


def _readdresses(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    readdressed = {*_with_effect(changes, "readdresses"), *_retitled(changes)}
    for (system, kind), roots, total in _counted(readdressed, scene):
        yield Guard(
            "GUARD-ADDRESS", f"{kind}s of {system}", roots, total, scene.limits.readdresses,
            "peers would find them under another address or title", "pacsconf.guards.readdresses",
        )  # fmt: skip


def _retitled(changes: Iterable[Change]) -> Iterator[Address]:
    """Roots that give up one claim and take another."""
    frees, acquires = _claims_by_root(changes)
    for root in frees.keys() & acquires.keys():
        if frees[root] - acquires[root] and acquires[root] - frees[root]:
            yield root


Claims = dict[Address, set[str]]


def _claims_by_root(changes: Iterable[Change]) -> tuple[Claims, Claims]:
    """The claims that each root gives up, and those that it takes; a root without any is left out."""
    frees: Claims = {}
    acquires: Claims = {}
    for change in changes:
        if given := change.frees:
            frees.setdefault(change.root, set()).update(given)
        if taken := change.acquires:
            acquires.setdefault(change.root, set()).update(taken)
    return frees, acquires


def _emptied(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    """A kind of root that the inventory has none of although we own some: the inventory was not found.

    What a system needs in any case (containers) is declared by an empty inventory too, hence by kind.
    """
    deletes = (change for change in changes if change.action == "delete")
    gone = {change.root for change in deletes if change.address not in scene.released} - scene.retired
    if not gone:
        return
    declared = {
        (state.root.system, state.root.kind)
        for address, state in scene.declared.items()
        if address not in scene.reserved
    }
    for (system, kind), roots, total in _counted(gone, scene):
        if (system, kind) not in declared:
            yield Guard(
                "GUARD-EMPTY", f"{kind}s of {system}", roots, total, 0,
                "the inventory declares none of them: look whether it is the right folder",
            )  # fmt: skip


def _vanished(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    """Owned roots that lose something although the inventory neither declares nor retires them."""
    gone = {change.root for change in changes if change.action == "delete" and _is_vanished(change, scene)}
    takers = _takers(changes) if gone else {}
    for (system, kind), roots, total in _counted(gone, scene):
        yield Guard(
            "GUARD-VANISHED", f"{kind}s of {system}", roots, total, 0,
            "the inventory neither has nor retires them; take a device out by `lifecycle: retired`, not by deleting"
            " its lines. What has no life cycle, such as a listed peer, is acknowledged",
            notes=tuple(
                f"{root} looks renamed to {taker}: it takes its name"
                for root in roots
                for taker in sorted(takers.get(root, ()))
            ),
        )  # fmt: skip


def _is_vanished(change: Change, scene: Scene) -> bool:
    known = change.root in scene.declared or change.root in scene.retired or change.address in scene.released
    return change.root in scene.last and not known


def _takers(changes: Sequence[Change]) -> dict[Address, set[Address]]:
    """For each root that gives up claims the other roots that take one of them."""
    frees, acquires = _claims_by_root(changes)
    by_claim: dict[str, set[Address]] = {}
    for root, claims in acquires.items():
        for claim in claims:
            by_claim.setdefault(claim, set()).add(root)
    return {
        root: {taker for claim in claims for taker in by_claim.get(claim, ())} - {root}
        for root, claims in frees.items()
    }


def _widened(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    for (system, kind), roots, total in _counted(_with_effect(changes, "widens"), scene):
        yield Guard(
            "GUARD-WIDEN", f"{kind}s of {system}", roots, total, 0,
            "TLS would be weakened or an access list opened",
        )  # fmt: skip


def _cautions(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    touched = [
        change
        for change in changes
        if change.address in scene.cautions and (change.action == "create" or "readdresses" in change.effects)
    ]
    for (system, kind), roots, total in _counted((change.root for change in touched), scene):
        yield Guard(
            "GUARD-HOST", f"{kind}s of {system}", roots, total, 0,
            "they would get an address outside their site's networks",
            notes=tuple(f"{one.address}: {scene.cautions[one.address]}" for one in touched if one.root in roots),
        )  # fmt: skip


def _purging(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    """Changes that bring the deletion of studies nearer, each by itself: no root stands for another one here.

    The limit is no setting: an inventory that could raise it could purge by the change that raises it.
    """
    purging = {change.address: change for change in changes if "purges" in change.effects}
    for (system, kind), addresses in sorted(_by_kind(purging).items()):
        there = {
            address
            for side in (scene.declared, scene.live, scene.last)
            for address in side
            if (address.system, address.kind) == (system, kind)
        }
        counted = tuple(sorted(addresses))
        yield Guard(
            "GUARD-PURGE", f"{kind}s of {system}", counted, len(there | addresses), 0,
            "studies would be deleted, or deleted sooner, and what is deleted does not come back. Each of these"
            " needs an --ack of its own; no setting and no yes lets it through",
            notes=tuple(f"{address}: {purging[address].purge}" for address in counted),
            each=True,
        )  # fmt: skip


def _floors(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    """Who would be lost of those of whom so many, or these very ones, must be left."""
    touched = {change.address.system for change in changes}
    for floor in scene.floors:
        if floor.system not in touched:
            continue
        after = dict(scene.live)
        for change in changes:
            if change.after is None:
                after.pop(change.address, None)
            else:
                after[change.address] = change.after
        before, left = floor.standing(scene.live), floor.standing(after)
        lost = before - left
        enough = floor.minimum is not None and len(left) >= floor.minimum
        if not lost or (enough and not lost & floor.required):
            continue
        yield Guard(
            floor.id, floor.about, tuple(sorted(lost)), len(before), 0, floor.why, floor.setting,
            notes=(
                *(f"{one} must stay" for one in sorted(lost & floor.required)),
                *(_too_few(len(left), floor.minimum) if not enough else ()),
            ),
        )  # fmt: skip


def _too_few(left: int, minimum: int | None) -> tuple[str, ...]:
    return () if minimum is None else (f"{left} would be left, and {minimum} must be",)
