"""Where a practice lab lives: one folder outside git, known by the note in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pacsconf.core.errors import Unavailable

NOTE = "lab.json"
"""Says that a folder is a lab's, so that nothing else is ever taken for one and removed."""
OVERLAY = "overlay.json"
"""What the lab adds to the inventory's environment `lab`; written last, so that it tells a complete lab."""


def default_folder() -> Path:
    """`$PACSCONF_LAB_DIR`, else `pacsconf/lab` in the user's state folder."""
    given = os.environ.get("PACSCONF_LAB_DIR")
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return Path(given).absolute() if given else state / "pacsconf" / "lab"


def overlay(folder: Path) -> dict[str, Any] | None:
    """The lab's `systems` (by name, keys that replace or complete the declared ones) and `dial`; None: no lab."""
    try:
        read: dict[str, Any] = json.loads((folder / OVERLAY).read_text())
    except FileNotFoundError:
        return None
    return read


def is_lab(folder: Path) -> bool:
    """Whether this folder was made for a lab, whatever has become of it."""
    return (folder / NOTE).is_file()


def claim(folder: Path) -> None:
    """Make the folder, private to its user, with the note in it.

    Raises: Unavailable when something else is kept there.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Unavailable(
            "lab",
            f"{folder} is not empty and not a practice lab; `lab down` would remove what is in it",
            fix="Name an empty or new folder in PACSCONF_LAB_DIR.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    write(folder / NOTE, {"made by": "pacsconf lab up; removed by pacsconf lab down"})


def write(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(value, indent=2) + "\n")
    part.replace(path)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold off another `up` or `down` for the length of a `with` block, leaving no lock file behind."""
    import fcntl  # not on Windows, where there is no lab but every other command still has to start

    folder.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
