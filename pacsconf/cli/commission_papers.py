"""What an acceptance run is handed over as: the list of its test objects, and a page to print."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli.workspace import Workspace
from pacsconf.core.errors import PacsconfError

if TYPE_CHECKING:
    from pacsconf.dicom.commission.run import AcceptanceRun
    from pacsconf.record.unsigned import UnsignedRuns

FOLDER = "commissioning"
"""Below the repository: where lists of test objects are put."""


def given_up(kept: UnsignedRuns, run: AcceptanceRun) -> AcceptanceRun | None:
    """The run that nobody signed and that this one takes the place of, if it left anything behind.

    Raises: RecordError when it cannot be read: it may list test objects that nobody else knows of.
    """
    before = kept.read(run.device)
    return before if before is not None and before.id != run.id and before.stored else None


def listed(work: Workspace, run: AcceptanceRun, path: Path | None = None) -> str:
    """Write the list of what a run left behind, and say where.

    Raises: PacsconfError when it cannot be written.
    """
    from pacsconf.report.wire.commission_text import left_csv

    own = work.root / FOLDER / f"{run.device}-{run.id}-test-objects.csv"
    return written(path or own, left_csv(run))


def written(path: Path, text: str) -> str:
    """Write a file, at once or not at all; its name.

    Raises: PacsconfError when it cannot be written.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as exc:
        raise PacsconfError(f"{path} cannot be written: {exc.strerror}", fix="Name another file.") from exc
    return str(path)


def page(work: Workspace, run: AcceptanceRun, now: datetime) -> str:
    """The run as a page to print.

    Raises: TemplateFault when the site's own template cannot be used.
    """
    from pacsconf.core.moment import in_words
    from pacsconf.report.sheets.render import Templates
    from pacsconf.report.wire.commission_text import page_values

    values = page_values(run, in_words(now))
    return Templates(work.root / "templates").render("acceptance-run", "html", values)
