"""Commands that compare and write nothing: plan, show, drift. And how a command that goes on from there begins."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pacsconf.cli import workspace
from pacsconf.cli.days import day_to_come
from pacsconf.cli.exits import Exit, worst
from pacsconf.cli.inventory_commands import TextOrJson, show_findings
from pacsconf.cli.last_probe import look_again
from pacsconf.cli.plan_file import load_plan, save_plan
from pacsconf.cli.plan_screen import note_errors, note_record, note_untold, refusal, show_plan, view_of
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen, sentence
from pacsconf.cli.world import checked as approvals_checked
from pacsconf.cli.world import world_of
from pacsconf.core.errors import PacsconfError

if TYPE_CHECKING:
    from pacsconf.core.approval import PlanApproval
    from pacsconf.core.attestation import Attestation
    from pacsconf.core.changeset import ChangeSet
    from pacsconf.core.plan import Options, Plan
    from pacsconf.engine import Planned
    from pacsconf.record.contents import Entry as RecordEntry
    from pacsconf.report.view import View
    from pacsconf.world import World

Targets = Annotated[
    list[str] | None,
    typer.Option("--target", help="Only this address or pattern, and what it needs.", metavar="ADDRESS"),
]
Excludes = Annotated[
    list[str] | None, typer.Option("--exclude", help="Leave this address or pattern out.", metavar="ADDRESS")
]
Repairs = Annotated[
    list[str] | None,
    typer.Option("--repair", help="Put back to declared what others changed here.", metavar="ADDRESS"),
]
Probe = Annotated[
    bool, typer.Option("--probe", help="First ask the network again, as gently as each device allows.")
]
Form = Annotated[Literal["text", "json", "markdown"], typer.Option("--format", help="Form of the result.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Show every field.")]


def plan(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", help="Save the plan.", metavar="FILE")] = None,
    repair: Repairs = None,
    target: Targets = None,
    exclude: Excludes = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="Look ahead: the plan as of a day to come.", metavar="YYYY-MM-DD"),
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes.")
    ] = False,
    format: Form = "text",  # noqa: A002 - the option's name
    show_unmanaged: Annotated[
        bool, typer.Option("--show-unmanaged", help="List what is live and nobody's here.")
    ] = False,
    probe: Probe = False,
    verbose: Verbose = False,
) -> Exit:
    """Show what would be changed, and why. Writes nothing; guards that trip exit 5, policies that forbid it 4."""
    screen: Screen = context.obj.screen
    ahead = day_to_come(at, "--at")
    if ahead is not None and out is not None:
        raise typer.BadParameter(
            "a look ahead is not saved: nothing of it can be applied before its day", param_hint="--out"
        )
    work = _ahead(context, format, ahead) if ahead else opened(context, format)
    seen = look_again(screen, work) if probe else None
    reporter = Reporter(screen)
    with world_of(work, reporter) as world:
        options = options_of(repair, target, exclude)
        options = replace(options, at=(ahead.isoformat(),)) if ahead else options
        planned = planned_by(screen, world, options, reporter)
        note_untold(screen, work, world, planned.record)
        made = planned.plan
        if out is not None:
            save_plan(made, out)
        view = view_of(
            work,
            world,
            planned,
            reporter,
            screen.width,
            verbose=verbose,
            show_unmanaged=show_unmanaged,
            plan_file=str(out) if out else "",
            seen=seen,
        )
        show_plan(screen, work, planned, view, format)
    refused = Exit.OK if ahead else refusal(planned)
    return worst(refused, Exit.CHANGES if detailed_exitcode and made.changes else Exit.OK)


def show(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            help="A saved plan's file, a change set or a commit of the record.", metavar="PLAN_OR_ID"
        ),
    ],
    format: TextOrJson = "text",  # noqa: A002 - the option's name
    verbose: Verbose = False,
) -> Exit:
    """Show a saved plan, or what a commit of the record holds.

    A plan that is stale too; a change set, attestations, an approval, a probe, a signed acceptance run, an audit.
    """
    screen: Screen = context.obj.screen
    from pacsconf.report.view import View

    view = View(width=screen.width, verbose=verbose)
    if Path(what).is_file():
        made = load_plan(Path(what))
        given = _given(context, made) if made.asked else ()
        if format == "json":
            from pacsconf.report.as_json import plan_json

            screen.raw(plan_json(made, approvals=given))
        else:
            from pacsconf.report.plan.plan_text import plan_text

            screen.show(plan_text(made, replace(view, plan_file=what, approvals=given)))
        return Exit.OK
    work = workspace.opened(context.obj.root, context.obj.environment)
    with workspace.record(work) as store:
        if (audited := store.audit_kept(what)) is not None:
            from pacsconf.cli.audit_screen import show_audit

            show_audit(screen, audited.audit, format, work.command)
            return Exit.OK
        attested = store.attestations(what)
        evidence = store.evidence(what) if attested is None else None
        approved = store.approvals(what) if attested is None and evidence is None else None
        if approved is not None:
            approved = approved[0], approvals_checked(work, store, approved[1])
        found = attested or evidence or approved
        reviewed = store.reviews(what) if found is None else None
        changeset = store.load(what) if found is None and reviewed is None else None
    if reviewed is not None:
        from pacsconf.cli.access_screen import show_reviewed

        show_reviewed(screen, work, reviewed, format)
    elif approved is not None:
        _show_approved(screen, work, approved, format)
    elif evidence is not None:
        from pacsconf.cli.probe_screen import show_evidence

        show_evidence(screen, work, evidence, format, verbose=verbose)
    elif attested is not None:
        _show_attested(screen, work, attested, format)
    elif changeset is not None:
        _show_changeset(screen, changeset, view, format)
    return Exit.OK


def _given(context: typer.Context, made: Plan) -> tuple[PlanApproval, ...]:
    """What the record here has of approvals for a plan, checked; a plan is shown without a record, too."""
    try:
        work = workspace.opened(context.obj.root, made.environment)
        with workspace.record(work) as store:
            given = store.state().contents.approvals_of(made.digest)
            return approvals_checked(work, store, given) if given else ()
    except PacsconfError as why:
        context.obj.screen.note(sentence(f"Approvals could not be looked up here: {why.message}"))
        return ()


def _show_changeset(
    screen: Screen,
    changeset: ChangeSet,
    view: View,
    format: str,  # noqa: A002
) -> None:
    if format == "json":
        from pacsconf.report.as_json import changeset_json

        screen.raw(changeset_json(changeset))
    else:
        from pacsconf.report.plan.history_text import changeset_text

        screen.show(changeset_text(changeset, view))


def _show_approved(
    screen: Screen,
    work: workspace.Workspace,
    approved: tuple[RecordEntry, tuple[PlanApproval, ...]],
    format: str,  # noqa: A002
) -> None:
    entry, given = approved
    if format == "json":
        from pacsconf.report.as_json import approvals_json

        screen.raw(approvals_json(work.environment, given, commit=entry.commit))
    else:
        from pacsconf.report.plan.approvals_text import approved_text

        screen.show(approved_text(work.environment, given, commit=entry.commit, width=screen.width))


def _show_attested(
    screen: Screen,
    work: workspace.Workspace,
    attested: tuple[RecordEntry, tuple[Attestation, ...]],
    format: str,  # noqa: A002
) -> None:
    entry, said = attested
    if format == "json":
        from pacsconf.report.as_json import attestations_json

        screen.raw(attestations_json(work.environment, said, commit=entry.commit))
    else:
        from pacsconf.report.plan.history_text import attestations_text

        screen.show(attestations_text(work.environment, said, commit=entry.commit, width=screen.width))


def drift(
    context: typer.Context,
    target: Targets = None,
    exclude: Excludes = None,
    probe: Probe = False,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Show what somebody else changed since the last apply.

    By whom and when, where the system tells. Exit 2 if anything.
    """
    screen: Screen = context.obj.screen
    work = opened(context, format)
    seen = look_again(screen, work) if probe else None
    reporter = Reporter(screen)
    with world_of(work, reporter) as opened_world:
        world = replace(
            opened_world, rulebook=lambda: None
        )  # what was changed is asked, not whether it may be so
        planned = planned_by(screen, world, options_of(None, target, exclude), reporter)
        note_untold(screen, work, world, planned.record)
        view = view_of(work, world, planned, reporter, screen.width, seen=seen)
    if planned.record.exists:
        planned.record.require_known()  # else "no drift" would be said of what nobody knows
    note_errors(screen, work, planned)
    if format == "json":
        from pacsconf.report.as_json import drift_json

        screen.raw(drift_json(planned.plan, view.news))
    elif not planned.record.exists:
        screen.show(sentence(f"Nothing was applied to {work.environment} yet, so nothing can have drifted."))
        screen.show(sentence(f"Next: {view.next_step}"))
    else:
        from pacsconf.report.plan.drift_text import drift_text

        screen.show(drift_text(planned.plan, view))
    blocked = Exit.REFUSED if planned.plan.blocked else Exit.OK
    return worst(blocked, Exit.CHANGES if planned.plan.drifts else Exit.OK)


