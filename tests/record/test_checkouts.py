"""Another commit's folder is read without checking it out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pacsconf.core.errors import RecordError
from pacsconf.record.checkouts import as_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a workspace in a folder of it, whose branch `other` has other files."""

    def git(*args: str) -> None:
        subprocess.run(["git", *args], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("config", "user.name", "T")
    git("config", "user.email", "t@hospital.example")
    folder = tmp_path / "work" / "inventory" / "devices"
    folder.mkdir(parents=True)
    (folder / "ct.yaml").write_bytes(b"devices: {}\n")
    (tmp_path / "elsewhere.yaml").write_text("no")
    git("add", ".")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "other")
    (folder / "ct.yaml").write_bytes(b"devices:\n  ct-1: {}\n")
    (folder / "mr \xe4.yaml").write_bytes(b"")
    os.symlink("/etc/hostname", folder / "link.yaml")
    git("add", ".")
    git("commit", "-qm", "two")
    git("tag", "v1")
    git("checkout", "-q", "main")
    return tmp_path / "work"


@pytest.mark.parametrize("name", ["other", "v1", "refs/heads/other"])
def test_the_files_below_the_folder_are_those_of_the_commit_without_links(root, name):
    stood = as_of(root, name, "inventory")
    assert stood.files == {"devices/ct.yaml": b"devices:\n  ct-1: {}\n", "devices/mr \xe4.yaml": b""}
    head = subprocess.run(["git", "rev-parse", "other"], cwd=root, check=True, capture_output=True, text=True)
    assert stood.commit == head.stdout.strip()
    assert (root / "inventory" / "devices" / "ct.yaml").read_bytes() == b"devices: {}\n"


def test_a_commit_without_the_folder_has_no_files(root):
    assert as_of(root, "main", "nothing").files == {}


@pytest.mark.parametrize("name", ["nope", "--all", "-h", "", "main:work", "HEAD~99", "a b", "main^{tree}"])
def test_what_names_no_commit_is_refused(root, name):
    with pytest.raises(RecordError, match="git knows no branch, tag or commit"):
        as_of(root, name, "inventory")
