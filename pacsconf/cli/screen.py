"""What a person sees: results on stdout, everything else on stderr, in colour only where that is wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console

from pacsconf.core.errors import PacsconfError, SystemFaults
from pacsconf.report.faults import fault_text
from pacsconf.report.lines import Lines, plain
from pacsconf.report.terminal import to_rich


class Screen:
    """Stdout and stderr of one command. `color` None: as the terminal and NO_COLOR say.

    `command` is how pacsconf was called, which is how a person must call it again.
    """

    def __init__(self, color: bool | None, command: str = "pacsconf") -> None:
        self.command = command
        no_color = None if color is None else not color
        self._out = Console(file=sys.stdout, no_color=no_color, force_terminal=color or None, highlight=False)
        self._err = Console(file=sys.stderr, no_color=no_color, force_terminal=color or None, highlight=False)

    @property
    def width(self) -> int:
        """Columns to lay out for: the terminal's, 80 in a pipe."""
        return self._out.width if self._out.is_terminal else 80

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
        return self._err

    def show(self, lines: Lines) -> None:
        """A result, on stdout."""
        self._print(self._out, lines)

    def note(self, lines: Lines) -> None:
        """What goes beside the result, on stderr."""
        self._print(self._err, lines)

    def raw(self, text: str) -> None:
        """Machine output, on stdout as it is."""
        with _heard(sys.stdout):
            sys.stdout.write(text if text.endswith("\n") else text + "\n")
            sys.stdout.flush()

    def error(self, error: PacsconfError) -> None:
        """An error, or several, on stderr."""
        for fault in error.faults if isinstance(error, SystemFaults) else (error,):
            self.note(fault_text(fault, self._err.width if self._err.is_terminal else 100, self.command))

    def ask(self, question: str) -> str:
        """A person's answer; the question goes to stderr, so that stdout stays the result."""
        sys.stderr.write(question)
        sys.stderr.flush()
        return sys.stdin.readline().strip()

    def agrees(self, question: str) -> bool:
        """Whether a person says yes; anything else is no."""
        return self.ask(f"{question} [y/N] ").lower() in ("y", "yes")

    def _print(self, console: Console, lines: Lines) -> None:
        with _heard(console.file):
            if console.is_terminal:
                console.print(to_rich(lines), end="", soft_wrap=True)
            else:
                console.file.write(plain(lines))
                console.file.flush()


@contextmanager
def _heard(stream: IO[str]) -> Iterator[None]:
    """Write on where nobody reads any more (`| head`), so that an apply goes on to its end and its exit code."""
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
