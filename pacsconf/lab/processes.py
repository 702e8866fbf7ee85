"""The lab's processes, known by their command lines.

There are no process id files to go stale: a process is the lab's when it runs one of the lab's programs on a
file in the lab's folder. So a number that belongs to somebody else by now is never signalled, and children
and what an interrupted start left behind are found too. Needs /proc, hence Linux.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pacsconf.core.errors import Unavailable

SWITCHBOARD = "pacsconf.lab.switchboard"
MPPS = "pacsconf.lab.mpps"
HL7 = "pacsconf.lab.hl7_listener"
STAND_IN = "pacsconf.lab.archive_stand_in"
APART = "pacsconf.lab.apart"
OWN = (SWITCHBOARD, MPPS, HL7, STAND_IN, APART)
"""Programs of ours, by module."""
PROGRAMS = ("slapd", "Orthanc", "dcmqrscp", "storescp", "wlmscpfs")
_WITHIN = 15.0
"""Seconds until a process must be ready, or gone; it usually takes less than one."""
_ATTEMPTS = 3
"""Ports to try."""

Started = TypeVar("Started")


def spawn(command: Sequence[str], folder: Path, log: Path) -> int:
    """The process id of `command`, run in `folder`, in a session of its own so that it outlives our terminal."""
    at_home = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(folder), *command]
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(at_home[0], at_home, os.environ, file_actions=files, setsid=True)


def of(folder: Path) -> dict[int, str]:
    """The processes that serve the lab in this folder: program by process id."""
    found = {
        int(entry.name): _program(entry, folder) for entry in Path("/proc").iterdir() if entry.name.isdigit()
    }
    return {pid: program for pid, program in sorted(found.items()) if program}


def _program(entry: Path, folder: Path) -> str:
    """The lab's program that this process runs, or "": also for one that ended or is somebody else's."""
    try:
        arguments = [os.fsdecode(word) for word in (entry / "cmdline").read_bytes().split(b"\0")]
    except OSError:
        return ""
    program = next((own for own in OWN if own in arguments), Path(arguments[0]).name)
    here = any(Path(word).is_relative_to(folder) for word in arguments[1:] if word.startswith("/"))
    return program if here and program in (*OWN, *PROGRAMS) else ""


def end(folder: Path, programs: Collection[str] = (*OWN, *PROGRAMS)) -> None:
    """End the lab's processes of these programs and wait until they are gone; not nicely, where nothing helps."""
    until = time.monotonic() + _WITHIN
    kind = signal.SIGTERM
    ended: set[int] = set()
    while pids := [pid for pid, program in of(folder).items() if program in programs]:
        if time.monotonic() > until:
            kind = signal.SIGKILL
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, kind)
        ended.update(pids)
        time.sleep(0.02)
    for pid in ended:
        with suppress(ChildProcessError):  # a child of ours stays a zombie until we look
            os.waitpid(pid, 0)


def wait_for(ready: Callable[[], bool], pid: int, log: Path, what: str) -> None:
    """Wait until `ready`; a process that is not in time is ended.

    Raises: Unavailable, with its last words, when the process ends or is not ready in time.
    """
    until = time.monotonic() + _WITHIN
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if ready():
            return
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    said = log.read_text(errors="replace").strip()[-500:] if log.exists() else ""
    raise Unavailable("lab", f"{what} did not start: {said or 'it said nothing'}")


def answers(port: int) -> bool:
    """Whether anybody takes connections at this port of the loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def free_port() -> int:
    """A port of the loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def at_a_free_port(start: Callable[[int], Started]) -> Started:
    """What `start` makes of a free port; of another, where somebody took the first before it listened.

    Raises: Unavailable when it does not start at any.
    """
    for _ in range(_ATTEMPTS - 1):
        with suppress(Unavailable):
            return start(free_port())
    return start(free_port())


def dcmtk(name: str) -> str:
    """The path of a DCMTK program, not of the script of the same name that pynetdicom puts beside our Python.

    Raises: Unavailable when it is not installed.
    """
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    outside = [folder for folder in folders if folder and not (Path(folder).parent / "pyvenv.cfg").exists()]
    found = shutil.which(name, path=os.pathsep.join([*outside, "/usr/bin", "/usr/local/bin"]))
    if found is None:
        raise Unavailable("lab", f"{name} is not installed", fix="Install DCMTK (apt-get install dcmtk).")
    return found
