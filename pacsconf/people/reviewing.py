"""Reviews of access beside the inventory: their lines, who may answer, what is gone, when one is due. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pacsconf.core.approval import folded, name_and_mail
from pacsconf.core.errors import PacsconfError, UnsafePlan
from pacsconf.core.review import LineKey, Review, ReviewLine, Reviews, last_signed, removals
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import GIT, JobRole, User
from pacsconf.people.access import approvers
from pacsconf.people.live import LiveAccounts
from pacsconf.people.standing import day_of, stage
from pacsconf.people.ways import Ways

# --- what a review is about ---------------------------------------------------------------------------------------


def roles_in(inventory: Inventory, system: str) -> tuple[str, ...]:
    """The roles that land in a system."""
    return tuple(name for name, role in sorted(inventory.roles.items()) if role.groups.get(system))


def lines(
    inventory: Inventory, roles: Iterable[str], live: Mapping[str, LiveAccounts] | None = None
) -> tuple[ReviewLine, ...]:
    """Everybody who has one of these roles, given now or for later; and who is in its groups live without it."""
    found: list[ReviewLine] = []
    for name in dict.fromkeys(roles):
        role = inventory.roles[name]
        groups = {system: tuple(own) for system, own in role.groups.items() if own}
        given = [
            _line(user, role, groups) for _, user in sorted(inventory.users.items()) if _was_given(user, name)
        ]
        found += given
        found += _undeclared(inventory, role, groups, {one.user for one in given}, live or {})
    return tuple(found)


def _was_given(user: User, role: str) -> bool:
    return any(grant.role == role for grant in user.grants)


def _line(user: User, role: JobRole, groups: Mapping[str, tuple[str, ...]]) -> ReviewLine:
    own = [grant for grant in user.grants if grant.role == role.id]
    since = min((grant.starts or user.starts or "" for grant in own), default="")
    ends = [grant.until or user.ends or "" for grant in own]
    until = "" if "" in ends else max(ends)
    return ReviewLine(user.id, role.id, user.kind, since=since, until=until, groups=groups)


def _undeclared(
    inventory: Inventory,
    role: JobRole,
    groups: Mapping[str, tuple[str, ...]],
    given: set[str],
    live: Mapping[str, LiveAccounts],
) -> Iterator[ReviewLine]:
    """Who is in all groups of a role in a system that was read, and has no role that leads there."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for system in sorted(groups.keys() & live.keys()):
        ways = Ways(inventory, system)
        inside = live[system].in_all(groups[system])
        for user_id in inside - given:
            user, account = inventory.users.get(user_id), live[system].accounts.get(user_id)
            if account is None or not account.exists:
                continue  # it is known by the name of an entry, which may say who it is
            if user is None or not ways.of(user).keys() >= set(groups[system]):
                found.setdefault(user_id, {})[system] = groups[system]
    for user_id, there in sorted(found.items()):
        user = inventory.users.get(user_id)
        yield ReviewLine(user_id, role.id, user.kind if user else "person", declared=False, groups=there)


# --- who answers --------------------------------------------------------------------------------------------------


def whose(inventory: Inventory, identity: str, *, by_mail: bool = False) -> User:
    """Which user of the inventory a git identity (`name <mail>`) is; `by_mail`: a name alone does not count.

    First who has the address, or the name, as `logins.git`; then whose `email` it is; then whose id the name is.

    Raises: UnsafePlan when it is nobody's, or several's.
    """
    name, mail = name_and_mail(identity)
    own = {mail} if by_mail else {mail, name, f"{name} <{mail}>"}
    ways = (
        [user for user in inventory.users.values() if folded(user.logins.get(GIT, "")) in own - {""}],
        [user for user in inventory.users.values() if mail and folded(user.email or "") == mail],
        [user for user in inventory.users.values() if not by_mail and folded(user.id) == name],
    )
    found = next((some for some in ways if some), [])
    if len(found) == 1:
        return found[0]
    which = ", ".join(sorted(user.id for user in found))
    raise UnsafePlan(
        f"{identity} is {f'several users of the inventory: {which}' if found else 'no user of the inventory'}",
        fix=f"Say who it is in the inventory: users.ID.logins.{GIT}: {mail or 'ADDRESS'}. Who you are, git says:"
        " git config user.name; git config user.email",
    )


