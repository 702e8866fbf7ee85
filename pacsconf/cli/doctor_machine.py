"""What `pacsconf doctor` looks at on this machine: git, the clock, programs, the operator file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pacsconf.core.errors import OperatorError
from pacsconf.core.moment import in_words
from pacsconf.operator.file import PRACTICE, Operator
from pacsconf.operator.needs import Need
from pacsconf.operator.secrets import Keyring

OLDEST_GIT = (2, 24)
"""The first with `--end-of-options`, by which text from outside is never taken for an option."""

SKEW = timedelta(minutes=5)
"""How far a commit may lie in the future: other machines' clocks are not exact, either."""

RELEASED = 2026
"""No clock that is right shows a year before this."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    `ok` is None where nothing is known, or where what is missing is needed for practice only; False is for a
    person to mend, and `fix` says how.
    """

    name: str
    ok: bool | None
    text: str
    fix: str = ""


# --- git and the clock --------------------------------------------------------------------------------------


def git_checks(root: Path, environ: Mapping[str, str], now: datetime) -> Iterator[Check]:
    """Git itself, the repository, the name that commits carry, and the clock against the last commit."""
    git = _Git(root, environ)
    version = git.version()
    yield _version_check(version)
    if version is not None:
        yield _repository_check(git)
        yield _identity_check(git)
    yield clock_check(now, _time(git.said("log", "-1", "--format=%ct")))


def _version_check(version: tuple[int, ...] | None) -> Check:
    oldest = ".".join(map(str, OLDEST_GIT))
    if version is None:
        text = "not found, or it does not answer: what was applied is recorded in git"
        return Check("git", False, text, f"Install git {oldest} or newer (apt-get install git).")
    text = ".".join(map(str, version))
    if version < OLDEST_GIT:
        return Check("git", False, f"{text} is too old", f"Install git {oldest} or newer.")
    return Check("git", True, text)


def _repository_check(git: _Git) -> Check:
    top, reason = git.run("rev-parse", "--show-toplevel")
    if top:
        return Check("repository", True, top)
    fix = "Run it in the inventory's repository (--chdir DIR); a new one: pacsconf init && git init"
    return Check("repository", False, reason or "there is no work tree here", fix)


def _identity_check(git: _Git) -> Check:
    # Without this setting git makes a name up from user and host name.
    who = git.said("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
    if who:
        return Check("git identity", True, who.rpartition(">")[0] + ">")
    fix = 'git config --global user.name "Your Name" && git config --global user.email you@example.org'
    return Check("git identity", False, "not set: the record says who applied what", fix)


def _time(seconds: str) -> datetime | None:
    """The time of a commit; None without one, and for numbers that are no date."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def clock_check(now: datetime, last_commit: datetime | None) -> Check:
    """This machine's clock, against the year of this release and the time of the last commit."""
    text = in_words(now)
    fix = "Set the clock, and let it be kept (timedatectl set-ntp true)."
    if now.year < RELEASED:
        return Check("clock", False, f"{text} is before pacsconf was written", fix)
    if last_commit is not None and last_commit > now + SKEW:
        return Check("clock", False, f"{text} is before the last commit, {in_words(last_commit)}", fix)
    return Check("clock", True, text)


@dataclass(frozen=True, slots=True)
class _Git:
    """Git's answers about one folder, in English, within ten seconds each."""

    root: Path
    environ: Mapping[str, str]

    def version(self) -> tuple[int, ...] | None:
        answer, _ = self.run("--version")
        found = re.search(r"\d+(\.\d+)+", answer)
        return tuple(map(int, found[0].split("."))) if found else None

    def said(self, *arguments: str) -> str:
        return self.run(*arguments)[0]

    def run(self, *arguments: str) -> tuple[str, str]:
        """What git printed, and, where it failed, the first line of why."""
        program = shutil.which("git", path=self.environ.get("PATH", os.defpath))
        if program is None:
            return "", "git is not installed"
        environ = {**self.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
        command = [program, "-C", str(self.root), *arguments]
        try:
            done = subprocess.run(
                command, env=environ, capture_output=True, text=True, errors="replace", timeout=10
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            return "", f"git did not answer: {type(exc).__name__}"
        if done.returncode:
            return "", done.stderr.strip().partition("\n")[0].removeprefix("fatal: ")
        return done.stdout.strip(), ""


# --- what the practice lab needs ----------------------------------------------------------------------------

_PROGRAMS = {
    "slapd": "slapd",
    "ldapmodify": "ldap-utils",
    "Orthanc": "orthanc",
    "curl": "curl",
    "storescp": "dcmtk",
    "dcmqrscp": "dcmtk",
    "wlmscpfs": "dcmtk",
}
"""By program: the Debian package it is in."""


def practice_checks(environ: Mapping[str, str]) -> Iterator[Check]:
    """The programs of the practice lab. Nothing else needs them, so a missing one is no fault."""
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    # pynetdicom puts scripts with DCMTK's names into a virtual environment.
    outside = [folder for folder in folders if folder and not (Path(folder).parent / "pyvenv.cfg").exists()]
    path = os.pathsep.join([*outside, "/usr/sbin"])
    for program, package in _PROGRAMS.items():
        found = shutil.which(program, path=path)
        if found:
            yield Check(program, True, found)
        else:
            yield Check(
                program, None, "not found; only the practice lab needs it", f"apt-get install {package}"
            )


# --- the operator file --------------------------------------------------------------------------------------


def operator_check(operator: Operator | OperatorError) -> Check:
    """Whether the operator file stands, and what it lets be written."""
    if isinstance(operator, OperatorError):
        return Check("operator file", False, operator.message, operator.fix)
    if not operator.present:
        text = (
            f"none at {operator.path}: no secret may be sent, only {PRACTICE} on this machine may be written"
        )
        return Check("operator file", None, text, "Run pacsconf doctor on a terminal: it writes a first one.")
    writes = ", ".join(sorted(operator.writes)) or f"only {PRACTICE} on this machine"
    return Check("operator file", True, f"{operator.path}; may be written: {writes}")


def secret_check(keyring: Keyring, need: Need) -> Check:
    """Whether a secret may go where its system is, and whether it can be had; a prompt is not tried."""
    name = f"secret of {need.system}"
    try:
        if need.ref.scheme == "prompt":
            keyring.permit(need.ref, need.endpoint)
            return Check(name, True, f"{need.ref} is asked for, and may be sent to {need.endpoint}")
        keyring(need.ref, need.endpoint.scheme, need.endpoint.host, need.endpoint.port)
    except OperatorError as exc:
        if need.needed_by:
            return Check(name, None, f"{exc.message} (only {need.needed_by} needs it)", exc.fix)
        return Check(name, False, exc.message, exc.fix)
    return Check(name, True, f"{need.ref} can be had, and may be sent to {need.endpoint}")
