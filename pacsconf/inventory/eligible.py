"""Who may have a role, by what it says of its holders."""

from __future__ import annotations

from collections.abc import Mapping

from pacsconf.inventory.people import Grant, JobRole, User


def is_of_wrong_kind(user: User, role: JobRole) -> bool:
    """Whether a role is for other kinds of users."""
    return bool(role.kinds) and user.kind not in role.kinds


def is_of_wrong_profession(user: User, role: JobRole) -> bool:
    """Whether a role is for other professions; programs have none."""
    return bool(role.professions) and user.kind != "service" and user.profession not in role.professions


def untrained(user: User, role: JobRole) -> list[str]:
    """The trainings that a role asks for and that have no day."""
    return [name for name in role.trainings if name not in user.trainings]


def is_for_people(role: JobRole) -> bool:
    """Whether a role is none that a program may have."""
    return bool(role.administrator or role.professions or role.emergency) and "service" not in role.kinds


def is_had_for_good(role: JobRole, grant: Grant) -> bool:
    """Whether a role for emergencies was given as if it were none."""
    return role.emergency and not grant.emergency


def conflicting(roles: Mapping[str, JobRole]) -> frozenset[frozenset[str]]:
    """Every two roles that nobody may have both."""
    return frozenset(
        frozenset((name, other)) for name, role in roles.items() for other in role.conflicts_with
    )
