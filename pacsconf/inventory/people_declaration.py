"""What may be written of people, roles and service accounts; `people_expand` spells it out for `people`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic_core import CoreSchema, core_schema

from pacsconf.inventory.base import Model
from pacsconf.inventory.people import AccountFacts, AccountPassword, PersonFacts, RoleFacts
from pacsconf.inventory.values import DateText, OneOrMany

Kind = Literal["person", "shared", "vendor", "break-glass"]
"""What stands under `users`; the kind `service` is what stands under `service_accounts`."""


class RoleUse(Model):
    """A role that somebody has, for good or for a time."""

    role: str
    starts: Annotated[DateText | None, Field(alias="from")] = None
    """The first day; not given: as the user's own."""
    until: DateText | None = None
    """The last day; not given: for good."""
    reason: str | None = None
    ticket: str | None = None


class EmergencyUse(Model):
    """Emergency access: a role that somebody has for a short time and for a reason that is looked at afterwards."""

    role: str
    starts: Annotated[DateText | None, Field(alias="from")] = None
    """The first day; not given: at once."""
    until: DateText
    """The last day."""
    reason: str
    """Why it could not wait."""
    ticket: str | None = None


class _ByName:
    """Marks a `RoleUse` that may be written as the role alone."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_role_use, handler(source))

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(core)]}


def _role_use(value: Any) -> Any:
    return {"role": value} if isinstance(value, str) else value


Roles = Annotated[tuple[Annotated[RoleUse, _ByName], ...], OneOrMany]
"""Roles by id, or with until when."""


class UserDeclaration(PersonFacts):
    """A person, or an account that is signed in to as one, under its id."""

    kind: Kind = "person"
    """`vendor`: an engineer from outside; `shared`: of several people; `break-glass`: sealed, for emergencies."""
    roles: Roles = ()
    """What they do: roles by id, each alone or as `{role, from, until, reason, ticket}`."""
    break_glass: Annotated[tuple[EmergencyUse, ...], OneOrMany] = ()
    """Emergency access: `{role, until, reason}`, and `from`, `ticket`."""


class ServiceAccountDeclaration(AccountFacts):
    """An account that a program signs in with, under its id."""

    roles: Roles = ()
    """What it does: roles by id."""
    password: AccountPassword | None = None
    """Where its password is kept."""


class RoleDeclaration(RoleFacts):
    """A role, under its id."""
