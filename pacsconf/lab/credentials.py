"""What the lab's servers prove themselves with: files for their owner alone, and certificates."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path


def private_file(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, from its first byte on."""
    path.touch(mode=0o600)
    path.write_text(text)


def certificates(folder: Path, names: Sequence[str] = ()) -> None:
    """A certificate authority of our own (`ca.pem`), and a server's certificate and key (`cert.pem`, `key.pem`).

    The certificate holds localhost, the loopback's addresses, this machine's name and `names`.
    """
    import trustme

    authority = trustme.CA()
    host = socket.gethostname()
    identities = dict.fromkeys(["localhost", "127.0.0.1", "::1", host, *names])
    certificate = authority.issue_cert(*identities, common_name="localhost")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    private_file(folder / "cert.pem", "".join(blob.bytes().decode() for blob in certificate.cert_chain_pems))
    private_file(folder / "key.pem", certificate.private_key_pem.bytes().decode())
