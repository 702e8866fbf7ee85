"""Guards: how much one plan may do before a person has to say so again.

They count what a person counts: roots. A device whose three connections go is one removal. Only changes that
would run are counted. Every limit can be set in the inventory; a tripped guard is let through by naming it
together with the plan's digest (`--ack DIGEST:GUARD`) and a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.compare import States
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

    @property
    def tripped(self) -> bool:
        return len(self.counted) > self.limit


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that replace the built-in ones, by root kind."""

    removals: Mapping[str, int] = field(default_factory=dict)
    updates: Mapping[str, int] = field(default_factory=dict)
    readdresses: int = 10


@dataclass(frozen=True, slots=True)
class Scene:
    """What guards look at beside the changes: all three sides, roots gone on purpose, and cautions by address."""

    declared: States
    live: States
    last: States
    retired: frozenset[Address] = frozenset()
    cautions: Mapping[Address, str] = field(default_factory=dict)
    limits: Limits = Limits()


def guards(changes: Sequence[Change], scene: Scene) -> tuple[Guard, ...]:
    """Every guard that has something to count, tripped or not, by id and what it counts."""
    running = tuple(change for change in changes if change.mode == "write")
    found = [
        *_removals(running, scene),
        *_updates(running, scene),
        *_readdresses(running, scene),
        *_emptied(running, scene),
        *_vanished(running, scene),
        *_widened(running),
        *_cautions(running, scene),
    ]
    return tuple(sorted(found, key=lambda guard: (guard.id, guard.about)))


def tripped(found: Iterable[Guard]) -> tuple[str, ...]:
    """The ids of tripped guards, each once."""
    return tuple(sorted({guard.id for guard in found if guard.tripped}))


def _by_kind(roots: Iterable[Address]) -> dict[tuple[str, str], tuple[Address, ...]]:
    """Roots grouped by system and kind."""
    groups: dict[tuple[str, str], set[Address]] = {}
    for root in roots:
        groups.setdefault((root.system, root.kind), set()).add(root)
    return {key: tuple(sorted(groups[key])) for key in sorted(groups)}


def _known_roots(scene: Scene) -> dict[tuple[str, str], tuple[Address, ...]]:
    owned = {state.root for state in scene.last.values()}
    return _by_kind(
        owned | {state.root for address, state in scene.live.items() if address in scene.declared}
    )


def _with_effect(changes: Iterable[Change], effect: Effect) -> Iterator[Address]:
    return (change.root for change in changes if effect in change.effects)


def _removals(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    known = _known_roots(scene)
    for (system, kind), roots in _by_kind(_with_effect(changes, "removes")).items():
        total = len(known.get((system, kind), roots))
        limit = scene.limits.removals.get(kind, max(1, min(3, total // 10)))
        yield Guard(
            "GUARD-REMOVE", f"{kind}s of {system}", roots, total, limit,
            "something would be taken away from them", f"pacsconf.guards.removals.{kind}",
        )  # fmt: skip


def _updates(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    known = _known_roots(scene)
    for (system, kind), roots in _by_kind(c.root for c in changes if c.action == "update").items():
        total = len(known.get((system, kind), roots))
        limit = scene.limits.updates.get(kind, max(10, total // 5))
        yield Guard(
            "GUARD-UPDATE", f"{kind}s of {system}", roots, total, limit,
            "what they hold would be changed", f"pacsconf.guards.updates.{kind}",
        )  # fmt: skip


def _readdresses(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    known = _known_roots(scene)
    for (system, kind), roots in _by_kind(_with_effect(changes, "readdresses")).items():
        yield Guard(
            "GUARD-ADDRESS", f"{kind}s of {system}", roots, len(known.get((system, kind), roots)),
            scene.limits.readdresses, "peers would find them under another address or title",
            "pacsconf.guards.readdresses",
        )  # fmt: skip


def _emptied(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    """A system for which nothing is declared although we own something there: the inventory was not found."""
    for system in sorted({change.address.system for change in changes if change.action == "delete"}):
        if not any(address.system == system for address in scene.declared):
            roots = tuple(sorted({change.root for change in changes if change.address.system == system}))
            yield Guard(
                "GUARD-EMPTY", f"resources of {system}", roots, len(roots), 0,
                "the inventory declares nothing for this system: was it loaded from the right folder?",
            )  # fmt: skip


def _vanished(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    """Roots deleted although the inventory neither declares nor retires them."""
    gone = tuple(
        change
        for change in changes
        if change.action == "delete" and change.address == change.root and _is_vanished(change, scene)
    )
    known = _known_roots(scene)
    for (system, kind), roots in _by_kind(change.address for change in gone).items():
        notes = tuple(note for root in roots for note in _renames(root, changes))
        yield Guard(
            "GUARD-VANISHED", f"{kind}s of {system}", roots, len(known.get((system, kind), roots)), 0,
            "they are no longer in the inventory; take something out by `lifecycle: retired`, not by deleting it",
            notes=notes,
        )  # fmt: skip


def _is_vanished(change: Change, scene: Scene) -> bool:
    return change.address in scene.last and change.address not in scene.retired


def _renames(root: Address, changes: Sequence[Change]) -> Iterator[str]:
    """Words for each other root that takes over a claim of a vanished one."""
    freed = {claim for change in changes if change.root == root for claim in change.frees}
    takers = {change.root for change in changes if change.root != root and change.acquires & freed}
    return (f"{root} looks renamed to {taker}: it takes its name" for taker in sorted(takers))


def _widened(changes: Sequence[Change]) -> Iterator[Guard]:
    roots = tuple(sorted(set(_with_effect(changes, "widens"))))
    if roots:
        yield Guard(
            "GUARD-WIDEN", "resources", roots, len(roots), 0, "TLS would be weakened or an access list opened"
        )


def _cautions(changes: Sequence[Change], scene: Scene) -> Iterator[Guard]:
    touched = [change for change in changes if change.action != "delete" and change.address in scene.cautions]
    roots = tuple(sorted({change.root for change in touched}))
    if roots:
        yield Guard(
            "GUARD-HOST", "resources", roots, len(roots), 0,
            "they would get an address outside their site's networks",
            notes=tuple(f"{change.address}: {scene.cautions[change.address]}" for change in touched),
        )  # fmt: skip
