"""Drift: what somebody else changed, field by field on all three sides, and the two ways out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pacsconf.core.address import Address
from pacsconf.core.change import FieldChange
from pacsconf.core.compare import Difference, FieldDifference
from pacsconf.core.plan import Plan
from pacsconf.people.entries import MEMBERSHIP, in_words
from pacsconf.report.lines import (
    BLANK,
    Line,
    Lines,
    Span,
    beside,
    commanded,
    joined,
    line,
    padded,
    width_of,
    wrapped,
)
from pacsconf.report.plan.changes_text import field_text, name_columns
from pacsconf.report.plan.in_out import IN_OUT, in_and_out
from pacsconf.report.plan.purges_text import PURGE_HEAD
from pacsconf.report.values import atoms_of, members, text_of, update_of
from pacsconf.report.view import DEFAULT_VIEW, View
from pacsconf.report.words import counted, listed

_SIDE = 14
"""Columns of one side in the table of three."""
_MANY = 3
"""From so many on, what one system has lost is one thing that happened."""
_FORGOTTEN = "Was it restarted, and had kept them in memory alone? Or is it another server?"


def drifts_text(plan: Plan, view: View) -> Lines:
    """The section of a plan: what was changed outside, reported and left as it is."""
    if not plan.drifts:
        return ()
    head = f"Changed outside pacsconf{_since(view)}: reported, left as it is"
    told = _told(plan)
    lost = _lost(told, plan)
    alone = [one for one in told if one.address.system not in lost]
    rows = (row for difference in alone for row in _brief(difference, plan, view))
    command = view.command_for(plan.environment)
    repairs = (*lost, *(str(one.address) for one in alone))
    one = "  (one --repair for each)" if len(repairs) > 1 else ""
    return (
        *wrapped(head, view.columns, style="strong"),
        *(row for system, gone in lost.items() for row in _gone(system, gone, plan, view)),
        *rows,
        *_way("put it back", f"{command} plan --repair {repairs[0]}", one, view),
        *_way("keep it", f"{command} drift", "  (names the lines to change)", view),
    )


def _told(plan: Plan) -> tuple[Difference, ...]:
    """What is told by itself: what went with a whole device is told, and put back, with the device."""
    whole = {one.address for one in plan.drifts if one.verdict == "deleted-outside"}
    return tuple(one for one in plan.drifts if _root_it_went_with(one) not in whole)


def _root_it_went_with(difference: Difference) -> Address | None:
    if difference.verdict != "deleted-outside" or difference.last is None:
        return None
    root = difference.last.root
    return root if root != difference.address else None


def _lost(told: Sequence[Difference], plan: Plan) -> dict[str, list[Difference]]:
    """By system: what is gone, where that is all that happened to it and looks as if the server had forgotten it.

    Devices are told one by one, since each is retired by itself.
    """
    by_system: dict[str, list[Difference]] = {}
    for one in told:
        by_system.setdefault(one.address.system, []).append(one)
    gone = {one.address for one in plan.drifts if one.verdict == "deleted-outside"}
    changed = {one.address.system for one in plan.drifts if one.address not in gone}
    return {
        system: several
        for system, several in by_system.items()
        if len(several) >= _MANY
        and system not in changed
        and "device" not in {one.address.kind for one in several}
    }


def _gone(system: str, gone: Sequence[Difference], plan: Plan, view: View) -> Iterator[Line]:
    """Everything that one system has lost, below one question."""
    yield line("  ", Span("!", "warning"), " ", Span(f"{len(gone)} resources of {system} are gone", "strong"))
    empty = "" if plan.counts.get(system) else f" {system} holds nothing any more."
    question = f"deleted outside pacsconf; the inventory still declares them.{empty} {_FORGOTTEN}"
    yield from wrapped(question, view.columns, first=line("      "))
    for one in gone:
        place = line(Span(view.origin(one.address, "") or "", "faint"))
        yield from beside(line(f"      - {one.address.kind}/{one.address.name}"), place, view.columns)


def _since(view: View) -> str:
    return f" ({view.since})" if view.since else ""


def _way(label: str, command: str, words: str, view: View) -> Lines:
    first = line("    ", Span(padded(label, 11), "faint"), "  ")
    return commanded(first, command, view.columns, words)


def _brief(difference: Difference, plan: Plan, view: View) -> Iterator[Line]:
    yield from _head_of(difference, plan, view)
    fields = _outside(difference)
    if difference.address.kind == MEMBERSHIP:
        yield from _by_hand(fields)
        return
    names = name_columns(field.name for field in fields)
    for field in fields:
        left = line("      ", padded(field.name, names), "  ")
        yield from field_text(left, _atoms(field, view), "", view)


def _by_hand(fields: Sequence[FieldDifference]) -> Iterator[Line]:
    """The groups that somebody was put into or taken out of by somebody else."""
    changes = [FieldChange(field.name, field.last, field.live) for field in fields]
    signed = [in_and_out(change) for change in changes]
    width = max((len(words) for _, words in signed), default=0)
    for sign, words in signed:
        deed = "put in by hand" if sign == "+" else "taken out by hand"
        yield line(" " * 6, Span(f"{sign} {padded(words, width)}", IN_OUT[sign]), f"  {deed}")


def _head_of(difference: Difference, plan: Plan, view: View) -> Iterator[Line]:
    left = line("  ", Span("!", "warning"), " ", Span(str(_whose(difference)), "strong"))
    yield from beside(left, line(Span(plan.notes.get(difference.address, ""), "faint")), view.columns)
    if difference.purge:
        text = f"{PURGE_HEAD}: {difference.purge}"
        yield from wrapped(text, view.columns, first=line("      ", Span("!!", "error"), " "), style="error")
    for explanation in filter(None, (difference.remark, _explained(difference, plan))):
        yield from wrapped(explanation, view.columns, first=line("      "))


def _whose(difference: Difference) -> Address:
    """What a difference is shown as: of somebody's groups it is theirs."""
    state = difference.live or difference.last or difference.declared
    return state.root if state is not None and difference.address.kind == MEMBERSHIP else difference.address


