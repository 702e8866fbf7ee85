"""The command storage: how full archives are, what they do when they are full, and when that will be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pacsconf.cli import opening, workspace
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit, exit_of
from pacsconf.cli.inventory_commands import TextOrJson
from pacsconf.cli.screen import Screen, sentence
from pacsconf.cli.storage_history import path_of, samples_of
from pacsconf.core.errors import SystemFault, SystemFaults

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.report.storage_text import Shown
    from pacsconf.retention.capacity import Stock


def storage(
    context: typer.Context,
    systems: Annotated[
        list[str] | None, typer.Argument(help="These systems; else all that keep images.", metavar="SYSTEM")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Keep what is read in the record, for later forecasts.")
    ] = False,
    within: Annotated[
        str, typer.Option("--within", help="Exit 2 when one is full within this time.", metavar="PERIOD")
    ] = "30d",
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Show how full archives are, and when they will be.

    Reads only. Exit 2 when one is past its threshold, or will be full soon.
    """
    from pacsconf.report.storage_text import storage_json, storage_text

    screen: Screen = context.obj.screen
    days = _days(within)
    work = opened(context, format)
    names = _names(work, systems or [])
    if not names:
        screen.note(sentence("No system here keeps images and tells how full it is (type orthanc does)."))
        if format == "json":
            screen.raw(storage_json((), days))
        return Exit.OK
    stocks, limits, faults = _read(work, names)
    history = _history(work)
    shown = [_shown(name, stocks[name], history, limits[name]) for name in stocks]
    commit = _kept(work, stocks) if record and stocks else ""
    if format == "json":
        screen.raw(storage_json(shown, days, commit))
    else:
        screen.show(storage_text(shown, screen.width, days))
    if commit:
        screen.note(sentence(f"Recorded (commit {commit[:7]} on pacsconf/{work.environment})."))
    if faults:
        fault = SystemFaults(faults)
        screen.error(fault)
        return exit_of(fault)
    return Exit.CHANGES if any(_is_pressing(one, days) for one in shown) else Exit.OK


def _is_pressing(one: Shown, days: int) -> bool:
    return one.is_past or (one.left is not None and one.left <= days)


def _days(text: str) -> int:
    """Raises: BadParameter."""
    from pacsconf.inventory import formats

    try:
        return formats.period(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--within") from None


def _names(work: Workspace, asked: Sequence[str]) -> list[str]:
    """The systems that keep images. Raises: BadParameter for a name that is none of them."""
    from pacsconf.inventory.merge import nearest
    from pacsconf.systems import base
    from pacsconf.systems.abilities import Stocked

    known = []
    for name, config in sorted(work.inventory.systems.items()):
        kind: Any = base.find(config.type)
        if isinstance(kind, type) and issubclass(kind, Stocked):
            known.append(name)
    for name in asked:
        if name not in work.inventory.systems:
            raise typer.BadParameter(
                f'there is no system "{name}" in {work.environment}{nearest(name, work.inventory.systems)}',
                param_hint="SYSTEM",
            )
        if name not in known:
            kind_of = work.inventory.systems[name].type
            raise typer.BadParameter(
                f"{name} ({kind_of}) keeps no images, or does not tell", param_hint="SYSTEM"
            )
    return [name for name in known if not asked or name in asked]


def _read(
    work: Workspace, names: Sequence[str]
) -> tuple[dict[str, Stock], dict[str, int], list[SystemFault]]:
    """What each holds and where its threshold is; and why some could not be read."""
    from pacsconf.systems.abilities import Stocked

    stocks: dict[str, Stock] = {}
    limits: dict[str, int] = {}
    faults: list[SystemFault] = []
    for name in names:
        with opening.system(work, name) as system:
            assert isinstance(system, Stocked), "these were chosen"
            try:
                stocks[name] = system.stock(workspace.now())
            except SystemFault as fault:
                faults.append(fault)
            limits[name] = system.warn_at()
    return stocks, limits, faults


# --- the record ---------------------------------------------------------------------------------------------------


def _history(work: Workspace) -> Mapping[str, bytes]:
    """What the record holds of storages, by path; nothing where there is none."""
    from pacsconf.cli.probe_run import state_of

    state = state_of(work)
    return state.evidence if state else {}


def _shown(name: str, stock: Stock, history: Mapping[str, bytes], warn_at: int) -> Shown:
    from pacsconf.report.storage_text import Shown
    from pacsconf.retention.capacity import forecast

    return Shown(name, stock, forecast((*samples_of(name, history), stock)), warn_at)


def _kept(work: Workspace, stocks: Mapping[str, Stock]) -> str:
    """Keep these samples in the record. Returns the commit. Raises: RecordError and those below it."""
    from pacsconf.report.storage_text import size
    from pacsconf.retention.capacity import remembered, to_lines

    def seen(evidence: Mapping[str, bytes]) -> dict[str, bytes]:
        return {
            path_of(name): to_lines(remembered(samples_of(name, evidence), stock))
            for name, stock in stocks.items()
        }

    told = ", ".join(f"{name} {size(stock.bytes)}" for name, stock in stocks.items())
    with workspace.record(work) as store:
        return store.keep("storage", seen, reason=told, count=len(stocks))
