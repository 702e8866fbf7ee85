"""The door to git: every command goes through here, by GitPython's wrapper.

Arguments are fixed: text of users goes through standard input or into files, never where git could take it for an
option. Nothing touches the working tree, the index or what the user has checked out. Hooks of the repository run as
for any other push or update.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

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

_STOPPED = frozenset({-signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGINT, 128 + signal.SIGTERM})
"""How git ends when it, or what it started, was asked to stop."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a git command gave back."""

    status: int
    out: str
    err: str


class Commands:
    """A repository that takes commands, and who gives them."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo
        self._identity = ""
        repo.git.set_persistent_git_options(c=list(_SETTINGS))
        repo.git.update_environment(**_ENVIRONMENT)

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
