from __future__ import annotations

import socket
import sys
import threading
import time

import pytest

from pacsconf.dicom.upper_layer.stream import Plain, connect

ROUNDS = 100


def _in_two_parts(listener: socket.socket) -> None:
    """Answers each byte by two, sent apart, the second once the first was acknowledged (Nagle's algorithm)."""
    sock, _ = listener.accept()
    with sock:
        while sock.recv(1):
            sock.send(b"1")
            sock.send(b"2")


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux lets a program ask for prompt acknowledgements"
)
def test_answers_in_two_parts_are_not_held_up():
    """Each would take 40 ms, and all together longer than the deadline; they take a hundredth of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=_in_two_parts, args=(listener,))
        server.start()
        stream = connect(["127.0.0.1"], listener.getsockname()[1], 5)
        deadline = time.monotonic() + ROUNDS * 0.03
        for _ in range(ROUNDS):
            stream.send(b"?", deadline)
            answer = b""
            while len(answer) < 2:
                answer += stream.some(deadline)
            assert answer == b"12"
        stream.close()
        server.join()


def test_a_stream_need_not_be_tcp():
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.send(b"1")
        stream = Plain(ours)
        assert stream.some(time.monotonic() + 5) == b"1"
        stream.close()
