"""Commits, trees and files of a repository: read through GitPython's objects, written through git's commands."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

from pacsconf.core.errors import RecordError
from pacsconf.record._commands import Commands
from pacsconf.record._words import explain

MAX_FILE_BYTES = 256 * 1024 * 1024
"""A file of the record beyond this is not read: 100,000 resources need 41 MB."""

T = TypeVar("T")


class Signature(NamedTuple):
    """A commit's signature as git has it: `G` good, `U` by an unknown key, `B` bad, `N` none, and others."""

    verdict: str
    principal: str
    key: str
    """Its fingerprint: of an SSH key `SHA256:…`."""


class Objects(Commands):
    """A repository whose objects are read, and commits written to; no reference moves."""

    def files(self, commit: str) -> dict[str, str]:
        """The blob ids of a commit's files by path.

        Raises: RecordError when objects are missing.
        """
        return self._look_into(commit, lambda found: {str(b.path): b.hexsha for b in _blobs(found)})

    def read(self, commit: str, path: str) -> bytes:
        """The contents of one file of a commit.

        Raises: RecordError when it is missing, damaged or larger than a record's file may be.
        """

        def contents(found: Any) -> bytes:
            blob = found.tree / path
            if blob.size > MAX_FILE_BYTES:
                raise RecordError(
                    f"{path} in commit {commit[:10]} is {blob.size} bytes long, too long to be read"
                )
            data: bytes = blob.data_stream.read()
            return data

        return self._look_into(commit, contents)

    def below(self, commit: str, folder: str) -> dict[str, str]:
        """The modes of a commit's files, links and submodules at and below a folder, by path.

        Raises: RecordError when objects are missing.
        """
        told = self._get(
            "ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit, *([folder] if folder else [])
        )
        rows = (row.split("\t", 1) for row in told.split("\0") if row)
        return {path: about.split(" ", 1)[0] for about, path in rows}

    def line(self, commit: str, limit: int = -1, *, path: str = "") -> Iterator[str]:
        """The commits from this one back to the first, along first parents, at most `limit` if that is set.

        With a path, only those that changed it.
        """
        only = ["--", path] if path else []
        yield from self._get("rev-list", "--first-parent", f"--max-count={limit}", commit, *only).splitlines()

    def descends(self, commit: str, ancestor: str) -> bool:
        """Whether `ancestor` is in the history of `commit`, as far as this clone can tell."""
        return commit == ancestor or not self._run("merge-base", "--is-ancestor", ancestor, commit).status

    def appeared(self, commit: str, path: str, pattern: str) -> str:
        """The newest commit, along first parents, that changed how often a pattern fits a line of a file, or empty.

        The pattern is an extended one of POSIX.
        """
        options = ("--first-parent", "--max-count=1", "--pickaxe-regex", f"-S{pattern}", "--format=%H")
        return self._get("log", *options, commit, "--", path)

    def _look_into(self, commit: str, what: Callable[[Any], T]) -> T:
        """What is found in a commit.

        Raises: RecordError when it is missing or damaged.
        """
        from git.objects import Commit

        with _reading(commit):
            try:
                return what(Commit(self._repo, bytes.fromhex(commit)))
            except (OSError, ValueError):
                # As in `_run`: a Ctrl-C ended the git processes that wait for objects to read.
                self._repo.git.clear_cache()
                return what(Commit(self._repo, bytes.fromhex(commit)))

    def commit(
        self,
        files: Mapping[str, bytes],
        message: str,
        *,
        parent: str,
        when: datetime,
    ) -> str:
        """Write a commit of these files on top of `parent` (empty: the first one), signed if git is to sign.

        No reference moves. Files that the parent holds already are not written again.

        Raises: RecordError when git does not know who commits, or cannot sign.
        """
        name, _, mail = self.identity().removesuffix(">").rpartition(" <")
        have = self.files(parent) if parent else {}
        tree = self._tree(self._write(files, have))
        signs = self._signs
        date = f"@{int(when.timestamp())} +0000"
        arguments = [*(["-S"] if signs else []), *(["-p", parent] if parent else []), "-F", "-", tree]
        commit = self._get(
            "commit-tree",
            *arguments,
            stdin=message.encode("utf-8"),
            GIT_AUTHOR_NAME=name,
            GIT_AUTHOR_EMAIL=mail,
            GIT_AUTHOR_DATE=date,
            GIT_COMMITTER_DATE=date,
        )
        if signs and not self.is_signed(commit):
            raise RecordError(
                "git is configured to sign commits, but the commit for the record came out unsigned"
            )
        return commit

    def is_signed(self, commit: str) -> bool:
        """Whether the commit carries a signature; whose, and whether it is to be trusted, is not asked here."""
        return self._look_into(commit, lambda found: bool(found.gpgsig))

    def signature(self, commit: str, allowed: Path) -> Signature:
        """What git makes of a commit's signature, with the keys of this allowed-signers file.

        Raises: RecordError when it cannot look.
        """
        number = self._settings_around()
        settings = {
            "GIT_CONFIG_COUNT": str(number + 1),
            f"GIT_CONFIG_KEY_{number}": "gpg.ssh.allowedSignersFile",
            f"GIT_CONFIG_VALUE_{number}": str(allowed),
        }
        ran = self._run("log", "--max-count=1", "--format=%G?%x00%GS%x00%GF", commit, env=settings)
        if ran.status:
            raise RecordError(f"git cannot check the signature of {commit[:10]}: {explain(ran.err)}")
        return Signature(*ran.out.splitlines()[-1].split("\0"))

    def _settings_around(self) -> int:
        """How many settings this process was given for git by its environment, which stay in force."""
        told = os.environ.get("GIT_CONFIG_COUNT", "")
        return int(told) if told.isdecimal() else 0

    @cached_property
    def _signs(self) -> bool:
        """Whether git is to sign what this command commits."""
        return self._run("config", "--type=bool", "--get", "commit.gpgsign").out == "true"

    def _write(self, files: Mapping[str, bytes], have: Mapping[str, str]) -> dict[str, str]:
        """The blobs of these files by path; those that `have` does not have there are written by one process.

        What is written is named by git alone, since it computes the name in any case.
        """
        kept = {
            path: have[path] for path in files.keys() & have.keys() if have[path] == _blob_id(files[path])
        }
        new = [path for path in files if path not in kept]
        if not new:
            return kept
        with TemporaryDirectory(prefix="pacsconf-") as folder:
            drafts = [Path(folder, str(number)) for number in range(len(new))]
            for draft, path in zip(drafts, new, strict=True):
                draft.write_bytes(files[path])
            paths = "".join(f"{draft}\n" for draft in drafts)
            named = self._get("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=paths.encode())
        return kept | dict(zip(new, named.split(), strict=True))

    def _tree(self, blobs: Mapping[str, str]) -> str:
        folders: dict[str, dict[str, str]] = {}
        lines = []
        for path, blob in blobs.items():
            head, _, rest = path.partition("/")
            if rest:
                folders.setdefault(head, {})[rest] = blob
            else:
                lines.append(f"100644 blob {blob}\t{head}\0")
        lines += [f"040000 tree {self._tree(inside)}\t{name}\0" for name, inside in folders.items()]
        return self._get("mktree", "-z", stdin="".join(lines).encode("utf-8"))


class _reading:  # noqa: N801 - reads as a statement: with _reading(commit)
    """Turns whatever GitPython raises for missing or damaged objects into a RecordError."""

    def __init__(self, commit: str) -> None:
        self._commit = commit

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        from git.exc import GitError, ODBError

        if isinstance(error, GitError | ODBError | ValueError | KeyError | OSError):
            raise RecordError(
                f"commit {self._commit[:10]} of the record cannot be read: {explain(str(error))}",
                fix="See what is damaged: git fsck",
            ) from error


def _blob_id(data: bytes) -> str:
    blob = hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False)
    blob.update(data)
    return blob.hexdigest()


def _blobs(commit: Any) -> Iterator[Any]:
    return (item for item in commit.tree.traverse() if item.type == "blob")
