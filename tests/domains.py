"""A domain controller for tests: one domain is made for all processes of pytest, and copied for each server.

`domain_template` is a fixture of all tests (`conftest.py`). Where a machine cannot have one (no root, no Samba) the
tests that need it are skipped with the reason.
"""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ldap3
import pytest
from filelock import FileLock
from ldap3.utils.conv import escape_filter_chars

from pacsconf.lab import samba
from pacsconf.systems._ldap.names import rdn

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


PASSWORD = "Practice.Pass-1"
"""Of the accounts that a test makes by hand."""
POLICIES = f"CN=Password Settings Container,CN=System,{BASE}"


class Domain:
    """A running domain and the administrator's hands in it."""

    def __init__(self, server: samba.Samba) -> None:
        self.server = server
        self.conn = connection(server, server.admin_dn)
        assert self.conn.bind(), self.conn.result

    def close(self) -> None:
        self.conn.unbind()

    def reset(self) -> None:
        """Leave nobody in the units, and no password policy."""
        for base in (PEOPLE, SERVICES, GROUPS, POLICIES):
            for dn in self.below(base):
                assert self.conn.delete(dn), self.conn.result

    def below(self, base: str) -> list[str]:
        """The DNs of the entries right below one."""
        self.conn.search(base, "(objectClass=*)", "LEVEL", attributes=["cn"])
        return [found["dn"] for found in self.conn.response if found["type"] == "searchResEntry"]

    def add_account(
        self, login: str, *, cn: str = "", base: str = PEOPLE, password: str = PASSWORD, **more: Any
    ) -> str:
        """Make an account by hand that can sign in; empty `password`: it has none, and cannot."""
        dn = f"{rdn('cn', cn or login)},{base}"
        given = {
            "sAMAccountName": login,
            "userPrincipalName": f"{login}@hospital.example",
            "userAccountControl": "512" if password else "514",
            **more,
        }
        if password:
            given["unicodePwd"] = f'"{password}"'.encode("utf-16-le")
        assert self.conn.add(dn, "user", given), self.conn.result
        return dn

    def add_group(self, name: str, members: Sequence[str] = ()) -> str:
        dn = f"{rdn('cn', name)},{GROUPS}"
        given: dict[str, Any] = {"sAMAccountName": name, "groupType": "-2147483646"}
        if members:
            given["member"] = list(members)
        assert self.conn.add(dn, "group", given), self.conn.result
        return dn

    def found(self, base: str, matching: str) -> list[str]:
        """The DNs of what matches below a base."""
        self.conn.search(base, matching, attributes=["cn"])
        return [found["dn"] for found in self.conn.response if found["type"] == "searchResEntry"]

    def members(self, group: str) -> list[bytes]:
        return self.entry(group).get("member", [])

    def change(self, dn: str, **values: tuple[str, Any]) -> None:
        """Modify by hand: by attribute `("ADD" | "DELETE" | "REPLACE", values)`."""
        done = {
            name.replace("_", "-"): [(f"MODIFY_{how}", each if isinstance(each, list) else [each])]
            for name, (how, each) in values.items()
        }
        assert self.conn.modify(dn, done), self.conn.result

    def set_password(self, dn: str, password: str = PASSWORD) -> None:
        self.change(dn, unicodePwd=("REPLACE", f'"{password}"'.encode("utf-16-le")))

    def entry(self, login: str) -> dict[str, list[bytes]]:
        """All attributes of an account or a group by its sAMAccountName."""
        found = self.find(f"(sAMAccountName={escape_filter_chars(login)})")
        assert len(found) == 1, found
        return found[0]

    def find(self, matching: str, base: str = BASE, *attributes: str) -> list[dict[str, list[bytes]]]:
        self.conn.search(base, matching, attributes=[*(attributes or ("*", "msDS-ResultantPSO"))])
        found = [each for each in self.conn.response if each["type"] == "searchResEntry"]
        return [{name: value for name, value in each["raw_attributes"].items() if value} for each in found]

    def dn(self, login: str) -> str:
        return self.entry(login)["distinguishedName"][0].decode()

    def text(self, login: str, attribute: str) -> str | None:
        values = self.entry(login).get(attribute, [])
        return values[0].decode() if values else None

    def inside(self, group: str) -> list[str]:
        """The logins of a group's members, groups in groups too, as the server itself counts them (in chain)."""
        (dn,) = self.entry(group)["distinguishedName"]
        chain = escape_filter_chars(dn.decode())
        found = self.find(f"(&(sAMAccountType=805306368)(memberOf:1.2.840.113556.1.4.1941:={chain}))")
        return sorted(each["sAMAccountName"][0].decode() for each in found)

    def why_not(self, login: str, password: str = PASSWORD) -> str:
        """The sub-code of a refused sign-in (`533`: disabled); empty where it is taken."""
        return why_not(self.server, f"{login}@hospital.example", password)


@contextmanager
def started(template: Path, folder: Path) -> Iterator[Domain]:
    """A copy of the domain, running in an empty folder."""
    with samba.started(folder, OPTIONS, template) as server:
        domain = Domain(server)
        try:
            yield domain
        finally:
            domain.close()
    shutil.rmtree(folder)  # 33 megabytes that pytest would keep
