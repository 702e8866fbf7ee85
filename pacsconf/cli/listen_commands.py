"""Who is really calling: a listener that answers whoever calls, or the log of a server that was called."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import workspace
from pacsconf.cli.exits import Exit
from pacsconf.cli.inventory_commands import TextOrJson
from pacsconf.cli.listen_desk import Desk, open_desk
from pacsconf.cli.listen_log import read_log
from pacsconf.core.errors import PacsconfError

if TYPE_CHECKING:
    import ssl

    from pacsconf.cli.workspace import Workspace
    from pacsconf.dicom.heard import Heard
    from pacsconf.dicom.listen.listener import Called, Event, Settings
    from pacsconf.inventory.flows import Entity
    from pacsconf.report.wire.listen_text import Sum

PORT = 11112
"""The usual one of the two that PS3.8 section 9.1.1 registers; the other, 104, takes an administrator's rights."""


def listen(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65535, help="Default: that of probe_as, else 11112. 0: any that is free."
        ),
    ] = None,
    bind: Annotated[
        str | None,
        typer.Option(
            "--bind",
            metavar="ADDRESS",
            help="Default: that of probe_as where it is this machine's, else every one.",
        ),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option(
            "--title", metavar="AET", help="Called title to expect, beside declared ones. Any is answered."
        ),
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Speak TLS, with the certificate of probe_tls.")] = False,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="End after this time: 90s, 10m, 2h.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="End after this many associations.")
    ] = None,
    log: Annotated[
        str | None,
        typer.Option(
            "--log",
            metavar="FILE",
            help="Do not listen: read who called from a log of DCMTK, Orthanc or dcm4chee (-: pasted).",
        ),
    ] = None,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Show who is really calling, beside what is declared.

    Takes calls on this machine and answers C-ECHO; stores nothing. Exit 2 when something was not as declared.
    """
    if log is not None:
        _refuse_options(
            {"--port": port, "--bind": bind, "--tls": tls or None, "--for": for_, "--count": count}
        )
    seconds = _seconds(for_) if for_ is not None else None
    own = _title(title)
    desk = open_desk(context.obj.screen, context.obj.root, context.obj.environment, format, own)
    if log is not None:
        return read_log(desk, log)
    from pacsconf.dicom.listen.listener import Settings

    address, usual = _own_address(desk.entity)
    settings = Settings(
        address=_address(bind) if bind is not None else address,
        port=port if port is not None else usual,
        tls=_tls(desk.work) if tls else None,
        seconds=seconds,
        count=count,
    )
    return _listen(desk, settings)


def _refuse_options(given: dict[str, object]) -> None:
    for option, value in given.items():
        if value is not None:
            raise typer.BadParameter("it belongs to listening, and --log reads a file", param_hint=option)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", text)
    if not found:
        raise typer.BadParameter(
            "a time is a number and s, m or h, such as 90s, 10m or 2h", param_hint="--for"
        )
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def _title(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    from pacsconf.inventory import formats

    try:
        return (formats.ae_title(text),)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--title") from None


def _address(text: str) -> str:
    """An address to listen at; one that means all of them is none."""
    import ipaddress

    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is no IP address', param_hint="--bind") from None
    return "" if address.is_unspecified and address.version == 6 else text


def _own_address(entity: Entity | None) -> tuple[str, int]:
    """Where the declared entity of this machine listens; every address where it is another machine's."""
    if entity is None:
        return "", PORT
    device, ae = entity
    for connection in (device.connections.get(name) for name in ae.connections):
        if connection is not None and connection.port is not None:
            return (connection.host if _is_ours(connection.host) else ""), connection.port
    return "", PORT


def _is_ours(host: str) -> bool:
    """Whether this is an IP address of this machine: only then can a socket be bound to it."""
    import ipaddress
    import socket

    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        with socket.socket(family) as trial:
            trial.bind((host, 0))
    except (ValueError, OSError):
        return False
    return True


def _tls(work: Workspace | None) -> ssl.SSLContext:
    from pacsconf.cli.wire import require_own_key, wire_of
    from pacsconf.dicom.listen.channel import encrypted

    identity = wire_of(work).tls if work is not None else None
    if identity is None or not identity.certificate:
        raise PacsconfError(
            "no certificate is declared to listen with over TLS",
            fix="Declare it: pacsconf: {probe_tls: {certificate: FILE, key: FILE, ca_file: FILE}}",
        )
    try:
        made = encrypted(identity)
    except OSError as exc:
        raise PacsconfError(
            f"the certificate of probe_tls cannot be used: {exc.strerror or exc}",
            fix="certificate and key are files in PEM that belong together; the key has no passphrase.",
        ) from exc
    require_own_key(identity)
    return made


