"""The operator file: TOML outside the repository, `$PACSCONF_CONFIG` or in the user's configuration folder.

    [[secret]]                                   # one for each place a secret may be sent to
    ref = "env:PACSCONF_LDAP_PASSWORD"
    for = "ldaps://ldap.example.org:636"         # exactly this scheme, host and port

    [environments]
    write = ["production"]                       # what apply may write from here

    [age]
    identity = "~/.config/age/key.txt"           # opens age: secrets; an age identity or an SSH key

    [signatures]
    allowed_signers = "~/.config/pacsconf/allowed_signers"   # whose signature an approval must carry

    [people]
    own_accounts = ["production"]                # where accounts and password policies may be changed from here
    offboard = ["production"]                    # where access may be taken away at once (offboard --now)
    file = "~/hr.csv"                            # who people are, for being shown; never part of anything else
    invite = "/usr/local/bin/invite"             # has whom an account was given set a first password
    columns = {id = "STAFF_NO", name = "NAME"}   # and delimiter, encoding, only, as under users_from

    [orthanc]
    settings = ["/etc/orthanc/orthanc.json"]     # configurations that apply may change on this machine

    [executor]                                   # who we are to the workers of other sites (probe --executor)
    ca = "~/.config/pacsconf/sites-ca.pem"
    certificate = "~/.config/pacsconf/sites.pem"
    key = "~/.config/pacsconf/sites-key.pem"

Every key may be left out, and what is left out is not allowed. Not listed under `write` and still allowed is
environment `lab` where all its systems are on this machine: practising needs no permission, and a hospital's
directory is never written from a machine that nobody set up to do so. Paths are relative to the file.
Why so: docs/decisions/0002-operator-file.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pacsconf.core.errors import OperatorError
from pacsconf.inventory.people import Personal
from pacsconf.inventory.systems import SystemConfig
from pacsconf.operator.binding import Binding, toml_string
from pacsconf.operator.inviter import Inviter
from pacsconf.operator.layout import layout, table
from pacsconf.operator.needs import stays_here
from pacsconf.operator.people import PeopleList
from pacsconf.operator.private import NOT_WRITTEN_BY_OTHERS, read_private
from pacsconf.operator.secrets import Ask, Keyring
from pacsconf.operator.writing import environments_table, write_line

PRACTICE = "lab"
"""The environment that may be written without permission, as long as all of it is on this machine."""


@dataclass(frozen=True, slots=True)
class ExecutorFiles:
    """Files in PEM for the scheduler of other sites' workers: whom to trust there, and what to show."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """What is allowed here. `path` is the operator file, also where there is none yet (`present`).

    `has_environments`: it holds the table `[environments]`, which TOML lets it declare only once.
    """

    path: Path
    present: bool = False
    bindings: tuple[Binding, ...] = ()
    writes: frozenset[str] = frozenset()
    age_identity: Path | None = None
    has_environments: bool = False
    executor: ExecutorFiles = ExecutorFiles()
    allowed_signers: Path | None = None
    """In the format of ssh-keygen: addresses and their keys. Approvals are held against it."""
    owning: frozenset[str] = frozenset()
    """The environments where accounts and password policies may be changed from here."""
    people_list: PeopleList | None = None
    """Who people are, for being shown."""
    offboarding: frozenset[str] = frozenset()
    """The environments where access may be taken away at once from here."""
    inviting: Path | None = None
    """The program that has somebody set a first password."""
    editing: frozenset[Path] = frozenset()
    """Configurations of Orthancs, files or folders, that may be written on this machine."""

    def inviter(self) -> Inviter | None:
        """Who invites people to set a first password; None where no program is named.

        Raises: OperatorError when there is none at its place, or others could write it.
        """
        return None if self.inviting is None else Inviter.at(self.inviting)

    def people(self) -> Mapping[str, Mapping[Personal, str]]:
        """By id, who people are, for being shown: as the file says that is named here; empty where none is.

        Raises: OperatorError when it cannot be read, or others could read it.
        """
        return self.people_list.read() if self.people_list is not None else {}

    def signers(self) -> Path | None:
        """The allowed-signers file, which nobody else can change; None where none is named.

        Raises: OperatorError when it cannot be read, or others could write it.
        """
        if self.allowed_signers is not None:
            read_private(self.allowed_signers, forbidden=NOT_WRITTEN_BY_OTHERS)
        return self.allowed_signers

    def secrets(
        self,
        lab_overlay_folder: Path | None = None,
        *,
        environ: Mapping[str, str],
        root: Path = Path(),
        ask: Ask | None = None,
    ) -> Keyring:
        """What resolves secret references for one command (`pacsconf.systems.base.Secrets`).

        Relative paths of references start at `root`; `ask` is given on a terminal only. Secrets in files
        below `lab_overlay_folder` may be sent to the loopback without being bound.
        """
        return Keyring(self.path, self.bindings, self.age_identity, root, lab_overlay_folder, environ, ask)

    def may_write(self, environment: str, systems: Iterable[SystemConfig]) -> bool:
        """Whether these systems of an environment may be written from here."""
        return environment in self.writes or (environment == PRACTICE and all(map(stays_here, systems)))

    def may_own_accounts(self, environment: str, system: SystemConfig) -> bool:
        """Whether accounts of a system may be made and changed from here, where the inventory says that they are
        its own; else an identity team is asked."""
        return environment in self.owning or (environment == PRACTICE and stays_here(system))

    def may_edit(self, path: Path, lab_folder: Path | None = None) -> bool:
        """Whether a configuration at this path may be written: exactly one that is listed, or one of the lab's own.

        A link counts by where it leads.
        """
        place = path.resolve()
        mine = lab_folder is not None and place.is_relative_to(lab_folder.resolve())
        return mine or place in {one.resolve() for one in self.editing}

    def require_offboard(self, environment: str, systems: Iterable[SystemConfig]) -> None:
        """Nothing, when access to these systems may be taken away at once from here.

        Raises: OperatorError with the line that would allow it.
        """
        if environment in self.offboarding or (environment == PRACTICE and all(map(stays_here, systems))):
            return
        names = ", ".join(map(toml_string, sorted(self.offboarding | {environment})))
        raise OperatorError(
            f"the operator file does not let access to {environment} be taken away at once from here",
            fix="Leave --now out, and the change is merged and applied as any. If it should be allowed, write in"
            f" {self.path}:\n\n[people]\noffboard = [{names}]",
        )

    def require_write(self, environment: str, systems: Iterable[SystemConfig]) -> None:
        """Nothing, when these systems may be written.

        Raises: OperatorError with the lines that would allow it.
        """
        if self.may_write(environment, systems):
            return
        reason = f", which is more than this machine for {PRACTICE}" if environment == PRACTICE else ""
        raise OperatorError(
            f"the operator file does not let environment {environment} be written from here{reason}",
            fix=f"If it should be, {self._allowing(sorted(self.writes | {environment}))}",
        )

    def _allowing(self, environments: Iterable[str]) -> str:
        if self.has_environments:
            return f"in [environments] of {self.path} the line must read:\n\n{write_line(environments)}"
        return f"write in {self.path}:\n\n{environments_table(environments)}"


def default_path(environ: Mapping[str, str], *, windows: bool = os.name == "nt") -> Path:
    """Where the operator file is unless `$PACSCONF_CONFIG` names another place."""
    if windows:
        base = Path(environ["APPDATA"]) if environ.get("APPDATA") else Path.home() / "AppData" / "Roaming"
    else:
        home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
        named = Path(environ.get("XDG_CONFIG_HOME", ""))
        base = named if named.is_absolute() else home / ".config"  # XDG has a relative one ignored
    return base / "pacsconf" / "operator.toml"


def load(path: Path | None = None, *, environ: Mapping[str, str], root: Path) -> Operator:
    """The operator file at `path`, `$PACSCONF_CONFIG` or the default place, where alone it may be missing.

    `root` is the inventory's folder: neither the file nor what it names may lie in the same repository.

    Raises: OperatorError when it cannot be read, is not private, lies in the repository, or is malformed.
    """
    named = path or environ.get("PACSCONF_CONFIG") or None
    place = Path(os.path.abspath(os.path.expanduser(named or default_path(environ))))
    if not named and not os.path.lexists(place):
        return Operator(place)
    repository = _repository(root)
    _refuse_inside(repository, place, "the operator file")
    said = table(place, read_private(place, forbidden=NOT_WRITTEN_BY_OTHERS))
    keys = layout(place, said)
    outside = partial(_outside, place, repository)
    listed = outside(keys.people.file, "the list of people")
    return Operator(
        place,
        present=True,
        bindings=tuple(dict.fromkeys(Binding(secret.ref, secret.endpoint) for secret in keys.secret)),
        writes=frozenset(keys.environments.write),
        age_identity=outside(keys.age.identity, "the age identity"),
        has_environments="environments" in said,
        executor=ExecutorFiles(
            outside(keys.executor.ca, "the authority of the executor"),
            _beside(place, keys.executor.certificate),
            outside(keys.executor.key, "the executor's key"),
        ),
        allowed_signers=outside(keys.signatures.allowed_signers, "the allowed-signers file"),
        owning=frozenset(keys.people.own_accounts),
        people_list=keys.people.at(listed) if listed is not None else None,
        offboarding=frozenset(keys.people.offboard),
        inviting=outside(keys.people.invite, "the program that invites people"),
        editing=frozenset(path for text in keys.orthanc.settings if (path := _beside(place, text))),
    )


# --- Where it may be ----------------------------------------------------------------------------------------


def _repository(root: Path) -> Path | None:
    """The top of the git checkout that `root` is in; a linked work tree has a file `.git`."""
    here = root.resolve()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), None)


def _refuse_inside(repository: Path | None, path: Path | None, what: str) -> None:
    """A link counts by where it is and by where it leads: either would let the repository decide."""
    if repository is None or path is None:
        return
    if any(place.is_relative_to(repository) for place in (path.parent.resolve() / path.name, path.resolve())):
        raise OperatorError(
            f"{what}, {path}, lies in the inventory's repository ({repository}): whoever proposes a change "
            "there could allow it, too",
            fix="Keep it outside, for instance in your configuration folder.",
        )


def _outside(file: Path, repository: Path | None, text: str | None, what: str) -> Path | None:
    """Where the file says that something is, which must not be in the repository; None where it says nothing."""
    path = _beside(file, text)
    _refuse_inside(repository, path, what)
    return path


def _beside(file: Path, text: str | None) -> Path | None:
    return Path(os.path.abspath(file.parent / os.path.expanduser(text))) if text else None
