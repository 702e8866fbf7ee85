"""Something wrong, with its place: collected, never raised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pacsconf.core.address import Address

Severity = Literal["error", "warning", "info"]
Evidence = Literal["declared", "attested", "configured", "observed"]
Verdict = Literal["fail", "unknown"]

Path = tuple[str | int, ...]
"""Where in the inventory: keys and list positions from the top, such as ("devices", "ct-1", "port")."""


class Place(NamedTuple):
    """A position in a text file; `line` and `column` count from 1. `length` characters are meant.

    A tuple, since every key and value of an inventory has one.
    """

    file: str
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or could not be looked at.

    `rule` is stable (`PACS-AE-003`); `summary` is short and always the same words for the same rule plus
    the names concerned; `detail` says why it matters; `fix` what to do. `place` is known for what came from
    a file and did not become a value; otherwise `path` leads to it through `Sources`. `also` are further
    places that belong to it, each with a few words. A check that could not look is `unknown`, never passed.
    """

    rule: str
    severity: Severity
    summary: str
    detail: str = ""
    fix: str = ""
    path: Path = ()
    place: Place | None = None
    also: tuple[tuple[Place, str], ...] = ()
    about: Address | None = None
    evidence: Evidence = "declared"
    verdict: Verdict = "fail"
    accepted: str = ""
    """Until when and by whom it is accepted; empty: it is not."""
    policy: str = ""
    """The severity of the policy that is broken (`critical` to `info`); empty for what is built in."""


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those findings that forbid going on; what is accepted does not."""
    return tuple(finding for finding in findings if finding.severity == "error" and not finding.accepted)
