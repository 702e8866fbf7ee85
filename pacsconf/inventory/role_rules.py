"""Rules about roles: what they name, who may have them, who lets somebody have them, where they land."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.eligible import is_had_for_good, is_of_wrong_kind, is_of_wrong_profession, untrained
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import ROLE, Grant, JobRole, PasswordPolicy, User
from pacsconf.inventory.people_rules import is_declared
from pacsconf.inventory.scope import Scope

# --- what they name ---------------------------------------------------------------------------------------------


def unknown_roles(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Roles that roles and password policies name are declared, and others than the one that names them."""
    for whose, name, path in _named(inventory) if scope.read else ():
        known = scope.names["roles"]
        itself = path[:2] == ("roles", name) and path[2] == "conflicts_with"
        if name not in known or itself:
            near = "" if itself else nearest(name, known)
            yield Finding(
                "PACS-ROLE-002",
                "error",
                f"{whose} cannot conflict with itself"
                if itself
                else f'There is no role "{name}", which {whose} names{near}',
                "What is meant by it would never be looked at.",
                "Correct it, or remove it.",
                path=path,
            )


def _named(inventory: Inventory) -> Iterator[tuple[str, str, Path]]:
    """Who names which role, and where."""
    for role in inventory.roles.values():
        for number, name in enumerate(role.conflicts_with):
            yield f"role {role.id}", name, (*role.path, "conflicts_with", number)
        for number, name in enumerate(role.approvers):
            if name.startswith(ROLE):
                yield f"role {role.id}", name.removeprefix(ROLE), (*role.path, "approvers", number)
    for name, policy in inventory.security.password_policies.items():
        for number, each in enumerate(policy.roles):
            at: Path = ("security", "password_policies", name, "roles", number)
            yield f"password policy {name}", each, at


# --- who has them -----------------------------------------------------------------------------------------------


def unfit_holders(inventory: Inventory, _: Scope) -> Iterator[Finding]:
    """Holders are of a kind and profession that may have a role, trained, and in no emergency role for good."""
    picky = {name: role for name, role in inventory.roles.items() if _is_picky(role)}
    if picky:
        yield from (
            finding
            for user in inventory.users.values()
            if user.status != "left"
            for number, grant in enumerate(user.grants)
            if grant.role in picky
            for finding in _unfit(user, grant, picky[grant.role], (*user.path, "grants", number))
        )


def _is_picky(role: JobRole) -> bool:
    return bool(role.professions or role.kinds or role.trainings or role.emergency)


def _unfit(user: User, grant: Grant, role: JobRole, path: Path) -> Iterator[Finding]:
    if is_of_wrong_kind(user, role):
        yield _not_for(f"{user.id} is of kind {user.kind}", role, "kinds", role.kinds, path)
    if is_of_wrong_profession(user, role):
        what = f"{user.id} is a {user.profession}" if user.profession else f"{user.id} has no profession"
        yield _not_for(what, role, "professions", role.professions, path)
    if missing := untrained(user, role):
        yield Finding(
            "PACS-USR-023",
            "warning",
            f"{user.id} has role {role.id} and is not known to be trained for it ({', '.join(missing)})",
            "The role asks for it, and no day is written on which it was done.",
            f"Write the day: trainings: {{{missing[0]}: YEAR-MONTH-DAY}}; or take the role away until it is done.",
            path=path,
        )
    if is_had_for_good(role, grant):
        yield Finding(
            "PACS-USR-024",
            "error",
            f"{user.id} has emergency role {role.id} for good",
            "It opens what is closed to them otherwise, so it is given for a day and a reason.",
            f"Write break_glass: {{role: {role.id}, until: DAY, reason: WHY}} instead.",
            path=path,
        )


def _not_for(what: str, role: JobRole, key: str, allowed: tuple[str, ...], path: Path) -> Finding:
    return Finding(
        "PACS-USR-008",
        "error",
        f"{what}, and role {role.id} is for {', '.join(allowed)} alone",
        "Who has more than their work takes can do harm with it, by mistake or not.",
        f"Give them another role, or add to {key} of the role.",
        path=path,
    )


# --- who lets somebody have them --------------------------------------------------------------------------------


