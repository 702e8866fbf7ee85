"""Plain values in words: quoted where quotes tell something, UIDs with their names, sets as members."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pacsconf.core.change import FieldChange
from pacsconf.core.mark import is_mark
from pacsconf.core.resource import Value
from pacsconf.report.lines import Span, Style, visible
from pacsconf.report.view import View

_PLAIN = re.compile(r"[A-Za-z0-9_./:@+*-]*[A-Za-z_.:][A-Za-z0-9_./:@+*-]*\Z")
"""Texts that read as they are; digits alone are left out, so that text and number differ."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_WORDS = frozenset({"true", "false", "none", "null", "yes", "no"})
_UID = re.compile(r"[0-2](\.(0|[1-9][0-9]*)){4,}\Z")
_FEW = 3
"""Members of a set that are shown before the rest is counted."""


def text_of(value: Value | None, view: View) -> str:
    """A value as one text; a set as its members with commas."""
    return " ".join(span.text for span in atoms_of(value, view))


def atoms_of(value: Value | None, view: View) -> tuple[Span, ...]:
    """A value in pieces between which a line may end."""
    if not isinstance(value, tuple):
        return tuple(map(Span, _pieces(value, view)))
    return tuple(map(Span, with_commas(shortened([text_of(member, view) for member in value], view))))


def _pieces(value: bool | int | str | None, view: View) -> tuple[str, ...]:
    if value is None:
        return ("(none)",)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, int):
        return (str(value),)
    if is_mark(value):
        return ("as declared (not shown)",)
    name = view.uid_name(value) if _UID.match(value) else ""
    if not name:
        return (quoted(value),)
    return (name, f"({value})") if view.verbose else (name,)


def with_commas(texts: Sequence[str]) -> tuple[str, ...]:
    """Each text but the last with a comma."""
    return (*(f"{text}," for text in texts[:-1]), *texts[-1:])


def quoted(text: str) -> str:
    """`text`, in quotes unless it reads unmistakably without."""
    if _DAY.match(text) or (_PLAIN.match(text) and text.lower() not in _WORDS):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{visible(escaped)}"'


def shortened(texts: Sequence[str], view: View) -> list[str]:
    """The first few of `texts` and how many more there are; all of them when the view is verbose."""
    if view.verbose or len(texts) <= _FEW + 1:
        return list(texts)
    return [*texts[:_FEW], f"… {len(texts) - _FEW} more"]


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
