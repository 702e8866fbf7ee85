"""A live system that a person names on the command line: where it is, who signs in, where the password is kept.

It needs no inventory and no operator file: the operator file binds a secret to a place so that a change in a
repository cannot send it elsewhere, and here the same person types both. The secret goes to exactly that place.
"""

from __future__ import annotations

import getpass
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote

import typer

from pacsconf.cli.screen import Screen
from pacsconf.inventory.formats import LONGEST_WAIT

if TYPE_CHECKING:
    from pacsconf.inventory.systems import SystemConfig
    from pacsconf.operator.secrets import Ask, Keyring
    from pacsconf.systems.base import System

BaseDN = Annotated[
    str | None,
    typer.Option("--base", help="Where a directory's DICOM tree is; not given: looked for.", metavar="DN"),
]
BindDN = Annotated[
    str | None, typer.Option("--bind-dn", help="Account of a directory; not given: none.", metavar="DN")
]
User = Annotated[str | None, typer.Option("--user", help="Account of an Orthanc; not given: none.")]
Password = Annotated[
    str | None,
    typer.Option(
        "--password",
        help="Where the account's password is kept: env:NAME, file:PATH, age:PATH, prompt:LABEL.",
        metavar="REFERENCE",
    ),
]
CAFile = Annotated[
    str | None,
    typer.Option("--ca-file", help="PEM file of the authority behind its certificate.", metavar="FILE"),
]
StartTLS = Annotated[bool, typer.Option("--start-tls", help="Encrypt an ldap:// connection.")]
Verify = Annotated[bool, typer.Option("--verify/--no-verify", help="Check the server's certificate (it is).")]
AllowClearText = Annotated[
    bool, typer.Option("--allow-clear-text", help="Send the password unencrypted if need be.")
]
Timeout = Annotated[
    int | None,
    typer.Option(
        "--timeout", help="Seconds to wait for an answer; 30 if not given.", min=1, max=LONGEST_WAIT
    ),
]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed; None is what was not. `password` is the text of a reference, never a password."""

    where: str | None = None
    base: str | None = None
    bind_dn: str | None = None
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None
    start_tls: bool = False
    verify: bool = True
    allow_clear_text: bool = False
    timeout: int | None = None

    @property
    def scheme(self) -> str:
        return (self.where or "").partition("://")[0].lower()

    @property
    def is_directory(self) -> bool:
        return self.scheme in ("ldap", "ldaps")

    @property
    def is_web(self) -> bool:
        return self.scheme in ("http", "https")

    @property
    def account(self) -> str | None:
        return self.bind_dn if self.is_directory else self.user

    def again(self) -> str:
        """The address and options to type once more; a password's reference, unless it was typed in by hand."""
        kept = self.password if self.password and not self.password.startswith("prompt:") else None
        valued = {
            "--base": self.base,
            "--bind-dn": self.bind_dn,
            "--user": self.user,
            "--password": kept,
            "--ca-file": self.ca_file,
            "--timeout": self.timeout,
        }
        words = [f"{name} {shlex.quote(str(value))}" for name, value in valued.items() if value is not None]
        words += ["--start-tls"] if self.start_tls else []
        words += [] if self.verify else ["--no-verify"]
        words += ["--allow-clear-text"] if self.allow_clear_text else []
        return " ".join([shlex.quote(self.where or ""), *words])


@dataclass(frozen=True, slots=True)
class Branches:
    """Where a directory of people has accounts and groups, which groups are meant, and what directory it is."""

    people: tuple[str, ...]
    groups: tuple[str, ...]
    names: tuple[str, ...] = ()
    flavour: str = "openldap"


@dataclass(frozen=True, slots=True)
class Source:
    """An open system, its configuration as an inventory may hold it, and what was typed or answered for it."""

    system: System
    config: SystemConfig
    typed: Typed
    _root: Path
    _secrets: Keyring

    @contextmanager
    def declared_as(self, config: SystemConfig) -> Iterator[System]:
        """The same system as an inventory declares it, closed afterwards; a password is not asked for again."""
        from pacsconf.systems import base

        kind = base.find(config.type)
        assert kind is not None, f"{config.type} comes with pacsconf"
        system = kind(config.name, _rooted(config, self._root), self._secrets)
        try:
            yield system
        finally:
            system.close()


