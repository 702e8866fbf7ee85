"""Leading an association on to the program that plays its part.

Programs that can only listen at every address of the machine are called under a title that nobody else knows,
so strangers in the network are refused; what the caller says and hears is the declared title.
"""

from __future__ import annotations

import select
import socket
from contextlib import suppress

REQUEST, ACCEPTED = 1, 2
"""Types of PDU (PS3.8 section 9.3)."""
HEAD = 42
"""Bytes up to and with the two titles, in a request and in an acceptance alike."""
CALLED, CALLING = slice(10, 26), slice(26, 42)
_PIECE = 65536
_LONGEST = 1 << 20
"""Bytes of a request that are read before it is refused."""


def titles(head: bytes) -> tuple[str, str] | None:
    """The called and the calling title in the first bytes of a request; None: it is none."""
    if len(head) < HEAD or head[0] != REQUEST:
        return None
    called, calling = (head[part].decode("latin-1").strip(" \0") for part in (CALLED, CALLING))
    return called, calling


def renamed(head: bytes, title: str) -> bytes:
    """The same with another called title."""
    return head[: CALLED.start] + title.ljust(16).encode("latin-1")[:16] + head[CALLED.stop :]


def refused(reason: int) -> bytes:
    """An A-ASSOCIATE-RJ: permanent, by the service user, for this reason (PS3.8 section 9.3.4)."""
    return bytes((3, 0, 0, 0, 0, 4, 0, 1, 1, reason))


def take(sock: socket.socket, count: int) -> bytes:
    """The next `count` bytes; fewer where the other side ended before."""
    taken = b""
    while len(taken) < count and (piece := sock.recv(count - len(taken))):
        taken += piece
    return taken


def lead_on(client: socket.socket, head: bytes, port: int, title: str | None, patience: float) -> None:
    """Pass everything on until one side ends, or is silent for `patience` seconds.

    `head` was taken from the client already. With `title`, it is under this one that the other side is called.
    """
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), patience) as server:
        client.settimeout(patience)
        server.sendall(renamed(head, title) if title else head)
        if head[:1] == bytes((REQUEST,)):
            if not _copied(client, server, _rest(head)):
                return
            client.sendall(_answer(server, head))
        _pump(client, server, patience)


def lead_through(client: socket.socket, port: int, patience: float) -> None:
    """Pass on whatever comes, either way, until one side ends, or is silent for `patience` seconds."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), patience) as server:
        client.settimeout(patience)
        _pump(client, server, patience)


def refuse(client: socket.socket, head: bytes, reason: int, patience: float) -> None:
    """Refuse a request of which `head` was taken; all of it is read, or the answer would be lost with the rest."""
    client.settimeout(patience)
    left = min(_rest(head), _LONGEST)
    while left > 0 and (piece := client.recv(min(left, _PIECE))):
        left -= len(piece)
    client.sendall(refused(reason))


def _rest(head: bytes) -> int:
    """How many bytes of a PDU follow."""
    return 6 + int.from_bytes(head[2:6], "big") - len(head)


def _copied(source: socket.socket, target: socket.socket, count: int) -> bool:
    """Pass on this many bytes; False where they end before."""
    while count > 0 and (piece := source.recv(min(count, _PIECE))):
        target.sendall(piece)
        count -= len(piece)
    return count <= 0


def _answer(server: socket.socket, head: bytes) -> bytes:
    """The begin of what a request is answered with; an acceptance repeats the title that was called."""
    answer = take(server, 6)
    if answer[:1] == bytes((ACCEPTED,)):
        answer += take(server, HEAD - len(answer))
        answer = answer[: CALLED.start] + head[CALLED] + answer[CALLED.stop :]
    return answer


def _pump(client: socket.socket, server: socket.socket, patience: float) -> None:
    other = {client: server, server: client}
    while True:
        # What TLS has decrypted already is not seen by the system.
        waiting = getattr(client, "pending", lambda: 0)()
        ready = [client] if waiting else select.select([client, server], [], [], patience)[0]
        if not ready:
            return
        for sock in ready:
            piece = sock.recv(_PIECE)
            if not piece:
                return
            other[sock].sendall(piece)
