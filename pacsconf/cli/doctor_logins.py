"""What `pacsconf doctor --system NAME --logins` tries: who can sign in there, and that nobody else can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pacsconf.cli import opening, workspace
from pacsconf.cli.doctor_rights import require_declared
from pacsconf.cli.exits import Exit
from pacsconf.cli.screen import Screen
from pacsconf.report.lines import BLANK, Line, Lines, Span, line, padded, wrapped

if TYPE_CHECKING:
    from pacsconf.systems.abilities import LoginTried


def look_at_logins(screen: Screen, work: workspace.Workspace, name: str) -> Exit:
    """Try each declared login of this system once, and nobody's. Nothing is changed.

    Raises: PacsconfError when there is no such system; OperatorError.
    """
    from pacsconf.systems.abilities import LoginsTried

    config = require_declared(work, name)
    with opening.system(work, name) as system:
        if not isinstance(system, LoginsTried):
            screen.show(
                wrapped(f"Systems of type {config.type} have no logins that are declared here.", screen.width)
            )
            return Exit.OK
        system.declared(work.inventory)  # who has left is not let in any more
        tried = tuple(system.try_logins())
    screen.show(logins_text(name, tried, screen.width))
    return Exit.ERROR if any(is_wrong(one) for one in tried) else Exit.OK


def is_wrong(one: LoginTried) -> bool:
    """Whether somebody was refused who may sign in, or let in who may not."""
    return one.verdict != "unknown" and (one.verdict == "yes") != one.wanted


def logins_text(system: str, tried: Sequence[LoginTried], width: int) -> Lines:
    """The screen: a row for each, and the sum."""
    names = max(len(one.name) for one in tried)
    rows = [row for one in tried for row in _row(one, names, width)]
    return (line(Span(f"Who can sign in at {system}", "strong")), BLANK, *rows, BLANK, *_sum(tried, width))


def _row(one: LoginTried, names: int, width: int) -> Lines:
    first: Line = line("  ", _mark(one), f" {padded(one.name, names)}  ")
    return wrapped(_told(one), width, first=first, indent=names + 6)


def _mark(one: LoginTried) -> Span:
    if one.verdict == "unknown":
        return Span("?", "warning")
    return Span("✗", "error") if is_wrong(one) else Span("✓", "good")


def _told(one: LoginTried) -> str:
    if one.verdict == "unknown":
        return f"not known: {one.detail}"
    if one.verdict == "yes":
        return "can sign in" if one.wanted else f"is let in and must not be: {one.detail}"
    return f"is refused: {one.detail}" if one.wanted else "is turned away, as is right"


def _sum(tried: Sequence[LoginTried], width: int) -> Lines:
    wrong, unknown = sum(map(is_wrong, tried)), sum(one.verdict == "unknown" for one in tried)
    if wrong:
        text = f"{wrong} not as declared. Render its file of users again, put it in place and restart it."
        return wrapped(text, width, style="error")
    if unknown:
        return wrapped(f"As declared, as far as it could be tried ({unknown} not known).", width)
    return wrapped("All as declared. Each was tried once.", width, style="good")
