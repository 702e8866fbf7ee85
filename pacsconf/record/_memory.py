"""So much memory and no more for the git that takes in what others sent.

A bundle of seventeen kilobytes can hold deltas that come to gigabytes each, and git makes them in memory.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def children_bounded(most: int) -> Iterator[None]:
    """What is started here gets `most` bytes, beside as many as this process uses; on Linux alone."""
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
