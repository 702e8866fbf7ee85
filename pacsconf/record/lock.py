"""An open change set: the lock on an environment, held through its layers and closed with what became of them."""

from __future__ import annotations

import getpass
import os
import socket
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Self, get_args

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome, Status
from pacsconf.core.changeset import ChangeSet, Proof
from pacsconf.core.errors import LockHeld, Overtaken
from pacsconf.core.moment import iso_in_words
from pacsconf.core.resource import State
from pacsconf.record.branch import Branch, Tip, stamp
from pacsconf.record.contents import NOT_RELOADED, RELOADED, Contents, EntryType, Held, Waiting
from pacsconf.record.journal import Writer


class Open:
    """The open change set of this process, made by `Record.begin` or `Record.resume`.

    As a context manager it frees this clone for another apply on leaving. It closes nothing: what was not closed
    stays open in the record, to be resumed.
    """

    def __init__(
        self,
        branch: Branch,
        tip: Tip,
        contents: Contents,
        changeset: ChangeSet,
        journal: Writer,
        lease: timedelta,
    ) -> None:
        self._branch = branch
        self._tip = tip
        self._journal = journal
        self._lease = lease
        self.contents = contents
        """What the record held when the change set was opened."""
        self.changeset = changeset
        """The change set, with its present lease."""

    @property
    def commit(self) -> str:
        """The head that is our lock."""
        return self._tip.head

    def release(self) -> None:
        """Free this clone for another apply."""
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    # --- while it is open -------------------------------------------------------------------------------------

    def renew(self) -> None:
        """Make sure that the lock is still ours, before each layer; extend the lease when half of it is over.

        Raises: Overtaken; RecordError when the remote does not answer.
        """
        if self._branch.head_now() != self.commit:
            raise self._overtaken()
        left = datetime.fromisoformat(self.changeset.lease_until) - self._branch.time()
        if left < self._lease / 2:
            until = stamp(self._branch.time() + self._lease)
            self.changeset = replace(self.changeset, lease_until=until)
            self._append("renewed", replace(self.contents, changeset=self.changeset), {})

    def intend(self, changes: Iterable[Change]) -> None:
        """Put on disk that these changes are about to be sent; call it before they are.

        Raises: RecordError when the disk does not take it.
        """
        self._journal.intend(changes)

    def result(self, outcomes: Iterable[Outcome]) -> None:
        """Put on disk what became of changes.

        Raises: RecordError when the disk does not take it.
        """
        self._journal.result(outcomes)

    def journalled(self) -> Mapping[Address, Outcome]:
        """What this clone knows of the change set: what was sent without an answer is `unknown`."""
        return self._branch.journal.outcomes(self.changeset.id)

    # --- closing it -------------------------------------------------------------------------------------------

    def close(
        self,
        *,
        outcomes: Sequence[Outcome],
        owned: Mapping[Address, State],
        proofs: Sequence[Proof] = (),
        waiting: Iterable[Change] | None = None,
        reserved: Mapping[Address, date] | None = None,
        held: Mapping[Address, Held] | None = None,
        holds: Mapping[Address, str] | None = None,
        evidence: Mapping[str, bytes] | None = None,
    ) -> str:
        """Record what became of it, and with that give the lock back. Returns the commit.

        `waiting` are all changes that a person must make now, `reserved`, `held` and `evidence` all there are;
        None leaves them as they were. `holds` are addresses that are held from now on, with the `state_digest` of
        what is declared there.

        Raises: Overtaken, or RecordError when it cannot be written or pushed; then the outcomes stay in the
        journal of this clone.
        """
        self.result(outcomes)
        old = self.contents
        closed = replace(
            self.changeset,
            status="closed",
            closed=stamp(self._branch.time()),
            outcomes=tuple(outcomes),
            proofs=tuple(proofs),
        )
        contents = replace(
            old,
            owned=owned,
            held={**(old.held if held is None else held), **self._held(holds or {})},
            waiting=old.waiting if waiting is None else self._waiting(waiting),
            reserved=old.reserved if reserved is None else reserved,
            evidence=old.evidence if evidence is None else evidence,
            changeset=closed,
            approval_rules=closed.plan.approvals.declared,
        )
        self._append("closed", contents, _tally(closed))
        self.changeset = closed
        self._journal.finish()
        return self.commit

    def _held(self, holds: Mapping[Address, str]) -> dict[Address, Held]:
        what = "rolled back" if self.changeset.plan.options.rollback else ""
        why = ": ".join(filter(None, (what, self.changeset.reason)))
        by, at = self.changeset.operator, stamp(self._branch.time())
        return {address: Held(address, declared, why, by, at) for address, declared in holds.items()}

    def _waiting(self, changes: Iterable[Change]) -> dict[Address, Waiting]:
        """Changes that wait already keep the day since when they do."""
        now = stamp(self._branch.time())
        waiting = {}
        for change in changes:
            former = self.contents.waiting.get(change.address)
            same = former is not None and former.change.after == change.after
            waiting[change.address] = former if same and former else Waiting(change, now, self.changeset.id)
        return waiting

    def _append(self, kind: EntryType, contents: Contents, counts: Mapping[str, int]) -> None:
        entry = self._branch.draft(kind, self.changeset.reason, self.changeset.id, counts)
        tip = self._branch.append(self._tip, entry, contents, about(self.changeset))
        if tip is None:
            raise self._overtaken()
        self._tip = tip

    def _overtaken(self) -> Overtaken:
        tip, standing, _ = self._branch.stand(fetch=True)
        return Overtaken(
            f"change set {self.changeset.id} is not ours any more: "
            f"{standing.why or self._branch.last_words(tip.head)}. "
            "What was done so far is in the journal of this clone",
            fix=standing.fix or f"Plan afresh: pacsconf -e {self._branch.environment} plan",
        )


