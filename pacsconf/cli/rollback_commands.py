"""The command that takes a change set back: rollback."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli.applying import (
    approval_of,
    asked,
    concluded,
    ended,
    require_applicable,
    require_expected,
    require_writable,
    said,
)
from pacsconf.cli.change_commands import Acks, Expect, Reason, Ticket
from pacsconf.cli.compare_commands import Excludes, Form, Targets, Verbose, opened, planned_by
from pacsconf.cli.console_sheets import Sheets
from pacsconf.cli.exits import Exit
from pacsconf.cli.plan_file import save_plan
from pacsconf.cli.plan_screen import show_plan, trips, view_of
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.cli.stopping import stoppable
from pacsconf.cli.world import world_of
from pacsconf.core.errors import UnsafePlan

if TYPE_CHECKING:
    from pacsconf.core.plan import Options
    from pacsconf.world import World


def rollback(
    context: typer.Context,
    changeset: Annotated[
        str, typer.Argument(help="A change set that was closed, or its commit.", metavar="CHANGESET")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Save the plan, and apply nothing.", metavar="FILE")
    ] = None,
    expect: Expect = None,
    reason: Reason = "",
    ticket: Ticket = "",
    ack: Acks = None,
    target: Targets = None,
    exclude: Excludes = None,
    sheets: Sheets = None,
    format: Form = "text",  # noqa: A002 - the option's name
    verbose: Verbose = False,
) -> Exit:
    """Take back what a change set applied, where it still stands.

    Plans the inverse, shows it, and applies it after asking, or with --expect. What it takes back is held.
    """
    screen: Screen = context.obj.screen
    only_shown = out is not None or format != "text"
    _check_choice(expect, only_shown=only_shown)
    work = opened(context, format)
    if not only_shown:
        require_writable(work)
    reporter = Reporter(screen)
    with world_of(work, reporter) as world:
        options = _options(world, changeset, target, exclude)
        planned = planned_by(screen, world, options, reporter)
        made = planned.plan
        if expect is not None:
            require_expected(made, expect, f"{work.command} rollback {changeset}")
        if out is not None:
            save_plan(made, out)
        if expect is None or not made.changes:
            saved_as = str(out) if out else ""
            view = view_of(work, world, planned, reporter, screen.width, verbose=verbose, plan_file=saved_as)
            is_asked = screen.is_interactive and not only_shown
            show_plan(screen, work, planned, replace(view, next_step="") if is_asked else view, format)
        if only_shown:
            return Exit.REFUSED if made.blocked or trips(made) else Exit.OK
        if not made.changes:
            return Exit.OK
        approval = approval_of(work, world, planned, said(reason, ticket, ack))
        require_applicable(work, planned, approval, None)
        if expect is None:
            _require_somebody(screen, made.digest, f"{work.command} rollback {changeset}")
            approval = asked(screen, made, approval)
        with stoppable() as stopping:
            from pacsconf import engine

            done = engine.apply(replace(world, stopping=stopping), planned, approval)
        end = ended(world, done)
    return concluded(screen, work, end, sheets)


def _check_choice(expect: str | None, *, only_shown: bool) -> None:
    """Raises: BadParameter for a digest of what is not applied, or one that is too short."""
    if expect is None:
        return
    if only_shown:
        raise typer.BadParameter(
            "nothing is applied with --out, or in another form than text", param_hint="--expect"
        )
    if len(expect) < 8:
        raise typer.BadParameter("the first eight digits of the digest at least", param_hint="--expect")


def _options(world: World, which: str, target: list[str] | None, exclude: list[str] | None) -> Options:
    """What is asked for, with the change set by its id.

    Raises: LockHeld while another one is open; RecordUnknown; RecordError when there is none such.
    """
    from pacsconf.core.plan import Options

    world.record.require_free(world.record.state())
    return Options((), tuple(target or ()), tuple(exclude or ()), (world.record.load(which).id,))


def _require_somebody(screen: Screen, digest: str, command: str) -> None:
    """Somebody must be here to say yes to what was just shown.

    Raises: UnsafePlan.
    """
    if not screen.is_interactive:
        raise UnsafePlan(
            "nothing was taken back: nobody is here to be asked",
            fix=f"When the plan above is right:\n{command} --expect {digest[:8]}",
        )
