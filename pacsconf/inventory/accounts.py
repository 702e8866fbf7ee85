"""How the inventory names a system of accounts: people and groups in OpenLDAP, in a Keycloak's directory, in AD."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pacsconf.inventory.people import UserKind
from pacsconf.inventory.systems import LDAPConfig
from pacsconf.inventory.values import DN, Flag, Name, OneOrMany, Texts, ruled

Flavour = Literal["openldap", "active-directory"]


class PeoplePlace(BaseModel):
    """A branch of a directory where accounts are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: DN
    owns_accounts: Flag = False
    """Whether pacsconf makes accounts here, and enables, disables and changes them; else it asks the identity team.
    The operator file has its say, too."""
    kinds: Annotated[tuple[UserKind, ...], OneOrMany] = ()
    """Whose accounts are made here; none: anybody's."""
    login: str | None = None
    """The attribute with the name one signs in with; by default `uid`, in Active Directory `sAMAccountName`."""
    object_classes: Texts = ()
    """Further auxiliary classes of an account that is made here."""
    principal_suffix: str | None = None
    """Active Directory: what follows the `@` of a userPrincipalName; by default the domain's name."""

    def takes(self, kind: UserKind) -> bool:
        """Whether accounts of this kind of user are made here."""
        return not self.kinds or kind in self.kinds


class GroupsPlace(BaseModel):
    """A branch of a directory where groups are whose members pacsconf says; no others are ever written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: DN
    names: Texts = ("*",)
    """Patterns of their names: `pacs-*`."""
    placeholder: DN | None = None
    """OpenLDAP: the member of a group that has none, since a groupOfNames must have one; it need not exist. By
    default `cn=pacsconf-nobody` below `base`."""
    everyone: Texts = ()
    """Groups of everybody who has any role here: `auth` of a dcm4chee archive with Keycloak."""

    def owns(self, name: str) -> bool:
        """Whether a group of this name is one of them."""
        return any(fnmatchcase(name, pattern) for pattern in self.names)


class PoliciesPlace(BaseModel):
    """Where password policies are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: DN
    """OpenLDAP: a branch; Active Directory: the Password Settings Container."""
    owned: Flag = False
    """Whether pacsconf writes them; else it asks the identity team. The operator file has its say, too."""
    default: str | None = None
    """OpenLDAP: the name of the policy that the server takes for everybody else (`ppolicy_default`)."""


def _exclusive(kind: str) -> str:
    """Raises: ValueError for a kind of which nothing is ever deleted."""
    if kind != "membership":
        raise ValueError(
            f'only membership can be exclusive here, not "{kind}": no account, group or policy is ever deleted'
        )
    return kind


class AccountsConfig(LDAPConfig):
    """A directory of people and groups."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["accounts"]
    exclusive: Annotated[
        tuple[Annotated[str, AfterValidator(ruled("PACS-VAL-002", _exclusive))], ...], OneOrMany
    ] = ()
    """`membership`: whoever is in one of the groups and is not declared is taken out."""
    flavour: Flavour = "openldap"
    people: Annotated[Mapping[Name, PeoplePlace], Field(min_length=1)]
    """By a name of yours."""
    groups: Annotated[Mapping[Name, GroupsPlace], Field(min_length=1)]
    """By a name of yours."""
    nested: Mapping[str, Texts] = {}
    """By group, the groups that are its members."""
    password_policies: PoliciesPlace | None = None
    """Not given: password policies are left alone here."""

    @property
    def everyone(self) -> tuple[str, ...]:
        """The groups of everybody who has any role that lands here."""
        return tuple(dict.fromkeys(group for place in self.groups.values() for group in place.everyone))

    def asking_others(self) -> AccountsConfig:
        """The same where no account and no password policy is pacsconf's to change."""
        people = {
            name: place.model_copy(update={"owns_accounts": False}) for name, place in self.people.items()
        }
        policies = self.password_policies and self.password_policies.model_copy(update={"owned": False})
        return self.model_copy(update={"people": people, "password_policies": policies})

    def groups_place(self, name: str) -> GroupsPlace | None:
        """Where a group of this name is made: the place whose patterns say the most about it; None: nowhere."""
        fitting = [place for place in self.groups.values() if place.owns(name)]
        return max(fitting, key=lambda place: _particular(place, name), default=None)

    def people_place(self, kind: UserKind) -> PeoplePlace | None:
        """Where an account for this kind of user is made: a place that names it, else one for anybody; or None."""
        fitting = [place for place in self.people.values() if place.takes(kind)]
        return max(fitting, key=lambda place: bool(place.kinds), default=None)


def _particular(place: GroupsPlace, name: str) -> int:
    """How much the patterns that fit say: characters that are none of a pattern's own."""
    fitting = (pattern for pattern in place.names if fnmatchcase(name, pattern))
    return max(sum(character not in "*?[]" for character in pattern) for pattern in fitting)
