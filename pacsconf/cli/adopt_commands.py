"""Commands that turn what is live into inventory files: adopt ldap, orthanc, ldif and accounts."""

from __future__ import annotations

import getpass
import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pacsconf.cli import source, workspace
from pacsconf.cli.adopt_choices import Choices
from pacsconf.cli.adopt_sources import existing_at, exported, live, live_people, require_scheme
from pacsconf.cli.exits import Exit
from pacsconf.cli.inventory_commands import TextOrJson
from pacsconf.cli.screen import Screen
from pacsconf.cli.source import (
    AllowClearText,
    BaseDN,
    BindDN,
    Branches,
    CAFile,
    Password,
    StartTLS,
    Timeout,
    Typed,
    User,
    Verify,
)
from pacsconf.core.errors import PacsconfError

if TYPE_CHECKING:
    from pacsconf.adopt.files import Terms
    from pacsconf.cli.adoption import Beside, Finds

Into = Annotated[
    Path,
    typer.Option("--into", help="The inventory's folder, which is named inventory.", metavar="FOLDER"),
]
Url = Annotated[
    str | None, typer.Option("--url", help="Where it is; asked for on a terminal.", metavar="URL")
]
Called = Annotated[
    str | None, typer.Option("--name", help="What the system is called in the inventory.", metavar="NAME")
]
Owner = Annotated[
    str | None,
    typer.Option("--owner", help="Who sees to the faults that are accepted; you, if not given."),
]
AcceptDays = Annotated[
    int,
    typer.Option("--accept-days", help="For how many days faults found live are accepted.", min=1, max=3650),
]
InferFlows = Annotated[
    bool, typer.Option("--infer-flows", help="Propose flows from access lists and from rights of peers.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")]


def ldap(
    context: typer.Context,
    url: Url = None,
    base: BaseDN = None,
    bind_dn: BindDN = None,
    password: Password = None,
    ca_file: CAFile = None,
    start_tls: StartTLS = False,
    verify: Verify = True,
    allow_clear_text: AllowClearText = False,
    timeout: Timeout = None,
    into: Into = Path("inventory"),
    name: Called = None,
    owner: Owner = None,
    accept_days: AcceptDays = 90,
    infer_flows: InferFlows = False,
    dry_run: DryRun = False,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Adopt a DICOM directory (PS3.15 Annex H). Devices with all they do, in files that plan to no change."""
    typed = Typed(
        where=url, base=base, bind_dn=bind_dn, password=password, ca_file=ca_file, start_tls=start_tls,
        verify=verify, allow_clear_text=allow_clear_text, timeout=timeout,
    )  # fmt: skip
    choices = _chosen(context, into, name or "directory", owner, accept_days, infer_flows, dry_run, format)
    with live(context.obj.screen, typed, choices, ("ldap", "ldaps")) as (finds, existing):
        return _conclude(context, finds, existing, choices)


def orthanc(
    context: typer.Context,
    url: Url = None,
    user: User = None,
    password: Password = None,
    ca_file: CAFile = None,
    verify: Verify = True,
    allow_clear_text: AllowClearText = False,
    timeout: Timeout = None,
    into: Into = Path("inventory"),
    name: Called = None,
    owner: Owner = None,
    accept_days: AcceptDays = 90,
    infer_flows: InferFlows = False,
    dry_run: DryRun = False,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Adopt the peers of an Orthanc. What each may do, and a device for each AE title."""
    typed = Typed(
        where=url, user=user, password=password, ca_file=ca_file, verify=verify,
        allow_clear_text=allow_clear_text, timeout=timeout,
    )  # fmt: skip
    choices = _chosen(context, into, name or "orthanc", owner, accept_days, infer_flows, dry_run, format)
    with live(context.obj.screen, typed, choices, ("http", "https")) as (finds, existing):
        return _conclude(context, finds, existing, choices)


def ldif(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="An export, as ldapsearch or slapcat writes it.", metavar="FILE")
    ],
    url: Annotated[
        str | None,
        typer.Option("--url", help="The directory that it is from; not given: devices only.", metavar="URL"),
    ] = None,
    base: BaseDN = None,
    bind_dn: BindDN = None,
    password: Password = None,
    ca_file: CAFile = None,
    start_tls: StartTLS = False,
    into: Into = Path("inventory"),
    name: Called = None,
    owner: Owner = None,
    accept_days: AcceptDays = 90,
    infer_flows: InferFlows = False,
    dry_run: DryRun = False,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Adopt the export of a DICOM directory. As from the directory itself, which need not be there."""
    typed = Typed(
        where=url, base=base, bind_dn=bind_dn, password=password, ca_file=ca_file, start_tls=start_tls
    )
    choices = _chosen(context, into, name or "directory", owner, accept_days, infer_flows, dry_run, format)
    config = None
    if url is not None or any((base, bind_dn, password, ca_file, start_tls)):
        require_scheme(typed, ("ldap", "ldaps"))
        config = source.config_of(typed, choices.name)
    existing = existing_at(choices, config)
    finds = exported(context.obj.root / file, file, choices.name, config)
    return _conclude(context, finds, existing, choices)


def accounts(
    context: typer.Context,
    url: Url = None,
    people: Annotated[
        list[str] | None,
        typer.Option("--people", help="A branch with accounts; may be repeated.", metavar="DN"),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option("--groups", help="A branch with groups; may be repeated.", metavar="DN"),
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option("--names", help="Which of the groups: a pattern, such as pacs-*.", metavar="PATTERN"),
    ] = None,
    flavour: Annotated[
        Literal["openldap", "active-directory"], typer.Option("--flavour", help="What directory it is.")
    ] = "openldap",
    with_names: Annotated[
        bool,
        typer.Option("--with-names", help="Write names, mail addresses and employee numbers as well."),
    ] = False,
    bind_dn: BindDN = None,
    password: Password = None,
    ca_file: CAFile = None,
    start_tls: StartTLS = False,
    verify: Verify = True,
    allow_clear_text: AllowClearText = False,
    timeout: Timeout = None,
    into: Into = Path("inventory"),
    name: Called = None,
    owner: Owner = None,
    accept_days: AcceptDays = 90,
    dry_run: DryRun = False,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Adopt a directory of people. Groups become roles, their members users; ids only, no names."""
    screen: Screen = context.obj.screen
    typed = Typed(
        where=url, bind_dn=bind_dn, password=password, ca_file=ca_file, start_tls=start_tls, verify=verify,
        allow_clear_text=allow_clear_text, timeout=timeout,
    )  # fmt: skip
    choices = _chosen(context, into, name or "accounts", owner, accept_days, False, dry_run, format)
    branches = Branches(
        _branches(screen, people, "--people", "accounts"),
        _branches(screen, groups, "--groups", "groups"),
        tuple(names or ()),
        flavour,
    )
    with live_people(screen, typed, choices, branches, with_names=with_names) as (finds, existing):
        return _conclude(context, finds, existing, choices)


