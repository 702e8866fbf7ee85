"""All pairs that flows connect: how many would work, what is half declared, what another commit changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pacsconf.core.finding import Finding
from pacsconf.dicom.reach.answer import Outcome
from pacsconf.dicom.reach.census import Cell
from pacsconf.dicom.reach.compare import Question, State, Turn, Turned
from pacsconf.report.as_json import FORMAT_VERSION, as_text, finding_as_json
from pacsconf.report.diagnostics import LineOf, PlaceOf, findings_text, placed
from pacsconf.report.lines import Line, Lines, Span, Style, columns, joined, line, padded, wrapped
from pacsconf.report.wire.reach_text import MARKS, arrow, untold
from pacsconf.report.words import counted, listed

_COUNTED: tuple[Outcome, ...] = ("works", "partly", "fails", "idle", "unknown")
_HEADS: Mapping[Outcome, str] = {
    "works": "work",
    "partly": "in part",
    "fails": "not",
    "idle": "unasked",
    "unknown": "unknown",
}
_WORST_FIRST: tuple[Outcome, ...] = ("fails", "partly", "unknown", "works", "idle")
_RARE: frozenset[Outcome] = frozenset({"idle", "unknown"})
"""Shown only where there are some."""


@dataclass(frozen=True, slots=True)
class All:
    """Every pair of some flows, and what is half declared; both already narrowed to what was asked for."""

    cells: Sequence[Cell]
    findings: Sequence[Finding]
    place_of: PlaceOf
    line_of: LineOf
    counts: Mapping[str, Mapping[Outcome, int]] = field(init=False)
    """Pairs by flow and outcome."""

    def __post_init__(self) -> None:
        found: dict[str, dict[Outcome, int]] = {}
        for cell in self.cells:
            of_flow = found.setdefault(cell.flow.name, {})
            outcome = cell.like.outcome
            of_flow[outcome] = of_flow.get(outcome, 0) + cell.pairs
        object.__setattr__(self, "counts", found)

    def total(self, outcome: Outcome) -> int:
        """Pairs of this outcome in all flows."""
        return sum(of_flow.get(outcome, 0) for of_flow in self.counts.values())


def all_text(shown: All, width: int = 80, *, verbose: bool = False) -> Lines:
    """The screen: the count first, then the flows that do not work whole, then what is half declared."""
    room = columns(width)
    return joined(
        (
            wrapped(_answer(shown), room, style="strong"),
            tuple(_table(shown, room, verbose=verbose)),
            findings_text(shown.findings, place_of=shown.place_of, line_of=shown.line_of, width=width),
            _last(shown, room),
        )
    )


def _answer(shown: All) -> str:
    pairs = counted(sum(map(shown.total, _COUNTED)), "pair")
    flows = counted(len(shown.counts), "flow")
    numbers = [
        f"{shown.total('works')} would work, {shown.total('partly')} in part, {shown.total('fails')} not"
    ]
    rare = ((shown.total("idle"), "never asked for"), (shown.total("unknown"), "not known"))
    numbers += [f"{number} {words}" for number, words in rare if number]
    return f"{flows}, {pairs}: {', '.join(numbers)}"


def _table(shown: All, width: int, *, verbose: bool) -> Iterator[Line]:
    rows = [one for one in sorted(shown.counts.items()) if verbose or set(one[1]) - {"works", "idle"}]
    if not rows:
        return
    shows = [outcome for outcome in _COUNTED if outcome not in _RARE or shown.total(outcome)]
    room = min(max(len(name) for name, _ in rows), width - 10 - 8 * len(shows))
    heads = " ".join(f"{head:>7}" for head in ("pairs", *(_HEADS[outcome] for outcome in shows)))
    yield line(Span(f"  {padded('flow', room + 2)} {heads}", "faint"))
    for name, counts in rows:
        numbers = [sum(counts.values()), *(counts.get(outcome, 0) for outcome in shows)]
        worst = next(outcome for outcome in _WORST_FIRST if counts.get(outcome))
        cells = " ".join(f"{number or '·':>7}" for number in numbers)
        yield line("  ", MARKS[worst], f" {padded(name, room)} {cells}")
        if verbose:
            yield from _examples(shown, name, width)


def _examples(shown: All, flow: str, width: int) -> Iterator[Line]:
    """Of each kind of pairs that do not work whole, the first and what is wrong with it."""
    for cell in shown.cells:
        if cell.flow.name != flow or cell.like.outcome == "works":
            continue
        pair = arrow(*cell.first)
        alike = f" and {cell.pairs - 1} more" if cell.pairs > 1 else ""
        first = cell.reach
        faults = listed((one.summary for one in first.findings if one.severity == "warning"), "; ")
        words = faults or listed(untold(first), ", and ") or "never asked for"
        mark = MARKS[cell.like.outcome]
        yield from wrapped(f"{pair}{alike}: {words}", width, first=line("      ", mark, " "))


def _last(shown: All, width: int) -> Lines:
    open_ones = [finding for finding in shown.findings if not finding.accepted]
    accepted = len(shown.findings) - len(open_ones)
    known = f", {accepted} accepted" if accepted else ""
    if not open_ones:
        return wrapped(f"Nothing is half declared{known}.", width, style="good")
    return wrapped(
        f"{counted(len(open_ones), 'finding')}{known}. One pair with all its reasons: pacsconf reach FROM TO",
        width,
    )


def all_json(shown: All) -> str:
    """The same for machines."""
    return as_text(
        {
            "format_version": FORMAT_VERSION,
            "pairs": {outcome: shown.total(outcome) for outcome in _COUNTED},
            "flows": {
                name: {outcome: counts.get(outcome, 0) for outcome in _COUNTED}
                for name, counts in sorted(shown.counts.items())
            },
            "kinds": [_cell(cell) for cell in shown.cells],
            "findings": [
                finding_as_json(finding, place) for finding, place in placed(shown.findings, shown.place_of)
            ],
        }
    )


def _cell(cell: Cell) -> dict[str, Any]:
    caller, called = (_name(device.name, ae.title) for device, ae in cell.first)
    return {
        "flow": cell.flow.name,
        "pairs": cell.pairs,
        "caller": caller,
        "called": called,
        "outcome": cell.like.outcome,
        "services": {service.name: service.outcome for service in cell.like.services},
    }


def _name(device: str, title: str) -> str:
    return f"{device}/{title}"


# --- another commit ----------------------------------------------------------------------------------------------

_TURNS: Mapping[Turn, tuple[str, str, Style]] = {
    "stops": ("-", "stops working", "delete"),
    "worse": ("-", "gets worse", "delete"),
    "changes": ("~", "fails otherwise", "update"),
    "better": ("+", "gets better", "create"),
    "begins": ("+", "begins to work", "create"),
}
_OUTCOMES: Mapping[str, str] = {
    "": "not declared",
    "idle": "never asked for",
    "unknown": "is not known to work",
    "fails": "does not work",
    "partly": "works in part",
    "works": "works",
}
LOSES: frozenset[Turn] = frozenset({"stops", "worse"})


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a branch would change, were it checked out; `pairs` were compared, each with its services."""

    revision: str
    commit: str
    turned: Sequence[Turned]
    pairs: int


