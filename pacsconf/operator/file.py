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
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, ValidationError

from pacsconf.core.errors import OperatorError
from pacsconf.inventory.endpoint import EXAMPLE, Endpoint
from pacsconf.inventory.people import Personal
from pacsconf.inventory.systems import SystemConfig
from pacsconf.inventory.values import SecretRef
from pacsconf.operator.binding import Binding, toml_string
from pacsconf.operator.inviter import Inviter
from pacsconf.operator.needs import stays_here
from pacsconf.operator.people import PeopleList, PeopleTables
from pacsconf.operator.private import NOT_WRITTEN_BY_OTHERS, read_private
from pacsconf.operator.secrets import Ask, Keyring

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
    offboarding: frozenset[str] = frozenset()
    """The environments where access may be taken away at once from here."""

    inviting: Path | None = None

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
            return f"in [environments] of {self.path} the line must read:\n\n{_write(environments)}"
        return f"write in {self.path}:\n\n{_environments(environments)}"


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
    table = _table(place, read_private(place, forbidden=NOT_WRITTEN_BY_OTHERS))
    layout = _layout(place, table)
    identity = _beside(place, layout.age.identity)
    _refuse_inside(repository, identity, "the age identity")
    bindings = tuple(dict.fromkeys(Binding(secret.ref, secret.endpoint) for secret in layout.secret))
    writes = frozenset(layout.environments.write)
    signers = _beside(place, layout.signatures.allowed_signers)
    _refuse_inside(repository, signers, "the allowed-signers file")
    executor = _executor(place, layout, repository)
    owning = frozenset(layout.people.own_accounts)
    people = _people(place, layout.people, repository)
    inviting = _beside(place, layout.people.invite)
    _refuse_inside(repository, inviting, "the program that invites people")
    return Operator(
        place,
        True,
        bindings,
        writes,
        identity,
        "environments" in table,
        executor,
        signers,
        owning,
        people,
        frozenset(layout.people.offboard),
        inviting,
    )


def _people(place: Path, said: PeopleTables, repository: Path | None) -> PeopleList | None:
    path = _beside(place, said.file)
    _refuse_inside(repository, path, "the list of people")
    return said.at(path) if path is not None else None


def _executor(place: Path, layout: _Layout, repository: Path | None) -> ExecutorFiles:
    said = layout.executor
    files = ExecutorFiles(*(_beside(place, text) for text in (said.ca, said.certificate, said.key)))
    _refuse_inside(repository, files.ca, "the authority of the executor")
    _refuse_inside(repository, files.key, "the executor's key")
    return files


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


def _beside(file: Path, text: str | None) -> Path | None:
    return Path(os.path.abspath(file.parent / os.path.expanduser(text))) if text else None


# --- What it may say ----------------------------------------------------------------------------------------


def _endpoint(value: Any) -> Endpoint:
    if not isinstance(value, str):
        raise ValueError(f"write {EXAMPLE}")
    endpoint = Endpoint.parse(value)
    if any(mark in value.partition("://")[2] for mark in "/?#"):
        raise ValueError("only scheme, host and port count here; leave out what follows them")
    return endpoint


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Secret(_Table):
    ref: SecretRef
    endpoint: Annotated[Endpoint, PlainValidator(_endpoint), Field(alias="for")]


class _Environments(_Table):
    write: list[Annotated[str, StringConstraints(pattern="^[a-z0-9-]+$")]] = []


class _Age(_Table):
    identity: str | None = None


class _Signatures(_Table):
    allowed_signers: str | None = None


class _Executor(_Table):
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


class _Layout(_Table):
    secret: list[_Secret] = []
    environments: _Environments = _Environments()
    age: _Age = _Age()
    executor: _Executor = _Executor()
    signatures: _Signatures = _Signatures()
    people: PeopleTables = PeopleTables()


_KNOWN = {
    "": ("secret", "environments", "age", "signatures", "people", "executor"),
    "secret": ("ref", "for"),
    "environments": ("write",),
    "age": ("identity",),
    "signatures": ("allowed_signers",),
    "people": ("own_accounts", "offboard", "invite", "file", "columns", "delimiter", "encoding", "only"),
    "executor": ("ca", "certificate", "key"),
}


