"""How a plan and what was found with it are put on the screen."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pacsconf.cli import workspace
from pacsconf.cli.exits import Exit, worst
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.core.moment import iso_in_words

if TYPE_CHECKING:
    from pacsconf.core.address import Address
    from pacsconf.core.change import Change
    from pacsconf.core.finding import Finding
    from pacsconf.core.plan import Plan
    from pacsconf.dicom.probe.run import ProbeRun
    from pacsconf.engine import Planned
    from pacsconf.policy.results import Result
    from pacsconf.record.state import RecordState
    from pacsconf.report.view import View
    from pacsconf.world import World


def trips(made: Plan) -> bool:
    return any(guard.tripped for guard in made.guards)


def note_record(screen: Screen, record: RecordState, is_behind: Callable[[str], bool]) -> None:
    """What to know about the record that a plan stands on: it may be newer, or an apply is not at its end.

    `is_behind(commit)` tells whether the inventory here is known not to build on a commit.
    """
    from pacsconf.report.lines import Span, line, wrapped

    notes = [record.note] if record.note else []
    if record.open is not None:
        notes.append(
            f"change set {record.open.id} is open, so what is shown may still move: {record.open.operator} is"
            f" applying, or was cut off (lease until {iso_in_words(record.open.lease_until)})"
        )
    last = record.contents.changeset
    applied = last.plan.basis.commit.removesuffix("-dirty") if last else ""
    if is_behind(applied):
        notes.append(
            f"the last apply was of inventory {applied[:7]}, which is not part of what is checked out here: what"
            " others changed may show as to be taken back. Bring their commits here first: git pull"
        )
    for note in notes:
        screen.note(wrapped(note, screen.width, first=line(Span("note", "warning"), "  "), indent=3))


def note_untold(screen: Screen, work: workspace.Workspace, world: World, record: RecordState) -> None:
    """That an archive has not read what was applied: nothing else would say so while all is as declared."""
    from pacsconf.operator.needs import told
    from pacsconf.record.contents import not_reloaded
    from pacsconf.report.lines import Span, line, wrapped

    if not (record.known and any(map(told, world.inventory.systems.values()))):
        return
    if number := not_reloaded(world.record.history(limit=_LOOKED_AT)):
        text = (
            f"of the archives that were told last, {number} did not take what was applied. When that is mended: "
            f"{work.command} reload"
        )
        screen.note(wrapped(text, screen.width, first=line(Span("note", "warning"), "  "), indent=3))


_LOOKED_AT = 100
"""Newest entries of the record in which it is looked for when archives were told."""


def note_errors(screen: Screen, work: workspace.Workspace, planned: Planned) -> None:
    """What is wrong so that an apply would be refused, for who looks at something else."""
    from pacsconf.core.finding import errors

    _note_findings(screen, work, errors(planned.findings))


def _note_findings(screen: Screen, work: workspace.Workspace, findings: tuple[Finding, ...]) -> None:
    from pacsconf.report.diagnostics import findings_text

    if findings:
        from pacsconf.cli.policy_book import line_of

        screen.note(
            findings_text(
                findings,
                place_of=work.loaded.sources.place,
                line_of=line_of(work),
                width=screen.width,
                brief=True,
            )
        )


def show_plan(
    screen: Screen,
    work: workspace.Workspace,
    planned: Planned,
    view: View,
    format: str,  # noqa: A002
) -> None:
    news = view.news.findings(unasked=view.verbose) if view.news else ()
    judged = planned.judged.findings if planned.judged else ()
    _note_findings(screen, work, (*planned.findings, *news, *judged))
    if format == "json":
        from pacsconf.report.as_json import plan_json

        said = _policies_json(work, planned)
        screen.raw(plan_json(planned.plan, view.news, planned.approvals, planned.left, said))
    elif format == "markdown":
        from pacsconf.report.plan.plan_markdown import plan_markdown
        from pacsconf.report.sheets.render import Templates

        screen.raw(plan_markdown(planned.plan, view, templates=Templates(work.root / "templates")))
    else:
        from pacsconf.report.plan.plan_text import plan_text

        screen.show(plan_text(planned.plan, view))


def _policies_json(work: workspace.Workspace, planned: Planned) -> dict[str, Any] | None:
    """What policies say of a plan, for machines."""
    judged = planned.judged
    if judged is None:
        return None
    from pacsconf.policy.findings import as_finding
    from pacsconf.report.as_json import finding_as_json

    def told(results: Iterable[Result]) -> list[dict[str, Any]]:
        found = [as_finding(one, judged.gate) for one in results]
        return [finding_as_json(one, one.place or work.loaded.sources.place(one.path)) for one in found]

    return {
        "gate": judged.gate,
        "rules": judged.rules,
        "refuses": bool(judged.refusing),
        "caused": told(judged.caused),
        "declared": told(judged.declared),
        "standing": dict(judged.standing),
        "mended": judged.mended,
    }


def refusal(planned: Planned) -> Exit:
    """How a command ends that only shows a plan: whether anything forbids to apply it, and what."""
    reasons = planned.judged.reasons if planned.judged else ()
    others = set(planned.plan.blocked) - set(reasons)
    refused = Exit.REFUSED if others or trips(planned.plan) else Exit.OK
    return worst(refused, Exit.POLICY if reasons else Exit.OK)


def view_of(
    work: workspace.Workspace,
    world: World,
    planned: Planned,
    reporter: Reporter,
    width: int,
    *,
    verbose: bool = False,
    show_unmanaged: bool = False,
    plan_file: str = "",
    seen: ProbeRun | None = None,
) -> View:
    """How this run's plan is shown, with what only this run knows: `seen` is a sweep that was just made."""
    from pacsconf.cli.last_probe import news_of
    from pacsconf.inventory.uids import label
    from pacsconf.report.view import View
    from pacsconf.systems.abilities import Attested

    return View(
        width=width,
        verbose=verbose,
        show_unmanaged=show_unmanaged,
        command=work.command,
        branch=world.record.inventory_branch() or "no branch: detached head",
        plan_file=plan_file,
        approvals=planned.approvals,
        left=planned.left,
        policies=_policies(planned),
        since=_last_apply(world) if planned.plan.drifts else "",
        next_step=_next_step(work, planned, plan_file),
        seconds=reporter.seconds,
        news=news_of(work, planned.record, seen),
        consoles=frozenset(name for name, one in world.systems.items() if isinstance(one, Attested)),
        origin=_origin(work, planned),
        asked=lambda address: _since(planned, address),
        asks=lambda change: _asks(world, change),
        setting=lambda name: _set_at(work, name),
        uid_name=label,
    )


