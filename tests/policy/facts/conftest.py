"""Inventories written for one test, and what rules see of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.policy.evidence import Evidence
from pacsconf.policy.facts import subjects
from pacsconf.policy.subject import Subject

ROOT = Path(__file__).parents[3]
MORNING = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)

Of = Callable[..., dict[str, dict[str, Subject]]]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Inventory]:
    """Loads an inventory of one file."""

    def made(text: str) -> Inventory:
        (tmp_path / "inventory").mkdir(exist_ok=True)
        (tmp_path / "inventory" / "hospital.yaml").write_text(text)
        loaded = load(tmp_path)
        assert [one.summary for one in loaded.findings if one.severity == "error"] == []
        assert loaded.inventory is not None
        return loaded.inventory

    return made


@pytest.fixture
def of(written: Callable[[str], Inventory]) -> Of:
    """What rules see of an inventory of one file: by kind and name."""

    def found(text: str, **evidence: Any) -> dict[str, dict[str, Subject]]:
        made = subjects(Evidence(written(text), **({"now": MORNING} | evidence)))
        return {kind: {one.name: one for one in several} for kind, several in made.items()}

    return found


@pytest.fixture(scope="session")
def hospital() -> Inventory:
    """The example hospital."""
    inventory = load(ROOT).inventory
    assert inventory is not None
    return inventory
