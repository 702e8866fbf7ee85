"""Who called, as this clone heard it: `.git/pacsconf/ENV/wire/heard.jsonl`, one line per association, never pushed.

It is an observation of one machine, not history: `diagnose` looks into it for what a scanner really sends. It keeps
the last thousand associations. A line that is damaged is left out, and a file that is lost is no loss.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pacsconf.core.errors import RecordError
from pacsconf.core.spelling import canonical
from pacsconf.dicom.heard import Heard, from_json, to_json
from pacsconf.record.journal import kept_here

_log = logging.getLogger(__name__)

KEPT = 1000
"""Associations that are kept, the latest."""

LARGEST = 4 * 1024 * 1024
"""Bytes that are kept: a thousand that propose 128 contexts each do not fit, and fewer of them are kept then."""

_TRIMMED = LARGEST // 4 * 3
"""Bytes that are left of a file that became too large, so that the next line does not have it written anew."""

_SLACK = 200
"""Lines beyond `KEPT` until the file is written anew."""

_PATIENCE = 5.0
"""Seconds to wait for another process that is writing the file."""


class HeardLog:
    """What was heard, for one environment. Without a git repository nothing is remembered: `why` says so."""

    def __init__(self, folder: Path | None, why: str = "") -> None:
        self._folder = folder
        self.why = why
        """Why nothing is remembered; empty where it is."""

    @classmethod
    def open(cls, root: Path, environment: str) -> HeardLog:
        """The log of `environment` in the clone around the folder `root`; made when first written."""
        try:
            return cls(kept_here(root, environment) / "wire")
        except RecordError as exc:
            return cls(None, exc.message)

    def read(self) -> tuple[Heard, ...]:
        """What was heard, oldest first."""
        return tuple(heard for line in self._lines() for heard in _heard(line))

    def append(self, heard: Iterable[Heard]) -> None:
        """Remember these, in the order in which they were heard.

        Raises: RecordError when the clone cannot be written.
        """
        lines = [canonical(to_json(each)) + b"\n" for each in heard]
        if self._folder is None or not lines:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(self._folder, lines)
        except OSError as exc:
            raise RecordError(
                f"{self._folder} cannot be written: {exc.strerror or 'another process holds it'}",
                fix="Make room, or make it writable",
            ) from exc

    def _write(self, folder: Path, lines: list[bytes]) -> None:
        from filelock import FileLock

        with FileLock(folder / "heard.lock", timeout=_PATIENCE):  # its Timeout is an OSError
            before = self._lines()
            whole = [*before, *lines]
            if len(whole) <= KEPT + _SLACK and sum(map(len, whole)) <= LARGEST:
                with (folder / "heard.jsonl").open("ab") as file:
                    file.write((b"" if self._is_whole() else b"\n") + b"".join(lines))
                return
            draft = folder / f"heard.{os.getpid()}.draft"
            draft.write_bytes(b"".join(reversed(list(_latest(whole)))))
            draft.replace(folder / "heard.jsonl")

    def _lines(self) -> list[bytes]:
        """Every line there is, whole or not, none of what cannot be read; of a file made huge, the end."""
        if self._folder is None:
            return []
        with suppress(OSError), (self._folder / "heard.jsonl").open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 2 * LARGEST))
            return file.read().splitlines(keepends=True)
        return []

    def _is_whole(self) -> bool:
        """Whether the file ends with a line end: a crash may have cut the last line short."""
        lines = self._lines()
        return not lines or lines[-1].endswith(b"\n")


def _latest(lines: list[bytes]) -> Iterator[bytes]:
    """The last lines that are kept, the latest first, and that one in any case."""
    size = 0
    for at, line in enumerate(reversed(lines[-KEPT:])):
        size += len(line)
        if size > (_TRIMMED if at else LARGEST):
            return
        yield line if line.endswith(b"\n") else line + b"\n"


def _heard(line: bytes) -> Iterator[Heard]:
    try:
        yield from_json(json.loads(line))
    except (ValueError, RecursionError):
        _log.warning("a line of heard.jsonl is damaged and left out")
