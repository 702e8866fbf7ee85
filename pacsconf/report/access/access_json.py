"""Access of a user, a role or a device for scripts."""

from __future__ import annotations

from typing import Any

from pacsconf.inventory.permissions import PermissionScope
from pacsconf.people.access import DeviceAccess, InGroup, UserAccess
from pacsconf.people.live import LiveAccount
from pacsconf.report.access.access_text import RoleShown
from pacsconf.report.access.known import Known
from pacsconf.report.as_json import FORMAT_VERSION, as_text


def user_json(found: UserAccess, known: Known) -> str:
    """What one user can do; a name only where names were asked for."""
    user = found.user
    body: dict[str, Any] = {
        "id": user.id, "kind": user.kind, "stage": found.stage, "profession": user.profession, "site": user.site,
        "department": user.department, "starts": user.starts, "ends": user.ends,
        **({"name": known.names.get(user.id)} if known.names else {}),
        "declared_at": _origin(known, user.path),
        "roles": [
            {
                "role": one.role, "now": one.now, "starts": one.grant.starts, "until": one.grant.until,
                "reason": one.grant.reason, "ticket": one.grant.ticket, "emergency": one.grant.emergency,
                "declared_at": _origin(known, (*user.path, *one.grant.written)),
            }
            for one in found.roles
        ],
        "permissions": [
            {"permission": one.what.permission, "scope": _scope(one.what), "roles": list(one.roles)}
            for one in found.permissions
        ],
        "groups": [_group_json(one, known) for one in found.groups],
        "accounts": {system: _account_json(one) for system, one in found.accounts.items()},
    }  # fmt: skip
    return as_text({"format_version": FORMAT_VERSION, "user": body, "as_declared": found.is_as_declared})


def _origin(known: Known, path: tuple[str | int, ...]) -> dict[str, object] | None:
    origin = known.origins.get(path)
    if origin is None:
        return None
    day = origin.day.isoformat() if origin.day else None
    return {"place": origin.place, "commit": origin.commit or None, "since": day}


def _scope(what: PermissionScope) -> dict[str, object]:
    told = what.model_dump(exclude={"permission"}, exclude_defaults=True)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}


def _group_json(one: InGroup, known: Known) -> dict[str, object]:
    since = known.applied.get((one.system, one.group))
    return {
        "system": one.system,
        "group": one.group,
        "mark": one.mark,
        "declared": list(one.declared) if one.declared else None,
        "roles": list(one.roles),
        "live": list(one.live) if one.live else None,
        "applied": {"at": since.at, "commit": since.commit} if since else None,
    }


def _account_json(account: LiveAccount | None) -> dict[str, object] | None:
    if account is None or not account.exists:
        return None
    return {
        "login": account.login,
        "enabled": account.enabled,
        "locked": account.locked,
        "expires": account.expires.isoformat() if account.expires else None,
        "last_seen": account.last_seen.isoformat() if account.last_seen else None,
        "last_seen_known": account.last_seen_known,
    }


def role_json(shown: RoleShown, known: Known) -> str:
    """Who has a role, and what it comes to."""
    found, role, due = shown.found, shown.found.role, shown.due
    body = {
        "id": role.id,
        "description": role.description,
        "administrator": role.administrator,
        "declared_at": _origin(known, role.path),
        "holders": [
            {
                "user": one.user.id, "kind": one.user.kind, "now": one.now, "stage": one.stage,
                "starts": one.grant.starts, "until": one.grant.until,
                "reason": one.grant.reason, "ticket": one.grant.ticket,
                "declared_at": _origin(known, (*one.user.path, *one.grant.written)),
                **({"name": known.names.get(one.user.id)} if known.names else {}),
            }
            for one in found.holders
        ],
        "permissions": [{"permission": one.permission, "scope": _scope(one)} for one in role.permissions],
        "groups": [{"system": system, "path": list(path)} for system, path in found.groups],
        "conflicts_with": list(found.conflicts),
        "approvers": list(role.approvers),
        "approvers_now": list(found.approvers),
        "read": list(found.read),
        "not_declared": [
            {"user": one.user, "system": one.system, "path": list(one.path)} for one in found.outsiders
        ],
        "not_live": [{"user": user, "system": system, "group": group} for user, system, group in found.missing],
        "review": None
        if due is None
        else {"due": due.day.isoformat(), "last": due.last and due.last.isoformat(), "open": due.review or None},
    }  # fmt: skip
    return as_text({"format_version": FORMAT_VERSION, "role": body})


def device_json(found: DeviceAccess, known: Known) -> str:
    """Who can do what on a device."""
    body = {
        "name": found.device.name,
        "permissions": [
            {
                "permission": one.what.permission, "scope": _scope(one.what), "roles": list(one.roles),
                "users": list(one.users),
            }
            for one in found.permissions
        ],
        "accounts": [{"user": user.id, "kind": user.kind, "owner": user.owner} for user in found.accounts],
        **({"names": {user: known.names[user] for user in sorted(known.names)}} if known.names else {}),
    }  # fmt: skip
    return as_text({"format_version": FORMAT_VERSION, "device": body})
