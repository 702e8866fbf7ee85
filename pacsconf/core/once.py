"""What several ask of one and the same large value, one after the other, worked out once.

Values that do not change are copied for environments and looks with a few of their parts replaced. So the others
are the same objects, and what follows from one of them is the same. The last one is kept, no more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

T = TypeVar("T")
V = TypeVar("V")


def for_the_last(function: Callable[[T], V]) -> Callable[[T], V]:
    """The function, which is not called again for the very object that it was called for last."""
    held: list[tuple[T, V]] = []

    @wraps(function)
    def asked(of: T) -> V:
        if not held or held[0][0] is not of:
            held[:] = [(of, function(of))]
        return held[0][1]

    return asked
