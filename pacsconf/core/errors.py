"""The world's faults, one tree.

    PacsconfError
    ├── InventoryError        the inventory does not stand; carries every finding
    ├── SystemFault           a live system; carries its name
    │   ├── Unavailable       cannot be reached, or not trusted: nothing was written
    │   ├── Refused           reached, and said no: credentials, access, schema, a value
    │   └── BadAnswer         an answer that is incomplete or makes no sense
    ├── SystemFaults          several systems at once; carries each fault
    ├── PlanError
    │   ├── StalePlan         the world moved since the plan was made
    │   ├── UnsafePlan        a guard, a read-only system or an open subset stands in the way
    │   └── DependencyCycle   no order exists
    ├── RecordError           the record branch in git
    │   ├── LockHeld          another change set is open
    │   ├── Overtaken         somebody took our open change set over
    │   ├── Unfinished        the change set could not be closed; what became of it is in the journal
    │   └── RecordUnknown     missing, shallow, not fetched or rewritten
    ├── TemplateFault         a template of the repository's own cannot be used
    └── OperatorError         the operator file does not allow it, or a secret cannot be had

A user's mistake in the inventory is a Finding, not an exception; our own mistake is an assertion.
Messages say what is wrong, why it matters and what to do, and never hold a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pacsconf.core.address import Address
    from pacsconf.core.finding import Finding


class PacsconfError(Exception):
    """Anything pacsconf reports by a documented exit code.

    `fix` says what to do next, in words or as a command line.
    """

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    @property
    def in_full(self) -> str:
        """What is wrong and what to do, as sentences of one text."""
        if not self.fix:
            return self.message
        return f"{self.message}{'' if self.message.endswith(('.', '!', '?')) else '.'} {self.fix}"


class InventoryError(PacsconfError):
    """The inventory has errors; `findings` holds all of them."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"the inventory has {len(findings)} error(s)")
        self.findings = tuple(findings)


class SystemFault(PacsconfError):
    """A live system failed; `system` is its name in the inventory."""

    def __init__(self, system: str, message: str, *, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.system = system


class Unavailable(SystemFault):
    """The system cannot be reached, or its certificate is not trusted."""


class Refused(SystemFault):
    """The system was reached and said no."""


class BadAnswer(SystemFault):
    """The answer is cut short or malformed, so nothing may be concluded from it.

    `details` says where it is wrong, one place each.
    """

    def __init__(self, system: str, message: str, details: Iterable[str] = (), *, fix: str = "") -> None:
        super().__init__(system, message, fix=fix)
        self.details = tuple(details)


class SystemFaults(PacsconfError):
    """Systems that could not be read; `faults` holds every one, so that one report shows them all."""

    def __init__(self, faults: Iterable[SystemFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{fault.system}: {fault.message}" for fault in self.faults))


class PlanError(PacsconfError):
    """A plan cannot be made or applied."""


class StalePlan(PlanError):
    """What was planned no longer fits; `differences` are lines that show how."""

    def __init__(self, message: str, differences: Iterable[str] = (), *, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.differences = tuple(differences)


class UnsafePlan(PlanError):
    """A safety rule stands in the way; `reasons` names each, with the way through."""

    def __init__(self, message: str, reasons: Iterable[str] = (), *, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.reasons = tuple(reasons)


class Violation(UnsafePlan):
    """Nothing but policies stands in the way."""


class DependencyCycle(PlanError):
    """Changes wait for each other; `addresses` are all that do."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        self.addresses = tuple(sorted(addresses))
        names = ", ".join(str(address) for address in self.addresses)
        super().__init__(
            f"these changes wait for each other, so no order exists: {names}",
            fix="Split the change: apply one part, then the other.",
        )


class RecordError(PacsconfError):
    """The record in git cannot be read or written."""


class LockHeld(RecordError):
    """Another change set is open on this environment."""


class Overtaken(RecordError):
    """Our open change set was taken over or abandoned by somebody else."""


class Unfinished(RecordError):
    """An open change set could not be closed. Its outcomes are in the journal of this clone."""


class RecordUnknown(RecordError):
    """What pacsconf owns is not known here: the record is missing, shallow, not fetched or rewritten."""


class TemplateFault(PacsconfError):
    """A template of the repository's own cannot be used; the message names its file and line."""


class OperatorError(PacsconfError):
    """The operator file does not allow this, or a secret cannot be resolved."""
