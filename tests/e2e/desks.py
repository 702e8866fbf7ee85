"""A folder with nothing in it, and the command line there, for adopting a directory of people."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import Ran, here


@dataclass(frozen=True)
class Desk:
    """A folder, and the command line there; nobody is there to be asked."""

    path: Path
    url: str
    viewer: str
    """Who signs in."""
    password: str
    """In no answer."""

    def __call__(self, *args: str) -> Ran:
        ran = here(self.path, args)
        assert self.password not in ran.out + ran.err
        return ran

    def ok(self, *args: str) -> Ran:
        ran = self(*args)
        assert ran.code == 0, ran
        return ran

    def adopt(self, *more: str) -> Ran:
        sign_in = ("--bind-dn", self.viewer, "--password", "env:LDAP_PASSWORD", "--owner", "me")
        return self("adopt", "accounts", "--url", self.url, *sign_in, *more)

    def begin(self) -> None:
        for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "Adopt")):
            subprocess.run(["git", *words], cwd=self.path, check=True, capture_output=True)
        self.ok("record", "init")

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, name: str) -> str:
        return (self.path / "inventory" / name).read_text()


def desk_at(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    viewer: str,
    password: str,
    surroundings: dict[str, str],
) -> Desk:
    """One whose operator file lets the password be sent to this place."""
    folder.mkdir()
    operator = folder.with_suffix(".toml")
    operator.write_text(f'[[secret]]\nref = "env:LDAP_PASSWORD"\nfor = "{url}"\n')
    operator.chmod(0o600)
    own = {"PACSCONF_CONFIG": str(operator), "LDAP_PASSWORD": password}
    for name, value in {**surroundings, **own}.items():
        monkeypatch.setenv(name, value)
    return Desk(folder, url, viewer, password)
