"""The directories of a practice lab: a private slapd for each declared directory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pacsconf.core.errors import Unavailable
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import DirectoryConfig
from pacsconf.lab import slapd
from pacsconf.lab.servers import Group


@dataclass(frozen=True, slots=True)
class PracticeDirectory:
    """The directory of one system, at the declared base so that what is practised has the names of what is real."""

    group: ClassVar[Group] = "directories"

    name: str
    base: str

    def start(self, folder: Path) -> None:
        """A new one, with the empty DICOM tree."""
        slapd.start(folder, slapd.Options(base=self.base, tree=True))

    def revive(self, folder: Path) -> bool:
        """Whether it runs with its data at this base."""
        found = slapd.revive(folder)
        return found is not None and found.base == self.base

    def stands(self, folder: Path) -> bool:
        """Whether it runs at this base."""
        found = slapd.attach(folder)
        return found is not None and found.base == self.base

    def overlay(self, folder: Path) -> dict[str, Any]:
        """What leads the declared directory to this one."""
        found = slapd.attach(folder)
        if found is None:
            raise Unavailable("lab", f'the practice directory "{self.name}" ended at once')
        return {
            "url": found.tls_url,
            "base": found.base,
            "bind": {"dn": found.pacsconf_dn, "password": f"file:{found.password_file}"},
            "start_tls": False,
            "ca_file": str(found.ca_file),
            "verify": True,
            "mode": "write",
        }


def wanted(inventory: Inventory) -> Iterator[PracticeDirectory]:
    """One for each directory that is declared, by name."""
    for name, config in sorted(inventory.systems.items()):
        if isinstance(config, DirectoryConfig):
            usable = config.base is not None and config.base.lower().startswith("dc=")
            yield PracticeDirectory(name, config.base if config.base and usable else slapd.BASE)


def by_hand(folder: Path) -> tuple[str, ...] | None:
    """The ldapmodify command of a colleague (`cn=jdoe`); None when the directory does not run."""
    found = slapd.attach(folder)
    if found is None:
        return None
    bind = ("-x", "-D", found.colleague_dn, "-y", str(found.password_file))
    return ("ldapmodify", "-H", found.url, *bind)
