"""An Orthanc's users and roles as templates see them, made of the inventory. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.people.orthanc import authorization, logins
from pacsconf.report.sheets.context import Login, Orthanc, OrthancRole

HIDDEN = "***"


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
