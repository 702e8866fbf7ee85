"""Runs of probes that other machines wrote, brought into the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.cli.exits import Exit
from pacsconf.cli.probe_screen import Result, show
from pacsconf.cli.screen import Screen, sentence
from pacsconf.core.errors import PacsconfError

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.dicom.probe.run import ProbeRun


def bring_in(screen: Screen, work: Workspace, names: Sequence[str], shown: Result) -> Exit:
    """Bring runs in that `probe --out` wrote to these files, all or none of them."""
    from pacsconf.cli.probe_run import from_file

    runs = [_fitting(work, from_file(Path(name)), name) for name in names]
    if len(runs) > 1 and any(run.impersonated for run in runs):
        raise PacsconfError(
            "a run under another's title says nothing of whether pacsconf is let in, so it is kept apart",
            fix="Import it alone.",
        )
    together = _together(runs)
    return _imported(screen, work, runs, together, shown)


def _fitting(work: Workspace, run: ProbeRun, name: str) -> ProbeRun:
    """A run that may be brought in.

    Raises: PacsconfError where it is of another environment, or dated after now.
    """
    from datetime import timedelta

    from pacsconf.dicom.probe.run import moment

    if run.environment != work.environment:
        raise PacsconfError(
            f"{name} is a run of environment {run.environment!r}, not {work.environment!r}",
            fix="Name its environment: pacsconf -e ENVIRONMENT probe import FILE",
        )
    latest = max((moment(run.at), *(one.at for one in run.sightings)))
    if latest > workspace.now() + timedelta(minutes=5):
        raise PacsconfError(
            f"{name} is dated {latest:%d %b %Y %H:%M} UTC, which is still to come: it would count as the newest for"
            " as long",
            fix="Set the clock of the machine that wrote it, and run it again.",
        )
    return run


def _together(runs: Sequence[ProbeRun]) -> ProbeRun:
    """What several runs say, each target by the last of them."""
    from pacsconf.dicom.probe.run import merged

    last = max(runs, key=lambda run: run.at)
    found: ProbeRun | None = None
    for run in sorted(runs, key=lambda run: run.at):
        found = merged(found, run)
    assert found is not None, "at least one file was named"
    sightings = {one.key: one for run in runs for one in run.sightings} | {
        one.key: one for one in found.sightings
    }
    return replace(last, sightings=tuple(sightings[key] for key in sorted(sightings)))


def _imported(
    screen: Screen, work: Workspace, runs: Sequence[ProbeRun], together: ProbeRun, shown: Result
) -> Exit:
    from pacsconf.cli.probe_run import declared, keep, last_of, reason_of, state_of
    from pacsconf.dicom.probe.run import sighted

    here = declared(work)
    strangers = sorted({one.target.device for one in together.sightings if one.key not in here})
    if strangers:
        names = ", ".join(strangers[:10]) + (", …" if len(strangers) > 10 else "")
        screen.note(sentence(f"note  not declared to be called here, so not recorded: {names}"))
    state = state_of(work)
    commit = ""
    if shown.record:
        where = ", ".join(sorted({run.where for run in runs}))
        commit = keep(work, together, here, reason=f"{reason_of(together)}, imported from {where}")
    told = sighted(together, last_of(state.evidence)) if state else together
    show(screen, work, told, None, shown, commit)
    failing = any(one.verdict == "failing" for one in together.observations)
    return Exit.CHANGES if failing else Exit.OK
