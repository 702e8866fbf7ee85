"""The options of an Orthanc's configuration as one resource: what is declared of them, and what they do. Pure.

Its fields are called as Orthanc calls them. Only what is declared is looked at; what stands beside it in the
configuration is nobody's business here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pacsconf.core.address import Address
from pacsconf.core.resource import Effect, Fields, Resource, Risk, State, Value
from pacsconf.inventory.systems import OrthancConfig

CONFIGURATION = "configuration"
SERVER = "server"
"""What the one resource of its kind is called where the device is not declared."""

DEFAULTS: Mapping[str, bool | int | str] = {
    "DicomAlwaysAllowEcho": True,
    "DicomAlwaysAllowStore": True,
    "DicomAlwaysAllowFind": False,
    "DicomAlwaysAllowFindWorklist": False,
    "DicomAlwaysAllowGet": False,
    "DicomAlwaysAllowMove": False,
    "DicomCheckCalledAet": False,
    "DicomCheckModalityHost": False,
    "UnknownSopClassAccepted": False,
    "MaximumStorageSize": 0,
    "MaximumPatientCount": 0,
    "MaximumStorageMode": "Recycle",
    "OverwriteInstances": False,
    "StorageCompression": False,
    "LimitFindResults": 0,
    "LimitFindInstances": 0,
    "ExecuteLuaEnabled": False,
    "RestApiWriteToFileSystemEnabled": False,
    "WebDavEnabled": True,
    "DeidentifyLogs": True,
}
"""As Orthanc has them where its configuration does not say (1.10.1 of Debian 12, and 1.12)."""
SINCE: Mapping[str, tuple[int, int, int]] = {"MaximumStorageMode": (1, 11, 3)}
"""From which version on Orthanc knows an option, where pacsconf knows older ones."""

_OPENS = (
    "DicomAlwaysAllowEcho",
    "DicomAlwaysAllowStore",
    "DicomAlwaysAllowFind",
    "DicomAlwaysAllowFindWorklist",
    "DicomAlwaysAllowGet",
    "DicomAlwaysAllowMove",
    "ExecuteLuaEnabled",
    "RestApiWriteToFileSystemEnabled",
    "WebDavEnabled",
)
_SHUTS = ("DicomCheckCalledAet", "DicomCheckModalityHost", "DeidentifyLogs")
_LIMITS = {"MaximumStorageSize": "MB", "MaximumPatientCount": "patients"}


class ServerSettings(Resource):
    """What an Orthanc's configuration says of the options that are declared."""

    kind: ClassVar[str] = CONFIGURATION

    DicomAlwaysAllowEcho: bool | None = None
    DicomAlwaysAllowStore: bool | None = None
    DicomAlwaysAllowFind: bool | None = None
    DicomAlwaysAllowFindWorklist: bool | None = None
    DicomAlwaysAllowGet: bool | None = None
    DicomAlwaysAllowMove: bool | None = None
    DicomCheckCalledAet: bool | None = None
    DicomCheckModalityHost: bool | None = None
    UnknownSopClassAccepted: bool | None = None
    MaximumStorageSize: int | None = None
    MaximumPatientCount: int | None = None
    MaximumStorageMode: str | None = None
    OverwriteInstances: bool | None = None
    StorageCompression: bool | None = None
    LimitFindResults: int | None = None
    LimitFindInstances: int | None = None
    ExecuteLuaEnabled: bool | None = None
    RestApiWriteToFileSystemEnabled: bool | None = None
    WebDavEnabled: bool | None = None
    DeidentifyLogs: bool | None = None

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Whom it lets in is a matter of access; an image that replaces another one, of data."""
        changed = frozenset(_changed(before, after))
        if "OverwriteInstances" in changed and (after or {}).get("OverwriteInstances") is True:
            return "data-loss"
        return "access" if changed.intersection((*_OPENS, *_SHUTS)) else super().risk(before, after)

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Strangers let in or kept out, a check begun or ended."""
        wider = dict.fromkeys(_OPENS, True) | dict.fromkeys(_SHUTS, False)
        now = after or {}
        found: dict[Effect, bool] = {}
        for name in _changed(before, after):
            if name in wider:
                found["widens" if now.get(name) is wider[name] else "removes"] = True
        return super().effects(before, after) | found.keys()

    @classmethod
    def remark(cls, before: Fields | None, after: Fields | None) -> str | None:
        """Orthanc reads its configuration when it starts."""
        both = before is not None and after is not None and before != after
        return (
            "counts once Orthanc is restarted: what it receives at that moment is cut off" if both else None
        )

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """A limit that is reached sooner, or another way to make room. What is not declared may be its default."""
        if before is None or after is None or after.get("MaximumStorageMode") == "Reject":
            return None
        return "; ".join(_sooner(before, after)) or None


def _changed(before: Fields | None, after: Fields | None) -> Iterator[str]:
    if before is not None and after is not None:
        yield from sorted(name for name in after if before.get(name) != after[name])


def _sooner(before: Fields, after: Fields) -> Iterator[str]:
    unlimited = all(after.get(name) == 0 for name in _LIMITS)
    if before.get("MaximumStorageMode") == "Reject" and not unlimited:
        yield "it deletes the oldest patients once it is full"
    for name, unit in _LIMITS.items():
        most = after.get(name)
        if isinstance(most, int) and most and not 0 < _number(before.get(name)) <= most:
            yield f"it deletes the oldest patients once it holds {most} {unit}"


def _number(value: Value | None) -> int:
    return value if isinstance(value, int) else 0


def address(config: OrthancConfig) -> Address:
    """Where the settings of a system are: by its device, which is tried on the wire when they changed."""
    device = config.ae.partition("/")[0] if config.ae else SERVER
    return Address.of(config.name, CONFIGURATION, device)


def declared(config: OrthancConfig) -> State:
    """The settings as they are declared."""
    return State(address(config), address(config), dict(config.settings.declared()))


def live(config: OrthancConfig, said: Mapping[str, Any]) -> State:
    """What a configuration says of the options that are declared; without what is no value of such an option.

    That may be a variable of the environment, which Orthanc fills in when it starts.
    """
    found = {name: said.get(name, DEFAULTS[name]) for name in config.settings.declared()}
    fitting = {name: value for name, value in found.items() if type(value) is type(DEFAULTS[name])}
    return State(address(config), address(config), fitting)


def version(text: str) -> tuple[int, ...]:
    """The numbers of a version; none for what has none, such as `mainline`."""
    numbers = text.split("-")[0].split(".")
    return tuple(map(int, numbers)) if all(number.isdecimal() for number in numbers) else ()
