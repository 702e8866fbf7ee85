"""What a role may do: a published vocabulary of permissions, each a verb on an object, with scopes apart from it.

The words follow the operations and objects of HL7's RBAC permission catalogue as imaging uses them; nothing here is
enforced by pacsconf. It says who is meant to do what, so that it can be reviewed, and which groups it lands in.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from pacsconf.inventory.base import Model
from pacsconf.inventory.values import Flag, Texts, ruled

PERMISSIONS: Mapping[str, str] = {
    "ae:manage": "add, change and remove application entities",
    "audit:export": "take audit messages out",
    "audit:view": "read audit messages",
    "config:apply": "apply a plan",
    "config:approve": "approve a plan that somebody else applies",
    "config:propose": "propose a change of the inventory",
    "config:view": "read the configuration",
    "device:service": "service a device",
    "hold:place": "place a legal hold",
    "hold:release": "release a legal hold",
    "keys:manage": "manage certificates and keys",
    "media:burn": "write images to media",
    "print:film": "print images",
    "qc:mark": "mark images in quality control",
    "report:create": "write a report",
    "report:sign": "sign a report",
    "report:view": "read reports",
    "retention:approve": "approve retention rules",
    "retention:propose": "propose retention rules",
    "route:manage": "manage who sends what where",
    "storage:manage": "manage storages",
    "study:acquire": "send images from a modality",
    "study:anonymize": "take out who the patient is",
    "study:delete": "delete a study: declared so that it can be shown that nobody may",
    "study:download": "take images out in bulk",
    "study:emergency-access": "open a study outside the care relationship in an emergency",
    "study:import": "bring images in from media",
    "study:label": "label studies",
    "study:merge-split": "merge and split studies",
    "study:modify-demographics": "correct patient data",
    "study:query": "search for studies",
    "study:reject": "reject images",
    "study:retrieve-remote": "fetch studies from other archives",
    "study:send": "send studies to another application entity",
    "study:share-external": "give images to somebody outside",
    "study:view": "open studies",
    "study:view-priors": "open earlier studies",
    "system:operate": "restart services, work on queues",
    "user:approve-role": "approve who has which role",
    "user:assign-role": "give roles to users",
    "user:reset-password": "have a password set anew",
    "user:view": "see who has which role",
    "worklist:edit": "change worklist entries",
    "worklist:view": "read the worklist",
}
"""By permission, what it lets one do, in words."""


def permission(text: str) -> str:
    """The permission of this name.

    Raises: ValueError naming what was probably meant.
    """
    if text in PERMISSIONS:
        return text
    near = get_close_matches(text, PERMISSIONS, n=1)
    meant = f'; did you mean "{near[0]}"?' if near else ""
    raise ValueError(f'"{text}" is no permission{meant} (all: docs/people.md)')


class PermissionScope(Model):
    """One permission, and what it is limited to: every key that is given must fit."""

    permission: Annotated[
        str,
        AfterValidator(ruled("PACS-ROLE-001", permission)),
        WithJsonSchema({"type": "string", "enum": sorted(PERMISSIONS)}),
    ]
    site: Texts = ()
    department: Texts = ()
    modality: Texts = ()
    device: Texts = ()
    label: Texts = ()
    """Access control ids of studies."""
    deidentified_only: Flag = False
    on_shift: Flag = False
    ticket: Flag = False
    """Whether it takes a ticket each time."""

    def __str__(self) -> str:
        """`study:view (site main; modality MG)`."""
        lists = (("site", self.site), ("department", self.department), ("modality", self.modality),
                 ("device", self.device), ("label", self.label))  # fmt: skip
        words = [f"{name} {', '.join(values)}" for name, values in lists if values]
        words += ["deidentified only"] if self.deidentified_only else []
        words += ["on shift"] if self.on_shift else []
        words += ["with a ticket"] if self.ticket else []
        return f"{self.permission} ({'; '.join(words)})" if words else self.permission


class _ByName:
    """Marks a `PermissionScope` that may be written as the permission alone."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_named, handler(source))

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "enum": sorted(PERMISSIONS)}, handler(core)]}


def _named(value: Any) -> Any:
    return {"permission": value} if isinstance(value, str) else value


Permission = Annotated[PermissionScope, _ByName]
