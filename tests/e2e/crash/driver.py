"""Runs pacsconf commands that send themselves a signal at a chosen point; every command is a fork of this process.

A line of JSON on stdin is a `Job`, answered by a line with the process id; a line `{"wait": PID}` is answered by a
line with that process's exit status, negative for a signal that ended it, and above 1000 for one that stopped it. A
line `{"first": JOB}` is carried out in this process itself, so that all later ones have what it keeps in memory.

Points are `STEP.MOMENT`. Steps of the record are its kinds of commit (`open`, `renewed`, `resumed`, `closed`,
`abandoned`), with the moments `before`, `written` (the commit exists, nothing points to it), `published` (what
decides points to it: the remote, or the branch where there is none), `after`. The others are in `install`.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pacsconf
from pacsconf import execution
from pacsconf.cli import console_sheets, workspace
from pacsconf.cli.main import run
from pacsconf.cli.screen import Screen
from pacsconf.core.spelling import canonical
from pacsconf.record import _git, branch, journal
from pacsconf.systems import console
from pacsconf.systems._http import client
from pacsconf.systems._ldap import directory, pipeline

STOPPED = 1000

LIVES_AT_MOST = 90
"""Seconds after which a command is ended, so that no test hangs."""


@dataclass(frozen=True)
class Job:
    """One command: `later` are seconds that its clock is ahead, `tick` those that pass each time it is asked.

    `signal` is sent, `times` times, when `point` is reached the `nth` time; `answer` is typed on a terminal.
    """

    arguments: list[str]
    folder: str
    environ: dict[str, str]
    out: str
    point: str = ""
    nth: int = 1
    signal: str = "SIGKILL"
    times: int = 1
    later: float = 0
    tick: float = 0
    answer: str | None = None


@dataclass
class Trap:
    """Waits for its point."""

    job: Job
    step: str = ""
    seen: int = 0
    writing: bool = False
    passed: set[str] = field(default_factory=set)

    def at(self, point: str) -> None:
        if point != self.job.point:
            return
        self.seen += 1
        for _ in range(self.job.times if self.seen == self.job.nth else 0):
            os.kill(os.getpid(), signal.Signals[self.job.signal])


def install(trap: Trap) -> None:
    """Set the trap at every point."""
    _record(trap)
    _journal(trap)
    _directory(trap)
    _window(trap)
    _orthanc(trap)
    for name in ("_settle", "_prove"):
        _around(execution, name, trap, name.removeprefix("_"))
    _around(console.ConsoleSystem, "_handed_over", trap, "hand")
    _around(console_sheets, "stored", trap, "sheet")


def _record(trap: Trap) -> None:
    append, commit = branch.Branch.append, _git.Repository.commit
    push, move = _git.Repository.push, _git.Repository.move

    def appended(self: Any, tip: Any, entry: Any, *rest: Any) -> Any:
        trap.step, trap.passed = entry.type, set()
        trap.at(f"{trap.step}.before")
        made = append(self, tip, entry, *rest)
        trap.at(f"{trap.step}.after")
        trap.step = ""
        return made

    def committed(self: Any, *rest: Any, **named: Any) -> Any:
        made = commit(self, *rest, **named)
        trap.at(f"{trap.step}.written")
        return made

    def published(original: Any) -> Any:
        def moved(self: Any, *rest: Any, **named: Any) -> Any:
            made = original(self, *rest, **named)
            if trap.step and "published" not in trap.passed:
                trap.passed.add("published")
                trap.at(f"{trap.step}.published")
            return made

        return moved

    branch.Branch.append, _git.Repository.commit = appended, committed
    _git.Repository.push, _git.Repository.move = published(push), published(move)


def _journal(trap: Trap) -> None:
    """`intents` and `outcomes`: before, half (of a line), unsynced, after; `finish`: before, after."""
    append = journal.Writer._append
    to_disk = journal._to_disk

    def appended(self: Any, body: Any, **how: bool) -> None:
        trap.step = next(iter(body))
        trap.at(f"{trap.step}.before")
        if trap.job.point == f"{trap.step}.half" and trap.seen + 1 == trap.job.nth:
            line = canonical(body)
            self._file.write(line[: len(line) // 2])
            self._file.flush()
        trap.at(f"{trap.step}.half")
        append(self, body, **how)
        trap.at(f"{trap.step}.after")
        trap.step = ""

    def synced(file: Any) -> None:
        file.flush()
        trap.at(f"{trap.step}.unsynced")
        to_disk(file)

    journal.Writer._append, journal._to_disk = appended, synced
    journal.GROUP = 0.0  # every result goes to the disk by itself, so that each can be the last
    _around(journal.Writer, "finish", trap, "finish")


def _directory(trap: Trap) -> None:
    """`write`: before, sent (the answer was not read), after."""
    from ldap3.strategy.sync import SyncStrategy

    def writing(original: Any) -> Any:
        def written(*rest: Any) -> Any:
            trap.at("write.before")
            trap.writing = True
            try:
                return original(*rest)
            finally:
                trap.writing = False
                trap.at("write.after")

        return written

    for name in ("add", "modify", "delete"):
        setattr(directory.Directory, name, writing(getattr(directory.Directory, name)))
    post_send = SyncStrategy.post_send_single_response

    def sent(self: Any, message_id: int) -> Any:
        if trap.writing:
            trap.at("write.sent")
        return post_send(self, message_id)

    SyncStrategy.post_send_single_response = sent


def _window(trap: Trap) -> None:
    """Of many writes at once, `window`: unsent (a batch was made), sent (maybe not all of it), answered."""
    more, matched = pipeline.Pipeline._more, pipeline.Pipeline._matched
    send = pipeline._BothWays.send

    def made(self: Any, left: Any) -> Any:
        batch = more(self, left)
        trap.at("window.unsent")
        return batch

    def sent(self: Any, data: bytes) -> None:
        send(self, data)
        trap.at("window.sent")

    def answered(self: Any, message: bytes) -> Any:
        found = matched(self, message)
        trap.at("window.answered")
        return found

    pipeline.Pipeline._more, pipeline.Pipeline._matched = made, answered
    pipeline._BothWays.send = sent


def _orthanc(trap: Trap) -> None:
    """`put`: before, sent (nothing was answered yet), after; PUT and DELETE alike."""
    from httpcore2._backends.sync import SyncStream

    original, read = client.Web._sent, SyncStream.read

    def sent(self: Any, method: str, *rest: Any) -> Any:
        if method == "GET":
            return original(self, method, *rest)
        trap.at("put.before")
        trap.writing = True
        try:
            return original(self, method, *rest)
        finally:
            trap.writing = False
            trap.at("put.after")

    def answered(self: Any, *rest: Any, **named: Any) -> Any:
        if trap.writing:
            trap.at("put.sent")
        return read(self, *rest, **named)

    client.Web._sent, SyncStream.read = sent, answered


def _around(owner: Any, name: str, trap: Trap, step: str) -> None:
    original = getattr(owner, name)

    def around(*rest: Any) -> Any:
        trap.at(f"{step}.before")
        made = original(*rest)
        made = list(made) if hasattr(made, "__next__") else made
        trap.at(f"{step}.after")
        return made

    setattr(owner, name, around)


def execute(job: Job) -> None:
    """Become the command; never returns."""
    signal.alarm(LIVES_AT_MOST)
    out = os.open(job.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    _stdin(job)
    os.environ.update(job.environ)
    os.chdir(job.folder)
    asked = 0

    def now() -> datetime:
        nonlocal asked
        asked += 1
        return real_now() + timedelta(seconds=job.later + asked * job.tick)

    real_now, workspace.now = workspace.now, now
    install(Trap(job))
    status = 1
    try:
        run(job.arguments)
    except SystemExit as exc:
        status = int(exc.code or 0)
    finally:  # a fork must not go on as its parent, whatever happens
        if sys.exc_info()[0] is not None:
            sys.excepthook(*sys.exc_info())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _stdin(job: Job) -> None:
    reading, writing = os.pipe()
    os.write(writing, (job.answer or "").encode())
    os.close(writing)
    os.dup2(reading, 0)
    sys.stdin = os.fdopen(0, closefd=False)
    if job.answer is not None:
        Screen.is_interactive = property(lambda _: True)


def serve() -> None:
    """Start and await commands until stdin ends. What they load lazily is loaded once, before they fork."""
    for module in walk_packages(pacsconf.__path__, "pacsconf."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for foreign in ("filelock", "git", "httpcore2._backends.sync", "httpx2", "jinja2", "ldap3", "pynetdicom"):
        import_module(foreign)
    gc.disable()  # a collection in a fork would copy every page that it shares with us
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        if "wait" in asked:
            _, status = os.waitpid(asked["wait"], os.WUNTRACED)
            stopped = os.WIFSTOPPED(status)
            _answer(STOPPED + os.WSTOPSIG(status) if stopped else os.waitstatus_to_exitcode(status))
            continue
        if "first" in asked:
            _answer(_first(Job(**asked["first"])))
            continue
        pid = os.fork()
        if pid == 0:
            execute(Job(**asked))
        _answer(pid)


def _first(job: Job) -> int:
    """The exit code of a command that ends by itself, where nothing happens at any point."""
    os.environ.update(job.environ)
    with Path(job.out).open("w") as out, chdir(job.folder), redirect_stdout(out), redirect_stderr(out):
        try:
            run(job.arguments)
        except SystemExit as end:
            return int(end.code or 0)
    return 0


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
