"""A program of the operator's that has people set a first password.

It is called once for each account with four arguments: the system, the user's id, the login, the DN. It gets no
secret: neither as an argument nor in its surroundings, of which it sees no more than who it runs as and in which
language. There is no shell. What it prints is nobody's to read but a log's, and of that a little.
"""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from pacsconf.operator.private import require_own_program

log = logging.getLogger(__name__)

SECONDS = 30.0
"""For one invitation."""
_KEPT = 2000
"""Bytes of what it prints that are looked at."""
_GIVEN = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT")
"""Variables that it sees."""


@dataclass(frozen=True, slots=True)
class Inviter:
    """The program, and how long it may take."""

    program: Path
    seconds: float = SECONDS

    @classmethod
    def at(cls, program: Path) -> Inviter:
        """The inviter at this path.

        Raises: OperatorError when there is none, or others could write it.
        """
        require_own_program(program)
        return cls(program)

    def spelt(self, arguments: Sequence[str]) -> str:
        """How to call it by hand."""
        return shlex.join([str(self.program), *arguments])

    def invite(self, system: str, user: str, login: str, dn: str) -> str:
        """Why it did not invite somebody; empty where it did."""
        arguments = [str(self.program), system, user, login, dn]
        surroundings = {name: os.environ[name] for name in _GIVEN if name in os.environ}
        with TemporaryFile() as output:
            try:
                process = subprocess.Popen(
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=self.program.parent,
                    env=surroundings,
                    start_new_session=True,
                )
            except OSError as exc:
                return f"the program cannot be run: {exc.strerror}"
            in_time = _waited(process, self.seconds)
            output.seek(0)
            _told(user, output.read(_KEPT))
        if not in_time:
            return f"the program did not end within {self.seconds:g} seconds, and was stopped"
        code = process.returncode
        return f"the program ended with {code}" if code else ""


def _waited(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ended in time; else it is ended, with all that it began."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    except BaseException:  # whoever wants this command to end wants it of the program, too
        process.kill()
        raise
    return True


def _told(user: str, printed: bytes) -> None:
    for line in printed.decode("utf-8", "replace").splitlines():
        log.info("invitation of %s: %s", user, "".join(c if c.isprintable() else "?" for c in line))
