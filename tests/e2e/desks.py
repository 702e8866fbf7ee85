"""A folder with nothing in it, and the command line there, for adopting a directory of people."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from pacsconf.cli import main
from tests.e2e.conftest import Ran


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
        out, err, hook = StringIO(), StringIO(), sys.excepthook
        with chdir(self.path), redirect_stdout(out), redirect_stderr(err), Path(os.devnull).open() as nobody:
            stdin, sys.stdin = sys.stdin, nobody
            try:
                main.run(args)
            except SystemExit as end:
                code = end.code
            finally:
                sys.stdin, sys.excepthook = stdin, hook
        assert isinstance(code, int)
        assert self.password not in out.getvalue() + err.getvalue()
        return Ran(int(code), out.getvalue(), err.getvalue())

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
