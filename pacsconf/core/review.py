"""A review of access: who has which role, and the word of somebody else on each: keep, or remove.

A review is opened with its lines, which are ids and nothing else of a person. Whoever may let somebody have a role
decides on its lines, never on their own. What is to be removed is asked for in the inventory, and is done only
when no live system shows it any more. All of it is in the record, so that it can be shown years later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from pacsconf.core.errors import PacsconfError
from pacsconf.core.moment import iso_day, iso_day_or_none, iso_moment
from pacsconf.core.resource import one_of

Word = Literal["keep", "remove"]

LineKey = tuple[str, str]
"""User and role."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was said of one line: `by` is `name <mail>`, `as_user` the id of that user, `at` ISO 8601 in UTC."""

    word: Word
    by: str
    as_user: str
    at: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """That somebody has a role. `declared` false: they are in its groups, and nobody gave it to them.

    `groups` are those that the role lands in, by system, as the review was opened. `gone` is the day on which it
    was seen that no system has them there any more.
    """

    user: str
    role: str
    kind: str = "person"
    declared: bool = True
    since: str = ""
    until: str = ""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decision: Decision | None = None
    gone: str = ""

    @property
    def key(self) -> LineKey:
        return self.user, self.role

    @property
    def is_open(self) -> bool:
        """Whether somebody has still to say, or what was said has still to happen."""
        return self.decision is None or self.is_to_go

    @property
    def is_to_go(self) -> bool:
        """Whether it is to be removed, and was not seen to be."""
        return self.decision is not None and self.decision.word == "remove" and not self.gone


@dataclass(frozen=True, slots=True)
class Review:
    """Who had these roles when it was opened. `due` is the last day for an answer, in ISO 8601 as `at`."""

    id: str
    roles: tuple[str, ...]
    due: str
    by: str
    at: str
    lines: tuple[ReviewLine, ...] = ()
    system: str = ""
    """The system that it was asked for, where it was."""

    @property
    def undecided(self) -> tuple[ReviewLine, ...]:
        return tuple(line for line in self.lines if line.decision is None)

    @property
    def to_go(self) -> tuple[ReviewLine, ...]:
        """What was to be removed and has not been seen to be gone."""
        return tuple(line for line in self.lines if line.is_to_go)

    @property
    def is_signed(self) -> bool:
        """Whether every line has an answer."""
        return not self.undecided

    @property
    def is_closed(self) -> bool:
        """Whether every line has an answer, and what was to go is gone."""
        return not any(line.is_open for line in self.lines)

    @property
    def signed_on(self) -> date | None:
        """The day of the last answer; of a review without lines, when it was opened. None: not all are there."""
        if not self.is_signed:
            return None
        moments = [line.decision.at for line in self.lines if line.decision] or [self.at]
        return date.fromisoformat(max(moments)[:10])

    def is_overdue(self, today: date) -> bool:
        """Whether an answer is missing though its day is over."""
        return not self.is_signed and today > date.fromisoformat(self.due)

    def line(self, key: LineKey) -> ReviewLine | None:
        """The line on this user and role."""
        return next((one for one in self.lines if one.key == key), None)


Reviews = tuple[Review, ...]
"""In the order in which they were opened."""


def numbered(reviews: Reviews, day: date) -> str:
    """The next free id of a day: `AR-20261126-1`."""
    taken = {one.id for one in reviews}
    number = 1
    while (name := f"AR-{day:%Y%m%d}-{number}") in taken:
        number += 1
    return name


def opened(reviews: Reviews, one: Review) -> Reviews:
    """With one more; of those that are closed only the last on each role stays, since git keeps the others.

    Raises: PacsconfError when one of its roles is under review.
    """
    for other in reviews:
        twice = sorted(set(other.roles) & set(one.roles))
        if twice and not other.is_signed:
            raise PacsconfError(
                f"{', '.join(twice)} is under review already: {other.id}, due on {other.due}",
                fix=f"Its sheet again: pacsconf access review {other.id}",
            )
    return _worth_keeping((*reviews, one))


def _worth_keeping(reviews: Reviews) -> Reviews:
    last = {role: one.id for one in reviews if one.is_signed for role in one.roles}
    return tuple(one for one in reviews if not one.is_closed or one.id in last.values())


def found(reviews: Reviews, which: str) -> Review:
    """The review of this id.

    Raises: PacsconfError naming those that are open.
    """
    for one in reviews:
        if one.id.casefold() == which.casefold():
            return one
    standing = ", ".join(one.id for one in reviews if not one.is_closed) or "none"
    raise PacsconfError(f'there is no review "{which}"', fix=f"Open are: {standing}.")


