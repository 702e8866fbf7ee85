"""Rules about who signs in at an Orthanc, and which roles land there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import OrthancConfig, SystemConfig
from pacsconf.inventory.values import SecretRef

DEFAULT_LOGINS = frozenset({"admin", "alice", "demo", "orthanc", "root", "test", "user"})
"""Names that come with Orthanc, its images and examples: what is tried first."""


def login_findings(
    config: SystemConfig, inventory: Inventory, *, practice: bool = False
) -> Iterator[Finding]:
    """What is wrong with the logins of an Orthanc; `practice`: pacsconf's own login there is the lab's."""
    if not isinstance(config, OrthancConfig):
        return
    yield from _whose(config, inventory)
    yield from _names(config)
    yield from _shared_passwords(config)
    if config.users and not practice:
        yield from _own(config)
    yield from _roles(config, inventory)


def _whose(config: OrthancConfig, inventory: Inventory) -> Iterator[Finding]:
    for name, login in config.users.items():
        at: Path = ("systems", config.name, "users", name)
        if login.used_by is None:
            yield Finding(
                "PACS-USR-032",
                "info",
                f"Login {name} of Orthanc {config.name} is nobody's",
                "It stays when people leave, and what was done with it leads to nobody.",
                "Name whose it is: for: ID of a user or of a service account.",
                path=at,
            )
        elif login.used_by not in inventory.users:
            yield Finding(
                "PACS-USR-030",
                "error",
                f'Login {name} of Orthanc {config.name} is for "{login.used_by}", who is not declared'
                f"{nearest(login.used_by, inventory.users)}",
                "A login goes with whose it is, and there is nobody it could go with.",
                "Correct the id; or remove the login, and render the file of users again.",
                path=(*at, "for"),
            )
        elif inventory.users[login.used_by].status == "left":
            yield Finding(
                "PACS-USR-033",
                "warning",
                f"Login {name} of Orthanc {config.name} is for {login.used_by}, who has left",
                "It is left out of what is rendered, and works until that is in place and Orthanc is restarted.",
                f"pacsconf render orthanc-users {config.name} --out FILE; then remove the login.",
                path=at,
            )


def _names(config: OrthancConfig) -> Iterator[Finding]:
    for name in config.users:
        if name.lower() in DEFAULT_LOGINS:
            yield Finding(
                "PACS-USR-031",
                "warning",
                f'Orthanc {config.name} has the login "{name}", a name that everybody tries first',
                "It comes with products and examples, as do passwords for it.",
                "Give it the name of whose it is.",
                path=("systems", config.name, "users", name),
            )


def _shared_passwords(config: OrthancConfig) -> Iterator[Finding]:
    by_ref: defaultdict[SecretRef, list[str]] = defaultdict(list)
    for name, login in sorted(config.users.items()):
        by_ref[login.password].append(name)
    for ref, (first, *others) in by_ref.items():
        for name in others:
            yield Finding(
                "PACS-USR-036",
                "warning",
                f"Logins {first} and {name} of Orthanc {config.name} have one password",
                f"Both are {ref}: who knows one can sign in as the other.",
                "Give each its own.",
                path=("systems", config.name, "users", name, "password"),
            )


def _own(config: OrthancConfig) -> Iterator[Finding]:
    """pacsconf must not render itself out."""
    own = config.login
    if own is None or own.user not in config.users:
        said = f'as "{own.user}", which is none of its users' if own else "as nobody (no login)"
        yield Finding(
            "PACS-USR-034",
            "error",
            f"pacsconf signs in at Orthanc {config.name} {said}",
            "Once its users are as declared, pacsconf could not look at it any more.",
            "Declare that login under users, or name one of them under login.",
            path=("systems", config.name, "login" if own else "users"),
        )
    elif config.users[own.user].password != own.password:
        yield Finding(
            "PACS-USR-034",
            "warning",
            f"pacsconf signs in at Orthanc {config.name} as {own.user} with another password than declared there",
            f"{own.password} is sent, and Orthanc is given {config.users[own.user].password}.",
            "Name the same reference in both places.",
            path=("systems", config.name, "login", "password"),
        )


def _roles(config: OrthancConfig, inventory: Inventory) -> Iterator[Finding]:
    for name, role in sorted(inventory.roles.items()):
        if config.name in role.groups and not config.authorization:
            yield Finding(
                "PACS-USR-035",
                "error",
                f"Role {name} lands in Orthanc {config.name}, which has no authorization",
                "Without its authorization plugin everybody who signs in may do everything, whatever their role.",
                f"Install the plugin, and write authorization: true at {config.name}; or have it land elsewhere.",
                path=("roles", name, "groups", config.name),
            )