def this_runner() -> str:
    """Where this process runs: `user@host:pid`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        user = "unknown"
    return f"{user}@{socket.gethostname()}:{os.getpid()}"


def about(changeset: ChangeSet) -> list[str]:
    """What the commit's message says of a change set, besides its reason."""
    lines = {
        "Plan": changeset.plan.digest,
        "Inventory": changeset.plan.basis.commit,
        "Runner": changeset.runner,
        "Ticket": changeset.ticket,
        "Let through": ", ".join(changeset.acks),
        "Approved": ", ".join(dict.fromkeys(one.by for one in changeset.approvals)),
        "Lease until": changeset.lease_until if changeset.status == "open" else "",
    }
    return [f"{name}: {text}" for name, text in lines.items() if text]


def lease_ended(changeset: ChangeSet, now: datetime) -> bool:
    """Whether an open change set may be taken over at this time."""
    return now >= datetime.fromisoformat(changeset.lease_until)


def lock_held(environment: str, changeset: ChangeSet, now: datetime) -> LockHeld:
    """Who has the lock, until when, and how to go on."""
    command = f"pacsconf -e {environment}"
    until = iso_in_words(changeset.lease_until)
    if lease_ended(changeset, now):
        lease = f"its lease ended at {until}"
        fix = f"Finish what it began: {command} resume"
    else:
        lease = f"its lease runs until {until}"
        fix = f"Wait until then. If that run is certainly dead: {command} unlock --reason TEXT"
    return LockHeld(
        f"change set {changeset.id} is open on {environment}: by {changeset.operator} ({changeset.runner}) "
        f"since {iso_in_words(changeset.opened)}; {lease}",
        fix=fix,
    )


def _tally(closed: ChangeSet) -> dict[str, int]:
    counted = Counter(outcome.status for outcome in closed.done)
    return {
        **{status: counted[status] for status in get_args(Status) if counted[status]},
        **reloads(closed.told),
    }


def reloads(told: Iterable[Outcome]) -> dict[str, int]:
    """How many programs read what was changed, and how many did not."""
    counted = Counter(RELOADED if one.status == "applied" else NOT_RELOADED for one in told)
    return {words: counted[words] for words in (RELOADED, NOT_RELOADED) if counted[words]}
