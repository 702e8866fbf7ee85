"""The practice lab: a private directory and DICOM listeners for an inventory, on the loopback, in one folder.

Nothing of it needs root, a service manager or a fixed port; nothing of it is left after `down`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pacsconf.core.errors import Unavailable
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import DirectoryConfig
from pacsconf.lab import listeners, place, processes, slapd
from pacsconf.lab.network import network

_DIRECTORIES = "directories"
_DICOM = "dicom"


@dataclass(frozen=True, slots=True)
class Part:
    """One server of the lab: a directory by its system's name, `stations` or `archives`."""

    name: str
    running: bool
    detail: str


@dataclass(frozen=True, slots=True)
class LabState:
    """A lab and its parts. `renewed` says what `up` had to start."""

    folder: Path
    parts: tuple[Part, ...]
    dial: Mapping[str, str]
    renewed: Literal["nothing", "dicom", "everything"] = "nothing"

    @property
    def condition(self) -> Literal["down", "up", "broken"]:
        if not self.parts:
            return "down"
        return "up" if all(part.running for part in self.parts) else "broken"


def up(inventory: Inventory, folder: Path) -> LabState:
    """The lab for this inventory, running.

    Directories that all run are kept with what is in them, else they are made anew and empty. The DICOM side is
    renewed where a part of it is dead or the inventory now declares other addresses.

    Raises: Unavailable when a program is missing or does not start; nothing is left of the attempt then.
    """
    folder = folder.resolve()
    with place.alone(folder):
        try:
            return _up(inventory, folder)
        except BaseException:  # an interrupt as well: half a lab is worse than none
            _clear(folder)
            raise


def status(folder: Path) -> LabState:
    """The lab in this folder, as it is."""
    folder = folder.resolve()
    laid = place.overlay(folder)
    if laid is None:
        unfinished = (Part("lab", False, "was not started to the end"),) if place.is_lab(folder) else ()
        return LabState(folder, unfinished, {})
    directories = [
        Part(name, _directory(folder, name) is not None, f"{laid['systems'][name]['url']} (directory)")
        for name in sorted(laid["systems"])
    ]
    played = len(laid["dial"]) - 1
    dicom = [
        Part(name, runs, f"DICOM {name} of {played} addresses on 127.0.0.1")
        for name, runs in listeners.running(folder / _DICOM).items()
    ]
    return LabState(folder, (*directories, *dicom), laid["dial"])


def down(folder: Path) -> bool:
    """End everything that the lab in this folder runs, and remove the folder. False: there was no lab.

    A folder that is not a lab's is left as it is.
    """
    folder = folder.resolve()
    with place.alone(folder):
        return _clear(folder)


def by_hand(folder: Path, system: str) -> tuple[str, ...]:
    """The ldapmodify command by which a colleague (`cn=jdoe`), not pacsconf, changes this directory.

    Raises: Unavailable when the directory does not run.
    """
    directory = _directory(folder.resolve(), system)
    if directory is None:
        raise Unavailable("lab", f'no practice directory "{system}" runs', fix="Run: pacsconf lab up")
    bind = ("-x", "-D", directory.colleague_dn, "-y", str(directory.password_file))
    return ("ldapmodify", "-H", directory.url, *bind)


def _up(inventory: Inventory, folder: Path) -> LabState:
    wanted = network(inventory)
    names = [
        name for name, config in sorted(inventory.systems.items()) if isinstance(config, DirectoryConfig)
    ]
    fresh = not _directories_stand(folder, names)
    if fresh:
        _clear(folder)
        place.claim(folder)
        for name in names:
            slapd.start(folder / _DIRECTORIES / name, slapd.Options(base=_base(inventory, name), tree=True))
    elif listeners.plays(folder / _DICOM, wanted):
        return status(folder)
    # Whatever else is declared must not be called: behind an address in a real network is a real scanner.
    dial = listeners.start(folder / _DICOM, wanted) | {"*": "none"}
    systems = {name: _system(folder, name) for name in names}
    place.write(folder / place.OVERLAY, {"systems": systems, "dial": dial})
    return replace(status(folder), renewed="everything" if fresh else "dicom")


def _clear(folder: Path) -> bool:
    """Leave nothing of a lab: whether there was one."""
    if not place.is_lab(folder):
        return False
    processes.end(folder)
    # The note goes last: what an interrupted removal leaves is still known as a lab's.
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name == place.NOTE):
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    folder.rmdir()
    return True


def _directories_stand(folder: Path, names: list[str]) -> bool:
    laid = place.overlay(folder)
    return (
        laid is not None
        and sorted(laid["systems"]) == names
        and all(_directory(folder, name) for name in names)
    )


def _directory(folder: Path, name: str) -> slapd.Slapd | None:
    return slapd.attach(folder / _DIRECTORIES / name)


def _base(inventory: Inventory, name: str) -> str:
    """The declared base, so that what is practised has the names of what is real."""
    config = inventory.systems[name]
    declared = config.base if isinstance(config, DirectoryConfig) else None
    return declared if declared and declared.lower().startswith("dc=") else slapd.BASE


def _system(folder: Path, name: str) -> dict[str, Any]:
    """What the lab's directory replaces in the declared system."""
    directory = _directory(folder, name)
    if directory is None:
        raise Unavailable("lab", f'the practice directory "{name}" ended at once')
    return {
        "url": directory.tls_url,
        "base": directory.base,
        "bind": {"dn": directory.pacsconf_dn, "password": f"file:{directory.password_file}"},
        "start_tls": False,
        "ca_file": str(directory.ca_file),
        "verify": True,
        "mode": "write",
    }
