"""What `look` tells of something live: what it is, what is odd about it, what was not seen, what to type next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from typing import Any

from pacsconf.core.finding import Finding, Severity
from pacsconf.report.as_json import FORMAT_VERSION, as_text, finding_as_json
from pacsconf.report.lines import Line, Lines, Span, Style, columns, commanded, joined, line, wrapped
from pacsconf.report.words import counted, listed

MOST = 10
"""Kinds of oddities that are shown unless all are asked for."""

_SEVERITIES: Mapping[Severity, tuple[str, Style]] = {
    "error": ("error", "error"),
    "warning": ("warning", "warning"),
    "info": ("note", "strong"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a directory, an Orthanc or an export came to.

    `what` is what it is, with its name or version; `counts` are what it holds by singular noun; `account` is who
    looked, empty for nobody and None where nobody could be asked to sign in (a file).
    """

    where: str
    what: str
    counts: Mapping[str, int]
    findings: Sequence[Finding] = ()
    unseen: Sequence[str] = ()
    account: str | None = ""
    seconds: float = 0.0
    called: str = ""
    """What was sent beside reading, in words (associations)."""
    command: str = ""
    """What to type next; empty where there is nothing to go on with."""


def look_text(look: Look, width: int = 80, *, everything: bool = False) -> Lines:
    """The screen; `everything` lists each finding by itself."""
    room = columns(width)
    return joined(
        (
            tuple(_head(look, room)),
            _odd(look, room, everything=everything),
            _unseen(look.unseen, room),
            (*_nothing_changed(look, room), *_next(look, room)),
        )
    )


def _next(look: Look, room: int) -> Lines:
    return commanded(line("Next: "), look.command, room) if look.command else ()


def _head(look: Look, width: int) -> Iterator[Line]:
    who = {None: "", "": ", nobody signed in"}.get(look.account, f" as {look.account}")
    yield from wrapped(look.what, width, style="strong")
    yield from wrapped(f"{look.where}, read in {look.seconds:.2f} s{who}", width, first=line("  "))
    held = listed((counted(number, noun) for noun, number in look.counts.items() if number), " · ")
    yield from wrapped(held or "nothing that pacsconf knows", width, first=line("  "))


# --- what is odd -------------------------------------------------------------------------------------------------


def _odd(look: Look, width: int, *, everything: bool) -> Lines:
    if not look.findings:
        return (line(Span("Nothing odd was found.", "good")),) if look.counts else ()
    groups = oddest(look.findings)
    shown = [[one] for group in groups for one in group] if everything else groups[:MOST]
    found = Counter(finding.severity for finding in look.findings)
    numbers = listed(counted(found[key], word) for key, (word, _) in _SEVERITIES.items() if found[key])
    order = "" if len(look.findings) == 1 else ", the worst and rarest first"
    rest = len(look.findings) - len(shown)
    told = (
        f"… and {rest} more (--all, with what to do about each)" if rest else "what to do about each: --all"
    )
    more = () if everything else (line(Span(f"  {told}", "faint")),)
    blocks = joined(_group(group, width, with_fix=everything) for group in shown)
    return (
        line(Span(f"What is odd: {numbers}{order}", "strong")),
        line(),
        *blocks,
        *((line(), *more) if more else ()),
    )


