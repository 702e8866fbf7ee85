"""A private OpenLDAP server on the loopback, for practice, demo and tests.

It is an ordinary process of the caller on ports of its own, keeps everything in one folder and needs neither
root nor a service manager: only the package `slapd` with its schema files. Four identities can bind, all with the
same generated password: the administrator (who may do anything), `cn=pacsconf` (may write, and is what pacsconf
itself uses), `cn=jdoe` (may write: the colleague who edits by hand) and `cn=viewer` (may only read).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pacsconf.core.errors import Unavailable
from pacsconf.lab import processes
from pacsconf.lab.slapd_setup import (
    ACCESSLOG,
    BASE,
    CONFIGURATION,
    DATA,
    PASSWORD,
    SCHEMAS,
    Options,
    prepare,
    program_of,
)

__all__ = ["BASE", "SCHEMAS", "Options", "Slapd", "attach", "restart", "revive", "start", "started"]

_STATE = "slapd.json"
"""Where it listens; it goes when the server is stopped on purpose."""


@dataclass(frozen=True, slots=True)
class Slapd:
    """A running server. Its identities are `admin_dn`, `pacsconf_dn`, `colleague_dn` and `viewer_dn`."""

    folder: Path
    pid: int
    port: int
    tls_port: int | None
    base: str
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        assert self.tls_port is not None, "the server was started with TLS"
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def admin_dn(self) -> str:
        return f"cn=admin,{self.base}"

    @property
    def pacsconf_dn(self) -> str:
        return f"cn=pacsconf,{self.base}"

    @property
    def colleague_dn(self) -> str:
        return f"cn=jdoe,{self.base}"

    @property
    def viewer_dn(self) -> str:
        return f"cn=viewer,{self.base}"

    @property
    def accesslog(self) -> str:
        """The naming context that tells who wrote what and when; the administrator may read it."""
        return ACCESSLOG

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def password_file(self) -> Path:
        return self.folder / PASSWORD

    @property
    def running(self) -> bool:
        """Whether the server still takes connections."""
        return processes.answers(self.port)

    def stop(self) -> None:
        """End the server and wait for it, restarted or not; a server that is gone already is fine."""
        processes.end(self.folder, ["slapd"])
        (self.folder / _STATE).unlink(missing_ok=True)


def start(folder: Path, options: Options | None = None) -> Slapd:
    """A new server with its data in `folder`, which must be empty or absent; it outlives this process.

    Raises: Unavailable when slapd is not installed or does not start, with what it said.
    """
    options = options or Options()
    if folder.exists() and any(folder.iterdir()):
        raise Unavailable(
            "slapd", f"{folder} is not empty", fix="Give the practice directory a folder of its own."
        )
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    prepare(folder, options)
    return _run(folder, options.base, tls=options.tls)


def restart(slapd: Slapd) -> Slapd:
    """The same server, ended and started again on the same ports with the same data."""
    slapd.stop()
    return _launch(slapd.folder, slapd.base, slapd.port, slapd.tls_port)


def attach(folder: Path) -> Slapd | None:
    """The server that was started in `folder` and still runs, or None."""
    slapd = _recorded(folder)
    runs = slapd is not None and "slapd" in processes.of(folder).values() and slapd.running
    return slapd if runs else None


def revive(folder: Path) -> Slapd | None:
    """The server that was started in `folder`, with its data: as it runs, or started again where it died.

    None when its data is gone. Raises: Unavailable when it does not start with it.
    """
    running, dead = attach(folder), _recorded(folder)
    if running is not None or dead is None or not any((folder / DATA).glob("*.mdb")):
        return running
    dead.stop()
    try:
        return _launch(folder, dead.base, dead.port, dead.tls_port)
    except Unavailable:  # somebody else may have its ports by now
        return _run(folder, dead.base, tls=dead.tls_port is not None)


@contextmanager
def started(folder: Path, options: Options | None = None) -> Iterator[Slapd]:
    """A new server for the length of a `with` block."""
    slapd = start(folder, options)
    try:
        yield slapd
    finally:
        slapd.stop()


def _run(folder: Path, base: str, *, tls: bool) -> Slapd:
    def at(port: int) -> Slapd:
        return _launch(folder, base, port, processes.free_port() if tls else None)

    return processes.at_a_free_port(at)


def _launch(folder: Path, base: str, port: int, tls_port: int | None) -> Slapd:
    urls = f"ldap://127.0.0.1:{port}" + (f" ldaps://127.0.0.1:{tls_port}" if tls_port else "")
    serve = [program_of(folder), "-f", str(folder / CONFIGURATION), "-h", urls, "-d", "0"]
    # slapd sets memory aside for every file it may open, and containers often allow a billion.
    limited = ["/bin/sh", "-c", 'ulimit -n 1024; exec "$@"', "sh", *serve]
    log = folder / "slapd.log"
    pid = processes.spawn(limited, folder, log)
    processes.wait_for(lambda: processes.answers(port), pid, log, "slapd")
    state = {"pid": pid, "port": port, "tls_port": tls_port, "base": base}
    (folder / _STATE).write_text(json.dumps(state))
    return Slapd(folder, pid, port, tls_port, base, (folder / PASSWORD).read_text())


def _recorded(folder: Path) -> Slapd | None:
    """The server as its last start in this folder wrote it down; None when it was stopped."""
    try:
        state: dict[str, Any] = json.loads((folder / _STATE).read_text())
        return Slapd(folder, **state, password=(folder / PASSWORD).read_text())
    except FileNotFoundError:
        return None
