"""The world's faults in words, for a person at a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pacsconf.core.errors import BadAnswer, PacsconfError, StalePlan, SystemFault, SystemFaults, UnsafePlan
from pacsconf.report.lines import Line, Lines, Span, columns, line, wrapped

_COMMANDS = re.compile(
    r"\bpacsconf(?= (?:plan|show|apply|resume|drift|history|hold|release|unlock|attest|render"
    r"|record init|doctor)\b)"
)
"""Commands that concern one environment, as they stand in the texts of those who do not know which it is."""

_PIECE = re.compile(r"pacsconf .*?(?=\s\(|(?<=[.,;:)])\s|$)|\S+")
"""A word, or a command: that stays on one line, so that it can be copied."""


def fault_text(fault: PacsconfError, width: int = 80, command: str = "pacsconf") -> Lines:
    """What is wrong, with its details, and what to do. `command` is how pacsconf was called: `pacsconf -e lab`."""
    if isinstance(fault, SystemFaults):
        return tuple(row for one in fault.faults for row in fault_text(one, width, command))
    return tuple(_lines(fault, columns(width), command))


def typed_here(text: str, command: str) -> str:
    """The text with its commands as they must be typed here."""
    return _COMMANDS.sub(lambda _: command, text)


def _lines(fault: PacsconfError, width: int, command: str) -> Iterator[Line]:
    label = line(Span("refused" if isinstance(fault, UnsafePlan) else "error", "error"), "  ")
    yield from wrapped(typed_here(_message(fault), command), width, first=label, indent=3)
    for detail in _details(fault):
        yield from wrapped(typed_here(detail, command), width, first=line("   - "))
    if fault.fix:
        yield from _fix(typed_here(fault.fix, command), width)


def _fix(fix: str, width: int) -> Iterator[Line]:
    """What to do; its lines stay lines, since some are to be copied into a file."""
    label = line(Span("   fix  ", "faint"))
    for part in fix.splitlines():
        yield from wrapped(_PIECE.findall(part), width, first=label, indent=8)
        label = line(" " * 8)


def _message(fault: PacsconfError) -> str:
    if isinstance(fault, SystemFault) and not fault.message.startswith(fault.system):
        return f"{fault.system}: {fault.message}"
    return fault.message


def _details(fault: PacsconfError) -> tuple[str, ...]:
    match fault:
        case StalePlan():
            return fault.differences
        case UnsafePlan():
            return fault.reasons
        case BadAnswer():
            return fault.details
        case _:
            return ()