def _policies(planned: Planned) -> str:
    if planned.judged is None:
        return ""
    from pacsconf.report.judged_text import plan_words

    one = planned.judged
    return plan_words(one.rules, one.caused, one.declared, one.standing, one.mended)


def _since(planned: Planned, address: Address) -> str:
    found = planned.record.waiting.get(address)
    return f"since {datetime.fromisoformat(found.since):%d %b %Y}" if found else ""


def _asks(world: World, change: Change) -> str:
    from pacsconf.systems.abilities import Asking

    system = world.systems[change.address.system]
    return system.asks(change) if isinstance(system, Asking) else ""


def _set_at(work: workspace.Workspace, name: str) -> str:
    """Where a setting was written, the environment's over the inventory's; empty for a built-in one."""
    top, *rest = name.split(".")
    for path in (("environments", work.environment, *rest), (top, *rest)):
        if chain := work.loaded.sources.chain(path):
            return str(chain[0])
    return ""


def _last_apply(world: World) -> str:
    """The newest entry of the record that says what is applied, and its age: `last apply 9d41f07, 2 days ago`."""
    from pacsconf.report.words import ago

    for entry in world.record.history(limit=100):
        if entry.type in ("closed", "init", "accept"):
            what = "last apply" if entry.type == "closed" else "record begun"
            return f"{what} {entry.commit[:7]}, {ago(datetime.fromisoformat(entry.at), world.clock())}"
    return ""


def _origin(work: workspace.Workspace, planned: Planned) -> Callable[[Address, str], str]:
    def origin(address: Address, field: str) -> str:
        paths = planned.paths.get(address, {})
        path = paths.get(field) or paths.get("")
        return work.loaded.sources.told(path) if path else ""

    return origin


def _next_step(work: workspace.Workspace, planned: Planned, plan_file: str) -> str:
    from pacsconf.report.view import expecting, typed

    made = planned.plan
    if not planned.record.exists:
        return f"{work.command} record init"
    if made.blocked or trips(made) or not made.runs or made.options.at:
        return ""
    if plan_file:
        return f"{work.command} apply {shlex.quote(plan_file)}"
    if made.options.rollback:
        return f"{work.command} {expecting(made)}"
    return " ".join(filter(None, (work.command, "plan", typed(made.options), "--out plan.json")))
