"""The record of one environment as it is read: state, history, what a commit of it holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import dropwhile, islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pacsconf.core.address import Address
from pacsconf.core.approval import PlanApproval
from pacsconf.core.attestation import Attestation
from pacsconf.core.chain import breaks
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.errors import RecordError
from pacsconf.core.review import LineKey, Reviews
from pacsconf.policy.audit import Chain, Point
from pacsconf.policy.drift import Applied
from pacsconf.record import audits, chain, search, signatures
from pacsconf.record._git import InventoryCommit, Repository
from pacsconf.record.audits import RecordedAudit
from pacsconf.record.branch import Branch
from pacsconf.record.contents import EVIDENCE, Entry
from pacsconf.record.journal import Journal
from pacsconf.record.lock import lease_ended
from pacsconf.record.state import RecordState, read_state

if TYPE_CHECKING:
    from pacsconf.record.packing import Packing

LEASE = timedelta(minutes=15)
"""How long an open change set keeps others out unless it is renewed."""

_ENVIRONMENT = re.compile(r"[a-z0-9][a-z0-9-]*")


class RecordReader:
    """The record of one environment, in the repository that holds the inventory, to be read."""

    def __init__(self, git: Repository, branch: Branch, lease: timedelta) -> None:
        self._git = git
        self._branch = branch
        self._lease = lease

    @classmethod
    def open(
        cls,
        root: Path,
        environment: str,
        *,
        clock: Callable[[], datetime],
        remote: str | None = None,
        lease: timedelta = LEASE,
    ) -> Self:
        """The record of `environment` in the repository around the folder `root`.

        `remote` None: the one that git's configuration names as `pacsconf.remote`, else `origin` if there is one;
        empty: none. `clock` gives times with a zone.

        Raises: RecordError when there is no repository, or no such remote.
        """
        if not _ENVIRONMENT.fullmatch(environment):
            raise RecordError(f'"{environment}" cannot name an environment: use a-z, 0-9 and -')
        git = Repository.open(root)
        try:
            chosen = _remote(git, remote)
        except RecordError:
            git.close()
            raise
        journal = Journal.open(git.common_dir, environment)
        return cls(git, Branch(git, environment, chosen, journal, clock), lease)

    def close(self) -> None:
        """Let go of the repository."""
        self._git.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def environment(self) -> str:
        """The environment's name."""
        return self._branch.environment

    @property
    def branch(self) -> str:
        """The name of the branch."""
        return self._branch.name

    @property
    def remote(self) -> str:
        """The remote repository that decides; empty where there is none."""
        return self._branch.remote

    @property
    def journal(self) -> Journal:
        """What this clone did and saw."""
        return self._branch.journal

    def identity(self) -> str:
        """Who git says is working here: `name <mail>`.

        Raises: RecordError with the commands that tell git.
        """
        return self._git.identity()

    def inventory_commit(self, *paths: str) -> InventoryCommit:
        """The commit that is checked out, and whether the files under these paths differ from it."""
        return self._git.inventory_commit(*paths)

    def inventory_before(self, moment: datetime) -> str:
        """The commit of the inventory that stood before a moment; empty where this clone does not know one."""
        return self._git.before(moment)

    def inventory_branch(self) -> str:
        """The branch that is checked out; empty on a detached head."""
        return self._git.inventory_branch()

    def is_behind(self, commit: str) -> bool:
        """Whether what is checked out is known not to build on this commit of the inventory."""
        return self._git.is_behind(commit)

    # --- reading ----------------------------------------------------------------------------------------------

    def fetch(self) -> None:
        """Bring what the remote has here, without believing it yet.

        Raises: RecordError when it does not answer.
        """
        if self.remote:
            self._branch.fetch()

    def state(self, *, fetch: bool = True) -> RecordState:
        """The record as it stands, or why that is unknown. A remote that does not answer is a note."""
        return read_state(self._branch, fetch=fetch)

    def head(self) -> str:
        """The commit that the record is at, as far as this clone knows; empty where there is none."""
        return self._branch.stand(fetch=False)[0].head

    def has(self, commit: str) -> bool:
        """Whether a commit is in the record's history, as far as this clone knows."""
        head = self.head()
        return bool(head) and self._git.descends(head, commit)

    def history(self, limit: int = 50) -> tuple[Entry, ...]:
        """The newest entries, newest first.

        Raises: RecordError when one cannot be read.
        """
        head = self._branch.stand(fetch=False)[0].head
        return tuple(map(self._branch.entry, self._git.line(head, limit))) if head else ()

    def changesets(self, entries: Sequence[Entry]) -> tuple[ChangeSet, ...]:
        """The change sets of these entries of the history, as they stood there.

        Raises: RecordError when one cannot be read.
        """
        return tuple(self._branch.changeset(entry.commit) for entry in entries)

    def last_changeset(self) -> ChangeSet | None:
        """The change set that ended last, however much was recorded since; None where there is none yet.

        Raises: RecordError when it cannot be read.
        """
        link = chain.last(self._git, self.head())
        return self.load(link.id) if link else None

    def load(self, which: str) -> ChangeSet:
        """A change set as it stood last, by its id or by a commit (seven digits or more) that holds it.

        Raises: RecordError when the record has none such.
        """
        found = search.changeset(self._branch, which)
        if found is not None:
            return found
        raise RecordError(
            f'{self.branch} holds no change set "{which}"', fix=f"pacsconf -e {self.environment} history"
        )

    def attestations(self, which: str) -> tuple[Entry, tuple[Attestation, ...]] | None:
        """What was attested by a commit (seven digits or more); None where it is another kind of entry.

        Raises: RecordError when the record cannot be read.
        """
        return search.attestations(self._branch, which)

    def evidence(self, which: str) -> tuple[Entry, Mapping[str, bytes]] | None:
        """What a commit (seven digits or more) that kept evidence holds of it anew, by path; None for another kind.

        Raises: RecordError when the record cannot be read.
        """
        return search.evidence(self._branch, which)

    def audits(self) -> tuple[Point, ...]:
        """What a trend needs of the audits that were made, the newest first.

        Raises: RecordError when it cannot be read.
        """
        head = self._branch.stand(fetch=False)[0].head
        path = EVIDENCE + audits.TREND
        there = head and self._git.below(head, path)
        return audits.trend({audits.TREND: self._git.read(head, path)}) if there else ()

    def audit(self, which: str = "last") -> RecordedAudit:
        """An audit: by its id, a commit (seven digits or more), `last`, `last~1`, or a day, the last until its end.

        Raises: RecordError when there is none such, or it cannot be read.
        """
        return audits.load(self._branch, audits.find(self._branch, which))

    def audit_kept(self, which: str) -> RecordedAudit | None:
        """The audit that a commit (seven digits or more) keeps, or that has this id; None where there is none.

        Raises: RecordError when the record cannot be read.
        """
        found = (one for one in audits.entries(self._branch) if audits.is_named(which, one))
        entry = next(found, None)
        return audits.load(self._branch, entry) if entry else None

    def audits_between(self, older: Entry, newer: Entry) -> Iterator[RecordedAudit]:
        """The audits that were made between two others, the newest first, each read when it is asked for.

        Raises: RecordError when one cannot be read.
        """
        for entry in self.audits_before(newer):
            if entry.commit == older.commit:
                return
            yield audits.load(self._branch, entry)

    def audits_before(self, this: Entry) -> Iterator[Entry]:
        """The entries of the audits that were recorded before another, the newest first.

        Raises: RecordError when the record cannot be read.
        """
        found = audits.entries(self._branch)
        return islice(dropwhile(lambda one: one.commit != this.commit, found), 1, None)

    def applied_between(self, older: str, newer: str) -> tuple[Applied, ...]:
        """What pacsconf changed between two commits of the record, in the order in which it did.

        Raises: RecordError when one cannot be read.
        """
        return tuple(chain.applied(self._branch, older, newer))

    def packing(self, audited: RecordedAudit) -> Packing:
        """An evidence pack of an audit, on the record as it is now."""
        from pacsconf.record.packing import Packing

        return Packing(self._branch, self.head(), audited)

    def chain(self) -> Chain:
        """Where the chain of change sets ends now, for an audit.

        Raises: RecordError when the record cannot be read.
        """
        return chain.end(self._git, self._branch.stand(fetch=False)[0].head)

    def chain_flaws(self, *told: Chain) -> tuple[str, ...]:
        """How the record is not what it was: its chain is broken, or does not lead to an end that was told once.

        Told by the audit that was recorded last, and by these others. That it does not build on what this clone saw
        before is said by `state`.

        Raises: RecordError when the record cannot be read.
        """
        head = self._branch.stand(fetch=False)[0].head
        links = chain.links(self._git, head)
        broken = [f"change set {one.changeset} {one.why}" for one in breaks(links)]
        for one in self._chains_told(*told):
            broken += chain.flaws(self._git, head, links, one)
        return tuple(dict.fromkeys(broken))

    def _chains_told(self, *others: Chain) -> Iterator[Chain]:
        newest = next(audits.entries(self._branch), None)
        if newest is not None:
            yield audits.load(self._branch, newest).audit.chain
        yield from others

    def approvals(self, which: str) -> tuple[Entry, tuple[PlanApproval, ...]] | None:
        """What a commit (seven digits or more) approves; None where it is another kind of entry.

        Raises: RecordError when the record cannot be read.
        """
        return search.approvals(self._branch, which)

    def reviews(self, which: str) -> tuple[Entry, Reviews] | None:
        """The reviews that a commit (seven digits or more) opened, answered or closed; None for another kind.

        Raises: RecordError when the record cannot be read.
        """
        return search.reviews(self._branch, which)

    def signed(self, given: Sequence[PlanApproval], allowed: Path) -> tuple[PlanApproval, ...]:
        """Approvals with the key that signed each, or what is wrong with it, by an allowed-signers file.

        Raises: RecordError when the record cannot be read.
        """
        return signatures.checked(self._branch, given, allowed)

    def unsigned_words(self, reviews: Reviews, allowed: Path) -> Mapping[tuple[str, LineKey], str]:
        """By review and line, why what was said there cannot be believed, by an allowed-signers file.

        Raises: RecordError when the record cannot be read.
        """
        return signatures.flaws(self._branch, reviews, allowed)

    def own_key(self, allowed: Path) -> signatures.Signer:
        """The key that whoever works here signs with, or why it is not theirs.

        Raises: RecordError when git cannot sign.
        """
        return signatures.own(self._branch, allowed)

    def since(self, address: Address, field: str) -> Entry | None:
        """The entry since which a field of an address is owned; None where it is not.

        Raises: RecordError when the record cannot be read.
        """
        return search.since(self._branch, address, field)

    def lease_ended(self, changeset: ChangeSet) -> bool:
        """Whether an open change set may be taken over."""
        return lease_ended(changeset, self._branch.time())


def _remote(git: Repository, wanted: str | None) -> str:
    names = git.remotes()
    if wanted is None:
        wanted = git.config("pacsconf.remote") or ("origin" if "origin" in names else "")
    if wanted and wanted not in names:
        raise RecordError(f'git knows no remote "{wanted}" here', fix="git remote -v shows what it knows")
    return wanted
