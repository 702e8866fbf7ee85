"""Whether a change of one setting brings deletion nearer, in words: for each form in which a setting is kept.

What is live may be anything. Where two values cannot be compared, it is said that they differ: a needless word is
cheaper than a study.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from pacsconf.core.decide import shortened
from pacsconf.core.resource import Fields, Value
from pacsconf.systems._dcm4chee.spelling import formats

Note = str | None
T = TypeVar("T")


def together(*notes: Note) -> Note:
    """All notes in one; None when there is none."""
    return "; ".join(note for note in notes if note) or None


def text(fields: Fields, name: str, default: str = "") -> str:
    """A setting as text; its default where it is not kept."""
    value = fields.get(name)
    return default if value is None else str(value)


def members(fields: Fields, name: str) -> frozenset[str]:
    """The values of a setting that holds several."""
    value = fields.get(name, ())
    return frozenset(value) if isinstance(value, tuple) else frozenset({str(value)})


def delay(before: Fields, after: Fields, name: str, what: str) -> Note:
    """A time after which, or how often, something is done; not kept, it is never done."""
    was, now = text(before, name), text(after, name)
    if not now or was == now:
        return None
    if not was:
        return f"{what} {_cut(now)}, so far never"
    first, then = _measured(formats.seconds, was), _measured(formats.seconds, now)
    if first is not None and then is not None and then >= first:
        return None
    return f"{what} {_cut(now)}, so far {_cut(was)}"


def spared(before: Fields, after: Fields, name: str, what: str) -> Note:
    """A time for which something is spared; not kept, it is not spared."""
    was, now = text(before, name), text(after, name)
    if not was or was == now:
        return None
    first, then = _measured(formats.seconds, was), _measured(formats.seconds, now) if now else 0
    if first is not None and then is not None and then >= first:
        return None
    return f"{what} {_cut(now or 'not at all')}, so far {_cut(was)}"


def kept(before: Fields, after: Fields, name: str, what: str) -> Note:
    """A period for which something is kept."""
    was, now = text(before, name), text(after, name)
    if was == now:
        return None
    first, then = _measured(formats.span, was), _measured(formats.span, now)
    if first is not None and then is not None and then.reaches(first):
        return None
    return f"{what} {_cut(now or 'no time')}, so far {_cut(was or 'no time')}"


def more(before: Fields, after: Fields, name: str, what: str, default: int = 0) -> Note:
    """A number of things that are done at once."""
    was, now = (_number(fields.get(name, default)) for fields in (before, after))
    return f"{what} {_cut(now)}, so far {_cut(was)}" if now > was else None


def on(before: Fields, after: Fields, name: str, what: str) -> Note:
    """A switch that deletes, and is off where it is not kept."""
    return what if after.get(name) is True and before.get(name) is not True else None


def off(before: Fields, after: Fields, name: str, what: str) -> Note:
    """A switch that spares, and is off where it is not kept."""
    return what if before.get(name) is True and after.get(name) is not True else None


def changed(before: Fields, after: Fields, name: str, what: str) -> Note:
    """Any change, whichever way."""
    was, now = (members(fields, name) for fields in (before, after))
    return f"{what} {_listed(now) or 'none'}, so far {_listed(was) or 'none'}" if was != now else None


def turned(before: Fields, after: Fields, name: str, what: str) -> Note:
    """A switch that is off where it is not kept, either way."""
    was, now = (fields.get(name) is True for fields in (before, after))
    return f"{what} {'yes' if now else 'no'}, so far {'yes' if was else 'no'}" if was is not now else None


def raised(
    before: Fields, after: Fields, name: str, order: Sequence[str], what: str, default: str | None
) -> Note:
    """One of several values, from the one that deletes least; without a default, absent may be any of them."""
    was, now = text(before, name), text(after, name)
    if was == now:
        return None
    first = _rank(was or default, order, 0)
    then = _rank(now or default, order, len(order) - 1)
    if then < first or (was and then == first) or (then == 0 and now):
        return None
    words = [_cut(side or default or "as the device has it") for side in (now, was)]
    return f"{what} {words[0]}, so far {words[1]}"


def schedule(before: Fields, after: Fields, name: str, what: str) -> Note:
    """Times at which something is done; none: always."""
    was, now = (members(fields, name) for fields in (before, after))
    if was == now or not was:
        return None
    first, then = (_all_times(one) for one in (was, now))
    if first is not None and then is not None and now and all(_covered(one, first) for one in then):
        return None
    return f"{what} {_listed(now) or 'always'}, so far {_listed(was)}"


def differs(before: Fields, after: Fields, name: str, what: str) -> Note:
    """Any other value; none is harmless."""
    was, now = text(before, name), text(after, name)
    return f"{what} {_cut(now)}, so far {_cut(was or 'none')}" if now and was != now else None


def loosened(before: Fields, after: Fields, name: str, what: str) -> Note:
    """A constraint on what may be deleted; from none to some is none."""
    was, now = (members(fields, name) for fields in (before, after))
    return f"{what} {_listed(now) or 'nothing'}, so far {_listed(was)}" if was and was != now else None


def limits(before: Fields, after: Fields, name: str, what: str, *, longer: bool) -> Note:
    """Sizes or periods, each perhaps with a schedule, beyond which something is deleted.

    Periods that become longer delete less, sizes of free space that become larger more. None deletes nothing.
    """
    was, now = (members(fields, name) for fields in (before, after))
    if was == now or not now:
        return None
    if _eased(was, now, longer=longer):
        return None
    return f"{what} {_listed(now)}, so far {_listed(was) or 'not at all'}"


# --- comparing ----------------------------------------------------------------------------------------------


def _measured(measure: Callable[[str], T], value: str) -> T | None:
    try:
        return measure(value)
    except ValueError:
        return None


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _rank(value: str | None, order: Sequence[str], unknown: int) -> int:
    return order.index(value) if value in order else unknown


def _listed(values: Iterable[str]) -> str:
    return _cut(", ".join(sorted(values)))


def _cut(value: object) -> str:
    """A value in words: what is live may be so long that it hides the rest."""
    return shortened(str(value), _LONGEST)


_LONGEST = 120


def _all_times(schedules: Iterable[str]) -> list[formats.Times] | None:
    found = [_measured(formats.times, one) for one in schedules]
    return [one for one in found if one is not None] if all(found) else None


def _covered(one: formats.Times, among: Sequence[formats.Times]) -> bool:
    return any(one.within(other) for other in among)


def _eased(was: Iterable[str], now: Iterable[str], *, longer: bool) -> bool:
    """Whether every limit stands at the same times as before, and deletes no more than it did."""
    first, then = _by_times(was), _by_times(now)
    if first is None or then is None or first.keys() != then.keys():
        return False
    return all(_less(first[when], then[when], longer=longer) for when in first)


def _by_times(values: Iterable[str]) -> Mapping[str, str] | None:
    found: dict[str, str] = {}
    for value in values:
        parts = _measured(formats.scheduled, value)
        if parts is None or parts.times in found:
            return None
        found[parts.times] = parts.text
    return found


def _less(was: str, now: str, *, longer: bool) -> bool:
    if longer:
        first, then = _measured(formats.span, was), _measured(formats.span, now)
        return first is not None and then is not None and then.reaches(first)
    free, wanted = _measured(formats.size, was), _measured(formats.size, now)
    return free is not None and wanted is not None and wanted <= free
