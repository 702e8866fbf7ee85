"""The rows that the morning screen is made of: a label, a text, a command at the right, and lists below."""

from __future__ import annotations

from datetime import datetime

from pacsconf.core.moment import day_in_words
from pacsconf.report.lines import Lines, Span, Style, beside, line, padded, wrapped
from pacsconf.report.status import Status, Waiting
from pacsconf.report.words import ACTIONS, counted

LABEL = 12
FEW = 5
"""Of each list so many are shown; the rest is counted."""
BELOW = " " * (2 + LABEL)


def row_of(label: str, text: str, width: int, *, command: str = "", style: Style = "") -> Lines:
    """A row with its label, and at its right the command that shows more."""
    first = line("  ", Span(padded(label, LABEL), "faint"))
    *above, last = wrapped(text, width, first=first, style=style) or (first,)
    return (*above, *beside(last, line(Span(command, "command")), width))


def listing(label: str, head: str, items: list[Lines], width: int, *, command: str = "") -> Lines:
    """A row with a list below it, of which the first few are shown."""
    shown = [row for item in items[:FEW] for row in item]
    more = len(items) - FEW
    rest = (line(BELOW, Span(f"… {more} more", "faint")),) if more > 0 else ()
    return (*row_of(label, head, width, command=command), *shown, *rest)


def item_of(sign: str, style: Style, text: str, width: int) -> Lines:
    return wrapped(text, width, first=line(BELOW, Span(sign, style), " "), indent=len(BELOW) + 2)


def keyed(one: Waiting, status: Status) -> str:
    kind = one.address.kind.replace("-", " ")
    name = "/".join(one.address.parts)
    what = f"{one.address.system}: {kind} {name} is to be {ACTIONS[one.action]}"
    return f"{what}, {since(one, status)}"


def since(one: Waiting, status: Status) -> str:
    """`since 20 Nov 2026 (4 days)`."""
    return f"since {day_in_words(one.since.date())}{_age(one.since, status)}"


def _age(at: datetime, status: Status) -> str:
    """How many days it has been, where it has been any."""
    days = (status.now - at).days
    return f" ({counted(days, 'day')})" if days else ""