def oddest(findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings of each rule together: the most severe rules first, among them the rarest."""
    ranks = list(_SEVERITIES)

    def rank(finding: Finding) -> tuple[int, str]:
        return ranks.index(finding.severity), finding.rule

    groups = [list(group) for _, group in groupby(sorted(findings, key=rank), key=rank)]
    return sorted(groups, key=lambda group: (ranks.index(group[0].severity), len(group), group[0].rule))


def _group(group: Sequence[Finding], width: int, *, with_fix: bool) -> Lines:
    """The first of several that are alike, and how many more there are."""
    first = group[0]
    word, style = _SEVERITIES[first.severity]
    label = line("  ", Span(f"{word}[{first.rule}]", style), " ")
    fix = first.fix if with_fix else ""
    others = len(group) - 1
    alike = (f"{others} more like this",) if others else ()
    where = listed((where_of(first), *alike), ", and ")
    return (
        *wrapped(first.summary, width, first=label, indent=5, style="strong"),
        *(wrapped(where, width, first=line("     ")) if where else ()),
        *(wrapped(first.detail, width, first=line(Span("     why  ", "faint"))) if first.detail else ()),
        *(wrapped(fix, width, first=line(Span("     fix  ", "faint"))) if fix else ()),
    )


def where_of(finding: Finding) -> str:
    """Where a finding is: its address, or its line in a file."""
    if finding.place is not None:
        return f"{finding.place.file}:{finding.place.line}"
    return str(finding.about) if finding.about is not None else ""


# --- the rest ----------------------------------------------------------------------------------------------------


def _unseen(sentences: Sequence[str], width: int) -> Lines:
    rows = (row for sentence in sentences for row in wrapped(sentence, width, first=line("  ? ")))
    return (line(Span("Not seen", "strong")), *rows) if sentences else ()


def _nothing_changed(look: Look, width: int) -> Lines:
    return wrapped(listed((look.called, "Nothing was changed."), " "), width)


def look_json(look: Look) -> str:
    """The same for machines: every finding, nothing shortened."""
    body: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "where": look.where,
        "what": look.what,
        "account": look.account,
        "counts": dict(look.counts),
        "findings": _as_json(look.findings),
        "unseen": list(look.unseen),
        "next": look.command,
    }
    return as_text(body)


def _as_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [finding_as_json(finding, finding.place) for group in oddest(findings) for finding in group]


# --- one association ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Called:
    """What came of one association: `text` in words, `accepted` services and those `refused`, by reason.

    `good` says that the association was accepted.
    """

    where: str
    calling: str
    good: bool
    text: str
    advice: str = ""
    echo: str = ""
    implementation: str = ""
    max_pdu: int | None = None
    accepted: Sequence[str] = ()
    refused: Mapping[str, Sequence[str]] = field(default_factory=dict)
    milliseconds: float = 0.0
    strangers: bool = False
    """Whether two more associations were requested as strangers would."""
    findings: Sequence[Finding] = ()
    unseen: Sequence[str] = ()
    declaration: str = ""
    """How an inventory would have it, below `devices`."""
    command: str = ""


def called_text(called: Called, width: int = 80) -> Lines:
    """The screen for one association."""
    room = columns(width)
    mark = Span("✓ ", "good") if called.good else Span("✗ ", "error")
    head = wrapped(f"{called.where}: {called.text}", room, first=line(mark), style="strong")
    advice = wrapped(called.advice, room, first=line(Span("  fix  ", "faint"))) if called.advice else ()
    follows = commanded(line("Next: "), called.command, room)
    odd = joined(_group([each], room, with_fix=True) for each in called.findings)
    return joined(
        (
            (*head, *advice, *_described(called, room)),
            _services("It takes", called.accepted, room),
            *(_services(f"Not taken: {why}", names, room) for why, names in called.refused.items()),
            odd,
            _unseen(called.unseen, room),
            _declaration(called),
            (*wrapped(f"{_sent(called)} Nothing was changed.", room), *follows),
        )
    )


def _declaration(called: Called) -> Lines:
    if not called.declaration:
        return ()
    return (line(Span("To declare it, under devices:", "strong")), line(f"  {called.declaration}"))


def _sent(called: Called) -> str:
    if not called.milliseconds:
        return "No association could be requested."
    more = "; then two as a stranger would" if called.strangers else ""
    return f"One association was requested under the title {called.calling}{more}. No data was sent."


def _described(called: Called, width: int) -> Iterator[Line]:
    rows = {
        "echo": called.echo,
        "software": called.implementation,
        "PDU": f"{called.max_pdu} bytes at most"
        if called.max_pdu
        else "without limit"
        if called.good
        else "",
        "time": f"{called.milliseconds:.0f} ms" if called.milliseconds else "",
    }
    for name, text in rows.items():
        if text:
            yield from wrapped(text, width, first=line(Span(f"  {name:<9}", "faint")))


def _services(head: str, names: Sequence[str], width: int) -> Lines:
    if not names:
        return ()
    return (
        *wrapped(head, width, style="strong"),
        *wrapped([f"{name}," for name in names[:-1]] + [names[-1]], width, first=line("  ")),
    )


def called_json(called: Called) -> str:
    """The same for machines."""
    body = asdict(replace(called, findings=()))
    return as_text({"format_version": FORMAT_VERSION, **body, "findings": _as_json(called.findings)})
