"""Orthanc's JSON of a peer or server, and our fields of it: one table, used both ways.

Verified with Orthanc 1.10.1 and its DICOMweb plugin 1.7. A modality keeps none but the keys below. A web server
keeps any further text that is put under a name of its own, and gives it back: there the version of its password
is kept. Passwords, values of HTTP headers and the key of a client certificate are never given back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pacsconf.core.resource import Fields, Value
from pacsconf.inventory.systems import RIGHTS, Right

Raw = Mapping[str, Any]
"""One object as Orthanc has it."""

ALIAS = re.compile(r"[A-Za-z0-9_-]+")
"""What Orthanc takes for the symbolic name of a modality or peer."""
MANUFACTURERS = ("Generic", "GenericNoWildcardInDates", "GenericNoUniversalWildcard", "Vitrea", "GE")
"""Its own names for the quirks of a peer, in its spelling; it takes no other."""
NOBODY_LISTENS = 104
"""What stands as port of a peer that only calls: Orthanc demands one of 1 to 65534."""
PASSWORD_VERSION = "PacsconfPasswordVersion"  # noqa: S105  (the name of a property)

FLAGS: Mapping[Right, str] = {
    "echo": "AllowEcho",
    "find": "AllowFind",
    "get": "AllowGet",
    "move": "AllowMove",
    "n-action": "AllowNAction",
    "n-event-report": "AllowEventReport",
    "store": "AllowStore",
    "transcoding": "AllowTranscoding",
    "worklist": "AllowFindWorklist",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One field of a modality: Orthanc's key, and the value that is left out; all others are of its type."""

    name: str
    default: Value


KEYS: Mapping[str, Key] = {
    "ae_title": Key("AET", ""),
    "host": Key("Host", ""),
    "port": Key("Port", 0),
    "manufacturer": Key("Manufacturer", "Generic"),
    "local_ae_title": Key("LocalAet", ""),
    "timeout": Key("Timeout", 0),
    "tls": Key("UseDicomTls", False),
}


_ROWS = tuple((field, key.name, key.default, type(key.default)) for field, key in KEYS.items())
_FLAGS = tuple(FLAGS[right] for right in RIGHTS)
_SWITCH = frozenset({bool})


def peer_fields(raw: Raw) -> dict[str, Value]:
    """Our fields of a modality. A flag that an older server does not have is as it was before: allowed.

    Raises: ValueError naming the key that is missing or of another type.
    """
    found: dict[str, Value] = {}
    get = raw.get
    for field, name, default, kind in _ROWS:
        value: Any = get(name, default)
        if type(value) is not kind:
            raise ValueError(name)
        if value != default:
            found[field] = value
    flags = [get(name, True) for name in _FLAGS]
    if not _SWITCH.issuperset(map(type, flags)):
        raise ValueError(
            next(name for name, flag in zip(_FLAGS, flags, strict=True) if type(flag) is not bool)
        )
    if allowed := _allowed(tuple(flags)):
        found["allow"] = allowed
    return found


@lru_cache(1 << len(_FLAGS))
def _allowed(flags: tuple[bool, ...]) -> tuple[Right, ...]:
    """The rights that these flags give, by name; one tuple for all peers that have the same."""
    return tuple(sorted(right for right, flag in zip(RIGHTS, flags, strict=True) if flag))


PEER_FIELDS = frozenset({*KEYS, "allow"})


def peer_json(fields: Fields, changed: frozenset[str]) -> dict[str, Any]:
    """Orthanc's keys of those of our fields that are `changed`."""
    found: dict[str, Any] = {
        key.name: fields.get(name, key.default) for name, key in KEYS.items() if name in changed
    }
    if "allow" in changed:
        allowed = fields.get("allow", ())
        assert isinstance(allowed, tuple), "rights are a set"
        found |= {FLAGS[right]: right in allowed for right in RIGHTS}
    return found


# --- web servers --------------------------------------------------------------------------------------------------

_USERINFO = re.compile(r"(?<=//)[^/?#]*@")
_OURS = frozenset({"Url", "Username", "Password", PASSWORD_VERSION})
_UNREADABLE = {
    "HttpHeaders": "HTTP headers",
    "CertificateFile": "a client certificate",
}
"""What cannot be put back as it was, since a part of it is not given back."""
_PLAIN: Mapping[str, Any] = {
    "HttpHeaders": [],
    "Pkcs11": False,
    "Timeout": 0,
    "CertificateKeyFile": None,
    "CertificateKeyPassword": None,
}
"""What Orthanc tells of every server, or tells along with something else: nothing that anybody wrote."""


def web_fields(raw: Raw) -> dict[str, Value]:
    """Our fields of a web server. A password that stands in its address is not read.

    Raises: ValueError naming the key that is missing or of another type.
    """
    url, user = raw.get("Url"), raw.get("Username", "")
    if not isinstance(url, str):
        raise ValueError("Url")
    if not isinstance(user, str):
        raise ValueError("Username")
    found: dict[str, Value] = {"url": _USERINFO.sub("***@", url).rstrip("/")}
    if user:
        found["user"] = user
    version = str(raw.get(PASSWORD_VERSION, ""))
    if version.isascii() and version.isdecimal() and len(version) < 10 and int(version) != 1:
        found["password_version"] = int(version)
    return found


def web_json(fields: Fields, raw: Raw, password: str | None) -> dict[str, Any]:
    """The whole object to write over `raw` ({} for a new one): what is not ours, or is equal, stays as it is."""
    kept = {
        name: value
        for name, value in raw.items()
        if name not in _OURS and name not in _UNREADABLE and value is not None
    }
    same = bool(raw) and web_fields(raw)["url"] == fields.get("url")
    kept["Url"] = raw["Url"] if same else fields.get("url", "")
    if password is not None:
        kept |= {"Username": fields["user"], "Password": password}
    if "password_version" in fields:
        kept[PASSWORD_VERSION] = str(fields["password_version"])
    return kept


def unreadable(raw: Raw) -> tuple[str, ...]:
    """What of a web server would be lost if it were written, in words."""
    return tuple(words for name, words in _UNREADABLE.items() if raw.get(name))


def foreign(raw: Raw) -> tuple[str, ...]:
    """What of a web server pacsconf never wrote, by Orthanc's names."""
    return tuple(
        sorted(name for name, value in raw.items() if name not in _OURS and value != _PLAIN.get(name, ...))
    )
