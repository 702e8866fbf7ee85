"""The resources of a system of accounts: users, what groups they are in, groups, password policies.

Types are wide on purpose: what somebody made by hand may break every rule, and must still be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pacsconf.core.address import Address
from pacsconf.core.resource import Effect, Fields, Members, Resource, Risk, State, Value, members
from pacsconf.people.entries import (
    ACCOUNT,
    CONTAINS,
    DISABLED,
    EXPIRES,
    GROUP,
    LOGIN,
    MEMBER,
    MEMBERSHIP,
    PASSWORD,
    POLICY,
    POLICY_FIELD,
    USER,
    groups_in,
    membership_field,
)


class UserEntry(Resource):
    """An account. What a person counts: they themselves.

    Who somebody is stands here as marks alone (`core.mark`).
    """

    kind: ClassVar[str] = USER
    secrets: ClassVar[frozenset[str]] = frozenset({PASSWORD})

    login: str | None = None
    """What one signs in with, where that is not the user's id: whose account it was is known from it later."""
    account: str | None = None
    """`enabled` or `disabled`."""
    expires: str | None = None
    """The last day on which one can sign in, as ISO 8601 has it."""
    policy: str | None = None
    """The password policy that is meant for this account by name."""
    password_version: int | None = None
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    employee: str | None = None

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Whether somebody can sign in, and until when, is a matter of access; a name is not."""
        matters = (LOGIN, ACCOUNT, EXPIRES, POLICY_FIELD, PASSWORD, "email")
        if any((before or {}).get(name) != (after or {}).get(name) for name in matters):
            return "access"
        return super().risk(before, after)

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Who cannot sign in any more has lost something."""
        if before is not None and before.get(ACCOUNT) != DISABLED and (after or {}).get(ACCOUNT) == DISABLED:
            return frozenset({"removes"})
        return frozenset()


class MembershipEntry(Resource):
    """The groups that one user is in as such, one field for each: so each is compared by itself."""

    kind: ClassVar[str] = MEMBERSHIP

    groups: Members = ()

    def fields(self) -> dict[str, Value]:
        return {membership_field(group): MEMBER for group in self.groups}

    @classmethod
    def of(cls, state: State) -> MembershipEntry:
        return cls(
            address=state.address,
            root=state.root,
            depends_on=state.depends_on,
            claims=state.claims,
            groups=tuple(groups_in(state.fields)),
        )

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Being in a group is what opens the door."""
        return "none" if before == after else "access"

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Who is taken out of a group has lost something."""
        gone = groups_in(before or {}) - groups_in(after or {})
        return frozenset({"removes"}) if gone else frozenset()


class GroupEntry(Resource):
    """A group, and the groups that are in it. Its users' memberships stand with them."""

    kind: ClassVar[str] = GROUP

    contains: Members = ()

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Whose groups are in it opens doors to all of them."""
        return "access" if members(before or {}, CONTAINS) != members(after or {}, CONTAINS) else "workflow"

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """What a group is taken out of is lost for all who are in it."""
        gone = members(before or {}, CONTAINS) - members(after or {}, CONTAINS)
        return frozenset({"removes"}) if gone else frozenset()


class PolicyEntry(Resource):
    """A password policy. What is not set is left to the server."""

    kind: ClassVar[str] = POLICY

    min_length: int | None = None
    history: int | None = None
    max_age: int | None = None
    """Days; 0 is for ever."""
    min_age: int | None = None
    lockout_after: int | None = None
    lockout_for: int | None = None
    """Minutes; 0 is until an administrator unlocks it."""
    lockout_window: int | None = None
    complexity: bool | None = None
    must_change: bool | None = None
    idle_lock: int | None = None
    precedence: int | None = None
    """Active Directory: the least one counts."""
    applies_to: Members = ()
    """Active Directory: the groups that it is for."""

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        return "none" if before == after else "access"

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Weaker passwords, or more guesses."""
        if before is None:
            return frozenset()
        return frozenset({"widens"}) if _is_weaker(before, after or {}) else frozenset()


def _is_weaker(before: Fields, after: Fields) -> bool:
    fewer = any(_number(after, name) < _number(before, name) for name in ("min_length", "history"))
    was, now = _number(before, "lockout_after"), _number(after, "lockout_after")
    more_guesses = was > 0 and (now == 0 or now > was)
    simpler = bool(before.get("complexity")) and not after.get("complexity")
    return fewer or more_guesses or simpler


def _number(fields: Fields, name: str) -> int:
    value = fields.get(name, 0)
    return value if isinstance(value, int) else 0


KINDS: Mapping[str, type[Resource]] = {
    kind.kind: kind for kind in (UserEntry, MembershipEntry, GroupEntry, PolicyEntry)
}


def user_at(system: str, user: str) -> Address:
    """The address of a user's account."""
    return Address.of(system, USER, user)


def membership_at(system: str, user: str) -> Address:
    """The address of the groups that a user is in."""
    return Address.of(system, MEMBERSHIP, user)
