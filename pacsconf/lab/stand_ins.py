"""The stand-ins for archives that a directory's system tells to reload: one process for each declared instance."""

from __future__ import annotations

import json
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pacsconf.core.errors import Unavailable
from pacsconf.inventory.systems import DirectoryConfig
from pacsconf.lab import archive_stand_in, place, processes
from pacsconf.lab.credentials import private_file
from pacsconf.lab.slapd import Slapd

FOLDER = "archives"
_SETTINGS = "archive.json"
_SECRET = "secret"  # noqa: S105  (the name of a file)
_USER = "pacsconf"

Proof = Literal["none", "login", "token"]
"""By what a caller proves who he is."""


def wanted(config: DirectoryConfig) -> dict[str, Proof]:
    """The instances that are declared to be told, and what is declared that they ask for."""
    return {
        name: "token" if one.token else "login" if one.login else "none"
        for name, one in sorted(config.reload.items())
    }


def bring(folder: Path, directory: Slapd, instances: Mapping[str, Proof]) -> None:
    """Have these instances running beside `directory` in its folder, reading from it, and no others.

    Raises: Unavailable when one does not start, or ldapsearch is not installed.
    """
    for name, _ in list(_all(folder)):
        if name not in instances:
            _remove(_of(folder, name))
    for name, proof in instances.items():
        own = _of(folder, name)
        if not (_running(own) and _settings(own)["proof"] == proof):
            _remove(own)
            _start(own, name, directory, proof)
        elif _settings(own)["ldap"] != directory.url:
            place.write(own / _SETTINGS, {**_settings(own), "ldap": directory.url})


def stand(folder: Path, instances: Mapping[str, Proof]) -> bool:
    """Whether just these run, each asking for what it is to ask for."""
    found = {name: _settings(own)["proof"] for name, own in _all(folder)}
    return found == dict(instances) and not dead(folder)


def dead(folder: Path) -> tuple[str, ...]:
    """Those in this folder that do not run."""
    return tuple(name for name, own in _all(folder) if not _running(own))


def names(folder: Path) -> tuple[str, ...]:
    """The instances in this folder."""
    return tuple(name for name, _ in _all(folder))


def overlay(folder: Path) -> dict[str, dict[str, Any]]:
    """By instance, the keys that lead to the stand-in instead of the declared archive."""
    return {name: _laid(own) for name, own in _all(folder)}


def disturb(folder: Path, name: str, *, status: int | None = None, seconds: float = 0) -> None:
    """Have the next calls of an instance wait, or fail with an HTTP status; with neither, answer as usual again."""
    fault = (_of(folder, name) / _SETTINGS).with_suffix(archive_stand_in.FAULT)
    if status or seconds:
        place.write(fault, {"status": status, "seconds": seconds})
    else:
        fault.unlink(missing_ok=True)


def _start(own: Path, name: str, directory: Slapd, proof: Proof) -> None:
    if shutil.which("ldapsearch") is None:
        raise Unavailable(
            "lab", "ldapsearch is not installed", fix="Install it (apt-get install ldap-utils)."
        )
    own.mkdir(parents=True, mode=0o700)
    private_file(own / _SECRET, secrets.token_urlsafe(12))
    kept = str(own / _SECRET)
    shown: Mapping[Proof, Mapping[str, Any]] = {
        "none": {},
        "token": {"token": kept},
        "login": {"login": [_USER, kept]},
    }
    asked = {
        "name": name,
        "proof": proof,
        "ldap": directory.url,
        "bind": directory.viewer_dn,
        "password": str(directory.password_file),
        "base": directory.base,
        **shown[proof],
    }
    processes.at_a_free_port(lambda port: _at(port, own, asked))


def _at(port: int, own: Path, asked: Mapping[str, Any]) -> None:
    settings, log = own / _SETTINGS, own / "archive.log"
    place.write(settings, {**asked, "port": port})
    pid = processes.spawn([sys.executable, "-P", "-m", processes.STAND_IN, str(settings)], own, log)
    processes.wait_for(lambda: processes.answers(port), pid, log, "the stand-in for an archive")


def _laid(own: Path) -> dict[str, Any]:
    asked = _settings(own)
    secret = f"file:{own / _SECRET}"
    return {
        "url": f"http://127.0.0.1:{asked['port']}{archive_stand_in.ROOT}",
        "login": {"user": _USER, "password": secret} if asked["proof"] == "login" else None,
        "token": secret if asked["proof"] == "token" else None,
        "ca_file": None,
        "verify": True,
    }


def _all(folder: Path) -> Iterator[tuple[str, Path]]:
    """The instances in this folder, by name, each with its own folder."""
    for own in sorted((folder / FOLDER).glob("*")):
        if (own / _SETTINGS).exists():
            yield _settings(own)["name"], own


def _of(folder: Path, name: str) -> Path:
    return folder / FOLDER / quote(name, safe="")


def _settings(own: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((own / _SETTINGS).read_text())
    return read


def _running(own: Path) -> bool:
    return processes.STAND_IN in processes.of(own).values()


def _remove(own: Path) -> None:
    processes.end(own)
    shutil.rmtree(own, ignore_errors=True)
