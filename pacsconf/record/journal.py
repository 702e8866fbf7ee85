"""What this clone did and saw, beside the record: in `.git/pacsconf/ENV/`, never pushed.

    CHANGESET.jsonl   the digest of the plan that was opened here; then one line per intent (before a change's bytes
                      leave) and per outcome (after)
    heads.json        the last heads of the record that were seen here
    lock, holder.json one apply at a time in this clone

The journal only makes `resume` finer: everything it says could be read again from the live systems. Lines of JSON
with fsync rather than SQLite: there is one writer, who only ever appends, so a database would add nothing but its
own locks, which network drives do not keep. A line that a crash cut short is ignored. It holds addresses and
outcomes, never values.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING, Any

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.changeset import outcome_from_json, outcome_to_json
from pacsconf.core.errors import LockHeld, RecordError
from pacsconf.core.spelling import canonical
from pacsconf.record.standing import Heads

if TYPE_CHECKING:
    from filelock import FileLock

_log = logging.getLogger(__name__)

GROUP = 0.05
"""Seconds for which results may wait to go to the disk together."""


def kept_here(root: Path, environment: str) -> Path:
    """The folder in which the clone around `root` keeps what it never pushes of an environment.

    Raises: RecordError when there is no repository.
    """
    from pacsconf.record._git import Repository

    git = Repository.open(root)
    try:
        return _folder(git.common_dir, environment)
    finally:
        git.close()


def _folder(common_dir: Path, environment: str) -> Path:
    return common_dir / "pacsconf" / environment


class Journal:
    """The local side of one environment's record."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def open(cls, common_dir: Path, environment: str) -> Journal:
        """The journal of an environment in a clone's `.git` folder; made when first written."""
        return cls(_folder(common_dir, environment))

    # --- heads ------------------------------------------------------------------------------------------------

    def heads(self) -> Heads:
        """The heads that were noted last; none where the note is missing or damaged."""
        data = _loaded(self._folder / "heads.json")
        return Heads(str(data.get("here", "")), str(data.get("there", "")))

    def note(self, heads: Heads) -> None:
        """Remember these heads.

        Raises: RecordError when the clone cannot be written.
        """
        if heads != self.heads():
            self._replace("heads.json", {"here": heads.here, "there": heads.there})

    # --- change sets ------------------------------------------------------------------------------------------

    def write(self, changeset_id: str, *, resumed: bool = False) -> Writer:
        """The one writer of this clone, for a change set; when resumed, behind what is there already.

        Raises: LockHeld naming the process that applies from this clone; RecordError when it cannot be written.
        """
        lock = self._exclusively()
        path = self._path(changeset_id)
        try:
            _mend(path, keep=resumed)
            return Writer(path, lock)
        except OSError as exc:
            lock.release()
            raise _unwritable(path, exc) from exc

    def _exclusively(self) -> FileLock:
        from filelock import FileLock, Timeout

        self._make_folder()
        lock = FileLock(self._folder / "lock", thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout as exc:
            holder = _loaded(self._folder / "holder.json")
            raise LockHeld(
                f"process {holder.get('pid', '?')} on {holder.get('host', '?')} is applying from this clone",
                fix="Wait until it ends",
            ) from exc
        self._replace("holder.json", {"pid": os.getpid(), "host": socket.gethostname()})
        return lock

    def outcomes(self, changeset_id: str) -> dict[Address, Outcome]:
        """What this clone knows of a change set; what was intended and has no outcome is `unknown`."""
        known: dict[Address, Outcome] = {}
        for line in _lines(self._path(changeset_id)):
            for body in line.get("intents", ()):
                address = Address.parse(body["address"])
                known[address] = Outcome(
                    address, body["action"], "unknown", "interrupted before it was answered"
                )
            for body in line.get("outcomes", ()):
                outcome = outcome_from_json(body)
                known[outcome.address] = outcome
        return known

    def opened(self, changeset_id: str) -> str:
        """The digest of the plan with which this clone opened a change set, or took it up; empty: it did not."""
        digests = [str(line["opened"]) for line in _lines(self._path(changeset_id)) if "opened" in line]
        return digests[-1] if digests else ""

    def unfinished(self) -> tuple[str, ...]:
        """The ids of change sets whose outcomes this clone still keeps."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.jsonl")))

    # --- files ------------------------------------------------------------------------------------------------

    def _path(self, changeset_id: str) -> Path:
        if not changeset_id.replace("-", "").isalnum():
            raise RecordError(f"{changeset_id!r} is no id of a change set")
        return self._folder / f"{changeset_id}.jsonl"

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise _unwritable(self._folder, exc) from exc

    def _replace(self, name: str, body: Mapping[str, Any]) -> None:
        self._make_folder()
        path = self._folder / name
        draft = path.with_suffix(f".{os.getpid()}.draft")
        try:
            with draft.open("wb") as file:
                file.write(canonical(body))
                _to_disk(file)
            draft.replace(path)
        except OSError as exc:
            raise _unwritable(path, exc) from exc


class Writer:
    """Appends to the journal of one change set; what was appended is on disk when a method returns.

    While it is open no other process applies from this clone.
    """

    def __init__(self, path: Path, lock: FileLock) -> None:
        self._path = path
        self._file = path.open("ab")
        self._lock = lock
        self._synced = monotonic()

    def opened(self, digest: str) -> None:
        """Note that it was opened here, or taken up, with the plan of this digest."""
        self._append({"opened": digest})

    def intend(self, changes: Iterable[Change]) -> None:
        """Note that these changes are about to be sent."""
        self._append({"intents": [{"address": str(c.address), "action": c.action} for c in changes]})

    def result(self, outcomes: Iterable[Outcome]) -> None:
        """Note what became of changes.

        The system has it at once, so a killed process loses nothing; results share their trips to the disk, since
        what a power cut takes of them is read from the live systems instead.
        """
        late = monotonic() - self._synced >= GROUP
        self._append({"outcomes": [outcome_to_json(outcome) for outcome in outcomes]}, to_disk=late)

    def close(self) -> None:
        """Let others apply; what was written stays, unless that was nothing. Nothing happens the second time."""
        if self._file.closed:
            return
        with suppress(OSError):  # a full disk, which was told when it did not take what is lost now
            self._file.close()
        with suppress(OSError):
            if not self._path.stat().st_size:
                self._path.unlink()
        self._lock.release()

    def finish(self) -> None:
        """Forget the change set, since its outcomes are in the record, and let others apply."""
        self._file.truncate(0)
        self.close()

    def _append(self, body: Mapping[str, Any], *, to_disk: bool = True) -> None:
        try:
            self._file.write(canonical(body) + b"\n")
            self._file.flush()
            if to_disk:
                _to_disk(self._file)
                self._synced = monotonic()
        except OSError as exc:
            raise _unwritable(self._path, exc) from exc


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _mend(path: Path, *, keep: bool) -> None:
    """Cut off the line that a crash left unfinished, or everything; a later line must not be glued to it."""
    with path.open("ab+") as file:
        file.seek(0)
        data = file.read() if keep else b""
        file.truncate(data.rfind(b"\n") + 1)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    for line in data.split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except ValueError:
            _log.warning("a line of %s is damaged; what it said is read from the live systems instead", path)


def _loaded(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _unwritable(path: Path, exc: OSError) -> RecordError:
    return RecordError(f"{path} cannot be written: {exc.strerror}", fix="Make room, or make it writable")
