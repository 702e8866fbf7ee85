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


Renewed = Literal["nothing", "part", "everything"]


@dataclass(frozen=True, slots=True)
class Part:
    """One server of the lab: a directory by its system's name, `stations` or `archives`."""

    name: str
    running: bool
    detail: str


@dataclass(frozen=True, slots=True)
class LabState:
    """A lab and its parts.

    `renewed` says what `up` had to start: everything where there was no lab, or nothing but the rest of one; a
    part where some of it was dead or is declared otherwise now. `emptied` are the directories, by system, that
    began anew and empty: what was recorded of them is not true any more.
    """

    folder: Path
    parts: tuple[Part, ...]
    dial: Mapping[str, str]
    renewed: Renewed = "nothing"
    emptied: tuple[str, ...] = ()

    @property
    def condition(self) -> Literal["down", "up", "broken"]:
        if not self.parts:
            return "down"
        return "up" if all(part.running for part in self.parts) else "broken"


def up(inventory: Inventory, folder: Path) -> LabState:
    """The lab for this inventory, running.

    A directory is kept with what is in it, and started again where it died; one whose data is gone, or that stands
    at another base now, begins anew. The DICOM side is renewed where a part of it is dead or the inventory now
    declares other addresses.

    Raises: Unavailable when a program is missing or does not start; nothing is left then of a lab that was new.
    """
    folder = folder.resolve()
    with place.alone(folder):
        try:
            return _up(inventory, folder)
        except BaseException:  # an interrupt as well: half a lab is worse than none
            if place.overlay(folder) is None:
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
    dicom = [
        Part(player.name, player.running, _played(player)) for player in listeners.players(folder / _DICOM)
    ]
    return LabState(folder, (*directories, *dicom), laid["dial"])


def _played(player: listeners.Player) -> str:
    silent = f", {player.silent} more silent on purpose" if player.silent else ""
    return f"{player.answering} DICOM address{'' if player.answering == 1 else 'es'} on 127.0.0.1{silent}"


def down(folder: Path) -> bool:
    """End everything that the lab in this folder runs, and remove the folder. False: there was no lab.

    A folder that is not a lab's is left as it is.
    """
    folder = folder.resolve()
    with place.alone(folder):
        return _clear(folder)


def by_hand(folder: Path, system: str | None = None) -> tuple[str, ...]:
    """The ldapmodify command by which a colleague (`cn=jdoe`), not pacsconf, changes a directory.

    `system` may be left out where the lab has one directory only.

    Raises: Unavailable when that directory does not run, or is not told by what was given.
    """
    folder = folder.resolve()
    name = _named(folder, system)
    directory = _directory(folder, name)
    if directory is None:
        raise Unavailable("lab", f'the practice directory "{name}" does not run', fix="Run: pacsconf lab up")
    bind = ("-x", "-D", directory.colleague_dn, "-y", str(directory.password_file))
    return ("ldapmodify", "-H", directory.url, *bind)


def _named(folder: Path, system: str | None) -> str:
    """Which of the lab's directories is meant."""
    laid = place.overlay(folder)
    if laid is None:
        raise Unavailable("lab", "no practice lab is up", fix="Run: pacsconf lab up")
    names = sorted(laid["systems"])
    if system in names:
        return str(system)
    if system is None and len(names) == 1:
        return str(names[0])
    what = f'no practice directory is named "{system}"' if system else f"the lab has {len(names)} directories"
    raise Unavailable(
        "lab", what, fix=f"Name one of those there are: {', '.join(names) or 'none is declared'}"
    )


def _up(inventory: Inventory, folder: Path) -> LabState:
    laid = place.overlay(folder)
    if laid is None:
        _clear(folder)
        place.claim(folder)
    bases = _bases(inventory)
    stood = laid is not None and laid["systems"].keys() == bases.keys() and _all_stand(folder, bases)
    _bring_directories(folder, bases)
    wanted = network(inventory)
    played = laid is not None and listeners.plays(folder / _DICOM, wanted)
    # Whatever else is declared must not be called: behind an address in a real network is a real scanner.
    dial = laid["dial"] if laid and played else listeners.start(folder / _DICOM, wanted) | {"*": "none"}
    systems = {name: _system(folder, name) for name in bases}
    place.write(folder / place.OVERLAY, {"systems": systems, "dial": dial})
    renewed: Renewed = "everything" if laid is None else "nothing" if stood and played else "part"
    return replace(status(folder), renewed=renewed, emptied=tuple(sorted(_news(folder) & bases.keys())))


def _bring_directories(folder: Path, bases: Mapping[str, str]) -> None:
    """Every directory running, with its data where it has any, and no other."""
    for kept in sorted((folder / _DIRECTORIES).glob("*")):
        if kept.name not in bases:
            _remove_directory(kept)
    for name, base in bases.items():
        if not _revived(folder, name, base):
            _remove_directory(folder / _DIRECTORIES / name)
            _place_of_news(folder).mkdir(exist_ok=True)
            (_place_of_news(folder) / name).touch()
            slapd.start(folder / _DIRECTORIES / name, slapd.Options(base=base, tree=True))


def _revived(folder: Path, name: str, base: str) -> bool:
    """Whether this directory runs with its data, at this base."""
    if not (folder / _DIRECTORIES / name).exists():
        return False
    try:
        found = slapd.revive(folder / _DIRECTORIES / name)
    except Unavailable:  # it cannot be saved, and it is only for practice
        return False
    return found is not None and found.base == base


def _remove_directory(kept: Path) -> None:
    if kept.exists():
        processes.end(kept)
        shutil.rmtree(kept)


def _news(folder: Path) -> set[str]:
    """The directories that began anew since an `up` was last finished: one that was killed has told nobody."""
    news = {each.name for each in _place_of_news(folder).glob("*")}
    shutil.rmtree(_place_of_news(folder), ignore_errors=True)
    return news


def _place_of_news(folder: Path) -> Path:
    return folder / "emptied"


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


def _all_stand(folder: Path, bases: Mapping[str, str]) -> bool:
    found = {name: _directory(folder, name) for name in bases}
    return all(each is not None and each.base == bases[name] for name, each in found.items())


def _directory(folder: Path, name: str) -> slapd.Slapd | None:
    return slapd.attach(folder / _DIRECTORIES / name)


def _bases(inventory: Inventory) -> dict[str, str]:
    """By directory, its declared base, so that what is practised has the names of what is real."""
    configs = {
        name: each for name, each in sorted(inventory.systems.items()) if isinstance(each, DirectoryConfig)
    }
    return {
        name: each.base if each.base and each.base.lower().startswith("dc=") else slapd.BASE
        for name, each in configs.items()
    }


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
