"""An Orthanc's configuration on this machine, changed where it lies: one file, or a folder of them.

A file is written whole or not at all, with the mode, the owner and the attributes of the one before. That one is
kept beside it (`.former`) until the server has started with the new one.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pacsconf.systems._orthanc.commented import Option, edited, named, same_but
from pacsconf.systems._orthanc.options import DEFAULTS
from pacsconf.systems._orthanc.settings import UnreadableSettings, contents

FORMER = ".pacsconf-former"
"""What follows the name of a file that is kept; Orthanc reads `*.json` only."""
_HOMES = ("DicomAet", "StorageDirectory", *DEFAULTS)
"""A file with one of these is where further options belong."""


class Unwritable(Exception):
    """It was not changed; the text says why, and repeats nothing that stands in it."""


def changed(files: Mapping[Path, bytes], wanted: Mapping[str, Option]) -> dict[Path, bytes]:
    """The files that are other than they were once the options are as wanted; each stays in the file it is in.

    Raises: Unwritable.
    """
    try:
        names = {file: named(data) for file, data in files.items()}
        home = _home(names)
        by_file: dict[Path, dict[str, Option]] = {}
        for name, value in wanted.items():
            places = [file for file, there in names.items() if name in there]
            if len(places) > 1:
                raise Unwritable(
                    f"{name} stands in {len(places)} files of it, with which Orthanc does not start"
                )
            by_file.setdefault(places[0] if places else home, {})[name] = value
        found = {file: edited(files[file], options) for file, options in by_file.items()}
    except ValueError as exc:
        raise Unwritable(f"its configuration cannot be changed in place: {exc}") from exc
    return {file: data for file, data in found.items() if data != files[file]}


def _home(names: Mapping[Path, tuple[str, ...]]) -> Path:
    for option in _HOMES:
        for file, there in names.items():
            if option in there:
                return file
    return next(iter(names))


class InPlace:
    """The configuration that a path leads to, which may be written from here."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def read(self) -> dict[Path, bytes]:
        """Its files as they are.

        Raises: Unwritable.
        """
        try:
            found = contents(self.path)
        except UnreadableSettings as exc:
            raise Unwritable(str(exc)) from exc
        if strays := [file for file in found if file.resolve() != file]:
            raise Unwritable(f"{strays[0]} is a link: the file that it leads to is not listed")
        return found

    def closed(self) -> str:
        """Why they could not be written, as far as that shows without writing; empty where nothing speaks against
        it.

        Raises: Unwritable when they cannot be read.
        """
        for file in self.read():
            for place in (file, file.parent):
                if not os.access(place, os.W_OK):
                    return f"Let this user write {place}."
        return ""

    def write(self, before: Mapping[Path, bytes], after: Mapping[Path, bytes]) -> None:
        """Keep the former files, and put these in their place; all or none.

        Raises: Unwritable when that cannot be, or somebody else wrote since they were read.
        """
        written: list[Path] = []
        kept: list[Path] = []
        try:
            for file in after:
                kept += _keep(file, before[file])
            for file, data in after.items():
                if file.read_bytes() != before[file]:
                    raise Unwritable(f"somebody else wrote {file} at the same time. Plan again.")
                _replace(file, data)
                written.append(file)
        except (OSError, Unwritable) as exc:
            for file in written:
                with suppress(OSError):
                    _replace(file, before[file])
            for former in kept:
                with suppress(OSError):
                    former.unlink()
            if isinstance(exc, Unwritable):
                raise
            raise Unwritable(f"{exc.filename or self.path} cannot be written: {exc.strerror}") from exc

    def forget(self) -> None:
        """Let go of the former files: the server runs with the new ones."""
        for former in self._formers():
            with suppress(OSError):
                former.unlink()

    def put_back(self) -> str:
        """Put the former files back: what became of that, in words."""
        told = []
        for former in self._formers():
            file = former.with_name(former.name.removesuffix(FORMER))
            try:
                if same_but(former.read_bytes(), file.read_bytes(), DEFAULTS):
                    former.replace(file)
                    told.append(f"{file} is again as it was")
                    continue
            except (OSError, ValueError):
                pass
            told.append(f"{file} could not be put back: the former one is {former}")
        return "; ".join(told) or "nothing was kept to be put back"

    def _formers(self) -> list[Path]:
        """The files that are kept, whoever kept them: a run before this one may have been killed."""
        if not self.path.is_dir():
            return [each for each in (_former(self.path),) if each.is_file()]
        return sorted(each for each in self.path.iterdir() if each.name.endswith(FORMER) and each.is_file())


def _former(file: Path) -> Path:
    return file.with_name(file.name + FORMER)


def _keep(file: Path, data: bytes) -> list[Path]:
    """Keep a file's former content: where, unless one is kept already that a server has started with."""
    former = _former(file)
    with suppress(OSError, ValueError):
        if same_but(former.read_bytes(), data, DEFAULTS):
            return []
    _replace(former, data, like=file)
    return [former]


def _replace(file: Path, data: bytes, like: Path | None = None) -> None:
    """Write a file whole or not at all, with the mode, the owner and the attributes of the one `like` it.

    Raises: OSError.
    """
    model = (like or file).stat()
    handle, part = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
            opened.flush()
            _as(opened.fileno(), like or file, model)
            os.fsync(opened.fileno())
        os.replace(part, file)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _as(handle: int, file: Path, model: os.stat_result) -> None:
    """Give an open file the owner, the attributes (access lists among them) and the mode of another."""
    if not hasattr(os, "fchown"):  # Windows: it has what its folder gives it
        return
    mine = os.fstat(handle)
    if (mine.st_uid, mine.st_gid) != (model.st_uid, model.st_gid):
        os.fchown(handle, model.st_uid, model.st_gid)
    if hasattr(os, "listxattr"):
        with suppress(OSError):  # a file system without any
            for name in os.listxattr(file):
                os.setxattr(handle, name, os.getxattr(file, name))
    os.fchmod(handle, stat.S_IMODE(model.st_mode))