# --- opening ----------------------------------------------------------------------------------------------------


def opened(
    context: typer.Context,
    format: str,  # noqa: A002
    at: date | None = None,
) -> workspace.Workspace:
    """The workspace of a command; an inventory that does not stand is shown whole and ends the command with 3."""
    try:
        return workspace.opened(context.obj.root, context.obj.environment, at)
    except workspace.InvalidInventory as invalid:
        show_findings(context.obj.screen, invalid, format)
        raise typer.Exit(Exit.INVALID) from None


def _ahead(context: typer.Context, format: str, day: date) -> workspace.Workspace:  # noqa: A002
    """The workspace as of a day to come. What is accepted until then only is told, and in nobody's way."""
    from pacsconf.core.finding import errors
    from pacsconf.report.lines import wrapped

    try:
        return workspace.opened(context.obj.root, context.obj.environment, day)
    except workspace.InvalidInventory as invalid:
        with suppress(workspace.InvalidInventory):
            work = workspace.opened(context.obj.root, context.obj.environment, day, workspace.now().date())
            wrong = errors(invalid.findings)
            names = ", ".join(dict.fromkeys(f"{one.summary} ({one.rule})" for one in wrong))
            text = f"On {day} the inventory would not stand as it is now: {names}."
            context.obj.screen.note(wrapped(text, context.obj.screen.width))
            return work
    return opened(context, format)


def options_of(repair: list[str] | None, target: list[str] | None, exclude: list[str] | None) -> Options:
    from pacsconf.core.plan import Options

    return Options(tuple(repair or ()), tuple(target or ()), tuple(exclude or ()))


def planned_by(screen: Screen, world: World, options: Options, reporter: Reporter) -> Planned:
    """The plan, after a note when the record may be newer elsewhere, or is open."""
    from pacsconf import engine

    try:
        planned = engine.plan(world, options)
    finally:
        reporter.stop()
    note_record(screen, planned.record, world.record.is_behind)
    return planned
