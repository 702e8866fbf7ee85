"""Real repositories: a hospital's bare one, clones of it, and a clock that stands until it is set."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.changeset import ChangeSet, changeset_id
from pacsconf.core.plan import Basis, Plan
from pacsconf.core.resource import State
from pacsconf.record.branch import stamp
from pacsconf.record.record import Record

START = datetime(2026, 11, 24, 14, 12, 5, tzinfo=UTC)
REF = "refs/heads/pacsconf/lab"


@dataclass
class Clock:
    """Time as the test sets it."""

    time: datetime = START

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **of: float) -> None:
        self.time += timedelta(**of)


def git(folder: Path, *args: str, stdin: str = "") -> str:
    """What git prints; a failure is the test's."""
    ran = subprocess.run(
        ["git", "-C", str(folder), *args], input=stdin, capture_output=True, text=True, check=False
    )
    assert not ran.returncode, ran.stderr
    return ran.stdout.strip()


@dataclass
class Clone:
    """A repository with an inventory; `record` opens its record, closed when the test ends."""

    path: Path
    clock: Clock
    opened: list[Record] = field(default_factory=list)

    def git(self, *args: str, stdin: str = "") -> str:
        return git(self.path, *args, stdin=stdin)

    def record(self, environment: str = "lab", remote: str | None = None) -> Record:
        record = Record.open(self.path, environment, clock=self.clock, remote=remote)
        self.opened.append(record)
        return record

    def hook(self, name: str, script: str) -> None:
        """Install a hook; `script` is its shell text."""
        folder = self.path / ".git" / "hooks" if (self.path / ".git").exists() else self.path / "hooks"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    def head(self, ref: str = REF) -> str:
        """Where a reference points, empty where it is not."""
        return self.git("for-each-ref", "--format=%(objectname)", ref)


@pytest.fixture(autouse=True)
def _identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of our own: what git is configured to on this machine does not matter."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Maria Weber\n\temail = mweber@example.org\n[init]\n\tdefaultBranch = main\n"
        "[maintenance]\n\tauto = false\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(home))  # no sample hooks to copy
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_CONFIG_GLOBAL", "XDG_CONFIG_HOME", "EMAIL", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def clones(tmp_path: Path, clock: Clock) -> Iterator[list[Clone]]:
    """The clones of a test, so that their records are closed."""
    made: list[Clone] = []
    yield made
    for clone in made:
        for record in clone.opened:
            record.close()


@pytest.fixture
def alone(tmp_path: Path, clock: Clock, clones: list[Clone]) -> Clone:
    """A repository without a remote."""
    path = tmp_path / "alone"
    path.mkdir()
    clone = Clone(path, clock)
    clones.append(clone)
    _fill(clone)
    return clone


@pytest.fixture
def server(tmp_path: Path, clock: Clock, clones: list[Clone]) -> Clone:
    """A bare repository that holds an inventory."""
    path = tmp_path / "server.git"
    path.mkdir()
    git(path, "init", "-q", "--bare")
    server = Clone(path, clock)
    first = _clone(server, "first", clones)
    _fill(first)
    first.git("push", "-q", "origin", "main")
    return server


@pytest.fixture
def one(server: Clone, clones: list[Clone]) -> Clone:
    return _clone(server, "one", clones)


@pytest.fixture
def two(server: Clone, clones: list[Clone]) -> Clone:
    return _clone(server, "two", clones)


def _clone(server: Clone, name: str, clones: list[Clone]) -> Clone:
    path = server.path.parent / name
    git(server.path.parent, "clone", "-q", str(server.path), str(path))
    clone = Clone(path, server.clock)
    clones.append(clone)
    return clone


def _fill(clone: Clone) -> None:
    clone.git("init", "-q")
    (clone.path / "inventory").mkdir()
    (clone.path / "inventory" / "sites.yaml").write_text("sites: {main: {name: Main campus}}\n")
    clone.git("add", ".")
    clone.git("commit", "-q", "-m", "inventory: one site")


def device(name: str, **fields: bool | int | str | tuple[str, ...]) -> State:
    """A state of one device."""
    address = Address.of("directory", "device", name)
    return State(address, address, fields or {"manufacturer": "SIEMENS"})


@pytest.fixture
def states() -> dict[Address, State]:
    """What is owned at the start."""
    made = (device("ct-1"), device("mr-1", port=104, uses=("a", "b")))
    return {state.address: state for state in made}


@dataclass
class Work:
    """A change set to open and what comes of it."""

    changeset: ChangeSet
    outcomes: tuple[Outcome, ...]
    owned: dict[Address, State]


@pytest.fixture
def work(clock: Clock, states: dict[Address, State]) -> Work:
    """One device to be created."""
    new = device("ct-er-2", station_name="CTER2")
    plan = Plan(
        "lab",
        Basis("1" * 64, "2" * 64, "3" * 64, "3f2a9c1", "", "2026-11-24"),
        changes=(Change("create", None, new, new),),
    )
    opened = stamp(clock())
    changeset = ChangeSet(
        changeset_id(opened, plan.digest),
        plan,
        operator="Maria Weber <mweber@example.org>",
        runner="mweber@ws-3:4711",
        opened=opened,
        lease_until="",
        reason="new scanner in the emergency room",
        ticket="RAD-118",
    )
    outcomes = (Outcome(new.address, "create", "applied", milliseconds=4.0),)
    return Work(changeset, outcomes, {**states, new.address: new})
