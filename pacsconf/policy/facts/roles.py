"""Roles as rules see them: who has one, who lets somebody have it, when that was looked at; who is in it live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import ROLE, Grant, JobRole, User
from pacsconf.people.standing import day_of, holders, stage
from pacsconf.policy.subject import Facts, Subject

if TYPE_CHECKING:
    from pacsconf.core.review import Reviews
    from pacsconf.people.live import LiveAccounts

KIND = "role"

# --- declared -----------------------------------------------------------------------------------------------------


def declared(inventory: Inventory, reviews: Reviews | None, today: date, blind: str) -> Iterator[Subject]:
    """Every role, by id; `reviews` None: the record is not known."""
    having = {role: [user.id for user in users] for role, users in holders(inventory).items()}
    uses = _over(inventory)
    for name in sorted(inventory.roles):
        role = inventory.roles[name]
        facts = _said(inventory, role, having) | _looked_at(role, reviews, uses.get(name, []), today)
        yield Subject(KIND, name, facts, path=role.path, blind=blind)


def _said(inventory: Inventory, role: JobRole, having: Mapping[str, list[str]]) -> dict[str, object]:
    own = having.get(role.id, [])
    approvers = _approvers(inventory, role, having)
    facts: dict[str, object] = {
        "id": role.id,
        "administrator": role.administrator,
        "emergency": role.emergency,
        "permissions": [str(one) for one in role.permissions],
        "holders": own,
        "mfa": role.mfa or "",
        "approvers": approvers,
        "self_approved": len(approvers) == 1 and approvers[0] in own,
        "lands": sorted(system for system, groups in role.groups.items() if groups),
    }
    limits = {"max_holders": role.max_holders, "review_every_days": role.review_every}
    return facts | {name: limit for name, limit in limits.items() if limit is not None}


def _approvers(inventory: Inventory, role: JobRole, having: Mapping[str, list[str]]) -> list[str]:
    """As `people.access.approvers`, of whom it is known already who has which role."""
    found: set[str] = set()
    for name in role.approvers:
        if name.startswith(ROLE):
            found.update(having.get(name.removeprefix(ROLE), ()))
        elif (user := inventory.users.get(name)) and stage(user, day_of(inventory, user)) == "active":
            found.add(name)
    return sorted(found)


# --- looked at ----------------------------------------------------------------------------------------------------


def _over(inventory: Inventory) -> dict[str, list[tuple[User, Grant]]]:
    """By role, the uses in an emergency that are over, the first to end first."""
    found: dict[str, list[tuple[User, Grant]]] = {}
    for name in sorted(inventory.users):
        user = inventory.users[name]
        for grant in user.grants if any(one.emergency for one in user.grants) else ():
            if grant.emergency and grant.until and _is_over(grant.until, day_of(inventory, user)):
                found.setdefault(grant.role, []).append((user, grant))
    return {role: sorted(uses, key=lambda use: use[1].until or "") for role, uses in found.items()}


def _is_over(until: str, day: date | None) -> bool:
    return day is not None and date.fromisoformat(until) < day


def _looked_at(
    role: JobRole, reviews: Reviews | None, uses: list[tuple[User, Grant]], today: date
) -> dict[str, object]:
    """When a role was reviewed, and which uses in an emergency nobody has answered for since they began."""
    waiting = [(user, grant) for user, grant in uses if not _is_answered(reviews or (), user, grant)]
    if reviews is None:
        return {} if waiting else {"emergency_unreviewed": []}
    from pacsconf.core.review import last_signed

    last = last_signed(reviews, role.id)
    found: dict[str, object] = {
        "reviewed": last is not None,
        "emergency_unreviewed": [f"{user.id} until {grant.until}" for user, grant in waiting],
    }
    if last is not None:
        found["days_since_review"] = max(0, (today - last).days)
    if waiting:
        found["emergency_waiting_days"] = (today - date.fromisoformat(waiting[0][1].until or "")).days
    return found


def _is_answered(reviews: Reviews, user: User, grant: Grant) -> bool:
    """Whether somebody said a word on it in a review, after it began."""
    lines = (line for one in reviews if (line := one.line((user.id, grant.role))) is not None)
    began = grant.starts or grant.until or ""
    return any(line.decision is not None and line.decision.at[:10] >= began for line in lines)


# --- live ---------------------------------------------------------------------------------------------------------


def configured(inventory: Inventory, live: Mapping[str, LiveAccounts]) -> dict[str, Facts]:
    """Who is in the groups of roles, of every role that lands in a system that was read."""
    found: dict[str, Facts] = {}
    for name, role in inventory.roles.items():
        lands = {system for system, groups in role.groups.items() if groups}
        if lands & live.keys():
            found[name] = _inside(inventory, role, live, whole=lands <= live.keys())
    return found


def _inside(inventory: Inventory, role: JobRole, live: Mapping[str, LiveAccounts], *, whole: bool) -> Facts:
    users: set[str] = set()
    others: list[str] = []
    for system in sorted(role.groups.keys() & live.keys()):
        inside = live[system].in_all(role.groups[system])
        users |= inside & inventory.users.keys()
        others += undeclared(inventory, live[system], inside)
    # How many have it is asked, too, and some of its systems do not tell. Who is nobody's is told wherever found.
    holders = {"holders": sorted(users)} if whole else {}
    return holders | ({"undeclared": others} if others or whole else {})


def undeclared(inventory: Inventory, live: LiveAccounts, inside: set[str]) -> list[str]:
    """Of those in a group the accounts that are nobody's, by system; a member that is not there goes by a DN, which
    may be a name, and is only counted."""
    accounts = live.accounts
    others = (name for name in inside - inventory.users.keys() if name in accounts and accounts[name].exists)
    return sorted(f"{live.system}: {name}" for name in others)
