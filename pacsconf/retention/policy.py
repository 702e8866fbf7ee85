"""The rules of an inventory, laid out for evaluation: one flat list of minimums for each rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pacsconf.core.finding import Path
from pacsconf.inventory.period import Period
from pacsconf.inventory.retention import (
    Approval,
    Clock,
    Default,
    Floor,
    Keep,
    LegalHold,
    Match,
    OnMissing,
    Retention,
    Review,
    Rule,
)

DEFAULT = "default"
"""How the default is named among rules."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """A period from a clock, or an age. `when` and `otherwise` say where it counts; neither: everywhere."""

    period: Period | None
    clock: Clock
    age: int | None
    when: bool
    otherwise: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A rule, the default or a floor.

    `rank` decides between rules that keep equally long: the lower one is named. `modalities` are those that its
    match mentions; a later study of one of them is "of the same class".
    """

    name: str
    rank: int
    match: Match
    minimums: tuple[Minimum, ...]
    review: Review | None
    modalities: frozenset[str]
    source: str | None
    approval: Approval | None
    path: Path

    @property
    def is_approved(self) -> bool:
        return self.approval is not None

    @property
    def asks_for_later(self) -> bool:
        """Whether a minimum counts only where the patient had a later study of its class."""
        return any(minimum.when for minimum in self.minimums)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides about a study."""

    rules: tuple[Prepared, ...]
    holds: Mapping[str, LegalHold]
    on_missing: OnMissing

    def holding(self, today: date) -> dict[str, tuple[str, ...]]:
        """The studies that are under a legal hold on a day, with the names of the holds."""
        found: dict[str, tuple[str, ...]] = {}
        for name, hold in self.holds.items():
            if is_in_force(hold, today):
                for study in hold.studies:
                    found[study] = (*found.get(study, ()), name)
        return found


def is_in_force(hold: LegalHold, today: date) -> bool:
    """Whether a hold protects its studies on a day: from when it is written down until the day of its release."""
    return hold.released is None or date.fromisoformat(hold.released.on) > today


def policy(retention: Retention, *, approved_only: bool = False) -> Policy:
    """The policy that an inventory declares; or only that part of it that somebody approved."""
    found = [
        _prepared(name, rank, rule, rule.match, ("retention", "rules", name))
        for rank, (name, rule) in enumerate(sorted(retention.rules.items()))
    ]
    if retention.default:
        found.append(_prepared(DEFAULT, len(found), retention.default, Match(), ("retention", DEFAULT)))
    kept = [one for one in found if one.is_approved or not approved_only]
    return Policy(tuple(kept), retention.holds, retention.on_missing)


def floors(retention: Retention) -> tuple[Prepared, ...]:
    """All legal minimums: the hospital's own, and those of its packs (`us-example/mammography`)."""
    return tuple(
        _prepared(name, rank, floor, floor.match, path)
        for rank, (name, floor, path) in enumerate(_floors(retention))
    )


def _floors(retention: Retention) -> Iterator[tuple[str, Floor, Path]]:
    for name, floor in sorted(retention.floors.items()):
        yield name, floor, ("retention", "floors", name)
    for pack, content in sorted(retention.packs.items()):
        for name, floor in sorted(content.floors.items()):
            yield f"{pack}/{name}", floor, ("retention", "packs", pack, "floors", name)


def _prepared(name: str, rank: int, rule: Default | Rule | Floor, match: Match, path: Path) -> Prepared:
    return Prepared(
        name,
        rank,
        match,
        tuple(_minimums(rule.keep)),
        rule.review if isinstance(rule, Default) else None,
        frozenset(_modalities(match)),
        rule.source,
        rule.approval if isinstance(rule, Default) else None,
        path,
    )


def _minimums(keeps: Sequence[Keep]) -> Iterator[Minimum]:
    for keep in keeps:
        where = keep.when is not None, keep.otherwise
        if keep.period is not None:
            yield Minimum(keep.period, keep.clock or "study_date", None, *where)
        if keep.until_age is not None:
            yield Minimum(None, "study_date", keep.until_age, *where)
        if keep.and_at_least is not None:
            yield Minimum(keep.and_at_least.period, keep.and_at_least.clock, None, *where)


def _modalities(match: Match) -> Iterator[str]:
    yield from match.modality
    for inner in (*match.any_of, *match.all_of):
        yield from _modalities(inner)
