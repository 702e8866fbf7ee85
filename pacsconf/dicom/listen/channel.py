"""One connection to our listener: its PDUs, each within a deadline and a size, over TCP or TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from pacsconf.dicom.upper_layer import pdu
from pacsconf.dicom.wire import Identity

_LONGEST_REQUEST = 1024 * 1024
"""Bytes of an association request that are read: 128 contexts with twenty transfer syntaxes each take a fifth."""
_TLS_HANDSHAKE = 0x16
"""How a TLS client begins (RFC 8446 section 5.1)."""
_FAREWELL = 1.0
"""Seconds in which a caller may hang up by itself after the last PDU, so that it is not lost (ARTIM)."""
_HALF = "sent half a PDU, and not the rest"


class CallerFault(Exception):
    """A caller did not do its part; the text says what it did instead."""


class HungUp(CallerFault):
    """It hung up."""


@dataclass(slots=True)
class Channel:
    """The PDUs of one connection, each within a deadline and a size."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    patience: float
    subject: str = ""
    established: bool = False
    """Whether an association stands, so that an end in disorder is told by an A-ABORT."""

    async def first(self) -> tuple[int, bytes]:
        """The first PDU; what is none is named for what it looks like."""
        try:
            start = await self._some(1, self.patience, "connected, and said nothing")
        except HungUp as fault:
            raise CallerFault("connected, and hung up without a word") from fault
        if start[0] == _TLS_HANDSHAKE:
            raise CallerFault(
                "it speaks TLS, and this port does not: listen with --tls, or switch TLS off there"
            )
        if not pdu.REQUEST <= start[0] <= pdu.ABORT:
            raise CallerFault("what it sent is not DICOM")
        return await self._rest(start, _LONGEST_REQUEST)

    async def receive(self, idle: float, longest: int) -> tuple[int, bytes]:
        """The next PDU, which may be `idle` seconds in coming."""
        try:
            start = await self._some(1, idle, "sent no message")
        except HungUp as fault:
            raise HungUp("it hung up without releasing the association") from fault
        return await self._rest(start, longest)

    async def _rest(self, start: bytes, longest: int) -> tuple[int, bytes]:
        head = await self._some(5, self.patience, _HALF)
        size = int.from_bytes(head[1:], "big")
        if not pdu.REQUEST <= start[0] <= pdu.ABORT:
            raise CallerFault(f"it sent a PDU of type {start[0]:02X}, which does not exist")
        if size > longest:
            raise CallerFault(f"it announced a PDU of {size} bytes, and no more than {longest} are taken")
        return start[0], await self._some(size, self.patience, _HALF)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        try:
            async with asyncio.timeout(self.patience):
                await self.writer.drain()
        except TimeoutError as exc:
            raise CallerFault(f"it took no answer within {self.patience:g} s") from exc

    async def farewell(self) -> None:
        """Wait a moment for the caller to hang up, so that our last word is not lost (ARTIM)."""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(_FAREWELL):
                while await self.reader.read(65536):
                    pass

    def abort(self) -> None:
        """Tell the caller that an association which stands is over. Nothing is waited for."""
        if self.established and not self.writer.is_closing():
            self.writer.write(pdu.aborted(2, 0))

    async def _some(self, size: int, seconds: float, silence: str) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                return await self.reader.readexactly(size)
        except TimeoutError as exc:
            raise CallerFault(f"{silence} within {seconds:g} s") from exc
        except asyncio.IncompleteReadError as exc:
            raise HungUp("it hung up in the middle") from exc


def encrypted(identity: Identity) -> ssl.SSLContext:
    """How a listener speaks TLS: it shows its certificate, and asks for theirs where it knows whom to trust.

    Raises: OSError when a file cannot be read, or is none of these.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key or None)
    if identity.ca_file:
        context.load_verify_locations(identity.ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


@asynccontextmanager
async def opened(
    connection: socket.socket, tls: ssl.SSLContext | None, patience: float
) -> AsyncIterator[Channel]:
    """The channel over a connection, which is closed in any case.

    Raises: CallerFault when TLS could not be agreed on.
    """
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport = await _transport(connection, protocol, tls, patience)
    writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
    made = Channel(reader, writer, patience, _subject(writer))
    try:
        yield made
        await made.farewell()
    except CallerFault:
        made.abort()
        await made.farewell()
        raise
    except BaseException:
        made.abort()
        raise
    finally:
        transport.abort()


async def _transport(
    connection: socket.socket,
    protocol: asyncio.StreamReaderProtocol,
    tls: ssl.SSLContext | None,
    patience: float,
) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    connection.setblocking(False)
    if tls is None:
        plain, _ = await loop.connect_accepted_socket(lambda: protocol, connection)
        return plain
    try:
        encrypted, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            connection,
            ssl=tls,
            ssl_handshake_timeout=patience,
            ssl_shutdown_timeout=_FAREWELL,
        )
    except ssl.SSLError as exc:
        raise CallerFault(f"TLS could not be agreed on: {_tls_in_words(exc)}") from exc
    except ConnectionError as exc:
        raise CallerFault("it hung up, or said nothing, before TLS was agreed on") from exc
    return encrypted


def _tls_in_words(exc: ssl.SSLError) -> str:
    """What OpenSSL found, with what it means where it is an everyday mistake."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({exc.verify_message})"
    reason = (exc.reason or "no reason given").lower().replace("_", " ")
    return f"{reason}; it does not speak TLS" if exc.reason in _NOT_TLS else reason


_NOT_TLS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
)
"""What OpenSSL says of bytes that are no TLS; which of them hangs on its version and on the bytes."""


def _subject(writer: asyncio.StreamWriter) -> str:
    """The subject of the caller's certificate: empty where it showed none, or there is no TLS."""
    certificate = writer.get_extra_info("peercert") or {}
    return ", ".join(f"{name}={value}" for part in certificate.get("subject", ()) for name, value in part)
