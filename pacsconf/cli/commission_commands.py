"""The command `commission`: the acceptance run of a new modality, in steps that are ticked off and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import opening
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit
from pacsconf.cli.inventory_commands import TextOrJson
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError, UnsafePlan

if TYPE_CHECKING:
    from pacsconf.cli.commission_run import Wanted
    from pacsconf.cli.workspace import Workspace
    from pacsconf.dicom.commission.run import AcceptanceRun, Role, Ticked
    from pacsconf.inventory.flows import Entity
    from pacsconf.record.unsigned import UnsignedRuns
    from pacsconf.report.lines import Lines

_LONGEST_NOTE = 1000
"""Characters of what a person says."""


@dataclass(frozen=True, slots=True)
class _Doing:
    """What one call is to do: at most one of a word, a signature, a look; else steps are taken."""

    attest: str
    accept: str
    note: str
    sign: str
    reason: str
    show: bool
    new: bool
    uids: Path | None
    out: Path | None
    format: str
    verbose: bool


def commission(
    context: typer.Context,
    device: Annotated[str, typer.Argument(help="The device, or DEVICE/AE_TITLE.", metavar="DEVICE")],
    yes_store: Annotated[
        bool,
        typer.Option("--yes-store-test-objects", help="Leave test objects and procedure steps behind."),
    ] = False,
    steps: Annotated[
        list[str] | None,
        typer.Option(
            "--step", help="Take this step alone, also if it passed. May be repeated.", metavar="STEP"
        ),
    ] = None,
    listen: Annotated[
        str, typer.Option("--listen", help="Where the archive calls our title back.", metavar="[HOST:]PORT")
    ] = "",
    wait: Annotated[
        float, typer.Option("--wait", help="Seconds in which a commitment must come.", min=1, max=3600)
    ] = 60.0,
    assist: Annotated[
        bool, typer.Option("--assist", help="Ask the person at the console, on a terminal.")
    ] = False,
    negatives: Annotated[
        bool, typer.Option("--negatives", help="Also try whether strangers are turned away.")
    ] = False,
    impersonate: Annotated[
        bool, typer.Option("--impersonate", help="Call under the modality's own title. Recorded.")
    ] = False,
    attest: Annotated[
        str, typer.Option("--attest", help="Say that this manual step was done.", metavar="STEP")
    ] = "",
    accept: Annotated[str, typer.Option("--accept", help="Accept this step as it is.", metavar="STEP")] = "",
    note: Annotated[str, typer.Option("--note", help="How, or why, for the record.", metavar="TEXT")] = "",
    sign: Annotated[
        str, typer.Option("--sign", help="Sign the run as pacs-admin or clinical-lead.", metavar="ROLE")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.", metavar="TEXT")] = "",
    show: Annotated[bool, typer.Option("--show", help="Only show what is ticked off; send nothing.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Begin a new run, whatever became of the last.")] = False,
    uids: Annotated[
        Path | None, typer.Option("--uids", help="File for the list of test objects.", metavar="FILE")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the run as a page to print.", metavar="FILE")
    ] = None,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Show every object, not only what went wrong.")
    ] = False,
) -> Exit:
    """Accept a new modality, step by step, until two people sign.

    Tries what it will do, in its place, and keeps what came of it. Deletes nothing. Exit 2 when a step failed.
    """
    from pacsconf.cli import commission_run as runs
    from pacsconf.record.unsigned import UnsignedRuns

    screen: Screen = context.obj.screen
    doing = _Doing(attest, accept, note, sign, reason, show, new, uids, out, format, verbose)
    _check(doing)
    wanted = runs.Wanted(
        steps=_known(steps or (), "--step"),
        may_store=yes_store,
        negatives=negatives,
        assist=assist and _somebody(screen),
        impersonate=impersonate,
        listen=_address(listen) if listen else None,
        wait=wait,
    )
    work = opened(context, format)
    whom = _meant(work, device)
    kept = UnsignedRuns.open(work.root, work.environment)
    run = None if new else runs.current(work, kept, whom[0].name)
    if doing.show:
        _show(screen, work, _there(run, whom), doing)
        return Exit.OK
    runs.require_commissioning(work, whom)
    if sign:
        _show(screen, work, _signed(screen, work, kept, _there(run, whom), doing), doing)
        return Exit.OK
    run = _unsigned(run) or runs.begun(work, whom)
    if attest or accept:
        _show(screen, work, _said(screen, work, kept, run, doing), doing)
        return Exit.OK
    return _taken(context, work, whom, run, wanted, kept, doing)


def _begin(screen: Screen, work: Workspace, kept: UnsignedRuns, run: AcceptanceRun) -> None:
    """Keep a run. Before it takes the place of another, that one's list is written, as nobody else has it."""
    from pacsconf.cli import commission_papers as papers
    from pacsconf.report.lines import columns, wrapped

    before = papers.given_up(kept, run)
    file = papers.listed(work, before) if before is not None else ""
    kept.write(run)
    if before is not None:
        text = f"Run {before.id} is given up. The list of what it left behind is {file}."
        screen.note(wrapped(text, columns(screen.width)))


