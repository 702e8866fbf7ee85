"""What a plan does to the deletion of studies, before anything else of it: each change, never shortened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pacsconf.core.change import SIGNS, Change
from pacsconf.report.lines import Line, Lines, Span, beside, line, wrapped
from pacsconf.report.view import View

PURGE_HEAD = "DELETES STUDIES, or deletes them sooner"
"""What stands above these changes, wherever they are shown."""


def purges_text(changes: Iterable[Change], view: View) -> Lines:
    """The changes that purge, each with what it does and where it is declared."""
    purging = tuple(change for change in changes if "purges" in change.effects)
    if not purging:
        return ()
    runs = any(change.mode == "write" for change in purging)
    head = f"{PURGE_HEAD}: each needs an --ack of its own" if runs else PURGE_HEAD
    return (
        *wrapped(head, view.columns, first=line(Span("!!", "error"), " "), indent=3, style="error"),
        *(row for change in purging for row in _purge(change, view)),
    )


def _purge(change: Change, view: View) -> Iterator[Line]:
    left = line("  ", Span(SIGNS[change.action], "error"), " ", Span(str(change.address), "strong"))
    mode = "read-only, never executed" if change.mode == "read-only" else "data-loss"
    yield from beside(left, line(Span(mode, "warning")), view.columns)
    yield from wrapped(change.purge, view.columns, first=line("      "))
    for origin in _origins(change, view):
        yield line("      ", Span(origin, "faint"))


def _origins(change: Change, view: View) -> tuple[str, ...]:
    """The places in files that it comes from, each once."""
    if change.action == "delete":
        return ()
    names = [field.name for field in change.fields] if change.action == "update" else [""]
    return tuple(dict.fromkeys(filter(None, (view.origin(change.address, name) for name in names))))
