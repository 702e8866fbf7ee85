"""The morning screen: a block for each environment, a row for each thing to know, and what to type next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from pacsconf.core.moment import day_in_words, in_words
from pacsconf.report import status_live_text as live
from pacsconf.report import status_people_text as people
from pacsconf.report.lines import (
    Line,
    Lines,
    Span,
    Style,
    columns,
    commanded,
    itemised,
    joined,
    line,
    wrapped,
)
from pacsconf.report.status import (
    SOON,
    Accepting,
    Console,
    DueDay,
    Held,
    Lock,
    Status,
)
from pacsconf.report.status_rows import BELOW, FEW, item_of, keyed, listing, row_of
from pacsconf.report.words import ago, counted, listed

_LAB_UP = "lab up"


def status_text(statuses: Sequence[Status], due: Sequence[DueDay] = (), width: int = 80) -> Lines:
    """The whole screen; `due` is what falls due in the inventory, whatever the environment."""
    room = columns(width)
    if len(statuses) == 1:
        alone = replace(statuses[0], due=tuple(sorted((*statuses[0].due, *due), key=lambda one: one.day)))
        return _block(alone, room)
    return joined((*(_block(status, room) for status in statuses), _everywhere(statuses, due, room)))


def _everywhere(statuses: Sequence[Status], due: Sequence[DueDay], width: int) -> Lines:
    """What falls due whatever the environment."""
    if not (statuses and due):
        return ()
    today = statuses[-1].now.date()
    head = line(Span("all environments", "strong"))
    return (head, *_due(due, today, width), *_edited(due, today, width))


def _block(status: Status, width: int) -> Lines:
    rows = (
        people.still_live(status, width),
        _head(status, width),
        _record(status, width),
        _untold(status, width),
        _lock(status, width),
        live.troubles(status, width),
        live.logins(status, width),
        live.drift(status, width),
        live.pending(status, width),
        live.storage(status, width),
        live.wire(status, width),
        live.audited(status, width),
        people.asked(status, width),
        people.offboarded(status, width),
        _waiting(status, width),
        _accepting(status, width),
        _held(status, width),
        _reserved(status, width),
        _due(status.due, status.now.date(), width),
        _next(status, width),
    )
    return tuple(row for part in rows for row in part)


# --- the record -------------------------------------------------------------------------------------------------


def _head(status: Status, width: int) -> Lines:
    """`production · last apply 2 days ago by M. Weber (PR 118) on runner-3 · no lock`."""
    items = [_last_apply(status), "" if status.lock else "no lock" if status.record == "known" else ""]
    items += ["from files and record only" if status.offline else ""]
    first = line(Span(status.environment, "strong"), " · ")
    return itemised([item for item in items if item], width, first=first)


def _last_apply(status: Status) -> str:
    last = status.applied
    if last is None:
        return {
            "known": "nothing was applied yet",
            "not begun": "no record yet",
            "unknown": "the record is unknown",
            "unreadable": "the record cannot be read",
        }[status.record]
    ticket = f" ({last.ticket})" if last.ticket else ""
    return f"last apply {ago(last.at, status.now)} by {last.by}{ticket} on {_machine(last.runner)}"


def _machine(runner: str) -> str:
    """`user@host` of a runner, without the number of its process."""
    return runner.rpartition(":")[0] or runner


def _record(status: Status, width: int) -> Lines:
    rows: list[Line] = []
    if status.applied and status.applied.result:
        rows += row_of("", f"it ended with {status.applied.result}", width, style="warning")
    if status.record == "not begun":
        text = "not begun: nothing could say later what was applied, so nothing is"
        rows += row_of("record", text, width, command=f"{status.command} record init")
    if status.record == "unknown":
        text = f"unknown, so nothing is applied or deleted: {status.why}"
        rows += row_of("record", text, width, style="warning")
    for note in status.notes:
        rows += row_of("note", note, width)
    return tuple(rows)


def _untold(status: Status, width: int) -> Lines:
    if not status.untold:
        return ()
    text = f"{status.untold} did not take what was applied, when they were told last"
    return row_of("archives", text, width, command=f"{status.command} reload", style="warning")


def _lock(status: Status, width: int) -> Lines:
    held = status.lock
    if held is None:
        return ()
    if not held.ended:
        text = f"{held.by} is applying on {_machine(held.runner)}, until {in_words(held.until)} at the latest"
        return row_of("lock", text, width)
    return (*row_of("lock", _left_open(held, status), width, style="warning"), *_ways_out(status, width))


def _left_open(held: Lock, status: Status) -> str:
    ended = ago(held.until, status.now)
    return (
        f"change set {held.changeset} of {held.by} on {_machine(held.runner)} was not brought to its end; "
        f"its time ran out {ended}"
    )


def _ways_out(status: Status, width: int) -> Lines:
    return (
        *commanded(line(BELOW, "carry it to its end  "), f"{status.command} resume", width),
        *commanded(line(BELOW, "give it up           "), f'{status.command} unlock --reason "..."', width),
    )


# --- what people have to do -------------------------------------------------------------------------------------


def _waiting(status: Status, width: int) -> Lines:
    if not status.waiting:
        return ()
    items = [item_of("?", "warning", keyed(one, status), width) for one in status.waiting]
    head = f"{len(items)} for a person to key in; the plan shows the values"
    rows = (row for console in status.consoles for row in _console(console, status, width))
    return (*listing("waiting", head, items, width, command=f"{status.command} plan"), *rows)


def _console(console: Console, status: Status, width: int) -> Lines:
    """The sheet to key in from, and what to type when that is done."""
    told = listed((console.sheet and f"sheet {console.sheet}", console.contact))
    sheet = wrapped(f"{console.system}: {told}", width, first=line(BELOW)) if told else ()
    done = line(BELOW, Span(f"keyed in at {console.system}?  ", "faint"))
    return (*sheet, *commanded(done, f"{status.command} attest {console.system}", width))


def _accepting(status: Status, width: int) -> Lines:
    """Scanners whose acceptance was begun, and how to go on."""
    rows: list[Line] = []
    for one in status.accepting[:FEW]:
        command = f"{status.command} commission {one.device} --show"
        rows += row_of("" if rows else "acceptance", _accepted_so_far(one), width, command=command)
    more = len(status.accepting) - FEW
    return (*rows, *((line(BELOW, Span(f"… {more} more", "faint")),) if more > 0 else ()))


def _accepted_so_far(one: Accepting) -> str:
    failed = f"{one.failed} failed" if one.failed else ""
    signed = f"signed by {' and '.join(one.signed)}, not by {' and '.join(one.missing)}"
    return listed(
        (f"{one.device}: {one.settled} of {one.steps} steps", failed, signed if one.signed else "not signed")
    )


def _held(status: Status, width: int) -> Lines:
    if not status.held:
        return ()
    together: dict[tuple[str, str, datetime], list[Held]] = {}
    for one in status.held:
        together.setdefault((one.reason, one.by, one.at), []).append(one)
    items = [item_of("=", "warning", _kept(alike, status), width) for alike in together.values()]
    command = f"{status.command} release {status.held[0].address}"
    ending = commanded(line(BELOW, Span("let one go  ", "faint")), command, width)
    head = f"{counted(len(status.held), 'resource')} left alone by every apply"
    return (*listing("held", head, items, width), *ending)


def _kept(alike: Sequence[Held], status: Status) -> str:
    """What was held by one command: a device comes with all that is its own."""
    one, more = alike[0], len(alike) - 1
    others = f" and {more} more" if more else ""
    return f'{one.address}{others}: "{one.reason}", {one.by}, {ago(one.at, status.now)}'


def _reserved(status: Status, width: int) -> Lines:
    days = sorted((day, address) for address, day in (status.reserved or {}).items())
    if not days:
        return ()
    today = status.now.date()
    items = [
        item_of("·", "", f"{'/'.join(address.parts)} ({address.system}) until {day_in_words(day)}", width)
        for day, address in days
        if day >= today
    ]
    return (
        listing("reserved", f"{counted(len(items), 'name')} not to be given away yet", items, width)
        if items
        else ()
    )


def _due(due: Sequence[DueDay], today: date, width: int) -> Lines:
    if not due:
        return ()
    overdue = sum(one.day < today for one in due)
    coming = f"{len(due) - overdue} within {SOON} days" if len(due) > overdue else ""
    head = listed((f"{overdue} overdue" if overdue else "", coming))
    styles: tuple[Style, Style] = ("warning", "error")
    items = [item_of("!", styles[one.day < today], _falls(one, today), width) for one in due]
    return listing("due", head, items, width)


def _falls(one: DueDay, today: date) -> str:
    days = (one.day - today).days
    when = (
        f"{counted(-days, 'day')} ago" if days < 0 else "today" if days == 0 else f"in {counted(days, 'day')}"
    )
    place = f" ({one.place})" if one.place else ""
    return f"{day_in_words(one.day)}, {when}: {one.what}{place}"


# --- what to type next ------------------------------------------------------------------------------------------


def _next(status: Status, width: int) -> Lines:
    command = next_step(status)
    if command:
        return commanded(line("Next: "), command, width)
    return _edited(status.due, status.now.date(), width)


def _edited(due: Sequence[DueDay], today: date, width: int) -> Lines:
    """Where to write what comes now, for the first thing that is overdue."""
    overdue = next((one.place for one in due if one.place and one.day < today), "")
    return wrapped(f"Next: edit {overdue}" if overdue else "Nothing to do today.", width)


def next_step(status: Status) -> str:
    """The command that helps most: first what stands in the way of all else. Empty where nothing is to be done."""
    troubled = {one.about for one in status.troubles}
    steps = (
        (bool(status.lock and status.lock.ended), "resume"),
        ("lab" in troubled, _LAB_UP),
        (bool(troubled - {"plan", "record"}), "doctor"),
        (status.record == "not begun", "record init"),
        (people.is_due(status), "apply --due"),
        (
            "plan" in troubled or bool(status.pending and status.pending.refused) or bool(status.logins),
            "plan",
        ),
        (any(not one.waits for one in status.still_live), "plan --out plan.json"),
        (bool(status.untold), "reload"),
        (bool(status.drift and status.drift.count), "drift"),
        (bool(status.pending and status.pending.writes), "plan --out plan.json"),
        (any(one.verdict == "failing" for one in status.wire), "probe"),
        (bool(status.waiting), "plan"),
        (bool(status.still_live), "render accounts-sheet"),
        (
            bool(status.offboarded),
            people.looking(status),
        ),
        (status.offline, "status"),
        (bool(status.accepting), f"commission {next((one.device for one in status.accepting), '')} --show"),
        (
            bool(status.audited and status.audited.failures),
            f"show {status.audited.id if status.audited else ''}",
        ),
    )
    step = next((step for needed, step in steps if needed), "")
    plain = status.command.removesuffix(f" -e {status.environment}")  # there is but one lab
    return f"{plain if step == _LAB_UP else status.command} {step}" if step else ""
