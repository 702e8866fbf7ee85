"""An audit on the screen, and as files of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError

if TYPE_CHECKING:
    from pacsconf.policy.audit import Audit, Point
    from pacsconf.policy.rule import Severity


def show_audit(
    screen: Screen,
    audit: Audit,
    format: str,  # noqa: A002
    command: str,
    *,
    gate: Severity = "high",
    page: str = "",
    kept: str = "",
) -> None:
    """An audit on the screen, or in another form on stdout.

    `command` is how pacsconf is called here, `page` the file of its page, `kept` the commit that keeps it.
    """
    if format == "text":
        from pacsconf.report.audit.text import audit_text

        screen.show(audit_text(audit, screen.width, gate=gate, command=command, page=page, kept=kept))
    elif format == "markdown":
        from pacsconf.report.audit.markdown import audit_markdown

        screen.raw(audit_markdown(audit, command=command))
    else:
        from pacsconf.report.audit.forms import rendered

        screen.raw(rendered(audit, format))


def write_report(folder: Path, audit: Audit, trend: Sequence[Point], root: Path) -> Path:
    """The report in every form, in a folder that is made where it is missing. Returns the page.

    Raises: PacsconfError when a file cannot be written.
    """
    from pacsconf.cli.policy_files import titles_of
    from pacsconf.report.audit.forms import PAGE, files

    made = files(audit, trend, titles_of(root))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            (folder / name).write_bytes(content)
    except OSError as why:
        raise PacsconfError(
            f"the report cannot be written to {folder}: {why.strerror}", fix="Name another folder: --out DIR"
        ) from why
    return folder / PAGE
