"""What `pacsconf doctor --system NAME` looks at: which rights the account of one system has, of those it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from pacsconf.cli import opening, workspace
from pacsconf.cli.exits import Exit
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError, SystemFault
from pacsconf.core.finding import Finding, errors
from pacsconf.inventory.merge import nearest
from pacsconf.report.lines import BLANK, Line, Lines, Span, columns, line, padded, wrapped

if TYPE_CHECKING:
    from pacsconf.inventory.systems import SystemConfig
    from pacsconf.systems.abilities import AccountRight
    from pacsconf.systems.base import System

PAGE = "docs/least-privilege.md"
_BELOW = line(" " * 6)
_MARKS = {"yes": Span("✓", "good"), "no": Span("✗", "error"), "unknown": Span("?", "warning")}


def look_at_rights(screen: Screen, work: workspace.Workspace, name: str) -> Exit:
    """Show what the account of this system may do. Nothing is changed.

    Raises: PacsconfError when there is no such system; Unavailable, Refused, OperatorError.
    """
    from pacsconf.systems.abilities import RightsKnown

    config = require_declared(work, name)
    with opening.system(work, name) as system:
        if not isinstance(system, RightsKnown):
            screen.show(wrapped(_without_rights(config), screen.width))
            return Exit.OK
        system.declared(work.inventory)  # what is declared may need more rights
        found = tuple(system.rights())
        wrong = _of_server(work, system)
    screen.show(rights_text(config, found, screen.width))
    if wrong:
        from pacsconf.report.diagnostics import findings_text

        loaded = work.loaded
        text = findings_text(wrong, place_of=loaded.sources.place, line_of=loaded.line, width=screen.width)
        screen.show((BLANK, *text))
    return Exit.ERROR if missing(config, found) or errors(wrong) else Exit.OK


def require_declared(work: workspace.Workspace, name: str) -> SystemConfig:
    """The system of this name.

    Raises: PacsconfError when there is none.
    """
    config = work.inventory.systems.get(name)
    if config is None:
        declared = ", ".join(sorted(work.inventory.systems)) or "none"
        raise PacsconfError(
            f'there is no system "{name}" in {work.environment}{nearest(name, work.inventory.systems)}',
            fix=f"Declared: {declared}.",
        )
    return config


_DOORS = ("ORTHANC-REST-OPEN", "ORTHANC-REST-TELLS", "ORTHANC-REST-UNTRIED")


def _of_server(work: workspace.Workspace, system: System) -> tuple[Finding, ...]:
    """What is wrong with its storage, where it keeps images, and whether it asks for a password at all.

    Who may not look at it has been told so already.
    """
    from pacsconf.inventory.baseline import accepted
    from pacsconf.systems.abilities import Stocked

    if not isinstance(system, Stocked):
        return ()
    try:
        system.read()
    except SystemFault:
        return ()
    found = accepted(system.check(()), work.inventory.baseline, workspace.now().date())
    return tuple(
        one for one in found if (one.path[2:3] == ("storage",) or one.rule in _DOORS) and not one.accepted
    )


def missing(config: SystemConfig, found: Sequence[AccountRight]) -> tuple[AccountRight, ...]:
    """Rights that are needed in this system's mode and are certainly not there."""
    needed = ("looking",) if config.mode == "read-only" else ("looking", "writing")
    return tuple(right for right in found if right.needed_for in needed and right.verdict == "no")


def rights_text(config: SystemConfig, found: Sequence[AccountRight], width: int) -> Lines:
    """The screen: what looking needs, what writing needs, and the sum."""
    room = columns(width)
    looking = [right for right in found if right.needed_for == "looking"]
    writing = [right for right in found if right.needed_for == "writing"]
    shown = [*_group("Looking", looking, room)]
    if writing and config.mode == "write":
        shown += [BLANK, *_group("Writing", writing, room)]
    head = wrapped(f"What the account of {config.name} may do ({config.mode})", room, style="strong")
    return (*head, BLANK, *shown, BLANK, *_sum(config, found, room))


def _group(title: str, rights: Sequence[AccountRight], width: int) -> Iterator[Line]:
    """A row for each right; what is wrong with several in a row is said once, below them."""
    names = max((len(right.name) for right in rights), default=0)
    yield line(Span(title, "strong"))
    for (verdict, detail, _), alike in groupby(rights, key=_said_once):
        *others, last = (line("  ", _MARKS[verdict], f" {padded(right.name, names)}  ") for right in alike)
        yield from (*others, last) if others else ()
        first = _BELOW if others else last
        yield from wrapped(detail, width, first=first, indent=len(_BELOW[0].text)) or (first,)


def _said_once(right: AccountRight) -> tuple[str, str, str]:
    return right.verdict, right.detail, right.name if right.verdict == "yes" else ""


def _sum(config: SystemConfig, found: Sequence[AccountRight], width: int) -> Lines:
    """What this comes to, for the mode that the system has."""
    lacking = missing(config, found)
    unknown = sum(right.verdict == "unknown" for right in found)
    writes = [right for right in found if right.needed_for == "writing" and right.verdict == "yes"]
    if lacking:
        text = f"{len(lacking)} of the rights that mode: {config.mode} needs are missing; how to give them: {PAGE}"
        return wrapped(text, width, style="error")
    if config.mode == "read-only" and writes:
        text = (
            f"It may do all that looking needs, and it may write too ({writes[0].name}), which mode: read-only "
            f"never does. An account that can only read is safer: {PAGE}"
        )
        return wrapped(text, width, style="warning")
    text = f"It may do all that mode: {config.mode} needs"
    if config.mode == "write" and unknown:
        text += f", as far as that can be told without doing it ({unknown} unknown)"
    return wrapped(f"{text}.", width, style="good")


def _without_rights(config: SystemConfig) -> str:
    if config.type == "console":
        return (
            f"{config.name} is changed by a person at its console: pacsconf signs in nowhere there, so there is no "
            "account whose rights could be looked at."
        )
    return (
        f"Systems of type {config.type} do not tell what an account may do, so there is nothing to look at."
    )