@contextmanager
def opened(
    screen: Screen,
    typed: Typed,
    *,
    root: Path = Path(),
    name: str | None = None,
    branches: Branches | None = None,
) -> Iterator[Source]:
    """The system that was named, closed afterwards; a person at the terminal is asked for what is missing.

    `root` is where relative paths start; `name` is what the system is called (not given: by what it is); with
    `branches` a directory is one of people. Nothing is sent before the system is read.

    Raises: BadParameter for what is typed wrong or, where nobody can be asked, missing.
    """
    from pacsconf.systems import base

    whole = completed(screen, typed) if screen.is_interactive else typed
    config = config_of(whole, name, branches)
    kind = base.find(config.type)
    assert kind is not None, f"{config.type} comes with pacsconf"
    ask = getpass.getpass if screen.is_interactive else None
    secrets = _keyring(config, root, ask)
    _ask_now(config, secrets)
    system = kind(config.name, _rooted(config, root), secrets)
    try:
        yield Source(system, config, whole, root, secrets)
    finally:
        system.close()


def completed(screen: Screen, typed: Typed) -> Typed:
    """What was typed, with a person's answers where something is missing; of a password, that it is asked for."""
    whole = typed
    if not whole.where:
        whole = replace(whole, where=screen.ask("Address (ldaps://HOST, or https://HOST of an Orthanc): "))
    if whole.account is None and whole.password is None:
        if whole.is_directory:
            answer = screen.ask("Account to sign in with, a DN (Enter: none): ")
            whole = replace(whole, bind_dn=answer or None)
        elif whole.is_web:
            whole = replace(whole, user=screen.ask("User to sign in with (Enter: none): ") or None)
    if whole.account and whole.password is None:
        whole = replace(whole, password=f"prompt:Password of {whole.account}")
    return whole


# --- from what was typed to a configuration --------------------------------------------------------------------


def config_of(typed: Typed, name: str | None = None, branches: Branches | None = None) -> SystemConfig:
    """The configuration of the system that was named, checked as one from an inventory is.

    Raises: BadParameter.
    """
    if not typed.where:
        raise typer.BadParameter("an address is missing: ldaps://HOST, or https://HOST", param_hint="WHERE")
    if "@" in typed.where:
        raise typer.BadParameter(
            "no account and no password stand in an address, which others can read; name them by "
            "--bind-dn (of an Orthanc: --user) and --password",
            param_hint="WHERE",
        )
    if not typed.is_directory and not typed.is_web:
        raise typer.BadParameter(
            "a directory is ldaps://HOST or ldap://HOST:PORT, an Orthanc https://HOST or http://HOST:PORT",
            param_hint="WHERE",
        )
    _refuse_misplaced(typed)
    _refuse_half_an_account(typed)
    if branches and typed.is_directory:
        return _accounts(typed, name, branches)
    return _directory(typed, name) if typed.is_directory else _orthanc(typed, name)


def _refuse_misplaced(typed: Typed) -> None:
    """Options of the other kind would have no effect, and what was meant by them would be missing."""
    directory = {"--base": typed.base, "--bind-dn": typed.bind_dn, "--start-tls": typed.start_tls or None}
    others = {"--user": typed.user} if typed.is_directory else directory
    for option, value in others.items():
        if value is not None:
            instead = " (there it is --bind-dn)" if option == "--user" else ""
            what = "a directory" if typed.is_directory else "an Orthanc"
            raise typer.BadParameter(f"{what} has no such thing{instead}", param_hint=option)


def _refuse_half_an_account(typed: Typed) -> None:
    account = "--bind-dn" if typed.is_directory else "--user"
    if typed.account and typed.password is None:
        raise typer.BadParameter(
            "it says where the password of the account is kept: env:NAME, file:PATH, age:PATH or prompt:LABEL",
            param_hint="--password",
        )
    if typed.password is not None and not typed.account:
        raise typer.BadParameter("a password is given, and no account that it belongs to", param_hint=account)


def _directory(typed: Typed, name: str | None) -> SystemConfig:
    from pacsconf.inventory.systems import DirectoryConfig

    url, base = _split(typed)
    keys: dict[str, Any] = {"url": url, "base": base, "start_tls": typed.start_tls}
    if typed.bind_dn:
        keys["bind"] = {"dn": typed.bind_dn, "password": typed.password}
    return _checked(DirectoryConfig, typed, name or "directory", {"type": "dicom-directory", **keys})


