"""A hospital's people on a real directory, for tests of the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.accounts_lab import GROUPS, PEOPLE, SERVICES, Account, AccountsLab, Branch, Layout, started
from tests.e2e.conftest import Hospital

TODAY = datetime.now(UTC).date()
READERS, QC, ADMINS = (f"cn=pacs-{name},{GROUPS}" for name in ("readers", "qc", "admins"))
STAFF = tuple(f"u{number:02}" for number in range(8))


def day(away: int) -> date:
    return TODAY + timedelta(days=away)


def dn(user: str) -> str:
    return f"uid={user},{PEOPLE}"


def layout(*, owned: bool = True, more: tuple[Account, ...] = ()) -> Layout:
    accounts = [Account(name, PEOPLE) for name in ("ada", "bob", "root", *STAFF)]
    return Layout(
        people=(Branch(PEOPLE, owned), Branch(SERVICES, owned=True)),
        accounts=[*accounts, *more],
    )


@contextmanager
def directory(folder: Path, *, owned: bool = True) -> Iterator[AccountsLab]:
    """A directory of people in which everybody has an account and nobody is in a group."""
    with started(folder, layout(owned=owned)) as lab:
        yield lab


def systems(lab: AccountsLab, password: Path, *, owned: bool = True) -> str:
    owns = ", owns_accounts: true" if owned else ""
    return f"""\
systems:
  accounts:
    type: accounts
    mode: write
    url: {lab.url}
    bind: {{dn: "{lab.server.pacsconf_dn}", password: "file:{password}"}}
    people:
      staff: {{base: "{PEOPLE}"{owns}, kinds: [person, vendor, shared, break-glass]}}
      services: {{base: "{SERVICES}", owns_accounts: true, kinds: [service]}}
    groups: {{pacs: {{base: "{GROUPS}", names: ["pacs-*"], placeholder: "{lab.placeholder}"}}}}
environments: {{lab: {{dial: {{"*": none}}}}}}
"""


ROLES = """\
roles:
  reader: {permissions: [study:view], groups: {accounts: pacs-readers}}
  qc: {permissions: [qc:mark], groups: {accounts: pacs-qc}}
  admin: {administrator: true, permissions: [config:apply], groups: {accounts: pacs-admins}}
"""


@dataclass
class People:
    """A repository of people and the directory that they are in."""

    hospital: Hospital
    lab: AccountsLab

    def write(self, users: str, *, on: date | None = None) -> None:
        """Declare these users, and commit, on a day."""
        self.hospital.file("people").write_text(users)
        self.commit("people", on=on)

    def commit(self, message: str, *, on: date | None = None) -> None:
        if on is not None:
            self.hospital.env |= {f"GIT_{who}_DATE": f"{on}T08:00:00Z" for who in ("AUTHOR", "COMMITTER")}
        self.hospital.commit(message)
        for who in ("AUTHOR", "COMMITTER"):
            self.hospital.env.pop(f"GIT_{who}_DATE", None)

    def readers(self) -> list[str]:
        return self.names(READERS)

    def names(self, group: str) -> list[str]:
        """Who is in a group."""
        return [one.partition(",")[0].removeprefix("uid=") for one in self.lab.members(group)]


def hospital_of(
    repository: Callable[..., Hospital], lab: AccountsLab, folder: Path, *, owned: bool = True, more: str = ""
) -> People:
    """A repository on this directory; the operator file lets all be done."""
    password = folder / "password"
    password.write_text(lab.password)
    password.chmod(0o600)
    operator = folder / "operator.toml"
    operator.write_text(f'[[secret]]\nref = "file:{password}"\nfor = "{lab.url}"\n\n{more}')
    operator.chmod(0o600)
    made = repository(systems=systems(lab, password, owned=owned), roles=ROLES)
    made.env["PACSCONF_CONFIG"] = os.environ["PACSCONF_CONFIG"] = str(operator)
    made.secrets.append(lab.password)
    return People(made, lab)
