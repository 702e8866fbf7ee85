"""The whole program as its users meet it: the command line in a repository, a real directory, real git.

Nobody's own configuration is touched: home, configuration and state are folders of the test. The practice lab is
started once for each process of pytest and emptied before each test that uses it.
"""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import ldap3
import pytest

from pacsconf.cli import main
from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.loader import load
from pacsconf.lab import practice, servers, slapd

BASE = "dc=hospital,dc=example"
DEVICES = f"cn=Devices,cn=DICOM Configuration,{BASE}"
TITLES = f"cn=Unique AE Titles Registry,cn=DICOM Configuration,{BASE}"

HOSPITAL = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
profiles:
  ct: {type: modality, modality: [CT], uses: [ct-image-storage], offers: [verification]}
  mr: {type: modality, modality: [MR], uses: [mr-image-storage], offers: [verification]}
  archive: {type: archive, offers: [verification, ct-image-storage, mr-image-storage]}
devices:
  archive: {profile: archive, site: main, ae_title: ARCHIVE, host: 10.20.0.5, port: 11112}
  ct-1: {profile: ct, site: main, manufacturer: SIEMENS, ae_title: CT1, host: 10.20.4.17, port: 104}
  ct-2: {profile: ct, site: main, manufacturer: GE, ae_title: CT2, host: 10.20.4.18, port: 104}
  mr-1: {profile: mr, site: main, manufacturer: PHILIPS, ae_title: MR1, host: 10.20.5.17, port: 104}
  mr-2: {profile: mr, site: main, manufacturer: PHILIPS, ae_title: MR2, host: 10.20.5.18, port: 104}
  ws-1: {type: workstation, site: main, ae_title: WS1, host: 10.20.9.1, port: 104, uses: [verification]}
flows:
  scanners-to-archive: {from: {type: modality}, to: {ae_title: ARCHIVE}, services: [storage]}
