"""An Orthanc's users and roles as templates see them, made of the inventory. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.people.orthanc import authorization, logins

HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Login:
    """A login of an Orthanc."""

    name: str
    user: str
    """Whose it is; empty: nobody's."""
    password: str
    """What stands for it until a file of JSON is written that is its owner's alone; `***` anywhere else."""
    version: int
    left_out: str
    """Why it is not to be there, in words; empty: it is."""


@dataclass(frozen=True, slots=True)
class OrthancRole:
    """A role of an Orthanc's authorization plugin."""

    name: str
    permissions: tuple[str, ...]
    labels: tuple[str, ...]
    roles: tuple[str, ...]
    """Roles of the inventory that land in it."""


@dataclass(frozen=True, slots=True)
class Orthanc:
    """Who may sign in at an Orthanc, and what its authorization plugin is to allow."""

    system: str
    url: str
    logins: tuple[Login, ...]
    roles: tuple[OrthancRole, ...]
    not_given: tuple[str, ...]
    """What the plugin cannot say of what is declared."""

    @property
    def registered(self) -> dict[str, str]:
        """By login, its password: `RegisteredUsers`."""
        return {one.name: one.password for one in self.logins if not one.left_out}

    @property
    def versions(self) -> dict[str, int]:
        """By login, the version of its password."""
        return {one.name: one.version for one in self.logins if not one.left_out}

    @property
    def permissions(self) -> dict[str, dict[str, list[str]]]:
        """By role, what it may, in the words of the plugin's service."""
        return {
            one.name: {"authorized-labels": list(one.labels), "permissions": list(one.permissions)}
            for one in self.roles
        }


def orthanc(inventory: Inventory, config: OrthancConfig, marks: Mapping[str, str]) -> Orthanc:
    """What templates see of an Orthanc; `marks` stand for passwords, by login, `***` where there is none."""
    known = logins(inventory, config)
    left_out = {one.name: str(one) for one in known.left_out}
    allowed = authorization(inventory, config.name, config)
    return Orthanc(
        config.name,
        config.url,
        tuple(
            Login(
                name,
                login.used_by or "",
                marks.get(name, HIDDEN),
                login.version,
                left_out.get(name, ""),
            )
            for name, login in sorted(config.users.items())
        ),
        tuple(OrthancRole(*one) for one in allowed.roles) if config.authorization else (),
        allowed.not_given if config.authorization else (),
    )
