"""What a person sees: results on stdout, everything else on stderr, in colour only where that is wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from io import StringIO
from typing import IO, TYPE_CHECKING

from pacsconf.core.errors import PacsconfError, SystemFaults
from pacsconf.report.lines import Lines, plain

if TYPE_CHECKING:
    from rich.console import Console


class Screen:
    """Stdout and stderr of one command. `color` None: as the terminal and NO_COLOR say.

    `command` is how pacsconf was called, which is how a person must call it again.
    """

    def __init__(self, color: bool | None, command: str = "pacsconf") -> None:
        self.command = command
        self._out = _Stream(sys.stdout, color)
        self._err = _Stream(sys.stderr or sys.stdout, color)

    @property
    def width(self) -> int:
        """Columns to lay out for: the terminal's, 80 in a pipe."""
        return self._out.console.width if self._out.is_terminal else 80

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def shows_progress(self) -> bool:
        """Whether progress that overwrites itself makes sense."""
        return self._err.is_terminal

    @property
    def stderr(self) -> Console:
        """Where progress is drawn."""
        return self._err.console

    def show(self, lines: Lines) -> None:
        """A result, on stdout."""
        self._out.print(lines)

    def note(self, lines: Lines) -> None:
        """What goes beside the result, on stderr."""
        self._err.print(lines)

    def raw(self, text: str) -> None:
        """Machine output, on stdout as it is."""
        self._out.write(text if text.endswith("\n") else text + "\n")

    def error(self, error: PacsconfError) -> None:
        """An error, or several, on stderr."""
        from pacsconf.report.faults import fault_text

        width = self._err.console.width if self._err.is_terminal else 100
        for fault in error.faults if isinstance(error, SystemFaults) else (error,):
            self.note(fault_text(fault, width, self.command))

    def ask(self, question: str) -> str:
        """A person's answer; the question goes to stderr, so that stdout stays the result."""
        sys.stderr.write(question)
        sys.stderr.flush()
        return sys.stdin.readline().strip()

    def agrees(self, question: str) -> bool:
        """Whether a person says yes; anything else is no."""
        return self.ask(f"{question} [y/N] ").lower() in ("y", "yes")


class _Stream:
    """Stdout or stderr; in colour where `color`, or else the terminal behind it, wants that.

    `file` is None where the process was started with it closed (`>&-`): what is printed then goes nowhere.
    """

    def __init__(self, file: IO[str] | None, color: bool | None) -> None:
        self._file = StringIO() if file is None else file
        self._color = color

    @cached_property
    def console(self) -> Console:
        """The terminal behind it, as rich sees it. Importing that takes longer than most of what is shown."""
        from rich.console import Console

        no_color = None if self._color is None else not self._color
        return Console(
            file=self._file, no_color=no_color, force_terminal=self._color or None, highlight=False
        )

    @cached_property
    def is_terminal(self) -> bool:
        """What rich says, which is only asked where the answer may be yes."""
        asked_for = self._color or any(name in os.environ for name in ("FORCE_COLOR", "TTY_COMPATIBLE"))
        return bool(asked_for or self._file.isatty()) and self.console.is_terminal

    def print(self, lines: Lines) -> None:
        if not self.is_terminal:
            self.write(plain(lines))
            return
        from pacsconf.report.terminal import to_rich

        with _heard(self._file):
            self.console.print(to_rich(lines), end="", soft_wrap=True)

    def write(self, text: str) -> None:
        with _heard(self._file):
            self._file.write(text)
            self._file.flush()


@contextmanager
def _heard(stream: IO[str]) -> Iterator[None]:
    """Write on where nobody reads any more (`| head`), so that an apply goes on to its end and its exit code."""
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def sentence(text: str) -> Lines:
    """A text as what `show` and `note` take."""
    from pacsconf.report.lines import line

    return (line(text),)
