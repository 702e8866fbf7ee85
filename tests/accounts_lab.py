"""A real directory of people for tests: one slapd for many, put back to how it began before each.

from tests.accounts_lab import AccountsLab, started

@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with started(tmp_path_factory.mktemp("people"), Layout(accounts=[Account("mm", PEOPLE)])) as lab:
        yield lab

@pytest.fixture
def people(lab):
    lab.reset()
    return lab
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ldap3

from pacsconf.lab import slapd
from pacsconf.lab.people_tree import DISABLED, Account, Branch, Groups, Layout, keycloak, options, placeholder
from pacsconf.lab.slapd import BASE, Slapd

__all__ = ["DISABLED", "Account", "AccountsLab", "Branch", "Groups", "Layout", "keycloak", "started"]

PEOPLE = f"ou=people,{BASE}"
SERVICES = f"ou=services,{BASE}"
GROUPS = f"ou=groups,{BASE}"
POLICIES = f"ou=policies,{BASE}"
DEFAULT_POLICY = f"cn=default,{POLICIES}"

SUCCESS = 0
INVALID_CREDENTIALS = 49
"""The answer to a bad password, and to any password of an account that is locked, disabled, expired or absent."""
_PPOLICY = ("1.3.6.1.4.1.42.2.27.8.5.1", False, None)
_REAL = "(objectClass=*)"
_KEPT = (
    "objectClass", "uid", "cn", "sn", "givenName", "mail", "employeeNumber", "displayName", "description", "ou",
    "o", "dc", "member", "userPassword", "pwdAccountLockedTime", "pwdEndTime", "pwdStartTime", "pwdPolicySubentry",
    "pwdReset", "pwdAttribute", "pwdMinAge", "pwdMaxAge", "pwdInHistory", "pwdCheckQuality", "pwdMinLength",
    "pwdMaxLength", "pwdExpireWarning", "pwdGraceAuthNLimit", "pwdLockout", "pwdLockoutDuration", "pwdMaxFailure",
    "pwdFailureCountInterval", "pwdMustChange", "pwdAllowUserChange", "pwdSafeModify", "pwdMaxIdle",
)  # fmt: skip
"""What can be written; everything else the server makes itself."""

_REMEMBERED = ("pwdFailureTime", "pwdHistory")
"""What cannot be written and is not to be remembered from one test to the next."""

Raw = Mapping[str, list[bytes]]


@dataclass
class AccountsLab:
    """A running directory of people, and the administrator's hands in it. All identities have `password`."""

    server: Slapd
    layout: Layout
    conn: ldap3.Connection
    start: dict[str, Raw] = field(default_factory=dict)
    """By DN, what stood there at the beginning."""

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def password(self) -> str:
        """Of every account from the start, of cn=pacsconf, cn=jdoe and cn=admin."""
        return self.server.password

    @property
    def placeholder(self) -> str:
        return placeholder(self.layout)

    def can_bind(self, dn: str, password: str | None = None) -> int:
        """The result code of a bind on a connection of its own: `SUCCESS`, `INVALID_CREDENTIALS`, …"""
        conn = ldap3.Connection(ldap3.Server(self.url, get_info=ldap3.NONE), dn, password or self.password)
        try:
            conn.bind(controls=[_PPOLICY])
            return int(conn.result["result"])
        finally:
            conn.unbind()

    def open_as(self, dn: str, password: str | None = None) -> ldap3.Connection:
        """A connection of somebody, bound."""
        where = ldap3.Server(self.url, get_info=ldap3.NONE)
        return ldap3.Connection(where, dn, password or self.password, auto_bind=True, check_names=False)

    def entry(self, dn: str) -> dict[str, list[str]] | None:
        """All attributes of an entry, operational ones too, as text; None where there is none."""
        found = self._read(dn, "BASE", ["*", "+"])
        read = next(iter(found.values()), None)
        return {name: [_text(v) for v in values] for name, values in read.items()} if read else None

    def members(self, group: str) -> list[str]:
        """DNs of a group's members (`group` is a DN), sorted, without the placeholder."""
        entry = self.entry(group) or {}
        return sorted(dn for dn in entry.get("member", []) if dn.lower() != self.placeholder.lower())

    def dns(self, below: str | None = None) -> list[str]:
        """The DNs of all entries below and with an entry, by default of all, sorted."""
        return sorted(self._read(below or self.layout.base, "SUBTREE", ["1.1"]))

    def add(self, dn: str, classes: str, **attributes: Any) -> None:
        """Make an entry by hand."""
        assert self.conn.add(dn, classes.split(), attributes), self.conn.result

    def add_account(self, account: Account) -> str:
        """Make an account by hand as `Layout.accounts` would have: its DN."""
        given, family = account.name
        names = {"sn": family or account.uid, "cn": f"{given} {family}".strip() or account.uid}
        names |= {"givenName": given} if given else {}
        secret = {"userPassword": self.password} if account.password else {}
        self.add(account.dn, "inetOrgPerson", uid=account.uid, **names, **secret, **account.more)
        for group in account.groups:
            self.change(group, member=("MODIFY_ADD", account.dn))
        return account.dn

    def add_group(self, dn: str, members: Sequence[str] = (), **attributes: Any) -> None:
        """Make a group by hand, with the placeholder in it."""
        name = dn.partition("=")[2].partition(",")[0]
        found = {"cn": name, "member": [self.placeholder, *members]} | attributes
        self.add(dn, "groupOfNames", **found)

    def modify(self, dn: str, **values: Any) -> None:
        """Replace attributes by these values; an empty list takes one away."""
        self.change(dn, **{name: ("MODIFY_REPLACE", value) for name, value in values.items()})

    def change(self, dn: str, **changes: tuple[str, Any]) -> None:
        """Modify by hand: by attribute `("MODIFY_ADD" | "MODIFY_DELETE" | "MODIFY_REPLACE", values)`."""
        done = {
            name: [(how, values if isinstance(values, list) else [values])]
            for name, (how, values) in changes.items()
        }
        assert self.conn.modify(dn, done), self.conn.result

    def delete(self, dn: str) -> None:
        assert self.conn.delete(dn), self.conn.result

    def fail_to_bind(self, dn: str, times: int) -> None:
        """Try a wrong password so many times."""
        for _ in range(times):
            assert self.can_bind(dn, "not the password") == INVALID_CREDENTIALS

    def writes(self, by: str | None = None) -> list[tuple[str, str]]:
        """Every write since the start or the last `reset`: kind (`add`, `modify`, `delete`, `modrdn`) and DN.

        `by` is the DN of who wrote, by default pacsconf's. The server itself writes as the administrator: sign-ins,
        failed attempts, and what refint does.
        """
        return [(kind, dn) for kind, dn, _ in self.written(by)]

    def written(self, by: str | None = None) -> list[tuple[str, str, list[str]]]:
        """As `writes`, with the values as the access log has them (`member:+ uid=…`), without bookkeeping."""
        found = self._log(f"(reqAuthzID={by or self.server.pacsconf_dn})")
        return [
            (_text(each["reqType"][0]), _text(each["reqDN"][0]), _said(each.get("reqMod", [])))
            for each in found
        ]

    def forget_writes(self) -> None:
        """Count from here."""
        found = self._log("(reqStart=*)")
        self._since = max((_text(each["reqStart"][0]) for each in found), default="")

    def reset(self) -> None:
        """Put everything back to how it was at the start, and count writes anew. Only what differs is written."""
        while self._differs():  # an account that is made anew has fallen out of its groups
            continue
        self.forget_writes()

    _since: str = ""

    def _differs(self) -> bool:
        """Whether there was anything to put back."""
        now = self._read(self.layout.base, "SUBTREE", [*_KEPT, *_REMEMBERED])
        for dn in sorted(now.keys() - self.start.keys(), key=len, reverse=True):
            self.delete(dn)
        changed = [dn for dn in self.start if _comparable(now.get(dn, {})) != _comparable(self.start[dn])]
        for dn in sorted(changed, key=len):
            self._restore(dn) if dn not in now else self._put_back(dn, now[dn])
        return bool(changed)

    def _restore(self, dn: str) -> None:
        written = {name: values for name, values in self.start[dn].items() if name != "objectClass"}
        classes = [_text(each) for each in self.start[dn]["objectClass"]]
        assert self.conn.add(dn, classes, written), self.conn.result

    def _put_back(self, dn: str, now: Raw) -> None:
        """An entry whose password or attempts to guess it changed is made anew, which is the only way to forget."""
        if any(name in now for name in ("pwdFailureTime", "pwdHistory")) or now.get(
            "userPassword"
        ) != self.start[dn].get("userPassword"):
            self.delete(dn)
            self._restore(dn)
            return
        before = self.start[dn]
        names = [name for name in {*now, *before} if now.get(name) != before.get(name)]
        changes = {name: [("MODIFY_REPLACE", before.get(name, []))] for name in names}
        assert self.conn.modify(dn, changes), self.conn.result

    def _read(self, dn: str, scope: str, attributes: Sequence[str]) -> dict[str, dict[str, list[bytes]]]:
        self.conn.search(dn, _REAL, scope, attributes=attributes)
        found = [each for each in self.conn.response if each["type"] == "searchResEntry"]
        return {each["dn"]: {n: v for n, v in each["raw_attributes"].items() if v} for each in found}

    def _log(self, search: str) -> list[Raw]:
        newer = f"(&{search}(!(reqStart<={self._since})))" if self._since else search
        self.conn.search(
            self.server.accesslog,
            newer,
            "SUBTREE",
            attributes=["reqType", "reqDN", "reqStart", "reqMod"],
        )
        found = [each["raw_attributes"] for each in self.conn.response if each["raw_attributes"]["reqType"]]
        return sorted(found, key=lambda each: bytes(each["reqStart"][0]))


