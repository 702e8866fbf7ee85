"""A listener that answers whoever calls and stores nothing: it tells who it was and what they asked for.

One asyncio loop, no threads: a caller that says nothing, half of something, or too much costs one deadline and no
more, and the end is a cancellation that closes every socket. Bytes of data sets are read and dropped unseen.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from pacsconf.dicom.heard import Heard
from pacsconf.dicom.listen import answers
from pacsconf.dicom.listen.channel import CallerFault, Channel, opened
from pacsconf.dicom.listen.request import Request, accepted, heard, request
from pacsconf.dicom.upper_layer import pdu
from pacsconf.dicom.upper_layer.messages import Assembler, response

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to listen. `address` empty: at every address of this machine. Times are in seconds."""

    address: str = ""
    port: int = 11112
    tls: ssl.SSLContext | None = None
    patience: float = 10.0
    """For an association request to be there, and for a PDU that began to be whole."""
    idle: float = 60.0
    """Without a message on an association."""
    longest: float = 600.0
    """For one association."""
    at_once: int = 16
    """Associations that are open; whoever calls beyond is turned away."""
    count: int | None = None
    """Associations after which to end."""
    seconds: float | None = None
    """After which to end."""


# --- what is told ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ready:
    """Listening, at this address (empty: every one) and port."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Called:
    """An association was requested; `number` counts them from 1. `subject` is that of its TLS certificate."""

    number: int
    heard: Heard
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A message came, and was answered with this status; None: it has no answer."""

    number: int
    message: str
    sop_class: str
    status: int | None


@dataclass(frozen=True, slots=True)
class Ended:
    """An association is over: `how` in words. `well` says that its caller released it."""

    number: int
    how: str
    well: bool


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody connected and requested no association: what they did instead, in words."""

    host: str
    text: str


Event = Ready | Called | Said | Ended | Stranger


# --- listening ---------------------------------------------------------------------------------------------------


class Listener:
    """Listens until its count or its time is over, or until it is cancelled; each event is told as it happens."""

    def __init__(
        self,
        settings: Settings,
        tell: Callable[[Event], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._tell = tell
        self._clock = clock
        self._requested = 0
        self._finished = 0
        self._open: dict[asyncio.Task[None], _Visit] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._done = asyncio.Event()
        self._defect: BaseException | None = None

    async def run(self) -> None:
        """Listen.

        Raises: OSError when the address cannot be listened at.
        """
        settings = self._settings
        with closing(_listening(settings.address, settings.port)) as listening:
            self._tell(Ready(settings.address, listening.getsockname()[1]))
            accepting = asyncio.create_task(self._accept(listening))
            accepting.add_done_callback(self._over)
            try:
                async with asyncio.timeout(settings.seconds):
                    await self._done.wait()
            except TimeoutError:
                logger.info("the time to listen is over")
            finally:
                await _ended({accepting, *self._open, *self._leaving})
        if self._defect is not None:
            raise self._defect

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError as exc:  # it hung up already, or this process has too many files open
                logger.warning("a connection could not be taken: %s", exc.strerror)
                await asyncio.sleep(0.1)
                continue
            self._take(connection, _plain(address[0]))
            # A burst of callers is accepted without a pause: those who came have their turn.
            await asyncio.sleep(0)

    def _take(self, connection: socket.socket, host: str) -> None:
        if len(self._open) >= self._settings.at_once and not self._made_room():
            connection.close()
            self._tell(Stranger(host, f"turned away: {self._settings.at_once} connections are open already"))
            return
        visit = _Visit(host)
        task = asyncio.create_task(self._serve(connection, visit))
        self._open[task] = visit
        task.add_done_callback(self._over)

    def _made_room(self) -> bool:
        """Hang up on who has been there longest without a request: a port scan must not keep a scanner out."""
        for task, visit in self._open.items():
            if visit.begun and not visit.number:
                visit.crowded_out = True
                del self._open[task]
                self._leaving.add(task)
                task.cancel()
                return True
        return False

    def _over(self, task: asyncio.Task[None]) -> None:
        self._open.pop(task, None)
        self._leaving.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._defect = task.exception()
            self._done.set()

    async def _serve(self, connection: socket.socket, visit: _Visit) -> None:
        """One connection from its first byte to its end."""
        settings = self._settings
        visit.begun = True
        how, well = "it was there when the listener ended", False
        try:
            async with (
                asyncio.timeout(settings.longest),
                opened(connection, settings.tls, settings.patience) as channel,
            ):
                how, well = await self._converse(channel, visit)
        except CallerFault as fault:
            how = str(fault)
        except TimeoutError:
            how = f"cut off: it was connected for more than {settings.longest:g} s"
        except OSError as exc:
            how = f"the connection broke ({exc.strerror or 'it hung up'})"
        finally:
            if visit.crowded_out:
                how = "hung up on: it was waiting longest when somebody else called"
            self._tell(Ended(visit.number, how, well) if visit.number else Stranger(visit.host, how))
            self._finished += bool(visit.number)
            if settings.count is not None and self._finished >= settings.count:
                self._done.set()

    async def _converse(self, channel: Channel, visit: _Visit) -> tuple[str, bool]:
        """How the association ended, and whether well."""
        asked = await _requested(channel)
        self._requested += 1
        visit.number = self._requested
        why, answer = _answered(asked)
        at = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        seen = heard(asked, visit.host, at, answer=f"refused: {why}" if why else "accepted")
        self._tell(Called(visit.number, seen, channel.subject))
        await channel.send(answer)
        if why:
            return f"refused: {why}", False
        channel.established = True
        visit.max_pdu = asked.max_pdu or 0
        return await self._associated(channel, visit)

    async def _associated(self, channel: Channel, visit: _Visit) -> tuple[str, bool]:
        """Answer messages until the caller ends the association."""
        assembler = Assembler(keeps=False)
        while True:
            kind, body = await channel.receive(self._settings.idle, 4 * pdu.MAX_PDU)
            match kind:
                case pdu.RELEASE:
                    channel.established = False
                    await channel.send(pdu.RELEASE_ANSWER)
                    return "released", True
                case pdu.ABORT:
                    channel.established = False
                    return _abort_in_words(body), False
                case pdu.DATA:
                    await self._data(channel, visit, assembler, body)
                case _:
                    raise CallerFault(f"it sent a PDU of type {kind:02X} on an association that stands")

    async def _data(self, channel: Channel, visit: _Visit, assembler: Assembler, body: bytes) -> None:
        try:
            whole = tuple(assembler.add(body))
        except ValueError as exc:
            raise CallerFault(f"cut off: {exc}") from exc
        for message in whole:
            status = answers.status(message)
            said = Said(visit.number, answers.name(message), answers.sop_class(message), status)
            self._tell(said)
            if status is not None:
                comment = answers.COMMENT if status else ""
                await channel.send(response(message, status, visit.max_pdu, comment))


@dataclass(slots=True)
class _Visit:
    """Who is connected; `number`: of its association, 0 while there is none; `max_pdu`: what it takes, in bytes."""

    host: str
    number: int = 0
    max_pdu: int = 0
    begun: bool = False
    """Whether its connection is somebody's to close: a task that is cancelled before it began closes nothing."""
    crowded_out: bool = False
    """Whether it was hung up on because all places were taken, and it had requested nothing."""