def _signed(
    screen: Screen, work: Workspace, kept: UnsignedRuns, run: AcceptanceRun, doing: _Doing
) -> AcceptanceRun:
    """The run with one signature more, in the record."""
    from pacsconf.cli import commission_run as runs
    from pacsconf.report.lines import line

    with kept.taken(run.device):
        run, commit = runs.signed(work, kept, run, _role(doing.sign), _text(doing.reason, "--reason"))
    screen.note((line(f"Signed and recorded (commit {commit[:7]} on pacsconf/{work.environment})."),))
    return run


def _said(
    screen: Screen, work: Workspace, kept: UnsignedRuns, run: AcceptanceRun, doing: _Doing
) -> AcceptanceRun:
    """The run with a person's word."""
    from pacsconf.cli import commission_run as runs

    name, note = doing.attest or doing.accept, _text(doing.note, "--note")
    with kept.taken(run.device):
        run = runs.attested(work, run, name, note, accepts=bool(doing.accept))
        _begin(screen, work, kept, run)
    return run


def _taken(
    context: typer.Context,
    work: Workspace,
    whom: Entity,
    run: AcceptanceRun,
    wanted: Wanted,
    kept: UnsignedRuns,
    doing: _Doing,
) -> Exit:
    """Take the steps, each shown as soon as it is over. Ctrl-C keeps what was done."""
    from pacsconf.cli import commission_run as runs

    screen: Screen = context.obj.screen
    opening.require_lab(work)
    runs.require_consent(run, whom, wanted)
    names = runs.steps_to_take(run, wanted)
    taken: list[Ticked] = []
    progress = _Progress(screen)
    trial = None
    try:
        people = runs.AtTheConsole(screen, progress.stop)
        with kept.taken(run.device):
            _begin(screen, work, kept, run)
            with runs.trial_of(work, whom, run, wanted, people, progress.say) as trial:
                for step in runs.carried_on(trial, names, kept):
                    taken.append(step)
                    progress.over(step)
    except KeyboardInterrupt:
        context.obj.stopped = True
        run = trial.run if trial else run
        progress.stop()
        _show(screen, work, run, doing)
        screen.note(_interrupted(work, run, wanted, screen.width))
        raise
    finally:
        progress.stop()
    _show(screen, work, trial.run, doing)
    return _exit(taken)


def _interrupted(work: Workspace, run: AcceptanceRun, wanted: Wanted, width: int) -> Lines:
    from pacsconf.report.lines import columns, commanded, line

    given = (
        "--yes-store-test-objects" if wanted.may_store else "",
        f"--listen {_typed(*wanted.listen)}" if wanted.listen else "",
        "--negatives" if wanted.negatives else "",
        "--assist" if wanted.assist else "",
        "--impersonate" if wanted.impersonate else "",
    )
    call = " ".join((f"{work.command} commission {run.device}", *filter(None, given)))
    return (
        line("Interrupted. What was done is kept."),
        *commanded(line("To go on: "), call, columns(width)),
    )


def _exit(taken: Sequence[Ticked]) -> Exit:
    """2 when something failed; 9 when nobody could be reached at all."""
    tcp = next((step for step in taken if step.name == "tcp"), None)
    if tcp is not None and tcp.items and all(item.result == "failed" for item in tcp.items):
        return Exit.UNREACHABLE
    return Exit.CHANGES if any(step.result == "failed" for step in taken) else Exit.OK


