"""What a copy of Orthanc's configuration says that its REST interface hides.

The copy is one JSON file, or a folder of them that Orthanc would merge. Comments are allowed, as Orthanc allows
them. It holds passwords: nothing but the few settings below is ever taken from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pacsconf.core.finding import Finding, Severity
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.people.orthanc import VERSIONS
from pacsconf.systems._orthanc.commented import parsed
from pacsconf.systems._orthanc.live import Server
from pacsconf.systems._orthanc.options import DEFAULTS
from pacsconf.systems._orthanc.storage import Limits, limits

_LARGEST = 4 * 1024 * 1024
"""Bytes of all files of one copy; Orthanc's own commented example has forty thousand."""
_MOST = 100
"""Files of one copy."""


class UnreadableSettings(Exception):
    """The copy cannot be used; the text says why, and repeats nothing that stands in it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that matter here, with Orthanc's own defaults; None where the copy does not let them be told."""

    ae_title: str | None
    in_database: bool | None
    peers_in_database: bool | None
    servers_in_database: bool | None
    checks_called: bool | None
    always: tuple[str, ...]
    """What it answers to anybody, known or not, by the names of its settings."""
    limits: Limits
    """How large its storage may grow."""
    users: frozenset[str] | None = frozenset()
    """Names of those who may sign in."""
    versions: Mapping[str, int] = field(default_factory=dict)
    """By name, which version its password is of, where pacsconf rendered it."""
    switches: Mapping[str, bool | None] = field(default_factory=dict)
    """Those of `SWITCHES` and `ALWAYS`, by Orthanc's own names."""
    authenticates: bool | None = None
    """Whether REST asks for a password: where that is not said, if other machines are let in (since 1.5.8)."""
    find_limits: bool | None = None
    """Whether a query has a largest number of results, of instances too; 0 is none."""

    ALWAYS: ClassVar[dict[str, bool]] = {
        name: bool(usual) for name, usual in DEFAULTS.items() if name.startswith("DicomAlwaysAllow")
    }
    SWITCHES: ClassVar[dict[str, bool]] = {
        **{
            name: bool(DEFAULTS[name])
            for name in ("DicomCheckModalityHost", "ExecuteLuaEnabled", "RestApiWriteToFileSystemEnabled")
        },
        "DicomTlsEnabled": False,
        "DicomTlsRemoteCertificateRequired": True,
        "RemoteAccessAllowed": False,
        "SslEnabled": False,
    }
    """As Orthanc 1.10.1 of Debian 12 has them."""

    def switch(self, name: str) -> bool | None:
        """One of the switches; None where the copy does not let it be told."""
        return self.switches.get(name)


def load(path: Path, over: Mapping[str, Any] | None = None) -> Settings:
    """The settings in a configuration, or a copy of it; as they would be with these options `over` it.

    Raises: UnreadableSettings.
    """
    return _settings({**said(path), **(over or {})})


def said(path: Path) -> dict[str, Any]:
    """All that a configuration says: it holds passwords.

    Raises: UnreadableSettings.
    """
    merged: dict[str, Any] = {}
    for file, data in contents(path).items():
        try:
            merged |= parsed(data)
        except ValueError:
            raise UnreadableSettings(f"{file} is not JSON as Orthanc reads it") from None
    return merged


def contents(path: Path) -> dict[Path, bytes]:
    """The files of a configuration, in the order in which Orthanc would read them.

    Raises: UnreadableSettings.
    """
    found: dict[Path, bytes] = {}
    room = _LARGEST
    for file in _files(path):
        found[file] = _bytes(file, room)
        room -= len(found[file])
    return found


def copied(config: OrthancConfig, over: Mapping[str, Any] | None = None) -> Settings | None:
    """What the copy says, with these options `over` it; None where there is none, or none that can be used."""
    if config.settings_file is None:
        return None
    try:
        return load(Path(config.settings_file), over)
    except UnreadableSettings:
        return None


def _files(path: Path) -> tuple[Path, ...]:
    if not path.exists():
        raise UnreadableSettings(f"{path} does not exist")
    if not path.is_dir():
        return (path,)
    found = tuple(
        sorted(each for each in path.iterdir() if each.suffix.lower() == ".json" and each.is_file())
    )
    if not found or len(found) > _MOST:
        raise UnreadableSettings(f"{path} holds {len(found)} JSON files, where 1 to {_MOST} are expected")
    return found


def _bytes(file: Path, room: int) -> bytes:
    try:
        with file.open("rb") as handle:
            data = handle.read(room + 1)
    except OSError as exc:
        raise UnreadableSettings(f"{file} cannot be read: {exc.strerror}") from exc
    if len(data) > room:
        raise UnreadableSettings(f"{file} is too large for a configuration of Orthanc")
    return data


def _settings(merged: dict[str, Any]) -> Settings:
    title = merged.get("DicomAet", "ORTHANC")
    dicomweb = merged.get("DicomWeb")
    plugin = dicomweb if isinstance(dicomweb, dict) else {}
    return Settings(
        title if isinstance(title, str) else None,
        _switch(merged, "DicomModalitiesInDatabase", False),
        _switch(merged, "OrthancPeersInDatabase", False),
        _switch(plugin, "ServersInDatabase", False),
        _switch(merged, "DicomCheckCalledAet", False),
        tuple(name for name, default in Settings.ALWAYS.items() if _switch(merged, name, default)),
        limits(merged, whole=True),
        _users(merged),
        _versions(merged),
        {name: _switch(merged, name, usual) for name, usual in (Settings.ALWAYS | Settings.SWITCHES).items()},
        _switch(merged, "AuthenticationEnabled", _switch(merged, "RemoteAccessAllowed", False)),
        _find_limits(merged),
    )


