"""How audits went from one to the next, as a drawing and as the table beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pacsconf.policy.audit import Audit, Point, point_of
from pacsconf.policy.results import State

MOST = 30
"""Audits that are drawn, the last of them."""

WIDTH, HEIGHT = 720, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 108, 12, 24

DRAWN: tuple[tuple[State, str], ...] = (("fail", "failures"), ("unknown", "unknown"), ("waived", "waived"))


@dataclass(frozen=True, slots=True)
class Curve:
    """One state over time: marks to draw, the line through them, and where its name stands at the end."""

    state: State
    name: str
    marks: tuple[tuple[float, float], ...]
    label: float
    last: int

    @property
    def points(self) -> str:
        return " ".join(f"{x:g},{y:g}" for x, y in self.marks)


@dataclass(frozen=True, slots=True)
class Trend:
    """Points from the oldest to the newest, which is this audit; `before` is how many older ones there are."""

    points: tuple[Point, ...]
    before: int
    curves: tuple[Curve, ...]
    ticks: tuple[tuple[int, float], ...]
    """Numbers beside the axis, and their height."""
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def trend_of(audit: Audit, earlier: Sequence[Point]) -> Trend:
    """The earlier audits for the same frameworks with this one behind them: numbers of others are no comparison."""
    this = point_of(audit)
    alike = (one for one in earlier if one.id != this.id and one.frameworks == this.frameworks)
    others = sorted(alike, key=lambda one: (one.at, one.id))
    every = tuple(_whole(one) for one in (*others, this))
    shown = every[-MOST:]
    most = max((point.states[state] for point in shown for state, _ in DRAWN), default=0)
    step = _step(most)
    top = step * max(1, -(-most // step))
    curves = tuple(_curve(state, name, shown, top) for state, name in DRAWN)
    ticks = tuple((number, _y(number, top)) for number in range(0, top + 1, step))
    return Trend(shown, len(every) - len(shown), _apart(curves), ticks)


def _whole(point: Point) -> Point:
    """The same with nought for what was not counted."""
    return replace(point, states=Counter(point.states), failures=Counter(point.failures))


def _step(most: int) -> int:
    """The distance of ticks: 1, 2 or 5 of a power of ten, so that there are at most five."""
    power = 1
    while True:
        for times in (1, 2, 5):
            if most <= 5 * times * power:
                return times * power
        power *= 10


def _curve(state: State, name: str, points: Sequence[Point], top: int) -> Curve:
    room = WIDTH - _LEFT - _RIGHT
    gap = room / max(1, len(points) - 1)
    marks = tuple(
        (round(_LEFT + gap * at, 1) if len(points) > 1 else _LEFT + room, _y(one.states.get(state, 0), top))
        for at, one in enumerate(points)
    )
    return Curve(state, name, marks, marks[-1][1], points[-1].states.get(state, 0))


def _apart(curves: tuple[Curve, ...]) -> tuple[Curve, ...]:
    """The same with names that do not lie on each other."""
    label = float(_TOP - 16)
    found: dict[State, float] = {}
    for one in sorted(curves, key=lambda one: one.label):
        label = max(one.label, label + 16)
        found[one.state] = label
    over = max(0.0, label - (HEIGHT - 4))
    return tuple(Curve(one.state, one.name, one.marks, found[one.state] - over, one.last) for one in curves)


def _y(number: int, top: int) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * number / top, 1)
