"""What a plan shows beside its changes: what waits, is held, is reserved, or is only recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pacsconf.core.address import Address
from pacsconf.core.change import SIGNS, Change
from pacsconf.core.order import foremost
from pacsconf.core.plan import Plan
from pacsconf.people.asking import asked, requested
from pacsconf.people.entries import is_of_people
from pacsconf.report.lines import Line, Lines, Span, beside, commanded, line, padded, wrapped
from pacsconf.report.plan.group import STYLES
from pacsconf.report.plan.in_out import memberships
from pacsconf.report.values import atoms_of, shortened, update_of, with_commas
from pacsconf.report.view import View
from pacsconf.report.words import counted, listed


def waiting_text(plan: Plan, view: View) -> Lines:
    """Changes that a person must make at a console, with the values to key in; those of an identity team apart."""
    return (*to_key_in_text(plan, view), *asked_text(plan, view))


def to_key_in_text(plan: Plan, view: View) -> Lines:
    """What a person must key in at a console."""
    waiting = tuple(one for one in plan.waiting if not is_of_people(one.address))
    if not waiting:
        return ()
    head = wrapped(
        "Waiting for a person: key these in where the device is configured", view.columns, style="strong"
    )
    first = foremost([change.address for change in waiting], plan.waiting)
    keyed = (
        row
        for one in waiting
        if one.address in first
        for row in (*parked(one, "?", view), *_in_words(one, view))
    )
    behind = tuple(str(one.address) for one in waiting if one.address not in first)
    return (*head, *keyed, *_after(behind, view), *_done(first, plan, view))


def _in_words(change: Change, view: View) -> Lines:
    """What a person is asked for, where its system says more of it than the values."""
    words = view.asks(change)
    return wrapped(words, view.columns, first=line(" " * 6)) if words else ()


def asked_text(plan: Plan, view: View) -> Lines:
    """What an identity team was asked for and has not done yet."""
    theirs = tuple(one for one in plan.waiting if is_of_people(one.address))
    if not theirs:
        return ()
    head = "Asked of the identity team: open until it is seen to be done"
    first = foremost([change.address for change in theirs], plan.waiting)
    own = [one for one in theirs if one.address in first]
    shown = own if view.verbose or len(own) <= _ASKED + 1 else own[:_ASKED]
    behind = [f"{one.root.name}: {memberships(one.fields)}" for one in theirs if one.address not in first]
    return (
        *wrapped(head, view.columns, style="strong"),
        *(row for one in shown for row in _asked(one, view)),
        *((line(f"    … {len(own) - len(shown)} more (--verbose)"),) if len(shown) < len(own) else ()),
        *_after(shortened(behind, view), view),
        *(
            row
            for system in sorted({one.address.system for one in own})
            for row in _sheet(system, plan, view)
        ),
    )


_ASKED = 10
"""Requests that are listed; of more, the sheet is the list."""


def _asked(change: Change, view: View) -> Iterator[Line]:
    left = line("  ", Span("?", "warning"), f" {change.root}")
    yield from beside(left, line(Span(view.asked(change.address), "faint")), view.columns)
    words = requested(view.asks(change)) or asked(change)
    yield from wrapped(words, view.columns, first=line(" " * 6))


def _sheet(system: str, plan: Plan, view: View) -> Lines:
    command = f"{view.command_for(plan.environment)} render accounts-sheet {system}"
    return commanded(line("    ", Span("their sheet", "faint"), "   "), command, view.columns)


def _done(asked: Iterable[Address], plan: Plan, view: View) -> Iterator[Line]:
    """What to type when it is keyed in, where nothing but a person's word can tell."""
    command = view.command_for(plan.environment)
    for system in sorted({address.system for address in asked} & view.consoles):
        yield from commanded(
            line("    ", Span("keyed in?", "faint"), "  "), f"{command} attest {system}", view.columns
        )


def _after(names: Sequence[str], view: View) -> Lines:
    """What nobody need do by hand: it is made once that stands which it needs."""
    if not names:
        return ()
    return wrapped(with_commas(names), view.columns, first=line("    ", Span("then follows  ", "faint")))


