"""A private OpenLDAP server on the loopback, for practice, demo and tests.

It is an ordinary process of the caller on ports of its own, keeps everything in one folder and needs neither
root nor a service manager: only the package `slapd` with its schema files. Four identities can bind, all with the
same generated password: the administrator (who may do anything), `cn=pacsconf` (may write, and is what pacsconf
itself uses), `cn=jdoe` (may write: the colleague who edits by hand) and `cn=viewer` (may only read).
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pacsconf.core.errors import Unavailable

HERE = Path(__file__).parent
SCHEMAS = (HERE / "dicom.schema", HERE / "dcm4che.schema")
BASE = "dc=hospital,dc=example"
ACCESSLOG = "cn=accesslog"

_PROGRAMS = "/usr/sbin:/usr/local/sbin:/usr/lib/openldap:/usr/libexec"
_SCHEMA_FOLDERS = ("/etc/ldap/schema", "/etc/openldap/schema", "/usr/local/etc/openldap/schema")
_MODULE_FOLDERS = ("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap", "/usr/local/libexec/openldap")
_READY_WITHIN = 15.0
"""Seconds until the server must take connections; it usually takes 0.05."""
_ATTEMPTS = 3
"""Between choosing a free port and the server's listening on it, somebody else may take the port."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a test or a lesson wants different from a plain directory.

    `access` are slapd access rules in place of ours, `limits` are its limits directives (`dn.exact="..." size=3`),
    `tree` makes the empty DICOM tree.
    """

    base: str = BASE
    tls: bool = True
    tree: bool = False
    schemas: Sequence[Path] = SCHEMAS
    access: Sequence[str] = ()
    limits: Sequence[str] = ()
    names: Sequence[str] = ()
    """Further host names for the certificate, beside localhost, 127.0.0.1 and this machine's."""


@dataclass(frozen=True, slots=True)
class Slapd:
    """A running server. Its identities are `admin_dn`, `pacsconf_dn`, `colleague_dn` and `viewer_dn`."""

    folder: Path
    pid: int
    port: int
    tls_port: int | None
    base: str
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        assert self.tls_port is not None, "the server was started with TLS"
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def admin_dn(self) -> str:
        return f"cn=admin,{self.base}"

    @property
    def pacsconf_dn(self) -> str:
        return f"cn=pacsconf,{self.base}"

    @property
    def colleague_dn(self) -> str:
        return f"cn=jdoe,{self.base}"

    @property
    def viewer_dn(self) -> str:
        return f"cn=viewer,{self.base}"

    @property
    def accesslog(self) -> str:
        """The naming context that tells who wrote what and when; the administrator may read it."""
        return ACCESSLOG

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def password_file(self) -> Path:
        return self.folder / "password"

    @property
    def running(self) -> bool:
        """Whether the server still takes connections."""
        return _answers(self.port)

    def stop(self) -> None:
        """End the server and wait for it, restarted or not; a server that is gone already is fine."""
        pid = _recorded(self.folder).get("pid", self.pid)
        if _is_slapd(pid, self.folder):
            os.kill(pid, signal.SIGTERM)
            _wait_gone(pid, self.folder)
        (self.folder / "slapd.json").unlink(missing_ok=True)


def start(folder: Path, options: Options | None = None) -> Slapd:
    """A new server with its data in `folder`, which must be empty or absent; it outlives this process.

    Raises: Unavailable when slapd is not installed or does not start, with what it said.
    """
    options = options or Options()
    if folder.exists() and any(folder.iterdir()):
        raise Unavailable(
            "slapd", f"{folder} is not empty", fix="Give the practice directory a folder of its own."
        )
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    password = secrets.token_urlsafe(12)
    _private(folder / "password", password)
    if options.tls:
        _certificates(folder, options.names)
    _private(folder / "slapd.conf", _configuration(folder, options, password))
    _load(folder, options.base, _tree(options, password))
    return _run(folder, options.base, password, tls=options.tls)


def restart(slapd: Slapd) -> Slapd:
    """The same server, ended and started again on the same ports with the same data."""
    slapd.stop()
    return _launch(slapd.folder, slapd.base, slapd.password, slapd.port, slapd.tls_port)


