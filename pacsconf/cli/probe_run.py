"""How a sweep of the network is carried out: whom it asks, what it saw, and where that is kept."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, Any

from pacsconf import __version__
from pacsconf.cli import workspace
from pacsconf.cli.progress import SweepBar
from pacsconf.cli.screen import Screen
from pacsconf.cli.sites import Scheduler, home, workers
from pacsconf.cli.wire import require_tls, wire_of
from pacsconf.cli.workspace import Workspace
from pacsconf.core.errors import PacsconfError, RecordError

if TYPE_CHECKING:
    from pacsconf.dicom.observation import Observation
    from pacsconf.dicom.probe.run import Key, ProbeRun
    from pacsconf.dicom.targets import Target
    from pacsconf.record.state import RecordState

LAST = "probes/last.jsonl"
"""Where the record keeps what is known of the wire, below `evidence/`."""
IMPERSONATED = "probes/impersonated.jsonl"
"""And the last run under another's title: it says nothing of whether pacsconf itself is let in."""
_SAVED = "probes/saved/"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_MOST_SAVED = 50
"""Runs saved by name; every command that reads the record reads them too."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a sweep was asked for, beside whom it is to ask."""

    timeout: float = 5.0
    at_once: int = 0
    """Targets that are asked at the same time; 0: as many as the observer does."""
    site: str = ""
    impersonated: str = ""
    scheduler: Scheduler | None = None
    """Where workers at other sites are found."""


def sweep(screen: Screen, work: Workspace, targets: tuple[Target, ...], asked: Asked) -> ProbeRun:
    """Ask these targets. Ctrl-C ends it early: the run is then not `whole`."""
    begun = _stamp()
    seen: list[Observation] = []
    whole = True
    with SweepBar(screen, len(targets)) as bar:
        try:
            for one in _observed(work, targets, asked):
                seen.append(one)
                bar.seen(one.verdict)
        except KeyboardInterrupt:
            whole = False
    return replace(run_of(work, seen, asked), at=begun, whole=whole)


def run_of(work: Workspace, seen: Sequence[Observation], asked: Asked | None = None) -> ProbeRun:
    """What was seen, as a run of this machine and this moment."""
    from pacsconf.dicom.probe.run import ProbeRun, Sighting

    asked, where = asked or Asked(), socket.gethostname()
    near = home(work) if asked.scheduler else None
    sightings = (
        Sighting(one if one.at else replace(one, at=_stamp()), _where(one.target, where, near))
        for one in seen
    )
    return ProbeRun(
        work.environment,
        _stamp(),
        _who(work),
        where,
        __version__,
        asked.site,
        asked.impersonated,
        sightings=tuple(sorted(sightings, key=lambda one: one.key)),
    )


def _observed(work: Workspace, targets: tuple[Target, ...], asked: Asked) -> Iterator[Observation]:
    """What they say, from here or from where each of them is."""
    wire = wire_of(work, asked.timeout)
    more: dict[str, Any] = {"at_once": asked.at_once} if asked.at_once else {}
    if asked.scheduler is None:
        from pacsconf.dicom.probe.observer import observe

        require_tls(wire, targets)
        yield from observe(targets, wire, **more)
        return
    from pacsconf.dicom.sites.executors import observe_at_sites

    here = home(work)
    require_tls(wire, (one for one in targets if one.site is None or one.site in here))
    with workers(work, asked.scheduler) as sites:
        yield from observe_at_sites(targets, wire, sites, here, **more)


def _where(target: Target, here: str, near: frozenset[str] | None) -> str:
    """The machine that it was looked at from, or the site whose worker did (`near`: sites that have none)."""
    if near is None or target.site is None or target.site in near:
        return here
    return f"worker at {target.site}"


def _stamp() -> str:
    return f"{workspace.now():%Y-%m-%dT%H:%M:%SZ}"


def _who(work: Workspace) -> str:
    """Who asked: as git knows them, else the user of this machine."""
    from pacsconf.record.lock import this_runner

    try:
        with workspace.record(work) as store:
            return store.identity()
    except RecordError:
        return this_runner().rpartition(":")[0]


def declared(work: Workspace) -> frozenset[Key]:
    """Every target that is declared, whoever is asked."""
    from pacsconf.cli.wire import targets_of
    from pacsconf.dicom.probe.run import key_of

    return frozenset(key_of(target) for target in targets_of(work, None))


def reason_of(run: ProbeRun, save: str = "") -> str:
    """What the history says of a run."""
    from pacsconf.report.wire.probe_text import counts_text

    parts = (
        " · ".join(counts_text(run)),
        f"site {run.site}" if run.site else "",
        f"called as {run.impersonated}" if run.impersonated else "",
        f'saved as "{save}"' if save else "",
    )
    return ", ".join(part for part in parts if part)


# --- what the record holds --------------------------------------------------------------------------------------


def state_of(work: Workspace) -> RecordState | None:
    """The record as it stands; None where there is no repository that could hold one."""
    try:
        with workspace.record(work) as store:
            return store.state()
    except RecordError:
        return None


