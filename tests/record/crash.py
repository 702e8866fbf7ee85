"""Runs an apply once for every point at which it can be killed, and lets somebody recover each time.

    crash.py FOLDER here|elsewhere

FOLDER holds `server.git` and its clones `one` and `two`, with a record of `lab` that owns nothing. For each point
the folder is copied, a child process applies in `one` and is killed (kill -9) just before its n-th lasting step,
and somebody recovers: in `one` (here), or in `two` (elsewhere, where only steps of git make a difference). Prints a
line per point: what the child was about to do, what was found after it, and the end of the story. The live system
is a file with one line per address that was applied.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from git import Git

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.plan import Basis, Plan
from pacsconf.core.resource import State
from pacsconf.record.record import Record

START = datetime(2026, 11, 24, 14, 12, 5, tzinfo=UTC)
LASTING = {"commit-tree", "push", "update-ref"}

ADDRESSES = [Address.of("directory", "device", f"ct-{number}") for number in range(2)]
STATES = {address: State(address, address, {"port": 104}) for address in ADDRESSES}
CHANGES = tuple(Change("create", None, state, state) for state in STATES.values())
PLAN = Plan("lab", Basis("", "", "", "", "", "2026-11-24"), changes=CHANGES)
CHANGESET = ChangeSet(
    "20261124-141205-5be1", PLAN, "Maria <m@example.org>", "here", "2026-11-24T14:12:05Z", ""
)


class Clock:
    time = START

    def __call__(self) -> datetime:
        return self.time


def live(folder: Path) -> list[str]:
    file = folder / "live"
    return file.read_text().split() if file.exists() else []


def send(folder: Path, change: Change) -> Outcome:
    """Apply a change unless it is there: writing is idempotent, and shows when it is done twice."""
    if str(change.address) not in live(folder):
        with (folder / "live").open("a") as file:
            file.write(f"{change.address}\n")
    return Outcome(change.address, change.action, "applied")


def apply(folder: Path, step: Callable[[str], None]) -> None:
    """Two layers, the lease renewed between them."""
    clock = Clock()
    record = Record.open(folder / "one", "lab", clock=clock)
    outcomes = []
    with record.begin(CHANGESET, record.state()) as lock:
        for change in CHANGES:
            lock.renew()
            lock.intend([change])
            step("send")
            outcomes.append(send(folder, change))
            step("answered")
            lock.result(outcomes[-1:])
            clock.time += timedelta(minutes=10)
        lock.close(outcomes=outcomes, owned=STATES)


def recover(folder: Path, where: str) -> tuple[str, list[str]]:
    """Whoever comes after the lease: takes over what is open, or applies what was not begun."""
    clock = Clock()
    clock.time += timedelta(hours=1)
    with Record.open(folder / where, "lab", clock=clock) as record:
        state = record.state()
        assert state.known, state.why_unknown
        found = "open" if state.open else "done" if state.owned == STATES else "untouched"
        journalled: list[str] = []
        if found != "done":
            with record.resume() if state.open else record.begin(CHANGESET, state) as lock:
                journalled = [f"{address.name} {o.status}" for address, o in lock.journalled().items()]
                lock.close(outcomes=[send(folder, change) for change in CHANGES], owned=STATES)
            assert record.journal.outcomes(CHANGESET.id) == {}
    return found, journalled


def killed_at(point: int, where: str) -> Callable[[str], None]:
    """Dies before the step of this number; tells on standard output which that is."""
    number = count()

    def step(what: str) -> None:
        if (where == "here" or what.startswith("git ")) and next(number) == point:
            os.write(1, f"{json.dumps(what)} ".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def run_child(folder: Path, point: int, where: str) -> bool:
    """Whether the apply was killed, rather than finished."""
    pid = os.fork()
    if pid == 0:
        step = killed_at(point, where)
        fsync, replace, execute = os.fsync, os.replace, Git.execute

        def stepped_execute(self, command, *args, **kwargs):
            name = next((word for word in command if word in LASTING), None)
            if name:
                step(f"git {name}")
            return execute(self, command, *args, **kwargs)

        os.fsync = lambda file: (step("fsync"), fsync(file))[1]
        os.replace = lambda *paths: (step("replace"), replace(*paths))[1]
        Git.execute = stepped_execute
        apply(folder, step)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def story(template: Path, where: str) -> Iterator[dict[str, object]]:
    for point in count():
        folder = template.with_name(f"{template.name}-{where}-{point}")
        shutil.copytree(template, folder, symlinks=True)
        killed = run_child(folder, point, where)
        found, journalled = recover(folder, {"here": "one", "elsewhere": "two"}[where])
        ends = []
        for clone in ("one", "two"):
            with Record.open(folder / clone, "lab", clock=Clock()) as record:
                state = record.state()
                ends.append(state.known and state.owned == STATES and state.open is None)
        yield {"found": found, "journal": journalled, "live": sorted(live(folder)), "ends": ends}
        shutil.rmtree(folder)
        if not killed:
            return


if __name__ == "__main__":
    for line in story(Path(sys.argv[1]), sys.argv[2]):
        os.write(1, json.dumps(line).encode() + b"\n")