def _accounts(typed: Typed, name: str | None, branches: Branches) -> SystemConfig:
    from pacsconf.adopt.naming import Names
    from pacsconf.inventory.accounts import AccountsConfig

    def named(bases: tuple[str, ...], otherwise: str, **more: Any) -> dict[str, Any]:
        names = Names()
        return {
            names.new(base.partition(",")[0].partition("=")[2], otherwise): {"base": base, **more}
            for base in bases
        }

    chosen = {"names": list(branches.names)} if branches.names else {}
    keys: dict[str, Any] = {
        "url": _split(typed)[0],
        "start_tls": typed.start_tls,
        "flavour": branches.flavour,
        "people": named(branches.people, "people"),
        "groups": named(branches.groups, "groups", **chosen),
    }
    if typed.bind_dn:
        keys["bind"] = {"dn": typed.bind_dn, "password": typed.password}
    return _checked(AccountsConfig, typed, name or "accounts", {"type": "accounts", **keys})


def _split(typed: Typed) -> tuple[str, str | None]:
    """Address and base: the address of a directory may end with its base (RFC 4516 section 2)."""
    assert typed.where, "checked before"
    scheme, _, rest = typed.where.partition("://")
    place, slash, path = rest.partition("/")
    if slash and path and typed.base is None:
        return f"{scheme}://{place}", unquote(path)
    return typed.where, typed.base


def _orthanc(typed: Typed, name: str | None) -> SystemConfig:
    from pacsconf.inventory.systems import OrthancConfig

    keys: dict[str, Any] = {"url": typed.where}
    if typed.user:
        keys["login"] = {"user": typed.user, "password": typed.password}
    return _checked(OrthancConfig, typed, name or "orthanc", {"type": "orthanc", **keys})


_OPTIONS: Mapping[tuple[str, ...], str] = {
    ("url",): "WHERE",
    ("base",): "--base",
    ("bind", "dn"): "--bind-dn",
    ("bind", "password"): "--password",
    ("people",): "--people",
    ("groups",): "--groups",
    ("flavour",): "--flavour",
    ("login", "user"): "--user",
    ("login", "password"): "--password",
}
"""Which word of the command line each key of a configuration comes from."""


def _checked(model: type[SystemConfig], typed: Typed, name: str, keys: Mapping[str, Any]) -> SystemConfig:
    from pydantic import ValidationError

    shared = {
        "name": name,
        "ca_file": typed.ca_file,
        "verify": typed.verify,
        "allow_clear_text": typed.allow_clear_text,
        **({} if typed.timeout is None else {"timeout": typed.timeout}),
    }
    problems: tuple[tuple[str, str], ...] = ()
    try:
        return model.model_validate({**shared, **keys})
    except ValidationError as exc:  # it holds what was typed, which may be a password
        problems = tuple(_problem(each) for each in exc.errors(include_input=False, include_url=False))
    if len(problems) == 1:
        raise typer.BadParameter(problems[0][1], param_hint=problems[0][0])
    raise typer.BadParameter("; ".join(f"{option}: {text}" for option, text in problems))


def _problem(error: Mapping[str, Any]) -> tuple[str, str]:
    """The option and what is wrong with it."""
    place = tuple(str(part) for part in error["loc"])
    place = place[:1] if place[:1] in (("people",), ("groups",)) else place
    raised = error.get("ctx", {}).get("error")
    return _OPTIONS.get(place, ".".join(place)), str(raised) if raised else error["msg"]


# --- the secret ------------------------------------------------------------------------------------------------


def _keyring(config: SystemConfig, root: Path, ask: Ask | None) -> Keyring:
    """What resolves the one reference that was typed, for the one place that was typed with it."""
    from pacsconf.operator.binding import Binding
    from pacsconf.operator.file import default_path
    from pacsconf.operator.needs import needs
    from pacsconf.operator.secrets import Keyring

    bindings = tuple(Binding(need.ref, need.endpoint) for need in needs([config]))
    identity = _identity(root) if any(each.ref.scheme == "age" for each in bindings) else None
    return Keyring(default_path(os.environ), bindings, identity, root, None, os.environ, ask)


def _ask_now(config: SystemConfig, secrets: Keyring) -> None:
    """Have a password typed in before anything else is shown; the answer is remembered until it is used."""
    from pacsconf.operator.needs import needs

    for need in needs([config]):
        if need.ref.scheme == "prompt":
            secrets(need.ref, need.endpoint.scheme, need.endpoint.host, need.endpoint.port)


def _identity(root: Path) -> Path | None:
    """The key that opens encrypted secrets, which the operator file names."""
    from pacsconf.operator.file import load

    return load(environ=os.environ, root=root).age_identity


def _rooted(config: SystemConfig, root: Path) -> SystemConfig:
    ca_file = getattr(config, "ca_file", None)
    return config.model_copy(update={"ca_file": str(root / ca_file)}) if ca_file else config
