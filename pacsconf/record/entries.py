"""What is added to the record of one environment while nobody has its lock: what is held, attested, approved,
reviewed and seen. Each is one commit, and is made again on what others wrote meanwhile."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Literal

from pacsconf.core.address import Address
from pacsconf.core.approval import PlanApproval
from pacsconf.core.attestation import Attestation
from pacsconf.core.change import Outcome
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.errors import LockHeld, RecordError
from pacsconf.core.resource import State
from pacsconf.core.review import Decision, LineKey, Review
from pacsconf.policy.audit_json import audit_from_lines
from pacsconf.record import audits, edits
from pacsconf.record.branch import stamp
from pacsconf.record.contents import Contents, EntryType, Held, Waiting
from pacsconf.record.lock import lock_held, reloads
from pacsconf.record.reader import RecordReader
from pacsconf.record.state import RecordState

_COUNTED = {"probe": "targets", "commission": "steps", "storage": "storages"}
_EDITS = 12
"""Attempts at an edit: a dozen sites may report a probe in the same minute of the night."""
_APART = 200
"""Milliseconds that writers who met are apart at the most before each tries again."""


class RecordEntries(RecordReader):
    """The record of one environment, to be read, and added to while nobody has the lock."""

    # --- what systems hold ----------------------------------------------------------------------------------

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

    def reloaded(self, outcomes: Iterable[Outcome], *, reason: str) -> str:
        """Programs were told to read again what stands. Returns the commit.

        Raises: LockHeld; RecordUnknown; RecordError when there is no record yet, or it cannot be written.
        """
        told = tuple(outcomes)
        lines = [f"{one.address}: {'' if one.status == 'applied' else 'not '}reloaded" for one in told]
        return self._edit("reload", lambda now: now, reason, lines, reloads(told))

    # --- who said what --------------------------------------------------------------------------------------

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

    # --- what was seen --------------------------------------------------------------------------------------

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

    # --- how ------------------------------------------------------------------------------------------------

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

    def require_free(self, state: RecordState) -> None:
        """Go on only when it is known what is owned, and nobody has the lock.

        Raises: RecordUnknown; LockHeld.
        """
        state.require_known()
        if state.open is not None:
            raise self._lock_held(state.open)

    def _lock_held(self, changeset: ChangeSet) -> LockHeld:
        return lock_held(self.environment, changeset, self._branch.time())

    def _busy(self) -> RecordError:
        return RecordError(f"others keep writing to {self.branch}", fix="Give the same command again")
