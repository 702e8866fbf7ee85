"""What this user's cache remembers of rules that were found right: `pacsconf/rules` in `$XDG_CACHE_HOME`.

Where it cannot be read or written, everything is checked, and nobody is told: nothing is missing but time. A file
that somebody else could have written is as good as none.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pacsconf.policy.memory import Memory

MOST = 2_000
"""Digests that are kept: those of some repositories."""
_LARGEST = 200_000
"""Bytes of the file that are read."""
_CHECKS = ("bounds.py", "rule.py", "scan.py", "engine/*.py", "vocabulary/*.py")
"""What the check of a rule depends on, in `pacsconf/policy`."""


def remembered() -> Memory:
    """What is remembered; nothing where what checks is not what it was."""
    from pacsconf.policy.memory import Memory

    basis = _basis()
    with suppress(OSError, ValueError, RuntimeError):  # not there, no text of ours, or nowhere to be
        first, *digests = _read(_file()).split()
        if first == basis:
            return Memory(basis, frozenset(digests))
    return Memory(basis)


def keep(memory: Memory) -> None:
    """Write what is new, whole or not at all."""
    if not memory.is_new:
        return
    from tempfile import NamedTemporaryFile

    with suppress(OSError, RuntimeError):
        file = _file()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=file.parent, prefix=".rules-", delete=False) as part:
            try:
                part.write("\n".join((memory.basis, *memory.most(MOST), "")))
                part.close()
                Path(part.name).replace(file)
            except OSError:
                Path(part.name).unlink(missing_ok=True)


def _file() -> Path:
    """Raises: RuntimeError where this user has no home, as in many containers."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    folder = named if named.is_absolute() else Path.home() / ".cache"  # as the XDG base directories say
    return folder / "pacsconf" / "rules"


def _read(file: Path) -> str:
    """Raises: OSError for what is not there, and for what somebody else may write."""
    with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), encoding="utf-8") as held:
        found = os.fstat(held.fileno())
        is_ours = found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not (stat.S_ISREG(found.st_mode) and is_ours and found.st_size <= _LARGEST):
            raise PermissionError(str(file))
        return held.read()


def _basis() -> str:
    """A digest of what checks: our modules by what they hold, libraries by the files that were installed."""
    return sha256(b"\0".join(_parts())).hexdigest()


def _parts() -> Iterator[bytes]:
    ours = find_spec("pacsconf.policy")
    for folder in (ours.submodule_search_locations if ours else None) or ():
        for pattern in _CHECKS:
            for path in sorted(Path(folder).glob(pattern)):
                yield path.name.encode()
                yield path.read_bytes()
    for library in ("cel_expr_python.cel", "google.protobuf"):
        spec = find_spec(library)
        if spec and spec.origin:
            told = Path(spec.origin).stat()
            yield f"{spec.origin} {told.st_size} {told.st_mtime_ns}".encode()
