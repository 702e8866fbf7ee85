"""Repositories of our own, apart from every other, in which what others sent is looked at.

What is received is one file, a bundle; a repository that somebody sent is never opened where it lies, since git
would do what its configuration and hooks say. The bundle's head is read here before git sees it; then git fetches
it into an empty bare repository, with nobody's configuration and no hooks, checking every object, and in bounded
time. Nothing is ever checked out.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from pacsconf.core.errors import RecordError
from pacsconf.core.memory import bounded
from pacsconf.record._commands import Ran
from pacsconf.record._objects import Objects
from pacsconf.record._words import explain

if TYPE_CHECKING:
    from git import Repo

LARGEST = 512 * 1024 * 1024
"""Bytes of a bundle: it holds the whole history of a record."""
MOST_OBJECTS = 3_000_000
MOST_ENTRIES = 60_000
"""Files and folders of a commit that is laid open."""
DEEPEST = 8
"""Folders within each other: trees that hold themselves many times over would have no end."""
LARGEST_FILES = 512 * 1024 * 1024
"""Bytes of all files of a commit that is laid open."""
PATIENCE = 300
"""Seconds for git to take a bundle in."""
MOST_MEMORY = 3 << 30
"""Bytes for git to do so."""
MOST_READ = 8 << 30
"""Bytes of all files that are read of one that was received: each may be small there and long here."""

_SETTINGS = (
    "transfer.fsckObjects=true",
    "fetch.fsckObjects=true",
    "fetch.unpackLimit=1",  # kept as it came: a small file may hold millions of objects
    "core.bigFileThreshold=16m",  # what is larger goes through piece by piece
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "core.commitGraph=false",
    "protocol.allow=never",
    "protocol.file.allow=always",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "log.showSignature=false",
)
_HEAD = 64 * 1024
"""Bytes that the head of a bundle with two references never needs."""
_FIRST = re.compile(rb"# v([23]) git bundle\n")
_REF = re.compile(rb"([0-9a-f]{40}) (\S+)")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file of a commit: its blob and its size in bytes."""

    blob: str
    size: int


