"""The users in a copy of Orthanc's configuration, held against those that are declared: names only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pacsconf.core.finding import Finding
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.people.orthanc import Logins
from pacsconf.systems._orthanc.settings import Settings, UnreadableSettings, load

_MOST = 12
"""Names that are told."""
_LONGEST = 128
"""Characters of each."""


def findings(config: OrthancConfig, logins: Logins) -> Iterator[Finding]:
    """Users who are there and should not be, or the other way round, or with a password of before.

    Nothing where no user is declared. Without a copy it is not known of those who do not work here now.
    """
    copy = _copy(config) if config.users else None
    if copy is not None and copy.users is not None:
        yield from _compared(config, logins, copy.users)
        yield from _renewed(config, logins, copy)
    elif gone := [str(one) for one in logins.left_out if one.stage != "joining"]:
        yield Finding(
            "ORTHANC-USERS-UNKNOWN",
            "warning",
            f"Whether Orthanc {config.name} has the login of somebody who does not work here now is not known: "
            f"{_some(gone)}",
            "Its REST interface does not tell, and there is no copy of its configuration that can be used.",
            f"pacsconf doctor --system {config.name} --logins tries it; settings_file lets every plan tell.",
            path=("systems", config.name, "users"),
            evidence="configured",
            verdict="unknown",
        )


def _copy(config: OrthancConfig) -> Settings | None:
    try:
        return load(Path(config.settings_file)) if config.settings_file else None
    except UnreadableSettings:
        return None


def _compared(config: OrthancConfig, logins: Logins, there: frozenset[str]) -> Iterator[Finding]:
    gone = {one.name: str(one) for one in logins.left_out}
    if left := [text for name, text in gone.items() if name in there]:
        yield _finding(
            config,
            "ORTHANC-USERS-LEFT",
            f"Orthanc {config.name} still has the login of somebody who does not work here now: {_some(left)}",
            "Whoever has that password can sign in.",
        )
    if extra := sorted(there - logins.registered.keys() - gone.keys()):
        yield _finding(
            config,
            "ORTHANC-USERS-EXTRA",
            f"Orthanc {config.name} has logins that nobody declared: {_some(extra)}",
            "Nobody answers for them, and they stay when people leave.",
            "Declare them under users. Else let them go: ",
        )
    if missing := sorted(logins.registered.keys() - there):
        yield _finding(
            config,
            "ORTHANC-USERS-MISSING",
            f"Orthanc {config.name} lacks declared logins: {_some(missing)}",
            "They cannot sign in.",
        )


def _renewed(config: OrthancConfig, logins: Logins, copy: Settings) -> Iterator[Finding]:
    """Passwords that were counted up since the file was rendered; nothing of a file that others made."""
    old = [
        name
        for name, login in logins.registered.items()
        if copy.versions.get(name, login.version) != login.version
    ]
    if old:
        yield _finding(
            config,
            "ORTHANC-USERS-OLD",
            f"Orthanc {config.name} has other passwords than the declared versions: {_some(old)}",
            "Their versions were counted up since its file of users was rendered.",
        )


def _some(names: Iterable[str]) -> str:
    known = [name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…" for name in names]
    return ", ".join(known[:_MOST]) + (f", and {len(known) - _MOST} more" if len(known) > _MOST else "")


def _finding(config: OrthancConfig, rule: str, summary: str, detail: str, before: str = "") -> Finding:
    return Finding(
        rule,
        "warning",
        summary,
        detail,
        f"{before}pacsconf render orthanc-users {config.name} --out FILE; put it in place, restart Orthanc, "
        "and copy its configuration again.",
        path=("systems", config.name, "users"),
        evidence="configured",
    )
