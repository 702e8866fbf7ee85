"""The first command of a first day: look. It reads, needs no inventory and no git, and changes nothing."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import source
from pacsconf.cli.exits import Exit
from pacsconf.cli.inventory_commands import TextOrJson
from pacsconf.cli.look_at_entity import CALLING, Caller, look_at_entity, title_of
from pacsconf.cli.look_at_people import look_at_people
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.cli.source import (
    AllowClearText,
    BaseDN,
    BindDN,
    CAFile,
    Password,
    StartTLS,
    Timeout,
    Typed,
    User,
    Verify,
)
from pacsconf.core.errors import Refused

if TYPE_CHECKING:
    from pacsconf.core.finding import Finding
    from pacsconf.core.resource import Snapshot
    from pacsconf.dicom.probe.strangers import Door
    from pacsconf.inventory.systems import SystemConfig
    from pacsconf.report.look_text import Look
    from pacsconf.systems.base import System

Where = Annotated[
    str | None,
    typer.Argument(
        help="ldaps://HOST or ldap://HOST:PORT (a directory), https://HOST or http://HOST:PORT (an Orthanc), "
        "AET@HOST:PORT (one application entity), or a file FILE.ldif. Asked for on a terminal.",
    ),
]


def look(
    context: typer.Context,
    where: Where = None,
    base: BaseDN = None,
    bind_dn: BindDN = None,
    user: User = None,
    password: Password = None,
    ca_file: CAFile = None,
    start_tls: StartTLS = False,
    verify: Verify = True,
    allow_clear_text: AllowClearText = False,
    timeout: Timeout = None,
    calling: Annotated[
        str | None,
        typer.Option("--calling", help="Title to request associations under; PACSCONF if not given."),
    ] = None,
    strangers: Annotated[
        bool,
        typer.Option(
            "--strangers",
            help="Also try whether it lets strangers in, by two associations. May raise alarms there.",
        ),
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="List every finding by itself.")] = False,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Look at something live, and tell what is odd about it. Changes nothing."""
    where = where or _asked(context.obj.screen)
    typed = Typed(where, base, bind_dn, user, password, ca_file, start_tls, verify, allow_clear_text, timeout)
    shown = _Shown(context.obj.screen, context.obj.root, everything, format)
    caller = Caller(title_of(calling or CALLING, "--calling"), strangers, float(timeout or 10))
    if where is not None and "://" not in where:
        _refuse_options_of_systems(typed)
        if where.lower().endswith(".ldif") or (shown.root / where).is_file():
            _refuse_calling(calling, strangers)
            return _file(shown, where)
        if "@" in where:
            return look_at_entity(shown.screen, where, caller, format)
        raise typer.BadParameter(
            "a directory is ldaps://HOST or ldap://HOST:PORT, an Orthanc https://HOST or http://HOST:PORT, "
            "an application entity AET@HOST:PORT, an export of a directory FILE.ldif",
            param_hint="WHERE",
        )
    if typed.is_directory or not strangers:
        _refuse_calling(calling, strangers)
    return _system(shown, typed, caller)


def _asked(screen: Screen) -> str | None:
    """What a person wants to look at; None where nobody can be asked."""
    if not screen.is_interactive:
        return None
    return screen.ask("Look at what? ldaps://HOST, https://HOST of an Orthanc, AET@HOST:PORT, FILE.ldif: ")


@dataclass(frozen=True, slots=True)
class _Shown:
    """Where results go, and in which form."""

    screen: Screen
    root: Path
    everything: bool
    format: str

    def look(self, look: Look) -> None:
        from pacsconf.report.look_text import look_json, look_text

        if self.format == "json":
            self.screen.raw(look_json(look))
        else:
            self.screen.show(look_text(look, self.screen.width, everything=self.everything))


def _refuse_calling(calling: str | None, strangers: bool) -> None:
    """Nothing, unless it was said how to call where nobody is called."""
    option = "--calling" if calling is not None else "--strangers" if strangers else None
    if option:
        raise typer.BadParameter(
            "no association is requested of that; AET@HOST:PORT is asked by one, and an Orthanc with --strangers",
            param_hint=option,
        )


def _refuse_options_of_systems(typed: Typed) -> None:
    """Nothing, unless options were given that a file or an application entity has no use for."""
    given = {
        "--base": typed.base,
        "--bind-dn": typed.bind_dn,
        "--user": typed.user,
        "--password": typed.password,
        "--ca-file": typed.ca_file,
        "--start-tls": typed.start_tls or None,
    }
    for option, value in given.items():
        if value is not None:
            raise typer.BadParameter(
                "it belongs to a directory or an Orthanc, whose address begins with ldaps:// or https://",
                param_hint=option,
            )


# --- a directory or an Orthanc -----------------------------------------------------------------------------------


def _system(shown: _Shown, typed: Typed, caller: Caller) -> Exit:
    from pacsconf.report.look_text import Look

    reporter = Reporter(shown.screen)
    with source.opened(shown.screen, typed, root=shown.root) as opened:
        system, whole = opened.system, opened.typed
        reporter.reading(opened.config.name)
        since = perf_counter()
        try:
            snapshot = system.read()
            seconds = perf_counter() - since
            with _worded(opened, snapshot) as (worded, snapshot, spoken):
                findings, unseen = _inspected(worded)
            door = _door(system, opened.config, caller)
            counts = _counts(snapshot)
            people = look_at_people(opened, whole) if _is_empty(snapshot, whole) else None
        except Refused as refused:
            refused.fix = refused.fix if whole.account else f"Sign in: {_sign_in(whole)}"
            raise
        finally:
            reporter.stop()
        shown.look(
            people
            or Look(
                where=str(getattr(opened.config, "url", whole.where)),
                what=_with(spoken, _what(system, whole)),
                counts=counts,
                findings=(*findings, *door.findings),
                unseen=(*unseen, *door.unseen),
                account=whole.account or "",
                seconds=seconds,
                called=_SENT if caller.strangers else "",
                command=_next(whole, counts),
            )
        )
    return Exit.OK


