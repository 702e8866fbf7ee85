"""What the wire said about one target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pacsconf.dicom.targets import Level, Target

Verdict = Literal["healthy", "failing", "asleep", "not probed", "unknown"]
StepName = Literal[
    "site", "name", "tcp", "tls", "mllp", "association", "contexts", "echo", "query", "worklist"
]
"""`site` comes first where a worker at the target's site was to look; `mllp` is the last of an HL7 application."""
How = Literal[
    "no such name",
    "no name server",
    "refused",
    "no way there",
    "no connection in time",
    "TLS",
    "rejected",
    "aborted",
    "closed",
    "silent",
    "not DICOM",
    "not MLLP",
    "not an acknowledgement",
    "context",
    "status",
    "otherwise",
]
"""What the other side did instead of its part: `closed` hung up, `silent` said nothing in time."""


@dataclass(frozen=True, slots=True)
class Fault:
    """How a step failed, in numbers.

    `numbers` are result, source and reason of a rejection (PS3.8 section 9.3.4), source and reason of an abort
    (section 9.3.8), the result of a presentation context (section 9.3.3.2), the status of a message (PS3.7), or the
    errno of a connection. `alert` is a TLS alert, or what OpenSSL found wrong with a certificate, by its name
    (`unknown_ca`, `CERTIFICATE_VERIFY_FAILED: certificate has expired`).
    """

    how: How
    numbers: tuple[int, ...] = ()
    alert: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing tried: `text` says how it went, in words; `passed` None: it could not be tried."""

    name: StepName
    passed: bool | None
    text: str
    milliseconds: float
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Negotiated:
    """One SOP class with one transfer syntax, proposed alone: 0 accepted, else as in PS3.8 section 9.3.3.2."""

    sop_class: str
    transfer_syntax: str
    result: int


@dataclass(frozen=True, slots=True)
class Software:
    """What a peer calls itself (PS3.7 annex D.3.3.2), and the longest PDU it takes in bytes (0: no limit)."""

    implementation_class_uid: str = ""
    implementation_version: str = ""
    max_pdu: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Its version name and class UID, as far as it told them."""
        return tuple(filter(None, (self.implementation_version, self.implementation_class_uid)))


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a peer speaks TLS. Dates are ISO 8601; `days_left` counts from the day it was asked.

    `trusted` says why its certificate is not, empty where it is. `client_certificate` None: could not be told.
    """

    version: str
    cipher: str
    subject: str = ""
    issuer: str = ""
    not_after: str = ""
    days_left: int | None = None
    names: tuple[str, ...] = ()
    untrusted: str = ""
    client_certificate: bool | None = None
    """Whether one is demanded."""


Open = Literal["refused", "open", "unknown"]


@dataclass(frozen=True, slots=True)
class Doors:
    """Whom it lets in (probe --negatives), and how: each refused, open, or unknown. Nothing was stored.

    `unknown_calling` is a title that nobody has, `wrong_called` one that it is not. `echo`, `store` and `query` are
    what a caller of unknown title could do: a C-ECHO, contexts to store, a query that matches nothing. Where it
    speaks TLS, `plain` is an association without it, and `old_tls` and `weak_ciphers` are what it takes that it
    should not: versions below 1.2, and a cipher suite of each weak kind. None: not tried, or in vain.
    """

    wrong_called: Open = "unknown"
    unknown_calling: Open = "unknown"
    echo: Open = "unknown"
    store: Open = "unknown"
    query: Open = "unknown"
    plain: Open = "unknown"
    old_tls: tuple[str, ...] | None = None
    weak_ciphers: tuple[str, ...] | None = None


Acknowledged = Literal["", "AA", "AE", "AR", "CA", "CE", "CR"]
"""How a message was answered (HL7 table 0008); empty: not at all."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The answer of one target. `reason` is empty when it is healthy and there is nothing to add.

    `at` is ISO 8601 in UTC with seconds.
    """

    target: Target
    verdict: Verdict
    steps: tuple[Step, ...] = ()
    reason: str = ""
    at: str = ""
    contexts: tuple[Negotiated, ...] = ()
    software: Software | None = None
    encryption: Encryption | None = None
    doors: Doors | None = None
    acknowledged: Acknowledged = ""
    """Of an HL7 application."""

    @property
    def device(self) -> str:
        return self.target.device

    @property
    def title(self) -> str:
        return self.target.title

    @property
    def level(self) -> Level:
        return self.target.level

    @property
    def milliseconds(self) -> float:
        """From the first step to the last."""
        return sum(step.milliseconds for step in self.steps)
