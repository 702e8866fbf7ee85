"""A folder of the repository as another commit has it, without checking it out."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pacsconf.core.errors import RecordError
from pacsconf.record._git import Repository

_LINK, _SUBMODULE, _FILES = "120000", "160000", frozenset({"100644", "100755"})
"""Modes in a git tree."""

_SHALLOW = (
    "\nThis clone holds a part of the history only. To have all:\n"
    "git remote set-branches origin '*' && git fetch --unshallow"
)


class Stood(NamedTuple):
    """What a commit holds below a folder: contents by path from there."""

    commit: str
    files: dict[str, bytes]


def as_of(root: Path, revision: str, folder: str, wanted: Callable[[str], bool]) -> Stood:
    """The wanted files below `root/folder` as a branch, tag or commit has them; `wanted` is told paths from there.

    A link to another file of the commit is followed once, as it is where the commit is checked out.

    Raises: RecordError when git knows no such revision, cannot read it, or not all of it is in the repository.
    """
    git = Repository.open(root)
    try:
        commit = git.commit_of(revision)
        if not commit:
            shallow = (git.common_dir / "shallow").is_file()
            raise RecordError(
                f'git knows no branch, tag or commit "{revision}" here',
                fix="See which there are: git branch --all. One that only the remote has is origin/NAME."
                + (_SHALLOW if shallow else ""),
            )
        return Stood(commit, _files(git, commit, _inside(git, root / folder), wanted))
    finally:
        git.close()


def _inside(git: Repository, folder: Path) -> str:
    try:
        return git.path_of(folder)
    except ValueError:
        raise RecordError(f"{folder} leads out of the repository, so no commit holds it") from None


def _files(git: Repository, commit: str, folder: str, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    found = {}
    for path, mode in sorted(git.below(commit, folder).items()):
        if mode == _SUBMODULE:
            raise RecordError(
                f"{path} is a submodule: what it holds is in a repository of its own, not in commit {commit[:7]}",
                fix="Compare within that repository, or keep the inventory in one.",
            )
        name = posixpath.relpath(path, folder or ".")
        if path != folder and wanted(name):
            found[name] = git.read(commit, _target(git, commit, path) if mode == _LINK else path)
    return found


def _target(git: Repository, commit: str, link: str) -> str:
    """Where a link of a commit leads to within it.

    Raises: RecordError when that is no file of the commit.
    """
    to = git.read(commit, link).decode("utf-8", "surrogateescape")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(link), to))
    leads_out = target.startswith(("/", "../")) or target in (".", "..")
    if leads_out or git.below(commit, target).get(target) not in _FILES:
        raise RecordError(f"{link} in commit {commit[:7]} is a link to {to}, which is no file of that commit")
    return target
