"""The record of one environment: what was applied by pacsconf, who holds the lock, and what happened before.

A commit whose change set is *open* is the lock. It is made by compare-and-swap, in the remote where there is one,
and is followed by *renewed* commits while its lease is extended, by *closed* when apply ends, by *resumed* when
somebody takes over after the lease ended, or by *abandoned* when a person breaks it. Leases are judged by the
reader's clock; whoever was overtaken sees it before the next layer.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from pacsconf.core.address import Address
from pacsconf.core.approval import ApprovalRules
from pacsconf.core.chain import Follows
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.errors import LockHeld, PacsconfError, RecordError, RecordUnknown, StalePlan
from pacsconf.core.offboarding import offboarded
from pacsconf.core.resource import State
from pacsconf.record import chain
from pacsconf.record.branch import stamp
from pacsconf.record.contents import Contents, EntryType
from pacsconf.record.entries import RecordEntries
from pacsconf.record.lock import Open, about, this_runner
from pacsconf.record.state import RecordState

_log = logging.getLogger(__name__)

_ATTEMPTS = 3


class Record(RecordEntries):
    """The record of one environment, to be read, and added to while nobody else has the lock."""

    # --- the lock ---------------------------------------------------------------------------------------------

    def begin(self, changeset: ChangeSet, on: RecordState) -> Open:
        """Open a change set, which keeps everybody else out; `on` is what it was computed from.

        Raises: LockHeld when another is open; StalePlan when the record moved since it was read; RecordUnknown;
        RecordError when it cannot be written or pushed. Then nothing may be changed.
        """
        self.require_free(on)
        until = stamp(self._branch.time() + self._lease)
        opened = replace(changeset, status="open", lease_until=until, outcomes=(), proofs=(), closed="")
        opened = replace(opened, follows=self._last_ended(on.head))
        return self._lock("open", opened, on)

    def _last_ended(self, head: str) -> Follows | None:
        """What a change set that is opened on this head says of the one before it.

        Where a damaged record was accepted, what was before cannot be read, and the chain begins again.
        """
        try:
            return chain.follows(chain.last(self._git, head))
        except RecordError as exc:
            _log.warning("%s: the chain of change sets begins again: %s", self.branch, exc.message)
            return None

    def resumable(self) -> ChangeSet:
        """The open change set, if it may be taken over now.

        Raises: LockHeld while its lease runs; RecordUnknown; RecordError when nothing is open.
        """
        return self._resumable()[1]

    def resume(self) -> Open:
        """Take over the open change set after its lease ended.

        Raises: LockHeld while the lease runs, or when somebody else was faster; RecordUnknown; RecordError when
        nothing is open.
        """
        state, changeset = self._resumable()
        until = stamp(self._branch.time() + self._lease)
        return self._lock("resumed", replace(changeset, runner=this_runner(), lease_until=until), state)

    def _resumable(self) -> tuple[RecordState, ChangeSet]:
        state, changeset = self._opened()
        if not self.lease_ended(changeset):
            raise self._lock_held(changeset)
        return state, changeset

    def opened_here(self, changeset: ChangeSet) -> bool:
        """Whether this clone opened the change set, or took it up, with this plan."""
        return self.journal.opened(changeset.id) == changeset.plan.digest

    def abandon(self, reason: str) -> str:
        """Break the lock, whoever has it; the run that has it stops before its next layer. Returns the commit.

        Raises: RecordError when nothing is open; RecordUnknown.
        """
        for _ in range(_ATTEMPTS):
            state, changeset = self._opened()
            left = replace(changeset, status="abandoned", closed=stamp(self._branch.time()))
            entry = self._branch.draft("abandoned", reason, left.id)
            tip = self._branch.append(state.tip, entry, replace(state.contents, changeset=left))
            if tip is not None:
                return tip.head
        raise self._busy()

    def _opened(self) -> tuple[RecordState, ChangeSet]:
        state = self.state()
        state.require_known()
        if state.open is None:
            raise RecordError(f"no change set is open on {self.environment}")
        return state, state.open

    def _lock(self, kind: EntryType, changeset: ChangeSet, on: RecordState) -> Open:
        journal = self.journal.write(changeset.id, resumed=kind == "resumed")
        try:
            entry = self._branch.draft(
                kind, changeset.reason, changeset.id, {"changes": len(changeset.plan.runs)}
            )
            # An approval is used once: after this, the same plan is another decision.
            left = tuple(one for one in on.contents.approvals if one.digest != changeset.plan.digest)
            seen_after = offboarded(on.contents.offboardings, changeset)
            contents = replace(on.contents, changeset=changeset, approvals=left, offboardings=seen_after)
            tip = self._branch.append(on.tip, entry, contents, about(changeset))
            if tip is None:
                raise self._moved()
            journal.opened(changeset.plan.digest)
        except PacsconfError:
            journal.close()
            raise
        return Open(self._branch, tip, contents, changeset, journal, self._lease)

    # --- its beginning ----------------------------------------------------------------------------------------

    def init(
        self,
        owned: Mapping[Address, State],
        *,
        reason: str = "",
        accept: bool = False,
        approval_rules: ApprovalRules | None = None,
    ) -> str:
        """Begin the record with what is owned, and who must approve what, from now on. Returns the commit.

        With `accept` (and a reason), trust a record that was rewritten, deleted, damaged or has diverged: as it
        reads now in the remote, or with `owned` where it cannot be read. What this clone had instead is kept
        under `refs/pacsconf/kept/`.

        Raises: RecordError when there is one already, or nothing to accept; RecordUnknown when it must be fetched.
        """
        state = self.state()
        first = Contents(owned, approval_rules=approval_rules or {})
        if not state.exists:
            return self._start("init", state, first, reason)
        if accept:
            self._require_acceptable(state, reason)
            return self._start("accept", state, self._as_it_reads(state, first), reason)
        state.require_known()
        raise RecordError(
            f"{self.environment} has a record already, at {state.head[:10]}",
            fix=f"pacsconf -e {self.environment} plan",
        )

    def set_aside(self) -> str:
        """Put the local record away, as if none had been begun: what it was about is gone (a practice lab).

        Its head is kept under `refs/pacsconf/kept/` and returned; empty where there was no record.

        Raises: RecordError when there is a remote, since others go by its record, or git refuses.
        """
        if self.remote:
            raise RecordError(f"the record of {self.environment} is shared through {self.remote}")
        return self._branch.set_aside()

    def _start(self, kind: EntryType, state: RecordState, contents: Contents, reason: str) -> str:
        if state.tip.here and kind == "accept":
            self._branch.keep(state.tip.here)
        entry = self._branch.draft(kind, reason, counts={"resources": len(contents.owned)})
        tip = self._branch.append(state.tip, entry, contents)
        if tip is None:
            raise self._moved()
        return tip.head

    def _as_it_reads(self, state: RecordState, first: Contents) -> Contents:
        try:
            return self._branch.contents(state.head) if state.head else first
        except RecordError:
            return first

    # --- what stands in the way -------------------------------------------------------------------------------

    def _require_acceptable(self, state: RecordState, reason: str) -> None:
        if state.known:
            raise RecordError(
                f"the record of {self.environment} is trusted as it is: there is nothing to accept"
            )
        if not state.acceptable or state.note:
            raise RecordUnknown(state.note or state.why_unknown, fix=state.fix)
        if not reason.strip():
            raise RecordError(
                "a record that was rewritten is accepted with a reason only", fix="--reason TEXT"
            )

    def _moved(self) -> LockHeld | StalePlan:
        """Why a compare-and-swap failed: somebody has the lock now, or did something else meanwhile."""
        state = self.state()
        if state.open is not None:
            return self._lock_held(state.open)
        return StalePlan(
            f"{self.branch} moved while this was prepared: {self._branch.last_words(state.head)}",
            fix="Give the same command again",
        )
