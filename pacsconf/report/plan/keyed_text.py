"""What a person is to key in at a console, or to do with accounts, and what was keyed in."""

from __future__ import annotations

from collections.abc import Sequence

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.report.lines import Lines, Span, columns, commanded, line, padded, wrapped
from pacsconf.report.plan.sections import parked
from pacsconf.report.sheets.context import Asked, Request
from pacsconf.report.view import View
from pacsconf.report.words import counted

ROWS = 10
"""Rows that are listed; of more, the sheet is the list."""


def to_key_in_text(
    system: str,
    contact: str | None,
    changes: Sequence[Change],
    files: Sequence[str],
    view: View,
    command: str,
) -> Lines:
    """What is to be keyed in at one console, where the sheet is, and what to type when it is done."""
    width = view.columns
    who = f" ({contact})" if contact else ""
    head = f"To be keyed in at {system}{who}: {counted(len(changes), 'row')}"
    shown = changes if len(changes) <= ROWS + 1 else changes[:ROWS]
    more = len(changes) - len(shown)
    return (
        *wrapped(head, width, style="strong"),
        *(row for one in shown for row in parked(one, "?", view)),
        *((line(f"    … {more} more"),) if more else ()),
        *(
            row
            for name in files
            for row in wrapped(name, width, first=line(Span("    sheet      ", "faint")))
        ),
        *commanded(line(Span("    keyed in?  ", "faint")), f"{command} attest {system}", width),
    )


def to_ask_text(made: Request, files: Sequence[str], view: View, command: str) -> Lines:
    """What an identity team is asked for in one system, where the sheet is, and how it is seen to be done."""
    width = view.columns
    head = f"Asked of the identity team in {made.system}: {counted(len(made.asked), 'request')}"
    shown = made.asked if len(made.asked) <= ROWS + 1 else made.asked[:ROWS]
    more = len(made.asked) - len(shown)
    return (
        *wrapped(head, width, style="strong"),
        *(row for one in shown for row in _deeds(one, width)),
        *((line(f"    … {more} more"),) if more else ()),
        *(row for name in files for row in wrapped(name, width, first=line(Span("    sheet  ", "faint")))),
        *commanded(line(Span("    done?  ", "faint")), f"{command} plan", width, "  (it is seen by itself)"),
    )


def _deeds(one: Asked, width: int) -> Lines:
    first = line("  ", Span("?", "warning"), f" {one.user}  ")
    return wrapped("; ".join(one.deeds), width, first=first, indent=6)


def claimed_text(
    how: str, done: Sequence[tuple[Address, str]], left: Sequence[Change], command: str, width: int
) -> Lines:
    """What is recorded to stand, or to be gone, what waits still, and what to type next."""
    room = columns(width)
    rows = (row for address, words in done for row in _row(Span(f"  {how}  ", "good"), address, words, room))
    if not (done or left):
        return (line("Nothing waits at a console."),)
    recorded = f"{counted(len(done), 'row')} recorded as {how}." if done else "Nothing was recorded."
    waits = (
        f" {counted(len(left), 'row')} still waiting:" if left else " Nothing waits at a console any more."
    )
    return (
        *rows,
        *wrapped(recorded + waits, room),
        *(line("  ", Span("?", "warning"), f" {one.address}") for one in left),
        *commanded(line("Next: "), f"{command} plan", room),
    )


def unseen_text(unseen: Sequence[tuple[Address, str]], width: int) -> Lines:
    """What a probe could not tell, and why."""
    return tuple(
        row for address, why in unseen for row in _row(Span("  ?  ", "warning"), address, why, columns(width))
    )


def _row(mark: Span, address: Address, words: str, width: int) -> Lines:
    indent = len(mark.text)
    below = wrapped(words, width, first=line(padded("", indent + 2))) if words else ()
    return (line(mark, str(address)), *below)
