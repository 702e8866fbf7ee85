"""The command `attest`: what was keyed in at a console stands, since a person says so or a probe saw it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import workspace
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.cli.world import world_of
from pacsconf.core.errors import PlanError

if TYPE_CHECKING:
    from pacsconf.cli.look_at_console import Seen
    from pacsconf.core.change import Change
    from pacsconf.upkeep import Claim, Consoles
    from pacsconf.world import World


def attest(
    context: typer.Context,
    addresses: Annotated[
        list[str] | None,
        typer.Argument(help="What was keyed in: a console, an address, a pattern.", metavar="ADDRESS"),
    ] = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Look from outside instead, as far as a probe can see it.")
    ] = False,
    all_: Annotated[
        bool, typer.Option("--all", help="All that is declared there stands, asked for or not.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.", metavar="TEXT")] = "",
) -> Exit:
    """Say that what waited for a person was keyed in. Writes the record only; with --probe, calls the device."""
    from pacsconf import upkeep

    screen: Screen = context.obj.screen
    patterns = tuple(addresses or ())
    if probe and all_:
        raise typer.BadParameter("a probe sees what waits, not all that is declared", param_hint="--all")
    if not (patterns or probe or all_):
        raise typer.BadParameter("say what was keyed in; a console's name is all that waits there")
    work = opened(context, "text")
    reporter = Reporter(screen)
    with world_of(work, reporter) as world:
        at = upkeep.consoles(world)
        reporter.stop()
        if probe:
            return _probed(screen, work, world, at, patterns, reason)
        claims = upkeep.claims(world, at, patterns, everything=all_)
        if not claims:
            raise PlanError(
                "nothing is declared at any console", fix=f"Systems of type console: {', '.join(at.names)}."
            )
        upkeep.attest(world, at, claims, reason=_reason(screen, reason))
    _show(screen, work, at, claims, "attested")
    return Exit.OK


def _reason(screen: Screen, given: str) -> str:
    """Why, asked for where somebody is here to be asked.

    Raises: BadParameter when nobody says.
    """
    reason = given.strip()
    if not reason and screen.is_interactive:
        reason = screen.ask("Who keyed it in, or why is it so? For the record: ")
    if not reason:
        raise typer.BadParameter(
            "what nobody can read needs a reason: who keyed it in", param_hint="--reason"
        )
    return reason


def _probed(
    screen: Screen,
    work: workspace.Workspace,
    world: World,
    at: Consoles,
    patterns: Sequence[str],
    reason: str,
) -> Exit:
    """What waits and is seen from outside is recorded as seen; of the rest it is said why it was not."""
    from pacsconf import upkeep
    from pacsconf.cli.look_at_console import look
    from pacsconf.report.plan.keyed_text import unseen_text

    waiting = {claim.address for claim in upkeep.claims(world, at, patterns, everything=False)}
    wanted = [one for one in at.waiting if not patterns or one.address in waiting]
    seen = tuple(look(work, wanted))
    claims = tuple(_claims(wanted, seen))
    screen.show(unseen_text([(one.address, one.words) for one in seen if not one.stands], screen.width))
    if claims:
        upkeep.attest(world, at, claims, reason=reason.strip() or "seen on the wire", how="observed")
    _show(screen, work, at, claims, "observed", {one.address: one.words for one in seen})
    return Exit.OK


def _claims(changes: Sequence[Change], seen: Sequence[Seen]) -> Iterator[Claim]:
    from pacsconf.upkeep import Claim

    standing = {one.address for one in seen if one.stands}
    for change in changes:
        if change.address in standing:
            yield Claim(change.address, change.after, change.records)


def _show(
    screen: Screen,
    work: workspace.Workspace,
    at: Consoles,
    claims: Sequence[Claim],
    how: str,
    words: dict[object, str] | None = None,
) -> None:
    """What was recorded, what waits still, and what to type next."""
    from pacsconf.report.plan.keyed_text import claimed_text

    done = [
        (one.address, (words or {}).get(one.address) or ("" if one.state else "is gone")) for one in claims
    ]
    recorded = {one.address for one in claims}
    left = [one for one in at.waiting if one.address not in recorded]
    screen.show(claimed_text(how, done, left, work.command, screen.width))