def attach(folder: Path) -> Slapd | None:
    """The server that was started in `folder` and still runs, or None."""
    state = _recorded(folder)
    if not state:
        return None
    password = (folder / "password").read_text()
    slapd = Slapd(folder, state["pid"], state["port"], state["tls_port"], state["base"], password)
    return slapd if _is_slapd(slapd.pid, folder) and slapd.running else None


@contextmanager
def started(folder: Path, options: Options | None = None) -> Iterator[Slapd]:
    """A new server for the length of a `with` block."""
    slapd = start(folder, options)
    try:
        yield slapd
    finally:
        slapd.stop()


# --- the process --------------------------------------------------------------------------------------------


def _run(folder: Path, base: str, password: str, *, tls: bool) -> Slapd:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _launch(folder, base, password, _free_port(), _free_port() if tls else None)
        except Unavailable:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _launch(folder: Path, base: str, password: str, port: int, tls_port: int | None) -> Slapd:
    urls = f"ldap://127.0.0.1:{port}" + (f" ldaps://127.0.0.1:{tls_port}" if tls_port else "")
    pid = _spawn(
        [_unconfined(folder), "-f", str(folder / "slapd.conf"), "-h", urls, "-d", "0"], folder / "slapd.log"
    )
    _await(pid, folder, port)
    state = {"pid": pid, "port": port, "tls_port": tls_port, "base": base}
    (folder / "slapd.json").write_text(json.dumps(state))
    return Slapd(folder, pid, port, tls_port, base, password)


def _spawn(command: Sequence[str], log: Path) -> int:
    """The process id of `command`, in a session of its own so that it outlives our terminal.

    slapd sets memory aside for every file it may open, and containers often allow a billion: hence the limit.
    """
    limited = ["/bin/sh", "-c", 'ulimit -n 1024; exec "$@"', "sh", *command]
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(limited[0], limited, os.environ, file_actions=files, setsid=True)


def _await(pid: int, folder: Path, port: int) -> None:
    until = time.monotonic() + _READY_WITHIN
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if _answers(port):
            return
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    said = (folder / "slapd.log").read_text(errors="replace").strip()
    raise Unavailable("slapd", f"slapd did not start: {said[-500:] or 'it said nothing'}")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _recorded(folder: Path) -> dict[str, Any]:
    """What the last start in this folder wrote down; empty when it was stopped."""
    try:
        recorded: dict[str, Any] = json.loads((folder / "slapd.json").read_text())
    except FileNotFoundError:
        return {}
    return recorded


