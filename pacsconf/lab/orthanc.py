"""A private Orthanc on the loopback, for practice, demo and tests.

It is an ordinary process of the caller on ports of its own, keeps everything in one folder and needs neither root
nor a service manager: only the package `orthanc` (and `orthanc-dicomweb` where DICOMweb is wanted). Three users
share one generated password: `pacsconf` (may write, and is what pacsconf itself uses), `jdoe` (may write: the
colleague who edits by hand) and `viewer` (may only read).

Orthanc 1.10.1 listens at every address of the machine, and no setting binds it to one. So it is told to refuse:
HTTP from elsewhere (`RemoteAccessAllowed`), and in DICOM every calling title that is not a known modality, unless
`Options` say otherwise; `check_hosts` refuses known titles too where they come from another host than declared.
It speaks plain HTTP: Debian 12's civetweb 1.15 ends the whole server at the first request over HTTPS (seen 2026).
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pacsconf.core.errors import Unavailable
from pacsconf.lab import processes
from pacsconf.lab.credentials import certificates, private_file

_STATE = "orthanc.json"
"""Where it listens; it goes when the server is stopped on purpose."""
_CONFIGURATION = "configuration.json"
_FILTER = "filter.lua"
_PASSWORD = "password"  # noqa: S105  (the name of a file)
_STORAGE = "storage"
_PROGRAM = "Orthanc"
_PLUGIN_FOLDERS = (
    "/usr/share/orthanc/plugins",
    "/usr/lib/orthanc/plugins",
    "/usr/local/share/orthanc/plugins",
)
_DICOMWEB = "libOrthancDicomWeb.so"


@dataclass(frozen=True, slots=True)
class Options:
    """What a test or a lesson wants different from a careful Orthanc.

    `modalities`, `peers` and `dicomweb_servers` are what its configuration file lists; the file's count only where
    it does not keep them in its database (`peers_in_database` is for DICOMweb servers too). `settings` are further
    settings by their own names, over all of ours.
    """

    aet: str = "ORTHANC"
    writers: Sequence[str] = ("pacsconf", "jdoe")
    readers: Sequence[str] = ("viewer",)
    modalities_in_database: bool = True
    peers_in_database: bool = True
    always_allow_echo: bool | None = False
    always_allow_store: bool | None = False
    check_called_aet: bool | None = True
    check_hosts: bool | None = False
    """Of these four, None is Orthanc's own default: its configuration says nothing of it."""
    dicom_tls: bool = False
    dicomweb: bool = False
    calls_nobody: bool = False
    """It refuses over REST to be told to call a modality or another server."""
    modalities: Mapping[str, Any] = field(default_factory=dict)
    peers: Mapping[str, Any] = field(default_factory=dict)
    dicomweb_servers: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    names: Sequence[str] = ()
    """Further host names for the certificate, beside localhost, 127.0.0.1 and this machine's."""


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running server; `password` is that of each of its users."""

    folder: Path
    pid: int
    http_port: int
    dicom_port: int
    aet: str
    password: str = field(repr=False)

    user = "pacsconf"
    colleague = "jdoe"
    viewer = "viewer"

    @property
    def url(self) -> str:
        """Where its REST interface begins."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def ca_file(self) -> Path:
        """Who signed the certificate of its DICOM port, where that speaks TLS."""
        return self.folder / "ca.pem"

    @property
    def password_file(self) -> Path:
        return self.folder / _PASSWORD

    @property
    def settings_file(self) -> Path:
        """Its configuration file, with the passwords in it."""
        return self.folder / _CONFIGURATION

    @property
    def log(self) -> Path:
        return self.folder / "orthanc.log"

    @property
    def running(self) -> bool:
        """Whether the server still takes connections."""
        return processes.answers(self.http_port)

    def stop(self) -> None:
        """End the server and wait for it, restarted or not; a server that is gone already is fine."""
        processes.end(self.folder, [_PROGRAM])
        (self.folder / _STATE).unlink(missing_ok=True)


def start(folder: Path, options: Options | None = None) -> Orthanc:
    """A new server with its data in `folder`, which must be empty or absent; it outlives this process.

    Raises: Unavailable when Orthanc is not installed or does not start, with what it said.
    """
    options = options or Options()
    if folder.exists() and any(folder.iterdir()):
        raise Unavailable(
            "orthanc", f"{folder} is not empty", fix="Give the practice Orthanc a folder of its own."
        )
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    _prepare(folder, options)
    return _run(folder)


def restart(orthanc: Orthanc) -> Orthanc:
    """The same server, ended and started again on the same ports with the same data."""
    orthanc.stop()
    return _launch(orthanc.folder, orthanc.http_port, orthanc.dicom_port)


def attach(folder: Path) -> Orthanc | None:
    """The server that was started in `folder` and still runs, or None."""
    orthanc = _recorded(folder)
    runs = orthanc is not None and _PROGRAM in processes.of(folder).values() and orthanc.running
    return orthanc if runs else None


def revive(folder: Path) -> Orthanc | None:
    """The server that was started in `folder`, with its data: as it runs, or started again where it died.

    None when its data is gone. Raises: Unavailable when it does not start with it.
    """
    running, dead = attach(folder), _recorded(folder)
    if running is not None or dead is None or not any((folder / _STORAGE).glob("index*")):
        return running
    dead.stop()
    try:
        return _launch(folder, dead.http_port, dead.dicom_port)
    except Unavailable:  # somebody else may have its ports by now
        return _run(folder)


@contextmanager
def started(folder: Path, options: Options | None = None) -> Iterator[Orthanc]:
    """A new server for the length of a `with` block."""
    orthanc = start(folder, options)
    try:
        yield orthanc
    finally:
        orthanc.stop()


