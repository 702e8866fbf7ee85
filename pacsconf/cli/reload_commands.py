"""The command that tells archives of what stands in their directory: reload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli.applying import require_writable
from pacsconf.cli.change_commands import Reason
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen, sentence
from pacsconf.cli.world import world_of

if TYPE_CHECKING:
    from pacsconf.core.change import Outcome
    from pacsconf.world import World


def reload(
    context: typer.Context,
    systems: Annotated[
        list[str] | None, typer.Argument(help="Systems; without any all.", metavar="SYSTEM")
    ] = None,
    reason: Reason = "",
) -> Exit:
    """Tell archives to read their configuration again.

    Each that a directory names under `reload`. What stands is not changed.
    """
    screen: Screen = context.obj.screen
    work = opened(context, "text")
    require_writable(work)
    with world_of(work, Reporter(screen)) as world:
        from pacsconf import upkeep

        told = upkeep.reload(world, tuple(dict.fromkeys(systems or ())), reason)
        last = _last_applied(world) if any(one.status == "failed" for one in told) else ""
    if not told:
        screen.show(
            sentence(
                "Nobody is to be told: no directory that may be written names an archive under `reload`."
            )
        )
        return Exit.OK
    from pacsconf.report.plan.apply_text import reloads_text

    screen.show(reloads_text(told, work.command, last, screen.width))
    return _exit(told)


def _last_applied(world: World) -> str:
    """The id of the change set that was closed last; empty where there is none."""
    entries = world.record.history(limit=100)
    return next((one.changeset for one in entries if one.type == "closed"), "")


def _exit(told: tuple[Outcome, ...]) -> Exit:
    """9 where nobody could be told at all, 8 where not all read what stands."""
    statuses = {one.status for one in told}
    if statuses == {"applied"}:
        return Exit.OK
    return Exit.UNREACHABLE if statuses == {"unknown"} else Exit.PARTIAL
