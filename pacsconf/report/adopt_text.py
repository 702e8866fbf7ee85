"""What an adoption came to: what was found and written, what is accepted or left alone, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.lines import (
    Line,
    Lines,
    Span,
    beside,
    columns,
    commanded,
    joined,
    line,
    padded,
    width_of,
    wrapped,
)
from pacsconf.report.words import counted, listed

_SHOWN = 10
"""Of many alike, so many are shown and the rest is counted; the JSON form has all."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that was written, or would be; `proposal`: it holds comments only."""

    path: str
    lines: int
    proposal: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """Something that is not declared, or is left alone: what, why, and what to do about it."""

    what: str
    fix: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A fault that was there already: by its rule and place, with a few words."""

    rule: str
    at: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Differs:
    """One AE title of which two sources say different things."""

    title: str
    declared: str
    at: str
    live: str


@dataclass(frozen=True, slots=True)
class Twin:
    """A device that is declared already, under its own name or another one."""

    live: str
    declared: str
    at: str


@dataclass(frozen=True, slots=True)
class Adopted:
    """All that there is to tell. `counts` are by singular noun; `dry_run`: nothing was written."""

    source: str
    system: str
    counts: Mapping[str, int]
    files: Sequence[File]
    dry_run: bool = False
    profiles: Mapping[str, int] = field(default_factory=dict)
    sets: Mapping[str, int] = field(default_factory=dict)
    """By capability set: how many AE titles name it."""
    flows: Sequence[str] = ()
    proposals: Mapping[str, str] = field(default_factory=dict)
    """By name of a flow that is proposed only: why it is not declared."""
    accepted: Sequence[Accepted] = ()
    owner: str = ""
    until: date | None = None
    left: Sequence[Left] = ()
    ignored: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By reason: patterns under `ignore` of the new system."""
    unseen: Sequence[str] = ()
    differs: Sequence[Differs] = ()
    twins: Sequence[Twin] = ()
    absent: Sequence[str] = ()
    """Declared devices that the source does not know."""
    undeclared: Sequence[str] = ()
    elsewhere: Sequence[str] = ()
    bindings: str = ""
    """Lines for the operator file, without which `plan` refuses the secret."""
    operator_file: str = ""
    next_steps: Sequence[str] = ()


def adopt_json(told: Adopted) -> str:
    """The same for machines: everything, nothing shortened."""
    body = {"format_version": FORMAT_VERSION, **asdict(told), "until": told.until and told.until.isoformat()}
    return as_text(body)


def adopt_text(told: Adopted, width: int = 80) -> Lines:
    """The screen: the answer first, then what was written, what a person should know, and what to type next."""
    room = columns(width)
    return joined(
        (
            _headline(told, room),
            _files(told, room),
            _gathered("Profiles found, with their devices  ", told.profiles, room),
            _gathered("Capability sets found, with their AE titles  ", told.sets, room),
            _flows(told, room),
            _accepted(told, room),
            _left(told, room),
            _differs(told, room),
            _twins(told, room),
            _absent(told, room),
            _elsewhere(told, room),
            _unseen(told, room),
            _binding(told, room),
            _next(told, room),
        )
    )


def _headline(told: Adopted, width: int) -> Lines:
    found = listed(counted(number, noun) for noun, number in told.counts.items() if number) or "nothing"
    verb = "Would adopt" if told.dry_run else "Adopted"
    as_system = f" as {told.system}" if told.system else ""
    return (
        *wrapped(f"{verb} {told.source}{as_system}: {found}", width, style="strong"),
        *wrapped("It was only read; nothing was changed there.", width),
    )


def _files(told: Adopted, width: int) -> Lines:
    if not told.files:
        return ()
    head = "Would be written (--dry-run: nothing was)" if told.dry_run else "Written"
    rows = (
        row
        for file in told.files
        for row in beside(
            line(Span("  + ", "create"), file.path),
            line(Span(f"{counted(file.lines, 'line')}{' of comments' if file.proposal else ''}", "faint")),
            width,
        )
    )
    return (line(Span(head, "strong")), *rows)


def _gathered(head: str, found: Mapping[str, int], width: int) -> Lines:
    """What was found of one sort, and how many there are of each."""
    if not found:
        return ()
    names = [f"{name} ({number})" for name, number in found.items()]
    return wrapped(listed(_few(names)), width, first=line(Span(head, "strong")), indent=4)


def _flows(told: Adopted, width: int) -> Lines:
    rows: list[Line] = []
    if told.flows:
        head = line(Span("Flows inferred  ", "strong"))
        rows += wrapped(listed(_few(told.flows)), width, first=head, indent=4)
    if told.proposals:
        rows += wrapped("Flows proposed only, as comments to be judged", width, style="strong")
        for name, why in list(told.proposals.items())[:_SHOWN]:
            rows += wrapped(f"{name}: {why}", width, first=line("  ? "))
        rows += _more(len(told.proposals))
    return tuple(rows)


def _accepted(told: Adopted, width: int) -> Lines:
    if not told.accepted or told.until is None:
        return ()
    head = (
        f"Accepted until {told.until:%d %b %Y}, owner {told.owner}: "
        f"{counted(len(told.accepted), 'fault')} that {'was' if len(told.accepted) == 1 else 'were'} there already"
    )
    rows = (
        row
        for one in told.accepted[:_SHOWN]
        for row in wrapped(
            one.summary or one.at, width, first=line("  ! ", Span(one.rule, "warning"), "  "), indent=4
        )
    )
    return (*wrapped(head, width, style="strong"), *rows, *_more(len(told.accepted)))


