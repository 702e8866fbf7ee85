"""The door to git: GitPython is used here and nowhere else.

Objects are read through GitPython, and written through its command wrapper with fixed arguments: text of users goes
through standard input or into files, never where git could take it for an option. Nothing here touches the working
tree, the index or what the user has checked out. Hooks of the repository run as for any other push or update.
"""

from __future__ import annotations

import hashlib
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TYPE_CHECKING, Any, TypeVar

from pacsconf.core.errors import RecordError
from pacsconf.record._words import explain

if TYPE_CHECKING:
    from git import Repo

_SETTINGS = (
    # An open change set must be on the disk before anything changes; older git than 2.36 ignores this.
    "core.fsync=all",
    # Without it git makes an address up from the host name, and the record would name nobody.
    "user.useConfigOnly=true",
    "advice.detachedHead=false",
)
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}

MAX_FILE_BYTES = 256 * 1024 * 1024
"""A file of the record beyond this is not read: 100,000 resources need 41 MB."""


_STOPPED = frozenset({-signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGINT, 128 + signal.SIGTERM})
"""How git ends when it, or what it started, was asked to stop."""

T = TypeVar("T")


class RemoteUnavailable(RecordError):
    """The remote repository did not answer, or not as one."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a git command gave back."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class InventoryCommit:
    """Where the inventory stands: empty `commit` before the first one, empty `branch` on a detached head."""

    commit: str
    branch: str
    clean: bool

    def __str__(self) -> str:
        return self.commit if self.clean else f"{self.commit}-dirty"


class Repository:
    """The git repository that an inventory lives in."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo
        self._identity = ""
        repo.git.set_persistent_git_options(c=list(_SETTINGS))
        repo.git.update_environment(**_ENVIRONMENT)

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

    def close(self) -> None:
        """End the git processes that wait for objects to read."""
        self._repo.close()

    @property
    def common_dir(self) -> Path:
        """The `.git` folder that all work trees of the clone share."""
        return Path(str(self._repo.common_dir)).resolve()

    def _run(
        self, command: str, *args: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> Ran:
        """What a git command gives back.

        A Ctrl-C in a terminal stops git as well. Where this goes on all the same, since it is to finish what it
        began, the command is given once more: each of them may be given twice.
        """
        ran = self._run_once(command, *args, stdin=stdin, env=env)
        return self._run_once(command, *args, stdin=stdin, env=env) if ran.status in _STOPPED else ran

    def _run_once(self, command: str, *args: str, stdin: bytes | None, env: Mapping[str, str] | None) -> Ran:
        call: Any = getattr(self._repo.git, command.replace("-", "_"))
        options: dict[str, Any] = {"with_extended_output": True, "with_exceptions": False, "env": env}
        if stdin is None:
            return Ran(*call(*args, **options))
        with TemporaryFile() as stream:
            stream.write(stdin)
            stream.seek(0)
            return Ran(*call(*args, istream=stream, **options))

    def _get(self, command: str, *args: str, stdin: bytes | None = None, **env: str) -> str:
        ran = self._run(command, *args, stdin=stdin, env=env)
        if ran.status:
            raise RecordError(f"git {command} failed: {explain(ran.err)}")
        return ran.out

    # --- configuration ----------------------------------------------------------------------------------------

    def config(self, name: str) -> str:
        """A value of git's configuration, empty where it has none."""
        return self._run("config", "--get", name).out

    def remotes(self) -> tuple[str, ...]:
        """The names of the remote repositories."""
        return tuple(self._get("remote").split())

    def identity(self) -> str:
        """Who commits here, as `name <mail>`.

        Raises: RecordError when git was not told.
        """
        if self._identity:
            return self._identity
        ran = self._run("var", "GIT_COMMITTER_IDENT")
        if ran.status:
            raise RecordError(
                "git does not know who you are, and the record names who applied what",
                fix='git config --global user.name "Your Name"\ngit config --global user.email you@example.org',
            )
        self._identity = ran.out.rsplit(">", 1)[0] + ">"
        return self._identity

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

    def descends(self, commit: str, ancestor: str) -> bool:
        """Whether `ancestor` is in the history of `commit`, as far as this clone can tell."""
        return commit == ancestor or not self._run("merge-base", "--is-ancestor", ancestor, commit).status

    def is_behind(self, commit: str) -> bool:
        """Whether what is checked out is known not to build on `commit`; in a shallow clone that is not known."""
        if (self.common_dir / "shallow").exists() or not re.fullmatch("[0-9a-f]{40}", commit):
            return False
        return not self.descends("HEAD", commit)

    def is_cut(self, commit: str) -> bool:
        """Whether this clone is shallow and misses a part of the commit's history."""
        boundary = self.common_dir / "shallow"
        if not boundary.exists():
            return False
        cut = set(boundary.read_text("ascii").split())
        return not cut.isdisjoint(self._get("rev-list", commit).split())

    # --- objects ----------------------------------------------------------------------------------------------

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

    def line(self, commit: str, limit: int = -1) -> Iterator[str]:
        """The commits from this one back to the first, along first parents, at most `limit` if that is set."""
        yield from self._get("rev-list", "--first-parent", f"--max-count={limit}", commit).splitlines()

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
