"""Acceptance runs that nobody signed yet: `.git/pacsconf/ENV/commission/DEVICE.json`, one a device, never pushed.

Each step is written as it is ticked off, so that a run that was interrupted is taken up where it was. When it is
signed it moves into the record, where others find it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pacsconf.core.errors import LockHeld, RecordError
from pacsconf.dicom.commission.run import AcceptanceRun, from_json, to_json
from pacsconf.record.journal import kept_here

LARGEST = 16 * 1024 * 1024
"""Bytes of a run: one with a thousand objects has less than two million."""

_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class UnsignedRuns:
    """The runs of one environment in this clone."""

    folder: Path

    @classmethod
    def open(cls, root: Path, environment: str) -> UnsignedRuns:
        """Those of `environment` in the clone around the folder `root`.

        Raises: RecordError when there is no repository.
        """
        return cls(kept_here(root, environment) / "commission")

    @contextmanager
    def taken(self, device: str) -> Iterator[None]:
        """Carry a device's run on, alone in this clone.

        Raises: LockHeld while another process does.
        """
        from filelock import FileLock, Timeout

        path = self._path(device).with_suffix(".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout as exc:
            raise LockHeld(
                f"the acceptance run of {device} is being carried on by another process of this clone",
                fix="Wait until it has ended, or end it.",
            ) from exc
        try:
            yield
        finally:
            lock.release()

    def read(self, device: str) -> AcceptanceRun | None:
        """The run of a device, if one is under way.

        Raises: RecordError when the file cannot be read.
        """
        path = self._path(device)
        try:
            if path.stat().st_size > LARGEST:
                raise RecordError(f"{path} is too long to be an acceptance run", fix="Remove it.")
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise RecordError(f"{path} cannot be read: {exc.strerror}", fix="Let it be read.") from exc
        return self._expected(from_json(data, str(path)), str(path), device)

    def write(self, run: AcceptanceRun) -> None:
        """Keep a run; what was kept of its device before is replaced at once or not at all.

        Raises: RecordError when it cannot be written.
        """
        path = self._path(run.device)
        draft = path.with_suffix(f".{os.getpid()}.draft")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="ascii") as file:
                file.write(to_json(run) + "\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            _settle(path.parent)
        except OSError as exc:
            raise RecordError(
                f"{path} cannot be written: {exc.strerror}", fix="Make room, or make it writable"
            ) from exc

    def devices(self) -> tuple[str, ...]:
        """Those of which a run is under way here."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.json") if _DEVICE.fullmatch(path.stem)))

    def drop(self, device: str) -> None:
        """Keep it no longer."""
        self._path(device).unlink(missing_ok=True)

    def _expected(self, run: AcceptanceRun, where: str, device: str) -> AcceptanceRun:
        """Raises: RecordError when it is another run than belongs there."""
        found, environment = run.device, self.folder.parent.name
        what = "is signed" if run.signatures else ""
        what = f"is of {found}" if found != device else what
        what = f"is of environment {run.environment}" if run.environment != environment else what
        if what:
            raise RecordError(
                f"{where} {what}, which it cannot be", fix="Was it edited by hand? Put that back."
            )
        return run

    def _path(self, device: str) -> Path:
        if not _DEVICE.fullmatch(device):
            raise RecordError(f'"{device}" cannot name a file')
        return self.folder / f"{device}.json"


def _settle(folder: Path) -> None:
    """Let the new name of a file outlive a power cut too."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def latest(kept: UnsignedRuns, evidence: Mapping[str, bytes], device: str) -> AcceptanceRun | None:
    """The run that is under way here, or the newest in the record where that is as new.

    Raises: RecordError when one cannot be read.
    """
    here, there = kept.read(device), newest(evidence, device)
    return there if here is None or (there is not None and there.id >= here.id) else here


def newest(evidence: Mapping[str, bytes], device: str) -> AcceptanceRun | None:
    """The newest run of a device that the record holds.

    Raises: RecordError when it cannot be read.
    """
    paths = sorted(path for path in evidence if path.startswith(f"commissioning/{device}/"))
    return recorded(evidence[paths[-1]], paths[-1]) if paths else None


def recorded(data: bytes, path: str) -> AcceptanceRun:
    """The run that the record holds at this path below `evidence/`.

    Raises: RecordError when it cannot be read, or is another one than its path says.
    """
    where = f"evidence/{path}"
    run = from_json(data, where)
    if run.path != path:
        raise RecordError(
            f"{where} says that it is {run.path}", fix="See in git who changed it, and put it back."
        )
    return run
