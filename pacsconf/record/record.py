"""The record of one environment: what was applied by pacsconf, who holds the lock, and what happened before.

A commit whose change set is *open* is the lock. It is made by compare-and-swap, in the remote where there is one,
and is followed by *renewed* commits while its lease is extended, by *closed* when apply ends, by *resumed* when
somebody takes over after the lease ended, or by *abandoned* when a person breaks it. Leases are judged by the
reader's clock; whoever was overtaken sees it before the next layer.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Literal

from pacsconf.core.address import Address
from pacsconf.core.approval import ApprovalRules, PlanApproval
from pacsconf.core.attestation import Attestation
from pacsconf.core.chain import Follows
from pacsconf.core.change import Outcome
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.errors import LockHeld, PacsconfError, RecordError, RecordUnknown, StalePlan
from pacsconf.core.offboarding import offboarded
from pacsconf.core.resource import State
from pacsconf.core.review import Decision, LineKey, Review
from pacsconf.policy.audit_json import audit_from_lines
from pacsconf.record import audits, chain, edits
from pacsconf.record.branch import stamp
from pacsconf.record.contents import Contents, EntryType, Held, Waiting
from pacsconf.record.lock import Open, about, lock_held, reloads, this_runner
from pacsconf.record.reader import RecordReader
from pacsconf.record.state import RecordState

_log = logging.getLogger(__name__)

_ATTEMPTS = 3
_COUNTED = {"probe": "targets", "commission": "steps", "storage": "storages"}
_EDITS = 12
"""Attempts at an edit: a dozen sites may report a probe in the same minute of the night."""
_APART = 200
"""Milliseconds that writers who met are apart at the most before each tries again."""


class Record(RecordReader):
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

    # --- other entries ----------------------------------------------------------------------------------------

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

    def hold(self, declared: Mapping[Address, str], *, reason: str) -> str:
        """Leave these addresses alone until their declared state is another one. Returns the commit.

        `declared` are the `state_digest`s of what is declared now, empty where nothing is.

        Raises: LockHeld; RecordUnknown; RecordError.
        """
        by, at = self.identity(), stamp(self._branch.time())
        held = {address: Held(address, digest, reason, by, at) for address, digest in declared.items()}
        return self._edit("hold", lambda now: edits.held(now, held), reason, held)

    def release(self, addresses: Iterable[Address], *, reason: str = "") -> str:
        """Hold these addresses no longer. Returns the commit.

        Raises: LockHeld; RecordUnknown; RecordError when one of them is not held.
        """
        freed = frozenset(addresses)
        return self._edit("release", lambda now: edits.released(now, freed), reason, freed)

    def attest(
        self,
        attestations: Iterable[Attestation],
        *,
        reason: str,
        records: Mapping[Address, State] | None = None,
        seen: Mapping[Address, Waiting] | None = None,
    ) -> str:
        """What stands in systems that cannot be read; what waited for it waits no longer. Returns the commit.

        It is owned from now on: as `records` says, else as attested, or not at all where it is gone. `seen` is
        what waited when it was said.

        Raises: LockHeld; StalePlan when a person has been asked for something else since; RecordUnknown;
        RecordError.
        """
        made = {one.address: one for one in attestations}

        def moved(now: Contents) -> Contents:
            edits.require_asked_as_seen(now, now.waiting if seen is None else seen, made)
            return edits.attested(now, made, records or {})

        return self._edit("attest", moved, reason, made)

    def approve(self, digest: str, *, reason: str) -> str:
        """Whoever works here says yes to the plan of this digest. Returns the commit.

        Raises: LockHeld; RecordUnknown; RecordError when there is no record yet, or it cannot be written.
        """
        one = PlanApproval(digest, self.identity(), stamp(self._branch.time()), reason)
        said = " · ".join(filter(None, (f"plan {digest[:8]}", reason)))
        return self._edit(
            "approve", lambda now: edits.approved(now, one), said, [f"Plan: {digest}"], {"approvals": 1}
        )

    def open_review(self, one: Review, *, reason: str) -> Review:
        """A review begins; it, as it is recorded, with its id. Whoever works here asks for it, now.

        Raises: LockHeld; RecordUnknown; PacsconfError when one of its roles is under review; RecordError when there
        is no record yet, or it cannot be written.
        """
        asked = replace(one, by=self.identity(), at=stamp(self._branch.time()))
        made: list[Review] = []

        def moved(now: Contents) -> Contents:
            then = edits.review_opened(now, asked)
            made[:] = then.reviews[-1:]
            return then

        about = [f"Role: {role}" for role in one.roles]
        self._edit("review", moved, reason, about, {"lines": len(one.lines)})
        return made[0]

    def sign_off(
        self,
        which: str,
        words: Mapping[LineKey, Decision],
        not_believed: Mapping[LineKey, Decision] | None = None,
        *,
        reason: str,
    ) -> str:
        """What whoever works here says of lines of a review. Returns the commit.

        It takes the place of what is not believed.

        Raises: LockHeld; RecordUnknown; PacsconfError for a line that is not there, or that somebody else decided
        otherwise; RecordError when there is no record yet, or it cannot be written.
        """
        by, at = self.identity(), stamp(self._branch.time())
        made = {key: replace(one, by=by, at=at) for key, one in words.items()}
        about = [f"Line: {user} as {role}: {one.word}" for (user, role), one in made.items()]
        return self._edit(
            "sign-off",
            lambda now: edits.signed_off(now, which, made, not_believed or {}),
            reason,
            about,
            {"lines": len(made)},
        )

    def removals_seen(self, gone: Collection[tuple[str, LineKey]]) -> str:
        """What was to be removed, by review, was seen to be gone from every system. Returns the commit.

        Raises: LockHeld; RecordUnknown; RecordError when it cannot be written.
        """
        day = self._branch.time().date()
        about = [f"Gone: {user} as {role}" for _, (user, role) in gone]
        return self._edit(
            "review", lambda now: edits.seen_gone(now, gone, day), "", about, {"gone": len(gone)}
        )

    def looked_at(self, user: str, *, reason: str) -> str:
        """Whoever works here has looked at the offboarding of a user, which somebody else did. Returns the commit.

        Raises: PacsconfError when there is none; UnsafePlan when it was the same person; LockHeld; RecordUnknown.
        """
        by = self.identity()
        return self._edit(
            "offboard", lambda now: edits.looked_at(now, user, by), reason, [f"User: {user}"], {"users": 1}
        )

    def reloaded(self, outcomes: Iterable[Outcome], *, reason: str) -> str:
        """Programs were told to read again what stands. Returns the commit.

        Raises: LockHeld; RecordUnknown; RecordError when there is no record yet, or it cannot be written.
        """
        told = tuple(outcomes)
        lines = [f"{one.address}: {'' if one.status == 'applied' else 'not '}reloaded" for one in told]
        return self._edit("reload", lambda now: now, reason, lines, reloads(told))

    def keep(
        self,
        kind: Literal["probe", "commission", "storage"],
        seen: Mapping[str, bytes] | Callable[[Mapping[str, bytes]], Mapping[str, bytes]],
        *,
        reason: str,
        count: int = 0,
    ) -> str:
        """What observers saw, by path below `evidence/`. Returns the commit. `count` is how many targets or
        storages they looked at, or steps they took.

        `seen` may be made of the evidence as it stands: two sites that report at once lose nothing then.

        Raises: LockHeld; RecordUnknown; RecordError when there is no record yet, or it cannot be written.
        """

        def moved(now: Contents) -> Contents:
            return edits.witnessed(now, seen(now.evidence) if callable(seen) else seen)

        return self._edit(kind, moved, reason, (), {_COUNTED[kind]: count})

    def audited(self, lines: bytes, *, reason: str = "") -> str:
        """An audit was made: keep it, as `policy.audit_json.audit_to_lines` spells it. Returns the commit.

        Raises: LockHeld; RecordUnknown; RecordError when it cannot be read again or is of another environment,
        there is no record yet, or it cannot be written.
        """
        audit = audit_from_lines(lines)
        if audit.environment != self.environment:
            raise RecordError(f"an audit of {audit.environment} does not belong to {self.environment}")

        def moved(now: Contents) -> Contents:
            return edits.witnessed(now, audits.added(now.evidence, audit, lines))

        about = [f"Inventory: {audit.commit}", f"Chain: {audit.chain.changeset} {audit.chain.digest}"]
        return self._edit("audit", moved, reason, about, audits.counts(audit), audit=audit.id)

    def _edit(
        self,
        kind: EntryType,
        edit: Callable[[Contents], Contents],
        reason: str,
        addresses: Iterable[object],
        counts: Mapping[str, int] | None = None,
        audit: str = "",
    ) -> str:
        lines = sorted(map(str, addresses))
        for attempt in range(_EDITS):
            if attempt:
                time.sleep(secrets.randbelow(_APART) / 1000)
            state = self.state()
            self.require_free(state)
            contents = replace(edit(state.contents), changeset=None)
            told = {"addresses": len(lines)} if counts is None else counts
            entry = self._branch.draft(kind, reason, counts=told, audit=audit)
            tip = self._branch.append(state.tip, entry, contents, lines)
            if tip is not None:
                return tip.head
        raise self._busy()

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

    def require_free(self, state: RecordState) -> None:
        """Go on only when it is known what is owned, and nobody has the lock.

        Raises: RecordUnknown; LockHeld.
        """
        state.require_known()
        if state.open is not None:
            raise self._lock_held(state.open)

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

    def _lock_held(self, changeset: ChangeSet) -> LockHeld:
        return lock_held(self.environment, changeset, self._branch.time())

    def _busy(self) -> RecordError:
        return RecordError(f"others keep writing to {self.branch}", fix="Give the same command again")