def _is_empty(snapshot: Snapshot, typed: Typed) -> bool:
    """Whether a directory has no DICOM configuration at all."""
    return typed.is_directory and not snapshot.resources


@contextmanager
def _worded(opened: source.Source, snapshot: Snapshot) -> Iterator[tuple[System, Snapshot, tuple[str, ...]]]:
    """The system, what it holds, and the extensions that have words for some of it: then it is read in these."""
    from pacsconf.systems.abilities import Extended

    spoken = opened.system.spoken() if isinstance(opened.system, Extended) else ()
    if not spoken:
        yield opened.system, snapshot, ()
        return
    with opened.declared_as(opened.config.model_copy(update={"extensions": spoken})) as worded:
        yield worded, worded.read(), spoken


def _with(spoken: Sequence[str], what: str) -> str:
    """What it is, and whose configuration is in it beside the standard's."""
    return f"{what}, with entries of {' and '.join(spoken)}" if spoken else what


_SENT = "Two associations were requested of it as a stranger would, and no data was sent."


def _inspected(system: System) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What is odd about what was read and about the server itself, and what was not seen."""
    from pacsconf.systems.abilities import Inspectable

    of_server = tuple(finding for finding in system.check(()) if finding.verdict != "unknown")
    if not isinstance(system, Inspectable):
        return of_server, ()
    return (*of_server, *system.oddities()), tuple(system.unseen())


def _door(system: System, config: SystemConfig, caller: Caller) -> Door:
    """What strangers meet at the DICOM port of this system, where that was to be tried."""
    from pacsconf.dicom.probe.strangers import Door, try_the_door
    from pacsconf.inventory.endpoint import Endpoint
    from pacsconf.systems.abilities import Entitled

    if not caller.strangers:
        return Door()
    title, port = system.own_entity() if isinstance(system, Entitled) else ("", None)
    if not title or port is None:
        return Door(unseen=("Whether it lets strangers in is not known: it does not tell its DICOM port.",))
    host = Endpoint.parse(str(getattr(config, "url", ""))).host
    return try_the_door(title, host, port, caller.calling, None, caller.timeout)


def _what(system: System, typed: Typed) -> str:
    from pacsconf.systems.abilities import Entitled

    if typed.is_directory:
        return "A DICOM configuration in a directory (PS3.15 annex H)"
    title, port = system.own_entity() if isinstance(system, Entitled) else ("", None)
    at = f" at DICOM port {port}" if port else ""
    return f"An Orthanc, AE title {title}{at}" if title else "An Orthanc"


def _next(typed: Typed, counts: Mapping[str, int]) -> str:
    """What to type next: adopt it, or sign in where nothing was shown to nobody."""
    if not counts and not typed.account:
        return _sign_in(typed)
    return f"pacsconf adopt {'ldap' if typed.is_directory else 'orthanc'} --url {typed.again()}"


def _sign_in(typed: Typed) -> str:
    """How to look again with an account."""
    account = "--bind-dn DN" if typed.is_directory else "--user NAME"
    return f"pacsconf look {typed.again()} {account} --password prompt:Password"


NOUNS: Mapping[str, str] = {
    "device": "device",
    "network-ae": "AE title",
    "network-connection": "connection",
    "transfer-capability": "capability",
    "unique-ae-title": "reserved title",
    "peer": "peer",
    "dicomweb-server": "DICOMweb server",
    "orthanc-peer": "Orthanc peer",
}
"""What people call what a system holds, by kind."""


def _counts(snapshot: Snapshot) -> dict[str, int]:
    found = Counter(resource.address.kind for resource in snapshot.resources)
    counts = {noun: found[kind] for kind, noun in NOUNS.items() if found[kind]}
    others = found.total() - sum(counts.values()) - found["container"]
    counts |= {"vendor entry": others} if others else {}
    rights = sum(_rights(resource.fields().get("allow", ())) for resource in snapshot.resources)
    return counts | ({"right": rights} if rights else {})


def _rights(allowed: object) -> int:
    return len(allowed) if isinstance(allowed, tuple) else 0


# --- an export ---------------------------------------------------------------------------------------------------


def _file(shown: _Shown, where: str) -> Exit:
    from pacsconf.core.finding import errors
    from pacsconf.report.look_text import Look
    from pacsconf.systems.ldif import LdifFile

    since = perf_counter()
    export = LdifFile("directory", shown.root / where, speaks=True)
    snapshot = export.read()
    seconds = perf_counter() - since
    shown.look(
        Look(
            where=where,
            what=_with(
                [each.name for each in export.words.extensions], "The export of a DICOM configuration (LDIF)"
            ),
            counts=_counts(snapshot),
            findings=(*export.findings, *export.oddities()),
            unseen=export.unseen(),
            account=None,
            seconds=seconds,
            command=f"pacsconf adopt ldif {shlex.quote(where)}" if snapshot.resources else "",
        )
    )
    return Exit.ERROR if errors(export.findings) else Exit.OK
