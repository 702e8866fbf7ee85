"""The command that says why one application entity cannot work with another: diagnose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import opening
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit
from pacsconf.cli.inventory_commands import TextOrJson
from pacsconf.cli.look_at_entity import CALLING, title_of
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.cli.wire import prober_entity
from pacsconf.inventory import formats

if TYPE_CHECKING:
    from pacsconf.cli.diagnose_gather import Pair
    from pacsconf.cli.workspace import Workspace
    from pacsconf.dicom.diagnose.diagnosis import Diagnosis
    from pacsconf.dicom.diagnose.evidence import End
    from pacsconf.inventory.flows import Entity


def diagnose(
    context: typer.Context,
    ends: Annotated[
        list[str],
        typer.Argument(
            help="Who calls and who is called: devices, DEVICE/AE_TITLE, AE titles; the called one may be "
            "AET@HOST:PORT. One alone: pacsconf itself calls it.",
            metavar="[FROM] TO",
        ),
    ],
    service: Annotated[
        str | None,
        typer.Option("--service", help="This service alone, as flows name it.", metavar="SERVICE"),
    ] = None,
    impersonate: Annotated[
        bool, typer.Option("--impersonate", help="Also call under the title of FROM; recorded.")
    ] = False,
    log: Annotated[
        list[Path] | None,
        typer.Option("--log", help="A log of the called side, where FROM may stand.", metavar="FILE"),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Nothing is sent or read: files and what is recorded.")
    ] = False,
    now: Annotated[bool, typer.Option("--now", help="Also outside the hours of probe_window.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds that each step may take.", min=0.1, max=120)
    ] = 5.0,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Every cause, also what is only possible.")
    ] = False,
) -> Exit:
    """Say why one cannot work with another, likeliest cause first.

    Layer by layer, as gently as a probe. Exit 2 if something is wrong.
    """
    from pacsconf.cli.diagnose_gather import Asked, gathered
    from pacsconf.dicom.diagnose.diagnosis import diagnose as concluded

    screen: Screen = context.obj.screen
    work = opened(context, format)
    pair = _pair(work, ends)
    if impersonate and pair.calling_entity is None:
        raise typer.BadParameter("there is nobody to call as: name FROM", param_hint="--impersonate")
    asked = Asked(_service(service), impersonate, tuple(log or ()), offline, now, timeout)
    if not offline:
        opening.require_lab(work)
    reporter = Reporter(screen)
    try:
        evidence = gathered(work, pair, asked, reporter)
    finally:
        reporter.stop()
    found = concluded(evidence)
    _show(screen, work, found, format, verbose=verbose)
    return _exit(found, offline=offline, tried=evidence.wire is not None)


def _exit(found: Diagnosis, *, offline: bool, tried: bool) -> Exit:
    """0: it works, or nothing is wrong of what could be looked at; 1: the look itself failed."""
    if found.verdict == "wrong":
        return Exit.CHANGES
    looked = offline or not tried or found.verdict == "works" or found.quiet
    return Exit.OK if looked else Exit.ERROR


def _service(text: str | None) -> str:
    """Raises: BadParameter."""
    from pacsconf.inventory import uids

    if text is None:
        return ""
    try:
        return uids.service(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--service") from None


# --- who is meant -------------------------------------------------------------------------------------------------


def _pair(work: Workspace, ends: list[str]) -> Pair:
    """Raises: BadParameter."""
    from pacsconf.cli.diagnose_gather import Pair

    if len(ends) > 2:
        raise typer.BadParameter("two at most: who calls, and who is called", param_hint="[FROM] TO")
    caller = _meant(work, ends[0]) if len(ends) == 2 else prober_entity(work)
    to = ends[-1]
    site = caller[0].site if caller else None
    if "@" in to:
        entity, called = None, _undeclared(to)
    else:
        entity = _meant(work, to)
        called = _end(work, entity, site)
    if caller is not None and entity is not None and _key(caller) == _key(entity):
        raise typer.BadParameter(f"{to} does not call itself", param_hint="[FROM] TO")
    return Pair(_end(work, caller, None) if caller else _nobody(), called, caller, entity)


def _key(entity: Entity) -> tuple[str, str]:
    return entity[0].name, entity[1].title


def _meant(work: Workspace, text: str) -> Entity:
    from pacsconf.inventory.whom import meant

    try:
        return meant(work.inventory, text)
    except ValueError as exc:
        hint = "; write AET@HOST:PORT for what is not declared" if "@" not in text else ""
        raise typer.BadParameter(f"{exc}{hint}", param_hint="[FROM] TO") from None


def _end(work: Workspace, entity: Entity, site: str | None) -> End:
    from pacsconf.cli.diagnose_gather import placed
    from pacsconf.dicom.diagnose.gather import end_of

    return end_of(entity, placed(work), site)


def _nobody() -> End:
    """pacsconf itself, where no device is declared that it calls as."""
    from pacsconf.dicom.diagnose.evidence import End

    return End(CALLING)


def _undeclared(text: str) -> End:
    from pacsconf.dicom.diagnose.evidence import End

    title, _, where = text.rpartition("@")
    try:
        host, _, port = formats.host_and_port(where).rpartition(":")
    except ValueError as exc:
        raise typer.BadParameter(f"AET@HOST:PORT is needed: {exc}", param_hint="TO") from None
    return End(title_of(title, "TO"), host.strip("[]"), int(port))


def _show(
    screen: Screen,
    work: Workspace,
    found: Diagnosis,
    format: str,  # noqa: A002
    *,
    verbose: bool,
) -> None:
    if format == "json":
        from pacsconf.report.wire.diagnose_json import diagnosis_json

        screen.raw(diagnosis_json(found, work.environment, work.command))
    else:
        from pacsconf.report.wire.diagnose_text import diagnosis_text

        screen.show(diagnosis_text(found, work.command, screen.width, verbose=verbose))
