"""Plain values in words: quoted where quotes tell something, UIDs with their names, sets as members."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pacsconf.core.change import FieldChange
from pacsconf.core.resource import Value
from pacsconf.report.lines import Span, Style, visible
from pacsconf.report.view import View

_PLAIN = re.compile(r"[A-Za-z0-9_./:@+*-]*[A-Za-z_.:][A-Za-z0-9_./:@+*-]*\Z")
"""Texts that read as they are; digits alone are left out, so that text and number differ."""
_WORDS = frozenset({"true", "false", "none", "null", "yes", "no"})
_UID = re.compile(r"[0-2](\.(0|[1-9][0-9]*)){4,}\Z")
_FEW = 3
"""Members of a set that are shown before the rest is counted."""


def text_of(value: Value | None, view: View) -> str:
    """A value as one text; a set as its members with commas."""
    if value is None:
        return "(none)"
    if isinstance(value, tuple):
        return ", ".join(shortened([text_of(member, view) for member in value], view))
    if isinstance(value, bool):
        return "true" if value else "false"
    return _named(value, view) if isinstance(value, str) else str(value)


def _named(text: str, view: View) -> str:
    name = view.uid_name(text) if _UID.match(text) else ""
    if not name:
        return quoted(text)
    return f"{name} ({text})" if view.verbose else name


def quoted(text: str) -> str:
    """`text`, in quotes unless it reads unmistakably without."""
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{visible(escaped)}"'


def shortened(texts: Sequence[str], view: View) -> list[str]:
    """The first few of `texts` and how many more there are; all of them when the view is verbose."""
    if view.verbose or len(texts) <= _FEW + 1:
        return list(texts)
    return [*texts[:_FEW], f"… {len(texts) - _FEW} more"]


def atoms_of(value: Value | None, view: View) -> tuple[Span, ...]:
    """A value in pieces between which a line may end."""
    if not isinstance(value, tuple):
        return (Span(text_of(value, view)),)
    *some, end = shortened([text_of(member, view) for member in value], view) or ["(none)"]
    return (*(Span(f"{text},") for text in some), Span(end))


def update_of(change: FieldChange, view: View) -> tuple[Span, ...]:
    """What an update does to a field: a set by its members lost and gained, else before and after."""
    if isinstance(change.before, tuple) or isinstance(change.after, tuple):
        return members(change.removed, change.added, view)
    before, after = text_of(change.before, view), text_of(change.after, view)
    return (Span(before), Span("→", "faint"), Span(after, "strong"))


def members(removed: Iterable[str], added: Iterable[str], view: View) -> tuple[Span, ...]:
    """Members of a set that go and come, each with its sign."""
    lost = shortened([text_of(member, view) for member in removed], view)
    gained = shortened([text_of(member, view) for member in added], view)
    signed: list[tuple[str, Style]] = [
        *((f"- {text}", "delete") for text in lost),
        *((f"+ {text}", "create") for text in gained),
    ]
    return tuple(
        Span(f"{text} " if at < len(signed) else text, style) for at, (text, style) in enumerate(signed, 1)
    )
