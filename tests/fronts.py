"""A proxy in front of a real server that answers some requests itself, or spoils what comes back."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Answers = Callable[[str, str], bytes | None]
"""By method and path: the raw answer to give in the server's place, None to ask the server."""


def reply(status: int, body: Any = "", *, kind: str = "application/json", **headers: str) -> bytes:
    """A raw answer; a body that is no text is put in JSON."""
    content = (body if isinstance(body, str) else json.dumps(body)).encode()
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [f"Content-Type: {kind}", f"Content-Length: {len(content)}", "Connection: close"]
    return "\r\n".join([f"HTTP/1.1 {status} Spoken", *lines, "", ""]).encode() + content


PAGE = reply(200, "<!DOCTYPE html><html><body>Please sign in</body></html>", kind="text/html")


def half(answer: bytes) -> bytes:
    """The answer with the second half of its body missing."""
    head, end, body = answer.partition(b"\r\n\r\n")
    return head + end + body[: len(body) // 2]


class Front:
    """A running proxy: `port`, and every request that came as `asked` ("GET /system")."""

    def __init__(
        self,
        upstream: int | None,
        answers: Answers = lambda _method, _path: None,
        spoil: Callable[[bytes], bytes] = lambda answer: answer,
        tls: Path | None = None,
    ) -> None:
        self.asked: list[str] = []
        self.heads: list[bytes] = []
        self._upstream = upstream
        self._answers = answers
        self._spoil = spoil
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
        if self._context and tls:
            self._context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.settimeout(10)
            try:
                with self._wrapped(connection) as wrapped:
                    self._one(wrapped)
            except OSError:
                connection.close()  # a client that hung up, or did not trust us

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        return self._context.wrap_socket(connection, server_side=True) if self._context else connection

    def _one(self, connection: socket.socket) -> None:
        head, body = _request(connection)
        if not head:
            return
        method, path, _ = head.decode("latin-1").split(" ", 2)
        self.asked.append(f"{method} {path}")
        self.heads.append(head)
        answer = self._answers(method, path)
        if answer is None:
            answer = self._spoil(self._forwarded(head, body))
        connection.sendall(answer)

    def _forwarded(self, head: bytes, body: bytes) -> bytes:
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        with socket.create_connection(("127.0.0.1", self._upstream), timeout=10) as server:
            server.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body)
            return _closing(b"".join(iter(lambda: server.recv(65536), b"")))


def _closing(answer: bytes) -> bytes:
    """The answer, saying that the proxy hangs up: else the next request may be sent into a closing connection."""
    head, end, body = answer.partition(b"\r\n\r\n")
    lines = [
        one for one in head.split(b"\r\n") if not one.lower().startswith((b"connection:", b"keep-alive:"))
    ]
    return b"\r\n".join([*lines, b"Connection: close"]) + end + body


def _request(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more or more[:1] == b"\x16":  # somebody speaks TLS to a server that does not
            return b"", b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head, body


@contextmanager
def front(upstream: int | None = None, *args: Any, **more: Any) -> Iterator[Front]:
    """A proxy for the length of a `with` block."""
    running = Front(upstream, *args, **more)
    try:
        yield running
    finally:
        running.close()
