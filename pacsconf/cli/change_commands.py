"""Commands that change live systems: apply, resume."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import workspace
from pacsconf.cli.applying import (
    approval_of,
    asked,
    concluded,
    ended,
    require_applicable,
    require_expected,
    require_writable,
    resumed,
    said,
)
from pacsconf.cli.compare_commands import Excludes, Repairs, Targets, opened, options_of, planned_by
from pacsconf.cli.console_sheets import Sheets
from pacsconf.cli.exits import Exit
from pacsconf.cli.plan_file import load_saved
from pacsconf.cli.plan_screen import show_plan, view_of
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen, sentence
from pacsconf.cli.stopping import stoppable
from pacsconf.cli.world import world_of
from pacsconf.core.errors import UnsafePlan

if TYPE_CHECKING:
    from pacsconf.core.changeset import ChangeSet
    from pacsconf.core.plan import Options, Plan
    from pacsconf.core.saved import SavedPlan
    from pacsconf.engine import Planned
    from pacsconf.world import World


Reason = Annotated[str, typer.Option("--reason", help="Why, for the record.", metavar="TEXT")]
Ticket = Annotated[str, typer.Option("--ticket", help="Ticket, for the record.", metavar="TEXT")]
Expect = Annotated[
    str | None, typer.Option("--expect", help="Apply if the plan has this digest.", metavar="DIGEST")
]
Acks = Annotated[
    list[str] | None,
    typer.Option("--ack", help="Let a tripped guard through.", metavar="DIGEST:GUARD[:ADDRESS]"),
]


def apply(
    context: typer.Context,
    plan_file: Annotated[Path | None, typer.Argument(help="A saved plan.", metavar="PLAN")] = None,
    expect: Expect = None,
    reason: Reason = "",
    ticket: Ticket = "",
    ack: Acks = None,
    repair: Repairs = None,
    target: Targets = None,
    exclude: Excludes = None,
    due: Annotated[bool, typer.Option("--due", help="Take away what has ended, and nothing else.")] = False,
    sheets: Sheets = None,
) -> Exit:
    """Carry a plan out, and prove it.

    A saved one, one with the expected digest, what is due, or, on a terminal, after asking.
    """
    from pacsconf import engine

    screen: Screen = context.obj.screen
    options = options_of(repair, target, exclude)
    _check_choice(plan_file, expect, options, due=due)
    work = opened(context, "text")
    if due:
        from pacsconf.cli.due_run import take_away

        return take_away(screen, work, options, said(reason, ticket, ack), sheets)
    if plan_file is None and expect is None:
        _require_reviewed(screen, work)
    saved = load_saved(plan_file) if plan_file else None
    if saved is not None:
        _require_runs(saved)
    require_writable(work)
    reporter = Reporter(screen)
    with world_of(work, reporter) as world:
        left = _ready_record(screen, work, world, ack)
        if left is not None:
            code = concluded(screen, work, ended(world, left), sheets)
            if code is not Exit.OK or _is_same(left.plan, saved, expect):
                return code
        planned = _chosen(screen, world, saved, expect, options, reporter)
        approval = approval_of(work, world, planned, said(reason, ticket, ack))
        reviewed = saved is not None or expect is not None
        if not reviewed:
            view = view_of(work, world, planned, reporter, screen.width)
            show_plan(screen, work, planned, replace(view, next_step=""), "text")
        if _nothing_to_do(planned.plan):
            if reviewed:
                screen.show(sentence(f"No changes. {work.environment} is as declared; nothing was written."))
            return Exit.OK
        require_applicable(work, planned, approval, plan_file)
        if not reviewed:
            approval = asked(screen, planned.plan, approval)
        with stoppable() as stopping:
            changeset = engine.apply(replace(world, stopping=stopping), planned, approval)
        end = ended(world, changeset)
    return concluded(screen, work, end, sheets)


def resume(context: typer.Context, ack: Acks = None, sheets: Sheets = None) -> Exit:
    """Take up a change set that was left open. Here or in another clone, once its lease has ended."""
    screen: Screen = context.obj.screen
    work = opened(context, "text")
    require_writable(work)
    with world_of(work, Reporter(screen)) as world:
        state = world.record.state()
        if state.known and state.open is None:
            screen.show(sentence(f"No change set is open on {work.environment}: there is nothing to resume."))
            return Exit.OK
        end = ended(world, resumed(world, ack))
    return concluded(screen, work, end, sheets)


# --- apply ------------------------------------------------------------------------------------------------------


def _check_choice(plan_file: Path | None, expect: str | None, options: Options, *, due: bool) -> None:
    """What was reviewed is said in one way: by a file or by a digest; what is due, by its day.

    Raises: BadParameter.
    """
    if due and (plan_file or expect or options.repair):
        raise typer.BadParameter(
            "what is due is what has ended, as the inventory says: no plan, --expect or --repair goes with it",
            param_hint="--due",
        )
    if plan_file and (expect or options.repair or options.target or options.exclude):
        raise typer.BadParameter(
            "a saved plan brings its own choice: --expect, --repair, --target and --exclude do not go with it;"
            " give them to pacsconf plan --out FILE",
            param_hint="PLAN",
        )
    if expect is not None and len(expect) < 8:
        raise typer.BadParameter("the first eight digits of the digest at least", param_hint="--expect")


def _require_reviewed(screen: Screen, work: workspace.Workspace) -> None:
    """Somebody must be here to look at a plan that nobody has looked at.

    Raises: UnsafePlan.
    """
    if not screen.is_interactive:
        raise UnsafePlan(
            "apply needs a reviewed plan when nobody is here to be asked",
            fix="Save one, look at it, and apply it:\n"
            f"{work.command} plan --out plan.json\n{work.command} apply plan.json",
        )


def _require_runs(saved: SavedPlan) -> None:
    """Something of a plan with changes can be done today; else nobody need be allowed anything for it.

    Raises: StalePlan for a look ahead; UnsafePlan.
    """
    from pacsconf.core.planning import obstacles
    from pacsconf.core.stale import require_of_today

    require_of_today(saved.options)
    if saved.addresses and not saved.runs:
        raise UnsafePlan("this plan is not applied", obstacles(saved.whole()))


def _ready_record(
    screen: Screen, work: workspace.Workspace, world: World, ack: list[str] | None
) -> ChangeSet | None:
    """A record that exists and is free: an open change set is carried to its end first, and is what comes back.

    Raises: LockHeld while the lease of an open change set runs, before anything is read or asked.
    """
    from pacsconf import upkeep

    state = world.record.state()
    if state.open is not None:
        left = world.record.resumable()
        screen.note(sentence(f"Change set {left.id} was left open; it is carried to its end first."))
        return resumed(world, ack)
    if not state.exists:
        if not screen.is_interactive or not screen.agrees(
            f"{work.environment} has no record yet. Begin it now (pacsconf record init)?"
        ):
            raise UnsafePlan(
                f"{work.environment} has no record yet: nothing could say later what was applied",
                fix=f"{work.command} record init",
            )
        upkeep.begin_record(world, reason="")
    return None


def _is_same(made: Plan, saved: SavedPlan | None, expect: str | None) -> bool:
    """Whether what was reviewed is the plan that was just carried to its end."""
    if saved is not None:
        return made.digest == saved.digest
    return expect is not None and made.digest.startswith(expect.lower())


def _chosen(
    screen: Screen,
    world: World,
    saved: SavedPlan | None,
    expect: str | None,
    options: Options,
    reporter: Reporter,
) -> Planned:
    """What is to be executed: always computed here and now, and held against what was reviewed."""
    from pacsconf import engine

    if saved is not None:
        try:
            return engine.same_as(world, saved)
        finally:
            reporter.stop()
    planned = planned_by(screen, world, options, reporter)
    if expect is not None:
        require_expected(planned.plan, expect, "pacsconf plan")
    return planned


def _nothing_to_do(made: Plan) -> bool:
    """Whether there is neither anything to do nor anything that stands in the way of it."""
    return not (made.changes or made.takes or made.forgets or made.approvals.changed or made.blocked)
