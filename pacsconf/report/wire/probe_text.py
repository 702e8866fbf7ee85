"""A run of `probe` as a screen: the matrix, whom each lets in, what is wrong, and the counts at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pacsconf.core.finding import Finding
from pacsconf.core.moment import iso_in_words
from pacsconf.dicom.observation import Doors
from pacsconf.dicom.probe.findings import SITE, findings, strangers
from pacsconf.dicom.probe.run import (
    VERDICTS,
    ProbeRun,
    Sighting,
    counts_of,
    latency,
)
from pacsconf.dicom.targets import Target
from pacsconf.report.diagnostics import findings_text
from pacsconf.report.lines import (
    BLANK,
    Lines,
    Span,
    commanded,
    itemised,
    joined,
    line,
    padded,
    width_of,
    wrapped,
)
from pacsconf.report.wire.probe_matrix import LABEL, SIGNS, Matrix, Names, by_site, rows_text

_FEW = 10
"""Findings that are shown whole unless all is asked for."""


def probe_text(run: ProbeRun, shown: Matrix, compared: Lines = ()) -> Lines:
    """The whole screen of a run; `compared` is how it differs from another one."""
    return joined(
        (
            rows_text(run.sightings, shown),
            doors_text(run.sightings, shown),
            compared,
            _findings(run, shown),
            _closing(run, shown),
        )
    )


# --- whom it lets in --------------------------------------------------------------------------------------------

_DOORS = (
    ("wrong_called", "wrong title"),
    ("unknown_calling", "stranger"),
    ("echo", "echo"),
    ("store", "store"),
    ("query", "query"),
)


_ANSWER = len("refused")


def doors_text(sightings: Sequence[Sighting], shown: Matrix) -> Lines:
    """What strangers met, where that was tried."""
    tried = [
        (one, doors) for one in sorted(sightings, key=by_site) if (doors := one.observation.doors) is not None
    ]
    if not tried:
        return ()
    names = Names([one for one, _ in tried])
    heads = [(title, max(len(title), _ANSWER)) for _, title in _DOORS]
    room = shown.columns - sum(size for _, size in heads) - 2 * len(heads) - 2
    size = min(max(width_of(line(names(one.target))) for one, _ in tried), max(LABEL, room))
    head = "  ".join(padded(title, wide) for title, wide in heads)
    said = (
        "Whom it lets in: called by a title that is not its own, and by a caller that nobody knows; what such a "
        "stranger could do. Nothing was stored."
    )
    return (
        *wrapped(said, shown.columns, style="strong"),
        line(" " * (size + 4), Span(head.rstrip(), "faint")),
        *(row for one, doors in tried for row in _doors(names(one.target), one.target, doors, size)),
    )


def _doors(label: str, target: Target, doors: Doors, size: int) -> Lines:
    answers = [(getattr(doors, name), max(len(title), _ANSWER)) for name, title in _DOORS]
    sign, style = SIGNS["unknown" if any(answer == "unknown" for answer, _ in answers) else "healthy"]
    if any(strangers(target, doors)):
        sign, style = "!", "warning"
    cells = "  ".join(padded("OPEN" if answer == "open" else answer, wide) for answer, wide in answers)
    if width_of(line(label)) > size:
        return (line(Span(sign, style), " ", label), line(" " * (size + 4), cells.rstrip()))
    return (line(Span(sign, style), " ", padded(label, size), "  ", cells.rstrip()),)


# --- what is wrong, and the sum ---------------------------------------------------------------------------------


def findings_of(run: ProbeRun, *, everything: bool = False) -> list[Finding]:
    """What is wrong, failing things first, in the order of the matrix; with `everything` also what was not seen.

    That a whole site was not is always told: it is not a device's rest, but a worker that is missing.
    """
    found = (finding for one in sorted(run.sightings, key=by_site) for finding in findings(one.observation))
    told = [one for one in dict.fromkeys(found) if everything or one.verdict == "fail" or one.rule == SITE]
    return sorted(told, key=lambda finding: finding.severity != "error")


def _findings(run: ProbeRun, shown: Matrix) -> Lines:
    found = findings_of(run, everything=shown.verbose)
    told = found if shown.verbose else found[:_FEW]
    more = len(found) - len(told)
    text = findings_text(told, place_of=shown.place_of, line_of=shown.line_of, width=shown.width)
    return joined((text, (line(Span(f"… and {more} more (-v shows them)", "faint")),) if more else ()))


def _closing(run: ProbeRun, shown: Matrix) -> Lines:
    partial = () if run.whole else _partial(shown)
    latencies = tuple(_latencies(run))
    times = itemised(latencies, shown.columns, first=line(Span("latency  ", "faint"))) if latencies else ()
    return (*partial, *_called(run, shown), *times, *_sum(run, shown))


def _partial(shown: Matrix) -> Lines:
    text = "Stopped: this is what was seen until then. Targets that are not shown were not asked."
    return wrapped(text, shown.columns, style="warning")


def _called(run: ProbeRun, shown: Matrix) -> Lines:
    if any(one.target.calling is None and one.verdict == "unknown" for one in run.observations):
        text = (
            "No device is named to call as, so no association was requested. Declare the computer that asks, and "
            "name it in the inventory: pacsconf: {probe_as: DEVICE}."
        )
        return wrapped(text, shown.columns, style="warning")
    if not run.impersonated:
        return ()
    text = (
        f"Called as {run.impersonated}, which is another's title: a rejection may mean that it is expected from "
        "elsewhere, so it counts as unknown."
    )
    return wrapped(text, shown.columns)


def _latencies(run: ProbeRun) -> Iterator[str]:
    for name, label in (
        ("tcp", "tcp"),
        ("mllp", "hl7"),
        ("association", "assoc"),
        ("echo", "echo"),
        ("query", "query"),
    ):
        found = latency(run.observations, name)
        if found is not None:
            yield f"{label} p50 {found.p50:.0f}, p95 {found.p95:.0f}, max {found.most:.0f} ms"


def _sum(run: ProbeRun, shown: Matrix) -> Lines:
    """`58 healthy · 2 failing · 9 asleep · 14 not probed · p95 echo 21 ms`, and what to type next."""
    text = counts_text(run)
    after = next_step(run, shown)
    if not after:
        return itemised(text, shown.columns, style="strong")
    said = itemised(text, shown.columns, style="strong")
    follows = line("Next: ", Span(after, "command"))
    if len(said) == 1 and width_of(said[0]) + 6 + width_of(follows) <= shown.columns:
        return (line(*said[0], "      ", *follows),)
    return (*said, *commanded(line("Next: "), after, shown.columns))


def counts_text(run: ProbeRun) -> list[str]:
    """The counts as a list: the first four always, that which could not be looked at where there is any."""
    counts = counts_of(run.observations)
    items = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS[:4]]
    items += [f"{counts['unknown']} unknown"] if counts["unknown"] else []
    echo = latency(run.observations, "echo")
    return [*items, f"p95 echo {echo.p95:.0f} ms"] if echo else items


def next_step(run: ProbeRun, shown: Matrix) -> str:
    """What to type next: to find out why the first one fails."""
    asked = (one for one in sorted(run.sightings, key=by_site) if not one.target.speaks_hl7)
    first = next(filter(_fails, asked), None)
    if first is None or not shown.prober:
        return ""
    return f"{shown.command} diagnose {shown.prober} {first.target.device}/{first.target.title}"


def _fails(one: Sighting) -> bool:
    return one.observation.verdict == "failing"


def head_text(run: ProbeRun, shown: Matrix, place: str = "") -> Lines:
    """Where a run that was kept comes from; `place` is where it is kept."""
    site = f", site {run.site}" if run.site else ""
    facts = (
        ("kept in", place),
        ("asked at", iso_in_words(run.at)),
        ("by", run.by),
        ("from", f"{run.where}{site}"),
        ("called as", run.impersonated),
    )
    rows = (
        row
        for name, text in facts
        if text
        for row in wrapped(text, shown.columns, first=line(Span(f"  {padded(name, 9)}  ", "faint")))
    )
    return (line(Span(f"Probe of {run.environment}", "strong")), *rows, BLANK)
