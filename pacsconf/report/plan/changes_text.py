"""Changes as blocks: one per root (the device of its capabilities), contained entries below it and summarised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from pacsconf.core.address import Address
from pacsconf.core.change import SIGNS, Action, Change, FieldChange
from pacsconf.people.entries import USER
from pacsconf.report.lines import (
    Line,
    Lines,
    Span,
    beside,
    flow,
    hanging,
    line,
    padded,
    width_of,
    wrapped,
)
from pacsconf.report.plan.crowd_text import crowd_text
from pacsconf.report.plan.group import STYLES, Group, groups, tags_of
from pacsconf.report.plan.in_out import IN_OUT, in_and_out
from pacsconf.report.values import atoms_of, shortened, text_of, update_of, with_commas
from pacsconf.report.view import View
from pacsconf.report.words import counted, listed

_FIELDS = 4
"""Fields of something new that are shown before the rest is counted."""
_ENTRIES = 2
"""Contained entries of one kind that each get a line of their own."""
_CREATED = 12
"""New roots that are shown with their fields; of more than these only the heads."""
_VALUE = 34
"""Least columns for what stands beside a name; where it leaves fewer, that goes below it."""
_NAME = 16
"""Least columns of a field's name, so that values of different blocks stand below each other."""


def changes_text(changes: Iterable[Change], view: View) -> Lines:
    """One block per root; of very many new ones only the heads, until all is asked for."""
    found = groups(changes)
    people = tuple(group for group in found if group.root.kind == USER)
    if view.verbose or len(people) <= _CREATED:
        return _others(found, view)
    things = tuple(group for group in found if group.root.kind != USER)
    return (*_others(things, view), *crowd_text(people, view))


def _others(found: tuple[Group, ...], view: View) -> Lines:
    created = sum(group.is_new for group in found)
    if view.verbose or created <= _CREATED:
        return tuple(row for group in found for row in _block(group, view))
    hint = line("  ", Span("(+n): entries inside; --verbose shows them, and every field", "faint"))
    return (*(row for group in _of_a_kind(found) for row in _terse(group, view)), hint)


def _of_a_kind(found: Iterable[Group]) -> Iterator[tuple[Group, ...]]:
    """New groups that are nothing but a name, gathered by kind behind the others of their kind; others alone."""
    for _, kin in groupby(found, lambda group: (group.root.system, group.root.kind)):
        bare: list[Group] = []
        for group in kin:
            if group.is_new and not group.contained and not group.changes[0].fields:
                bare.append(group)
            else:
                yield (group,)
        if bare:
            yield tuple(bare)


def _terse(found: tuple[Group, ...], view: View) -> Iterator[Line]:
    group = found[0]
    if len(found) > _ENTRIES:
        names = [one.root.name for one in found]
        title = f" {counted(len(found), group.root.kind)} of {group.root.system}:"
        first = line("  ", Span("+", "create"), title, " ")
        yield from wrapped(with_commas(shortened(names, view)), view.columns, first=first, indent=6)
    else:
        for one in found:
            yield from _new(one, view) if one.is_new else _block(one, view)


def _new(group: Group, view: View) -> Lines:
    """`+ directory/device/ct-er-2  (+11)    inventory/devices/ct.yaml:31`."""
    inside = f"  (+{len(group.contained)})" if group.contained else ""
    left = line("  ", Span("+", "create"), " ", Span(str(group.root), "strong"), inside)
    tags = tags_of(group.changes)
    right = listed(("" if tags == "workflow" else tags, view.origin(group.root, "")), " · ")
    return beside(left, line(Span(right, "faint")), view.columns)


def _block(group: Group, view: View) -> Iterator[Line]:
    if group.root.kind == USER:
        yield from _person(group, view)
        return
    if len(group.changes) == 1:
        yield from _alone(group.changes[0], view)
        return
    tags = tags_of(group.changes)
    yield from _head(group.action, str(group.root), tags, view, indent=2)
    if group.own:
        yield from _body(group.own, view, indent=6)
    if view.verbose:
        for change in group.contained:
            yield from _alone(change, view, indent=6, known=tags)
    else:
        yield from _summaries(group, tags, view)


def _person(group: Group, view: View) -> Iterator[Line]:
    """An account with the groups that its user comes into and goes out of, also where it does not change itself."""
    yield from _head(group.action, str(group.root), tags_of(group.changes), view, indent=2)
    if group.own:
        yield from _body(group.own, view, indent=6)
    for change in group.contained:
        if change.reason and (group.own is None or change.reason != group.own.reason):
            yield from wrapped(change.reason, view.columns, first=line(" " * 6))
        for field in change.fields:
            sign, words = in_and_out(field)
            left = line(" " * 6, Span(f"{sign} {words}", IN_OUT[sign]))
            origin = view.origin(change.address, field.name)
            yield from beside(left, line(Span(origin, "faint")), view.columns)