# --- listening ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Ear:
    """Tells each event as it comes, and counts."""

    desk: Desk
    tls: bool
    seen: dict[int, int] = field(default_factory=dict)
    """By the hash of what was heard, without its time: the number of the first that was like it."""
    callers: set[tuple[str, str]] = field(default_factory=set)
    associations: int = 0
    wrong: int = 0
    strangers: int = 0
    command: str = ""

    def tell(self, event: Event) -> None:
        from pacsconf.dicom.listen.listener import Called, Ready, Stranger
        from pacsconf.report.wire import listen_text

        screen = self.desk.screen
        if isinstance(event, Called):
            self._called(event)
        elif self.desk.format == "json":
            screen.raw(listen_text.event_json(event))
        elif isinstance(event, Ready):
            screen.show(listen_text.ready_text(event, self.desk.titles, screen.width, tls=self.tls))
        else:
            screen.show(listen_text.event_text(event, screen.width))
        self.strangers += isinstance(event, Stranger)

    def _called(self, event: Called) -> None:
        from pacsconf.report.wire import listen_text

        heard = event.heard
        compared = self.desk.compared(heard)
        self.associations += 1
        if len(self.callers) < _MOST_CALLERS:
            self.callers.add((heard.calling, heard.host))
        self.wrong += compared.wrong
        self.command = (self.desk.next(heard, compared.device) if compared.wrong else "") or self.command
        before = _noted(self.seen, replace(heard, at=""), event.number)
        screen = self.desk.screen
        if self.desk.format == "json":
            screen.raw(listen_text.event_json(event, compared, self.desk.place))
        elif before != event.number:
            screen.show(listen_text.again_text(event.number, heard, before, screen.width))
        else:
            screen.show(listen_text.called_text(event, compared, self.desk.reading))
        self.desk.remember([heard])

    def sum(self) -> Sum:
        from pacsconf.report.wire.listen_text import Sum

        return Sum(
            associations=self.associations,
            callers=len(self.callers),
            wrong=self.wrong,
            strangers=self.strangers,
            forgotten=self.desk.memory.why if self.associations else "",
            compared=self.desk.work is not None,
            command=self.command,
        )


_MOST = 10_000
"""Different associations that are known again."""
_MOST_CALLERS = 10_000
"""That are counted: whoever makes titles up does not fill this machine's memory."""


def _noted(seen: dict[int, int], heard: Heard, number: int) -> int:
    """The number of the first association that was like this one; itself it may be a hundred kilobytes."""
    if len(seen) >= _MOST:
        seen.clear()
    return seen.setdefault(hash(heard), number)


def _listen(desk: Desk, settings: Settings) -> Exit:
    from pacsconf.report.wire.listen_text import sum_json, sum_text

    ear = _Ear(desk, settings.tls is not None)
    try:
        _run(settings, ear.tell)
    except OSError as exc:
        raise _cannot_listen(settings, exc) from exc
    if desk.format == "json":
        desk.screen.raw(sum_json(ear.sum()))
    else:
        desk.screen.show(sum_text(ear.sum(), desk.screen.width))
    return Exit.CHANGES if ear.wrong else Exit.OK


def _run(settings: Settings, tell: Callable[[Event], None]) -> None:
    """Listen until it is over, or until Ctrl-C or a polite kill, which are how a person ends it."""
    import asyncio
    import signal
    from contextlib import suppress

    from pacsconf.dicom.listen.listener import Listener

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None, "this is one"
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await Listener(settings, tell, workspace.now).run()

    asyncio.run(run())


def _cannot_listen(settings: Settings, exc: OSError) -> PacsconfError:
    import errno
    import os

    words = os.strerror(exc.errno) if exc.errno else str(exc)  # asyncio says more, in its own way
    where = f"{settings.address} port {settings.port}" if settings.address else f"port {settings.port}"
    fixes = {
        errno.EACCES: "Ports below 1024 are an administrator's. Take another: --port 11112",
        errno.EADDRINUSE: "Another program listens there. Stop it, or take another: --port 0",
        errno.EADDRNOTAVAIL: "This machine has no such address. Leave --bind out, or name one that it has.",
    }
    return PacsconfError(f"cannot listen at {where}: {words}", fix=fixes.get(exc.errno or 0, ""))
