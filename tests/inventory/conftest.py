"""An inventory written for one test."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from pacsconf.cli import main
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


@pytest.fixture
def validate(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Runs `pacsconf validate ARGS` in a folder, 80 columns wide, and gives its exit code and all it put out."""

    def ran(root: Path, *args: str) -> tuple[int, str]:
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the program sets its own
        output = StringIO()
        with chdir(root), redirect_stdout(output), redirect_stderr(output), pytest.raises(SystemExit) as end:
            main.run(["validate", *args])
        assert isinstance(end.value.code, int)
        return end.value.code, output.getvalue()

    return ran
