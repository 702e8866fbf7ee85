"""`apply --due`: a run by night that takes away what has ended, and nothing else.

Nobody looks at its plan: the day was looked at when it was written and merged. So it never gives, it needs no
second person, and what is counted as too much is left out and told, while the rest is done.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.cli.applying import (
    approval_of,
    concluded,
    ended,
    require_applicable,
    require_writable,
    resumed,
)
from pacsconf.cli.compare_commands import planned_by
from pacsconf.cli.exits import Exit, worst
from pacsconf.cli.plan_screen import show_plan, view_of
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen, sentence
from pacsconf.cli.stopping import stoppable
from pacsconf.cli.world import world_of
from pacsconf.core.errors import UnsafePlan

if TYPE_CHECKING:
    from pacsconf.core.address import Address
    from pacsconf.core.changeset import ChangeSet
    from pacsconf.core.permission import Approval
    from pacsconf.core.plan import Options, Plan
    from pacsconf.engine import Planned
    from pacsconf.world import World


def take_away(
    screen: Screen, work: workspace.Workspace, options: Options, said: Approval, sheets: str | None
) -> Exit:
    """Take away what has ended by today.

    Raises: UnsafePlan; LockHeld while another change set is open.
    """
    from pacsconf.people.ends import ended as ended_by

    today = workspace.now().date()
    if not ended_by(work.inventory):
        screen.show(sentence(f"Nobody's work or role has ended by {today}: there is nothing to take away."))
        return Exit.OK
    require_writable(work)
    reporter = Reporter(screen)
    with world_of(work, reporter) as world:
        code = _finished(screen, work, world, said, sheets)
        due = replace(options, due=(today.isoformat(),))
        planned, refused = _planned(screen, work, world, due, said, reporter)
        if not planned.plan.changes and not planned.plan.blocked:
            screen.show(
                sentence(f"Of what has ended by {today}, nothing {'else ' * refused}is to be taken away.")
            )
            if open_ := sum(one.address in planned.ended for one in planned.plan.waiting):
                screen.show(
                    sentence(f"Asked of the identity team and not done yet: {open_} ({work.command} status).")
                )
            return worst(code, Exit.REFUSED if refused else Exit.OK)
        reason = said.reason or f"what had ended by {today} (apply --due)"
        approval = approval_of(work, world, planned, replace(said, reason=reason))
        view = view_of(work, world, planned, reporter, screen.width)
        show_plan(screen, work, planned, replace(view, next_step=""), "text")
        require_applicable(work, planned, approval, None)
        with stoppable() as stopping:
            from pacsconf import engine

            changeset = engine.apply(replace(world, stopping=stopping), planned, approval)
        end = ended(world, changeset)
    code = worst(code, concluded(screen, work, end, sheets))
    return worst(code, Exit.REFUSED if refused else Exit.OK)


def _finished(
    screen: Screen, work: workspace.Workspace, world: World, said: Approval, sheets: str | None
) -> Exit:
    """A run like this one that was cut off is carried to its end; anything else that is open is others' to finish.

    Raises: LockHeld; UnsafePlan without a record.
    """
    state = world.record.state()
    if state.open is not None and state.open.plan.options.due:
        left: ChangeSet = world.record.resumable()
        screen.note(sentence(f"Change set {left.id} was left open; it is carried to its end first."))
        return concluded(screen, work, ended(world, resumed(world, said.acks)), sheets)
    if state.exists:
        world.record.require_free(state)
        return Exit.OK
    raise UnsafePlan(
        f"{work.environment} has no record yet: nobody can say what is to be taken away",
        fix=f"{work.command} record init",
    )


def _planned(
    screen: Screen,
    work: workspace.Workspace,
    world: World,
    options: Options,
    said: Approval,
    reporter: Reporter,
) -> tuple[Planned, bool]:
    """What is to be taken away without what a guard counts as too much, and whether there is any of that."""
    from pacsconf import engine

    planned = planned_by(screen, world, options, reporter)
    too_much = _counted(planned.plan, said.acks)
    if not too_much:
        return planned, False
    view = view_of(work, world, planned, reporter, screen.width)
    show_plan(screen, work, planned, replace(view, next_step=""), "text")
    screen.show(sentence("What is counted there is left out; it is for somebody to look at."))
    rest = frozenset(one.address for one in planned.plan.changes if one.root not in too_much)
    return engine.plan(world, options, only=rest), True


def _counted(made: Plan, acks: tuple[str, ...]) -> frozenset[Address]:
    """What the guards count that trip and that nobody let through."""
    from pacsconf.core.guard import unacknowledged

    stuck = {name.partition(":")[0] for name in unacknowledged(made.guards, made.digest, acks)}
    return frozenset(root for one in made.guards if one.id in stuck and one.tripped for root in one.counted)
