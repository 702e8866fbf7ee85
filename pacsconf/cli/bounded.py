"""So much memory and no more, where files of people whom nobody knows are read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pacsconf.core.errors import PacsconfError

MOST = 4 << 30
"""Bytes beyond what is used already: an inventory of ten thousand devices takes a quarter of it."""


@contextmanager
def memory_bounded(most: int = MOST) -> Iterator[None]:
    """Let what is done here use at most so many bytes more, where the system has such bounds (Linux).

    Raises: PacsconfError where that is not enough.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    soft, hard = before = resource.getrlimit(resource.RLIMIT_AS)
    bounds = [used + most, *(bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(bounds), hard))
    try:
        yield
    except MemoryError as exc:
        raise PacsconfError(
            f"it needs more than {most >> 30} GB of memory, which no inventory does",
            fix="Look for files, lists or texts that are much longer than the others.",
        ) from exc
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
