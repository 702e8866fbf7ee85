"""So much memory and no more, where files of people whom nobody knows are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pacsconf.core.errors import PacsconfError
from pacsconf.core.memory import bounded

MOST = 4 << 30
"""Bytes beyond what is used already: an inventory of ten thousand devices takes a quarter of it."""


@contextmanager
def memory_bounded(most: int = MOST) -> Iterator[None]:
    """Let what is done here use at most so many bytes more.

    Raises: PacsconfError where that is not enough.
    """
    try:
        with bounded(most):
            yield
    except MemoryError as exc:
        raise PacsconfError(
            f"it needs more than {most >> 30} GB of memory, which no inventory does",
            fix="Look for files, lists or texts that are much longer than the others.",
        ) from exc