def _find_limits(merged: dict[str, Any]) -> bool | None:
    """Orthanc's own default is 0 for both (1.10.1)."""
    found = [merged.get(name, 0) for name in ("LimitFindResults", "LimitFindInstances")]
    return all(found) if all(type(one) is int for one in found) else None


def _users(merged: dict[str, Any]) -> frozenset[str] | None:
    found = merged.get("RegisteredUsers", {})
    return frozenset(found) if isinstance(found, dict) else None


def _versions(merged: dict[str, Any]) -> dict[str, int]:
    found = merged.get(VERSIONS, {})
    members = found.items() if isinstance(found, dict) else ()
    return {name: version for name, version in members if type(version) is int}


def _switch(merged: dict[str, Any], name: str, default: bool | None) -> bool | None:
    """A switch; None for what is no switch, such as a variable of the environment that Orthanc would fill in."""
    value = merged.get(name, default)
    return value if isinstance(value, bool) else None


# --- what is wrong with them --------------------------------------------------------------------------------------


def findings(
    config: OrthancConfig, server: Server, over: Mapping[str, Any] | None = None
) -> Iterator[Finding]:
    """What the copy says against this server, with these options `over` it.

    That there is none, or none that can be used, is told once."""
    if config.settings_file is None:
        yield Finding(
            "ORTHANC-SETTINGS-UNKNOWN",
            "info",
            f"Whether Orthanc {config.name} keeps its peers, and whom it lets in, is not known",
            "REST does not tell whether peers survive a restart, strangers may send images, or any called AE "
            "title will do.",
            "Put a copy of its configuration beside the inventory, passwords taken out, and name it under "
            "settings_file.",
            path=("systems", config.name),
            evidence="configured",
            verdict="unknown",
        )
        return
    try:
        settings = load(Path(config.settings_file), over)
    except UnreadableSettings as exc:
        yield _finding(
            config,
            "ORTHANC-SETTINGS-FILE",
            "warning",
            f"The copy of the configuration of Orthanc {config.name} cannot be used: {exc}",
            "So it is not known whether its peers survive a restart, and whom it lets in.",
            "Copy the file again, from where Orthanc reads it (Debian: /etc/orthanc).",
            unknown=True,
        )
        return
    yield from _wrong(config, server, settings)


def _wrong(config: OrthancConfig, server: Server, settings: Settings) -> Iterator[Finding]:
    if settings.ae_title != server.ae_title:
        yield _finding(
            config,
            "ORTHANC-SETTINGS-FILE",
            "warning",
            f"The copy of the configuration of Orthanc {config.name} is of another AE title than the server",
            f"The server says {server.ae_title}: the copy is old, or of another server.",
            "Copy the file again.",
            unknown=True,
        )
    yield from _forgets(config, settings)
    if settings.checks_called is False:
        yield _finding(
            config,
            "ORTHANC-CALLED-TITLE",
            "warning",
            f"Orthanc {config.name} does not check which AE title it is called by",
            "A device that was set up for another archive, and reaches this one, would send its images here.",
            "Declare settings: {DicomCheckCalledAet: true}; or write that into its configuration, and restart it.",
        )
    yield from _open(config, settings)


def _forgets(config: OrthancConfig, settings: Settings) -> Iterator[Finding]:
    plugin = "DicomWeb.ServersInDatabase"
    for keeps, what, setting in (
        (settings.in_database, "peers", "DicomModalitiesInDatabase"),
        (settings.peers_in_database or not config.orthanc_peers, "Orthanc peers", "OrthancPeersInDatabase"),
        (settings.servers_in_database or not config.dicomweb_servers, "DICOMweb servers", plugin),
    ):
        if keeps is False:
            yield _finding(
                config,
                "ORTHANC-FORGETS",
                "warning",
                f"Orthanc {config.name} forgets the {what} that are made over REST when it is restarted",
                "It would start with those of its configuration file, and refuse whoever was added since.",
                f"Set {setting} to true and restart it; then let pacsconf make what its file listed.",
            )


def _open(config: OrthancConfig, settings: Settings) -> Iterator[Finding]:
    for name in settings.always:
        what = name.removeprefix("DicomAlwaysAllow")
        rule, severity, harm = _HARMS.get(what, _HARMS[""])
        yield _finding(
            config,
            rule,
            severity,
            f"Orthanc {config.name} allows {_REQUESTS[what]} to anybody",
            harm,
            f"Declare settings: {{{name}: false}}; or write that into its configuration, and restart it. Then only "
            "peers are answered.",
        )


_REQUESTS = {
    "Echo": "verifications (C-ECHO)",
    "Store": "the sending of images (C-STORE)",
    "Find": "queries (C-FIND)",
    "FindWorklist": "queries of the worklist (C-FIND)",
    "Get": "retrievals (C-GET)",
    "Move": "retrievals (C-MOVE)",
}
_HARMS: dict[str, tuple[str, Severity, str]] = {
    "Echo": ("ORTHANC-OPEN-ECHO", "info", "A stranger learns that it is there, and nothing else."),
    "Store": ("ORTHANC-OPEN-STORE", "warning", "A stranger can put images among those of patients."),
    "": ("ORTHANC-OPEN-QUERY", "warning", "A stranger can read about patients, or take their images."),
}
"""By what is asked: the rule, how bad it is, and why."""


def _finding(
    config: OrthancConfig,
    rule: str,
    severity: Severity,
    summary: str,
    detail: str,
    fix: str,
    *,
    unknown: bool = False,
) -> Finding:
    return Finding(
        rule,
        severity,
        summary,
        detail,
        fix,
        path=("systems", config.name, "settings_file"),
        evidence="configured",
        verdict="unknown" if unknown else "fail",
    )