async def _ended(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel these and wait until they are over."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _requested(channel: Channel) -> Request:
    kind, body = await channel.first()
    if kind != pdu.REQUEST:
        raise CallerFault(f"it began with a PDU of type {kind:02X} rather than an association request")
    try:
        return request(body)
    except ValueError as exc:
        raise CallerFault(f"its association request cannot be read: {exc}") from exc


def _answered(asked: Request) -> tuple[str, bytes]:
    """Why the request is not accepted (empty: it is), and the answer to it."""
    if asked.rejection is not None:
        words = {2: "protocol version", 1: "application context name"}[asked.rejection[1]]
        return f"{words} not supported", pdu.rejected(*asked.rejection)
    if asked.unusable:
        return asked.unusable, pdu.aborted(2, 6)
    return "", accepted(asked)


def _abort_in_words(body: bytes) -> str:
    who = "its software" if body[2:3] == b"\0" else "its DICOM layer"
    return f"aborted by {who} (PS3.8 9.3.8: {body[2]}/{body[3]})" if len(body) >= 4 else "aborted"


def _listening(address: str, port: int) -> socket.socket:
    """A socket that listens; without an address at every one of this machine, IPv6 too where there is any."""
    dual = not address and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual or ":" in address else socket.AF_INET
    try:
        listening = socket.create_server((address, port), family=family, dualstack_ipv6=dual, backlog=64)
    except OSError as exc:
        if not dual or exc.errno not in _WITHOUT_IPV6:
            raise
        listening = socket.create_server((address, port), backlog=64)
    listening.setblocking(False)
    return listening


_WITHOUT_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
"""How IPv6 fails where it is built in, and switched off."""


def _plain(address: str) -> str:
    """An address as an inventory has it: an IPv4 one that came through IPv6 is IPv4 (RFC 4291 section 2.5.5.2)."""
    return address.removeprefix("::ffff:").partition("%")[0]
