"""Of people on the morning screen: access that has ended, what others were asked for, what is to be looked at."""

from __future__ import annotations

import shlex

from pacsconf.core.moment import day_in_words
from pacsconf.report.lines import Lines, Span, line, wrapped
from pacsconf.report.status import Status, StillLive, ToLookAt
from pacsconf.report.status_rows import FEW, item_of, listing, since
from pacsconf.report.words import ago, counted, listed


def still_live(status: Status, width: int) -> Lines:
    """Before all else: who can get in and should not."""
    if not status.still_live:
        return ()
    people = len({one.user for one in status.still_live})
    text = f"{counted(people, 'user')} of {status.environment} with access that has ended:"
    names = listed(map(_not_to_be, status.still_live[:FEW]))
    more = len(status.still_live) - FEW
    rest = f", and {more} more" if more > 0 else ""
    return wrapped(f"{text} {names}{rest}", width, first=line(Span("!! ", "error")), indent=3, style="error")


def _not_to_be(one: StillLive) -> str:
    told = ", asked of the identity team" if one.waits else ""
    return f"{one.user} {one.why} ({', '.join(one.systems)}{told})"


def asked(status: Status, width: int) -> Lines:
    if not status.asked:
        return ()
    items = [
        item_of("?", "warning", f"{one.address.system}: {one.what}, {since(one, status)}", width)
        for one in status.asked
    ]
    head = f"{len(items)} of the identity team; the plan shows what"
    return listing("asked", head, items, width, command=f"{status.command} plan")


def offboarded(status: Status, width: int) -> Lines:
    if not status.offboarded:
        return ()
    items = [item_of("!", "warning", _shut_out(one, status), width) for one in status.offboarded]
    command = f"{status.command} {looking(status)}"
    return listing("look at", f"{len(items)} for somebody else to look at", items, width, command=command)


def looking(status: Status) -> str:
    """The command by which somebody else says that they looked; empty where nothing is to be looked at."""
    first = next((one.user for one in status.offboarded), "")
    return f'offboard {shlex.quote(first)} --looked-at --reason "..."' if first else ""


def _shut_out(one: ToLookAt, status: Status) -> str:
    late = ", which is over" if one.due < status.now.date() else ""
    when = ago(one.at, status.now)
    return f"{one.user}, whose access {one.by} took away at once {when}; until {day_in_words(one.due)}{late}"


def is_due(status: Status) -> bool:
    """Whether access stands that should not, and all of it has ended by its day: a run by night takes it away."""
    stands = [one.why for one in status.still_live if not one.waits]
    return bool(stands) and all(" ended " in f" {why}" for why in stands)
