"""Commands of the practice lab: up, status, by-hand, fill, break, mend, down."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pacsconf.cli import workspace
from pacsconf.cli.exits import Exit
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import RecordError
from pacsconf.lab import place
from pacsconf.report.lines import Line, Lines, Span, line, wrapped

if TYPE_CHECKING:
    from pacsconf.lab.practice import LabState

More = Literal["ad"]
Fault = Literal["port", "certificate", "syntax", "worklist", "title"]


def up(
    context: typer.Context,
    more: Annotated[
        More | None,
        typer.Option(
            "--with", help="ad: Active Directory domains too (needs root and Samba).", metavar="WHAT"
        ),
    ] = None,
    fresh_orthanc: Annotated[
        bool,
        typer.Option(
            "--fresh-orthanc",
            help="Orthancs as just installed: strangers may send, any called title will do.",
        ),
    ] = False,
) -> Exit:
    """Start the lab for this inventory. Environment lab then leads to it."""
    from pacsconf.cli.compare_commands import opened
    from pacsconf.inventory.environment import for_environment
    from pacsconf.lab import domains, practice

    context.obj.environment = workspace.LAB
    work = opened(context, "text")
    assert work.loaded.inventory is not None, "it was opened"
    # As declared: a lab that is up already may have left a system out.
    declared, _ = for_environment(work.loaded.inventory, workspace.LAB)
    state = practice.up(
        declared, place.default_folder(), with_domains=more == "ad", fresh_orthanc=fresh_orthanc
    )
    screen: Screen = context.obj.screen
    if state.emptied:
        _set_record_aside(screen, work)
    screen.show(_lines(state))
    if more == "ad" and not any(domains.wanted(declared)):
        screen.note((line("No domain was started: no system is declared with flavour: active-directory."),))
    words = {
        "nothing": "It was up already",
        "part": "Renewed: what was dead or is declared otherwise now",
        "everything": "The lab is up",
    }
    screen.show((line(f"{words[state.renewed]}. Next: pacsconf -e lab plan"),))
    return Exit.OK


def _set_record_aside(screen: Screen, work: workspace.Workspace) -> None:
    """What was recorded of an earlier lab is not true of a new and empty one."""
    try:
        with workspace.record(replace(work, practice=True)) as store:
            head = store.set_aside()
    except RecordError:
        return  # no repository yet, so there is nothing recorded either
    if head:
        screen.note((line(f"The record of the lab before this one was set aside ({head[:7]})."),))


def status(context: typer.Context) -> Exit:
    """Show what of the lab runs. Exit 1 when part of it is dead."""
    from pacsconf.lab import practice

    screen: Screen = context.obj.screen
    state = practice.status(place.default_folder())
    screen.show(_lines(state))
    for told in state.broken:
        screen.show(_told(screen, line("  ", Span("!", "warning"), " "), f"broken on purpose: {told}"))
    again = " Start again what died: pacsconf lab up" if state.condition == "broken" else ""
    back = " Take back what was broken: pacsconf lab mend" if state.broken else ""
    screen.show(_told(screen, (), f"The lab is {state.condition}.{again}{back}"))
    return Exit.ERROR if state.condition == "broken" else Exit.OK


def by_hand(
    context: typer.Context,
    system: Annotated[
        str | None,
        typer.Argument(help="The system whose server it is; needed where there are several."),
    ] = None,
) -> Exit:
    """Print a command that edits a server past pacsconf, as jdoe.

    ldapmodify for a directory; curl for an Orthanc, up to where a path of its REST interface follows.
    """
    from pacsconf.lab import practice

    screen: Screen = context.obj.screen
    screen.raw(shlex.join(practice.by_hand(place.default_folder(), system)))
    return Exit.OK


def fill(
    context: typer.Context,
    studies: Annotated[
        int, typer.Option("--studies", help="How many studies each archive is given.", min=1, max=10_000)
    ] = 200,
) -> Exit:
    """Fill the archives of the lab with made-up studies.

    Many kinds, ages and dates; every patient is ZZTEST^PACSCONF. Filling twice adds nothing.
    """
    from pacsconf.lab.studies import fill as filled

    screen: Screen = context.obj.screen
    given = filled(place.default_folder(), studies, workspace.now().date())
    width = max(map(len, given))
    screen.show(tuple(line(f"  ✓ {name:<{width}}  {_given(new, studies)}") for name, new in given.items()))
    return Exit.OK


def _given(new: int, of_all: int) -> str:
    before = f", the other {of_all - new} it had" if new and new < of_all else ""
    return f"got {new} made-up stud{'y' if new == 1 else 'ies'}{before}" if new else "had them all before"


def break_(
    context: typer.Context,
    fault: Annotated[Fault, typer.Argument(help="What goes wrong.", metavar="FAULT")],
    device: Annotated[
        str, typer.Argument(help="With which device, by its name in the inventory.", metavar="DEVICE")
    ],
) -> Exit:
    """Break something, to find it with probe and diagnose.

    port: nothing listens any more. certificate: it ran out. syntax: a transfer syntax is not accepted any more.
    worklist: the device's orders are gone. title: an Orthanc of the lab knows the device by a mistyped title.
    """
    from pacsconf.lab import practice

    screen: Screen = context.obj.screen
    told = practice.break_it(place.default_folder(), fault, device)
    screen.show((*_told(screen, (), f"Broken: {told}."), line("Take it back: pacsconf lab mend")))
    return Exit.OK


def mend(context: typer.Context) -> Exit:
    """Take back all that was broken by `lab break`."""
    from pacsconf.lab import practice

    screen: Screen = context.obj.screen
    mended = practice.mend(place.default_folder())
    for told in mended:
        screen.show(_told(screen, line("  ✓ "), f"taken back: {told}"))
    screen.show((line("The lab is whole again." if mended else "Nothing was broken."),))
    return Exit.OK


def down(context: typer.Context) -> Exit:
    """End the lab and remove what it kept."""
    from pacsconf.lab import practice

    screen: Screen = context.obj.screen
    was_there = practice.down(place.default_folder())
    screen.show((line("The lab is down; nothing of it is left." if was_there else "There was no lab."),))
    return Exit.OK


def _told(screen: Screen, first: Line, text: str) -> Lines:
    return wrapped(text, screen.width, first=first)


def _lines(state: LabState) -> Lines:
    width = max(map(len, (*(part.name for part in state.parts), *state.left_out)), default=0) + 1
    listen = f"port {state.listen}: archives call back there during commission"
    free = (line("  · ", f"{'free':<{width}} {listen}"),) if state.listen else ()
    parts = tuple(
        line(
            "  ",
            Span("✓", "good") if part.running else Span("✗", "error"),
            f" {part.name:<{width}} {part.detail}",
        )
        for part in state.parts
    )
    missing = tuple(
        line("  · ", f"{name:<{width}} left out: an Active Directory domain takes pacsconf lab up --with ad")
        for name in state.left_out
    )
    return (*parts, *missing, *free)


lab = (up, status, by_hand, fill, break_, mend, down)
