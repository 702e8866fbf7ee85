"""The command that asks the network: probe, and probe import for what was asked elsewhere."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pacsconf.cli import opening
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit, exit_of, worst
from pacsconf.cli.probe_screen import Form, Result, show
from pacsconf.cli.screen import Screen, sentence
from pacsconf.cli.sites import Executor, ExecutorCA, ExecutorCert, ExecutorKey, from_each_site, scheduler_of
from pacsconf.core.errors import PacsconfError, RecordError

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.dicom.probe.run import ProbeRun
    from pacsconf.dicom.targets import Target
    from pacsconf.record.state import RecordState

IMPORT = "import"
"""The first word that brings in runs of other machines instead of asking."""

INTERRUPTED = 130
"""How it ends when Ctrl-C broke it off."""


def probe(
    context: typer.Context,
    selectors: Annotated[
        list[str] | None,
        typer.Argument(
            help="Devices, DEVICE/AE_TITLE, titles, HL7 applications, patterns ('north/*'); or: import FILE...",
            metavar="SELECTOR",
        ),
    ] = None,
    site: Annotated[
        str | None, typer.Option("--site", help="Devices of this site, called from it.", metavar="NAME")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Also outside the hours of probe_window.")] = False,
    negatives: Annotated[
        bool, typer.Option("--negatives", help="Also whom each lets in: strangers, wrong titles.")
    ] = False,
    impersonate: Annotated[
        str | None, typer.Option("--impersonate", help="Call as this device; recorded.", metavar="TITLE")
    ] = None,
    level: Annotated[
        Literal["tcp", "echo", "contexts", "services"] | None,
        typer.Option("--level", help="Go no further than this; nothing goes beyond what is declared."),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds that each step may take.", min=0.1, max=120)
    ] = 5.0,
    at_once: Annotated[
        int | None, typer.Option("--at-once", help="How many are asked at a time; 64.", min=1, max=512)
    ] = None,
    executor: Executor = None,
    executor_tls_ca: ExecutorCA = None,
    executor_tls_cert: ExecutorCert = None,
    executor_tls_key: ExecutorKey = None,
    save: Annotated[
        str | None, typer.Option("--save", help="Keep this run in the record.", metavar="NAME")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", help="What differs from a saved run, from last, or a file.", metavar="NAME"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the run to a file, not to the record.", metavar="FILE")
    ] = None,
    no_record: Annotated[bool, typer.Option("--no-record", help="Leave the record as it is.")] = False,
    format: Annotated[  # noqa: A002 - the option's name
        Form, typer.Option("--format", help="Form of the result.")
    ] = "text",
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Every row, every finding.")] = False,
) -> Exit:
    """Ask the network whether it is as declared.

    As gently as each device allows; nothing is stored. Exit 2 if anything fails.
    """
    from pacsconf.cli.probe_run import Asked, sweep
    from pacsconf.cli.wire import network_asked
    from pacsconf.dicom.probe.run import lowered

    screen: Screen = context.obj.screen
    words = selectors or []
    shown = Result(format, verbose, save or "", against or "", out, not no_record)
    _check(shown, no_record=no_record)
    scheduler = scheduler_of(executor, executor_tls_ca, executor_tls_cert, executor_tls_key, site)
    if words[:1] == [IMPORT]:
        _require_import_alone(
            (site, now, negatives, impersonate, level, at_once, scheduler, save, against, out)
        )
        return _imported(context, words[1:], shown)
    work = opened(context, format)
    opening.require_lab(work)
    title = _title(work, impersonate) if impersonate else ""
    wanted = _wanted(work, words, site, hl7=not title)
    ask = partial(network_asked, work, anytime=now, negatives=negatives, impersonate=title or None)
    everybody = from_each_site(work, ask) if scheduler else ask(site=site)
    targets = tuple(lowered(one, level or "services") for one in everybody if _is_of(one, wanted))
    state = _state(work, shown)
    before = _former(shown.against, state, wanted if words or site else None)
    run = sweep(screen, work, targets, Asked(timeout, at_once or 0, site or "", title, scheduler))
    return _concluded(context, work, run, before, state, shown)


def _check(shown: Result, *, no_record: bool) -> None:
    """Options that do not go together, or name nothing that can be.

    Raises: BadParameter.
    """
    from pacsconf.cli.probe_run import is_name

    if shown.save and not is_name(shown.save):
        raise typer.BadParameter(
            "a name of a-z, 0-9, dots and dashes, such as before-upgrade (`last` is taken)",
            param_hint="--save",
        )
    if shown.save and no_record:
        raise typer.BadParameter("a saved run is kept in the record", param_hint="--no-record")
    if shown.out == Path("-"):
        raise typer.BadParameter(
            "a run goes to a file; --format json is the form for standard output", param_hint="--out"
        )


def _require_import_alone(given: Sequence[object]) -> None:
    if any(given):
        raise typer.BadParameter(
            "nothing is asked when runs are imported: of the options only --no-record, --format and --verbose go"
            " with it",
            param_hint="import",
        )


def _imported(context: typer.Context, names: Sequence[str], shown: Result) -> Exit:
    from pacsconf.cli.probe_import import bring_in

    if not names:
        raise typer.BadParameter("name the files that probe --out wrote", param_hint="import FILE")
    return bring_in(context.obj.screen, opened(context, shown.format), names, shown)


def _title(work: Workspace, impersonate: str) -> str:
    """The title of a declared entity, which is called as.

    Raises: BadParameter.
    """
    from pacsconf.inventory.whom import meant

    try:
        return meant(work.inventory, impersonate)[1].title
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--impersonate") from None


Wanted = frozenset[tuple[str, str]]
"""By device and AE title, or name of an HL7 application."""


def _wanted(work: Workspace, patterns: Sequence[str], site: str | None, *, hl7: bool) -> Wanted:
    """Whom to ask, `hl7` applications too.

    Raises: BadParameter for a pattern, or a site, that names nobody.
    """
    from pacsconf.inventory.selecting import chosen_names

    try:
        return chosen_names(work.inventory, patterns, site, hl7=hl7)
    except ValueError as exc:
        hint = "--site" if site is not None and site not in work.inventory.sites else "SELECTOR"
        raise typer.BadParameter(str(exc), param_hint=hint) from None


def _is_of(target: Target, wanted: Wanted) -> bool:
    return (target.device, target.title) in wanted


def _state(work: Workspace, shown: Result) -> RecordState | None:
    """The record where something of it is needed."""
    from pacsconf.cli.probe_run import state_of

    return state_of(work) if shown.records or shown.against else None


def _former(name: str, state: RecordState | None, wanted: Wanted | None) -> ProbeRun | None:
    """The run to compare with, no wider than what is asked now."""
    from pacsconf.cli.probe_run import run_named

    if not name:
        return None
    run = run_named(name, state.evidence if state else {})
    if wanted is None:
        return run
    return replace(run, sightings=tuple(one for one in run.sightings if _is_of(one.target, wanted)))


# --- the result -------------------------------------------------------------------------------------------------


def _concluded(
    context: typer.Context,
    work: Workspace,
    run: ProbeRun,
    before: ProbeRun | None,
    state: RecordState | None,
    shown: Result,
) -> Exit:
    """Show a run, keep it, and say by the exit code what came of it."""
    screen: Screen = context.obj.screen
    from pacsconf.cli.probe_run import last_of, to_file
    from pacsconf.dicom.probe.compare import compare
    from pacsconf.dicom.probe.run import sighted

    told = sighted(run, last_of(state.evidence)) if state else run
    comparison = compare(before, run) if before else None
    if not run.whole:
        show(screen, work, told, comparison, shown)
        screen.note(sentence("interrupted: nothing of this was recorded or written"))
        context.obj.stopped = True
        raise typer.Exit(INTERRUPTED)
    commit, kept = _kept(screen, work, run, shown) if shown.records else ("", Exit.OK)
    show(screen, work, told, comparison, shown, commit)
    if shown.out is not None:
        to_file(run, shown.out)  # once it was shown: a disk that is full costs no result
        command = f"{work.command} probe import {shlex.quote(str(shown.out))}"
        screen.note(sentence(f"Written to {shown.out}; bring it in with: {command}"))
    failing = any(one.verdict == "failing" for one in run.observations)
    return worst(kept, Exit.CHANGES if failing else Exit.OK)


def _kept(screen: Screen, work: Workspace, run: ProbeRun, shown: Result) -> tuple[str, Exit]:
    """Keep a run in the record: the commit, or why not. Who asked for a name is owed one."""
    from pacsconf.cli.probe_run import declared, keep, reason_of

    if not shown.save and all(one.verdict == "not probed" for one in run.observations):
        return "", Exit.OK  # nothing was seen, so there is nothing to remember
    try:
        return keep(work, run, declared(work), save=shown.save, reason=reason_of(run, shown.save)), Exit.OK
    except PacsconfError as exc:
        if not shown.save and not isinstance(exc, RecordError):
            raise
        if shown.save:
            screen.error(exc)
            return "", exit_of(exc)
        screen.note(sentence(f"not recorded: {exc.in_full}"))
        return "", Exit.OK
