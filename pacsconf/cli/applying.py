"""How an apply begins and ends, whichever command carries it out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli import opening, workspace
from pacsconf.cli.console_sheets import hand_out
from pacsconf.cli.exits import Exit
from pacsconf.cli.screen import Screen
from pacsconf.cli.stopping import stoppable
from pacsconf.cli.team_sheets import hand_out_requests
from pacsconf.core.errors import LockHeld, RecordError, StalePlan, SystemFault, UnsafePlan
from pacsconf.report.lines import line

if TYPE_CHECKING:
    from pacsconf.core.changeset import ChangeSet
    from pacsconf.core.permission import Approval
    from pacsconf.core.plan import Plan
    from pacsconf.core.review import LineKey
    from pacsconf.engine import Planned
    from pacsconf.record.state import RecordState
    from pacsconf.report.view import View
    from pacsconf.world import World

log = logging.getLogger(__name__)


def require_writable(work: workspace.Workspace) -> None:
    """The operator file lets this environment be written, and those be told who must hear of it; who invites can.

    Raises: OperatorError.
    """
    written = [config for config in work.inventory.systems.values() if config.mode == "write"]
    allowed = workspace.operator(work)
    allowed.require_write(work.environment, written)
    allowed.inviter()
    opening.require_told(work)


def resumed(world: World, ack: Sequence[str] | None) -> ChangeSet:
    """The open change set, carried to its end."""
    from pacsconf import engine

    with stoppable() as stopping:
        return engine.resume(replace(world, stopping=stopping), ack or ())


def require_expected(made: Plan, expect: str, again: str) -> None:
    """The plan is the one that was looked at.

    Raises: StalePlan with the command that makes it again.
    """
    if not made.digest.startswith(expect.lower()):
        raise StalePlan(
            f"the plan has digest {made.digest[:8]} now, not the expected {expect[:8]}",
            fix=f"Make the plan again and look at it: {again}",
        )


def said(reason: str, ticket: str, ack: list[str] | None) -> Approval:
    from pacsconf.core.permission import Approval
    from pacsconf.record.lock import this_runner

    return Approval("", this_runner(), reason, ticket, tuple(ack or ()))


def approval_of(work: workspace.Workspace, world: World, planned: Planned, said: Approval) -> Approval:
    """Who applies; where signatures of approvals are checked, with the key that they sign with themselves.

    Raises: OperatorError; RecordError.
    """
    by = replace(said, operator=world.record.identity())
    if not planned.approvals:
        return by
    allowed = workspace.operator(work).signers()
    return by if allowed is None else replace(by, key=world.record.own_key(allowed).key)


def require_applicable(
    work: workspace.Workspace, planned: Planned, approval: Approval, plan_file: Path | None
) -> None:
    """Refuse what must not run; what only lacks an acknowledgement, with the command line that gives it.

    Raises: UnsafePlan.
    """
    from pacsconf import engine
    from pacsconf.core.planning import obstacles
    from pacsconf.report.view import View

    try:
        engine.require_applicable(planned, approval)
    except UnsafePlan as exc:
        view = View(command=work.command, plan_file=str(plan_file) if plan_file else "")
        fix = "" if obstacles(planned.plan) else _ways_on(planned, approval, view)
        raise type(exc)(exc.message, exc.reasons, fix=fix or exc.fix) from exc


def _ways_on(planned: Planned, approval: Approval, view: View) -> str:
    """The command lines by which others approve a plan, and who applies it acknowledges it."""
    from pacsconf.core.approval import standings
    from pacsconf.core.guard import unacknowledged
    from pacsconf.core.permission import unmet
    from pacsconf.report.view import acknowledgement, approving

    made = planned.plan
    missing = unmet(standings(made.asked, planned.approvals, approval.applier))
    left = unacknowledged(made.guards, made.digest, approval.acks)
    approve = approving(made, view) if missing else ""
    acknowledge = acknowledgement(made, view) if left or not approval.reason.strip() else ""
    ways = (("To be given by somebody else:", approve), ("If that is right:", acknowledge))
    return "\n".join(f"{words}\n{command}" for words, command in ways if command)


def asked(screen: Screen, made: Plan, approval: Approval) -> Approval:
    """A person's yes. Guards are never let through by a mere yes.

    Raises: UnsafePlan when the answer is another one.
    """
    if screen.ask(f"Apply plan {made.digest[:8]} to {made.environment}? Only yes is taken as yes: ") != "yes":
        raise UnsafePlan("not applied: the answer was not yes")
    return approval


@dataclass(frozen=True, slots=True)
class Ended:
    """A change set that came to its end, the record then, and the one that it took back, if it took one back."""

    changeset: ChangeSet
    record: RecordState
    undone: ChangeSet | None
    since: str = ""
    """The commit of the inventory that was applied before that one; empty where it was the first."""
    gone: tuple[tuple[str, LineKey], ...] = ()
    """What reviews of access wanted gone and is gone now, by review and line."""


def ended(world: World, changeset: ChangeSet) -> Ended:
    """How a change set ended, with what the record tells of it."""
    undone = next(map(world.record.load, changeset.plan.options.rollback), None)
    since = _applied_before(world, undone) if undone else ""
    state = world.record.state(fetch=False)
    return Ended(changeset, state, undone, since, _removals_seen(world, state))


def _removals_seen(world: World, state: RecordState) -> tuple[tuple[str, LineKey], ...]:
    """What reviews wanted gone and is, as the systems of accounts show it now; it is recorded.

    They are read for it only where some removal is open. What cannot be told now is seen next time.
    """
    from pacsconf.core.review import removals

    if not any(removals(state.contents.reviews)):
        return ()
    from pacsconf.people.reviewing import seen_gone
    from pacsconf.systems.abilities import Peopled

    try:
        live = {}
        for name, system in world.systems.items():
            if isinstance(system, Peopled):
                system.read()
                live[name] = system.live()
        gone = seen_gone(world.inventory, state.contents.reviews, live)
        if gone:
            world.record.removals_seen(gone)
    except (SystemFault, RecordError, LockHeld) as why:
        log.info("whether removals are done was not seen: %s", why.message)
        return ()
    return gone


def _applied_before(world: World, changeset: ChangeSet) -> str:
    closed = [one for one in world.record.history(limit=500) if one.type == "closed"]
    ids = [one.changeset for one in closed]
    at = ids.index(changeset.id) + 1 if changeset.id in ids else len(ids)
    before = world.record.changesets(closed[at : at + 1])
    return before[0].plan.basis.commit.removesuffix("-dirty") if before else ""


def concluded(screen: Screen, work: workspace.Workspace, end: Ended, sheets: str | None) -> Exit:
    """Show how it ended and what is left to a person, and the exit code that says so."""
    from pacsconf.report.plan.apply_text import apply_summary, proofs_text
    from pacsconf.report.plan.rollback_text import taken_back_text

    changeset = end.changeset
    screen.show(proofs_text(changeset.proofs, screen.width))
    next_step, *others = _next_steps(work, changeset) or ("",)
    screen.show(
        apply_summary(
            changeset, commit=end.record.head, next_step=next_step, others=others, width=screen.width
        )
    )
    if end.undone is not None:
        held = tuple(one.address for one in changeset.applied if one.address in end.record.held)
        screen.show(taken_back_text(changeset, end.undone, held, work.command, screen.width, since=end.since))
    for review, (user, role) in end.gone:
        screen.show((line(f"  ✓ {user} as {role} is gone, as review {review} wanted"),))
    hand_out(screen, work, changeset, end.record, sheets)
    hand_out_requests(screen, work, changeset, end.record, sheets)
    undone = any(one.status in ("failed", "skipped", "unknown") for one in changeset.outcomes)
    failing = any(proof.verdict == "failing" for proof in changeset.proofs)
    return Exit.PARTIAL if undone or failing else Exit.OK


def _next_steps(work: workspace.Workspace, changeset: ChangeSet) -> list[str]:
    """What to type next, where not all went well."""
    steps = []
    if any(one.status == "failed" for one in changeset.done):
        steps.append(f"mend the cause, then  {work.command} plan")
    elif any(one.status in ("skipped", "unknown") for one in changeset.done):
        steps.append(f"{work.command} plan")
    refused = any(one.status == "failed" for one in changeset.told)
    if refused and not changeset.plan.options.rollback:
        steps.append(f"{work.command} rollback {changeset.id}")
    if missed := sorted({one.address.system for one in changeset.told if one.status != "applied"}):
        steps.append(f"mend the cause, then  {work.command} reload {' '.join(missed)}")
    return steps