def _left(told: Adopted, width: int) -> Lines:
    rows: list[Line] = []
    for one in told.left[:_SHOWN]:
        rows += wrapped(one.what, width, first=line("  ? "))
        rows += wrapped(one.fix, width, first=line(Span("      fix  ", "faint"))) if one.fix else ()
    rows += _more(len(told.left))
    for why, patterns in told.ignored.items():
        shown = listed(_few(list(patterns), 4))
        said = why.splitlines()[0].rstrip(".") if why else "Differs"
        rows += wrapped(f"{said}: {shown}", width, first=line("  · "))
    return (line(Span("Left alone, and why", "strong")), *rows) if rows else ()


def _differs(told: Adopted, width: int) -> Lines:
    """A table; where it does not fit, each in lines of its own."""
    if not told.differs:
        return ()
    head = f"Where the sources differ; {told.system or 'the source'} keeps its own value, so nothing changes"
    table = [("AE title", "inventory says", f"{told.system or 'source'} says")]
    table += [(one.title, f"{one.declared} ({one.at})", one.live) for one in told.differs[: 4 * _SHOWN]]
    widths = [max(width_of(line(row[at])) for row in table) for at in range(3)]
    if sum(widths) + 8 > width:
        rows = [row for one in told.differs[: 4 * _SHOWN] for row in _differ(one, told, width)]
    else:
        rows = [
            line("  ", padded(row[0], widths[0]), "  ", padded(row[1], widths[1]), "  ", row[2])
            for row in table
        ]
    return (*wrapped(head, width, style="strong"), *rows, *_more(len(told.differs), 4 * _SHOWN))


def _differ(one: Differs, told: Adopted, width: int) -> Iterator[Line]:
    yield line("  ", Span(one.title, "strong"))
    yield from wrapped(f"{one.declared} ({one.at})", width, first=line("      inventory says  "))
    yield from wrapped(one.live, width, first=line("      ", padded(f"{told.system or 'source'} says", 16)))


def _twins(told: Adopted, width: int) -> Lines:
    if not told.twins:
        return ()
    head = "Declared already by AE title, so not declared again; both sides are ignored in the new system"
    rows = (row for one in told.twins[:_SHOWN] for row in wrapped(_twin(one), width, first=line("  = ")))
    hint = (
        "To join one: give the declared device the name that it has there, complete it, then remove its lines "
        f"under systems.{told.system}.ignore."
    )
    return (
        *wrapped(head, width, style="strong"),
        *rows,
        *_more(len(told.twins)),
        *wrapped(hint, width, first=line("  ")),
    )


def _absent(told: Adopted, width: int) -> Lines:
    if not told.absent:
        return ()
    head = f"Declared, and not in {told.system or told.source}; ignored there: {listed(_few(told.absent))}"
    return wrapped(head, width)


def _twin(one: Twin) -> str:
    if one.live == one.declared:
        return f"{one.declared} ({one.at}) has the same name there"
    return f"{one.declared} ({one.at}) is called {one.live} there"


def _elsewhere(told: Adopted, width: int) -> Lines:
    rows: list[Line] = []
    if told.undeclared:
        text = (
            f"{counted(len(told.undeclared), 'device')} not declared, since other systems would get "
            f"{'it' if len(told.undeclared) == 1 else 'them'} too: {listed(_few(list(told.undeclared)))}. "
            "Their peers say title and address themselves; a file holds them as comments."
        )
        rows += wrapped(text, width, first=line("  ? "))
    if told.elsewhere:
        text = (
            f"The next plan is not empty: {listed(_few(list(told.elsewhere)))} would be made or changed, since "
            "what is declared now concerns other systems too. They are read-only unless you made them writable. "
            "If that is not wanted, ignore them there, or leave them out here."
        )
        rows += wrapped(text, width, first=line("  ! "))
    return (line(Span("Other systems", "strong")), *rows) if rows else ()


def _unseen(told: Adopted, width: int) -> Lines:
    rows = (row for text in told.unseen for row in wrapped(text, width, first=line("  ? ")))
    return (line(Span("Could not be seen", "strong")), *rows) if told.unseen else ()


def _binding(told: Adopted, width: int) -> Lines:
    if not told.bindings:
        return ()
    head = f"Before plan can sign in, add to {told.operator_file}:"
    return (
        *wrapped(head, width, style="strong"),
        *(line(f"    {row}") for row in told.bindings.splitlines()),
    )


def _next(told: Adopted, width: int) -> Lines:
    rows: list[Line] = []
    for position, command in enumerate(told.next_steps):
        rows += commanded(line("Next: " if position == 0 else "      "), command, width)
    return tuple(rows)


def _few(names: Sequence[str], most: int = _SHOWN) -> Iterable[str]:
    """The first names, and how many more there are."""
    more = len(names) - most
    return (*names[:most], f"{more} more") if more > 0 else names


def _more(number: int, most: int = _SHOWN) -> Lines:
    return (
        (line(Span(f"    … {number - most} more (--format json has all)", "faint")),) if number > most else ()
    )
