"""The command for the morning: status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import workspace
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit, worst
from pacsconf.cli.inventory_commands import TextOrJson, show_findings
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen

if TYPE_CHECKING:
    from pacsconf.report.status import DueDay, Status


def status(
    context: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="From files and the record only; contacts nothing.")
    ] = False,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Show how every environment stands, as on a morning.

    Last apply, lock, drift, the wire, what waits for a person, what falls due.
    """
    from pacsconf.cli.status_gather import Gathering

    screen: Screen = context.obj.screen
    reporter = Reporter(screen)
    code = Exit.OK
    found: list[Status] = []
    due: tuple[DueDay, ...] = ()
    for work in _workspaces(context, format):
        if isinstance(work, workspace.InvalidInventory):
            show_findings(screen, work, format)
            code = worst(code, Exit.INVALID)
            continue
        gathering = Gathering(work, reporter, offline=offline)
        found.append(gathering.status())
        due = gathering.due()
        code = worst(code, gathering.exit)
    if format == "json":
        from pacsconf.report.as_json import status_json

        screen.raw(status_json(found, due))
    else:
        from pacsconf.report.status_text import status_text

        screen.show(status_text(found, due, screen.width))
    return code


def _workspaces(
    context: typer.Context,
    format: str,  # noqa: A002
) -> Iterator[workspace.Workspace | workspace.InvalidInventory]:
    """The environment that was asked for, or each that is declared."""
    if context.obj.environment is not None:
        yield opened(context, format)
        return
    try:
        for _, work in workspace.everywhere(context.obj.root):
            yield work
    except workspace.InvalidInventory as invalid:
        yield invalid
