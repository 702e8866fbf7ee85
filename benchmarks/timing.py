"""Whole processes against the clock: wall time, peak memory, and the median of rounds that take turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile


class Failed(Exception):
    """A command did not do what it is timed for: the time would be of something else."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: wall-clock seconds, and the most memory its processes held, in bytes."""

    seconds: float
    peak: int


@dataclass(frozen=True, slots=True)
class Command:
    """A command to time; `says` must stand in what it prints, so that it is known to have done its work.

    `before` is called before each run, untimed, and may give the environment to run in.
    """

    name: str
    words: Sequence[str]
    cwd: Path
    says: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: Path | None = None
    before: Callable[[], Mapping[str, str]] | None = None
    ends: int = 0
    """The exit code of its success: an audit that finds what a hospital fails has done its work."""

    def run(self) -> Run:
        """Raises: Failed when it does not succeed or does not say what it should."""
        more = self.before() if self.before else {}
        words = [word.format(**more) for word in self.words] if more else list(self.words)
        with TemporaryFile() as out, TemporaryFile() as err, open(self.stdin or os.devnull, "rb") as into:
            start = time.perf_counter()
            process = subprocess.Popen(
                words, cwd=self.cwd, env={**os.environ, **self.env}, stdin=into, stdout=out, stderr=err
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            text, complaint = out.read().decode(errors="replace"), err.read().decode(errors="replace")
        if process.returncode != self.ends or self.says not in text:
            raise Failed(
                f"{self.name}: exit {process.returncode}, expected {self.ends} and {self.says!r}\n"
                f"{text[-2000:]}\n{complaint[-2000:]}"
            )
        return Run(seconds, usage.ru_maxrss * 1024)


@dataclass(frozen=True, slots=True)
class Measured:
    """All runs of one command."""

    name: str
    runs: tuple[Run, ...]

    @property
    def median(self) -> float:
        return statistics.median(run.seconds for run in self.runs)

    @property
    def quickest(self) -> float:
        return min(run.seconds for run in self.runs)

    @property
    def peak(self) -> int:
        return max(run.peak for run in self.runs)


def in_turns(commands: Sequence[Command], rounds: int) -> list[Measured]:
    """Every command once for the caches, then `rounds` times, in turns: a slow minute hits all alike."""
    for command in commands:
        command.run()
    runs: dict[str, list[Run]] = {command.name: [] for command in commands}
    for _ in range(rounds):
        for command in commands:
            runs[command.name].append(command.run())
    return [Measured(name, tuple(found)) for name, found in runs.items()]
