"""A private Active Directory domain controller (Samba) in a network of its own, for practice and tests.

It listens at its own ports there, and a port of the loopback leads to each (`apart`); so several stand side by
side, and nobody outside this machine sees one. It needs root and Samba's packages. Three identities can bind, all
with the same generated password: Administrator, `pacsconf` (may make users and groups in the units that it was
given, change them and write password policies) and `jdoe` (an administrator: the colleague who edits by hand).

Making a domain takes some seconds. Whoever needs many makes one by `provision` and starts copies of it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pacsconf.core.errors import Unavailable
from pacsconf.lab import apart, processes
from pacsconf.lab.credentials import certificates
from pacsconf.lab.samba_setup import (
    BASE,
    CONFIGURATION,
    DOMAIN,
    HOST,
    PASSWORD,
    Options,
    configure,
    is_domain,
    program,
    provision,
)

__all__ = [
    "BASE",
    "Options",
    "Samba",
    "attach",
    "cannot",
    "is_domain",
    "provision",
    "restart",
    "revive",
    "start",
    "started",
]

_STATE = "samba.json"
"""Where it listens; it goes when the server is stopped on purpose."""
_LDAPS, _LDAP = 636, 389


@dataclass(frozen=True, slots=True)
class Samba:
    """A running domain controller. Its identities are `admin_dn`, `pacsconf_dn` and `colleague_dn`."""

    folder: Path
    tls_port: int
    port: int
    base: str
    password: str = field(repr=False)

    @property
    def tls_url(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def url(self) -> str:
        """It takes no password here before StartTLS."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def admin_dn(self) -> str:
        return f"CN=Administrator,CN=Users,{self.base}"

    @property
    def pacsconf_dn(self) -> str:
        return f"CN=pacsconf,CN=Users,{self.base}"

    @property
    def colleague_dn(self) -> str:
        return f"CN=jdoe,CN=Users,{self.base}"

    @property
    def policies_base(self) -> str:
        """Where password policies are."""
        return f"CN=Password Settings Container,CN=System,{self.base}"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def password_file(self) -> Path:
        return self.folder / PASSWORD

    @property
    def running(self) -> bool:
        """Whether the server still takes connections."""
        return processes.answers(self.tls_port)

    def stop(self) -> None:
        """End the server and wait for it, restarted or not; a server that is gone already is fine."""
        processes.end(self.folder, [processes.APART])
        (self.folder / _STATE).unlink(missing_ok=True)


def cannot() -> str:
    """Why there can be none here; empty where there can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "a domain controller needs root: it has fixed ports, so it gets a network of its own"
    try:
        program("samba"), program("samba-tool")
    except Unavailable as exc:
        return f"{exc}"
    refused = apart.refused()
    return f"this machine gives no network of its own to a process ({refused})" if refused else ""


def start(folder: Path, options: Options | None = None, template: Path | None = None) -> Samba:
    """A new server with its data in `folder`, which must be empty or absent; it outlives this process.

    With `template` its domain is a copy of the one that `provision` made there with the same options.

    Raises: Unavailable when Samba is not installed or does not start, with what it said.
    """
    options = options or Options()
    if folder.exists() and any(folder.iterdir()):
        raise Unavailable(
            "samba", f"{folder} is not empty", fix="Give the domain controller a folder of its own."
        )
    reason = cannot()
    if reason:
        raise Unavailable("samba", reason, fix="Leave out --with ad, or run it as root with Samba installed.")
    if template is None:
        provision(folder, options)
    else:
        shutil.copytree(template, folder, dirs_exist_ok=True)
        folder.chmod(0o700)
        configure(folder, options)
    certificates(folder, [f"{HOST}.{options.realm.lower()}"])
    return _run(folder, options.base)


def restart(samba: Samba) -> Samba:
    """The same server, ended and started again on the same ports with the same data."""
    samba.stop()
    return _launch(samba.folder, samba.base, samba.tls_port, samba.port)


def attach(folder: Path) -> Samba | None:
    """The server that was started in `folder` and still runs, or None."""
    samba = _recorded(folder)
    runs = samba is not None and processes.APART in processes.of(folder).values() and samba.running
    return samba if runs else None


def revive(folder: Path) -> Samba | None:
    """The server that was started in `folder`, with its data: as it runs, or started again where it died.

    None when its data is gone. Raises: Unavailable when it does not start with it.
    """
    running, dead = attach(folder), _recorded(folder)
    if running is not None or dead is None or not (folder / DOMAIN / "private/sam.ldb").exists():
        return running
    dead.stop()
    try:
        return _launch(folder, dead.base, dead.tls_port, dead.port)
    except Unavailable:  # somebody else may have its ports by now
        return _run(folder, dead.base)


@contextmanager
def started(folder: Path, options: Options | None = None, template: Path | None = None) -> Iterator[Samba]:
    """A new server for the length of a `with` block."""
    samba = start(folder, options, template)
    try:
        yield samba
    finally:
        samba.stop()


def _run(folder: Path, base: str) -> Samba:
    return processes.at_a_free_port(lambda port: _launch(folder, base, port, processes.free_port()))


def _launch(folder: Path, base: str, tls_port: int, port: int) -> Samba:
    serve = [program("samba"), "-s", CONFIGURATION, "-F", "--no-process-group"]
    # One process serves one request after the other, and takes a sixth of the memory of many.
    serve += ["--debug-stdout", "--debuglevel=1", "--model=single"]
    plan, log = folder / apart.PLAN, folder / "samba.log"
    plan.write_text(json.dumps({"ports": {str(tls_port): _LDAPS, str(port): _LDAP}, "command": serve}))
    pid = processes.spawn([sys.executable, "-m", processes.APART, str(plan)], folder, log)
    samba = Samba(folder, tls_port, port, base, (folder / PASSWORD).read_text())
    processes.wait_for(lambda: _speaks(samba), pid, log, "samba")
    state = {name: value for name, value in asdict(samba).items() if name in ("tls_port", "port", "base")}
    (folder / _STATE).write_text(json.dumps(state))
    return samba


def _speaks(samba: Samba) -> bool:
    """Whether it speaks TLS: a connection alone is taken before the server is there."""
    trusted = ssl.create_default_context(cafile=str(samba.ca_file))
    try:
        with (
            socket.create_connection(("127.0.0.1", samba.tls_port), timeout=5) as plain,
            trusted.wrap_socket(plain, server_hostname="127.0.0.1"),
        ):
            return True
    except OSError:
        return False


def _recorded(folder: Path) -> Samba | None:
    """The server as its last start in this folder wrote it down; None when it was stopped."""
    try:
        state: dict[str, Any] = json.loads((folder / _STATE).read_text())
        return Samba(folder, **state, password=(folder / PASSWORD).read_text())
    except FileNotFoundError:
        return None
