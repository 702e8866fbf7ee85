"""What a commit of the record holds of reviews, shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.cli.screen import Screen

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.core.review import Reviews
    from pacsconf.record.contents import Entry


def show_reviewed(screen: Screen, work: Workspace, found: tuple[Entry, Reviews], form: str) -> None:
    """What a commit of the record holds of reviews, as they stood then."""
    from pacsconf.report.access.known import Known
    from pacsconf.report.access.review_text import reviews_json, rows_of, sheet_text

    _, reviews = found
    today = workspace.now().date()
    if form == "json":
        screen.raw(reviews_json(reviews, today))
        return
    for one in reviews:
        screen.show(
            sheet_text(one, rows_of(work.inventory, one, {}, Known()), today, work.command, screen.width)
        )
