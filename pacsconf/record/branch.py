"""The branch that a record is: where it stands, and how one more commit gets onto it.

A commit is written first and published after, by compare-and-swap on what was read: to the remote where there is
one, since it decides between clones, and then to the references here. A crash in between loses nothing: what the
remote took is found there, and what it did not take was never seen by anybody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

from pacsconf.core.changeset import ChangeSet
from pacsconf.core.errors import RecordError
from pacsconf.core.moment import iso_in_words
from pacsconf.record._git import RemoteUnavailable, Repository
from pacsconf.record.contents import (
    CHANGESET,
    Contents,
    Entry,
    EntryType,
    changeset_from_file,
    entry_from_file,
    from_files,
    to_files,
)
from pacsconf.record.journal import Journal
from pacsconf.record.standing import Heads, Sighting, Standing, cut, stand

_log = logging.getLogger(__name__)

_VERBS = {
    "init": "begin",
    "renewed": "renew",
    "resumed": "resume",
    "closed": "close",
    "abandoned": "abandon",
}


@dataclass(frozen=True, slots=True)
class Tip:
    """The head to build on, and what the references pointed to: here, and in the remote (empty for none)."""

    head: str
    here: str
    there: str


class Branch:
    """`pacsconf/ENV`, here and in the remote; `remote` is empty where there is none."""

    def __init__(
        self,
        git: Repository,
        environment: str,
        remote: str,
        journal: Journal,
        clock: Callable[[], datetime],
    ) -> None:
        self.git = git
        self.environment = environment
        self.remote = remote
        self.journal = journal
        self._clock = clock
        self.name = f"pacsconf/{environment}"
        self._here = f"refs/heads/{self.name}"
        self._tracking = f"refs/remotes/{remote}/{self.name}"
        self._read: tuple[str, Contents] | None = None

    # --- reading ----------------------------------------------------------------------------------------------

    def stand(self, *, fetch: bool) -> tuple[Tip, Standing, str]:
        """Where the branch stands, and a note where the remote could not be asked.

        References here follow a head that is to be believed; of any other they keep what they showed before.
        """
        seen, note = self._sight(fetch)
        standing = stand(seen, self.git.descends)
        if standing.head and not standing.why and self.git.is_cut(standing.head):
            standing = cut(seen, standing.head)
        there = seen.tracking if seen.there is None else seen.there
        if standing.head and not standing.why:
            self._follow(seen, standing.head, there)
        return Tip(standing.head, seen.here, there), standing, note

    def head_now(self) -> str:
        """The head at this moment, from where it is decided.

        Raises: RecordError when the remote does not answer.
        """
        if self.remote:
            return self.git.look(self.remote, self._here)
        return self.git.refs(self._here).get(self._here, "")

    def fetch(self) -> str:
        """Bring the remote's head here; it, or empty where there is none.

        Raises: RecordError when the remote does not answer.
        """
        there = self.git.look(self.remote, self._here)
        private = f"refs/pacsconf/fetched/{self.environment}"
        known = self.git.refs(self._here, self._tracking, private)
        if not there or there in known.values():
            return there
        self.git.fetch(self.remote, self._here, private)
        return self.git.refs(private)[private]

    def entry(self, commit: str) -> Entry:
        """What kind of commit this is.

        Raises: RecordError when it cannot be read.
        """
        return entry_from_file(self.git.read(commit, "record.json"), commit)

    def changeset(self, commit: str) -> ChangeSet:
        """The change set that a commit opens, renews, resumes, closes or abandons.

        Raises: RecordError when it cannot be read.
        """
        return changeset_from_file(self.git.read(commit, CHANGESET))

    def contents(self, commit: str) -> Contents:
        """What a commit holds, remembered for the last one: a command asks several times, and no commit changes.

        Raises: RecordError when it cannot be read.
        """
        if self._read is None or self._read[0] != commit:
            found = from_files(self.git.files(commit), lambda path: self.git.read(commit, path))
            self._read = (commit, found)
        return self._read[1]

    def _sight(self, fetch: bool) -> tuple[Sighting, str]:
        there: str | None = None
        note = ""
        if self.remote and fetch:
            try:
                there = self.fetch()
            except RemoteUnavailable as exc:
                note = f"{exc.message}; the record may be newer there"
        return self._seen(there), note

    def _seen(self, there: str | None) -> Sighting:
        refs = self.git.refs(self._here, self._tracking)
        tracking = refs.get(self._tracking, "") if self.remote else ""
        here = refs.get(self._here, "")
        return Sighting(self.environment, self.remote, here, tracking, there, self.journal.heads())

    def _follow(self, seen: Sighting, head: str, there: str) -> None:
        """Let references and notes follow; reading works without, as in a clone that may not be written."""
        try:
            if there and there != seen.tracking:
                self.git.move(self._tracking, there, seen=seen.tracking, why="pacsconf: fetch")
            if head != seen.here:
                self.git.move(self._here, head, seen=seen.here, why="pacsconf: follow the remote")
            self.journal.note(Heads(head, there or seen.noted.there))
        except RecordError as exc:
            _log.warning("%s could not be brought up to date here: %s", self.name, exc.message)

    def last_words(self, head: str) -> str:
        """What the newest commit did, for a message: who, when and why."""
        if not head:
            return "the branch is gone"
        entry = self.entry(head)
        reason = f" ({one_line(entry.reason)})" if entry.reason else ""
        return f"{entry.type} by {one_line(entry.by)} at {iso_in_words(entry.at)}{reason}"

    def time(self) -> datetime:
        """The time by the clock that was passed in, in UTC."""
        return self._clock().astimezone(UTC)

    # --- writing ----------------------------------------------------------------------------------------------

    def draft(
        self,
        kind: EntryType,
        reason: str,
        changeset: str = "",
        counts: Mapping[str, int] | None = None,
        audit: str = "",
    ) -> Entry:
        """An entry by whoever works here, now.

        Raises: RecordError when git does not know who that is.
        """
        at = stamp(self.time())
        return Entry(kind, self.git.identity(), at, reason, changeset, counts or {}, audit=audit)

    def append(self, tip: Tip, entry: Entry, contents: Contents, about: Iterable[str] = ()) -> Tip | None:
        """One more commit on top of `tip`; None when somebody else was faster.

        `about` are lines for the commit's message.

        Raises: RecordError when it is refused; then nothing was published.
        """
        message = self._message(entry, about)
        files = to_files(entry, contents)
        commit = self.git.commit(files, message, parent=tip.head, when=self.time())
        if self.remote:
            if not self.git.push(self.remote, self._here, commit, seen=tip.there):
                return None
        elif not self.git.move(self._here, commit, seen=tip.here, why=f"pacsconf: {entry.type}"):
            return None
        self._read = (commit, contents)
        there = commit if self.remote else ""
        self._follow(self._seen(there), commit, there)
        _log.info("%s: %s %s", self.name, entry.type, commit)
        return Tip(commit, commit, there)

    def keep(self, commit: str) -> None:
        """Keep a commit that the branch is about to leave, under `refs/pacsconf/kept/`."""
        ref = f"refs/pacsconf/kept/{self.environment}/{commit[:12]}"
        self.git.move(ref, commit, seen="", why="pacsconf: kept when another head was accepted")

    def set_aside(self) -> str:
        """Keep the local branch's head and remove the branch; the head, empty where there was none."""
        head = self.git.refs(self._here).get(self._here, "")
        if head:
            self.keep(head)
            self.git.drop(self._here, seen=head)
            self.journal.note(Heads())
        return head

    def _message(self, entry: Entry, about: Iterable[str]) -> str:
        named = one_line(entry.changeset or entry.audit or self.environment)
        subject = f"{_VERBS.get(entry.type, entry.type)} {named}"
        counts = ", ".join(_count(number, what) for what, number in entry.counts.items() if number)
        trailers = {
            "Changeset": entry.changeset,
            "Environment": self.environment,
            "Operator": one_line(entry.by),
            # Equal commits are one commit: two runs that differ in nothing would both believe they have the lock.
            "Attempt": token_hex(8),
        }
        closing = "\n".join(f"{name}: {text}" for name, text in trailers.items() if text)
        subject += f": {counts}" if counts else ""
        paragraphs = [subject, one_line(entry.reason), "\n".join(map(one_line, about)), closing]
        return "\n\n".join(filter(None, paragraphs)) + "\n"


def stamp(moment: datetime) -> str:
    """The moment as the record writes it: ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _count(number: int, what: str) -> str:
    one = what.removesuffix("es") if what.endswith("sses") else what.removesuffix("s")
    return f"{number} {one if number == 1 else what}"


def one_line(text: str) -> str:
    """Text that cannot pass for another line of the message."""
    return "".join(c if c.isprintable() else " " for c in text).strip()