def _is_slapd(pid: int, folder: Path) -> bool:
    """Whether `pid` is the server of this folder: the number may belong to somebody else by now."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(folder / "slapd.conf") in command


def _wait_gone(pid: int, folder: Path) -> None:
    until = time.monotonic() + _READY_WITHIN
    while _is_slapd(pid, folder):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):  # a child of ours stays a zombie until we look
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.01)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


# --- what it is started with --------------------------------------------------------------------------------


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_PROGRAMS}")
    if found is None:
        raise Unavailable(
            "slapd", f"{name} is not installed", fix="Install the package slapd (apt-get install slapd)."
        )
    return found


def _unconfined(folder: Path) -> str:
    """slapd's program file: a copy of our own where AppArmor keeps the installed one to the system's folders.

    Debian's profile is bound to the path /usr/sbin/slapd and lets that one see /var/lib/ldap only.
    """
    installed = _program("slapd")
    enabled = Path("/sys/module/apparmor/parameters/enabled")
    profile = Path("/etc/apparmor.d") / installed.strip("/").replace("/", ".")
    if not (profile.exists() and enabled.exists() and enabled.read_text().startswith("Y")):
        return installed
    copy = folder / "slapd"
    if not copy.exists():
        shutil.copy(installed, copy)
    return str(copy)


def _folder_of(candidates: Sequence[str], name: str) -> Path | None:
    return next((Path(folder) for folder in candidates if (Path(folder) / name).exists()), None)


def _modules() -> list[str]:
    """Lines that load the modules; none where they are built in."""
    folder = _folder_of(_MODULE_FOLDERS, "back_mdb.so") or _folder_of(_MODULE_FOLDERS, "back_mdb.la")
    if folder is None:
        return []
    return [f"modulepath {folder}", "moduleload back_mdb", "moduleload accesslog"]


def _configuration(folder: Path, options: Options, password: str) -> str:
    core = _folder_of(_SCHEMA_FOLDERS, "core.schema")
    if core is None:
        raise Unavailable("slapd", "slapd's schema files are not installed", fix="Install the package slapd.")
    schemas = [core / "core.schema", core / "cosine.schema", core / "inetorgperson.schema", *options.schemas]
    for database in ("data", "accesslog"):
        (folder / database).mkdir()
    tls = _tls_lines(folder) if options.tls else []
    return "\n".join(
        [
            *(f'include "{schema}"' for schema in schemas),
            *_modules(),
            f'pidfile "{folder}/slapd.pid"',
            "sizelimit unlimited",
            *tls,
            "database mdb",
            f"suffix {ACCESSLOG}",
            f'directory "{folder}/accesslog"',
            f'rootdn "cn=admin,{options.base}"',
            "maxsize 268435456",
            "dbnosync",  # practice: a power cut may lose it, but no write waits for the disk
            "index reqStart eq",
            "access to * by * none",
            "database mdb",
            f'suffix "{options.base}"',
            f'directory "{folder}/data"',
            f'rootdn "cn=admin,{options.base}"',
            f"rootpw {password}",
            "maxsize 268435456",
            "dbnosync",  # practice: a power cut may lose it, but no write waits for the disk
            "index objectClass,entryCSN eq",
            *_access(options),
            *(f"limits {limit}" for limit in options.limits),
            "overlay accesslog",
            f"logdb {ACCESSLOG}",
            "logops writes",
            "logsuccess TRUE",
            "",
        ]
    )


def _access(options: Options) -> Sequence[str]:
    writers = f'by dn.exact="cn=pacsconf,{options.base}" write by dn.exact="cn=jdoe,{options.base}" write'
    own = f"access to * {writers} by users read by * none"
    return ["access to attrs=userPassword by anonymous auth by * none", *(options.access or [own])]


def _tls_lines(folder: Path) -> list[str]:
    return [
        f'TLSCACertificateFile "{folder}/ca.pem"',
        f'TLSCertificateFile "{folder}/cert.pem"',
        f'TLSCertificateKeyFile "{folder}/key.pem"',
    ]


def _certificates(folder: Path, names: Sequence[str]) -> None:
    """A certificate authority of our own, and a server certificate with the names a client may use."""
    import trustme

    authority = trustme.CA()
    host = socket.gethostname()
    identities = dict.fromkeys(["localhost", "127.0.0.1", "::1", host, *names])
    certificate = authority.issue_cert(*identities, common_name="localhost")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    _private(folder / "cert.pem", "".join(blob.bytes().decode() for blob in certificate.cert_chain_pems))
    _private(folder / "key.pem", certificate.private_key_pem.bytes().decode())


def _tree(options: Options, password: str) -> str:
    """The suffix, the three accounts, and the empty DICOM tree where it is wanted, as LDIF."""
    suffix = options.base.partition(",")[0].partition("=")[2]
    organization = f"objectClass: organization\ndc: {suffix}\no: Practice hospital"
    entries = [f"dn: {options.base}\nobjectClass: dcObject\n{organization}"]
    entries += [
        f"dn: cn={name},{options.base}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\n"
        f"cn: {name}\nuserPassword: {password}"
        for name in ("pacsconf", "jdoe", "viewer")
    ]
    root = f"cn=DICOM Configuration,{options.base}"
    containers = (
        ("dicomConfigurationRoot", "DICOM Configuration", root),
        ("dicomDevicesRoot", "Devices", f"cn=Devices,{root}"),
        (
            "dicomUniqueAETitlesRegistryRoot",
            "Unique AE Titles Registry",
            f"cn=Unique AE Titles Registry,{root}",
        ),
    )
    if options.tree:
        entries += [f"dn: {dn}\nobjectClass: {kind}\ncn: {cn}" for kind, cn, dn in containers]
    return "\n\n".join(entries) + "\n"


def _load(folder: Path, base: str, ldif: str) -> None:
    # slapadd is the same program under another name, and like slapd bound to its path by AppArmor.
    command = [_unconfined(folder), "-Ta", "-f", str(folder / "slapd.conf"), "-b", base]
    done = subprocess.run(command, input=ldif, text=True, capture_output=True, cwd=folder, check=False)
    if done.returncode:
        raise Unavailable("slapd", f"slapd's data could not be loaded: {done.stderr.strip()[-500:]}")


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
