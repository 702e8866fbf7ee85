"""A tiny hospital on a real directory, in real clones, whose commands can be made to die at any point.

One directory, one operator and one driver serve all tests of a worker; every test has repositories of its own and
finds the directory as the first version of the inventory left it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ldap3

from pacsconf.core.address import Address
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.resource import State
from pacsconf.lab import slapd
from pacsconf.record.journal import Journal
from pacsconf.record.record import Record
from tests.e2e.crash.driver import STOPPED, Job

SITES = "sites: {{main: {{name: Main campus, timezone: UTC, probe: none}}}}\n"
SYSTEM = """\
systems:
  directory:
    {{type: dicom-directory, url: "{url}", base: "{base}", mode: write, bind: {{dn: "{dn}", password: "env:LDAP"}}}}
environments: {{test: {{description: Tests}}}}
"""
FIRST = """\
devices:
  ct-1: {type: modality, modality: [CT], site: main, ae_title: CT_1, host: 10.0.0.1, port: 104,
         manufacturer: SIEMENS, offers: [verification]}
  us-1: {type: modality, modality: [US], site: main, ae_title: US_1, host: 10.0.0.2, port: 104}
"""
SECOND = """\
devices:
  ct-1: {type: modality, modality: [CT], site: main, ae_title: CT_1, host: 10.0.0.1, port: 11112,
         manufacturer: Siemens Healthineers, offers: [verification]}
  us-1: {type: modality, modality: [US], site: main, ae_title: US_1, host: 10.0.0.2, port: 104,
         lifecycle: retired}
  mr-1: {type: modality, modality: [MR], site: main, ae_title: MR_1, host: 10.0.0.3, port: 104}
"""
OPERATOR = '[[secret]]\nref = "env:LDAP"\nfor = "{url}"\n\n[environments]\nwrite = ["test"]\n'
IDENTITY = (
    "[user]\n\tname = Maria Weber\n\temail = mweber@example.org\n[init]\n\tdefaultBranch = main\n"
    "[protocol \"file\"]\n\tallow = always\n"
)  # fmt: skip

Entries = dict[str, dict[str, Any]]
Writes = Counter[tuple[str, str]]
"""How often each entry was added, modified or deleted, by `reqType` and DN."""

AFTER_THE_LEASE = 7200.0
"""Seconds; the lease is 15 minutes, and a clock that runs fast may have been an hour ahead when it began."""


def git(folder: Path, *args: str, home: Path) -> str:
    """What git prints; a failure is the test's."""
    own = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TEST_FSYNC": "0"}
    environ = {"PATH": os.environ["PATH"], **own}
    ran = subprocess.run(
        ["git", "-C", str(folder), *args], capture_output=True, text=True, check=False, env=environ
    )
    assert not ran.returncode, ran.stderr
    return ran.stdout.strip()


@dataclass
class Ran:
    """How a command ended (a signal is negative) and what it printed."""

    code: int
    text: str


class Driver:
    """Starts commands and awaits them."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.e2e.crash.driver"]
        root = Path(__file__).parents[3]
        self._process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def start(self, job: Job) -> int:
        return self._ask(asdict(job))

    def first(self, job: Job) -> int:
        """The exit code of a command that the driver carries out itself: what comes later is quicker for it."""
        return self._ask({"first": asdict(job)})

    def wait(self, pid: int) -> int:
        """Its exit status, or above `STOPPED` when a signal stopped it."""
        return self._ask({"wait": pid})

    def _ask(self, body: dict[str, Any]) -> int:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(body) + "\n")
        return int(stdout.readline())

    def close(self) -> None:
        self._process.communicate()


class Directory:
    """The practice directory, seen and reset with ldap3's own connection."""

    def __init__(self, folder: Path) -> None:
        self.slapd = slapd.start(folder, slapd.Options(tls=False))
        self.pacsconf, self._admin = map(self._bound, (self.slapd.pacsconf_dn, self.slapd.admin_dn))
        self._last, self._seen = "", 0
        self.first: Entries = {}

    def _bound(self, dn: str) -> ldap3.Connection:
        server = ldap3.Server(self.slapd.url, get_info=ldap3.NONE)
        return ldap3.Connection(server, dn, self.slapd.password, auto_bind=True, check_names=False)

    def entries(self) -> Entries:
        """Everything in the DICOM tree, by DN; values in any order are equal."""
        root = f"cn=DICOM Configuration,{self.slapd.base}"
        self.pacsconf.search(root, "(objectClass=*)", attributes=["*"])
        return {
            one["dn"]: {name: sorted(values) for name, values in one["raw_attributes"].items()}
            for one in self.pacsconf.response
        }

    def reset(self) -> None:
        """What the first version of the inventory left."""
        for dn in sorted(self.entries(), key=len, reverse=True):
            assert self.pacsconf.delete(dn), self.pacsconf.result
        for dn, attributes in sorted(self.first.items(), key=lambda one: len(one[0])):
            assert self.pacsconf.add(dn, attributes=attributes), self.pacsconf.result
        self._last = max((start for start, *_ in self._log()), default="")
        self._seen = len(self._log())

    def writes(self) -> Writes:
        """Every write that succeeded since the last reset."""
        return Counter((kind, dn) for _, kind, dn in self._log()[self._seen :])

    def _log(self) -> list[tuple[str, str, str]]:
        """When a write began, its kind and its entry, from the last one before the last reset on."""
        wanted = ["reqType", "reqDN", "reqStart"]
        begun = f"(reqStart>={self._last})" if self._last else ""
        self._admin.search(self.slapd.accesslog, f"(&(reqResult=0){begun})", attributes=wanted)
        log = [one["raw_attributes"] for one in self._admin.response if one["raw_attributes"].get("reqDN")]
        return sorted(
            tuple(one[name][0].decode() for name in ("reqStart", "reqType", "reqDN")) for one in log
        )

    def close(self) -> None:
        self.pacsconf.unbind()
        self._admin.unbind()
        self.slapd.stop()


