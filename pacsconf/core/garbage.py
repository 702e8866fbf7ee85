"""When Python looks for garbage: for each 700 objects more by itself, which is most of the time here (measured).

Tens of thousands of resources are made once and kept to the end, and each look goes through all that is new.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = (200_000, 30, 30)
"""Objects more, looks among the new ones, looks among what survived those. A long apply is still cleaned up after:
200,000 objects in circles are about 20 MB."""


def seldom() -> None:
    """Look for garbage seldom from now on: for a process that is one command."""
    gc.set_threshold(*_SELDOM)


@contextmanager
def waits() -> Iterator[None]:
    """No look for garbage while something large grows, of which nothing is garbage.

    Nor for garbage in it afterwards, where a process is one command: that first look took a quarter of a second for
    ten thousand devices. What is not in a circle still goes as soon as nobody needs it.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            if gc.get_threshold() == _SELDOM:
                gc.freeze()
            gc.enable()