def what_if_text(shown: WhatIf, width: int = 80) -> Lines:
    """The screen: the count first, then what stops, what changes, what begins."""
    room = columns(width)
    name = (
        shown.revision
        if shown.commit.startswith(shown.revision)
        else f"{shown.revision} ({shown.commit[:7]})"
    )
    if not shown.turned:
        words = f"With {name} nothing changes: {counted(shown.pairs, 'service')} between pairs compared"
        return wrapped(words, room, style="good")
    numbers = _numbers(shown.turned)
    said = listed(_many(turn, number) for turn, number in numbers.items() if number)
    return joined(
        (
            wrapped(f"With {name}: {said}", room, style="strong"),
            tuple(row for one in shown.turned for row in _turned(one, room)),
        )
    )


def _many(turn: Turn, number: int) -> str:
    """`2 stop working`, `1 stops working`."""
    one = _TURNS[turn][1]
    verb, _, rest = one.partition(" ")
    return f"{number} {one if number == 1 else f'{verb[:-1]} {rest}'}"


def _numbers(turned: Iterable[Turned]) -> dict[Turn, int]:
    found: dict[Turn, int] = dict.fromkeys(_TURNS, 0)
    for one in turned:
        found[one.turn] += one.pairs
    return found


def _turned(one: Turned, width: int) -> Iterator[Line]:
    sign, words, style = _TURNS[one.turn]
    question = one.first
    alike = f" and {one.pairs - 1} more" if one.pairs > 1 else ""
    pair = f"{question.caller[1]} → {question.called[1]}{alike}"
    yield from wrapped(
        f"{pair}, {question.service}: {words}", width, first=line("  ", Span(sign, style), " ")
    )
    for label, state in (("now", one.before), ("then", one.after)):
        flow = f" (flow {state.flow})" if state.flow else ""
        text = f"{_OUTCOMES[state.outcome]}{flow}{': ' if state.words else ''}{'; '.join(state.words)}"
        yield from wrapped(text, width, first=line(Span(f"      {label:<5} ", "faint")))


def what_if_json(shown: WhatIf) -> str:
    """The same for machines."""
    return as_text(
        {
            "format_version": FORMAT_VERSION,
            "revision": shown.revision,
            "commit": shown.commit,
            "compared": shown.pairs,
            "counts": _numbers(shown.turned),
            "turned": [
                {
                    "turn": one.turn,
                    "pairs": one.pairs,
                    **_question(one.first),
                    "before": _state(one.before),
                    "after": _state(one.after),
                }
                for one in shown.turned
            ],
        }
    )


def _question(question: Question) -> dict[str, str]:
    return {
        "caller": _name(*question.caller),
        "called": _name(*question.called),
        "service": question.service,
    }


def _state(state: State) -> dict[str, Any]:
    return {"flow": state.flow, "outcome": state.outcome or "undeclared", "reasons": list(state.words)}