pacsconf: {probe_as: ws-1/WS1}
"""
DIRECTORY = f"""\
systems:
  directory: {{type: dicom-directory, url: ldaps://ldap.example.org, base: "{BASE}", mode: read-only}}
environments: {{lab: {{}}}}
"""
WITH_DCM4CHEE = f"""\
systems:
  directory:
    type: dicom-directory
    url: ldaps://ldap.example.org
    base: "{BASE}"
    extensions: [dcm4chee]
environments: {{lab: {{dial: {{"*": none}}}}}}
"""
MEMORY = """\
systems:
  memory: {type: memory, file: FILE, mode: write}
environments: {lab: {dial: {"*": none}}}
"""

TIMEOUT = 60
"""Seconds that one command may take on a machine that is busy with other tests."""


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Everything that was said, without the line breaks of its layout."""
        return " ".join((self.out + self.err).split())


def here(folder: Path, args: Sequence[str]) -> Ran:
    """`pacsconf ARGS` in a folder, in this process, with nobody to be asked."""
    out, err, hook = StringIO(), StringIO(), sys.excepthook
    with chdir(folder), redirect_stdout(out), redirect_stderr(err), Path(os.devnull).open() as nobody:
        stdin, sys.stdin = sys.stdin, nobody
        try:
            main.run(args)
        except SystemExit as end:
            code = end.code
        finally:
            sys.stdin, sys.excepthook = stdin, hook
    assert isinstance(code, int)
    return Ran(int(code), out.getvalue(), err.getvalue())


@dataclass
class Hospital:
    """A repository with an inventory, and the command line in it."""

    path: Path
    env: dict[str, str]
    secrets: list[str] = field(default_factory=list)
    """What no output may ever hold."""
    said: list[str] = field(default_factory=list)
    """Everything that was put out so far."""

    def run(
        self, *args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, plain: bool = True
    ) -> Ran:
        """`pacsconf ARGS` as a process of its own, with nobody to be asked."""
        done = subprocess.run(
            [*PACSCONF, *args],
            cwd=cwd or self.path,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
        return self._checked(Ran(done.returncode, done.stdout.decode(), done.stderr.decode()), plain=plain)

    def __call__(self, *args: str) -> Ran:
        """`pacsconf -e lab ARGS` in this process, which spares importing everything each time."""
        return self.here("-e", "lab", *args)

    def here(self, *args: str, env: Mapping[str, str] | None = None) -> Ran:
        """`pacsconf ARGS` in this process."""
        with pytest.MonkeyPatch.context() as own:
            for name, value in (env or {}).items():
                own.setenv(name, value)
            return self._checked(here(self.path, args))

    def ok(self, *args: str) -> Ran:
        """The same, where it must end with 0."""
        ran = self(*args)
        assert ran.code == 0, ran
        return ran

    def on_terminal(self, *args: str, answers: str) -> Ran:
        """`pacsconf -e lab ARGS` with a person at a terminal, who has typed these answers already."""
        keyboard, terminal = pty.openpty()
        try:
            process = subprocess.Popen(
                [*PACSCONF, "-e", "lab", *args],
                cwd=self.path,
                env=self.env,
                stdin=terminal,
                stderr=terminal,
                stdout=subprocess.PIPE,
            )
            os.close(terminal)
            os.write(keyboard, answers.encode())
            err = _all_of(keyboard, process)
            out, _ = process.communicate(timeout=TIMEOUT)
        finally:
            os.close(keyboard)
        return self._checked(Ran(process.returncode, out.decode(), err.replace("\r\n", "\n")), plain=False)

    def _checked(self, ran: Ran, *, plain: bool = True) -> Ran:
        """What holds of every command: it never crashes, tells no secret, and puts no escape codes in a pipe."""
        self.said += [ran.out, ran.err]
        assert "Traceback" not in ran.err, ran.err
        assert "Warning" not in ran.err, ran.err
        assert not any(secret in ran.out + ran.err for secret in self.secrets)
        assert not plain or "\x1b" not in ran.out + ran.err
        return ran

    # --- the inventory --------------------------------------------------------------------------------------

    def file(self, name: str = "hospital") -> Path:
        return self.path / "inventory" / f"{name}.yaml"

    def edit(self, before: str, after: str, file: str = "hospital") -> None:
        """Replace a text that is there exactly once, and commit."""
        text = self.file(file).read_text()
        assert text.count(before) == 1, f'"{before}" is there {text.count(before)} times'
        self.file(file).write_text(text.replace(before, after))
        self.commit(f"{before} is {after} now")

    def remove(self, *devices: str) -> None:
        """Take the lines of these devices out, and commit."""
        lines = self.file().read_text().splitlines(keepends=True)
        left = [line for line in lines if not line.startswith(tuple(f"  {name}: " for name in devices))]
        assert len(lines) - len(left) == len(devices)
        self.file().write_text("".join(left))
        self.commit(f"without {', '.join(devices)}")

    def commit(self, message: str) -> None:
        self.git("add", ".")
        self.git("commit", "-q", "-m", message)

    def git(self, *args: str) -> str:
        done = subprocess.run(
            ["git", *args], cwd=self.path, env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def applied(self) -> None:
        """Everything declared is live and owned."""
        self.ok("record", "init")
        self.ok("plan", "--out", "plan.json")
        self.ok("apply", "plan.json")

    @property
    def plan_file(self) -> Path:
        return self.path / "plan.json"


PACSCONF = (sys.executable, "-W", "default::ResourceWarning", "-m", "pacsconf")


def _all_of(terminal: int, process: subprocess.Popen[bytes]) -> str:
    """What is shown on a terminal until whoever writes there has ended."""
    until, shown = time.monotonic() + TIMEOUT, b""
    while select.select([terminal], [], [], max(0, until - time.monotonic()))[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # Linux: nobody has the other side open any more
            return shown.decode()
    process.kill()
    raise AssertionError(f"still waiting after {TIMEOUT} s: {shown.decode()}")


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment of our own, for what runs as a process and for what runs in the test."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Maria Weber\n\temail = mweber@example.org\n[init]\n\tdefaultBranch = main\n"
        "[maintenance]\n\tauto = false\n"
    )
    own = {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "PACSCONF_LAB_DIR": str(tmp_path / "no-lab"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TEST_FSYNC": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    for name in [*os.environ]:
        if name.startswith(("PACSCONF_", "GIT_", "XDG_")) or name in ("NO_COLOR", "FORCE_COLOR", "EMAIL"):
            monkeypatch.delenv(name)
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return own | coverage


@pytest.fixture
def repository(tmp_path: Path, surroundings: dict[str, str]) -> Callable[..., Hospital]:
    """Makes a repository with these inventory files, committed."""

    def make(name: str = "hospital.git", **files: str) -> Hospital:
        made = Hospital(tmp_path / name, surroundings)
        (made.path / "inventory").mkdir(parents=True)
        (made.path / ".gitignore").write_text("*.json\n")
        for file, text in files.items():
            made.file(file).write_text(text)
        made.git("init", "-q")
        made.commit("the hospital")
        return made

    return make


@pytest.fixture
def in_a_lab(
    repository: Callable[..., Hospital], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., Hospital]]:
    """Makes a repository with these inventory files, and a lab of its own that is up until the test ends."""
    lab = tmp_path / "the lab"
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(lab))
    made: list[Hospital] = []

    def make(**files: str) -> Hospital:
        hospital = repository(**files)
        hospital.env["PACSCONF_LAB_DIR"] = str(lab)
        made.append(hospital)
        up = hospital.here("lab", "up")
        assert up.code == 0, up
        return hospital

    yield make
    for each in made:
        each.here("lab", "down")


def connected(hospital: Hospital, *, colleague: bool = False) -> ldap3.Connection:
    """The directory in the lab of its own, as another program sees it, or a colleague."""
    server = slapd.attach(servers.of_system(Path(hospital.env["PACSCONF_LAB_DIR"]), "directory")[1])
    assert server is not None
    where = ldap3.Server(server.url, get_info=ldap3.NONE)
    who = server.colleague_dn if colleague else server.admin_dn
    return ldap3.Connection(where, who, server.password, check_names=False)


@pytest.fixture
def small(repository: Callable[..., Hospital], tmp_path: Path) -> Hospital:
    """The hospital on the memory system, with nothing live and no record."""
    systems = MEMORY.replace("FILE", str(tmp_path / "memory.json"))
    return repository(hospital=HOSPITAL, systems=systems)


class Memory:
    """The file of the memory system, edited by hand."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self) -> dict[str, Any]:
        entries: dict[str, Any] = json.loads(self.path.read_text())
        return entries

    def set(self, address: str, **fields: Any) -> None:
        """Set fields of one entry; None removes."""
        entries = self.entries()
        held = entries[address]["fields"]
        held.update(fields)
        entries[address]["fields"] = {name: value for name, value in held.items() if value is not None}
        self.path.write_text(json.dumps(entries))

    def remove(self, address: str) -> None:
        entries = self.entries()
        del entries[address]
        self.path.write_text(json.dumps(entries))

    def add(self, address: str, **fields: Any) -> None:
        entries = self.entries() if self.path.exists() else {}
        entries[address] = {"root": address, "depends_on": [], "claims": [], "fields": fields}
        self.path.write_text(json.dumps(entries))


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "memory.json")


# --- the directory ------------------------------------------------------------------------------------------


class Directory:
    """The lab's directory as its administrator and as a colleague see it."""

    def __init__(self, folder: Path, server: slapd.Slapd) -> None:
        self.folder = folder
        self.server = server
        self._admin = ldap3.Connection(
            ldap3.Server(server.url, get_info=ldap3.NONE),
            server.admin_dn,
            server.password,
            auto_bind=True,
            check_names=False,
        )

    def close(self) -> None:
        self._admin.unbind()

    def empty(self) -> None:
        """Leave the three containers and nothing below them."""
        for container in (DEVICES, TITLES):
            self._admin.search(container, "(objectClass=*)", attributes=["1.1"])
            below = (entry["dn"] for entry in self._admin.response if entry["dn"] != container)
            for dn in sorted(below, key=len, reverse=True):
                assert self._admin.delete(dn), self._admin.result

    def add(self, dn: str, object_class: str, **attributes: Any) -> None:
        assert self._admin.add(dn, object_class, attributes), self._admin.result

    def values(self, dn: str, attribute: str) -> list[str]:
        found = self._admin.search(dn, "(objectClass=*)", search_scope=ldap3.BASE, attributes=[attribute])
        values: list[str] = self._admin.entries[0][attribute].values if found else []
        return values

    def by_hand(self, dn: str, attribute: str, value: str) -> None:
        """What a colleague does with ldapmodify."""
        ldif = f"dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        command = practice.by_hand(self.folder, "directory")
        done = subprocess.run(command, input=ldif, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def delete_by_hand(self, dn: str) -> None:
        assert self._admin.delete(dn), self._admin.result


def device_dn(name: str) -> str:
    return f"dicomDeviceName={name},{DEVICES}"


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """The practice lab of the small hospital, for all tests of this process."""
    folder = tmp_path_factory.mktemp("lab")
    inventory = folder / "hospital" / "inventory"
    inventory.mkdir(parents=True)
    (inventory / "hospital.yaml").write_text(HOSPITAL + DIRECTORY)
    loaded = load(inventory.parent).inventory
    assert loaded is not None
    place = folder / "lab"
    try:
        practice.up(for_environment(loaded, "lab")[0], place)
        server = slapd.attach(place / "directories" / "directory")
        assert server is not None
        directory = Directory(place, server)
        try:
            yield directory
        finally:
            directory.close()
    finally:
        practice.down(place)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def directory(lab: Directory) -> Directory:
    """The lab's directory with nothing but its three containers."""
    lab.empty()
    return lab


@pytest.fixture
def hospital(
    repository: Callable[..., Hospital], directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> Hospital:
    """The hospital on the practice lab, with nothing live and no record."""
    made = repository(hospital=HOSPITAL, systems=DIRECTORY)
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(directory.folder))
    made.env["PACSCONF_LAB_DIR"] = str(directory.folder)
    made.secrets.append(directory.server.password)
    return made
