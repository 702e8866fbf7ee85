"""The directories of a practice lab: a private slapd for each that is declared, and whom its changes are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pacsconf.core.errors import Unavailable
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import DirectoryConfig
from pacsconf.lab import slapd, stand_ins
from pacsconf.lab.servers import Group, over_tls


@dataclass(frozen=True, slots=True)
class PracticeDirectory:
    """The directory of one system, at the declared base so that what is practised has the names of what is real.

    `archives` are told to read it again after a change, by what they ask a caller for.
    """

    group: ClassVar[Group] = "directories"

    name: str
    base: str
    archives: Mapping[str, stand_ins.Proof] = field(default_factory=dict)

    def start(self, folder: Path) -> None:
        """A new one, with the empty DICOM tree."""
        started = slapd.start(folder, slapd.Options(base=self.base, tree=True))
        stand_ins.bring(folder, started, self.archives)

    def revive(self, folder: Path) -> bool:
        """Whether it runs with its data at this base; whom it is told is started again where it died."""
        found = slapd.revive(folder)
        if found is None or found.base != self.base:
            return False
        stand_ins.bring(folder, found, self.archives)
        return True

    def stands(self, folder: Path) -> bool:
        """Whether it runs at this base, and whom it is told."""
        found = slapd.attach(folder)
        return found is not None and found.base == self.base and stand_ins.stand(folder, self.archives)

    def overlay(self, folder: Path) -> dict[str, Any]:
        """What leads the declared directory to this one."""
        found = slapd.attach(folder)
        if found is None:
            raise Unavailable("lab", f'the practice directory "{self.name}" ended at once')
        told = {"reload": stand_ins.overlay(folder)} if self.archives else {}
        return {**over_tls(found), "base": found.base, **told}


def wanted(inventory: Inventory) -> Iterator[PracticeDirectory]:
    """One for each directory that is declared, by name."""
    for name, config in sorted(inventory.systems.items()):
        if isinstance(config, DirectoryConfig):
            usable = config.base is not None and config.base.lower().startswith("dc=")
            base = config.base if config.base and usable else slapd.BASE
            yield PracticeDirectory(name, base, stand_ins.wanted(config))


def state(folder: Path) -> tuple[bool, str]:
    """Whether it runs and whom it is told too, and what it is in words."""
    told, dead = stand_ins.names(folder), list(stand_ins.dead(folder))
    if slapd.attach(folder) is None:
        dead.insert(0, "the directory")
    parts = (
        "directory",
        f"{', '.join(told)} told to reload" if told else "",
        f"dead: {', '.join(dead)}" if told and dead else "",
    )
    return not dead, "; ".join(filter(None, parts))


def by_hand(folder: Path) -> tuple[str, ...] | None:
    """The ldapmodify command of a colleague (`cn=jdoe`); None when the directory does not run."""
    found = slapd.attach(folder)
    if found is None:
        return None
    bind = ("-x", "-D", found.colleague_dn, "-y", str(found.password_file))
    return ("ldapmodify", "-H", found.url, *bind)
