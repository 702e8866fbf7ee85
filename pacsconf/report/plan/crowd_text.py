"""Many people at once: who gets and loses the same is told together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pacsconf.core.change import SIGNS, Action, FieldChange
from pacsconf.core.mark import is_mark
from pacsconf.people.asking import FOR_TEAM
from pacsconf.people.entries import EXPIRES
from pacsconf.report.lines import Line, Lines, Span, beside, itemised, line, wrapped
from pacsconf.report.plan.group import STYLES, Group, tags_of
from pacsconf.report.plan.in_out import memberships
from pacsconf.report.values import text_of, with_commas
from pacsconf.report.view import View
from pacsconf.report.words import counted

_NAMED = 40
"""Of those who get the same so many are named; the rest is counted."""
_TOGETHER = 3
"""So many are told together; fewer by themselves."""
_OWN_DAY = "each on their own day"


class Same(NamedTuple):
    """What happens to somebody, whoever it is: what of theirs is theirs alone is left out."""

    system: str
    action: Action
    tags: str
    reasons: tuple[str, ...]
    fields: tuple[FieldChange, ...]
    groups: tuple[FieldChange, ...]
    is_asked: bool
    """Whether others are asked for it."""


def crowd_text(found: Sequence[Group], view: View) -> Lines:
    """Users, those of whom the same becomes together."""
    alike: dict[Same, list[Group]] = {}
    for group in found:
        alike.setdefault(_same(group, view), []).append(group)
    rows = (row for same, those in alike.items() for row in _told(same, those, view))
    hint = line("  ", Span("--verbose shows each by itself, and where it is declared", "faint"))
    return (*rows, hint)


def _same(group: Group, view: View) -> Same:
    own = group.own
    reasons = dict.fromkeys(change.reason for change in group.changes if change.reason)
    return Same(
        group.root.system,
        group.action,
        tags_of(group.changes),
        tuple(reasons),
        tuple(map(_of_anybody, own.fields)) if own else (),
        tuple(field for change in group.contained for field in change.fields),
        bool(own and view.asks(own)),
    )


def _of_anybody(field: FieldChange) -> FieldChange:
    """A field without what differs from one to the next: marks, and days."""
    if is_mark(field.after):
        return FieldChange(field.name, None, "as declared")
    if field.name == EXPIRES and field.after is not None:
        return FieldChange(field.name, None, _OWN_DAY)
    return field


def _told(same: Same, those: Sequence[Group], view: View) -> Iterator[Line]:
    sign = line("  ", Span(SIGNS[same.action], STYLES[same.action]), " ")
    right = line(Span(same.tags, "faint"))
    if len(those) >= _TOGETHER:
        title = f"{counted(len(those), 'user')} of {same.system}"
        yield from beside(line(*sign, Span(title, "strong")), right, view.columns)
        yield from _what(same, those, view)
        names = [one.root.name for one in those[:_NAMED]]
        more = len(those) - len(names)
        names += [f"… {more} more"] if more else []
        yield from wrapped(with_commas(names), view.columns, first=line(" " * 6), style="faint")
        return
    for one in those:
        yield from beside(line(*sign, Span(str(one.root), "strong")), right, view.columns)
        yield from _what(same, (one,), view)


def _what(same: Same, those: Sequence[Group], view: View) -> Iterator[Line]:
    margin = line(" " * 6)
    for reason in same.reasons:
        yield from wrapped(reason, view.columns, first=margin)
    if same.is_asked:
        yield from wrapped(_asked(those, view), view.columns, first=margin)
    fields = [_field(field, same.action, those, view) for field in same.fields]
    if fields:
        yield from itemised(fields, view.columns, first=margin)
    if same.groups:
        yield from wrapped(memberships(same.groups), view.columns, first=margin, indent=8)


def _asked(those: Sequence[Group], view: View) -> str:
    """What others are asked for: of one in words, of many the fields below say it."""
    only = those[0].own if len(those) == 1 else None
    return view.asks(only) if only else f"{FOR_TEAM}as below, of each account"


def _field(field: FieldChange, action: Action, those: Sequence[Group], view: View) -> str:
    after = text_of(field.after, view) if field.after != _OWN_DAY else _day(those, view)
    if action == "create" or field.after in (_OWN_DAY, "as declared"):
        return f"{field.name} {after.strip(chr(34))}"
    return f"{field.name} {text_of(field.before, view)} → {after}"


def _day(those: Sequence[Group], view: View) -> str:
    """The day on which all of them end, where it is one."""
    days = {one.own.after.fields.get(EXPIRES) for one in those if one.own and one.own.after}
    return text_of(days.pop(), view) if len(days) == 1 else _OWN_DAY
