import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pacsconf.cli.doctor_checks import Check, checks
from pacsconf.cli.doctor_machine import (
    clock_check,
    git_checks,
    operator_check,
    practice_checks,
    secret_check,
)
from pacsconf.core.errors import OperatorError
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import Bind, DirectoryConfig
from pacsconf.inventory.values import SecretRef
from pacsconf.operator.binding import Binding
from pacsconf.operator.file import Operator
from pacsconf.operator.needs import Need

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NAMED = {"GIT_COMMITTER_NAME": "M. Weber", "GIT_COMMITTER_EMAIL": "weber@example.org"}


@pytest.fixture
def environ(tmp_path):
    """An environment in which git knows nothing of this machine's user."""
    empty = tmp_path / "gitconfig"
    empty.touch()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_CONFIG_GLOBAL": str(empty),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(tmp_path.parent),
    }


@pytest.fixture
def repository(tmp_path, environ):
    folder = tmp_path / "hospital"
    subprocess.run(["git", "init", "-q", folder], check=True, env=environ)
    return folder


def commit(folder: Path, environ: dict[str, str], at: datetime) -> None:
    stamp = {
        "GIT_AUTHOR_NAME": "x",
        "GIT_AUTHOR_EMAIL": "x@y",
        "GIT_COMMITTER_DATE": f"{at.timestamp():.0f} +0000",
    }
    command = ["git", "-C", folder, "commit", "-q", "--allow-empty", "-m", "start"]
    subprocess.run(command, check=True, env={**environ, **NAMED, **stamp})


# --- git and the clock --------------------------------------------------------------------------------------


def test_git_that_is_set_up_is_well(repository, environ):
    commit(repository, environ, NOW - timedelta(days=1))
    version, *others = git_checks(repository, {**environ, **NAMED}, NOW)
    assert (version.name, version.ok) == ("git", True)
    assert others == [
        Check("repository", True, str(repository)),
        Check("git identity", True, "M. Weber <weber@example.org>"),
        Check("clock", True, "24 Nov 2026 09:30 UTC"),
    ]


def test_a_name_from_gits_settings_counts(repository, environ):
    for key, value in [("user.name", "A. Novak"), ("user.email", "novak@example.org")]:
        subprocess.run(["git", "-C", repository, "config", key, value], check=True)
    assert Check("git identity", True, "A. Novak <novak@example.org>") in git_checks(repository, environ, NOW)


def test_a_missing_name_and_repository_are_said(tmp_path, environ):
    _, repository, identity, clock = git_checks(tmp_path, environ, NOW)
    assert (repository.ok, identity.ok, clock.ok) == (False, False, True)
    assert repository.text == "not a git repository (or any of the parent directories): .git"
    assert "git init" in repository.fix
    assert identity.text == "not set: the record says who applied what"
    assert 'git config --global user.name "Your Name"' in identity.fix


def test_without_git_nothing_further_is_asked_of_it(tmp_path):
    git, clock = git_checks(tmp_path, {"PATH": str(tmp_path)}, NOW)
    assert git == Check(
        "git",
        False,
        "not found, or it does not answer: what was applied is recorded in git",
        "Install git 2.24 or newer (apt-get install git).",
    )
    assert clock.ok


def test_a_git_that_is_too_old_is_said(tmp_path):
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.17.1.windows.2\n")
    old.chmod(0o755)
    first, *_ = git_checks(tmp_path, {"PATH": str(tmp_path)}, NOW)
    assert first == Check("git", False, "2.17.1 is too old", "Install git 2.24 or newer.")


def test_a_clock_behind_the_last_commit_is_wrong(repository, environ):
    commit(repository, environ, NOW + timedelta(hours=1))
    *_, clock = git_checks(repository, environ, NOW)
    assert (clock.ok, clock.text) == (
        False,
        "24 Nov 2026 09:30 UTC is before the last commit, 24 Nov 2026 10:30 UTC",
    )


@pytest.mark.parametrize(
    ("now", "last", "ok"),
    [
        (NOW, None, True),
        (NOW, NOW + timedelta(minutes=4), True),
        (NOW, NOW + timedelta(minutes=6), False),
        (datetime(1970, 1, 1, tzinfo=UTC), None, False),
    ],
    ids=["no-commit", "a-little-ahead", "ahead", "never-set"],
)
def test_the_clock_is_held_against_the_last_commit_and_the_release(now, last, ok):
    assert clock_check(now, last).ok is ok


# --- programs -----------------------------------------------------------------------------------------------


def test_a_missing_program_is_no_fault_since_only_practice_needs_it(tmp_path):
    environ = {"PATH": str(tmp_path)}
    *_, storescp, _, _ = practice_checks(environ)
    assert storescp == Check(
        "storescp", None, "not found; only the practice lab needs it", "apt-get install dcmtk"
    )


