"""Rules about people and service accounts: what they name, their days, whose account it is.

There may be a hundred thousand people, so a rule goes through them once. What tells who somebody is stands in no
message.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.account_names import looks_shared
from pacsconf.inventory.eligible import is_for_people
from pacsconf.inventory.merge import MANY, nearest
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import GIT, ROLE, Grant, User
from pacsconf.inventory.scope import Scope


def near(name: str, known: frozenset[str]) -> str:
    """The words that suggest the nearest known name; none where there are very many."""
    return nearest(name, known) if len(known) <= MANY else ""


def is_declared(inventory: Inventory, scope: Scope, system: str) -> bool:
    """Whether a system is declared, if only in one environment."""
    return system in scope.names["systems"] or any(
        system in environment.systems for environment in inventory.environments.values()
    )


def people(scope: Scope) -> frozenset[str]:
    """Everybody who is declared, sound or not."""
    return scope.names["users"] | scope.names["service_accounts"]


# --- what they name ---------------------------------------------------------------------------------------------


def unknown_roles(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Every role that somebody has is declared."""
    if scope.read:
        yield from _unknown_roles(inventory, scope.names["roles"])


def _unknown_roles(inventory: Inventory, known: frozenset[str]) -> Iterator[Finding]:
    for user in inventory.users.values():
        for number, grant in enumerate(user.grants):
            if grant.role not in known:
                yield Finding(
                    "PACS-USR-020",
                    "error",
                    f'There is no role "{grant.role}", which {user.id} has{near(grant.role, known)}',
                    "What they may do by it, and where it lands, is not known.",
                    f"Declare it under roles, or name one of: {_some(known)}",
                    path=(*user.path, "grants", number, *_named(grant)),
                )


def _named(grant: Grant) -> Path:
    """The step to the name in a grant that was written as a map; for what was written as the name alone, none."""
    alone = grant == Grant(role=grant.role, written=grant.written)
    return () if alone else ("role",)


def unknown_sites(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Sites, devices and systems that people and permissions name are declared."""
    if scope.read:
        yield from _unknown_places(inventory, scope)


def _unknown_places(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    sites, devices = scope.names["sites"], scope.names["devices"]
    for user in inventory.users.values():
        if user.site is not None and user.site not in sites:
            yield _no("site", user.site, user.id, (*user.path, "site"), sites)
        if user.kind == "service" and user.device is not None and user.device not in devices:
            yield _no("device", user.device, user.id, (*user.path, "device"), devices)
        for system in user.logins:
            if system != GIT and not is_declared(inventory, scope, system):
                yield _no("system", system, user.id, (*user.path, "logins", system), scope.names["systems"])
    for name, role in inventory.roles.items():
        for number, one in enumerate(role.permissions):
            at: Path = ("roles", name, "permissions", number)
            for kind, named, known in (("site", one.site, sites), ("device", one.device, devices)):
                yield from (
                    _no(kind, each, f"role {name}", (*at, kind), known) for each in named if each not in known
                )


def _no(kind: str, name: str, whose: str, path: Path, known: frozenset[str]) -> Finding:
    return Finding(
        "PACS-REF-004",
        "error",
        f'There is no {kind} "{name}", which {whose} names{near(name, known)}',
        _NEEDED[kind],
        f"Declare it under {kind}s, or name one of: {_some(known)}",
        path=path,
    )


_NEEDED = {
    "site": "Days begin and end in a site's time zone, and what is limited to a site would be limited to none.",
    "system": "The name they sign in with there would be taken nowhere.",
    "device": "When the device goes, nobody would know that the account is to go with it.",
}


def unknown_people(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Sponsors, owners, approvers and required administrators are declared.

    An owner may be a team, so that any text will do that is not nearly somebody's id.
    """
    if scope.read:
        yield from _unknown_people(inventory, people(scope))


def _unknown_people(inventory: Inventory, known: frozenset[str]) -> Iterator[Finding]:
    for user in inventory.users.values():
        if user.sponsor is not None:
            yield from _somebody(
                inventory, user.sponsor, (*user.path, "sponsor"), f"sponsor of {user.id}", known
            )
        if user.owner in known:
            yield from _somebody(inventory, user.owner, (*user.path, "owner"), f"owner of {user.id}", known)
        elif user.owner is not None and (meant := _mistyped(user.owner, known)):
            yield _nearly(user, meant)
    for number, name in enumerate(inventory.security.administrators.required):
        at: Path = ("security", "administrators", "required", number)
        yield from _somebody(inventory, name, at, "an administrator who must stay", known)
    for role in inventory.roles.values():
        for number, name in enumerate(role.approvers):
            if not name.startswith(ROLE):
                at = (*role.path, "approvers", number)
                yield from _somebody(inventory, name, at, f"approver of role {role.id}", known)


def _mistyped(owner: str, known: frozenset[str]) -> str:
    """The id that an owner is but for a slip; empty for a team, whatever it is called."""
    found = (
        get_close_matches(owner, known, n=1, cutoff=0.85) if len(known) <= MANY and " " not in owner else []
    )
    return found[0] if found else ""


def _nearly(user: User, meant: str) -> Finding:
    return Finding(
        "PACS-USR-021",
        "warning",
        f'"{user.owner}", owner of {user.id}, is nobody\'s id; did you mean "{meant}"?',
        "An owner may be a team by any name, but this is nearly the id of somebody.",
        "Correct it; or write the team's name in several words.",
        path=(*user.path, "owner"),
    )


def _somebody(
    inventory: Inventory, name: str, path: Path, what: str, known: frozenset[str]
) -> Iterator[Finding]:
    if name not in known:
        yield Finding(
            "PACS-USR-021",
            "error",
            f'"{name}", {what}, is not declared{near(name, known)}',
            "Whoever has to answer for something must be somebody.",
            "Declare them under users, or correct the id.",
            path=path,
        )
    elif name in inventory.users and inventory.users[name].status == "left":
        yield Finding(
            "PACS-USR-021",
            "warning",
            f'"{name}", {what}, has left',
            "Nobody answers for it now.",
            "Name somebody else.",
            path=path,
        )


def _some(known: frozenset[str]) -> str:
    names = sorted(known)
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "") if names else "none is declared"