def _alone(change: Change, view: View, indent: int = 2, known: str = "") -> Iterator[Line]:
    tags = tags_of((change,))
    right = tags if tags != known else view.origin(change.address, "") if change.action == "create" else ""
    yield from _head(change.action, str(change.address), right, view, indent)
    yield from _body(change, view, indent + 4)


def _head(action: Action, name: str, tags: str, view: View, indent: int) -> Lines:
    left = line(
        " " * indent, Span(SIGNS[action], STYLES[action]), " ", Span(name, "strong" if indent == 2 else "")
    )
    return beside(left, line(Span(tags, "warning" if "data-loss" in tags else "faint")), view.columns)


def _body(change: Change, view: View, indent: int) -> Iterator[Line]:
    if change.reason:
        yield from wrapped(change.reason, view.columns, first=line(" " * indent))
    if asked := view.asks(change):
        yield from wrapped(asked, view.columns, first=line(" " * indent))
    if change.action == "delete" and not view.verbose:
        return
    fields = change.fields
    shown = (
        fields
        if change.action == "update" or view.verbose or len(fields) <= _FIELDS + 1
        else fields[:_FIELDS]
    )
    names = name_columns(field.name for field in shown)
    for field in shown:
        left = line(" " * indent, padded(field.name, names), "  ")
        yield from field_text(left, _atoms(change, field, view), _origin(change, field, view), view)
    if len(shown) < len(fields):
        yield line(" " * indent, Span(f"… {len(fields) - len(shown)} more (--verbose)", "faint"))


def _atoms(change: Change, field: FieldChange, view: View) -> tuple[Span, ...]:
    match change.action:
        case "create":
            return atoms_of(field.after, view)
        case "delete":
            return atoms_of(field.before, view)
        case "update":
            return update_of(field, view)


def _origin(change: Change, field: FieldChange, view: View) -> str:
    return "" if change.action == "delete" else view.origin(change.address, field.name)


def name_columns(names: Iterable[str]) -> int:
    """Columns for the names of fields that are shown together."""
    return max((_NAME, *map(len, names)))


def field_text(left: Line, atoms: tuple[Span, ...], origin: str, view: View) -> Lines:
    """A value behind its field's name, and where it comes from at the right edge.

    A word that names no place (`default`) is left out where it would need a line of its own.
    """
    *rows, last = hanging(left, flow(atoms, view.columns - width_of(left)))
    if ":" not in origin and width_of(last) + len(origin) + 2 > view.columns:
        origin = ""
    return (*rows, *beside(last, line(Span(origin, "faint")), view.columns))


def _summaries(group: Group, tags: str, view: View) -> Iterator[Line]:
    """Contained entries: an update with its fields; others on a line each, or many of a kind on one."""
    for (kind, action), found in groupby(
        group.contained, lambda change: (change.address.kind, change.action)
    ):
        changes = tuple(found)
        if action == "update":
            for change in changes:
                yield from _update(group.root, change, tags, view)
        elif len(changes) <= _ENTRIES:
            for change in changes:
                yield from _entry(group.root, change, view)
        else:
            yield from _many(group.root, kind, action, changes, view)


def _update(root: Address, change: Change, tags: str, view: View) -> Iterator[Line]:
    own = tags_of((change,))
    name = f"{change.address.kind} {relative(change.address, root)}"
    yield from _head("update", name, "" if own == tags else own, view, indent=6)
    yield from _body(change, view, indent=10)


def _entry(root: Address, change: Change, view: View) -> Lines:
    """`+ network-connection dicom: hostname 10.20.4.18, port 104`."""
    name = f"{change.address.kind} {relative(change.address, root)}"
    fields = [
        f"{field.name} {text_of(field.after, view)}" for field in change.fields if field.after is not None
    ]
    left = line("      ", Span(SIGNS[change.action], STYLES[change.action]), f" {name}")
    origin = view.origin(change.address, "") if change.action == "create" else ""
    if not fields:
        return beside(left, line(Span(origin, "faint")), view.columns)
    atoms = tuple(map(Span, with_commas(shortened(fields, view))))
    if width_of(left) + 2 + _VALUE <= view.columns:
        return field_text(line(*left, "  "), atoms, origin, view)
    return (left, *field_text(line(" " * 10), atoms, origin, view))  # below a name that leaves no room


def _many(root: Address, kind: str, action: Action, changes: tuple[Change, ...], view: View) -> Lines:
    """`+ 10 transfer-capabilities of CT_ER_2: ct-image-storage-scu, … 9 more`."""
    names = [relative(change.address, root) for change in changes]
    parents = {name.rpartition("/")[0] for name in names}
    parent = parents.pop() if len(parents) == 1 else ""
    own = [name.removeprefix(f"{parent}/") if parent else name for name in names]
    title = f" {counted(len(changes), kind)}{f' of {parent}' if parent else ''}:"
    first = line("      ", Span(SIGNS[action], STYLES[action]), title, " ")
    return wrapped(with_commas(shortened(own, view)), view.columns, first=first, indent=8)


def relative(address: Address, root: Address) -> str:
    """The name of a contained entry below its root."""
    return address.name.removeprefix(f"{root.name}/")
