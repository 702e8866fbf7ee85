"""The inventory as git has it at another commit, or had it on another day, read without checking it out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from errno import EINVAL
from os import strerror
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.core.errors import RecordError

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.inventory.model import Inventory
    from pacsconf.people.ends import End
    from pacsconf.record.record import Record

log = logging.getLogger(__name__)

_READ = frozenset({".yaml", ".yml", ".csv"})


def lay_out(folder: Path, files: Mapping[str, bytes], shown: str = "") -> None:
    """These files below a folder; a message names them with `shown` in front.

    Raises: RecordError when they cannot lie there: git can hold names that a disk cannot.
    """
    for name, content in files.items():
        try:
            if ".." in PurePosixPath(name).parts:
                raise OSError(EINVAL, strerror(EINVAL))
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as exc:
            raise RecordError(f'"{shown}{name}" cannot be laid out here: {exc.strerror}') from exc


def announced(work: Workspace, store: Record, ends: Mapping[str, tuple[End, ...]]) -> frozenset[str]:
    """Of these users those of whom the inventory said what has ended before its last day began (UTC).

    What was checked out then is told by git's first parents, so a merge counts from its own time. What cannot be
    told counts as not known: a shallow clone, an inventory that did not stand.
    """
    from pacsconf.people.ends import announced as known
    from pacsconf.people.ends import days_to_look_at

    read: dict[str, Inventory | None] = {"": None}
    stood: dict[date, Inventory | None] = {}
    for day in days_to_look_at(ends, workspace.now().date()):
        commit = store.inventory_before(datetime.combine(day, time(), UTC))
        if commit not in read:
            read[commit] = read_at(work.root, commit)
        stood[day] = read[commit]
    return known(ends, stood)


def applied(work: Workspace, store: Record) -> Inventory | None:
    """What was applied last, as this environment had it; None where nothing was, it is what is here, or it cannot
    be read any more. What was not committed then is not in it.
    """
    from pacsconf.inventory.environment import for_environment

    try:
        last = store.last_changeset()
    except RecordError as why:
        log.info("what was applied last cannot be read: %s", why.message)
        return None
    if last is None or last.plan.basis.inventory == work.loaded.digest:
        return None
    found = read_at(work.root, last.plan.basis.commit.removesuffix("-dirty"))
    if found is None or (found.environments and work.environment not in found.environments):
        return None
    there, _ = for_environment(found, work.environment, workspace.overlay_of(found, work.environment))
    return there.model_copy(update={"as_of": workspace.as_of(work.at)})


def read_at(root: Path, commit: str) -> Inventory | None:
    """The inventory at a commit, whatever the day; None where there is none that stands."""
    from pacsconf.inventory.loader import load
    from pacsconf.record.checkouts import as_of

    try:
        files = as_of(root, commit, ".", lambda name: PurePosixPath(name).suffix.lower() in _READ).files
        with TemporaryDirectory(prefix="pacsconf-") as folder:
            lay_out(Path(folder), files)
            return load(Path(folder)).inventory
    except RecordError as why:
        log.info("the inventory at %s cannot be read: %s", commit[:10], why.message)
        return None
