"""Ctrl-C, or a polite kill, while changes are made: what was begun is finished and recorded, nothing more is begun.

A second one ends the command at once. That is as safe as a power cut: `pacsconf resume` carries on.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_WORDS = b"\nstopping: what was begun is finished and recorded (again to end at once)\n"


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Whether an end was asked for, as a function; signals are ours for the length of the `with` block."""
    asked: list[int] = []

    def heed(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) > 1:
            raise KeyboardInterrupt
        os.write(2, _WORDS)  # not print: the signal may have come in the middle of one

    former = {number: signal.signal(number, heed) for number in _SIGNALS}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
