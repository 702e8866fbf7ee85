"""How the inventory names live systems and environments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from pacsconf.inventory import formats
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.values import Count, Dialled, DialledFor, Flag, SecretRef, Texts

Mode = Literal["read-only", "write"]
OnDrift = Literal["report", "enforce"]


class SystemConfig(BaseModel):
    """What every system has; each type adds its own keys, checked by its own model below.

    A type from elsewhere (a plug-in) keeps its keys in `model_extra` and checks them itself.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    type: str
    mode: Mode = "read-only"
    on_drift: OnDrift = "report"
    exclusive: Texts = ()
    """Kinds for which this inventory is the only authority: what is not declared is to be deleted."""
    ignore: Texts = ()
    """Patterns of addresses (`network-ae/legacy-*`) or of fields (`device/*:software_versions`) to leave alone."""


class Bind(BaseModel):
    """A simple bind: a DN and a reference to its password."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dn: str
    password: SecretRef


def directory_url(text: str) -> str:
    """The address of a directory in `text`.

    Raises: ValueError when it is not `ldap://host[:port]` or `ldaps://host[:port]`; the text is not repeated,
    since it may hold a password.
    """
    if "@" in text:
        raise ValueError("no user name and no password stand in an address: write them under bind")
    found = _DIRECTORY.fullmatch(text)
    if found and found["port"]:
        formats.port(int(found["port"]))
    if not found or not _is_endpoint(text):
        raise ValueError("the address of a directory is ldaps://host, or ldap://host:port")
    return text


def _is_endpoint(text: str) -> bool:
    try:
        Endpoint.parse(text)
    except ValueError:
        return False
    return True


_DIRECTORY = re.compile(
    r"ldaps?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?/?", re.IGNORECASE
)


class DirectoryConfig(SystemConfig):
    """A directory that holds DICOM configuration (PS3.15 Annex H)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["dicom-directory"]
    url: Annotated[str, AfterValidator(directory_url)]
    """`ldap://host[:port]` or `ldaps://host[:port]`."""
    base: str | None = None
    """Suffix under which `cn=DICOM Configuration` stands; not given: looked for in every naming context."""
    bind: Bind | None = None
    start_tls: Flag = False
    allow_clear_text: Flag = False
    """Whether the password may travel unencrypted to another machine, where neither ldaps nor StartTLS is had."""
    ca_file: str | None = None
    """PEM file of certificate authorities; not given: the machine's."""
    verify: Flag = True
    timeout: Count = 30
    """Seconds for connecting and for each answer."""


class MemoryConfig(SystemConfig):
    """The reference system: a JSON file, or nothing but memory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["memory"]
    file: str | None = None
    waits: Texts = ()
    """Kinds that only a person can change here: their changes wait."""


CONFIGS: Mapping[str, type[SystemConfig]] = {"dicom-directory": DirectoryConfig, "memory": MemoryConfig}


class Environment(BaseModel):
    """What differs where the inventory is deployed: the systems and the guard settings, nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str | None = None
    systems: Mapping[str, Mapping[str, Any] | None] = {}
    """By system name: keys that replace or complete those of `systems`; null: not in this environment."""
    guards: Mapping[str, Any] = {}
    dial: Mapping[DialledFor, Dialled] = {}
    """Declared `host:port` to the address that observers call instead; `"*"` is every other one, and the
    address `none` is never called."""
    probe_as: str | None = None
    """As `pacsconf.probe_as`, for this environment."""
