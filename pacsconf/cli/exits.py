"""Exit codes, one table: what a script or a CI job may rely on."""

from __future__ import annotations

from enum import IntEnum

from pacsconf.core import errors
from pacsconf.core.errors import PacsconfError


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    ERROR = 1
    CHANGES = 2
    INVALID = 3
    POLICY = 4
    REFUSED = 5
    STALE = 6
    LOCKED = 7
    PARTIAL = 8
    UNREACHABLE = 9
    USAGE = 64


MEANINGS: dict[Exit, str] = {
    Exit.OK: "success, no changes",
    Exit.ERROR: "error",
    Exit.CHANGES: "changes, drift, or a network that is not as declared",
    Exit.INVALID: "invalid inventory or template",
    Exit.POLICY: "policy violation that is not waived",
    Exit.REFUSED: "safety refusal",
    Exit.STALE: "stale plan",
    Exit.LOCKED: "another change set is open",
    Exit.PARTIAL: "partly applied, or the proof on the wire failed",
    Exit.UNREACHABLE: "a system cannot be reached; nothing was written",
    Exit.USAGE: "wrong usage",
}

# What makes the result untrustworthy comes before what the result says.
PRECEDENCE = (
    Exit.INVALID,
    Exit.ERROR,
    Exit.LOCKED,
    Exit.UNREACHABLE,
    Exit.STALE,
    Exit.REFUSED,
    Exit.POLICY,
    Exit.PARTIAL,
    Exit.CHANGES,
)

_BY_ERROR: tuple[tuple[type[PacsconfError], Exit], ...] = (
    (errors.InventoryError, Exit.INVALID),
    (errors.TemplateFault, Exit.INVALID),
    (errors.Unavailable, Exit.UNREACHABLE),
    (errors.StalePlan, Exit.STALE),
    (errors.Violation, Exit.POLICY),
    (errors.UnsafePlan, Exit.REFUSED),
    (errors.LockHeld, Exit.LOCKED),
    (errors.Overtaken, Exit.PARTIAL),
    (errors.Unfinished, Exit.PARTIAL),
    (errors.RecordUnknown, Exit.REFUSED),
    (errors.OperatorError, Exit.REFUSED),
)


def worst(*exits: Exit) -> Exit:
    """The one exit code that several add up to, by precedence."""
    return next((code for code in PRECEDENCE if code in exits), Exit.OK)


def exit_of(error: PacsconfError) -> Exit:
    """The exit code of an error."""
    if isinstance(error, errors.SystemFaults):
        return worst(*map(exit_of, error.faults))
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), Exit.ERROR)
