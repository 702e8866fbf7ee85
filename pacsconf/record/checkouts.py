"""A folder of the repository as another commit has it, without checking it out."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pacsconf.core.errors import RecordError
from pacsconf.record._git import Repository


class Stood(NamedTuple):
    """What a commit holds below a folder: contents by path from there."""

    commit: str
    files: dict[str, bytes]


def as_of(root: Path, revision: str, folder: str) -> Stood:
    """The files below `root/folder` as a branch, tag or commit has them; links are left out.

    Raises: RecordError when git knows no such revision, or cannot read it.
    """
    git = Repository.open(root)
    try:
        commit = git.commit_of(revision)
        if not commit:
            raise RecordError(
                f'git knows no branch, tag or commit "{revision}" here',
                fix="See which there are: git branch --all. One that only the remote has is origin/NAME.",
            )
        return Stood(commit, git.below(commit, git.path_of(root / folder)))
    finally:
        git.close()