# --- what it is started with --------------------------------------------------------------------------------------


def _prepare(folder: Path, options: Options) -> None:
    """Make all that a server needs in `folder`, without its ports."""
    password = secrets.token_urlsafe(12)
    private_file(folder / _PASSWORD, password)
    if options.dicom_tls:
        certificates(folder, options.names)
    (folder / _FILTER).write_text(_request_filter(options))
    (folder / _STORAGE).mkdir()
    configuration = {**_settings(folder, options, password), **options.settings}
    private_file(folder / _CONFIGURATION, json.dumps(configuration, indent=2) + "\n")


def _settings(folder: Path, options: Options, password: str) -> dict[str, Any]:
    """The settings of a careful server that keeps to itself; what is None is left to Orthanc."""
    found = {
        "Name": f"Practice {options.aet}",
        "StorageDirectory": str(folder / _STORAGE),
        "IndexDirectory": str(folder / _STORAGE),
        "DicomAet": options.aet,
        "DicomCheckCalledAet": options.check_called_aet,
        "DicomAlwaysAllowEcho": options.always_allow_echo,
        "DicomAlwaysAllowStore": options.always_allow_store,
        "DicomCheckModalityHost": options.check_hosts,
        "DicomModalitiesInDatabase": options.modalities_in_database,
        "DicomModalities": dict(options.modalities),
        "OrthancPeersInDatabase": options.peers_in_database,
        "OrthancPeers": dict(options.peers),
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": dict.fromkeys([*options.writers, *options.readers], password),
        "LuaScripts": [str(folder / _FILTER)],
        "WebDavEnabled": False,
        "HttpThreadsCount": 8,
        "DicomThreadsCount": 2,
        "SyncStorageArea": False,  # practice: a power cut may lose an image, but nothing waits for the disk
        **_tls_settings(folder, options),
        **_dicomweb_settings(options),
    }
    return {name: value for name, value in found.items() if value is not None}


def _tls_settings(folder: Path, options: Options) -> dict[str, Any]:
    if not options.dicom_tls:
        return {"DicomTlsEnabled": False}
    return {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(folder / "cert.pem"),
        "DicomTlsPrivateKey": str(folder / "key.pem"),
        "DicomTlsTrustedCertificates": str(folder / "ca.pem"),
        "DicomTlsRemoteCertificateRequired": False,
    }


def _dicomweb_settings(options: Options) -> dict[str, Any]:
    if not options.dicomweb:
        return {"Plugins": []}
    found = next((path for folder in _PLUGIN_FOLDERS if (path := Path(folder) / _DICOMWEB).exists()), None)
    if found is None:
        raise Unavailable(
            "orthanc",
            "the DICOMweb plugin is not installed",
            fix="Install the package orthanc-dicomweb (apt-get install orthanc-dicomweb).",
        )
    plugin = {
        "Enable": True,
        "Servers": dict(options.dicomweb_servers),
        "ServersInDatabase": options.peers_in_database,
    }
    return {"Plugins": [str(found)], "DicomWeb": plugin}


def _request_filter(options: Options) -> str:
    """A script that refuses requests: Orthanc itself knows no rights of users, and calls whom it is told to."""
    names = ", ".join(f'["{reader}"] = true' for reader in options.readers)
    calls = _CALLS if options.calls_nobody else "false"
    return (
        f"local readers = {{{names}}}\n"
        "function IncomingHttpRequestFilter(method, uri, ip, username, httpHeaders)\n"
        '  local kind, request = string.match(uri, "^/(%w+)/[^/]+/(.+)$")\n'
        f"  local calls = {calls}\n"
        '  return not calls and (method == "GET" or not readers[username])\n'
        "end\n"
    )


_CALLS = (
    '((kind == "modalities" or kind == "peers") and request ~= "configuration") '
    'or string.match(uri, "^/dicom%-web/servers/[^/]+/.") ~= nil'
)


# --- the process --------------------------------------------------------------------------------------------------


def _run(folder: Path) -> Orthanc:
    return processes.at_a_free_port(lambda port: _launch(folder, port, processes.free_port()))


def _launch(folder: Path, http_port: int, dicom_port: int) -> Orthanc:
    configuration = json.loads((folder / _CONFIGURATION).read_text())
    configuration |= {"HttpPort": http_port, "DicomPort": dicom_port}
    private_file(folder / _CONFIGURATION, json.dumps(configuration, indent=2) + "\n")
    log = folder / "orthanc.log"
    pid = processes.spawn([_program(), str(folder / _CONFIGURATION)], folder, log)
    processes.wait_for(lambda: all(map(processes.answers, (dicom_port, http_port))), pid, log, _PROGRAM)
    state = {
        "pid": pid,
        "http_port": http_port,
        "dicom_port": dicom_port,
        "aet": configuration["DicomAet"],
    }
    (folder / _STATE).write_text(json.dumps(state))
    return Orthanc(folder, **state, password=(folder / _PASSWORD).read_text())


def _program() -> str:
    found = shutil.which(_PROGRAM) or shutil.which(_PROGRAM, path="/usr/sbin:/usr/local/sbin:/usr/local/bin")
    if found is None:
        raise Unavailable(
            "orthanc",
            "Orthanc is not installed",
            fix="Install the package orthanc (apt-get install orthanc).",
        )
    return found


def _recorded(folder: Path) -> Orthanc | None:
    """The server as its last start in this folder wrote it down; None when it was stopped."""
    try:
        state: dict[str, Any] = json.loads((folder / _STATE).read_text())
        return Orthanc(folder, **state, password=(folder / _PASSWORD).read_text())
    except FileNotFoundError:
        return None