class Apart(Objects):
    """A bare repository that nobody else knows, with no configuration but ours."""

    _left = MOST_READ

    @classmethod
    def make(cls, folder: Path, *, borrowed: Path | None = None) -> Self:
        """An empty one below a folder of ours; `borrowed` are objects that it may read.

        Raises: RecordError when git is not installed.
        """
        place, home = folder / "apart.git", folder / "home"
        # Laid out by hand: `git init` heeds more of what this process was started with than can be overruled.
        for each in (home, place / "refs" / "heads", place / "objects" / "info", place / "objects" / "pack"):
            each.mkdir(parents=True)
        (place / "HEAD").write_text("ref: refs/heads/none\n")
        (place / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        if borrowed is not None:
            (place / "objects" / "info" / "alternates").write_text(f"{borrowed}\n")
        made = cls(_opened(place))
        made._repo.git.set_persistent_git_options(c=list(_SETTINGS))
        made._repo.git.update_environment(**_environment(place, home))
        return made

    def bundle(self, file: Path, refs: Mapping[str, str]) -> None:
        """Write a bundle that holds these references with all that they lead to.

        Raises: RecordError when git refuses.
        """
        for ref, commit in refs.items():
            self._get("update-ref", "--end-of-options", ref, commit)
        self._get("bundle", "create", "--quiet", str(file), *refs)

    def take(self, bundle: Path, refs: Mapping[str, str]) -> None:
        """Fetch these references of a bundle, which is ours alone, into others.

        Raises: RecordError when it is cut short, damaged, or takes too long.
        """
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
        specs = [f"+{there}:{here}" for there, here in refs.items()]
        call: Any = self._repo.git.fetch
        with bounded(MOST_MEMORY):
            ran = Ran(
                *call(
                    *options, "--end-of-options", str(bundle), *specs,
                    with_extended_output=True, with_exceptions=False, kill_after_timeout=PATIENCE,
                )
            )  # fmt: skip
        if ran.status:
            raise RecordError(
                f"git cannot take it: {explain(ran.err)}",
                fix="It was cut short, damaged or altered on its way: ask for it again",
            )

    def _settings_around(self) -> int:
        return 0

    def read(self, commit: str, path: str) -> bytes:
        """The contents of one file of a commit, as long as all together stay within what may be read.

        Raises: RecordError when it is missing, damaged or too long, or too much was read before.
        """
        data = super().read(commit, path)
        self._left -= len(data)
        if self._left < 0:
            raise RecordError("it holds more, unpacked, than any evidence pack")
        return data

    def parents(self, commit: str) -> tuple[str, ...]:
        """The parents of a commit."""
        return tuple(self._get("rev-list", "--parents", "--max-count=1", commit).split()[1:])

    def tip(self, ref: str) -> str:
        """Where a reference leads.

        Raises: RecordError when that is no commit.
        """
        ran = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if ran.status:
            raise RecordError("what it holds is no commit")
        return ran.out

    def leaves(self, commit: str) -> dict[str, Leaf]:
        """The files of a commit, by path, each folder looked at by itself.

        Raises: RecordError for links, submodules and programs, and where there are more than there may be.
        """
        found: dict[str, Leaf] = {}
        folders = [("", f"{commit}^{{tree}}", 0)]
        entries = total = 0
        while folders:
            prefix, tree, depth = folders.pop()
            if depth > DEEPEST:
                raise RecordError("it has folders within folders deeper than any evidence pack")
            for mode, kind, name, size, path in self._entries(tree, prefix):
                entries, total = entries + 1, total + size
                if entries > MOST_ENTRIES or total > LARGEST_FILES:
                    raise RecordError("it holds more files, or longer ones, than any evidence pack")
                if kind == "tree":
                    folders.append((f"{path}/", name, depth + 1))
                elif mode == "100644":
                    found[path] = Leaf(name, size)
                else:
                    raise RecordError(
                        f"{path!r:.200} is {_KINDS.get(mode, 'no plain file')}, which no evidence pack has"
                    )
        return found

    def _entries(self, tree: str, prefix: str) -> list[tuple[str, str, str, int, str]]:
        told = self._get("ls-tree", "-l", "-z", "--full-tree", "--end-of-options", tree)
        rows = []
        for row in filter(None, told.split("\0")):
            about, _, name = row.partition("\t")
            mode, kind, blob, size = about.split()
            rows.append((mode, kind, blob, int(size) if size.isdigit() else 0, f"{prefix}{name}"))
        return rows


def _opened(place: Path) -> Repo:
    import git
    from git.exc import GitCommandNotFound, InvalidGitRepositoryError

    try:
        return git.Repo(place, expand_vars=False)
    except GitCommandNotFound as exc:
        raise RecordError("git is not installed", fix="Install it: apt-get install git") from exc
    except InvalidGitRepositoryError as exc:
        raise RecordError(
            "GIT_OBJECT_DIRECTORY or GIT_COMMON_DIR is set, and leads nowhere",
            fix="Unset them for this command",
        ) from exc


_KINDS = {"120000": "a link", "160000": "a submodule", "100755": "a program"}


def _environment(place: Path, home: Path) -> dict[str, str]:
    """What git is to go by, whatever this process was started with."""
    return {
        "GIT_DIR": str(place),
        "GIT_COMMON_DIR": str(place),
        "GIT_WORK_TREE": str(home),
        "GIT_OBJECT_DIRECTORY": str(place / "objects"),
        "GIT_INDEX_FILE": str(place / "index"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
        "GIT_NAMESPACE": "",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_SHALLOW_FILE": "",
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_PARAMETERS": "",
        "GIT_CONFIG_COUNT": "0",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "GNUPGHOME": str(home),
    }


# --- the bundle itself --------------------------------------------------------------------------------------------


def received(file: Path, into: Path) -> dict[str, str]:
    """The references of a bundle, by name, after it was copied to a file of ours.

    Raises: RecordError when it is no bundle, needs what it does not hold, or is larger than it may be.
    """
    if file.is_dir():
        raise RecordError(
            f"{file} is a folder. A repository that others made is not opened: git would do what it says",
            fix="Ask for the evidence pack as one file, as it was written by: pacsconf audit pack",
        )
    if file.exists() and not file.is_file():
        raise RecordError(f"{file} is no plain file")
    try:
        with file.open("rb") as source:
            _require_bounded(file, source)
            refs = _refs(file, source)
            source.seek(0)
            with into.open("xb") as target:
                shutil.copyfileobj(source, target)
    except OSError as exc:
        raise RecordError(f"{file} cannot be read: {exc.strerror}") from exc
    return refs


def _require_bounded(file: Path, source: IO[bytes]) -> None:
    size = os.fstat(source.fileno()).st_size
    if size > LARGEST:
        raise RecordError(
            f"{file} is {size / 1024**2:.0f} MiB long; an evidence pack beyond {LARGEST // 1024**2} is not read"
        )


def _refs(file: Path, source: IO[bytes]) -> dict[str, str]:
    head = source.read(_HEAD)
    rows, found, rest = head.partition(b"\n\n")
    first = _FIRST.match(head)
    if not first:
        raise RecordError(
            f"{file} is no bundle of git", fix="It is to be the file that pacsconf audit pack wrote"
        )
    if not found:
        raise RecordError(f"{file} is cut short, or lists more references than any evidence pack")
    refs: dict[str, str] = {}
    for row in rows[first.end() :].split(b"\n"):
        if row.startswith(b"-"):
            raise RecordError(f"{file} is not whole: it needs commits that it does not hold")
        if row.startswith(b"@") and row == b"@object-format=sha1":
            continue
        told = _REF.fullmatch(row)
        if not told:
            raise RecordError(f"{file} is no bundle that can be read")
        refs[told[2].decode("utf-8", "backslashreplace")] = told[1].decode()
    _require_few(file, rest[:12])
    return refs


def _require_few(file: Path, pack: bytes) -> None:
    if len(pack) < 12 or not pack.startswith(b"PACK"):
        raise RecordError(f"{file} is cut short: it holds no objects")
    if int.from_bytes(pack[8:12], "big") > MOST_OBJECTS:
        raise RecordError(f"{file} holds more objects than any evidence pack")
