"""The git repository that an inventory lives in: where it stands, its references, its remotes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pacsconf.core.errors import RecordError
from pacsconf.record._objects import Objects
from pacsconf.record._words import explain


class RemoteUnavailable(RecordError):
    """The remote repository did not answer, or not as one."""


@dataclass(frozen=True, slots=True)
class InventoryCommit:
    """Where the inventory stands: empty `commit` before the first one, empty `branch` on a detached head."""

    commit: str
    branch: str
    clean: bool

    def __str__(self) -> str:
        return self.commit if self.clean else f"{self.commit}-dirty"


class Repository(Objects):
    """The git repository that an inventory lives in."""

    @classmethod
    def open(cls, root: Path) -> Repository:
        """The repository that holds the folder `root`.

        Raises: RecordError when there is none, or one that cannot hold a record.
        """
        import git
        from git.exc import GitCommandNotFound, InvalidGitRepositoryError, NoSuchPathError

        try:
            repository = cls(git.Repo(root, search_parent_directories=True, expand_vars=False))
            repository._check()
        except (InvalidGitRepositoryError, NoSuchPathError) as exc:
            raise RecordError(
                f"{root.absolute()} is not in a git repository, where the record of what was applied is kept",
                fix='git init && git add . && git commit -m "Begin"',
            ) from exc
        except GitCommandNotFound as exc:
            raise RecordError("git is not installed", fix="Install it: apt-get install git") from exc
        return repository

    def _check(self) -> None:
        if self._repo.bare:
            self.close()
            raise RecordError(
                f"{self._repo.git_dir} is a bare repository, without the inventory's files",
                fix="Clone it, and work in the clone",
            )
        ran = self._run("rev-parse", "--show-object-format")
        if ran.status or ran.out != "sha1":
            self.close()
            raise RecordError(
                f"git cannot use this repository: {explain(ran.err or 'its object format is ' + ran.out)}",
                fix=f"See: git -C {self._repo.working_dir} status",
            )
        # From here on it is this repository, whatever the environment of a hook or a runner says.
        self._repo.git.update_environment(GIT_DIR=str(self._repo.git_dir))

    # --- configuration ----------------------------------------------------------------------------------------

    def config(self, name: str) -> str:
        """A value of git's configuration, empty where it has none."""
        return self._run("config", "--get", name).out

    def remotes(self) -> tuple[str, ...]:
        """The names of the remote repositories."""
        return tuple(self._get("remote").split())

    def inventory_commit(self, *paths: str) -> InventoryCommit:
        """The commit that is checked out, and whether the files under `paths` (none: all files) differ from it."""
        options = ("--porcelain=v2", "--branch", "--no-ahead-behind", "--untracked-files=normal")
        lines = self._get("status", *options, "--", *paths).splitlines()
        heads = dict(line.removeprefix("# branch.").split(" ", 1) for line in lines if line.startswith("# "))
        commit, branch = heads["oid"], heads["head"]
        return InventoryCommit(
            "" if commit == "(initial)" else commit,
            "" if branch == "(detached)" else branch,
            clean=len(lines) == len(heads),
        )

    def inventory_branch(self) -> str:
        """The branch that is checked out; empty on a detached head."""
        return self._run("symbolic-ref", "--short", "--quiet", "HEAD").out

    def path_of(self, folder: Path) -> str:
        """A folder of the work tree by its path from the top; empty for the top itself."""
        top = Path(str(self._repo.working_dir)).resolve()
        path = folder.resolve().relative_to(top).as_posix()
        return "" if path == "." else path

    def blame(self, file: Path, lines: Sequence[int]) -> str:
        """What `git blame --line-porcelain` tells of these lines of a file; nothing of one that it does not have.

        Lines count from 1.
        """
        ranges = [f"-L{number},{number}" for number in lines]
        ran = self._run("blame", "--line-porcelain", "--root", *ranges, "--", str(file.resolve()))
        return "" if ran.status else ran.out

    def count(self, span: str) -> int:
        """How many commits a span (`OLDER..NEWER`, of ids) holds."""
        return int(self._get("rev-list", "--count", "--end-of-options", span))

    def lines(self, commit: str, path: str) -> list[str]:
        """The lines of a file of a commit; none where it has no such file."""
        if self.below(commit, path).keys() != {path}:
            return []
        return self.read(commit, path).decode("utf-8", "replace").splitlines()

    def edits(
        self, span: str, path: str, *, lines: tuple[int, int] | None = None, text: str = ""
    ) -> list[tuple[str, str, str]]:
        """The commits of a span (`OLDER..NEWER`, of ids) that touched a file, the newest first: id, day, subject.

        Only those that touched these lines of it, as it is in the newest, or that put this text in or took it away.
        """
        options = ["--no-show-signature", "--format=%x01%H%x00%cs%x00%s"]
        if lines is not None:
            where = [f"-L{lines[0]},{lines[1]}:{path}", "--no-patch", "--end-of-options", span]
        else:
            where = [*([f"-S{text}"] if text else []), "--no-patch", "--end-of-options", span, "--", path]
        ran = self._run("log", *options, *where, env={"GIT_LITERAL_PATHSPECS": "1"})
        # An older git shows the patch of a range of lines in any case: its rows begin otherwise.
        rows = [row[1:].split("\0") for row in ran.out.split("\n") if row.startswith("\1")]
        return [] if ran.status else [(commit, day, subject) for commit, day, subject in rows]

    def before(self, moment: datetime) -> str:
        """The newest commit of what is checked out before a moment, along first parents; empty: none is known."""
        until = f"--before={moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        ran = self._run("rev-list", "--max-count=1", "--first-parent", until, "HEAD")
        return "" if ran.status else ran.out

    # --- references -------------------------------------------------------------------------------------------

    def refs(self, *names: str) -> dict[str, str]:
        """The commits of these full reference names; one that does not exist is left out."""
        lines = self._get("for-each-ref", "--format=%(refname) %(objectname)", *names).splitlines()
        found = dict(line.split(" ") for line in lines)
        return {name: found[name] for name in names if name in found}

    def commit_of(self, revision: str) -> str:
        """The commit that a branch, tag or anything else of git's names; empty where nothing has this name."""
        ran = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        return "" if ran.status else ran.out

    def move(self, ref: str, to: str, *, seen: str, why: str) -> bool:
        """Point `ref` to a commit if it still points to `seen` (empty: does not exist); False if it moved.

        Raises: RecordError when git or a hook refuses it.
        """
        ran = self._run("update-ref", "--create-reflog", "-m", why, "--end-of-options", ref, to, seen)
        if not ran.status:
            return True
        there = self.refs(ref).get(ref, "")
        if there != seen:
            return there == to
        raise RecordError(
            f"git did not update {ref}: {explain(ran.err)}",
            fix="If a hook of this repository refuses it, let it pass this branch",
        )

    def drop(self, ref: str, *, seen: str) -> None:
        """Remove `ref`, which must still point to `seen`.

        Raises: RecordError when it moved, or git or a hook refuses it.
        """
        ran = self._run("update-ref", "-d", "--end-of-options", ref, seen)
        if ran.status:
            raise RecordError(f"git did not remove {ref}: {explain(ran.err)}")

    def is_behind(self, commit: str) -> bool:
        """Whether what is checked out is known not to build on `commit`; in a shallow clone that is not known."""
        if (self.common_dir / "shallow").exists() or not re.fullmatch("[0-9a-f]{40}", commit):
            return False
        return not self.descends("HEAD", commit)

    def is_cut(self, commit: str) -> bool:
        """Whether this clone is shallow and misses a part of the commit's history."""
        cut = self.cut()
        return bool(cut) and not cut.isdisjoint(self._get("rev-list", commit).split())

    def cut(self) -> frozenset[str]:
        """The commits where this clone's history begins though there are earlier ones; empty in a whole one."""
        boundary = self.common_dir / "shallow"
        return frozenset(boundary.read_text("ascii").split()) if boundary.exists() else frozenset()

    # --- the remote -------------------------------------------------------------------------------------------

    def look(self, remote: str, ref: str) -> str:
        """The commit of `ref` in the remote repository, empty where there is none.

        Raises: RemoteUnavailable.
        """
        ran = self._run("ls-remote", "--end-of-options", remote, ref)
        if ran.status:
            raise RemoteUnavailable(f"{remote} does not answer: {explain(ran.err)}", fix=_UNREACHED)
        # A pattern matches the end of names too, so that only the whole name counts.
        pairs = (line.split("\t", 1) for line in ran.out.splitlines())
        return next((commit for commit, name in pairs if name == ref), "")

    def fetch(self, remote: str, ref: str, into: str) -> None:
        """Bring the remote's `ref` into the reference `into`, a private one; no other reference moves.

        Raises: RemoteUnavailable.
        """
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
        ran = self._run("fetch", *options, "--end-of-options", remote, f"+{ref}:{into}")
        if ran.status:
            raise RemoteUnavailable(
                f"{ref} could not be fetched from {remote}: {explain(ran.err)}", fix=_UNREACHED
            )

    def push(self, remote: str, ref: str, commit: str, *, seen: str) -> bool:
        """Point the remote's `ref` to a commit if it still points to `seen` (empty: none); False if it moved.

        Raises: RecordError with the remote's words when it refuses; RemoteUnavailable when it cannot be told
        whether the commit arrived.
        """
        lease = f"--force-with-lease={ref}:{seen}"
        options = ("--quiet", "--no-follow-tags", "--no-recurse-submodules", lease, "--end-of-options")
        ran = self._run("push", *options, remote, f"{commit}:{ref}")
        if not ran.status:
            return True
        there = self.look(remote, ref)
        if there != seen:
            return there == commit
        raise RecordError(
            f"{remote} did not take the record: {explain(ran.err)}",
            fix=f"Whoever runs {remote} can allow pushes to {ref.removeprefix('refs/heads/')}",
        )


_UNREACHED = "Try again when it does. What is applied must be recorded there first."