def _outside(difference: Difference) -> tuple[FieldDifference, ...]:
    """The fields that somebody else changed; for a clash without a declared side, those that left last."""
    if difference.fields or not (difference.live and difference.last):
        return tuple(field for field in difference.fields if field.verdict in ("drift", "clash"))
    live, last = difference.live.fields, difference.last.fields
    return tuple(
        FieldDifference(name, None, live.get(name), last.get(name), "clash")
        for name in sorted(live.keys() | last.keys())
        if live.get(name) != last.get(name)
    )


def _explained(difference: Difference, plan: Plan) -> str:
    """What to know about a difference beyond its fields."""
    if difference.verdict == "deleted-outside":
        return f"deleted outside pacsconf{_with_it(difference, plan)}; the inventory still declares it"
    if difference.declared is None:
        return "no longer declared, but changed outside since: not deleted until you choose"
    if difference.live is None:
        return "deleted outside pacsconf, and declared differently since: not created until you choose"
    if any(field.verdict == "clash" for field in difference.fields):
        return "changed outside and in the inventory: neither wins until you choose"
    return ""


def _with_it(difference: Difference, plan: Plan) -> str:
    """What went with a root, by kind: ` with its 2 network-aes, 1 network-connection`."""
    kinds = Counter(one.address.kind for one in plan.drifts if _root_it_went_with(one) == difference.address)
    return f" with its {listed(counted(kinds[kind], kind) for kind in sorted(kinds))}" if kinds else ""


def _atoms(field: FieldDifference, view: View) -> tuple[Span, ...]:
    """Last to live; for a clash all three values, each named."""
    if field.verdict == "drift":
        return update_of(FieldChange(field.name, field.last, field.live), view)
    sides = [("last", field.last), ("live", field.live), ("declared", field.declared)]
    texts = [f"{name} {text_of(value, view)}" for name, value in sides]
    return (*(Span(f"{text} ·") for text in texts[:-1]), Span(texts[-1]))


def drift_text(plan: Plan, view: View = DEFAULT_VIEW) -> Lines:
    """The whole screen of the drift command."""
    if not plan.drifts:
        read = listed(f"{counted(number, 'resource')} of {system}" for system, number in plan.counts.items())
        text = (
            f"No drift. {plan.environment} is as it was last applied{f': {read} compared' if read else ''}."
        )
        return (*wrapped(text, view.columns, style="good"), *wire_line(view))
    told = _told(plan)
    lost = _lost(told, plan)
    whole = (tuple(_lost_block(system, gone, plan, view)) for system, gone in lost.items())
    alone = (one for one in told if one.address.system not in lost)
    blocks = (tuple(_block(difference, plan, view)) for difference in alone)
    return joined((_title(plan, view), *whole, *blocks, (*wire_line(view), *next_text(view))))


def _lost_block(system: str, gone: Sequence[Difference], plan: Plan, view: View) -> Iterator[Line]:
    yield from _gone(system, gone, plan, view)
    yield BLANK
    yield from _way("put it back", f"{view.command_for(plan.environment)} plan --repair {system}", "", view)
    yield from wrapped(
        "take them out of the inventory",
        view.columns,
        first=line("    ", Span(padded("leave it so", 11), "faint"), "  "),
    )


def wire_line(view: View) -> Lines:
    """How old the last look at the wire is, and what it came to."""
    return wrapped(view.news.text, view.columns, first=line("Wire: ")) if view.news and view.news.text else ()


def next_text(view: View) -> Lines:
    """What to type next."""
    return commanded(line("Next: "), view.next_step, view.columns) if view.next_step else ()


