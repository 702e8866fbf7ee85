"""What commands that ask nobody know of the wire: the last recorded probes, or a sweep that `--probe` made."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from pacsconf.cli import opening, workspace
from pacsconf.cli.screen import Screen, sentence
from pacsconf.cli.workspace import Workspace
from pacsconf.core.errors import RecordError
from pacsconf.inventory.formats import ANYWHERE, NOWHERE

if TYPE_CHECKING:
    from pacsconf.dicom.probe.run import ProbeRun
    from pacsconf.inventory.model import Device
    from pacsconf.record.state import RecordState
    from pacsconf.report.wire_news import WireNews


def news_of(
    work: Workspace, state: RecordState, run: ProbeRun | None = None, *, whole: bool = False
) -> WireNews | None:
    """What the record says of the wire, and `run` after it; None where the record is not known. Sends nothing.

    Where nothing was ever recorded it is told only whether anybody could be asked, unless the `whole` is wanted: to
    look at ten thousand devices for that takes longer than all the rest of a plan's ending.
    """
    from pacsconf.cli.probe_run import LAST, last_of
    from pacsconf.cli.wire import targets_of
    from pacsconf.dicom.probe.run import Known, known, merged
    from pacsconf.report.wire_news import WireNews

    if state.exists and not state.known and run is None:
        return None
    last = last_of(state.evidence)
    if run is not None:
        last = merged(last, run)
    if last is None and LAST in state.evidence:
        return WireNews(Known(), workspace.now(), work.command, unreadable=True)
    if last is None and not whole:
        return WireNews(Known(), workspace.now(), work.command, never=_may_ask_somebody(work))
    dial = work.inventory.environments[work.environment].dial
    return WireNews(known(last, targets_of(work, None), dial), workspace.now(), work.command)


_TRIED = 5
"""Devices that are looked at closely for whether they may be asked."""


def _may_ask_somebody(work: Workspace) -> bool:
    from pacsconf.cli.wire import targets_of
    from pacsconf.dicom.probe.run import known

    dial = work.inventory.environments[work.environment].dial
    nowhere = dial.get(ANYWHERE) == NOWHERE
    likely = (
        device.name
        for device in work.inventory.devices.values()
        if device.probe != "none" and not device.external and not (nowhere and _leads_nowhere(device, dial))
    )
    tried = targets_of(work, set(islice(likely, _TRIED)))
    return bool(known(None, tried, dial).unasked)


def _leads_nowhere(device: Device, dial: Mapping[str, str]) -> bool:
    """Whether no address of a device is dialled at all."""
    ports = {connection.port for connection in device.connections.values()}
    hosts = {connection.host for connection in device.connections.values()}
    hosts |= {node.host for node in device.nodes.values()}
    ports |= {node.port for node in device.nodes.values()}
    return not any(f"{host}:{port}" in dial for host in hosts for port in ports)


def look_again(screen: Screen, work: Workspace) -> ProbeRun:
    """Ask everybody that may be asked, and record it where that is possible."""
    from pacsconf.cli.probe_run import Asked, declared, keep, reason_of, sweep
    from pacsconf.cli.wire import targets_of

    opening.require_lab(work)
    run = sweep(screen, work, targets_of(work, None), Asked())
    if not run.whole:
        raise KeyboardInterrupt
    if any(one.verdict != "not probed" for one in run.observations):
        try:
            keep(work, run, declared(work), reason=reason_of(run))
        except RecordError as exc:
            screen.note(sentence(f"not recorded: {exc.in_full}"))
    return run
