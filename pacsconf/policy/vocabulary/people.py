"""Users, roles, groups, passwords."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict


class User(TypedDict):
    """Somebody, or something, that signs in. Ids alone: no name of a person."""

    id: Annotated[str, "the key it is declared under"]
    kind: Annotated[str, "person, shared, service, vendor or break-glass"]
    status: Annotated[str, "active, suspended or left"]
    at_work: Annotated[bool, "begun, not ended and not away, today"]
    profession: Annotated[str, "the structural role; empty where that is not said"]
    owner: Annotated[str, "who answers for an account that is no one person's; empty for nobody"]
    sponsor: Annotated[str, "who let somebody from outside in; empty for nobody"]
    contract: Annotated[str, "by what right somebody from outside is here; empty for none"]
    purpose: Annotated[str, "what the account is for; empty where that is not said"]
    device: Annotated[str, "where it is used; empty where that is not said"]
    roles: Annotated[list[str], "roles had today"]
    admin_roles: Annotated[list[str], "of these, those of administrators"]
    days_to_end: NotRequired[
        Annotated[int, "days until the last day of work; negative: past; absent: none declared"]
    ]
    days_since_start: NotRequired[
        Annotated[int, "days since the first day of work; negative: to come; absent: none declared"]
    ]
    conflicts: Annotated[list[str], "pairs of roles had today that nobody may have both"]
    unfit_roles: Annotated[list[str], "roles had today that are not for this kind or profession"]
    human_roles: Annotated[list[str], "of a service account: roles had today that are for people"]
    standing_emergency: Annotated[list[str], "roles for emergencies had today for good, not by break_glass"]
    untrained: Annotated[list[str], "trainings that a role had today asks for, without a day"]
    shared_name: Annotated[bool, "its name says that several use it"]
    password_reference: Annotated[bool, "a service account whose password is kept by reference"]


class UserConfigured(TypedDict, total=False):
    """What live systems hold of somebody."""

    exists: Annotated[bool, "there is an account in some system"]
    enabled: Annotated[list[str], "systems where they can sign in today"]
    groups_beyond: Annotated[list[str], "SYSTEM: GROUP they are in and no role leads to"]
    groups_missing: Annotated[list[str], "SYSTEM: GROUP a role leads to and they are not in"]
    conflicts: Annotated[
        list[str], "SYSTEM: pairs of roles whose groups they are in and nobody may have both"
    ]
    dormant_days: Annotated[
        int, "days since the last sign-in anywhere; of a server that lags behind, at least so many"
    ]
    never_signed_in: Annotated[bool, "an account that can sign in is there, and nobody ever did"]
    password_days: Annotated[int, "days since the password was set, of several the oldest"]
    password_exempt: Annotated[bool, "its password is exempt from growing old"]
    used_since_password: Annotated[bool, "somebody signed in after its password was set (a broken seal)"]
    expires_days: Annotated[int, "days until the last of its accounts ends by itself; negative: past"]
    no_expiry: Annotated[bool, "an account that can sign in has no end in the directory"]


class Role(TypedDict):
    """What somebody does with the images."""

    id: Annotated[str, "the key it is declared under"]
    administrator: Annotated[bool, "its holders administer"]
    emergency: Annotated[bool, "it is had in emergencies alone"]
    permissions: Annotated[list[str], "what it allows: VERB:OBJECT"]
    holders: Annotated[list[str], "users who have it today"]
    max_holders: NotRequired[Annotated[int, "how many may have it"]]
    mfa: Annotated[str, "what asks its holders for a second factor; empty for nothing"]
    approvers: Annotated[list[str], "users who may let somebody have it today"]
    self_approved: Annotated[bool, "its only approver has it"]
    lands: Annotated[list[str], "systems where it lands in a group"]
    review_every_days: NotRequired[Annotated[int, "days after which it must be reviewed again"]]
    reviewed: NotRequired[Annotated[bool, "a review of it was signed whole; absent: the record is not known"]]
    days_since_review: NotRequired[
        Annotated[int, "days since its last review that was signed whole; absent: never, or not known"]
    ]
    emergency_unreviewed: NotRequired[
        Annotated[
            list[str],
            "USER until DAY: uses in an emergency that are over and in no review; absent: not known",
        ]
    ]
    emergency_waiting_days: NotRequired[
        Annotated[int, "days since the first of these was over; absent: there is none, or not known"]
    ]


class RoleConfigured(TypedDict, total=False):
    """What live systems hold of a role."""

    holders: Annotated[list[str], "users who are in all its groups of some system"]
    undeclared: Annotated[list[str], "SYSTEM: LOGIN of accounts in all its groups that are nobody's here"]


class Group(TypedDict):
    """A group of a system of accounts that a role lands in, or that the system is told to manage."""

    name: Annotated[str, "SYSTEM/GROUP"]
    system: Annotated[str, "the system"]
    roles: Annotated[list[str], "roles that land in it"]
    privileged: Annotated[bool, "a role of administrators lands in it"]


class GroupConfigured(TypedDict, total=False):
    """A group as its system has it."""

    exists: Annotated[bool, "it is there"]
    members: Annotated[int, "how many users are in it, as such or through groups"]
    undeclared: Annotated[list[str], "SYSTEM: LOGIN of members that are nobody's here"]
    hidden: Annotated[list[str], "groups within it that no declaration puts there"]
    dangling: Annotated[int, "members that do not exist"]
    elsewhere: Annotated[int, "members from outside the branches that were read"]
    circular: Annotated[bool, "it holds itself through others"]


class PasswordPolicy(TypedDict):
    """What passwords must be like, as it is declared; or a policy that only a system has."""

    name: Annotated[
        str, "the key it is declared under; default for everybody else's; SYSTEM/POLICY of one not declared"
    ]
    declared: Annotated[bool, "the inventory says what it is to be"]
    roles: Annotated[list[str], "holders of these roles"]
    kinds: Annotated[list[str], "users of these kinds"]
    min_length: NotRequired[Annotated[int, "characters"]]
    history: NotRequired[Annotated[int, "former passwords that are refused"]]
    lockout_after: NotRequired[Annotated[int, "failed attempts; 0: never"]]


class PasswordPolicyConfigured(TypedDict, total=False):
    """A password policy as systems have it; of several the weakest value."""

    exists: Annotated[bool, "every system that keeps password policies has it"]
    min_length: Annotated[int, "characters"]
    history: Annotated[int, "former passwords that are refused"]
    lockout_after: Annotated[int, "failed attempts; 0: never"]
    reversible: Annotated[bool, "passwords are kept so that they can be read"]
