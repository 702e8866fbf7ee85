"""Commands about the record: history, hold, release, unlock, record init."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import workspace
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit
from pacsconf.cli.inventory_commands import TextOrJson
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.cli.world import world_of
from pacsconf.core.moment import iso_in_words
from pacsconf.report.lines import line

if TYPE_CHECKING:
    from pacsconf.record.contents import Entry as RecordEntry
    from pacsconf.report.plan.history_text import Entry

Reason = Annotated[str, typer.Option("--reason", help="Why, for the record.", metavar="TEXT")]
Patterns = Annotated[
    list[str],
    typer.Argument(help="Addresses, or patterns such as 'directory/device/ct-*'.", metavar="ADDRESS"),
]


def history(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", help="How many, newest first.", min=1)] = 20,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Show what the record holds, newest first."""
    screen: Screen = context.obj.screen
    work = opened(context, format)
    with workspace.record(work) as store:
        found = [_entry(one) for one in store.history(limit + 1)]
    entries = found[:limit]
    if format == "json":
        from pacsconf.report.as_json import history_json

        screen.raw(history_json(work.environment, entries))
    else:
        from pacsconf.report.plan.history_text import history_text

        screen.show(history_text(work.environment, entries, screen.width, more=len(found) > limit))
    return Exit.OK


def _entry(one: RecordEntry) -> Entry:
    from pacsconf.report.plan.history_text import Entry

    counts = ", ".join(f"{number} {_noun(name, number)}" for name, number in one.counts.items())
    summary = " · ".join(filter(None, (counts, one.reason)))
    return Entry(
        one.changeset, iso_in_words(one.at), one.by.partition(" <")[0], one.type, summary, one.commit
    )


def _noun(name: str, number: int) -> str:
    if number != 1:
        return name
    return name.removesuffix("es") if name.endswith("sses") else name.removesuffix("s")


def hold(context: typer.Context, addresses: Patterns, reason: Reason = "") -> Exit:
    """Leave changes alone until they are released.

    Plan shows them, apply skips them. A hold also ends when something else is declared.
    """
    screen: Screen = context.obj.screen
    if not reason.strip():
        raise typer.BadParameter("a hold needs one: somebody will ask", param_hint="--reason")
    work = opened(context, "text")
    reporter = Reporter(screen)
    with world_of(work, reporter) as world:
        from pacsconf import upkeep

        held = upkeep.hold(world, addresses, reason)
    screen.show(tuple(line("  held  ", str(address)) for address in held))
    screen.show(
        (line(f"{len(held)} held as the inventory has them now; what it says later is planned as usual."),)
    )
    screen.show((line(f"To end it: {work.command} release {shlex.join(addresses)}"),))
    return Exit.OK


def release(context: typer.Context, addresses: Patterns, reason: Reason = "") -> Exit:
    """End a hold: apply goes on with these changes."""
    screen: Screen = context.obj.screen
    work = opened(context, "text")
    with world_of(work, Reporter(screen)) as world:
        from pacsconf import upkeep

        freed = upkeep.release(world, addresses, reason)
    screen.show(tuple(line("  released  ", str(address)) for address in freed))
    return Exit.OK


def unlock(context: typer.Context, reason: Reason = "") -> Exit:
    """Break the lock of an apply that is certainly dead. If it lives, it stops before its next changes."""
    screen: Screen = context.obj.screen
    if not reason.strip():
        raise typer.BadParameter("breaking a lock needs one", param_hint="--reason")
    work = opened(context, "text")
    from pacsconf.operator.needs import told

    with workspace.record(work) as store:
        commit = store.abandon(reason)
    screen.show((line(f"The open change set was abandoned (commit {commit[:7]} on {store.branch})."),))
    screen.show((line(f"What it had done shows in the next plan: {work.command} plan"),))
    if any(told(config) for config in work.inventory.systems.values()):
        screen.show((line(f"Archives were perhaps not told of it yet: {work.command} reload"),))
    return Exit.OK


def init(
    context: typer.Context,
    accept: Annotated[
        bool, typer.Option("--accept", help="Trust a record that was rewritten, as it reads now.")
    ] = False,
    reason: Reason = "",
) -> Exit:
    """Begin the record: take ownership of what is live as declared. Writes the record only."""
    screen: Screen = context.obj.screen
    work = opened(context, "text")
    reporter = Reporter(screen)
    with world_of(work, reporter) as world:
        from pacsconf import upkeep

        owned = upkeep.begin_record(world, reason=reason, accept=accept)
        branch = world.record.branch
    reporter.stop()
    screen.show(
        (
            line(f"The record of {work.environment} is branch {branch}: {owned} resources owned."),
            line(f"Next: {work.command} plan"),
        )
    )
    return Exit.OK


record = (init,)
