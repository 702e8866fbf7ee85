"""Guards in words: what was counted, and for a tripped one the way through and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pacsconf.core.guard import Guard
from pacsconf.core.plan import Plan
from pacsconf.report.lines import BLANK, Line, Lines, Span, commanded, itemised, joined, line, wrapped
from pacsconf.report.values import shortened, with_commas
from pacsconf.report.view import DEFAULT_VIEW, View, acknowledgement

_NOUNS: Mapping[str, str] = {
    "GUARD-REMOVE": "removals",
    "GUARD-UPDATE": "updates",
    "GUARD-ADDRESS": "new addresses",
    "GUARD-EMPTY": "nothing declared",
    "GUARD-VANISHED": "vanished",
    "GUARD-WIDEN": "weaker protection",
    "GUARD-HOST": "unusual hosts",
    "GUARD-PURGE": "purges",
    "GUARD-APPROVALS": "other approvers",
}


def guards_line(plan: Plan, view: View) -> Lines:
    """What the guards counted, tripped or not; nothing when there was nothing to count."""
    items = [f"{counts_of(guard)} {'REFUSED' if guard.tripped else 'ok'}" for guard in plan.guards]
    return itemised(items, view.columns, first=line("Guards: ")) if items else ()


def counts_of(guard: Guard) -> str:
    """`removals 1 of 61 devices of directory (limit 3)`."""
    noun = _NOUNS.get(guard.id, guard.id)
    return f"{noun} {len(guard.counted)} of {guard.total} {guard.about} (limit {guard.limit})"


def refusals_text(plan: Plan, view: View = DEFAULT_VIEW) -> Lines:
    """Tripped guards and whatever else keeps the plan from being applied, each with how to go on."""
    blocked = (
        wrapped(reason, view.columns, first=line(Span("refused", "error"), "  "), indent=3)
        for reason in plan.blocked
    )
    refused = (tuple(_refusal(guard, view)) for guard in plan.guards if guard.tripped)
    return joined((joined(refused) + _ways_on(plan, view), *blocked))


def _refusal(guard: Guard, view: View) -> Iterator[Line]:
    width = view.columns
    label = line(Span(f"refused[{guard.id}]", "error"), " ")
    yield from wrapped(sentence_of(guard, view), width, first=label, indent=3)
    yield from wrapped(f"{guard.why[:1].upper()}{guard.why[1:]}.", width, first=line("   "))
    names = with_commas(told(guard, [str(root) for root in guard.counted], view))
    yield from wrapped(names, width, first=line(Span("   counted  ", "faint")))
    for note in told(guard, guard.notes, view):
        yield from wrapped(note, width, first=line(Span("   note     ", "faint")))


def told(guard: Guard, texts: Sequence[str], view: View) -> Sequence[str]:
    """What there is to say of what a guard counted; all of it where each is acknowledged by itself."""
    return texts if guard.each else shortened(texts, view)


def _ways_on(plan: Plan, view: View) -> Lines:
    """How to go on after refusals: one command lets all of them through."""
    command = acknowledgement(plan, view)
    if not command:
        return ()
    many = sum(len(guard.acks) for guard in plan.guards) > 1
    right, wrong = (
        ("If all of that is right:", "If any is not:") if many else ("If that is right:", "If not:")
    )
    back = "correct the inventory (git log -p inventory shows what changed it) and plan again"
    return (
        *((BLANK,) if many else ()),
        *commanded(line("   ", Span(right, "faint"), "  "), command, view.columns),
        *wrapped(back, view.columns, first=line("   ", Span(wrong, "faint"), "  ")),
    )


def sentence_of(guard: Guard, view: View) -> str:
    """What a guard counted, its limit, and where the limit is set."""
    place = view.setting(guard.setting) if guard.setting else ""
    source = (
        f" ({place})" if place else f" (built in; set {guard.setting} to change it)" if guard.setting else ""
    )
    return f"{len(guard.counted)} of {guard.total} {guard.about}: the limit is {guard.limit}{source}"
