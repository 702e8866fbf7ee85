"""What a practice slapd is started with: its configuration, its certificates and its first entries."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pacsconf.core.errors import Unavailable
from pacsconf.lab.credentials import certificates, private_file

HERE = Path(__file__).parent
SCHEMAS = tuple(
    HERE / f"{name}.schema" for name in ("dicom", "dcm4che", "dcm4chee-archive", "dcm4chee-archive-ui")
)
"""Each builds on those before it: the standard's, and what the dcm4chee archive adds to it."""
BASE = "dc=hospital,dc=example"
ACCESSLOG = "cn=accesslog"
CONFIGURATION = "slapd.conf"
PASSWORD = "password"  # noqa: S105  (the name of a file)
DATA = "data"

_PROGRAMS = "/usr/sbin:/usr/local/sbin:/usr/lib/openldap:/usr/libexec"
_SCHEMA_FOLDERS = ("/etc/ldap/schema", "/etc/openldap/schema", "/usr/local/etc/openldap/schema")
_MODULE_FOLDERS = ("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap", "/usr/local/libexec/openldap")


@dataclass(frozen=True, slots=True)
class Options:
    """What a test or a lesson wants different from a plain directory.

    `access` are slapd access rules in place of ours, but for those of passwords, `limits` are its limits directives
    (`dn.exact="..." size=3`), `tree` makes the empty DICOM tree.
    """

    base: str = BASE
    tls: bool = True
    tree: bool = False
    schemas: Sequence[Path] = SCHEMAS
    access: Sequence[str] = ()
    passwords: Sequence[str] = ()
    """Further access rules, before the one by which a password is for signing in with and for nothing else."""
    limits: Sequence[str] = ()
    indexes: Sequence[str] = ()
    """Further ones: `uid,member eq`."""
    names: Sequence[str] = ()
    """Further host names for the certificate, beside localhost, 127.0.0.1 and this machine's."""
    ldif: str = ""
    """Further first entries. `{password}` in them is the password of all identities."""
    modules: Sequence[str] = ()
    """Further modules: `memberof`."""
    directives: Sequence[str] = ()
    """Further lines of its database: `lastbind on`, and overlays with what belongs to them."""
    audited: bool = True
    """Whether it keeps a log of who wrote what, which makes writing twice the work."""
    megabytes: int = 256
    """What its data may grow to."""
    synced: bool = False
    """Whether each write waits for the disk. In practice it does not, and a power cut may lose some."""


def prepare(folder: Path, options: Options) -> None:
    """Make all that a server needs in `folder`, its first entries included.

    Raises: Unavailable when slapd is not installed, or does not take its configuration.
    """
    password = secrets.token_urlsafe(12)
    private_file(folder / PASSWORD, password)
    if options.tls:
        certificates(folder, options.names)
    private_file(folder / CONFIGURATION, _configuration(folder, options, password))
    _load(
        folder, options.base, _tree(options, password) + options.ldif.replace("{password}", hashed(password))
    )


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_PROGRAMS}")
    if found is None:
        raise Unavailable(
            "slapd", f"{name} is not installed", fix="Install the package slapd (apt-get install slapd)."
        )
    return found


def hashed(password: str) -> str:
    """A password as the directory keeps it (salted SHA-1, which every slapd knows without a module)."""
    salt = os.urandom(8)
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


def program_of(folder: Path) -> str:
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


def _modules(options: Options) -> list[str]:
    """Lines that load the modules; none where they are built in."""
    folder = _folder_of(_MODULE_FOLDERS, "back_mdb.so") or _folder_of(_MODULE_FOLDERS, "back_mdb.la")
    if folder is None:
        return []
    names = ("back_mdb", "accesslog", *options.modules)
    return [f"modulepath {folder}", *(f"moduleload {name}" for name in names)]


def _configuration(folder: Path, options: Options, password: str) -> str:
    core = _folder_of(_SCHEMA_FOLDERS, "core.schema")
    if core is None:
        raise Unavailable("slapd", "slapd's schema files are not installed", fix="Install the package slapd.")
    schemas = [core / "core.schema", core / "cosine.schema", core / "inetorgperson.schema", *options.schemas]
    (folder / DATA).mkdir()
    tls = _tls_lines(folder) if options.tls else []
    log, overlay = _accesslog(folder, options) if options.audited else ([], [])
    return "\n".join(
        [
            *(f'include "{schema}"' for schema in schemas),
            *_modules(options),
            f'pidfile "{folder}/slapd.pid"',
            "sizelimit unlimited",
            *tls,
            *log,
            "database mdb",
            f'suffix "{options.base}"',
            f'directory "{folder}/{DATA}"',
            f'rootdn "cn=admin,{options.base}"',
            f"rootpw {password}",
            *_room(options),
            "index objectClass,entryCSN eq",
            *(f"index {index}" for index in options.indexes),
            *_access(options),
            *(f"limits {limit}" for limit in options.limits),
            *options.directives,
            *overlay,
            "",
        ]
    )


def _room(options: Options) -> list[str]:
    """How much a database may hold, and whether a write waits for the disk."""
    return [f"maxsize {options.megabytes * 1024 * 1024}", *([] if options.synced else ["dbnosync"])]


def _accesslog(folder: Path, options: Options) -> tuple[list[str], list[str]]:
    """The database that tells who wrote what, and what makes the one above it write there."""
    (folder / "accesslog").mkdir()
    database = [
        "database mdb",
        f"suffix {ACCESSLOG}",
        f'directory "{folder}/accesslog"',
        f'rootdn "cn=admin,{options.base}"',
        *_room(options),
        "index reqStart eq",
        "access to * by * none",
    ]
    return database, ["overlay accesslog", f"logdb {ACCESSLOG}", "logops writes", "logsuccess TRUE"]


def _access(options: Options) -> Sequence[str]:
    writers = f'by dn.exact="cn=pacsconf,{options.base}" write by dn.exact="cn=jdoe,{options.base}" write'
    own = f"access to * {writers} by users read by * none"
    hidden = "access to attrs=userPassword by anonymous auth by * none"
    return [*options.passwords, hidden, *(options.access or [own])]


def _tls_lines(folder: Path) -> list[str]:
    return [
        f'TLSCACertificateFile "{folder}/ca.pem"',
        f'TLSCertificateFile "{folder}/cert.pem"',
        f'TLSCertificateKeyFile "{folder}/key.pem"',
    ]


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
    command = [program_of(folder), "-Ta", "-f", str(folder / CONFIGURATION), "-b", base]
    done = subprocess.run(command, input=ldif, text=True, capture_output=True, cwd=folder, check=False)
    if done.returncode:
        raise Unavailable("slapd", f"slapd's data could not be loaded: {done.stderr.strip()[-500:]}")