def require_may_answer(inventory: Inventory, who: User, asked: Iterable[ReviewLine]) -> None:
    """Nothing, where somebody may answer for all of these lines.

    Raises: UnsafePlan naming the lines that are their own, or of roles that they do not approve.
    """
    lines_asked = tuple(asked)
    if own := [line.role for line in lines_asked if line.user == who.id]:
        raise UnsafePlan(
            f"nobody reviews their own access, and {who.id} is on it as {', '.join(own)}",
            [_others(inventory, role, who) for role in own],
            fix="Leave these lines open for somebody else.",
        )
    asked_for = sorted({line.role for line in lines_asked})
    if gone := [role for role in asked_for if role not in inventory.roles]:
        raise PacsconfError(
            f"role {', '.join(gone)} is declared no longer", fix="Open a review of what is declared."
        )
    if refused := [role for role in asked_for if who.id not in approvers(inventory, inventory.roles[role])]:
        raise UnsafePlan(
            f"{who.id} is not one of the approvers of {', '.join(refused)}",
            [_others(inventory, role, who) for role in refused],
            fix="Who may let somebody have a role is declared: roles.ID.approvers",
        )


def _others(inventory: Inventory, role: str, who: User) -> str:
    declared = inventory.roles.get(role)
    able = sorted(approvers(inventory, declared) - {who.id}) if declared else []
    return f"{role}: {', '.join(able) or 'nobody else may; name another one under approvers'}"


# --- what became of it --------------------------------------------------------------------------------------------


def seen_gone(
    inventory: Inventory, reviews: Reviews, live: Mapping[str, LiveAccounts]
) -> tuple[tuple[str, LineKey], ...]:
    """What was to be removed and is, by review and line: the role is not declared any more, and no system shows it.

    `live` is what was read whole. A line that was in the groups of a system that was not read stays open. A group
    that another role leads to is not looked at: there they may be.
    """
    found = (
        (review.id, line.key)
        for review, line in removals(reviews)
        if not _is_declared(inventory, line) and _is_gone(inventory, line, live)
    )
    return tuple(found)


def _is_declared(inventory: Inventory, line: ReviewLine) -> bool:
    """Whether somebody has the role still, or is to have it again: later, or when they are back."""
    user = inventory.users.get(line.user)
    if user is None or stage(user, day := day_of(inventory, user)) == "left":
        return False
    return any(
        grant.role == line.role
        and (day is None or grant.until is None or day <= date.fromisoformat(grant.until))
        for grant in user.grants
    )


def _is_gone(inventory: Inventory, line: ReviewLine, live: Mapping[str, LiveAccounts]) -> bool:
    user = inventory.users.get(line.user)
    for system, groups in line.groups.items():
        if system not in inventory.systems:
            continue
        if system not in live:
            return False
        meant = Ways(inventory, system).of(user) if user else {}
        there = live[system].paths(line.user)
        if any(group in there and group not in meant for group in groups):
            return False
    return True


# --- when the next is due -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoleDue:
    """A role that is to be reviewed by a day; `review` is the one that is open, empty where none is."""

    role: str
    day: date
    review: str = ""
    last: date | None = None
    """When it was reviewed last; None: never."""


def due(
    inventory: Inventory, reviews: Reviews, today: date, since: Mapping[str, date] | None = None
) -> Iterator[RoleDue]:
    """Every role with `review_every`, and every one under review, with its day; `since`: when each first appeared.

    One that was never reviewed is due that long after it appeared; where that is not known, today.
    """
    for name, role in sorted(inventory.roles.items()):
        under = _under_review(reviews, name)
        last = last_signed(reviews, name)
        if under is not None:
            yield RoleDue(name, date.fromisoformat(under.due), under.id, last)
        elif role.review_every:
            began = last or (since or {}).get(name)
            every = timedelta(days=role.review_every)
            day = began + min(every, date.max - began) if began else today
            yield RoleDue(name, day, "", last)


def _under_review(reviews: Reviews, role: str) -> Review | None:
    return next((one for one in reversed(reviews) if role in one.roles and not one.is_signed), None)


def overdue(
    inventory: Inventory, reviews: Reviews, today: date, since: Mapping[str, date] | None = None
) -> tuple[RoleDue, ...]:
    """The roles whose review is late."""
    return tuple(one for one in due(inventory, reviews, today, since) if one.day < today)
