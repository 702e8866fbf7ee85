"""How runs of probes are shown: as a matrix, as JSON or JUnit, with what differs from an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pacsconf.cli import workspace
from pacsconf.cli.screen import Screen, sentence

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.dicom.probe.compare import Comparison
    from pacsconf.dicom.probe.run import ProbeRun
    from pacsconf.record.contents import Entry
    from pacsconf.report.lines import Lines
    from pacsconf.report.wire.probe_matrix import Matrix

Form = Literal["text", "json", "junit"]


@dataclass(frozen=True, slots=True)
class Result:
    """How the result is shown and kept."""

    format: Form
    verbose: bool
    save: str = ""
    against: str = ""
    out: Path | None = None
    record: bool = True

    @property
    def records(self) -> bool:
        """Whether the record is written: a file is instead of it, a name is asked for by name."""
        return bool(self.save) or (self.record and self.out is None)


def show(
    screen: Screen,
    work: Workspace,
    run: ProbeRun,
    comparison: Comparison | None,
    shown: Result,
    commit: str = "",
) -> None:
    """A run, and what differs from an earlier one."""
    from pacsconf.report.wire import probe_forms

    place_of = work.loaded.sources.place
    if shown.format == "json":
        screen.raw(probe_forms.probe_json(run, place_of=place_of, comparison=comparison, commit=commit))
        return
    if shown.format == "junit":
        screen.raw(probe_forms.junit(run))
        return
    from pacsconf.report.wire.probe_text import probe_text

    if not run.sightings:
        screen.show(sentence(_nobody(work)))
    compared = _compared(comparison, screen, shown) if comparison is not None else ()
    screen.show(probe_text(run, matrix_of(screen, work, verbose=shown.verbose), compared))


def _compared(comparison: Comparison, screen: Screen, shown: Result) -> Lines:
    from pacsconf.inventory.uids import title
    from pacsconf.report.wire.probe_against import against_text

    return against_text(comparison, shown.against, screen.width, verbose=shown.verbose, uid_name=title)


def matrix_of(screen: Screen, work: Workspace, *, verbose: bool) -> Matrix:
    """How runs are shown in this workspace."""
    from pacsconf.cli.wire import prober
    from pacsconf.report.wire.probe_matrix import Matrix

    return Matrix(
        workspace.now(),
        screen.width,
        verbose,
        work.command,
        prober(work) or "",
        work.loaded.sources.place,
        work.loaded.line,
    )


def _nobody(work: Workspace) -> str:
    return (
        "Nobody is to be asked: what was named only calls, is not installed, or is planned, being commissioned or"
        f" retired in {work.environment}."
    )


def show_evidence(
    screen: Screen,
    work: Workspace,
    kept: tuple[Entry, Mapping[str, bytes]],
    format: str,  # noqa: A002 - the option's name
    *,
    verbose: bool,
) -> None:
    """What a commit of the record tells of the network: each run that it holds anew, as a matrix; or acceptance."""
    from pacsconf.cli.commission_run import show_kept
    from pacsconf.dicom.probe.lines import from_lines
    from pacsconf.report.wire.probe_forms import runs_json
    from pacsconf.report.wire.probe_text import head_text, probe_text

    entry, files = kept
    if entry.type == "commission":
        show_kept(screen, files, format, verbose=verbose)
        return
    if entry.type == "storage":
        from pacsconf.cli.storage_history import show_kept as show_storages

        show_storages(screen, files, format)
        return
    runs = {
        path: from_lines(data, path) for path, data in sorted(files.items()) if path.startswith("probes/")
    }
    if format == "json":
        screen.raw(
            runs_json(runs, commit=entry.commit, reason=entry.reason, place_of=work.loaded.sources.place)
        )
        return
    for path, run in runs.items():
        shown = matrix_of(screen, work, verbose=verbose)
        screen.show(head_text(run, shown, f"{path}, commit {entry.commit[:7]}"))
        screen.show(probe_text(run, shown))
