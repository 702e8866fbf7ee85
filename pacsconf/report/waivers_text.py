"""Waivers on the screen, by the day on which they end; as markdown and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date

from pacsconf.policy.audit import AuditedWaiver, WaiverState
from pacsconf.policy.waiver import Waiver
from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.lines import BLANK, Line, Lines, Span, Style, columns, line, padded, wrapped
from pacsconf.report.markdown import code, escaped
from pacsconf.report.words import counted, listed

_STYLES: dict[WaiverState, Style] = {"ended": "error", "ends soon": "warning", "unused": "warning"}


def waivers_text(waivers: Sequence[AuditedWaiver], today: date, width: int = 80) -> Lines:
    """Each with what it is about, until when, and how it stands."""
    if not waivers:
        return (line("No failure is accepted: there is no waiver."),)
    states = Counter(one.state for one in waivers)
    told = listed(f"{number} {state}" for state, number in states.items())
    head = wrapped(f"{counted(len(waivers), 'waiver')}: {told}", columns(width), style="strong")
    names = max(len(one.id) for one in waivers)
    return (*head, *(row for one in waivers for row in _one(one, names, today, columns(width))))


def _one(one: AuditedWaiver, names: int, today: date, width: int) -> Iterator[Line]:
    state = Span(f"{one.state}, until {one.until} ({days(one.until, today)})", _STYLES.get(one.state, "good"))
    yield from (BLANK, line("  ", Span(padded(one.id, names), "strong"), f"  {one.rule}  ", state))
    known = one.used or one.state == "unused"
    used = f"accepts {counted(one.used, 'failure')} of what is declared" if known else _UNTOLD
    by = f"approver {one.approver}" if one.approver else "of the baseline: nobody approved it"
    texts = (
        f"at {', '.join(one.scope)}: {used}",
        f"owner {one.owner}, {by}{_renewed(one)}",
        one.reason,
        f"meanwhile: {one.control}" if one.control else "",
    )
    for text in filter(None, texts):
        yield from wrapped(text, width, first=line("      "), indent=6)


_UNTOLD = "what it accepts is told by pacsconf audit"


def _renewed(one: AuditedWaiver) -> str:
    return (
        f", renewed {counted(len(one.renewals), 'time')} (former ends: {', '.join(one.renewals)})"
        if one.renewals
        else ""
    )


def days(until: str, today: date) -> str:
    """`in 12 days`, `today`, `3 days ago`."""
    left = (date.fromisoformat(until) - today).days
    if left == 0:
        return "today"
    return f"in {counted(left, 'day')}" if left > 0 else f"{counted(-left, 'day')} ago"


def waiver_text(one: Waiver, accepts: int | None, today: date, width: int = 80) -> Lines:
    """A waiver that was just written, and what it accepts."""
    told = (
        "What it accepts is told by: pacsconf audit"
        if accepts is None
        else f"It accepts {counted(accepts, 'failure')} of what is declared."
    )
    text = (
        f"Waiver {one.id}: {one.rule} at {', '.join(one.scope)} is accepted until {one.until} "
        f"({days(one.until.isoformat(), today)}), owner {one.owner}, approver {one.approver}. {told}"
    )
    return wrapped(text, columns(width))


def waivers_markdown(waivers: Iterable[AuditedWaiver], today: date) -> str:
    """The same as a table."""
    rows = (
        "| "
        + " | ".join(
            (
                escaped(one.id),
                code(one.rule),
                ", ".join(map(code, one.scope)),
                f"{one.until} ({days(one.until, today)})",
                one.state,
                escaped(one.owner),
                escaped(one.approver),
                str(len(one.renewals)),
                str(one.used),
                escaped(one.reason),
                escaped(one.control),
            )
        )
        + " |"
        for one in waivers
    )
    head = (
        "| waiver | rule | scope | until | state | owner | approver | renewals | accepts | reason | meanwhile |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    )
    return "\n".join((*head, *rows)) + "\n"


def waivers_json(waivers: Iterable[AuditedWaiver]) -> str:
    """The same for machines."""
    return as_text({"format_version": FORMAT_VERSION, "waivers": [asdict(one) for one in waivers]})