def last_of(evidence: Mapping[str, bytes]) -> ProbeRun | None:
    """What is known of the wire; None where nothing is, or another version wrote what this one cannot read."""
    from pacsconf.dicom.probe.lines import from_lines

    if LAST not in evidence:
        return None
    try:
        return from_lines(evidence[LAST], f"the record's {LAST}")
    except PacsconfError:
        return None


def saved_names(evidence: Mapping[str, bytes]) -> list[str]:
    """The runs that were saved, by name."""
    saved = (path for path in evidence if path.startswith(_SAVED))
    return sorted(path.removeprefix(_SAVED).removesuffix(".jsonl") for path in saved)


def run_named(name: str, evidence: Mapping[str, bytes]) -> ProbeRun:
    """A run by what was typed: a saved one, `last`, or a file that `--out` wrote.

    Raises: PacsconfError when there is none, or it cannot be read.
    """
    from pacsconf.dicom.probe.lines import from_lines
    from pacsconf.inventory.merge import nearest

    path = LAST if name == "last" else f"{_SAVED}{name}.jsonl"
    if path in evidence:
        return from_lines(evidence[path], f"the record's {path}")
    if Path(name).is_file():
        return from_file(Path(name))
    known = saved_names(evidence)
    raise PacsconfError(
        f'no run is saved as "{name}"{nearest(name, known)}',
        fix=f"Saved are: {', '.join(known)}." if known else "Save one first: pacsconf probe --save NAME",
    )


def is_name(name: str) -> bool:
    """Whether a run can be saved under it; `last` is what is known, whoever asked."""
    return _NAME.fullmatch(name) is not None and name != "last"


def keep(work: Workspace, run: ProbeRun, here: frozenset[Key], *, save: str = "", reason: str) -> str:
    """Merge a run into what the record knows of the wire, and save it under a name. Returns the commit.

    `here` are the targets that are declared; others are not remembered.

    Raises: RecordError and those below it; PacsconfError when too many are saved.
    """
    from pacsconf.dicom.probe.lines import to_lines

    def seen(evidence: Mapping[str, bytes]) -> dict[str, bytes]:
        made = {}
        if save:
            _require_room(save, evidence)
            made[f"{_SAVED}{save}.jsonl"] = to_lines(run)
        if run.impersonated:
            return made | {IMPERSONATED: to_lines(run)}
        return made | remembered(run, here, evidence)

    asked = sum(one.verdict != "not probed" for one in run.observations)
    with workspace.record(work) as store:
        return store.keep("probe", seen, reason=reason, count=asked)


def remembered(run: ProbeRun, here: frozenset[Key], evidence: Mapping[str, bytes]) -> dict[str, bytes]:
    """What is known of the wire after a run, as the record keeps it, by path.

    Raises: RecordError when another version wrote what is known.
    """
    from pacsconf.dicom.probe.lines import to_lines
    from pacsconf.dicom.probe.run import merged

    return {LAST: to_lines(merged(_before(evidence), run, here))}


def _before(evidence: Mapping[str, bytes]) -> ProbeRun | None:
    """What is known; what is damaged is as good as nothing.

    Raises: RecordError when another version wrote it, whose knowledge would be lost.
    """
    from pacsconf.dicom.probe.lines import OtherFormat, from_lines

    try:
        return from_lines(evidence[LAST], f"the record's {LAST}") if LAST in evidence else None
    except OtherFormat as exc:
        raise RecordError(exc.message, fix=exc.fix) from None
    except PacsconfError:
        return None


def _require_room(save: str, evidence: Mapping[str, bytes]) -> None:
    known = saved_names(evidence)
    if save not in known and len(known) >= _MOST_SAVED:
        raise PacsconfError(
            f"{len(known)} runs are saved already, and every command that reads the record reads them",
            fix=f"Save over one of them: {', '.join(known)}.",
        )


# --- files ------------------------------------------------------------------------------------------------------


def to_file(run: ProbeRun, path: Path) -> None:
    """Write a run, readable by its owner alone, whole or not at all.

    Raises: PacsconfError.
    """
    from pacsconf.dicom.probe.lines import to_lines

    try:
        handle, part = mkstemp(prefix=f".{path.name}-", dir=path.parent)  # of mode 0600, and nobody's link
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(to_lines(run))
            Path(part).replace(path)
        except BaseException:
            Path(part).unlink()
            raise
    except OSError as exc:
        raise PacsconfError(
            f"the run cannot be written to {path}: {exc.strerror}", fix="Name another file."
        ) from exc


def from_file(path: Path) -> ProbeRun:
    """The run in a file.

    Raises: PacsconfError when it cannot be read, or is none.
    """
    from pacsconf.dicom.probe.lines import MAX_BYTES, from_lines

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise PacsconfError(
            f"{path} cannot be read: {exc.strerror}", fix="Name a file that --out wrote."
        ) from exc
    return from_lines(data, str(path))