def _table(path: Path, data: bytes) -> dict[str, Any]:
    """The TOML of the file. The decoder's exceptions hold the text, so ours are raised after them."""
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        problem = "not text in UTF-8"
    except tomllib.TOMLDecodeError as exc:
        problem = f"not TOML: {exc}"
    raise OperatorError(f"the operator file {path} is {problem}", fix=_SEE)


def _layout(path: Path, table: dict[str, Any]) -> _Layout:
    try:
        return _Layout.model_validate(table)
    except ValidationError as exc:
        problems = [
            _problem(error["loc"], error) for error in exc.errors(include_url=False, include_input=False)
        ]
    raise OperatorError("\n  ".join([f"the operator file {path} does not stand:", *problems]), fix=_SEE)


_SEE = (
    "Known keys: secret.ref, secret.for, environments.write, age.identity, people.own_accounts, people.offboard,"
    " people.invite, people.file,"
    " people.columns, executor.ca, executor.certificate, executor.key."
)


def _problem(loc: tuple[int | str, ...], error: Mapping[str, Any]) -> str:
    """One line for what pydantic found; never the value, which may be a secret in the wrong place."""
    place = ".".join(f"{part + 1}" if isinstance(part, int) else part for part in loc)
    match error["type"]:
        case "extra_forbidden":
            known = _KNOWN[str(loc[0]) if len(loc) > 1 else ""]
            near = get_close_matches(str(loc[-1]), known, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            return f"{place}: unknown key{hint} (known here: {', '.join(known)})"
        case "missing":
            return f"{place}: is missing"
        case "value_error":
            return f"{place}: {error['ctx']['error']}"
        case "string_pattern_mismatch":
            return f"{place}: an environment's name holds small letters, digits and hyphens only"
    return f"{place}: {error['msg'][:1].lower()}{error['msg'][1:]}"


# --- The first one ------------------------------------------------------------------------------------------

_FIRST = """\
# What pacsconf may do from this machine. Read by pacsconf alone, never from a repository.
# Keep it to yourself: chmod 600. It holds no secret, only where secrets are kept and where they may go.

# One block for each place a secret may be sent to: exactly this scheme, host and port.
# A reference is env:NAME, file:PATH, age:PATH or prompt:LABEL.
{bindings}

# The environments that apply may write. The practice lab on this machine needs no permission.
{environments}

# The key that opens age: secrets: an age identity, or a private SSH key without a passphrase.
# [age]
# identity = "~/.config/age/key.txt"
"""

_EXAMPLE = """\
# [[secret]]
# ref = "env:PACSCONF_LDAP_PASSWORD"
# for = "ldaps://ldap.example.org:636\""""


def first_file(bindings: Iterable[Binding], environments: Iterable[str]) -> str:
    """The text of a first operator file: these bindings, and these environments to be written."""
    blocks = [binding.toml() for binding in dict.fromkeys(bindings)]
    return _FIRST.format(
        bindings="\n\n".join(blocks) or _EXAMPLE, environments=_environments(sorted(set(environments)))
    )


def write_first(path: Path, text: str) -> None:
    """The file, new and for this user alone (mode 0600; so are folders that are made for it: 0700).

    Raises: OperatorError when there is one already, or it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
    except OSError as exc:
        if os.path.lexists(path):
            raise OperatorError(
                f"{path} is there already and stays as it is", fix="Edit it by hand."
            ) from exc
        raise OperatorError(f"{path} cannot be written: {exc.strerror}") from exc


def add_bindings(path: Path, bindings: Iterable[Binding]) -> None:
    """The file with these bindings behind what it says already.

    Raises: OperatorError when it would not stand with them, or cannot be written; then it is as it was.
    """
    blocks = "\n\n".join(binding.toml() for binding in dict.fromkeys(bindings))
    content = read_private(path, forbidden=NOT_WRITTEN_BY_OTHERS)
    more = f"\n{blocks}\n" if content.endswith(b"\n") else f"\n\n{blocks}\n"
    _layout(path, _table(path, content + more.encode()))
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(more)
    except OSError as exc:
        raise OperatorError(
            f"{path} cannot be written: {exc.strerror}", fix=f"Add to it by hand:\n\n{blocks}"
        ) from exc


def _environments(names: Iterable[str]) -> str:
    return f"[environments]\n{_write(names)}"


def _write(names: Iterable[str]) -> str:
    return f"write = [{', '.join(map(toml_string, names))}]"
