"""The servers of a lab that keep data, one for a system of the inventory: kept, started again, or begun anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, get_args

from pacsconf.core.errors import Unavailable
from pacsconf.lab import processes

Group = Literal["directories", "accounts", "orthancs", "domains"]
"""The folder in the lab's that holds one folder for each server of a kind, by the name of its system."""

_NEWS = "emptied"


class Server(Protocol):
    """A server that the inventory asks for. `folder` is the server's own, always the same."""

    group: ClassVar[Group]

    @property
    def name(self) -> str:
        """The system that it is for."""

    def start(self, folder: Path) -> None:
        """Start it anew, with nothing in it but what it cannot do without."""

    def revive(self, folder: Path) -> bool:
        """Whether it runs with its data, as the inventory wants it; where it died it is started again."""

    def stands(self, folder: Path) -> bool:
        """Whether it runs, as the inventory wants it."""

    def overlay(self, folder: Path) -> dict[str, Any]:
        """The keys that it puts over those of its system. It runs."""


class LDAPServer(Protocol):
    """A running directory, with an account for pacsconf."""

    @property
    def tls_url(self) -> str: ...
    @property
    def pacsconf_dn(self) -> str: ...
    @property
    def password_file(self) -> Path: ...
    @property
    def ca_file(self) -> Path: ...


def over_tls(found: LDAPServer) -> dict[str, Any]:
    """The keys that lead a system to a directory of the lab."""
    return {
        "url": found.tls_url,
        "bind": {"dn": found.pacsconf_dn, "password": f"file:{found.password_file}"},
        "start_tls": False,
        "ca_file": str(found.ca_file),
        "verify": True,
        "mode": "write",
    }


def bring(lab: Path, wanted: Sequence[Server]) -> None:
    """Have these servers running, each with its data where it has any, and no others.

    Raises: Unavailable when one does not start; `news` tells even then what was begun anew.
    """
    places = {_of(lab, server) for server in wanted}
    for group in get_args(Group):
        for kept in sorted((lab / group).glob("*")):
            if kept not in places:
                _remove(kept)
    for server in wanted:
        folder = _of(lab, server)
        if not _revived(folder, server):
            _remove(folder)
            (lab / _NEWS).mkdir(exist_ok=True)
            (lab / _NEWS / server.name).touch()
            server.start(folder)


def stand(lab: Path, wanted: Iterable[Server]) -> bool:
    """Whether all of these run as they are wanted."""
    return all(server.stands(_of(lab, server)) for server in wanted)


def overlays(lab: Path, wanted: Iterable[Server]) -> dict[str, dict[str, Any]]:
    """By system, the keys that the lab puts over what is declared."""
    return {server.name: server.overlay(_of(lab, server)) for server in wanted}


def news(lab: Path) -> set[str]:
    """Which began anew since this was last asked: an `up` that was killed has told nobody."""
    names = {each.name for each in (lab / _NEWS).glob("*")}
    shutil.rmtree(lab / _NEWS, ignore_errors=True)
    return names


def of_system(lab: Path, name: str) -> tuple[Group, Path]:
    """What kind of server this system has, and where; one that is not there is taken for a directory."""
    groups: tuple[Group, ...] = get_args(Group)
    group = next((each for each in groups if (lab / each / name).exists()), groups[0])
    return group, lab / group / name


def _of(lab: Path, server: Server) -> Path:
    return lab / server.group / server.name


def _revived(folder: Path, server: Server) -> bool:
    if not folder.exists():
        return False
    try:
        return server.revive(folder)
    except Unavailable:  # it cannot be saved, and it is only for practice
        return False


def _remove(folder: Path) -> None:
    if folder.exists():
        processes.end(folder)
        shutil.rmtree(folder)