# --- days -------------------------------------------------------------------------------------------------------


def days_the_wrong_way_round(inventory: Inventory, _: Scope) -> Iterator[Finding]:
    """What ends has begun before: people and what they have for a time."""
    yield from (finding for user in inventory.users.values() for finding in _wrong_days(user))


def _wrong_days(user: User) -> Iterator[Finding]:
    starts, ends = user.starts, user.ends
    if starts and ends and ends < starts:
        yield _wrong(f"{user.id} leaves on {ends} and begins on {starts}", (*user.path, "ends"))
        return
    for number, grant in enumerate(user.grants):
        at = (*user.path, "grants", number)
        role, first, last = grant.role, grant.starts, grant.until
        if first and last and last < first:
            yield _wrong(f"{user.id} has {role} until {last} and from {first}", (*at, "until"))
        elif starts and last and last < starts:
            yield _wrong(f"{user.id} has {role} until {last}, and begins on {starts}", (*at, "until"))
        elif ends and first and first > ends:
            yield _wrong(f"{user.id} has {role} from {first}, and leaves on {ends}", (*at, "starts"))


def _wrong(summary: str, path: Path) -> Finding:
    why = "There is no day on which it counts, so that something else was meant."
    return Finding("PACS-USR-022", "error", summary, why, "Correct one of the two days.", path=path)


def without_an_end(inventory: Inventory, _: Scope) -> Iterator[Finding]:
    """Whoever is from outside, and sealed accounts, have an end."""
    yield from (
        Finding(
            "PACS-USR-006",
            "error",
            f"{user.id} {outside} and has no end",
            "Who comes from outside, or is let in for an emergency, is forgotten unless a day is set.",
            "Write ends: the end of the contract, or the day by which somebody looks at it again.",
            path=user.path,
        )
        for user in inventory.users.values()
        if user.ends is None and user.status != "left" and (outside := _for_a_time(user))
    )


def _for_a_time(user: User) -> str:
    """What makes somebody one who is here for a time only; empty for who is here for good."""
    if user.kind in ("vendor", "break-glass"):
        return f"is of kind {user.kind}"
    if user.kind != "person":
        return ""
    if user.contract is not None:
        return "is here by a contract"
    return "is from outside (has a sponsor)" if user.sponsor is not None else ""


