"""The second half of the walk: apply ▶ settle ▶ prove ▶ record.

An open change set is written layer by layer, programs are told to read what was written, what was changed is tried,
and the record is closed with what became of all of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date

from pacsconf.core.address import Address
from pacsconf.core.aftermath import newly_waiting, owned_after, still_held, still_waiting
from pacsconf.core.change import Change, Outcome, Status
from pacsconf.core.changeset import ChangeSet, Proof
from pacsconf.core.errors import Overtaken, RecordError, Unfinished
from pacsconf.core.order import layers, waiting_for
from pacsconf.core.planning import state_digest
from pacsconf.core.resource import State
from pacsconf.core.rollback import holds_after
from pacsconf.inventory.model import Inventory
from pacsconf.people.inviting import invited_at, to_invite
from pacsconf.record.contents import Held
from pacsconf.record.lock import Open
from pacsconf.systems.abilities import Peopled
from pacsconf.systems.carry_out import STOPPED, carry_out
from pacsconf.world import World

log = logging.getLogger(__name__)


def execute(world: World, opened: Open) -> ChangeSet:
    """Carry an open change set out to its end, and close it.

    Raises: Overtaken when somebody took it over; Unfinished when the record cannot be written, and it stays open.
    """
    try:
        return _written_and_closed(world, opened)
    except Overtaken:
        raise
    except RecordError as exc:
        raise Unfinished(
            f"{exc.message}; what was done is kept in the journal of this clone, and the change set stays open",
            fix=exc.fix or "When the cause is mended: pacsconf resume (after the lease), or pacsconf unlock",
        ) from exc


def _written_and_closed(world: World, opened: Open) -> ChangeSet:
    made = opened.changeset.plan
    world.progress.opened(opened.changeset, len(made.runs))
    known = opened.journalled()
    done = {
        one.address: known[one.address]
        for one in made.runs
        if one.address in known and known[one.address].status in ("applied", "waiting")
    }
    for outcome in done.values():
        world.progress.outcome(outcome)
    ended = ""
    for layer in layers(made.runs):
        ended = ended or _why_end(world, opened)
        left = [change for change in layer if change.address not in done]
        for outcome in _skipped(left, ended) if ended else _layer(world, opened, left, made.runs, done):
            done[outcome.address] = outcome
            world.progress.outcome(outcome)
    told = (*_settle(world, made.runs, done), *_invited(world, opened, done, known))
    proofs = () if ended or _why_end(world, opened) else tuple(_prove(world, made.runs, done))
    outcomes = (*(done[change.address] for change in made.runs), *told)
    held, waiting = opened.contents.held, opened.contents.waiting
    opened.close(
        outcomes=outcomes,
        owned=owned_after(opened.contents.owned, made, outcomes),
        proofs=proofs,
        waiting=[
            *(one.change for one in still_waiting(waiting, made, outcomes).values()),
            *newly_waiting(made, outcomes),
        ],
        reserved={address: date.fromisoformat(day) for address, day in made.reserved.items()},
        held=_still_held(world, opened.changeset, still_held(held, outcomes)),
        holds=_put_on_hold(world, opened.changeset, outcomes),
        evidence=world.evidence(opened.contents.evidence),
    )
    return opened.changeset


def _why_end(world: World, opened: Open) -> str:
    """Why nothing more is written, empty where the lock is ours still and nobody wants an end.

    A remote that cannot be asked ends it too: what was done may still be recorded a moment later.

    Raises: Overtaken.
    """
    if world.stopping():
        return STOPPED
    try:
        opened.renew()
    except Overtaken:
        raise
    except RecordError as exc:
        return f"not begun, since the lock could not be checked: {exc.message}"
    return ""


def _skipped(changes: Iterable[Change], why: str) -> Iterator[Outcome]:
    return (Outcome(change.address, change.action, "skipped", why) for change in changes)


def _layer(
    world: World,
    opened: Open,
    layer: Sequence[Change],
    changes: Sequence[Change],
    outcomes: Mapping[Address, Outcome],
) -> Iterator[Outcome]:
    """Outcomes of one layer: what needs something that a person must do waits too, what needs something that did
    not work is skipped, the rest is tried."""
    stuck = {address for address, outcome in outcomes.items() if outcome.status != "applied"}
    failed = {address for address in stuck if outcomes[address].status != "waiting"}
    blocked, lost = _behind(stuck, changes), _behind(failed, changes)
    yield from _skipped([one for one in layer if one.address in lost], "what it needs was not done")
    waiting = blocked - lost
    for one in layer:
        if one.address in waiting:
            yield Outcome(one.address, one.action, "waiting", "what it needs is for a person to do")
    for name in sorted({change.address.system for change in layer}):
        own = [one for one in layer if one.address.system == name and one.address not in blocked]
        opened.intend(own)
        for outcome in carry_out(world.systems[name], own, world.stopping):
            opened.result([outcome])
            log.info("%s %s: %s", outcome.action, outcome.address, outcome.status)
            yield outcome


def _behind(stuck: Set[Address], changes: Sequence[Change]) -> frozenset[Address]:
    """The changes that wait for any of these; who waits for whom is only asked when something is stuck."""
    return waiting_for(stuck, changes) if stuck else frozenset()


def _settle(world: World, changes: Sequence[Change], outcomes: dict[Address, Outcome]) -> tuple[Outcome, ...]:
    """Make systems notice what was applied, also where the rest was stopped: what stands there must be read.

    A change that did not stick is put into `outcomes`; what became of telling programs to reload comes back.
    """
    beside: list[Outcome] = []
    applied = [change for change in changes if outcomes[change.address].status == "applied"]
    for name in sorted({change.address.system for change in applied}):
        own = [change for change in applied if change.address.system == name]
        for outcome in world.systems[name].settle(own):
            if outcome.address in outcomes:
                outcomes[outcome.address] = outcome
            else:
                beside.append(outcome)
            world.progress.outcome(outcome)
    return tuple(beside)


def _invited(
    world: World, opened: Open, outcomes: Mapping[Address, Outcome], known: Mapping[Address, Outcome]
) -> Iterator[Outcome]:
    """Those who were given an account are invited to set a password, each once: also when this was taken up again.

    Nobody is by a rollback: it gives back what there was.
    """
    made = opened.changeset.plan
    if made.options.rollback:
        return
    for change in to_invite(made.runs, outcomes):
        at = invited_at(change)
        outcome = known.get(at)
        if outcome is None or outcome.status != "applied":
            ended = _why_end(world, opened)
            outcome = Outcome(at, "invite", "skipped", ended) if ended else world.invite(change)
        if outcome is not None:
            opened.result([outcome])
            world.progress.outcome(outcome)
            yield outcome


def _put_on_hold(world: World, changeset: ChangeSet, outcomes: Sequence[Outcome]) -> Mapping[Address, str]:
    """What a rollback took back and the inventory still wants otherwise, so that no later run puts it forth again.

    The same of what was taken from one who leaves: an inventory that does not say so yet would give it back. The
    value is the `state_digest` of what is declared now, or was before they left.
    """
    options = changeset.plan.options
    inventory = world.before if options.leaver else world.inventory
    if not (options.rollback or options.leaver) or inventory is None:
        return {}
    made = replace(changeset, outcomes=tuple(outcomes)).applied
    if options.leaver:  # what somebody was asked to do is not to be taken back either
        made = (*made, *newly_waiting(changeset.plan, outcomes))
    declared = _declared(world, inventory, {one.address.system for one in made})
    kept = holds_after(made, declared)
    return {address: state_digest(declared.get(address)) for address in kept}


def _still_held(world: World, changeset: ChangeSet, held: Mapping[Address, Held]) -> dict[Address, Held]:
    """Holds without those on people of whom the inventory says something else by now: who left is out for good, and
    who comes back is not to be kept out by what held them once."""
    of_people = {name for name, one in world.systems.items() if isinstance(one, Peopled)}
    theirs = {address for address in held if address.system in of_people}
    if not theirs or changeset.plan.options.leaver:
        return dict(held)
    declared = _declared(world, world.inventory, {address.system for address in theirs})
    over = {address for address in theirs if state_digest(declared.get(address)) != held[address].declared}
    return {address: one for address, one in held.items() if address not in over}


def _declared(world: World, inventory: Inventory, systems: Iterable[str]) -> dict[Address, State]:
    sides = [world.systems[name].declared(inventory).states() for name in sorted(systems)]
    return {address: state for side in sides for address, state in side.items()}


def _prove(world: World, changes: Sequence[Change], outcomes: Mapping[Address, Outcome]) -> Iterator[Proof]:
    """What was changed is tried; a device at which a person has yet to key in its part is left in peace."""
    roots: dict[Status, set[tuple[str, str]]] = {"applied": set(), "waiting": set()}
    for change in changes:
        if change.after and (status := outcomes[change.address].status) in roots:
            roots[status].add((change.root.kind, change.root.parts[0]))
    touched = frozenset(name for _, name in roots["applied"] - roots["waiting"])
    for proof in world.prove(touched):
        world.progress.proved(proof)
        yield proof
        if world.stopping():  # what was written stands; any probe can look at the rest
            return
