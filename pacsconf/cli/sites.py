"""How a sweep reaches sites behind their own firewalls: through workers there (docs/sites.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from pacsconf.cli import workspace
from pacsconf.cli.wire import prober_entity
from pacsconf.cli.workspace import Workspace

if TYPE_CHECKING:
    from pacsconf.dicom.sites.executors import Sites
    from pacsconf.dicom.targets import Target

Executor = Annotated[
    str | None,
    typer.Option("--executor", help="Other sites' devices by workers there: tls://host:8786.", metavar="URL"),
]
ExecutorCA = Annotated[
    Path | None, typer.Option("--executor-tls-ca", help="Whom to trust there.", metavar="FILE")
]
ExecutorCert = Annotated[
    Path | None, typer.Option("--executor-tls-cert", help="Who we are there.", metavar="FILE")
]
ExecutorKey = Annotated[
    Path | None, typer.Option("--executor-tls-key", help="The key of that certificate.", metavar="FILE")
]


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Where the workers are found, and the files for it that options name; the rest is in the operator file."""

    url: str
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def scheduler_of(
    url: str | None, ca: Path | None, certificate: Path | None, key: Path | None, site: str | None
) -> Scheduler | None:
    """The scheduler that options name.

    Raises: BadParameter for files without one, and where this machine is to be the site itself.
    """
    if url is None:
        if ca or certificate or key:
            raise typer.BadParameter(
                "name the scheduler that it is for: --executor URL", param_hint="--executor-tls-*"
            )
        return None
    if site is not None:
        raise typer.BadParameter(
            f"--site says that this machine stands at {site} itself: leave one of the two out",
            param_hint="--executor",
        )
    return Scheduler(url, ca, certificate, key)


@contextmanager
def workers(work: Workspace, scheduler: Scheduler) -> Iterator[Sites]:
    """The workers of this scheduler.

    Raises: PacsconfError, OperatorError when the key is not ours alone, Unavailable when nobody answers.
    """
    from pacsconf.dicom.sites._dask import connected
    from pacsconf.dicom.wire import Identity
    from pacsconf.operator.private import NOT_TOUCHED_BY_OTHERS, read_private

    kept = workspace.operator(work).executor
    key = scheduler.key or kept.key
    if key is not None and scheduler.url.startswith("tls:"):
        read_private(key, forbidden=NOT_TOUCHED_BY_OTHERS)
    files = (scheduler.ca or kept.ca, scheduler.certificate or kept.certificate, key)
    with connected(scheduler.url, Identity(*(str(file) if file else "" for file in files))) as found:
        yield found


def home(work: Workspace) -> frozenset[str]:
    """The site that this machine calls from: that of the declared device that it calls as."""
    found = prober_entity(work)
    return frozenset({found[0].site}) if found and found[0].site is not None else frozenset()


class Ask(Protocol):
    """What may be called of these devices (None: of all), as seen from a site (None: from here)."""

    def __call__(
        self, *, site: str | None = None, devices: Collection[str] | None = None
    ) -> tuple[Target, ...]: ...


def from_each_site(work: Workspace, ask: Ask) -> tuple[Target, ...]:
    """All targets, those of other sites as their own site sees them, under its own title."""
    seen = ask()
    here = home(work)
    away: dict[str, set[str]] = {}
    for target in seen:
        if target.site is not None and target.site not in here:
            away.setdefault(target.site, set()).add(target.device)
    targets = [target for target in seen if target.site not in away]
    for site, devices in away.items():
        targets += ask(site=site, devices=devices)
    return tuple(sorted(targets, key=lambda one: (one.device, one.title, one.connection, one.node or "")))
