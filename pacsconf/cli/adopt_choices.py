"""What a person chose for adopting, beside the source itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen beside the source."""

    into: Path
    name: str
    owner: str | None
    days: int
    infer: bool
    dry_run: bool
    format: str
    environment: str | None = None

    @property
    def repository(self) -> Path:
        """The folder of the inventory's repository."""
        return self.into.parent
