"""Access of a user, a role or a device, as a person reads it and as a machine does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pacsconf.core.moment import day_in_words
from pacsconf.inventory.people import Grant
from pacsconf.people.access import DeviceAccess, InGroup, RoleAccess, RoleHeld, UserAccess
from pacsconf.people.live import LiveAccount
from pacsconf.people.reviewing import RoleDue
from pacsconf.report.access.known import Known, Row, heading, table
from pacsconf.report.lines import Lines, Span, columns, joined, line, wrapped
from pacsconf.report.words import counted, listed

_MARKS = {
    "declared": Span("·"),
    "declared and live": Span("✓", "good"),
    "declared, not live": Span("✗", "error"),
    "live, not declared": Span("!", "warning"),
}
_MOST = 12
"""Users that a row names."""


# --- a user -------------------------------------------------------------------------------------------------------


def user_text(found: UserAccess, known: Known, width: int) -> Lines:
    """What one user can do, and by which way."""
    room = columns(width)
    user = found.user
    facts = listed(
        (
            user.profession or "", user.site or "", user.department or "",
            f"from {day_in_words(user.starts)}" if user.starts else "",
            f"until {day_in_words(user.ends)}" if user.ends else "",
            f"owner {user.owner}" if user.owner else "", f"sponsor {user.sponsor}" if user.sponsor else "",
            user.purpose or "", f"used by {user.device}" if user.device else "",
        ),
        " · ",
    )  # fmt: skip
    origin = known.origins.get(user.path)
    head = (
        line(
            Span(known.called(user.id), "strong"), f"  {user.kind}, ", Span(found.stage, _STAGES[found.stage])
        ),
        *(wrapped(facts, room, first=line("  ")) if facts else ()),
        *((line(Span(f"  {origin}", "faint")),) if origin else ()),
    )
    return joined(
        (
            head,
            _part("Roles", [_role_row(one, found, known) for one in found.roles], room, "none"),
            _part(
                "Permissions",
                [(str(one.what), ", ".join(one.roles)) for one in found.permissions],
                room,
                "none",
            ),
            _part("Groups", [_group_row(one, known) for one in found.groups], room, "none"),
            _part("Accounts", list(_account_rows(found)), room),
        )
    )


_STAGES: Any = {"active": "good", "joining": "update", "suspended": "warning", "left": "error"}


def _part(title: str, rows: Sequence[Row], room: int, empty: str = "") -> Lines:
    if not rows:
        return (heading(title), line(f"  {empty}")) if empty else ()
    return (heading(title), *table(rows, room))


def _role_row(one: RoleHeld, found: UserAccess, known: Known) -> Row:
    sign = Span("+", "create") if one.now else Span("-", "faint")
    origin = known.origins.get((*found.user.path, *one.grant.written))
    said = [_grant(one.grant), "" if one.now else "does not count now", str(origin) if origin else ""]
    return (sign, one.role, listed(said, " · "))


def _grant(grant: Grant) -> str:
    return listed(
        (
            "emergency access" if grant.emergency else "",
            f"from {day_in_words(grant.starts)}" if grant.starts else "",
            f"until {day_in_words(grant.until)}" if grant.until else "",
            grant.reason or "",
            grant.ticket or "",
        ),
        " · ",
    )


def _group_row(one: InGroup, known: Known) -> Row:
    way = " → ".join((*_by(one.roles), *one.declared)) if one.declared else ""
    live = " → ".join(one.live) if one.live else ""
    said = [way]
    if one.is_read:
        said.append(one.mark)
    if live and one.live != one.declared:
        said.append(f"live by {live}")
    if (since := known.applied.get((one.system, one.group))) is not None:
        said.append(str(since))
    return (_MARKS[one.mark], f"{one.system}/{one.group}", listed(said, " · "))


def _by(roles: Sequence[str]) -> tuple[str, ...]:
    return (" and ".join(roles),) if roles else ("everybody with a role here",)


def _account_rows(found: UserAccess) -> Iterator[Row]:
    for system, one in found.accounts.items():
        sign = Span("!", "error") if system in found.open_to_gone else Span("·", "faint")
        yield (sign, system, _account(one, is_gone=system in found.open_to_gone))


def _account(account: LiveAccount | None, *, is_gone: bool) -> str:
    if account is None or not account.exists:
        return "no account"
    return listed(
        (
            "enabled, and should not be" if is_gone else "enabled" if account.enabled else "disabled",
            "locked" if account.locked else "",
            f"until {day_in_words(account.expires)}" if account.expires else "",
            _seen(account),
            f"signs in as {account.login}" if account.login != account.user else "",
        ),
        " · ",
    )


def _seen(account: LiveAccount) -> str:
    if not account.last_seen_known:
        return "last sign-in not recorded here"
    return f"last seen {day_in_words(account.last_seen.date())}" if account.last_seen else "never seen"


# --- a role -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoleShown:
    """A role with what the record knows of its reviews; `due` None: none is ever due, or it is not known."""

    found: RoleAccess
    due: RoleDue | None = None


def role_text(shown: RoleShown, known: Known, width: int) -> Lines:
    """Who has a role, and what it comes to."""
    room = columns(width)
    found, role = shown.found, shown.found.role
    origin = known.origins.get(role.path)
    head = (
        line(Span(role.id, "strong"), "  role", ", administrator" if role.administrator else ""),
        *(wrapped(role.description, room, first=line("  ")) if role.description else ()),
        *((line(Span(f"  {origin}", "faint")),) if origin else ()),
    )
    now = sum(1 for one in found.holders if one.now)
    most = f" of at most {role.max_holders}" if role.max_holders is not None else ""
    rules = [
        ("conflicts with", ", ".join(found.conflicts)),
        ("approved by", listed((", ".join(role.approvers), f"now: {', '.join(found.approvers)}" if found.approvers
                                else "nobody at present"), " · ") if role.approvers else "nobody is named"),
        ("second factor", role.mfa or ""),
        ("professions", ", ".join(role.professions)),
        ("trainings", ", ".join(role.trainings)),
        ("review", _due(shown)),
    ]  # fmt: skip
    return joined(
        (
            head,
            _part(f"Holders: {now}{most}", list(_holder_rows(found, known)), room, "nobody"),
            _part("Permissions", [(str(what),) for what in role.permissions], room, "none"),
            _part("Groups", [(system, " → ".join(path)) for system, path in found.groups], room, "none"),
            _part("Rules", [row for row in rules if row[1]], room),
            _part("Live, and not as declared", list(_live_rows(found, known)), room),
        )
    )


def _holder_rows(found: RoleAccess, known: Known) -> Iterator[Row]:
    for one in found.holders:
        origin = known.origins.get((*one.user.path, *one.grant.written))
        said = [one.user.kind if one.user.kind != "person" else "", _grant(one.grant)]
        said += [one.stage if one.stage != "active" else "" if one.now else "does not count now"]
        said += [str(origin) if origin else ""]
        sign = Span("+", "create") if one.now else Span("-", "faint")
        yield (sign, known.called(one.user.id), listed(said, " · "))


def _live_rows(found: RoleAccess, known: Known) -> Iterator[Row]:
    for one in found.outsiders:
        way = " → ".join(one.path)
        yield (
            _MARKS["live, not declared"],
            known.called(one.user),
            f"in {one.system}/{way}, without the role",
        )
    for user, system, group in found.missing:
        yield (
            _MARKS["declared, not live"],
            known.called(user),
            f"not in {system}/{group}, though they have the role",
        )


def _due(shown: RoleShown) -> str:
    every = shown.found.role.review_every
    words = [f"every {counted(every, 'day')}" if every else ""]
    if shown.due is not None:
        last = shown.due.last
        words.append(f"last {day_in_words(last)}" if last else "never yet")
        under = f" ({shown.due.review})" if shown.due.review else ""
        words.append(f"due {day_in_words(shown.due.day)}{under}")
    return listed(words, " · ")


# --- a device -----------------------------------------------------------------------------------------------------


def device_text(found: DeviceAccess, known: Known, width: int, *, verbose: bool = False) -> Lines:
    """Who can do what on a device."""
    room = columns(width)
    device = found.device
    facts = listed(
        (device.type, ", ".join(device.modality), device.site or "", *device.institution_departments), " · "
    )
    accounts = [
        (known.called(user.id), listed((user.kind, user.purpose or "", f"owner {user.owner}" if user.owner else ""),
                                       " · "))
        for user in found.accounts
    ]  # fmt: skip
    rows = [_permission_row(one, known, verbose=verbose) for one in found.permissions]
    return joined(
        (
            (line(Span(device.name, "strong"), "  device"), *wrapped(facts, room, first=line("  "))),
            _part("Who may do what here", rows, room, "no role has a permission that reaches it"),
            _part("Accounts that it uses", accounts, room, "none is declared"),
        )
    )


def _permission_row(one: Any, known: Known, *, verbose: bool) -> Row:
    shown = one.users if verbose else one.users[:_MOST]
    more = len(one.users) - len(shown)
    people = [known.called(user) for user in shown] + ([f"{more} more (--verbose)"] if more else [])
    return (str(one.what), f"{', '.join(one.roles)} ({len(one.users)}): {', '.join(people) or 'nobody now'}")
