"""How the inventory names live systems and environments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from pacsconf.inventory import formats
from pacsconf.inventory.console_export import ExportConfig
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.orthanc_settings import OrthancSettings
from pacsconf.inventory.storage import StorageConfig
from pacsconf.inventory.values import (
    AETitle,
    Count,
    Dialled,
    DialledFor,
    Flag,
    Host,
    Port,
    Seconds,
    SecretRef,
    Texts,
    ruled,
)

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


class Login(BaseModel):
    """A user name and a reference to its password (HTTP Basic authentication, RFC 7617)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str
    password: SecretRef


def web_url(text: str) -> str:
    """The address of an HTTP service in `text`, without a slash at its end.

    Raises: ValueError when it is not `http[s]://host[:port][/path]`; the text is not repeated, since it may hold
    a password.
    """
    if "@" in text:
        raise ValueError("no user name and no password stand in an address: write them under login")
    if not _WEB.fullmatch(text) or not _is_endpoint(text):
        raise ValueError("the address of a web service is https://host, or https://host:port/path")
    return text.rstrip("/")


_WEB = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[^\s?#]*)?", re.IGNORECASE)

WebURL = Annotated[str, AfterValidator(ruled("PACS-SYS-006", web_url))]


class ReloadConfig(BaseModel):
    """A program that keeps a copy of what a directory holds, and is told to read it again after a change."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    url: WebURL
    """Of a dcm4chee archive: `https://HOST:PORT/dcm4chee-arc`."""
    login: Login | None = None
    token: SecretRef | None = None
    """Sent instead of a login, where the program asks for a bearer token (RFC 6750)."""
    allow_clear_text: Flag = False
    """Whether the password or token may travel unencrypted to another machine."""
    ca_file: str | None = None
    """PEM file of certificate authorities; not given: the machine's."""
    verify: Flag = True
    timeout: Seconds = 60
    """Seconds for the whole of it: an archive reads its configuration before it answers."""


class LDAPConfig(SystemConfig):
    """A server that is reached over LDAP, and by what account."""

    url: Annotated[str, AfterValidator(directory_url)]
    """`ldap://host[:port]` or `ldaps://host[:port]`."""
    bind: Bind | None = None
    start_tls: Flag = False
    allow_clear_text: Flag = False
    """Whether the password may travel unencrypted to another machine, where neither ldaps nor StartTLS is had."""
    ca_file: str | None = None
    """PEM file of certificate authorities; not given: the machine's."""
    verify: Flag = True
    timeout: Seconds = 30
    """Seconds for connecting and for each answer."""


class DirectoryConfig(LDAPConfig):
    """A directory that holds DICOM configuration (PS3.15 Annex H)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["dicom-directory"]
    base: str | None = None
    """Suffix under which `cn=DICOM Configuration` stands; not given: looked for in every naming context."""
    extensions: Texts = ()
    """Vendors whose attributes and entries it holds beside the standard's (`dcm4chee`)."""
    object_classes: Mapping[str, Texts] = {}
    """By kind (`device`, `transfer-capability`): auxiliary classes that an entry is made with which names none;
    not given: those of the extensions."""
    reload: Mapping[str, ReloadConfig] = {}
    """By a name of yours: programs that are told to read it again after a change, every instance of an archive."""


# --- systems that hold a peer table ------------------------------------------------------------------------------

Right = Literal[
    "echo",
    "find",
    "get",
    "move",
    "n-action",
    "n-event-report",
    "store",
    "transcoding",
    "worklist",
]
"""What a peer is allowed: a request that it may make, or (`transcoding`) that what is sent to it may be recoded."""
RIGHTS: tuple[Right, ...] = get_args(Right)

_SEVERAL: Mapping[str, tuple[Right, ...]] = {
    "storage-commitment": ("n-action", "n-event-report"),
    "all": RIGHTS,
}
"""Words for several rights."""


def rights(value: Any) -> tuple[Right, ...]:
    """The rights in a list of words, each once, by name.

    `storage-commitment` stands for both of its requests, and `all` for every right there is.

    Raises: ValueError naming the words there are.
    """
    words = value if isinstance(value, list | tuple) else (value,)
    found: set[Right] = set()
    for word in words:
        known = [right for right in RIGHTS if right == word] or _SEVERAL.get(str(word), ())
        if not known:
            raise ValueError(f'"{word}" is no right: {", ".join((*RIGHTS, *_SEVERAL))}')
        found.update(known)
    return tuple(sorted(found))


Rights = Annotated[
    tuple[Right, ...],
    BeforeValidator(ruled("PACS-PEER-001", rights)),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": [*RIGHTS, *_SEVERAL]},
                {"type": "array", "items": {"type": "string", "enum": [*RIGHTS, *_SEVERAL]}},
            ]
        }
    ),
]


