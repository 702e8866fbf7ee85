"""Whether a saved plan still holds. A saved plan is a filter, never a program.

The plan is computed afresh, restricted to the addresses that the saved one changes; only if both come to the same
digest is anything executed, and then it is the fresh one. Unrelated new changes and drift do not matter.
"""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.address import Address
from pacsconf.core.change import Change, field_changes
from pacsconf.core.errors import StalePlan
from pacsconf.core.guard import tripped
from pacsconf.core.plan import Options, Plan
from pacsconf.core.resource import State, Value


def require_of_today(options: Options) -> None:
    """Check that a plan that was saved is no look ahead: what a day to come brings is not done before.

    Raises: StalePlan.
    """
    if options.at:
        raise StalePlan(
            f"this plan is a look ahead to {options.at[0]}: nothing of it can be applied before",
            fix="Make a plan of today, look at it, and apply that one: pacsconf plan --out FILE",
        )


def require_same(saved: Plan, fresh: Plan) -> None:
    """Check that a saved plan and the same one computed now agree.

    Raises: StalePlan with a line for every difference.
    """
    if saved.digest == fresh.digest:
        return
    again = "Make the plan again, look at it, and apply that one: pacsconf plan --out FILE"
    if saved.changes and not fresh.changes and not _undone(saved, fresh):
        raise StalePlan(
            f"nothing of plan {saved.digest[:8]} is left to do: it was applied already, others did the same, "
            "or the inventory does not ask for it any more",
            fix="See what was: pacsconf history. What is to be done now: pacsconf plan",
        )
    raise StalePlan(
        f"plan {saved.digest[:8]} no longer fits: something it would change or relies on is different now",
        tuple(differences(saved, fresh)) or ("the entries that it relies on are others now",),
        fix=again,
    )


def _undone(saved: Plan, fresh: Plan) -> frozenset[Address]:
    """Planned addresses that somebody else changed, a person must act on, or are held: not done, only not ours."""
    aside = {one.address for one in fresh.drifts} | {one.address for one in (*fresh.waiting, *fresh.held)}
    return frozenset(change.address for change in saved.changes) & aside


def differences(saved: Plan, fresh: Plan) -> Iterator[str]:
    """Lines that say in what two plans differ, as far as their digests do."""
    if saved.environment != fresh.environment:
        yield f"it was made for environment {saved.environment}, this is {fresh.environment}"
    before = {change.address: change for change in saved.changes}
    now = {change.address: change for change in fresh.changes}
    seen = {difference.address: difference.live for difference in fresh.drifts}
    for address in sorted(before.keys() | now.keys()):
        yield from _changed(address, before.get(address), now.get(address))
        if address in before and address not in now and address in seen:
            yield from _moved(address, "live", before[address].before, seen[address])
    # What only one of the two relies on differs because its changes do, and those are told already.
    for address in sorted((saved.closure.keys() & fresh.closure.keys()) - before.keys() - now.keys()):
        (then, then_last), (today, today_last) = saved.closure[address], fresh.closure[address]
        yield from _moved(address, "live", then, today)
        yield from _moved(address, "last applied", then_last, today_last)
    if tripped(saved.guards) != tripped(fresh.guards):
        yield f"guards tripped then: {_names(tripped(saved.guards))}; now: {_names(tripped(fresh.guards))}"
    if (then_rules := _rules(saved)) != (rules_now := _rules(fresh)):
        yield f"who must approve what, then: {then_rules}; now: {rules_now}"


def _rules(plan: Plan) -> str:
    """The rules that applying a plan would put into the record."""
    rules = plan.approvals.declared
    said = "; ".join(f"{risk}: {rules[risk]}" for risk in sorted(rules)) or "nobody"
    return said if plan.approvals.changed else "as recorded"


def _changed(address: Address, saved: Change | None, fresh: Change | None) -> Iterator[str]:
    if saved is None or fresh is None:
        there, gone = ("now", "then") if saved is None else ("then", "now")
        action = (saved or fresh).action  # type: ignore[union-attr]  # one of them is there
        yield f"{address}: to {action} {there}, nothing to do {gone}"
        return
    if saved.action != fresh.action or saved.mode != fresh.mode:
        yield f"{address}: to {saved.action} ({saved.mode}) then, to {fresh.action} ({fresh.mode}) now"
    yield from _moved(address, "live", saved.before, fresh.before)
    yield from _moved(address, "declared", saved.after, fresh.after, but=_left(saved) & _left(fresh))


def _left(change: Change) -> frozenset[str]:
    """What a change leaves as it is: drift that nobody repairs stands on both of its sides."""
    if change.before is None or change.after is None:
        return frozenset()
    moved = {field.name for field in field_changes(change.before.fields, change.after.fields)}
    return frozenset(change.after.fields) - moved


def _moved(
    address: Address, side: str, then: State | None, now: State | None, but: frozenset[str] = frozenset()
) -> Iterator[str]:
    if (then is None) != (now is None):
        yield f"{address}: {side} was {'absent' if then is None else 'there'} then, is not so now"
        return
    for field in field_changes(then.fields if then else None, now.fields if now else None):
        if field.name in but:
            continue
        yield f"{address}: {side} {field.name} was {_text(field.before)} then, is {_text(field.after)} now"


def _text(value: Value | None) -> str:
    if value is None:
        return "absent"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _names(ids: tuple[str, ...]) -> str:
    return ", ".join(ids) or "none"
