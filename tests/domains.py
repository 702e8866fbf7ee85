"""A domain controller for tests: one domain is made for all processes of pytest, and copied for each server.

`domain_template` is a fixture of all tests (`conftest.py`). Where a machine cannot have one (no root, no Samba) the
tests that need it are skipped with the reason.
"""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ldap3
import pytest
from filelock import FileLock

from pacsconf.lab import samba

BASE = samba.BASE
PEOPLE, SERVICES, GROUPS = (f"ou={unit},{BASE}" for unit in ("people", "services", "groups"))
OPTIONS = samba.Options(units=(PEOPLE, SERVICES, GROUPS))


def template(shared: Path) -> Path:
    """The domain that all copies are made of, in a folder that all processes of this run of pytest share."""
    reason = samba.cannot()
    if reason:
        pytest.skip(reason)
    folder = shared / "domain"
    with FileLock(shared / "domain.lock"):
        if not folder.exists():
            made = shared / f"domain-{os.getpid()}"
            shutil.rmtree(made, ignore_errors=True)
            samba.provision(made, OPTIONS)
            made.rename(folder)
    return folder


@contextmanager
def signed_in(server: samba.Samba, dn: str, password: str | None = None) -> Iterator[ldap3.Connection]:
    """A connection of our own; `dn` may be any name one signs in with."""
    conn = connection(server, dn, password)
    assert conn.bind(), conn.result
    try:
        yield conn
    finally:
        conn.unbind()


def connection(server: samba.Samba, dn: str, password: str | None = None) -> ldap3.Connection:
    """One that is not signed in yet."""
    return ldap3.Connection(
        ldap3.Server(server.tls_url, tls=_Trusting(server), get_info=ldap3.NONE),
        dn,
        server.password if password is None else password,
        check_names=False,
    )


class _Trusting(ldap3.Tls):
    """Python's own verification: ldap3's uses a function that Python is about to drop."""

    def __init__(self, server: samba.Samba) -> None:
        super().__init__()
        self.trusted = ssl.create_default_context(cafile=str(server.ca_file))

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        connection.socket = self.trusted.wrap_socket(connection.socket, server_hostname="127.0.0.1")


def why_not(server: samba.Samba, dn: str, password: str) -> str:
    """The sub-code of a refused bind (`533`); empty where it is taken."""
    conn = connection(server, dn, password)
    taken = conn.bind()
    message = conn.result["message"] or ""
    conn.unbind()
    return "" if taken else message.partition("data ")[2].partition(",")[0]