class PeerConfig(BaseModel):
    """An explicit entry of a peer table, by its alias; what is given here wins over what flows derive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ae: str | None = None
    """The declared application entity: `device/AE_TITLE`, or a device with one AE title."""
    ae_title: AETitle | None = None
    """By default that of `ae`, and without one the alias."""
    host: Host | None = None
    port: Port | None = None
    allow: Rights | None = None
    """By default what flows derive, where any does; else everything (as the server has it)."""
    manufacturer: str | None = None
    local_ae_title: AETitle | None = None
    """The calling AE title that this peer is called with, where it is not the server's own."""
    timeout: Count | None = None
    """Seconds; 0 is none."""
    tls: Flag | None = None


class PeersConfig(SystemConfig):
    """A system that holds the peer table of one application entity."""

    ae: str | None = None
    """The declared application entity that this system is: `device/AE_TITLE`, or a device with one AE title.
    Flows from it and to it become peers; without it there are only those listed under `peers`."""
    peers: Mapping[str, PeerConfig] = {}
    """By alias."""


class RemoteLogin(Login):
    """A login that the server is to use elsewhere; its password is written when it is made, never read back."""

    version: Count = 1
    """Count this up to have the password written again (rotation)."""


class WebServerConfig(BaseModel):
    """A server that an Orthanc knows: a DICOMweb server, or another Orthanc."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: WebURL
    login: RemoteLogin | None = None


def login_name(text: str) -> str:
    """The name of a login in `text`.

    Raises: ValueError when it could not be sent: HTTP Basic authentication ends it at a colon (RFC 7617).
    """
    if ":" in text:
        raise ValueError("a login has no colon in its name: what follows it would count as the password")
    return formats.name(text)


LoginName = Annotated[str, AfterValidator(ruled("PACS-NAME-002", login_name))]


class OrthancUser(BaseModel):
    """A login that an Orthanc knows (`RegisteredUsers` in its configuration)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    password: SecretRef
    version: Count = 1
    """Count this up when the password is renewed (rotation)."""
    used_by: Annotated[str | None, Field(alias="for")] = None
    """Whose it is: the id of a user or of a service account. It goes with them."""


class OrthancConfig(PeersConfig):
    """An Orthanc server over its REST interface."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["orthanc"]
    url: WebURL
    """`http[s]://host[:port][/path]`: where its REST interface begins."""
    login: Login | None = None
    dicomweb_servers: Mapping[str, WebServerConfig] = {}
    orthanc_peers: Mapping[str, WebServerConfig] = {}
    users: Mapping[LoginName, OrthancUser] = {}
    """By login name, who may sign in: rendered for its configuration, REST cannot change it; none: not managed."""
    authorization: Flag = False
    """Whether its authorization plugin is at work: then roles land here, and their permissions are rendered."""
    settings_file: str | None = None
    """Its configuration file, or a copy of it: what REST does not tell is looked up there."""
    settings: OrthancSettings = OrthancSettings()
    """Options of its configuration: written into `settings_file` where the operator file lists that."""
    storage: StorageConfig = StorageConfig()
    """What its storage is to be like; what differs is told, since REST cannot change it."""
    allow_clear_text: Flag = False
    """Whether the password may travel unencrypted to another machine."""
    ca_file: str | None = None
    """PEM file of certificate authorities; not given: the machine's."""
    verify: Flag = True
    timeout: Seconds = 30
    """Seconds for connecting and for each answer."""


class ConsoleConfig(PeersConfig):
    """A PACS, RIS, router or scanner whose tables only a person can change, at its console."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["console"]
    ae: str
    """The declared application entity whose console it is: `device/AE_TITLE`, or a device with one AE title."""
    export: ExportConfig | None = None
    contact: str | None = None
    """Who keys in what is asked for: a name, a telephone number."""


class MemoryConfig(SystemConfig):
    """The reference system: a JSON file, or nothing but memory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["memory"]
    file: str | None = None
    waits: Texts = ()
    """Kinds that only a person can change here: their changes wait."""


class ProbeTLS(BaseModel):
    """How observers speak TLS (PS3.15 annex B): files in PEM, relative to the repository or absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ca_file: str | None = None
    """The authorities that peers' certificates are checked against; by default those of this machine."""
    certificate: str | None = None
    """What is shown to a peer that demands a client certificate; intermediates follow in the same file."""
    key: str | None = None
    """The private key of `certificate`: a file outside the repository that its owner alone can read."""


class Environment(BaseModel):
    """What differs where the inventory is deployed: the systems, guards and approvals, nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str | None = None
    systems: Mapping[str, Mapping[str, Any] | None] = {}
    """By system name: keys that replace or complete those of `systems`; null: not in this environment."""
    guards: Mapping[str, Any] = {}
    approvals: Mapping[str, Any] = {}
    """By risk class: keys over those of `pacsconf.approvals`; null: nobody need approve it here."""
    dial: Mapping[DialledFor, Dialled] = {}
    """Declared `host:port` to the address that observers call instead; `"*"` is every other one, and the
    address `none` is never called."""
    probe_as: str | None = None
    """As `pacsconf.probe_as`, for this environment."""
    probe_tls: ProbeTLS = ProbeTLS()
    """Over the keys of `pacsconf.probe_tls`, for this environment."""