def _show(screen: Screen, work: Workspace, run: AcceptanceRun, doing: _Doing) -> None:
    """The run as it stands, the list of what it left behind, and what to type next."""
    from pacsconf.cli import commission_papers as papers
    from pacsconf.cli import commission_run as runs
    from pacsconf.dicom.commission.run import to_json
    from pacsconf.report.lines import joined
    from pacsconf.report.wire import commission_text as report

    file = ""
    if run.stored:
        file = papers.listed(work, run, doing.uids)
    if doing.out is not None:
        from pacsconf.cli.workspace import now

        papers.written(doing.out, papers.page(work, run, now()))
    if doing.format == "json":
        screen.raw(to_json(run))
        return
    place = runs.lifecycle_place(work, run.device)
    screen.show(
        joined(
            (
                report.run_text(run, screen.width, verbose=doing.verbose),
                report.left_text(run, file, screen.width),
                report.next_text(run, work.command, place, screen.width, runs.listen_option(work)),
            )
        )
    )


class _Progress:
    """What is going on, and each step as it is over: on a terminal alone, as the whole run is shown in the end."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._status = screen.stderr.status("") if screen.shows_progress else None

    def say(self, text: str) -> None:
        if self._status is not None:
            self._status.update(text)
            self._status.start()

    def over(self, step: Ticked) -> None:
        self.stop()
        if self._status is not None:
            from pacsconf.report.wire.commission_text import short_text

            self._screen.note(short_text(step))

    def stop(self) -> None:
        if self._status is not None:
            self._status.stop()


# --- what was typed -----------------------------------------------------------------------------------------------


def _check(doing: _Doing) -> None:
    """What can be told to be wrong before anything is read."""
    if doing.new and (doing.sign or doing.show):
        raise typer.BadParameter("a new run has nothing to show or sign yet", param_hint="--new")
    if sum(map(bool, (doing.attest, doing.accept, doing.sign, doing.show))) > 1:
        raise typer.BadParameter("one at a time: --attest, --accept, --sign or --show")
    if doing.sign:
        _role(doing.sign)
        _text(doing.reason, "--reason")
    if doing.attest or doing.accept:
        _known([doing.attest or doing.accept], "--attest" if doing.attest else "--accept")
        _text(doing.note, "--note")


def _meant(work: Workspace, device: str) -> Entity:
    from pacsconf.inventory.whom import meant

    try:
        return meant(work.inventory, device)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="DEVICE") from None


def _known(names: Sequence[str], option: str) -> tuple[str, ...]:
    from pacsconf.dicom.commission.run import STEPS
    from pacsconf.inventory.merge import nearest

    known = [plan.name for plan in STEPS]
    for name in names:
        if name not in known:
            raise typer.BadParameter(f'"{name}" is no step{nearest(name, known)}', param_hint=option)
    return tuple(names)


def _role(text: str) -> Role:
    from pacsconf.dicom.commission.run import ROLES

    found = next((role for role in ROLES if role == text), None)
    if found is None:
        raise typer.BadParameter(f"one of {', '.join(ROLES)}", param_hint="--sign")
    return found


def _text(text: str, option: str) -> str:
    said = " ".join(text.split())
    if not said or len(said) > _LONGEST_NOTE:
        raise typer.BadParameter("a few words, for the record", param_hint=option)
    return said


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise typer.BadParameter("a port, or HOST:PORT", param_hint="--listen")
    return host.strip("[]"), int(port)


def _typed(host: str, port: int) -> str:
    """An address as `--listen` takes it; an IPv6 address without its brackets would begin with a colon."""
    return f"{f'[{host}]' if ':' in host else host}:{port}" if host else str(port)


def _somebody(screen: Screen) -> bool:
    if not screen.is_interactive:
        raise typer.BadParameter("nobody can be asked: this is no terminal", param_hint="--assist")
    return True


def _there(run: AcceptanceRun | None, whom: Entity) -> AcceptanceRun:
    """The run that there is.

    Raises: PacsconfError when none was begun.
    """
    if run is None:
        raise PacsconfError(
            f"no acceptance run of {whom[0].name} was begun",
            fix=f"Begin one: pacsconf commission {whom[0].name}",
        )
    return run


def _unsigned(run: AcceptanceRun | None) -> AcceptanceRun | None:
    """The run, if it may still be changed.

    Raises: UnsafePlan once somebody signed it.
    """
    if run is not None and run.signatures:
        names = ", ".join(one.by for one in run.signatures)
        raise UnsafePlan(
            f"run {run.id} was signed by {names}, and stays as it was signed",
            fix="Look at it: --show. Begin another: --new",
        )
    return run
