"""Findings as a compiler shows its errors: place, source, why it matters, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate, takewhile

from pacsconf.core.finding import Finding, Path, Place, Severity
from pacsconf.report.lines import Line, Lines, Span, Style, columns, joined, line, visible, width_of, wrapped
from pacsconf.report.words import counted, listed

PlaceOf = Callable[[Path], Place | None]
LineOf = Callable[[str, int], str | None]
"""`line_of(file, number)`: that line of a file, numbers from 1; None where it cannot be had."""

_STYLES: Mapping[Severity, Style] = {"error": "error", "warning": "warning", "info": "strong"}
SEVERITY_WORDS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
"""What people are told of how bad something is."""
_TAB = "→   "
"""A tab as it is drawn: in YAML it is often the mistake itself."""


def findings_text(
    findings: Iterable[Finding],
    *,
    place_of: PlaceOf,
    line_of: LineOf,
    width: int = 80,
    brief: bool = False,
) -> Lines:
    """Every finding that nobody accepted, with its place and source line, in the order of the files.

    `brief`: of a note only what it says and what to do, where it would stand above something more important.
    """
    return joined(
        _brief(finding, columns(width))
        if brief and finding.severity == "info"
        else _finding(finding, place, line_of, columns(width))
        for finding, place in placed(findings, place_of)
        if not finding.accepted
    )


def placed(findings: Iterable[Finding], place_of: PlaceOf) -> list[tuple[Finding, Place | None]]:
    """Findings with their places, sorted by place; those without one come last."""
    found = [(finding, finding.place or place_of(finding.path)) for finding in findings]
    return sorted(found, key=lambda one: (one[1] is None, one[1] or _NOWHERE, one[0].rule, one[0].summary))


_NOWHERE = Place("", 0, 0)


def _brief(finding: Finding, width: int) -> Lines:
    head = line(_label(finding), " ")
    return (*wrapped(finding.summary, width, first=head, indent=3), *_paragraph("fix", finding.fix, width))


def _finding(finding: Finding, place: Place | None, line_of: LineOf, width: int) -> Lines:
    return (
        *wrapped(finding.summary, width, first=line(_label(finding), " "), indent=3, style="strong"),
        *_where(finding, place, line_of, width),
        *_paragraph("why", finding.detail, width),
        *_paragraph("fix", finding.fix, width),
        *(row for other, words in finding.also for row in _paragraph("see", f"{other} {words}", width)),
    )


def _label(finding: Finding) -> Span:
    """How bad it is, and its rule: `error[PACS-AE-003]`, of a policy `high[PACS-TLS-001]`."""
    word = finding.policy or SEVERITY_WORDS[finding.severity]
    return Span(f"{word}[{finding.rule}]", _STYLES[finding.severity])


def _where(finding: Finding, place: Place | None, line_of: LineOf, width: int) -> Iterator[Line]:
    if place is not None:
        yield line("   ", str(place))
        source = line_of(place.file, place.line)
        if source is not None:
            yield from excerpt(place, source, width)
    elif finding.about is not None:
        yield line("   ", str(finding.about))
    elif finding.path:
        yield line("   ", ".".join(map(str, finding.path)))


def _paragraph(label: str, text: str, width: int) -> Lines:
    return wrapped(text, width, first=line(Span(f"   {label}  ", "faint"))) if text else ()


def excerpt(place: Place, source: str, width: int) -> Lines:
    """The source line with carets below what is meant; of a line that is too long, the part around it."""
    drawn = [_TAB if char == "\t" else visible(char) for char in source.rstrip("\r\n")]
    start = min(place.column - 1, len(drawn))
    number = str(place.line)
    gutter = f"   {number} | "
    first, last = _window(drawn, start, width - len(gutter) - 2)
    ahead = "…" if first else ""
    behind = "…" if last < len(drawn) else ""
    marked = "".join(drawn[start : min(start + max(1, place.length), last)])
    indent = width_of(line(ahead, "".join(drawn[first:start])))
    carets = "^" * max(1, width_of(line(marked)))
    return (
        line(Span(gutter, "faint"), ahead, "".join(drawn[first:last]), behind),
        line(Span(f"   {' ' * len(number)} | ", "faint"), " " * indent, Span(carets, "error")),
    )


def _window(drawn: list[str], start: int, room: int) -> tuple[int, int]:
    """From where to where a line is drawn so that position `start` is seen within `room` columns."""
    if sum(map(_columns, drawn)) <= room:
        return 0, len(drawn)
    lead = list(takewhile(lambda used: used <= room // 3, accumulate(map(_columns, reversed(drawn[:start])))))
    first = start - len(lead)
    shown = list(takewhile(lambda used: used <= room, accumulate(map(_columns, drawn[first:]))))
    return first, first + len(shown)


def _columns(text: str) -> int:
    return width_of(line(text))


def checked_text(
    findings: Iterable[Finding], checked: Mapping[str, int], seconds: float, width: int = 80
) -> Lines:
    """The last line of a check: what was found, and in how much.

    `checked` are counts by singular noun (`{"device": 61}`).
    """
    told = list(findings)
    found = Counter(finding.severity for finding in told if not finding.accepted)
    accepted = len(told) - found.total()
    errors = counted(found["error"], "error") if found["error"] else "No errors"
    others = (counted(found[s], SEVERITY_WORDS[s]) for s in ("warning", "info") if found[s])
    known = (f"{accepted} accepted",) if accepted else ()
    size = listed(counted(number, noun) for noun, number in checked.items())
    style: Style = "error" if found["error"] else "good"
    apart = (line(),) if found else ()
    head = line(Span(listed((errors, *others, *known)), style), " · ")
    took = f"checked in {seconds:.2f} s"
    whole = line(*head, f"{size} {took}")
    if width_of(whole) <= columns(width):
        return (*apart, whole)
    return (*apart, *wrapped(size, columns(width), first=head, indent=2), line(f"  {took}"))
