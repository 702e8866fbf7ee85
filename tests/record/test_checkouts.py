"""Another commit's folder is read without checking it out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pacsconf.core.errors import RecordError
from pacsconf.record.checkouts import as_of


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    def run(*args: str) -> str:
        command = ["git", "-c", "protocol.file.allow=always", *args]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    return run


@pytest.fixture
def root(tmp_path: Path, git: Callable[..., str]) -> Path:
    """A repository with a workspace in a folder of it, whose branch `other` has other files."""
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
    (folder / "notes.txt").write_text("not wanted")
    os.symlink("/etc/hostname", folder / "link.txt")
    os.symlink("../../../elsewhere.yaml", folder / "within.yaml")
    git("add", ".")
    git("commit", "-qm", "two")
    git("tag", "v1")
    git("checkout", "-q", "main")
    return tmp_path / "work"


def is_yaml(name: str) -> bool:
    return name.endswith(".yaml")


@pytest.mark.parametrize("name", ["other", "v1", "refs/heads/other"])
def test_the_wanted_files_below_the_folder_are_those_of_the_commit(root, git, name):
    stood = as_of(root, name, "inventory", is_yaml)
    assert stood.files == {
        "devices/ct.yaml": b"devices:\n  ct-1: {}\n",
        "devices/mr \xe4.yaml": b"",
        "devices/within.yaml": b"no",
    }
    assert stood.commit == git("rev-parse", "other")
    assert (root / "inventory" / "devices" / "ct.yaml").read_bytes() == b"devices: {}\n"


def test_what_is_changed_and_not_committed_is_not_looked_at(root):
    (root / "inventory" / "devices" / "ct.yaml").write_bytes(b"mine\n")
    assert as_of(root, "HEAD", "inventory", is_yaml).files == {"devices/ct.yaml": b"devices: {}\n"}


def test_a_commit_without_the_folder_has_no_files(root):
    assert as_of(root, "main", "nothing", is_yaml).files == {}


@pytest.mark.parametrize(
    "target",
    [
        "/etc/hostname",
        "../../../../etc/hostname",
        "../../..",
        "..",
        "gone.yaml",
        "other.yaml",
        "ct.yaml/../ct.yaml/x",
    ],
)
def test_a_link_that_leads_to_no_file_of_the_commit_is_refused(root, git, target):
    folder = root / "inventory" / "devices"
    os.symlink(target, folder / "link.yaml")
    os.symlink("ct.yaml", folder / "other.yaml")
    git("add", ".")
    git("commit", "-qm", "three")
    with pytest.raises(
        RecordError, match=r"link\.yaml in commit .* is a link to .*, which is no file of that commit"
    ):
        as_of(root, "HEAD", "inventory", is_yaml)


def test_a_submodule_is_told_not_left_out(root, git, tmp_path):
    git("init", "-q", str(tmp_path / "sub"))
    git(
        "-C",
        str(tmp_path / "sub"),
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@h",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "x",
    )
    git("submodule", "add", "-q", "./sub", "work/inventory/north")
    git("commit", "-qm", "north")
    with pytest.raises(RecordError, match="work/inventory/north is a submodule"):
        as_of(root, "HEAD", "inventory", is_yaml)


def test_a_folder_outside_the_repository_is_in_no_commit(root, tmp_path_factory):
    os.symlink(tmp_path_factory.mktemp("elsewhere"), root / "away")
    with pytest.raises(RecordError, match="leads out of the repository"):
        as_of(root, "HEAD", "away", is_yaml)


def test_of_a_shallow_clone_only_what_it_has_is_known(root, git, tmp_path):
    git("clone", "-q", "--depth", "1", f"file://{tmp_path}", "shallow")
    shallow = tmp_path / "shallow" / "work"
    assert as_of(shallow, "origin/main", "inventory", is_yaml).files == {"devices/ct.yaml": b"devices: {}\n"}
    with pytest.raises(RecordError, match="git knows no branch") as refused:
        as_of(shallow, "origin/other", "inventory", is_yaml)
    command = refused.value.fix.splitlines()[-1]
    subprocess.run(["sh", "-c", command], cwd=shallow, check=True, capture_output=True)
    assert set(as_of(shallow, "origin/other", "inventory", is_yaml).files) > {"devices/ct.yaml"}


@pytest.mark.parametrize("name", ["nope", "--all", "-h", "", "main:work", "HEAD~99", "a b", "main^{tree}"])
def test_what_names_no_commit_is_refused(root, name):
    with pytest.raises(RecordError, match="git knows no branch, tag or commit"):
        as_of(root, name, "inventory", is_yaml)