@dataclass
class Stage:
    """What the tests of a worker share: repositories to copy, and how an undisturbed apply of them ends."""

    folder: Path
    directory: Directory
    driver: Driver
    plan: str = ""
    """The file of a plan of the second version, good for every copy."""
    entries: Entries = field(default_factory=dict)
    writes: Writes = field(default_factory=Counter)
    owned: dict[Address, State] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    """Secrets beside the directory's password."""

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def clone(self, path: Path) -> Clone:
        return Clone(path, self)


@dataclass
class Clone:
    """A repository with the inventory."""

    path: Path
    stage: Stage

    def git(self, *args: str) -> str:
        return git(self.path, *args, home=self.stage.home)

    def job(self, *arguments: str, environ: dict[str, str] | None = None, **options: Any) -> Job:
        out = self.path.parent / f"{self.path.name}-{len(list(self.path.parent.iterdir()))}.out"
        out.touch()
        own = {
            "HOME": str(self.stage.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PACSCONF_CONFIG": str(self.stage.folder / "operator.toml"),
            "LDAP": self.stage.directory.slapd.password,
            "NO_COLOR": "1",
            **self.stage.environ,
        }
        return Job(list(arguments), str(self.path), {**own, **(environ or {})}, str(out), **options)

    def run(self, *arguments: str, **options: Any) -> Ran:
        """One command from begin to end."""
        job = self.job(*arguments, **options)
        return self.end(job, self.stage.driver.start(job))

    def stopped(self, *arguments: str, **options: Any) -> Living:
        """A command that stands still at its point until it is told to go on."""
        job = self.job(*arguments, signal="SIGSTOP", **options)
        living = Living(self, job, self.stage.driver.start(job))
        code = self.stage.driver.wait(living.pid)
        assert code > STOPPED, Path(job.out).read_text()
        return living

    def end(self, job: Job, pid: int) -> Ran:
        code = self.stage.driver.wait(pid)
        return Ran(code, Path(job.out).read_text())

    def plan(self) -> Path:
        """A saved plan of what the inventory declares."""
        file = self.path.parent / f"{self.path.name}.json"
        planned = self.run("plan", "--out", str(file))
        assert planned.code == 0, planned.text
        return file

    def declare(self, devices: str, message: str) -> None:
        (self.path / "inventory" / "devices.yaml").write_text(devices)
        self.git("commit", "-q", "-a", "-m", message)

    def hook(self, name: str, script: str) -> None:
        """Install a hook of this clone, or of a bare repository."""
        inner = self.path / ".git"
        hooks = (inner if inner.exists() else self.path) / "hooks"
        hooks.mkdir(exist_ok=True)
        (hooks / name).write_text(f"#!/bin/sh\n{script}\n")
        (hooks / name).chmod(0o755)

    def record(self) -> tuple[dict[Address, State], ChangeSet | None]:
        """What the record says is owned, and the change set that its head holds."""
        with Record.open(self.path, "test", clock=lambda: datetime.now(UTC)) as record:
            contents = record.state().contents
            return dict(contents.owned), contents.changeset

    def sign_with(self, key: Path) -> None:
        """Make a key, and let git sign with it and trust it."""
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        signers = key.with_name("signers")
        signers.write_text(f"mweber@example.org {key.with_suffix('.pub').read_text()}")
        for name, value in {
            "commit.gpgsign": "true",
            "gpg.format": "ssh",
            "user.signingkey": str(key),
            "gpg.ssh.allowedSignersFile": str(signers),
        }.items():
            self.git("config", name, value)

    def record_head(self) -> str:
        """The head of the record where it is decided."""
        remote = self.git("ls-remote", ".", "refs/heads/pacsconf/test")
        if self.git("remote"):
            remote = self.git("ls-remote", "origin", "refs/heads/pacsconf/test")
        return remote.partition("\t")[0]

    def journal(self) -> dict[str, str]:
        """What this clone's journal keeps of change sets that it did not close, by address."""
        kept = Journal.open(self.path / ".git", "test")
        outcomes = [one for id_ in kept.unfinished() for one in kept.outcomes(id_).values()]
        return {str(one.address): one.status for one in outcomes}

    def require_converged(self) -> None:
        """Live, declared and recorded are one, nothing is planned, and every entry was written just once."""
        stage = self.stage
        assert stage.directory.entries() == stage.entries
        assert stage.directory.writes() == stage.writes
        planned = self.run("plan", "--detailed-exitcode", later=AFTER_THE_LEASE)
        assert (planned.code, "No changes" in planned.text) == (0, True), planned.text
        owned, changeset = self.record()
        assert owned == stage.owned
        assert changeset is not None
        assert changeset.status != "open"


@dataclass
class Living:
    """A command that stands still."""

    clone: Clone
    job: Job
    pid: int

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> Ran:
        """It goes on until it ends."""
        self.go_on()
        return self.clone.end(self.job, self.pid)


def killed(clone: Clone, point: str) -> None:
    """Apply until `point`, and die there. The clock runs fast where the lease is to be renewed."""
    name, _, nth = point.partition("*")
    ran = clone.run(
        "apply", clone.stage.plan, point=name, nth=int(nth or 1), tick=300 if "renewed" in name else 0
    )
    assert ran.code == -9, ran.text


def require_shut_out(clone: Clone) -> None:
    """While the lease runs nobody applies or resumes, and nothing changes."""
    head, writes = clone.record_head(), clone.stage.directory.writes()
    for arguments in (("apply", clone.stage.plan), ("resume",)):
        ran = clone.run(*arguments)
        assert ran.code == 7, ran.text
        assert "is open on test: by Maria Weber <mweber@example.org>" in ran.text
    assert clone.record_head() == head
    late = clone.stage.directory.writes() - writes
    # What was sent before the kill may reach the directory's log after it; nothing else may.
    assert late.total() <= 1
    assert all(count == 1 for count in clone.stage.directory.writes().values())


def make_stage(folder: Path) -> Iterator[Stage]:
    """Directory, operator, and repositories in which the first version is applied and the second committed."""
    directory = Directory(folder / "slapd")
    driver = Driver()
    try:
        stage = Stage(folder, directory, driver)
        _operator(stage)
        _repositories(stage)
        yield stage
    finally:
        driver.close()
        directory.close()


def _operator(stage: Stage) -> None:
    stage.home.mkdir()
    (stage.home / ".gitconfig").write_text(IDENTITY)
    file = stage.folder / "operator.toml"
    file.touch(mode=0o600)
    file.write_text(OPERATOR.format(url=stage.directory.slapd.url))


def _repositories(stage: Stage) -> None:
    """`server.git` and its clone `one`, and `alone` without a remote; then how it all should end."""
    server = stage.folder / "server.git"
    server.mkdir()
    git(server, "init", "-q", "--bare", home=stage.home)
    one = stage.clone(stage.folder / "one")
    git(stage.folder, "clone", "-q", str(server), str(one.path), home=stage.home)
    _fill(one)
    one.git("push", "-q", "origin", "main")
    assert stage.driver.first(one.job("plan")) == 0
    for arguments in (("record", "init"), ("apply", str(one.plan()))):
        ran = one.run(*arguments)
        assert ran.code == 0, ran.text
    one.declare(SECOND, "inventory: mr-1 comes, us-1 goes")
    one.git("push", "-q", "origin", "main")
    alone = stage.clone(stage.folder / "alone")
    shutil.copytree(one.path, alone.path)
    alone.git("remote", "remove", "origin")
    stage.directory.first = stage.directory.entries()
    stage.directory.reset()
    _rehearse(stage)


def _fill(clone: Clone) -> None:
    inventory = clone.path / "inventory"
    inventory.mkdir()
    server = clone.stage.directory.slapd
    (inventory / "sites.yaml").write_text(SITES.format())
    (inventory / "systems.yaml").write_text(
        SYSTEM.format(url=server.url, base=server.base, dn=server.pacsconf_dn)
    )
    (inventory / "devices.yaml").write_text(FIRST)
    clone.git("add", ".")
    clone.git("commit", "-q", "-m", "inventory: two devices")


def _rehearse(stage: Stage) -> None:
    """An undisturbed apply, in a copy."""
    clone = stage.clone(stage.folder / "rehearsal")
    shutil.copytree(stage.folder / "alone", clone.path)
    stage.plan = str(clone.plan())
    ran = clone.run("apply", stage.plan)
    assert ran.code == 0, ran.text
    stage.entries, stage.writes = stage.directory.entries(), stage.directory.writes()
    stage.owned, _ = clone.record()
    assert set(stage.writes.values()) == {1}
