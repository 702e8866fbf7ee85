"""The command `approve`: a second person's yes to one plan, in the record."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import workspace
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit
from pacsconf.cli.plan_file import load_plan
from pacsconf.cli.screen import Screen, sentence
from pacsconf.core.errors import PlanError, StalePlan, UnsafePlan

if TYPE_CHECKING:
    from pacsconf.core.approval import ApprovalRule
    from pacsconf.core.plan import Plan
    from pacsconf.core.resource import Risk

_DIGEST = re.compile(r"[0-9a-f]{64}")


def approve(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(help="A saved plan's file, or the whole digest of a plan.", metavar="PLAN_OR_DIGEST"),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.", metavar="TEXT")] = "",
) -> Exit:
    """Say yes to a plan that somebody else applies. Writes the record only.

    Who may, and for which changes, the inventory says (pacsconf.approvals).
    """
    screen: Screen = context.obj.screen
    work = opened(context, "text")
    made = _made_here(work, Path(what)) if Path(what).is_file() else None
    digest = made.digest if made else _digest(what)
    with workspace.record(work) as store:
        state = store.state()
        store.require_free(state)
        _require_asked(work, made, _rules(work, made, dict(state.contents.approval_rules)), store.identity())
        if made is not None:
            _look(screen, work, made, what)
        commit = store.approve(digest, reason=reason.strip())
        by, branch = store.identity(), store.branch
    screen.show(sentence(f"Plan {digest[:8]} is approved by {by} (commit {commit[:7]} on {branch})."))
    screen.show(sentence("It counts for this plan alone, once, and not if you apply it yourself."))
    return Exit.OK


def _made_here(work: workspace.Workspace, file: Path) -> Plan:
    """The plan in a file, made for this environment.

    Raises: PlanError; StalePlan.
    """
    made = load_plan(file)
    if made.environment != work.environment:
        raise StalePlan(
            f"the plan was made for environment {made.environment}, this is {work.environment}",
            fix=f"pacsconf -e {made.environment} approve",
        )
    return made


def _digest(what: str) -> str:
    """The digest that was typed.

    Raises: BadParameter for a beginning of one, which may be another plan's too.
    """
    if _DIGEST.fullmatch(what.lower()):
        return what.lower()
    raise typer.BadParameter(
        "neither a plan's file nor a whole digest (64 digits, as apply and plan --format json say it): a beginning"
        " of a digest may be another plan's too",
        param_hint="PLAN_OR_DIGEST",
    )


def _rules(
    work: workspace.Workspace, made: Plan | None, recorded: dict[Risk, ApprovalRule]
) -> dict[Risk, ApprovalRule]:
    """The rules that an approval may count for: those that the plan asks for, all in force where it is unknown."""
    from pacsconf.core.approval import Approvals

    if made is None:
        return Approvals(recorded, work.inventory.settings.approval_rules()).in_force
    return dict(made.asked)


def _require_asked(
    work: workspace.Workspace, made: Plan | None, rules: dict[Risk, ApprovalRule], by: str
) -> None:
    """Somebody's approval is asked for, and it is this person's.

    Raises: PlanError; UnsafePlan.
    """
    from pacsconf.core.approval import is_named

    if not rules:
        what = f"plan {made.digest[:8]}" if made else f"environment {work.environment}"
        raise PlanError(
            f"{what} needs nobody's approval",
            fix="Who must approve what is declared in the inventory: pacsconf.approvals",
        )
    if not any(is_named(by, rule.approvers) for rule in rules.values()):
        raise UnsafePlan(
            f"{by} is not one of the approvers",
            [f"{risk} may be approved by {', '.join(rule.approvers)}" for risk, rule in rules.items()],
            fix="Who you are, git says: git config user.name; git config user.email",
        )


def _look(screen: Screen, work: workspace.Workspace, made: Plan, file: str) -> None:
    """What is approved; a person at a terminal is asked whether that was meant.

    Raises: UnsafePlan when the answer is another one than yes.
    """
    from pacsconf.report.plan.plan_text import plan_text
    from pacsconf.report.view import View

    view = View(width=screen.width, command=work.command, plan_file=file, verbose=True)
    screen.show(plan_text(made, view))
    if not screen.is_interactive:
        return
    if (
        screen.ask(f"Approve plan {made.digest[:8]} for {made.environment}? Only yes is taken as yes: ")
        != "yes"
    ):
        raise UnsafePlan("not approved: the answer was not yes")