def signed_off(
    reviews: Reviews,
    which: str,
    made: Mapping[LineKey, Decision],
    not_believed: Mapping[LineKey, Decision] | None = None,
) -> Reviews:
    """With these decisions. One's own may be changed; what somebody else said stands, unless it is not believed.

    Raises: PacsconfError for a line that is not there, or that somebody else decided otherwise.
    """
    review = found(reviews, which)
    false = not_believed or {}
    forged = {line.key for line in review.lines if line.decision and line.decision == false.get(line.key)}
    (review,) = believed((review,), {(review.id, key) for key in forged & made.keys()})
    for key, decision in made.items():
        _require_free(review, key, decision)
    lines = tuple(_decided(line, made.get(line.key)) for line in review.lines)
    return tuple(replace(one, lines=lines) if one.id == review.id else one for one in reviews)


def _require_free(review: Review, key: LineKey, decision: Decision) -> None:
    line = review.line(key)
    if line is None:
        raise PacsconfError(f"review {review.id} has no line on {key[0]} as {key[1]}")
    before = line.decision
    if before is not None and before.word != decision.word and before.as_user != decision.as_user:
        raise PacsconfError(
            f"{key[0]} as {key[1]} was decided by {before.as_user} on {before.at[:10]}: {before.word}",
            fix=f"Only {before.as_user} can say otherwise; or open another review when this one is signed off.",
        )


def _decided(line: ReviewLine, decision: Decision | None) -> ReviewLine:
    """A line with a decision; the same word once more changes nothing."""
    if decision is None or (line.decision is not None and line.decision.word == decision.word):
        return line
    return replace(line, decision=decision, gone="")


def closed(reviews: Reviews, gone: Iterable[tuple[str, LineKey]], day: date) -> Reviews:
    """With these lines (by review and key) seen to be gone from every system."""
    seen = set(gone)

    def settled(review: Review, line: ReviewLine) -> ReviewLine:
        away = line.is_to_go and (review.id, line.key) in seen
        return replace(line, gone=day.isoformat()) if away else line

    return tuple(replace(one, lines=tuple(settled(one, line) for line in one.lines)) for one in reviews)


def believed(reviews: Reviews, not_believed: Collection[tuple[str, LineKey]]) -> Reviews:
    """Without the answers on these lines, by review and key."""
    if not not_believed:
        return reviews

    def without(review: Review, line: ReviewLine) -> ReviewLine:
        return replace(line, decision=None, gone="") if (review.id, line.key) in not_believed else line

    return tuple(replace(one, lines=tuple(without(one, line) for line in one.lines)) for one in reviews)


def removals(reviews: Reviews) -> Iterator[tuple[Review, ReviewLine]]:
    """What was to be removed and has not been seen to be gone, by review."""
    for one in reviews:
        for line in one.to_go:
            yield one, line


def last_signed(reviews: Reviews, role: str) -> date | None:
    """The day on which the last review of a role had all its answers; None: there was none."""
    days = [day for one in reviews if role in one.roles and (day := one.signed_on)]
    return max(days, default=None)


# --- JSON ---------------------------------------------------------------------------------------------------------


def reviews_to_json(reviews: Reviews) -> list[dict[str, Any]]:
    """Reviews as the record keeps them."""
    return [
        {name: getattr(one, name) for name in _TEXTS}
        | {"roles": list(one.roles), "lines": [_line_to_json(line) for line in one.lines]}
        for one in reviews
    ]


def reviews_from_json(data: Sequence[Mapping[str, Any]]) -> Reviews:
    """The inverse of `reviews_to_json`.

    Raises: ValueError, KeyError or TypeError for what are no reviews.
    """
    return tuple(
        Review(
            roles=tuple(map(str, one["roles"])),
            lines=tuple(map(_line_from_json, one["lines"])),
            due=iso_day(one["due"]),
            at=iso_moment(one["at"]),
            **{name: str(one[name]) for name in ("id", "by", "system")},
        )
        for one in data
    )


_TEXTS = ("id", "due", "by", "at", "system")
_DAYS = ("since", "until", "gone")
_OF_LINE = ("user", "role", "kind", "since", "until", "gone")
_OF_DECISION = ("by", "as_user", "at", "reason")


def _line_to_json(line: ReviewLine) -> dict[str, Any]:
    decision = line.decision
    return {name: getattr(line, name) for name in _OF_LINE} | {
        "declared": line.declared,
        "groups": {system: list(groups) for system, groups in sorted(line.groups.items())},
        "decision": None
        if decision is None
        else {"word": decision.word, **{name: getattr(decision, name) for name in _OF_DECISION}},
    }


def _line_from_json(data: Mapping[str, Any]) -> ReviewLine:
    said = data["decision"]
    decision = (
        None
        if said is None
        else Decision(
            one_of(Word, said["word"]),
            at=iso_moment(said["at"]),
            **{name: str(said[name]) for name in ("by", "as_user", "reason")},
        )
    )
    return ReviewLine(
        declared=bool(data["declared"]),
        groups={str(system): tuple(map(str, groups)) for system, groups in data["groups"].items()},
        decision=decision,
        **{name: iso_day_or_none(data[name]) for name in _DAYS},
        **{name: _named(data[name]) for name in ("user", "role", "kind")},
    )


def _named(value: Any) -> str:
    """Raises: ValueError when it is empty."""
    if not value:
        raise ValueError("a line of a review names nobody, or no role")
    return str(value)
