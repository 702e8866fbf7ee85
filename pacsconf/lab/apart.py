"""A server in a network of its own, where it has the ports that it is known by; ports of the loopback lead into it.

A server that only listens at fixed ports, or at every address of the machine, can so be started several times and
is seen by nobody outside. The ports are taken in the machine's network first; then this process moves into a new
one that has nothing but a loopback, starts the server there and passes on whoever calls. A socket stays in the
network that it was made in, so nothing has to be wired, and the network is gone with its last process. Needs root,
and Linux.

Run as `python -m pacsconf.lab.apart FOLDER/apart.json`: `ports` leads each port of the loopback to one inside,
`command` is what serves there. It ends when that ends, and ends that when it is told to end.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread

from pacsconf.lab import relay

PLAN = "apart.json"
_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of <linux/sched.h>."""
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
"""SIOCGIFFLAGS, SIOCSIFFLAGS of <linux/sockios.h> and IFF_UP of <linux/if.h>."""
_END_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of <linux/prctl.h>."""
_PATIENCE = 3600.0
"""Seconds after which a silent connection is let go."""


def refused() -> str:
    """Why this machine gives no network of its own to a process of ours; empty where it does."""
    tried = subprocess.run(
        [sys.executable, "-m", __name__], capture_output=True, text=True, check=False, timeout=60
    )
    return tried.stderr.strip().rpartition("\n")[2] if tried.returncode else ""


def _leave() -> None:
    """Move into a new network. Raises: OSError where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    with socket.socket() as sock:
        request = struct.pack("16sH14x", b"lo", 0)
        name, flags = struct.unpack("16sH14x", fcntl.ioctl(sock, _GET_FLAGS, request))
        fcntl.ioctl(sock, _SET_FLAGS, struct.pack("16sH14x", name, flags | _UP))


def _serve(ports: Mapping[str, int], command: list[str]) -> int:
    """Serve until the server ends: its exit code."""
    selector = selectors.DefaultSelector()
    for port, inside in ports.items():
        selector.register(socket.create_server(("127.0.0.1", int(port))), selectors.EVENT_READ, inside)
    _leave()
    server = subprocess.Popen(command, preexec_fn=_with_us)
    ended, wakes = os.pipe()
    selector.register(ended, selectors.EVENT_READ, None)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    Thread(target=lambda: os.write(wakes, bytes((server.wait() & 1,))), daemon=True).start()
    while server.poll() is None:
        for key, _ in selector.select():
            if isinstance(key.fileobj, socket.socket):
                _lead(key.fileobj, key.data)
    return server.returncode


def _with_us() -> None:
    """Have the server ended with this process, however that ends."""
    ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGTERM)


def _lead(listening: socket.socket, inside: int) -> None:
    with suppress(OSError):
        caller, _ = listening.accept()
        Thread(target=_pass_on, args=(caller, inside), daemon=True).start()


def _pass_on(caller: socket.socket, inside: int) -> None:
    with suppress(OSError), caller:
        relay.lead_through(caller, inside, _PATIENCE)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        _leave()
        sys.exit(0)
    asked = json.loads(Path(sys.argv[1]).read_text())
    sys.exit(_serve(asked["ports"], asked["command"]))
