"""So much memory and no more, for what is done here and by the programs that are started meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def bounded(most: int) -> Iterator[None]:
    """What is done here may use `most` bytes beside those that are used already; on Linux, elsewhere as it likes.

    A program that is started here may use as many as all of that.
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
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
