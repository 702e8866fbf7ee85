"""Files that other people of this machine have no business with, read only when that is so."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from pacsconf.core.errors import OperatorError

LIMIT = 64 * 1024
"""Bytes. An operator file or a secret is a few lines; more is the wrong file."""

NOT_WRITTEN_BY_OTHERS = 0o022
NOT_TOUCHED_BY_OTHERS = 0o077

_ON_POSIX = os.name == "posix"
# A named pipe would keep us waiting for ever. What was opened is checked, so nothing is swapped in between.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_private(path: Path, *, forbidden: int, most: int = LIMIT) -> bytes:
    """What the file holds, at most so many bytes.

    `forbidden` are permission bits that must not be set; with `NOT_WRITTEN_BY_OTHERS` the file must also
    belong to this user or to root. Windows has no such bits: there the folder's access list has to do.

    Raises: OperatorError when it cannot be read or is not private enough.
    """
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            _check(path, os.fstat(file.fileno()), forbidden)
            data = file.read(most + 1)
    except OSError as exc:
        raise OperatorError(
            f"{path} cannot be read: {exc.strerror}", fix="Check the path and who may read it."
        ) from exc
    if len(data) > most:
        raise OperatorError(f"{path} is larger than {most // 1024} KiB: that is not the file that is meant")
    return data


def require_own_program(path: Path) -> None:
    """Nothing, where a program stands here that nobody else could have written.

    Raises: OperatorError.
    """
    try:
        status = path.stat()
    except OSError as exc:
        raise OperatorError(
            f"{path} cannot be run: {exc.strerror}", fix="Check the path and who may read it."
        ) from exc
    _check(path, status, NOT_WRITTEN_BY_OTHERS)
    if not os.access(path, os.X_OK):
        raise OperatorError(
            f"{path} is no program that may be run", fix=f"chmod u+x {shlex.quote(str(path))}"
        )


def _check(path: Path, status: os.stat_result, forbidden: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OperatorError(f"{path} is not a plain file", fix="Name a file.")
    if not _ON_POSIX:
        return
    if status.st_mode & forbidden:
        deed = "change" if forbidden == NOT_WRITTEN_BY_OTHERS else "read or change"
        raise OperatorError(
            f"other users of this machine may {deed} {path} (mode {stat.S_IMODE(status.st_mode):04o})",
            fix=f"chmod {'go-w' if forbidden == NOT_WRITTEN_BY_OTHERS else '600'} {shlex.quote(str(path))}",
        )
    if forbidden == NOT_WRITTEN_BY_OTHERS and status.st_uid not in (0, os.geteuid()):
        raise OperatorError(
            f"{path} belongs to another user (uid {status.st_uid}), who could change what it allows",
            fix=f"chown {os.geteuid()} {shlex.quote(str(path))}",
        )