# --- whose account it is ----------------------------------------------------------------------------------------


def shared_accounts(inventory: Inventory, _: Scope) -> Iterator[Finding]:
    """Nobody shares an account, unless that is accepted; and none is called as if several did."""
    yield from (finding for user in inventory.users.values() for finding in _shared(user))


def _shared(user: User) -> Iterator[Finding]:
    if user.status == "left":
        return
    if user.kind == "shared":
        missing = [key for key in ("owner", "device") if getattr(user, key) is None]
        needs = (
            f" It also needs {' and '.join(missing)}: who answers for it, and where it may be used."
            if missing
            else ""
        )
        yield Finding(
            "PACS-USR-005",
            "error",
            f"{user.id} is shared by several people",
            f"What is done with it leads to nobody, and whoever leaves knows its password.{needs}",
            "Give each an account of their own. Until then, accept it in the baseline "
            f"(at: {user.collection}.{user.id}), with an owner and a day.",
            path=user.path,
        )
    elif user.kind == "person" and looks_shared(user.id):
        yield Finding(
            "PACS-USR-005",
            "warning",
            f'"{user.id}" is a name of nobody in particular',
            "Names like this are of accounts that several people use, and are tried first by whoever wants in.",
            "Give the account the name of its person, or say what it is: kind: shared, or under service_accounts.",
            path=user.path,
        )


def service_accounts_kept(inventory: Inventory, _: Scope) -> Iterator[Finding]:
    """A service account has somebody who answers for it, a purpose, and no role that is for people."""
    yield from (
        finding
        for user in inventory.users.values()
        if user.kind == "service"
        for finding in _of_service(user, inventory)
    )


def _of_service(user: User, inventory: Inventory) -> Iterator[Finding]:
    missing = [key for key in ("owner", "purpose") if getattr(user, key) is None]
    if missing:
        yield Finding(
            "PACS-USR-011",
            "error",
            f"Service account {user.id} has no {' and no '.join(missing)}",
            "When something happens with it, nobody knows whom to ask and whether it may be locked.",
            "Say who answers for it (owner) and what it does (purpose).",
            path=user.path,
        )
    for number, grant in enumerate(user.grants):
        role = inventory.roles.get(grant.role)
        if role and is_for_people(role):
            yield Finding(
                "PACS-USR-011",
                "error",
                f"Service account {user.id} has role {grant.role}, which is for people",
                "Its password stands in some configuration, and a program can be asked for no second factor.",
                "Make a role with what it needs and no more. If it is meant, say kinds: [service] at the role.",
                path=(*user.path, "grants", number),
            )


def one_identity_twice(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """No two users have one mail address, one employee number or, in a system, one name to sign in with."""
    yield from _twice(inventory, scope)


def _twice(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    systems = sorted({system for user in inventory.users.values() for system in user.logins})
    for key, path, what in (
        ("id", (), "id"),
        ("email", ("email",), "mail address"),
        ("employee", ("employee",), "employee number"),
    ):
        yield from _same(scope, what, ((user, getattr(user, key), path) for user in inventory.users.values()))
    for system in systems:
        names = (
            (user, user.logins.get(system, user.id), ("logins", system) if system in user.logins else ())
            for user in inventory.users.values()
        )
        yield from _same(scope, f"name to sign in to {system}", names)


def _same(scope: Scope, what: str, values: Iterator[tuple[User, str | None, Path]]) -> Iterator[Finding]:
    """Those whose value another one had before, capital letters or not."""
    first: dict[str, User] = {}
    for user, value, path in values:
        if value is None or (user.status == "left" and path in (("email",), ("employee",))):
            continue
        holder = first.setdefault(value.casefold(), user)
        if holder is not user:
            yield Finding(
                "PACS-USR-025",
                "error",
                f"{holder.id} and {user.id} have the same {what}",
                "They are one person twice, or one of the two gets what is the other's. Capital letters make no "
                "difference to a directory.",
                "Take one of them out, or correct it.",
                path=(*user.path, *path),
                also=scope.also((*holder.path, *path), f"{holder.id} is here"),
            )
