"""`validate --policies-from REF`: a change judged by the policies of another commit, and what it alters of them.

A pull request that brings its own waiver, or switches off the rule that it breaks, would otherwise judge itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pacsconf.cli.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Other:
    """The policies of another commit, laid out in a folder of ours while they are asked."""

    revision: str
    commit: str
    folder: Path
    """What has them in its folder `policies`."""
    altered: tuple[str, ...]
    """The files of policies that are otherwise in the repository, by path: added, removed or changed."""


@contextmanager
def policies_of(root: Path, revision: str) -> Iterator[Other]:
    """The policies of a commit, by branch, tag or id. Links there are followed within the commit.

    Raises: RecordError when git knows no such revision, or cannot read it.
    """
    from pacsconf.cli.revisions import lay_out
    from pacsconf.record.checkouts import as_of

    stood = as_of(root, revision, "policies", _counts)
    with TemporaryDirectory(prefix="pacsconf-") as name:
        folder = Path(name)
        lay_out(folder / "policies", stood.files, "policies/")
        yield Other(revision, stood.commit, folder, tuple(_altered(root, stood.files)))


def _counts(path: str) -> bool:
    """Whether a file below `policies` is one of rules, waivers or profiles."""
    from pacsconf.inventory.files import is_ours

    return is_ours(PurePosixPath(path)) and PurePosixPath(path).parent in _FOLDERS


_FOLDERS = (PurePosixPath(), PurePosixPath("profiles"))


def _altered(root: Path, there: Mapping[str, bytes]) -> Iterator[str]:
    from pacsconf.cli.policy_files import files_in
    from pacsconf.inventory.files import MAX_BYTES, read_bytes

    top = root / "policies"
    here = {path.relative_to(top).as_posix(): path for each in _FOLDERS for path in files_in(top / each)}
    for name in sorted({*here, *there}):
        if name not in here or there.get(name) != read_bytes(here[name], root, MAX_BYTES):
            yield f"policies/{name}"


def require_sound(work: Workspace) -> None:
    """Nothing, where the repository's own policies have no mistake, though they are not what is judged by.

    Raises: InvalidInventory with every mistake in their files.
    """
    from dataclasses import replace

    from pacsconf.cli.policy_book import rulebook

    rulebook(replace(work, policies=None))


def told(other: Other) -> Iterator[str]:
    """By what is judged, and what of the policies here does not count: a sentence each."""
    yield f"Judged by the policies of {other.revision} ({other.commit[:7]})."
    if other.altered:
        yield f"Altered here, which does not count: {', '.join(other.altered)}."
