"""What the resources of a system of accounts are called, and their fields: for who makes and for who shows them."""

from __future__ import annotations

from collections.abc import Mapping

from pacsconf.core.address import Address
from pacsconf.core.resource import Value

USER, MEMBERSHIP, GROUP, POLICY = "user", "membership", "group", "password-policy"
LOGIN, ACCOUNT, EXPIRES, POLICY_FIELD, PASSWORD, CONTAINS = (
    "login",
    "account",
    "expires",
    "policy",
    "password_version",
    "contains",
)
ENABLED, DISABLED = "enabled", "disabled"

IN = "group "
"""What a field's name begins with that says that somebody is in a group."""
MEMBER = "member"

_OF_PEOPLE = frozenset({USER, MEMBERSHIP, GROUP, POLICY})


def membership_field(group: str) -> str:
    """The field that stands for being in a group."""
    return IN + group


def groups_in(fields: Mapping[str, Value]) -> frozenset[str]:
    """The groups that the fields of a membership say somebody is in."""
    return frozenset(name.removeprefix(IN) for name in fields if name.startswith(IN))


def is_of_people(address: Address) -> bool:
    """Whether this is a resource of a system of accounts."""
    return address.kind in _OF_PEOPLE


def in_words(field: str) -> str:
    """A membership's field as people say it: `in pacs-radiologist`."""
    return f"in {field.removeprefix(IN)}"
