"""What follows from a difference: the change that it calls for, what that does, and what the record then holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pacsconf.core.change import Change
from pacsconf.core.compare import Difference, FieldVerdict, States
from pacsconf.core.resource import Fields, Resource, State, Value


@dataclass(frozen=True, slots=True)
class Rules:
    """How differences of one system become changes.

    `enforce` puts all drift back to declared, never a clash. `exclusive` kinds belong to the inventory alone:
    what it does not declare goes.
    """

    kinds: Mapping[str, type[Resource]]
    mode: Literal["read-only", "write"] = "write"
    enforce: bool = False
    exclusive: frozenset[str] = frozenset()


def change(
    difference: Difference,
    rules: Rules,
    *,
    repairs: bool = False,
    again: frozenset[str] = frozenset(),
    around: Sequence[States] = (),
) -> Change | None:
    """The change that a difference calls for under these rules, or None.

    `repairs`: its drift or clash is to be put back to declared, because somebody asked for it by name; `again`
    are the fields of which that was asked before ("" the whole resource). `around` as for `judged`.
    """
    made = _change(difference, rules, repairs, again)
    if made is None:
        return None
    return judged(made, rules, around)


def judged(made: Change, rules: Rules, around: Sequence[States] = ()) -> Change:
    """A change with the risk, the effects and the mode that its kind and system give it.

    `around` is what may stand beside it: all that is live, and all that is declared, of which some may be left out.
    """
    kind = rules.kinds.get(made.address.kind, Resource)
    before = made.before.fields if made.before else None
    after = made.after.fields if made.after else None
    risk, effects = kind.risk(before, after), kind.effects(before, after)
    purge = _purge(kind, made.before, made.after, around)
    if purge:
        risk, effects = "data-loss", effects | {"purges"}
    return Change(
        made.action,
        made.before,
        made.after,
        made.records,
        risk,
        effects,
        made.takes_over,
        made.repairs,
        rules.mode,
        made.reason or kind.remark(before, after) or "",
        purge,
    )


def explained(difference: Difference, rules: Rules, around: Sequence[States] = ()) -> Difference:
    """A drift with what somebody else's change does: to the deletion of studies, and beyond its fields."""
    last, live = difference.last, difference.live
    if last is None:
        return difference
    if live is not None and difference.fields:  # else those that are for others to write would count
        theirs = {one.name: one.live for one in difference.fields if one.verdict in ("drift", "clash")}
        live = last.with_fields(_overlay(last.fields, theirs))
    kind = rules.kinds.get(difference.address.kind, Resource)
    purge, remark = _purge(kind, last, live, around), kind.remark(last.fields, live.fields if live else None)
    return replace(difference, purge=purge, remark=remark or "") if purge or remark else difference


def _purge(kind: type[Resource], before: State | None, after: State | None, around: Sequence[States]) -> str:
    """In words, how deletion is armed, shortened or sped up; empty where it is not."""
    fields = (before.fields if before else None, after.fields if after else None)
    beside = (kind.purge_beside(before, after, others) for others in around)
    told = "; ".join(dict.fromkeys(filter(None, (kind.purge_note(*fields), *beside))))
    if not told and "purges" in kind.effects(*fields):
        told = PURGES
    return shortened(told, _LONGEST)


def shortened(words: str, most: int) -> str:
    """The words, cut where they are longer than `most` characters, and then it shows."""
    return words if len(words) <= most else words[: most - 1] + "…"


_LONGEST = 4000
"""Characters of what a kind says: it may quote what stands in a live system."""

PURGES = "arms, shortens or speeds up the deletion of studies"
"""What is said of a change whose kind says that it purges, and not how."""


def _change(difference: Difference, rules: Rules, repairs: bool, again: frozenset[str]) -> Change | None:
    match difference.verdict:
        case "create":
            return Change("create", None, difference.declared, difference.declared)
        case "delete":
            return Change("delete", difference.live, None)
        case "unmanaged" if difference.known and difference.address.kind in rules.exclusive:
            return Change("delete", difference.live, None, reason="undeclared, and its kind is exclusive")
        case "deleted-outside" if repairs or rules.enforce or "" in again:
            return Change("create", None, difference.declared, difference.declared, repairs=True)
        case "clash" if not (difference.declared and difference.live):
            return _put_back(difference) if repairs or "" in again else None
        case "update" | "drift" | "clash" | "take-over":
            return _update(difference, _wanted(rules, repairs), again)
        case _:
            return None


def _put_back(difference: Difference) -> Change:
    """A clash in which one side is absent, brought to declared."""
    if difference.declared is None:
        return Change("delete", difference.live, None, repairs=True)
    return Change("create", None, difference.declared, difference.declared, repairs=True)


def _wanted(rules: Rules, repairs: bool) -> frozenset[FieldVerdict]:
    if repairs:
        return frozenset({"pending", "drift", "clash"})
    return frozenset({"pending", "drift"}) if rules.enforce else frozenset({"pending"})


def _update(difference: Difference, wanted: frozenset[FieldVerdict], again: frozenset[str]) -> Change | None:
    written = {
        field.name: field.declared
        for field in difference.fields
        if field.verdict in wanted or (field.name in again and field.verdict != "converged")
    }
    if not written:
        return None
    left = any(field.verdict != "converged" and field.name not in written for field in difference.fields)
    restored = any(field.verdict != "pending" for field in difference.fields if field.name in written)
    declared, live = difference.declared, difference.live
    assert declared is not None, "an update has a declared side"
    assert live is not None, "an update has a live side"
    after = State(
        difference.address,
        declared.root,
        _overlay(live.fields, written),
        declared.depends_on | (live.depends_on if left else frozenset()),
        declared.claims,
    )
    return Change(
        "update",
        live,
        after,
        _recorded(difference, written),
        takes_over=difference.verdict == "take-over",
        repairs=restored,
    )


def _overlay(fields: Fields, written: Mapping[str, Value | None]) -> dict[str, Value]:
    merged: dict[str, Value | None] = {**fields, **written}
    return {name: value for name, value in merged.items() if value is not None}


def _recorded(difference: Difference, written: Mapping[str, Value | None]) -> State:
    """What the record holds once `written` stands: last moves for what was written, converged or newly owned."""
    declared, live = difference.declared, difference.live
    assert declared is not None, "only what is declared is recorded"
    assert live is not None, "only what exists is recorded"
    if difference.last is None and not written and declared.fields == live.fields:
        return declared
    base = difference.last.fields if difference.last else _agreed(declared.fields, live.fields)
    converged = {field.name: field.live for field in difference.fields if field.verdict == "converged"}
    return declared.with_fields(_overlay(base, {**converged, **written}))


def _agreed(declared: Fields, live: Fields) -> dict[str, Value]:
    """What a first owner may call its own: an ignored field that differs is not."""
    return {name: value for name, value in declared.items() if live.get(name) == value}


def recorded(difference: Difference) -> State | None:
    """What the record is to hold of a difference for which nothing is written; None: nothing (any more).

    Only what stands on both sides can move it, and what is not owned becomes so only where it is equal.
    """
    if difference.verdict == "take-ownership":
        return _recorded(difference, {})
    if difference.last is None or difference.verdict == "forget":
        return None
    both = difference.declared is not None and difference.live is not None
    return _recorded(difference, {}) if both else difference.last