def test_scripts_beside_our_python_are_not_taken_for_dcmtk(tmp_path):
    for folder in ("venv/bin", "usr/bin"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "storescp").touch(mode=0o755)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    path = f"{tmp_path}/venv/bin:{tmp_path}/usr/bin"
    assert Check("storescp", True, f"{tmp_path}/usr/bin/storescp") in practice_checks({"PATH": path})


# --- the operator file --------------------------------------------------------------------------------------

PLACE = Path("/home/x/.config/pacsconf/operator.toml")
LDAP = Endpoint("ldaps", "ldap.example.org", 636)


@pytest.mark.parametrize(
    ("operator", "ok", "text"),
    [
        (Operator(PLACE, True, writes=frozenset({"b", "a"})), True, f"{PLACE}; may be written: a, b"),
        (Operator(PLACE, True), True, f"{PLACE}; may be written: only lab on this machine"),
        (
            Operator(PLACE),
            None,
            f"none at {PLACE}: no secret may be sent, only lab on this machine may be written",
        ),
        (OperatorError("it is broken", fix="mend it"), False, "it is broken"),
    ],
    ids=["named", "nothing", "missing", "broken"],
)
def test_the_operator_file_is_described(operator, ok, text):
    found = operator_check(operator)
    assert (found.name, found.ok, found.text) == ("operator file", ok, text)


def need(ref: str) -> Need:
    return Need("directory", SecretRef.parse(ref), LDAP)


def found(ref: str, *, bound: bool = True, environ: dict[str, str] | None = None) -> Check:
    bindings = (Binding(SecretRef.parse(ref), LDAP),) if bound else ()
    keyring = Operator(PLACE, True, bindings).secrets(environ=environ or {})
    return secret_check(keyring, need(ref))


def test_a_secret_that_can_be_had_and_sent_is_well_and_not_shown():
    assert found("env:PW", environ={"PW": "hunter2"}) == Check(
        "secret of directory", True, "env:PW can be had, and may be sent to ldaps://ldap.example.org:636"
    )


def test_a_prompt_is_not_tried():
    assert found("prompt:Password").text.startswith("prompt:Password is asked for, and may be sent to")


@pytest.mark.parametrize("ref", ["env:PW", "prompt:Password"])
def test_a_secret_without_a_binding_shows_the_lines_to_add(ref):
    unbound = found(ref, bound=False, environ={"PW": "hunter2"})
    assert unbound.ok is False
    assert f'[[secret]]\nref = "{ref}"\nfor = "ldaps://ldap.example.org:636"' in unbound.fix


def test_a_secret_that_cannot_be_had_is_said():
    assert found("env:PW").text == "the environment variable PW is not set; env:PW cannot be resolved"


def test_a_secret_that_only_one_command_needs_is_no_fault_where_it_is_not():
    asked = Need("pacs", SecretRef("env", "ANN"), LDAP, "render orthanc-users")
    keyring = Operator(PLACE, True, (Binding(asked.ref, LDAP),)).secrets(environ={})
    assert secret_check(keyring, asked) == Check(
        "secret of pacs",
        None,
        "the environment variable ANN is not set; env:ANN cannot be resolved (only render orthanc-users needs it)",
        "Set ANN for this command, or keep the secret in a file: file:PATH or age:PATH.",
    )


# --- all together -------------------------------------------------------------------------------------------


def inventory() -> Inventory:
    bind = Bind(dn="cn=x", password=SecretRef("env", "PW"))
    config = DirectoryConfig(name="directory", type="dicom-directory", url="ldap://127.0.0.1:1", bind=bind)
    return Inventory(systems={"directory": config})


def test_everything_is_looked_at_in_turn(repository, environ):
    names = [
        check.name for check in checks(repository, inventory(), Operator(PLACE), environ=environ, now=NOW)
    ]
    assert names == [
        "pacsconf",
        "git",
        "repository",
        "git identity",
        "clock",
        "slapd",
        "ldapmodify",
        "Orthanc",
        "curl",
        "storescp",
        "dcmqrscp",
        "wlmscpfs",
        "operator file",
        "secret of directory",
        "directory ldap://127.0.0.1:1",
    ]


def test_without_an_inventory_or_an_operator_file_that_stands_the_rest_is_looked_at(repository, environ):
    alone = [check.name for check in checks(repository, None, Operator(PLACE), environ=environ, now=NOW)]
    assert alone[-1] == "operator file"
    broken = OperatorError("it is broken")
    names = [check.name for check in checks(repository, inventory(), broken, environ=environ, now=NOW)]
    assert names[-2:] == ["operator file", "directory ldap://127.0.0.1:1"]