def _title(plan: Plan, view: View) -> Lines:
    number = len(plan.drifts)
    gone = sum(one.live is None for one in plan.drifts)
    of_all = f"{counted(number, 'resource')} of {sum(plan.counts.values()) + gone}"
    verb = "was" if number == 1 else "were"
    text = f"Drift in {plan.environment}: {of_all} {verb} changed outside pacsconf{_since(view)}"
    return wrapped(text, view.columns, style="strong")


def _block(difference: Difference, plan: Plan, view: View) -> Iterator[Line]:
    yield from _head_of(difference, plan, view)
    fields = _outside(difference)
    if difference.address.kind == MEMBERSHIP:
        yield from _by_hand(fields)
        yield from _ways(difference, fields, plan, view)
        return
    names = name_columns(field.name for field in fields)
    rows = {field.name: _row(field, names, view) for field in fields}
    if any(rows.values()):
        titles = "".join(padded(title, _SIDE) + "  " for title in ("last applied", "live", "declared"))
        yield line(" " * (6 + names + 2), Span(titles.rstrip(), "faint"))
    for field in fields:
        yield from (rows[field.name] or _stack(field, view))
    yield from _ways(difference, fields, plan, view)


def _row(field: FieldDifference, names: int, view: View) -> Lines:
    """The three sides beside each other; nothing when they do not fit."""
    if any(isinstance(value, tuple) for value in (field.last, field.live, field.declared)):
        return ()
    last, live, declared = (text_of(value, view) for value in (field.last, field.live, field.declared))
    if max(width_of(line(text)) for text in (last, live, declared)) > _SIDE:
        return ()
    head = line("      ", padded(field.name, names), "  ", padded(last, _SIDE), "  ")
    return (line(*head, Span(padded(live, _SIDE), "warning"), "  ", declared),)


def _stack(field: FieldDifference, view: View) -> Iterator[Line]:
    """The three sides below each other."""
    yield line(f"      {field.name}")
    yield from field_text(_side("last applied"), atoms_of(field.last, view), "", view)
    yield from field_text(_side("live"), _live(field, view), "", view)
    same = field.declared == field.last
    declared = (Span("as last applied"),) if same else atoms_of(field.declared, view)
    yield from field_text(_side("declared"), declared, "", view)


def _side(name: str) -> Line:
    return line("        ", Span(padded(name, 14), "faint"), "  ")


def _live(field: FieldDifference, view: View) -> tuple[Span, ...]:
    if isinstance(field.last, tuple) or isinstance(field.live, tuple):
        change = FieldChange(field.name, field.last, field.live)
        return members(change.removed, change.added, view)
    return tuple(Span(atom.text, "warning") for atom in atoms_of(field.live, view))


def _ways(
    difference: Difference, fields: tuple[FieldDifference, ...], plan: Plan, view: View
) -> Iterator[Line]:
    yield BLANK
    command = f"{view.command_for(plan.environment)} plan --repair {difference.address}"
    yield from _way("delete it" if difference.declared is None else "put it back", command, "", view)
    keep = "leave it so" if difference.live is None else "keep it"
    for at, text in enumerate(_adoptions(difference, fields, view)):
        label = Span(padded("" if at else keep, 11), "faint")
        yield from wrapped(text, view.columns, first=line("    ", label, "  "))


def _adoptions(difference: Difference, fields: tuple[FieldDifference, ...], view: View) -> Iterator[str]:
    """What to write into the inventory so that live becomes what is declared."""
    address = difference.address
    place = view.origin(address, "")
    if difference.live is None:
        # A device whose lines are deleted counts as vanished, and frees its titles at once.
        leave = "set lifecycle: retired" if address.kind == "device" else "take it out of the inventory"
        yield f"{leave}{f' ({place})' if place else ''}"
    elif difference.declared is None:
        yield "declare it again in the inventory, with the live values"
    for field in fields if difference.declared and difference.live else ():
        where = view.origin(address, field.name) or place or "the inventory"
        edit = _role(field) if address.kind == MEMBERSHIP else _edit(field, view)
        yield f"{edit} in {where}"


def _role(field: FieldDifference) -> str:
    """What would have a membership come from the inventory, or its end."""
    group = in_words(field.name).removeprefix("in ")
    deed = "end the role that leads" if field.live is None else "give them a role that leads"
    return f"{deed} to {group}"


def _edit(field: FieldDifference, view: View) -> str:
    if field.live is None:
        return f"take {field.name} out"
    if isinstance(field.live, tuple) and isinstance(field.declared, tuple):
        change = FieldChange(field.name, field.declared, field.live)
        removed, added = (
            ", ".join(text_of(one, view) for one in those) for those in (change.removed, change.added)
        )
        return f"change {field.name}: " + listed(
            (f"take out {removed}" if removed else "", f"add {added}" if added else ""), "; "
        )
    return f"set {field.name} to {text_of(field.live, view)}"
