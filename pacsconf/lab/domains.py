"""The Active Directory domains of a practice lab: a private domain controller for each that is declared.

They need root and Samba's packages, which the rest of the lab does not: so one has to ask for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pacsconf.core.errors import Unavailable
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.lab import samba
from pacsconf.lab.servers import Group, over_tls

FOLDER: Group = "domains"
_COMMA = re.compile(r"(?<!\\),")


@dataclass(frozen=True, slots=True)
class PracticeDomain:
    """The domain of one system, with the declared name and units."""

    group: ClassVar[Group] = FOLDER

    name: str
    base: str
    units: tuple[str, ...] = ()

    def start(self, folder: Path) -> None:
        """A new one, with nobody in its units."""
        samba.start(folder, samba.Options(base=self.base, units=self.units))

    def revive(self, folder: Path) -> bool:
        """Whether it runs with its data under this name."""
        found = samba.revive(folder)
        return found is not None and found.base == self.base

    def stands(self, folder: Path) -> bool:
        """Whether it runs under this name."""
        found = samba.attach(folder)
        return found is not None and found.base == self.base

    def overlay(self, folder: Path) -> dict[str, Any]:
        """What leads the declared domain to this one."""
        found = samba.attach(folder)
        if found is None:
            raise Unavailable("lab", f'the practice domain "{self.name}" ended at once')
        return over_tls(found)


def wanted(inventory: Inventory) -> Iterator[PracticeDomain]:
    """One for each domain that is declared, by name."""
    for name, config in sorted(inventory.systems.items()):
        if isinstance(config, AccountsConfig) and config.flavour == "active-directory":
            bases = [place.base for place in config.people.values()]
            bases += [place.base for place in config.groups.values()]
            base = _domain(bases[0]) or samba.BASE
            units = (dn for dn in bases if dn.lower().endswith(f",{base.lower()}"))
            yield PracticeDomain(name, base, tuple(dict.fromkeys(units)))


def state(folder: Path) -> tuple[bool, str]:
    """Whether it runs, and what it is in words."""
    return samba.attach(folder) is not None, "Active Directory domain"


def by_hand(folder: Path) -> tuple[str, ...] | None:
    """The ldapmodify command of a colleague (`jdoe`); None when the domain controller does not run."""
    found = samba.attach(folder)
    if found is None:
        return None
    bind = ("-x", "-D", found.colleague_dn, "-y", str(found.password_file))
    return ("env", f"LDAPTLS_CACERT={found.ca_file}", "ldapmodify", "-H", found.tls_url, *bind)


def _domain(dn: str) -> str:
    """The domain that an entry is in; empty for one that is in none."""
    parts = _COMMA.split(dn)
    ends = (",".join(parts[at:]) for at in range(len(parts)))
    return next(filter(samba.is_domain, ends), "")
