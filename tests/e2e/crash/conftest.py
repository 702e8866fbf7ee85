"""One directory and one driver for each process of pytest; repositories for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.crash.hospital import Clone, Stage, git, make_stage


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    yield from make_stage(tmp_path_factory.mktemp("crash"))


@pytest.fixture
def alone(stage: Stage, tmp_path: Path) -> Clone:
    """A clone without a remote, the second version committed and nothing of it applied."""
    stage.directory.reset()
    shutil.copytree(stage.folder / "alone", tmp_path / "alone")
    return stage.clone(tmp_path / "alone")


@pytest.fixture
def server(stage: Stage, tmp_path: Path) -> Clone:
    """A bare repository with inventory and record."""
    stage.directory.reset()
    shutil.copytree(stage.folder / "server.git", tmp_path / "server.git")
    return stage.clone(tmp_path / "server.git")


@pytest.fixture
def cloned(stage: Stage, server: Clone, tmp_path: Path) -> Callable[..., Clone]:
    """Makes clones of the server; `options` are those of `git clone`."""

    def clone(name: str, *options: str) -> Clone:
        git(tmp_path, "clone", "-q", *options, f"file://{server.path}", name, home=stage.home)
        return stage.clone(tmp_path / name)

    return clone


@pytest.fixture
def one(cloned: Callable[..., Clone]) -> Clone:
    """A clone of the server."""
    return cloned("one")