def held_text(plan: Plan, view: View) -> Lines:
    """Changes that were rolled back or put on hold, and how to let them go."""
    if not plan.held:
        return ()
    command = view.command_for(plan.environment)
    return (
        line(Span("Held: not applied until released or declared otherwise", "strong")),
        *(row for change in plan.held for row in parked(change, SIGNS[change.action], view)),
        *commanded(
            line("    ", Span("let one go", "faint"), "   "),
            f"{command} release {plan.held[0].address}",
            view.columns,
        ),
    )


def parked(change: Change, sign: str, view: View) -> Iterator[Line]:
    """A change that is left out, with what it would write."""
    style = "warning" if sign == "?" else STYLES[change.action]
    gone = "  to be deleted" if sign == "?" and change.action == "delete" else ""
    yield line("  ", Span(sign, style), f" {change.address}{gone}")
    if gone:
        return
    names = max((len(field.name) for field in change.fields), default=0)
    for field in change.fields:
        atoms = atoms_of(field.after, view) if change.action == "create" else update_of(field, view)
        text = " ".join(span.text for span in atoms)
        yield from wrapped(text, view.columns, first=line(f"      {padded(field.name, names)}  "))


def reserved_text(plan: Plan, view: View) -> Lines:
    """Names that nobody may take yet, because peers may still use them."""
    if not plan.reserved:
        return ()
    head = "Reserved: peers may still send to these names, so nobody else gets them yet"
    rows = (
        row
        for address, day in sorted(plan.reserved.items(), key=lambda one: (one[1], one[0]))
        for row in beside(line(f"    {address}"), line(Span(f"until {day}", "faint")), view.columns)
    )
    return (*wrapped(head, view.columns, style="strong"), *rows)


def recorded_text(plan: Plan, view: View) -> Lines:
    """What only moves the record: nothing is written to a system for it."""
    takes = tuple(state.address for state in plan.takes)
    return (
        *_recorded("Into the record: already as declared, nothing is written", takes, view),
        *_recorded("Out of the record: neither declared nor live any more", plan.forgets, view),
    )


def _recorded(head: str, addresses: Sequence[Address], view: View) -> Lines:
    if not addresses:
        return ()
    counts = wrapped(kinds_of(addresses), view.columns, first=line("    "))
    names = tuple(line(f"    {address}") for address in addresses)
    return (*wrapped(head, view.columns, style="strong"), *(names if view.verbose else counts))


def kinds_of(addresses: Iterable[Address]) -> str:
    """`directory: 3 devices, 4 network-aes`, for every system."""
    counts = Counter((address.system, address.kind) for address in addresses)
    systems = sorted({system for system, _ in counts})
    return listed(
        (
            f"{system}: {listed(counted(counts[key], key[1]) for key in sorted(counts) if key[0] == system)}"
            for system in systems
        ),
        " · ",
    )


def left_text(view: View) -> Lines:
    """What differs and is left to programs that write it by themselves: in one line, all of it when asked for."""
    number = sum(map(len, view.left.values()))
    if not number:
        return ()
    verb = "differs, but is" if number == 1 else "differ, but are"
    head = f"{counted(number, 'field')} {verb} written by a system's own program, and left alone"
    if not view.verbose:
        return wrapped(f"{head} (--verbose shows which).", view.columns)
    fields = (
        wrapped(f"{address} {name}: {why}", view.columns, first=line("    "), indent=6)
        for address in sorted(view.left)
        for name, why in sorted(view.left[address].items())
    )
    told = 'Compared all the same where `ignore` of the system says so: "!KIND/NAME:FIELD".'
    return (
        *wrapped(f"{head}:", view.columns),
        *(each for lines in fields for each in lines),
        *wrapped(told, view.columns, first=line("    "), indent=4),
    )


def unmanaged_text(plan: Plan, view: View) -> Lines:
    """What is live and nobody's here, when it is asked for."""
    if not (plan.unmanaged and view.show_unmanaged):
        return ()
    head = "Unmanaged: live, neither declared nor ever applied from here; never touched"
    return (*wrapped(head, view.columns, style="strong"), *(line(f"    {one}") for one in plan.unmanaged))
