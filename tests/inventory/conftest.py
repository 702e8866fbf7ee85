"""An inventory written for one test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pacsconf.inventory.loader import Loaded, load

Declare = Callable[..., Loaded]


@pytest.fixture
def declare(tmp_path: Path) -> Declare:
    """Writes files below inventory/ (the one given by position is hospital.yaml) and loads them."""

    def written(hospital: str | bytes | None = None, **others: str | bytes) -> Loaded:
        folder = tmp_path / "inventory"
        folder.mkdir(exist_ok=True)
        for name, content in (({"hospital": hospital} if hospital is not None else {}) | others).items():
            path = folder / f"{name}.yaml"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load(tmp_path)

    return written


@pytest.fixture
def told(declare: Declare) -> Callable[..., list[str]]:
    """Loads, and gives every finding as `severity RULE file:line:column summary`."""

    def lines(*args: str | bytes, **files: str | bytes) -> list[str]:
        return [
            f"{one.severity} {one.rule} {one.place} {one.summary}" for one in declare(*args, **files).findings
        ]

    return lines
