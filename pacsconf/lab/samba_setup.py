"""What a practice domain controller is started with: a provisioned domain, its configuration and its identities."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pacsconf.core.errors import Unavailable
from pacsconf.lab.credentials import private_file

BASE = "dc=hospital,dc=example"
DOMAIN = "ad"
"""The folder with the domain, below the server's own."""
CONFIGURATION = "samba.conf"
PASSWORD = "password"  # noqa: S105  (the name of a file)
HOST = "dc1"

_COMMA = re.compile(r"(?<!\\),")
_PROGRAMS = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
_SCRIPT = Path(__file__).with_name("samba_identities.py")
_INSTALL = (
    "apt-get install --no-install-recommends samba samba-ad-provision samba-dsdb-modules samba-vfs-modules"
)


@dataclass(frozen=True, slots=True)
class Options:
    """What a domain is called by its base, and the units in it that pacsconf may write in."""

    base: str = BASE
    units: Sequence[str] = ()

    @property
    def realm(self) -> str:
        """`HOSPITAL.EXAMPLE` of `dc=hospital,dc=example`."""
        return ".".join(self.base.upper().replace("DC=", "").split(","))


def is_domain(base: str) -> bool:
    """Whether this can be the base of a domain: nothing but domain components of letters, digits and hyphens."""
    return re.fullmatch(r"dc=[a-z0-9-]+(,dc=[a-z0-9-]+)+", base, re.IGNORECASE) is not None


def program(name: str) -> str:
    """Raises: Unavailable when it is not installed."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_PROGRAMS}")
    if found is None:
        raise Unavailable("samba", f"{name} is not installed", fix=f"Run: {_INSTALL}")
    return found


def provision(folder: Path, options: Options) -> None:
    """Make a domain in `folder` with its units and identities; that takes some seconds, a copy of it none.

    Raises: Unavailable when Samba is not installed, or cannot make it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    command = [
        *(program("samba-tool"), "domain", "provision", f"--realm={options.realm}"),
        *(f"--domain={_short(options.realm)}", "--server-role=dc", "--dns-backend=NONE", "--use-rfc2307"),
        *(f"--targetdir={folder / DOMAIN}", "--option=interfaces=lo", "--option=bind interfaces only=yes"),
        *("--host-ip=127.0.0.1", f"--host-name={HOST}"),
    ]
    _run(command, folder)
    for name in ("run", "cache"):
        (folder / DOMAIN / name).mkdir(exist_ok=True)
    configure(folder, options)
    password = f"{secrets.token_urlsafe(12)}Aa1."  # of each kind of characters that the domain asks for
    private_file(folder / PASSWORD, password)
    asked = {
        "configuration": CONFIGURATION,
        "base": options.base,
        "containers": _with_those_above(options),
        "units": list(options.units),
        "password": password,
    }
    _run([python(), "-I", str(_SCRIPT)], folder, json.dumps(asked))


def configure(folder: Path, options: Options) -> None:
    """Write the configuration of the domain that is in this folder now.

    Most paths are relative to the folder: Samba makes sockets there, whose names may have 107 bytes and no more.
    """
    domain, realm = Path(DOMAIN), options.realm
    settings = {
        "workgroup": _short(realm),
        "realm": realm,
        "netbios name": HOST.upper(),
        "server role": "active directory domain controller",
        "server services": "ldap",
        "interfaces": "lo",
        "bind interfaces only": "yes",
        "private dir": domain / "private",
        "state directory": domain / "state",
        "cache directory": domain / "cache",
        "lock directory": domain,
        "binddns dir": domain / "bind-dns",
        "pid directory": domain / "run",
        "ncalrpc dir": domain / "run/ncalrpc",
        "winbindd socket directory": domain / "run/winbindd",
        "ntp signd socket directory": domain / "run/ntp",
        "log file": domain / "log.%m",
        "old password allowed period": "0",  # minutes; Samba takes the password before the last one for an hour
        "tls enabled": "yes",
        "tls cafile": folder / "ca.pem",
        "tls certfile": folder / "cert.pem",
        "tls keyfile": folder / "key.pem",
        "idmap_ldb:use rfc2307": "yes",
    }
    lines = ["[global]", *(f"    {key} = {value}" for key, value in settings.items())]
    private_file(folder / CONFIGURATION, "\n".join(lines) + "\n")


def _short(realm: str) -> str:
    """The NetBIOS name of a domain: at most 15 characters."""
    return realm.partition(".")[0][:15]


def _with_those_above(options: Options) -> list[str]:
    """The units, and what they are in below the domain, outer ones first."""
    found: dict[str, None] = {}
    for unit in options.units:
        above = _COMMA.split(unit[: -len(options.base) - 1])
        for depth in reversed(range(len(above))):
            found[",".join([*above[depth:], options.base])] = None
    return list(found)


def python() -> str:
    """The interpreter that samba-tool itself is run by: it has Samba's modules."""
    first = Path(program("samba-tool")).read_text().partition("\n")[0]
    return first.removeprefix("#!").strip() or "python3"


def _run(command: Sequence[str], folder: Path, words: str = "") -> None:
    ran = subprocess.run(command, cwd=folder, input=words, capture_output=True, text=True, check=False)
    if ran.returncode:
        said = ran.stderr.strip()[-500:] or ran.stdout.strip()[-500:]
        raise Unavailable(
            "samba", f"no domain could be made: {said}", fix=f"Check that all is there: {_INSTALL}"
        )
