"""The world's faults in words, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.errors import PacsconfError, StalePlan, SystemFault, SystemFaults, UnsafePlan
from pacsconf.report.lines import Line, Lines, Span, columns, line, wrapped


def fault_text(fault: PacsconfError, width: int = 80) -> Lines:
    """What is wrong, with its details, and what to do."""
    if isinstance(fault, SystemFaults):
        return tuple(row for one in fault.faults for row in fault_text(one, width))
    return tuple(_lines(fault, columns(width)))


def _lines(fault: PacsconfError, width: int) -> Iterator[Line]:
    label = line(Span("refused" if isinstance(fault, UnsafePlan) else "error", "error"), "  ")
    yield from wrapped(_message(fault), width, first=label, indent=3)
    for detail in _details(fault):
        yield from wrapped(detail, width, first=line("   - "))
    if fault.fix:
        yield from _fix(fault.fix, width)


def _fix(fix: str, width: int) -> Iterator[Line]:
    """What to do; its lines stay lines, since some are to be copied into a file."""
    label = line(Span("   fix  ", "faint"))
    for part in fix.splitlines():
        yield from wrapped(part, width, first=label, indent=8)
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
        case _:
            return ()
