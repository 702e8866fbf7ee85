"""What is taken away because a day has come, or from one who leaves: of a plan those parts, and nothing else. Pure.

A part of a change is due when what is live is what would be declared had nothing ended, when it is to go, and when
its kind says that this takes something away. So it is never something new, never somebody else's doing, and never
what somebody took out of the inventory in another way. Of one who leaves at once all is due that takes away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from pacsconf.core.address import Address
from pacsconf.core.change import Change, FieldChange
from pacsconf.core.compare import States
from pacsconf.core.decide import Rules, judged
from pacsconf.core.resource import Fields, Resource, State, Value


class Ended(NamedTuple):
    """What would be declared of a resource had nothing ended for `who`, and what has, in words.

    `as_if` None: whatever it holds is to go.
    """

    as_if: State | None
    who: str
    why: str


def told(
    wanted: Iterable[Change], ended: Mapping[Address, Ended], rules: Mapping[str, Rules]
) -> list[Change]:
    """The changes; those that a day brings say so."""
    return [_told(one, ended, rules) for one in wanted] if ended else list(wanted)


def _told(one: Change, ended: Mapping[Address, Ended], rules: Mapping[str, Rules]) -> Change:
    over = ended.get(one.address)
    if over is None or not _due(one, over.as_if, _kind(one, rules)):
        return one
    return replace(one, reason="; ".join(filter(None, (over.why, one.reason))))


def only_due(
    wanted: Iterable[Change], ended: Mapping[Address, Ended], rules: Mapping[str, Rules], last: States
) -> list[Change]:
    """Of the changes what is due, of resources that are ours."""
    found: list[Change] = []
    for one in wanted:
        over, owned = ended.get(one.address), last.get(one.address)
        if over is not None and (owned is not None or over.as_if is None):
            found += _narrowed(one, over, rules[one.address.system], owned)
    return found


def _narrowed(one: Change, over: Ended, rules: Rules, owned: State | None) -> Iterator[Change]:
    names = _due(one, over.as_if, rules.kinds[one.address.kind])
    if not names:
        return
    if one.after is None or one.before is None:
        yield replace(one, reason=over.why)
        return
    written = {field.name: field.after for field in one.fields if field.name in names}
    after = State(
        one.address,
        one.root,
        _overlay(one.before.fields, written),
        one.after.depends_on | one.before.depends_on,
        one.after.claims,
    )
    former = owned.fields if owned else _as_recorded(one, after)
    made = replace(one, after=after, records=after.with_fields(_overlay(former, written)), reason=over.why)
    yield judged(made, rules)


def _as_recorded(one: Change, after: State) -> Fields:
    """Of what stands then and was not ours what the record would hold of it."""
    held = one.records.fields if one.records else {}
    return {name: value for name, value in after.fields.items() if held.get(name) == value}


def _due(one: Change, as_if: State | None, kind: type[Resource]) -> frozenset[str]:
    """The fields of a change that are due; of a delete all or none."""
    if one.before is None:
        return frozenset()
    have = one.before.fields
    would = have if as_if is None else as_if.fields
    if one.after is None:
        whole = all(would.get(name) == value for name, value in have.items()) and takes_away(one, kind)
        return frozenset(have) if whole else frozenset()
    return frozenset(
        field.name
        for field in one.fields
        if field.before is not None and field.before == would.get(field.name) and _removes(kind, have, field)
    )


def takes_away(one: Change, kind: type[Resource]) -> bool:
    """Whether a change takes something away by each of its fields, and gives nothing."""
    if one.before is None:
        return False
    if one.after is None:
        return "removes" in kind.effects(one.before.fields, None)
    return all(_removes(kind, one.before.fields, field) for field in one.fields)


def _removes(kind: type[Resource], have: Fields, field: FieldChange) -> bool:
    return "removes" in kind.effects(have, _overlay(have, {field.name: field.after}))


def _overlay(fields: Fields, written: Mapping[str, Value | None]) -> dict[str, Value]:
    merged: dict[str, Value | None] = {**fields, **written}
    return {name: value for name, value in merged.items() if value is not None}


def _kind(one: Change, rules: Mapping[str, Rules]) -> type[Resource]:
    return rules[one.address.system].kinds[one.address.kind]
