"""One possible cause: how sure it is, what speaks for it, and what to do in which case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pacsconf.dicom.refusals.refusal import Refusal

Layer = Literal["declared", "name", "tcp", "tls", "association", "contexts", "echo", "service", "worklist"]
LAYERS: tuple[Layer, ...] = (
    "declared",
    "name",
    "tcp",
    "tls",
    "association",
    "contexts",
    "echo",
    "service",
    "worklist",
)
"""From the first that must work to the last. What lies behind one that failed may be wrong too, unseen."""

OBSERVED, CONFIGURED, DECLARED, POSSIBLE = 80, 60, 50, 20
"""How much a cause weighs by what it rests on: seen to happen, read from a live system, read from the inventory
alone, or only thinkable."""
AGREES = 10
"""For each further source that says the same."""
BEHIND = 35
"""Off for what lies behind the layer that failed: it is not what stops the two now."""
WRONG = 40
"""From so much on something is wrong; below it is a possibility."""

Direction = Literal["", "called", "caller", "inventory"]
"""Which side is to be changed; empty: that depends on what the caller really sends, and nobody has seen that."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One line of evidence: who says what, and where that stands."""

    who: str
    says: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """What to do. `when` is the case in which it is right; empty: in any. `command` is without `pacsconf`."""

    text: str = ""
    when: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """`key` is stable; `details` are sentences that follow the first; `place` is where to change something."""

    key: str
    layer: Layer
    score: int
    sentence: str
    proofs: tuple[Proof, ...] = ()
    details: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()
    direction: Direction = ""
    place: str = ""
    refusal: Refusal | None = None
    remark: bool = False
    """To be known, and no reason why the two should not work."""

    @property
    def wrong(self) -> bool:
        """Whether something is wrong, rather than possible or only to be known."""
        return self.score >= WRONG and not self.remark
