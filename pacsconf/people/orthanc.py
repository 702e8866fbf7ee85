"""Who may sign in at an Orthanc now, and what its authorization plugin is to allow each of its roles. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pacsconf.inventory.model import Device, Inventory
from pacsconf.inventory.peers import entity
from pacsconf.inventory.people import JobRole
from pacsconf.inventory.permissions import PermissionScope
from pacsconf.inventory.systems import OrthancConfig, OrthancUser
from pacsconf.people.landing import landed
from pacsconf.people.standing import IN_WORDS, Stage, day_of, stage

VERSIONS = "PacsconfPasswordVersions"
"""A key of ours in Orthanc's configuration: which versions the passwords in a rendered file are of."""

# --- logins -------------------------------------------------------------------------------------------------------


class LeftOut(NamedTuple):
    """A login that is not to be there, since whose it is does not work here (now)."""

    name: str
    user: str
    stage: Stage

    def __str__(self) -> str:
        return f"{self.name} (for {self.user}, who {IN_WORDS[self.stage]})"


@dataclass(frozen=True, slots=True)
class Logins:
    """The logins of an Orthanc: those that are to be there, and those that are not (any more, or yet)."""

    registered: Mapping[str, OrthancUser]
    left_out: tuple[LeftOut, ...] = ()


def logins(inventory: Inventory, config: OrthancConfig) -> Logins:
    """Who may sign in at this Orthanc on the inventory's day; a login that is nobody's stays."""
    registered: dict[str, OrthancUser] = {}
    left_out: list[LeftOut] = []
    for name in sorted(config.users):
        login = config.users[name]
        user = inventory.users.get(login.used_by or "")
        at = stage(user, day_of(inventory, user)) if user else "active"
        if user is None or at == "active":
            registered[name] = login
        else:
            left_out.append(LeftOut(name, user.id, at))
    return Logins(registered, tuple(left_out))


def logins_for(inventory: Inventory, user: str) -> Iterator[tuple[str, str]]:
    """The logins that are somebody's: the Orthanc by its name among systems, and the login."""
    for system, config in sorted(inventory.systems.items()):
        if isinstance(config, OrthancConfig):
            yield from ((system, name) for name in sorted(config.users) if config.users[name].used_by == user)


# --- the authorization plugin -------------------------------------------------------------------------------------

WORDS: Mapping[str, str] = {
    "audit:view": "audit-logs",
    "study:anonymize": "anonymize",
    "study:download": "download",
    "study:import": "upload",
    "study:label": "edit-labels",
    "study:merge-split": "modify",
    "study:modify-demographics": "modify",
    "study:retrieve-remote": "q-r-remote-modalities",
    "study:send": "send",
    "study:share-external": "share",
    "study:view": "view",
    "study:view-priors": "view",
    "system:operate": "settings",
    "worklist:edit": "worklists",
}
"""By permission of ours, the plugin's word for it, as its default rules use it.

`study:query` and `worklist:view` have no word of their own there: searching comes with `view`, and `worklists`
writes too, so it is not given for reading. Never given are `delete` and `all`.
"""
ADMINISTERS = frozenset({"ae:manage", "user:assign-role"})
"""What a role must have of ours for `admin-permissions`: it changes modalities, and what every role may do."""
_OF_STUDIES = frozenset({"view", "download", "send", "modify", "anonymize", "share", "edit-labels"})
"""Words that the labels of a role limit: those for what is done with a study."""
EVERY_LABEL = "*"


class OrthancRole(NamedTuple):
    """A role of the authorization plugin."""

    name: str
    permissions: tuple[str, ...]
    labels: tuple[str, ...]
    roles: tuple[str, ...]
    """Our roles that land in it."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the plugin is to allow each of its roles, and what of ours it cannot say, in words."""

    roles: tuple[OrthancRole, ...]
    not_given: tuple[str, ...] = ()


class _Given(NamedTuple):
    """A word of the plugin, and the labels of the studies that it is given for; none: for all."""

    word: str
    labels: frozenset[str]


def authorization(inventory: Inventory, system: str, config: OrthancConfig) -> Authorization:
    """The roles that land in an Orthanc. What it cannot limit as declared is not given at all, and told."""
    holder = entity(inventory, config.ae) if config.ae else None
    device = holder[0] if holder else None
    found: list[OrthancRole] = []
    told: list[str] = []
    for name, ours in landed(inventory, system).items():
        given = [one for role in ours for one in _given(inventory.roles[role], device, told)]
        labels = _labels(name, given, told)
        words = {one.word for one in given if labels or one.word not in _OF_STUDIES}
        if words:
            found.append(OrthancRole(name, tuple(sorted(words)), labels or (EVERY_LABEL,), ours))
        else:
            told.append(f"role {name} ({', '.join(ours)}) is left out: nothing of it has a word there")
    return Authorization(tuple(found), tuple(dict.fromkeys(told)))


def _given(role: JobRole, device: Device | None, told: list[str]) -> Iterator[_Given]:
    """What one role of ours comes to."""
    held: set[str] = set()
    for scope in role.permissions:
        if not _is_about(scope, device):
            continue
        if scope.permission == "study:delete":
            told.append(f"{role.id}: study:delete is given to nobody")
        if (limit := _cannot_limit(scope)) and (scope.permission in WORDS or scope.permission in ADMINISTERS):
            told.append(f"{role.id}: {scope} is not given, since Orthanc cannot limit it to {limit}")
            continue
        held.add(scope.permission)
        if scope.permission in WORDS:
            yield _Given(WORDS[scope.permission], frozenset(scope.label))
    if held >= ADMINISTERS:
        yield _Given("admin-permissions", frozenset())


def _is_about(scope: PermissionScope, device: Device | None) -> bool:
    """Whether a permission is about this Orthanc, by where it stands."""
    if scope.device and (device is None or device.name not in scope.device):
        return False
    return not scope.site or (device is not None and device.site in scope.site)


def _cannot_limit(scope: PermissionScope) -> str:
    limits = {
        "a department": scope.department,
        "a modality": scope.modality,
        "de-identified studies": scope.deidentified_only,
        "a shift": scope.on_shift,
        "a ticket": scope.ticket,
    }
    return " or ".join(words for words, limit in limits.items() if limit)


def _labels(name: str, given: list[_Given], told: list[str]) -> tuple[str, ...]:
    """The labels of a role: Orthanc has them by role, not by permission, so what all have in common."""
    limits = [one.labels for one in given if one.word in _OF_STUDIES]
    limited = [labels for labels in limits if labels]
    if not limited:
        return (EVERY_LABEL,)
    common = frozenset.intersection(*limited)
    if len(set(limits)) > 1:
        only = f"only {', '.join(sorted(common))}" if common else "none, so nothing of studies"
        told.append(f"role {name}: labels count for all that a role may, so it gets {only}")
    return tuple(sorted(common))