@contextmanager
def started(folder: Path, layout: Layout | None = None, **more: Any) -> Iterator[AccountsLab]:
    """A directory of people in an empty folder; `more` are those of `people_tree.options` (tls, limits)."""
    layout = layout or Layout()
    with slapd.started(folder / "slapd", options(layout, **({"tls": False} | more))) as server:
        where = ldap3.Server(server.url, get_info=ldap3.NONE)
        conn = ldap3.Connection(where, server.admin_dn, server.password, auto_bind=True, check_names=False)
        lab = AccountsLab(server, layout, conn)
        lab.start = {dn: dict(entry) for dn, entry in lab._read(layout.base, "SUBTREE", _KEPT).items()}
        try:
            yield lab
        finally:
            conn.unbind()


def _comparable(entry: Raw) -> dict[str, list[bytes]]:
    return {name: sorted(values) for name, values in entry.items()}


def _said(mods: Sequence[bytes]) -> list[str]:
    bookkeeping = ("entryCSN:", "modifiersName:", "modifyTimestamp:", "creatorsName:", "createTimestamp:")
    own = (*bookkeeping, "structuralObjectClass:", "entryUUID:")
    return sorted(text for text in map(_text, mods) if not text.startswith(own))


def _text(value: bytes) -> str:
    return value.decode(errors="backslashreplace")
