"""Taking a change set back: what stays as it is, what does not come back, what is held, and what to propose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pacsconf.core.address import Address
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.plan import Plan
from pacsconf.report.lines import BLANK, Line, Lines, Span, columns, commanded, joined, line, wrapped
from pacsconf.report.view import View
from pacsconf.report.words import counted

_SHOWN = 10
"""Addresses with one reason that are named; the rest is counted, unless all is asked for."""


def rollback_of(plan: Plan) -> str:
    """The change set that a plan takes back; empty for any other plan."""
    return next(iter(plan.options.rollback), "")


def stays_text(plan: Plan, view: View) -> Lines:
    """What a rollback leaves, since it does not stand any more as the change set left it."""
    return _noted("Left as it is", plan.stays, view)


def lost_text(plan: Plan, view: View) -> Lines:
    """What does not come back with what a rollback makes anew."""
    return _noted("Does not come back", plan.lost, view)


def _noted(head: str, notes: Mapping[Address, str], view: View) -> Lines:
    """Addresses by what is said of them."""
    alike: dict[str, list[Address]] = {}
    for address, why in sorted(notes.items()):
        alike.setdefault(why, []).append(address)
    rows = (row for why, addresses in alike.items() for row in _alike(why, addresses, view))
    return (line(Span(head, "strong")), *rows) if notes else ()


def _alike(why: str, addresses: Sequence[Address], view: View) -> Iterator[Line]:
    shown = addresses if view.verbose or len(addresses) <= _SHOWN else addresses[: _SHOWN - 1]
    for address in shown:
        yield line("  ", Span("!", "warning"), f" {address}")
    if more := len(addresses) - len(shown):
        yield line(Span(f"    … {more} more (--verbose)", "faint"))
    yield from wrapped(why, view.columns, first=line("      "))


def taken_back_text(
    changeset: ChangeSet,
    undone: ChangeSet,
    held: Sequence[Address],
    command: str,
    width: int = 80,
    *,
    since: str = "",
) -> Lines:
    """What a rollback leaves to do: what is held, and the commit of the inventory to take back.

    `since` is the commit that was applied before the one that is taken back.
    """
    room = columns(width)
    view = View(width=width)
    parts = (
        stays_text(changeset.plan, view),
        lost_text(changeset.plan, view),
        tuple(_held(held, command, room)) if held else (),
        tuple(_to_propose(undone, since, room)) if held else (),
    )
    shown = joined(parts)
    return (BLANK, *shown) if shown else ()


def _held(held: Sequence[Address], command: str, room: int) -> Iterator[Line]:
    text = (
        f"{counted(len(held), 'resource')} held as the inventory has them now, so that the next plan does not"
        " propose them again. That ends when the inventory says something else, or by:"
    )
    yield from wrapped(text, room)
    yield from commanded(line("  "), f"{command} release {held[0]}", room)


def _to_propose(undone: ChangeSet, since: str, room: int) -> Iterator[Line]:
    commit = undone.plan.basis.commit
    if not commit or commit.endswith("-dirty"):
        yield from wrapped(
            f"Take it out of the inventory as well: change set {undone.id} was made of files that were not"
            " committed, so no commit can be named.",
            room,
        )
        return
    yield from wrapped(
        "The inventory still says what was taken back. Take it back there too, by a commit to be reviewed:",
        room,
    )
    yield from commanded(line("  "), f"git revert {commit[:10]}", room)
    if since and since != commit:
        yield from wrapped("Other commits may belong to it. All since the apply before:", room)
        yield from commanded(line("  "), f"git log --oneline {since[:10]}..{commit[:10]} -- inventory", room)