def approved_by_themselves(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Nobody is alone in letting themselves have a role, and somebody can."""
    asked = [role for role in inventory.roles.values() if role.approvers and _names_roles(role, inventory)]
    if not asked or not scope.complete:
        return
    holders = _holders(inventory)
    for role in asked:
        able = _able(role, holders)
        if not able:
            why = "Its approvers are those who have a role, and nobody has that one."
            yield _approval(role, f"Nobody approves role {role.id}", why)
        elif len(able) == 1 and able <= holders.get(role.id, set()):
            why = "Nobody may approve themselves, so that nobody can let them keep it, or take it away."
            yield _approval(role, f"{min(able)} alone approves who has role {role.id}, and has it", why)


def _names_roles(role: JobRole, inventory: Inventory) -> bool:
    """Whether every role among its approvers is one; else that is told already."""
    return all(name.removeprefix(ROLE) in inventory.roles for name in role.approvers if name.startswith(ROLE))


def _able(role: JobRole, holders: Mapping[str, set[str]]) -> set[str]:
    """Who can approve a role, by id."""
    found: set[str] = set()
    for name in role.approvers:
        found |= holders.get(name.removeprefix(ROLE), set()) if name.startswith(ROLE) else {name}
    return found


def _approval(role: JobRole, summary: str, why: str) -> Finding:
    fix = "Name somebody else under approvers."
    return Finding("PACS-ROLE-005", "warning", summary, why, fix, path=(*role.path, "approvers"))


def _holders(inventory: Inventory) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for user in inventory.users.values():
        if user.status != "left":
            for grant in user.grants:
                found.setdefault(grant.role, set()).add(user.id)
    return found


def administrators_without_a_second_factor(inventory: Inventory, _: Scope) -> Iterator[Finding]:
    """Something asks administrators for a second factor."""
    for role in inventory.roles.values():
        if role.administrator and role.mfa is None:
            yield Finding(
                "PACS-USR-010",
                "warning",
                f"Nothing is said to ask holders of {role.id} for a second factor",
                "Whoever learns an administrator's password can do everything that they can.",
                "Write mfa: the name of what asks for it (keycloak, the VPN).",
                path=role.path,
            )


def no_emergency_role(inventory: Inventory, _: Scope) -> Iterator[Finding]:
    """There is a role for emergencies, where there are roles."""
    if inventory.roles and not any(role.emergency for role in inventory.roles.values()):
        yield Finding(
            "PACS-USR-007",
            "info",
            "There is no role for emergencies",
            "When nobody who may is there, people share passwords. HIPAA asks for a procedure (164.312(a)(2)(ii)).",
            "Declare a role with emergency: true, and give it by break_glass when it is needed.",
            path=("roles",),
        )


# --- where they land --------------------------------------------------------------------------------------------


def landing(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """A role lands somewhere, in groups of systems that there are, whose names can be names."""
    for role in inventory.roles.values():
        if not any(role.groups.values()):
            yield Finding(
                "PACS-ROLE-003",
                "info",
                f"Role {role.id} lands in no group",
                "Who has it can do nothing by it that they could not do without.",
                "Say where: groups: {SYSTEM: GROUP}.",
                path=role.path,
            )
        for system, groups in role.groups.items():
            at = (*role.path, "groups", system)
            if scope.read and not is_declared(inventory, scope, system):
                yield _no_system(role, system, at, scope.names["systems"])
            yield from (_odd(role, at) for group in groups if odd_group(group))


def odd_group(name: str) -> bool:
    """Whether this cannot be a group's name. Any text can that a person can see: what must be escaped is."""
    return not name or name != name.strip() or not name.isprintable()


def _no_system(role: JobRole, system: str, path: Path, known: frozenset[str]) -> Finding:
    return Finding(
        "PACS-ROLE-006",
        "error",
        f'Role {role.id} lands in system "{system}", which is not declared{nearest(system, known)}',
        "Nobody would get there what the role gives them.",
        "Declare the system, or correct its name.",
        path=path,
    )


def _odd(role: JobRole, path: Path) -> Finding:
    return Finding(
        "PACS-ROLE-007",
        "error",
        f"Role {role.id} lands in a group whose name cannot be one",
        "It is empty, begins or ends with a space, or holds what cannot be seen, which directories drop or refuse.",
        "Type the name again. Commas, quotes, umlauts and the like are fine.",
        path=path,
    )


# --- passwords --------------------------------------------------------------------------------------------------

MIN_LENGTH, MOST_TRIES, HISTORY = 12, 10, 5
"""The floor (PACS-USR-012): NIST SP 800-53 IA-5(1) and AC-7 leave the numbers to the organization."""


def weak_passwords(inventory: Inventory, _: Scope) -> Iterator[Finding]:
    """No password policy is below the floor, and each is for somebody."""
    security = inventory.security
    if security.password_policy is not None:
        yield from _weak("The password policy", security.password_policy, ("security", "password_policy"))
    for name, policy in security.password_policies.items():
        at: Path = ("security", "password_policies", name)
        yield from _weak(f"Password policy {name}", policy, at)
        if not policy.roles and not policy.kinds:
            yield Finding(
                "PACS-SEC-003",
                "warning",
                f"Password policy {name} is for nobody",
                "It names neither roles nor kinds of users.",
                "Say whose passwords are meant: roles, kinds; or write it as password_policy, for everybody.",
                path=at,
            )


def _weak(what: str, policy: PasswordPolicy, path: Path) -> Iterator[Finding]:
    tries = policy.lockout_after
    said = (
        ("min_length", policy.min_length, f"asks for {policy.min_length} characters", MIN_LENGTH, "at least"),
        ("history", policy.history, f"remembers {policy.history} former passwords", HISTORY, "at least"),
        ("lockout_after", tries and -tries, f"lets {tries} attempts fail", -MOST_TRIES, "at most"),
    )
    for key, value, words, floor, bound in said:
        if value is not None and (value < floor or (key == "lockout_after" and value == 0)):
            never = key == "lockout_after" and value == 0
            yield Finding(
                "PACS-USR-012",
                "warning",
                f"{what} {'never locks out' if never else words}; {bound} {abs(floor)} is usual",
                "Passwords are guessed by programs that try many.",
                "Raise it, unless something else keeps guesses away."
                if key != "lockout_after"
                else "Lower it.",
                path=(*path, key),
            )