def _branches(screen: Screen, given: list[str] | None, option: str, what: str) -> tuple[str, ...]:
    """The branches that were named, else the one that a person at the terminal names.

    Raises: BadParameter.
    """
    if not given and screen.is_interactive:
        given = [each for each in (screen.ask(f"Branch with {what}, a DN: "),) if each]
    if not given:
        raise typer.BadParameter(
            f"name the branch with {what}: ou=…,dc=hospital,dc=example", param_hint=option
        )
    return tuple(given)


def _chosen(
    context: typer.Context,
    into: Path,
    name: str,
    owner: str | None,
    days: int,
    infer: bool,
    dry_run: bool,
    format: str,  # noqa: A002
) -> Choices:
    """The choices, checked.

    Raises: BadParameter.
    """
    from pacsconf.inventory import formats

    folder = Path(os.path.normpath(into))
    if folder.name != "inventory":
        raise typer.BadParameter(
            f'pacsconf reads the folder "inventory" of a repository: write {folder / "inventory"}',
            param_hint="--into",
        )
    try:
        formats.name(name)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--name") from None
    if "/" in name:
        raise typer.BadParameter("a system's name becomes part of addresses: no slash", param_hint="--name")
    return Choices(
        context.obj.root / folder, name, owner, days, infer, dry_run, format, context.obj.environment
    )


# --- the result ---------------------------------------------------------------------------------------------------


def _conclude(context: typer.Context, finds: Finds, existing: Beside | None, choices: Choices) -> Exit:
    """Settle, write, and tell."""
    from pacsconf.adopt.files import write
    from pacsconf.cli.adopt_screen import bound_now, told, unbound_secrets
    from pacsconf.cli.adoption import adopted

    screen: Screen = context.obj.screen
    _require_something(finds)
    choices = replace(choices, environment=existing.deployed_as if existing else None)
    terms = _terms(finds, choices)
    result = adopted(finds, existing, terms, infer=choices.infer)
    if not choices.dry_run:
        write(result.files, choices.into)
    unbound = unbound_secrets(finds, choices)
    bound = not choices.dry_run and choices.format == "text" and bound_now(screen, unbound, choices)
    adopted_so = told(result, terms, choices, () if bound else unbound)
    if choices.format == "json":
        from pacsconf.report.adopt_text import adopt_json

        screen.raw(adopt_json(adopted_so))
    else:
        from pacsconf.report.adopt_text import adopt_text

        screen.show(adopt_text(adopted_so, screen.width))
    return Exit.OK


def _require_something(finds: Finds) -> None:
    """Nothing, unless nothing was found.

    Raises: PacsconfError.
    """
    if not finds.states:
        why = " ".join(finds.unseen) or f"{finds.said} holds nothing that could be adopted."
        wrong = "".join(f" {remark.summary}." for remark in finds.remarks)
        live = "Sign in with an account that may read it, and see what there is: pacsconf look"
        raise PacsconfError(
            f"nothing was found in {finds.said}, so nothing was written. {why}{wrong}",
            fix=live
            if "://" in finds.said
            else f"See what is in the file: pacsconf look {shlex.quote(finds.said)}",
        )


def _terms(finds: Finds, choices: Choices) -> Terms:
    from pacsconf.adopt.files import Terms

    owner = choices.owner or _me(choices)
    return Terms(owner, workspace.now().date(), choices.days, finds.said, workspace.further())


def _me(choices: Choices) -> str:
    """Who adopts: the name that commits are made under, else that of the account."""
    try:
        done = subprocess.run(
            ["git", "config", "user.name"],
            cwd=next(folder for folder in choices.into.absolute().parents if folder.is_dir()),
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
        return done.stdout.strip() or getpass.getuser()
    except (OSError, subprocess.TimeoutExpired):
        return getpass.getuser()


adopt = (ldap, orthanc, ldif, accounts)
