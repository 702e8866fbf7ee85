"""The matrix of a run of `probe`: a row for each target, a column for each layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pacsconf.dicom.observation import Fault, Observation, Step, Verdict
from pacsconf.dicom.probe.run import Key, Sighting, accepted, key_of
from pacsconf.dicom.targets import Target
from pacsconf.report.diagnostics import LineOf, PlaceOf
from pacsconf.report.lines import Line, Lines, Span, Style, columns, line, padded, width_of, wrapped

SIGNS: Mapping[Verdict, tuple[str, Style]] = {
    "healthy": ("✓", "good"),
    "failing": ("✗", "error"),
    "asleep": ("–", "faint"),  # noqa: RUF001
    "unknown": ("?", "warning"),
    "not probed": ("·", "faint"),
}
_NONE = "–"  # noqa: RUF001
"""In a cell: it was not come to."""
_ALIKE = 3
"""From so many on, rows of a site that were left alone for one reason are one row."""
LABEL = 24
"""Columns that the names may take before notes have any; in a row that is full, fewer."""
_SHORTEST = 8
_SIGN, _MARK = 2, 6
"""Columns of the sign in front of a row, and of the number of a note behind it."""


_NOTED = 2
"""Lines that a note may have in the matrix; what fails is told whole below it."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """How a run is shown. `command` is how pacsconf is called, and `prober` who asks: for what to type next."""

    now: datetime
    width: int = 80
    verbose: bool = False
    command: str = "pacsconf"
    prober: str = ""
    place_of: PlaceOf = lambda _path: None
    line_of: LineOf = lambda _file, _number: None

    @property
    def columns(self) -> int:
        return columns(self.width)


@dataclass(frozen=True, slots=True)
class _Column:
    """A layer: its heading, and what stands in it for an observation; no text: nothing was tried."""

    name: str
    cell: Callable[[Observation], str]


def _of_step(*names: str) -> Callable[[Observation], str]:
    def cell(seen: Observation) -> str:
        steps = [step for step in seen.steps if step.name in names]
        return _word(steps) if steps else ""

    return cell


def _word(steps: Sequence[Step]) -> str:
    """What became of a layer: the worst of its steps."""
    failed = next((step for step in steps if step.passed is False), None)
    if failed is not None:
        return _failure(failed.fault)
    return "?" if any(step.passed is None for step in steps) else "ok"


_FAILURES = {"rejected": "REJ", "aborted": "ABORT", "closed": "HUNG", "silent": "MUTE", "refused": "SHUT"}


def _failure(fault: Fault | None) -> str:
    return _FAILURES.get(fault.how, "FAIL") if fault else "FAIL"


def _tls(seen: Observation) -> str:
    word = _of_step("tls")(seen)
    if seen.encryption is not None and word in ("ok", ""):
        return seen.encryption.version.removeprefix("TLSv").removeprefix("TLS ") or "ok"
    return word


def _contexts(seen: Observation) -> str:
    took, of_all = accepted(seen)
    return f"{took}/{of_all}" if of_all else _of_step("contexts")(seen)


def _echo(seen: Observation) -> str:
    step = next((step for step in seen.steps if step.name == "echo"), None)
    return f"{step.milliseconds:.0f} ms" if step and step.passed else _of_step("echo")(seen)


def _hl7(seen: Observation) -> str:
    step = next((step for step in seen.steps if step.name == "mllp"), None)
    return (
        f"{seen.acknowledged} {step.milliseconds:.0f} ms" if step and step.passed else _of_step("mllp")(seen)
    )


_COLUMNS = (
    _Column("dns", _of_step("name")),
    _Column("tcp", _of_step("tcp")),
    _Column("tls", _tls),
    _Column("hl7", _hl7),
    _Column("assoc", _of_step("association")),
    _Column("contexts", _contexts),
    _Column("echo", _echo),
    _Column("query", _of_step("query", "worklist")),
)


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    verdict: Verdict
    cells: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class _Table:
    """How rows are laid out: the columns that are `used` and how wide each is, and that of the `names`.

    `room` is left for a note; what many rows would note, and has no room there, is told once by its number in
    `marks`.
    """

    used: tuple[int, ...]
    widths: tuple[int, ...]
    names: int
    room: int
    marks: Mapping[str, int]
    columns: int


def rows_text(sightings: Sequence[Sighting], shown: Matrix) -> Lines:
    """The matrix, by site and device; columns of layers that nobody was asked about are left out."""
    rows = list(_rows(sightings, shown))
    if not rows:
        return ()
    table = _table(rows, shown.columns)
    heads = (padded(_COLUMNS[at].name, size) for at, size in zip(table.used, table.widths, strict=True))
    titles = line(" " * (table.names + 4), Span("  ".join(heads).rstrip(), "faint"))
    body = (text for row in rows for text in _row(row, table))
    notes = (
        text
        for note, mark in table.marks.items()
        for text in wrapped(note, shown.columns, first=line(Span(padded(f"  [{mark}]", 7), "faint")))
    )
    return (*((titles,) if table.used else ()), *body, *notes)


def _table(rows: Sequence[_Row], columns: int) -> _Table:
    used = tuple(at for at in range(len(_COLUMNS)) if any(row.cells[at] for row in rows))
    widths = tuple(
        max(len(_COLUMNS[at].name), *(width_of(line(row.cells[at])) for row in rows)) for at in used
    )
    free = columns - sum(widths) - 2 * len(widths) - _SIGN
    longest = max(width_of(line(row.label)) for row in rows)
    names = min(longest, max(free - _MARK, min(LABEL, free), _SHORTEST))
    room = free - names - 2
    often = Counter(row.note for row in rows if _MARK - 2 <= room < width_of(line(row.note)))
    marks = {
        note: at for at, note in enumerate((n for n, times in often.items() if times >= _ALIKE), start=1)
    }
    return _Table(used, widths, names, room, marks, columns)


def _rows(sightings: Sequence[Sighting], shown: Matrix) -> Iterator[_Row]:
    together = Counter(_left_alone(one) for one in sightings)
    of_site = Counter(one.target.site for one in sightings)
    told: set[tuple[str | None, str] | None] = set()
    ordered = sorted(sightings, key=by_site)
    names = Names(ordered)
    before: Target | None = None
    for one in ordered:
        alike = _left_alone(one)
        if alike is None or together[alike] < _ALIKE or shown.verbose:
            yield _single(one, names.behind(one.target, before), shown)
            before = one.target
        elif alike not in told:
            told.add(alike)
            number, all_of_it = together[alike], of_site[one.target.site]
            count = f"({number})" if number == all_of_it else f"({number} of {all_of_it})"
            label = f"{one.target.site}/*  {count}" if one.target.site else f"*  {count}"
            yield _Row(label, "not probed", ("",) * len(_COLUMNS), one.observation.reason)


def _left_alone(one: Sighting) -> tuple[str | None, str] | None:
    """Site and reason of what was not probed; None for what was."""
    return (one.target.site, one.observation.reason) if one.observation.verdict == "not probed" else None


def by_site(one: Sighting) -> tuple[str, Key]:
    return one.target.site or "", one.key


class Names:
    """What each target is called: as short as tells it from the others that are shown."""

    def __init__(self, sightings: Sequence[Sighting]) -> None:
        titles: dict[str, set[str]] = {}
        connections: dict[tuple[str, str], set[str]] = {}
        for one in sightings:
            titles.setdefault(one.target.device, set()).add(one.target.title)
            connections.setdefault((one.target.device, one.target.title), set()).add(one.target.connection)
        self._titles, self._connections = titles, connections

    def __call__(self, target: Target) -> str:
        site = f"{target.site}/" if target.site else ""
        title = f"/{target.title}" if len(self._titles[target.device]) > 1 else ""
        several = len(self._connections[target.device, target.title]) > 1
        connection = f" {target.connection}" if several else ""
        node = f" {target.node}" if target.node else ""
        return f"{site}{target.device}{title}{connection}{node}"

    def behind(self, target: Target, before: Target | None) -> str:
        """The same below the row of `before`: a node below its connection is named alone."""
        if before is None or not target.node or key_of(before)[:3] != key_of(target)[:3]:
            return self(target)
        return f"  {target.node}"


def _single(one: Sighting, label: str, shown: Matrix) -> _Row:
    seen = one.observation
    cells = tuple(column.cell(seen) for column in _COLUMNS)
    return _Row(label, seen.verdict, cells, _note(one, shown))


def _note(one: Sighting, shown: Matrix) -> str:
    """Why it is as it is; of what fails, since when, where former runs tell."""
    seen = one.observation
    if shown.verbose and not seen.reason and seen.acknowledged:
        return next((step.text for step in seen.steps if step.name == "mllp"), "")
    since = lasting(one, shown.now) if seen.verdict in ("failing", "unknown") else ""
    return f"{seen.reason} (since {since})" if since else seen.reason


def lasting(one: Sighting, now: datetime) -> str:
    """Since when it has been so, in words; empty where this is the first time, as far as is known."""
    if not one.since or one.since == one.observation.at:
        return ""
    begun = datetime.fromisoformat(one.since).astimezone(now.tzinfo)
    same_day = now - begun < timedelta(days=1) and begun.date() == now.date()
    return f"{begun:%H:%M} UTC" if same_day else f"{begun:%d %b %Y %H:%M} UTC"


def _row(row: _Row, table: _Table) -> Lines:
    """One row; what is too long for it stands below."""
    sign, style = SIGNS[row.verdict]
    nothing = "·" if row.verdict == "not probed" else _NONE
    cells = [
        padded(row.cells[at] or nothing, size) for at, size in zip(table.used, table.widths, strict=True)
    ]
    bold: Style = "strong" if row.verdict == "failing" else ""
    label = line(Span(sign, style), " ", Span(padded(row.label, table.names), bold))
    long = width_of(line(row.label)) > table.names
    body = line(*(line(" " * (table.names + _SIGN)) if long else label), *(f"  {cell}" for cell in cells))
    first = (line(Span(sign, style), " ", Span(row.label, bold)),) if long else ()
    return (*first, *_noted(body, row.note, "" if style == "good" else style, table))


def _noted(body: Line, note: str, style: Style, table: _Table) -> Lines:
    if not note:
        return (body,)
    said = f"[{table.marks[note]}]" if note in table.marks else note
    if width_of(line(said)) <= table.room:
        return (line(*body, "  ", Span(said, style)),)
    below = wrapped(said, table.columns - 2, first=line("    "), style=style)
    if len(below) <= _NOTED:
        return (body, *below)
    return (body, *below[: _NOTED - 1], line(*below[_NOTED - 1], Span(" …", style)))
