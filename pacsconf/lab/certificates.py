"""How the DICOM side of a practice lab proves who it is: an authority, a certificate for each address that speaks
TLS, and one that pacsconf shows. Keys are RSA: DCMTK 3.6.7 speaks TLS 1.2 with no others (seen 2026).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pacsconf.lab.credentials import private_file

FOLDER = "tls"
_AUTHORITY, _AUTHORITY_KEY = "ca.pem", "ca.key"
_PROBER = "pacsconf"
LASTS = timedelta(days=397)
"""As long as browsers let one be valid."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where a certificate and its key are, and the authority behind it."""

    ca_file: Path
    certificate: Path
    key: Path

    def plain(self) -> dict[str, str]:
        """As the inventory's `probe_tls` spells it."""
        return {"ca_file": str(self.ca_file), "certificate": str(self.certificate), "key": str(self.key)}


def of_prober(folder: Path) -> Files:
    """What pacsconf shows when it calls."""
    return _files(folder, _PROBER)


def of_address(folder: Path, address: str) -> Files:
    """What this declared address shows."""
    return _files(folder, address.replace(":", "_"))


def prepare(folder: Path, wanted: Iterable[tuple[str, tuple[str, ...]]], now: datetime) -> None:
    """Have a certificate for the prober, and for each address one with these names; what is there stays."""
    (folder / FOLDER).mkdir(mode=0o700, exist_ok=True)
    if not of_prober(folder).certificate.exists():
        _authority(folder)
        issue(folder, of_prober(folder), ("pacsconf",), now)
    for address, names in wanted:
        if not of_address(folder, address).certificate.exists():
            issue(folder, of_address(folder, address), names, now)


def issue(
    folder: Path, files: Files, names: tuple[str, ...], now: datetime, lasts: timedelta = LASTS
) -> None:
    """A new certificate that holds from a day before `now` on; `lasts` may be negative: it is over then."""
    from trustme import CA, KeyType

    held = folder / FOLDER
    authority = CA.from_pem((held / _AUTHORITY).read_bytes(), (held / _AUTHORITY_KEY).read_bytes())
    made = authority.issue_cert(
        *dict.fromkeys((*names, "127.0.0.1", "localhost")),
        common_name=names[0][:64],
        not_before=min(now, now + lasts) - timedelta(days=1),
        not_after=now + lasts,
        key_type=KeyType.RSA,
    )
    private_file(files.key, made.private_key_pem.bytes().decode())
    files.certificate.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))


def _authority(folder: Path) -> None:
    from trustme import CA, KeyType

    made = CA(key_type=KeyType.RSA, organization_name="pacsconf practice lab")
    made.cert_pem.write_to_path(folder / FOLDER / _AUTHORITY)
    private_file(folder / FOLDER / _AUTHORITY_KEY, made.private_key_pem.bytes().decode())


def _files(folder: Path, name: str) -> Files:
    held = folder / FOLDER
    return Files(held / _AUTHORITY, held / f"{name}.pem", held / f"{name}.key")
